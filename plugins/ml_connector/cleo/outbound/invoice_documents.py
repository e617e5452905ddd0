"""Bodies of invoices as X12 invoices or credits.

A body has the signs of PeopleSoft: everything of a credit is negative. In the document its amounts are
positive and its kind says the rest; only what goes against the kind, a fee on a credit, stays negative.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from ml_connector.cleo.outbound.parts import party, terms
from ml_connector.cleo.outbound.units import to_x12
from ml_connector.cleo.outbound.values import decimal
from ml_connector.cleo.partners.profile import InvoiceRules
from ml_connector.core.contract import Payload
from ml_connector.core.errors import Rejected
from ml_connector.x12.documents.invoice import Invoice, InvoiceLine
from ml_connector.x12.documents.invoice_footing import foot
from ml_connector.x12.documents.parts import Charge, Party, Reference, Tax, Terms

INVOICE, CREDIT = "DI", "CR"
"""BIG07: debit invoice and credit memo."""

EACH = "EA"
FREIGHT, OTHER = "D240", "F050"
"""SAC02: freight, and other charges."""

_CENT, _FINEST = Decimal("0.01"), Decimal("0.00000001")
_SETTING = "documents.invoice"


def is_credit(body: Payload) -> bool:
    """Whether the document gives money back."""
    return body.get("kind") == "credit" or (decimal(body["total"]) or 0) < 0


def invoice(body: Payload, rules: InvoiceRules) -> Invoice:
    """An invoice or a credit as the partner shall have it.

    Raises:
        Rejected: the body does not add up, or the partner's file has no unit or terms for it.
    """
    credit = is_credit(body)
    sign = -1 if credit else 1
    document = Invoice(
        number=str(body["number"]),
        date=str(body["date"]),
        credit=credit,
        type=CREDIT if credit else INVOICE,
        order=body.get("purchase_order"),
        order_date=body.get("purchase_order_date"),
        currency=body.get("currency"),
        references=(Reference("IA", str(body["vendor"])),) if body.get("vendor") else (),
        parties=_parties(body),
        terms=_terms(body, rules),
        lines=tuple(_line(line, rules, sign) for line in body["lines"]),
        taxes=_taxes(body, sign),
        charges=_charges(body, sign),
        total=sign * (decimal(body["total"]) or Decimal(0)),
    )
    footing = foot(document)
    if footing.difference:  # partners allow for rounding; what we write ourselves is exact
        raise Rejected(f"{footing.explain()}; correct it in PeopleSoft", field="total")
    return document


def _line(line: Payload, rules: InvoiceRules, sign: int) -> InvoiceLine:
    number, code = str(line["line"]), line.get("unit")
    unit = to_x12(code, rules.units, line=number, setting=f"{_SETTING}.units") if code else EACH
    quantity, price = _quantity_and_price(line, sign)
    ids = {"BP": line.get("item"), "VP": line.get("vendor_item")}
    order = line.get("purchase_order")
    return InvoiceLine(
        # The receiver finds the line of its order by this number.
        number=str(line.get("purchase_order_line") or number),
        quantity=quantity,
        unit=unit,
        price=price,
        ids=tuple((one, str(ids[one])) for one in rules.line_ids if ids.get(one)),
        description=line.get("description") or None,
        references=(Reference("PO", str(order)),) if order else (),
    )


def _quantity_and_price(line: Payload, sign: int) -> tuple[Decimal, Decimal]:
    """Such that they multiply to the amount, as the receiver of an X12 invoice multiplies them.

    A line without a quantity, or with one that the amount cannot be divided by, is one piece.
    """
    amount = sign * (decimal(line["amount"]) or Decimal(0))
    quantity = abs(decimal(line.get("quantity")) or Decimal(0))
    for price in (abs(decimal(line.get("price")) or Decimal(0)), _divided(abs(amount), quantity)):
        if quantity and (quantity * price).quantize(_CENT, ROUND_HALF_UP) == abs(amount):
            return (quantity if amount >= 0 else -quantity), price
    return Decimal(1 if amount >= 0 else -1), abs(amount)


def _divided(amount: Decimal, quantity: Decimal) -> Decimal:
    return (amount / quantity).quantize(_FINEST) if quantity else Decimal(0)


def _taxes(body: Payload, sign: int) -> tuple[Tax, ...]:
    found = ((kind, decimal(body.get(name))) for kind, name in (("ST", "tax"), ("VA", "vat")))
    return tuple(Tax(type=kind, amount=sign * amount) for kind, amount in found if amount)


def _charges(body: Payload, sign: int) -> tuple[Charge, ...]:
    """Freight and the rest; what is taken off is an allowance."""
    texts = (("freight", FREIGHT, "Freight"), ("miscellaneous", OTHER, "Miscellaneous"))
    found = ((sign * (decimal(body.get(name)) or Decimal(0)), code, text) for name, code, text in texts)
    return tuple(
        Charge(
            kind="charge" if amount > 0 else "allowance",
            amount=abs(amount),
            code=code,
            description=text,
        )
        for amount, code, text in found
        if amount
    )


def _terms(body: Payload, rules: InvoiceRules) -> Terms | None:
    if not body.get("terms") and body.get("due_date"):
        return Terms(type="01", basis="3", net_date=str(body["due_date"]))
    return terms(body.get("terms"), rules.terms, setting=f"{_SETTING}.terms")


def _parties(body: Payload) -> tuple[Party, ...]:
    """Of a voucher's copy: we buy, the supplier sells. Of our own invoice: we sell, the customer pays."""
    unit = str(body["business_unit"])
    if body.get("customer"):
        return party("RI", unit), party("BT", str(body["customer"]), body.get("customer_name"))
    seller = (party("SE", str(body["vendor"]), body.get("vendor_name")),) if body.get("vendor") else ()
    return party("BY", unit), *seller
