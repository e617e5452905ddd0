"""An invoice against its purchase order: pure functions over payloads."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from ml_connector.core.contract import Payload
from ml_connector.core.mapping.values import money_step
from ml_connector.peoplesoft.matching.amounts import cash, rounded, split
from ml_connector.peoplesoft.matching.charges import goods_of, too_much
from ml_connector.peoplesoft.matching.findings import Finding, result
from ml_connector.peoplesoft.matching.line_match import Comparison, Piece
from ml_connector.peoplesoft.matching.lines import InvoiceLine, find_line, read_line
from ml_connector.peoplesoft.matching.options import MatchingOptions
from ml_connector.peoplesoft.matching.order import ZERO, Order
from ml_connector.peoplesoft.matching.schedules import Before
from ml_connector.peoplesoft.matching.voucher import voucher_lines

CURRENCY = re.compile("[A-Z]{3}")


def unmatched(invoice: Payload, finding: Finding) -> Payload:
    """The match of an invoice without an order."""
    vendors = invoice.get("vendors") or []
    setid, _, vendor = vendors[0].partition("|") if len(vendors) == 1 else ("", "", "")
    named = {"BUSINESS_UNIT": invoice.get("business_unit"), "VENDOR_SETID": setid, "VENDOR_ID": vendor}
    return result([finding]) | {name: value for name, value in named.items() if value} | {"lines": []}


def match(invoice: Payload, order: Order, options: MatchingOptions) -> Payload:
    """Hold an invoice against its order.

    Args:
        invoice: as the caller of the matcher gives it, with ``invoiced_before`` and ``charged_before``.
        order: with its receipts.

    Returns:
        ``result``, ``reason``, ``releasable``, and the voucher's fields as far as they are known. In
        ``lines`` the amounts of all distributions are those of their lines, and all lines with tax and
        charges are the invoice's total, to the cent.
    """
    about = {
        "BUSINESS_UNIT": order.unit,
        "VENDOR_SETID": order.setid,
        "VENDOR_ID": order.vendor,
        "BUSINESS_UNIT_PO": order.unit,
        "PO_ID": order.po_id,
        "PYMNT_TERMS_CD": order.terms,
        "TXN_CURRENCY_CD": order.currency,
    }
    about = {name: value for name, value in about.items() if value}
    wrong = _wrong_order(invoice, order)
    if wrong:
        return result(wrong) | about | {"lines": []}
    return _against_lines(invoice, order, options, about)


def _wrong_order(invoice: Payload, order: Order) -> list[Finding]:
    findings = []
    if order.supplier not in invoice["vendors"]:
        known = ", ".join(invoice["vendors"]) or "no supplier"
        partner = f"{invoice['partner']} stands for {known}"
        text = f"Order {order.name} is for supplier {order.supplier}, but {partner}."
        findings.append(Finding("other_supplier", text, stops=True))
    currency = invoice.get("currency") or order.currency
    if currency != order.currency or not CURRENCY.fullmatch(currency):
        text = (
            f"The invoice is in {currency}, but order {order.name} is in {order.currency or 'no currency'}."
        )
        findings.append(Finding("other_currency", text, stops=True))
    return findings


def _against_lines(invoice: Payload, order: Order, options: MatchingOptions, about: Payload) -> Payload:
    step = money_step(order.currency)
    findings = _closed(order, options)
    before = _before(invoice, order)
    goods_before = sum((one.amount for one in before.values()), ZERO)
    rows = [read_line(row) for row in invoice["lines"]]
    lines = rows or _whole_order(invoice, order, before, options, step)
    if isinstance(lines, Finding):
        return result([*findings, lines]) | about | {"lines": []}
    pieces: list[Piece] = []
    for line in lines:
        order_line = find_line(order, line)
        if isinstance(order_line, Finding):
            findings.append(order_line)
            continue
        comparison = Comparison(line, order_line, before[order_line.number], options, step)
        found = list(comparison.findings())
        findings += found
        if not any(one.stops for one in found):
            pieces += comparison.pieces()
    findings += _nothing(lines)
    findings += too_much(invoice, order.key, goods_before, options, step)
    findings += _balance(invoice, lines, pieces, options, step)
    made = [] if any(one.stops for one in findings) else voucher_lines(pieces, step)
    return result(findings) | about | {"lines": made}


def _closed(order: Order, options: MatchingOptions) -> list[Finding]:
    if order.status in options.statuses:
        return []
    wanted = ", ".join(options.statuses)
    return [Finding("closed_order", f"Order {order.name} is in status {order.status}, expected {wanted}.")]


def _nothing(lines: Sequence[InvoiceLine]) -> list[Finding]:
    """An invoice about charges alone is for a person: nothing of the order speaks for it."""
    if any(line.quantity is None or line.quantity for line in lines):
        return []
    return [Finding("quantity", "All quantities of the invoice are 0.")]


def _before(invoice: Payload, order: Order) -> defaultdict[int, Before]:
    """What our own earlier invoices asked for, by line of this order."""
    lines = {order.line_key(one.number): one for one in order.lines}
    before: defaultdict[int, Before] = defaultdict(Before)
    for row in invoice.get("invoiced_before") or ():
        if (line := lines.get(str(row["order_line"]))) is not None:
            schedule = None if row.get("schedule") is None else int(row["schedule"])
            quantity, amount = row.get("quantity") or ZERO, row.get("amount") or ZERO
            before[line.number].add(line, schedule, quantity, amount)
    return before


def _whole_order(
    invoice: Payload,
    order: Order,
    before: defaultdict[int, Before],
    options: MatchingOptions,
    step: Decimal,
) -> list[InvoiceLine] | Finding:
    """An invoice without lines is for everything that was not invoiced yet, or for nothing we know."""
    lines = []
    for one in order.lines:
        earlier = before[one.number]
        if one.cancelled:
            continue
        if one.amount_only:
            quantity, amount = None, one.amount - earlier.amount
        else:
            quantity = one.quantity - earlier.quantity
            rest = [(row.quantity - earlier.quantities[row.number], row.price) for row in one.schedules]
            amount = sum((rounded(left * price, step) for left, price in rest), ZERO)
        if amount > 0:
            name = str(one.number)
            lines.append(InvoiceLine(name, quantity, one.unit, None, amount, given=False, place=name))
    wanted, goods = sum((line.amount for line in lines), ZERO), goods_of(invoice)
    tolerance = options.total_tolerance(len(lines))
    if lines and abs(goods - wanted) <= tolerance:
        return lines
    text = (
        f"The invoice has no lines, and {cash(goods)} without tax and charges is not the {cash(wanted)} "
        f"that is left to be invoiced of order {order.name} (tolerance {cash(tolerance)})."
    )
    return Finding("header_only", text, stops=True)


def _balance(
    invoice: Payload,
    lines: Sequence[InvoiceLine],
    pieces: Sequence[Piece],
    options: MatchingOptions,
    step: Decimal,
) -> list[Finding]:
    """Compare the total with its parts; cents that the supplier rounded otherwise go to the lines.

    PeopleSoft takes no voucher whose lines and charges are not its gross amount.
    """
    goods, wanted = goods_of(invoice), sum((line.amount for line in lines), ZERO)
    tolerance = options.total_tolerance(len(lines))
    if abs(goods - wanted) > tolerance:
        charged = invoice["total"] - goods
        text = (
            f"The total is {cash(invoice['total'])}, but lines ({cash(wanted)}) with tax and charges "
            f"({cash(charged)}) are {cash(wanted + charged)} (tolerance {cash(tolerance)})."
        )
        return [Finding("total", text, stops=True)]
    if goods != wanted and pieces:
        cents = split(goods - wanted, [piece.amount for piece in pieces], step)
        for piece, part in zip(pieces, cents, strict=True):
            piece.amount += part
    return []
