"""Bills: amounts, lines, duplicates, and which of them may still be changed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox import credentials

from . import fields
from .context import Context, refuse_reference
from .errors import core
from .lines import check_references, new_lines, patched_lines, put_lines, total
from .store import Store
from .switches import BillSwitches
from .table import Row
from .values import ZERO, clean, known, merge, money

LINES = "billLineItems"
LOCKED = ("PAID", "SCHEDULED")


def check(context: Context, bodies: list[Any]) -> None:
    """What BILL refuses before any bill of a request is made."""
    context.validate(bodies, fields.BILL)
    numbers: set[tuple[str, str]] = set()
    for body in bodies:
        _check_references(context, body)
        _check_amount(context, total(body[LINES]))
        key = (body["vendorId"], body["invoice"]["invoiceNumber"])
        _check_duplicate(context, key, None, taken=key in numbers)
        numbers.add(key)


def _check_references(context: Context, body: Row) -> None:
    store = context.store
    vendor = store.vendors.get(body["vendorId"])
    if vendor is None or vendor["archived"]:
        raise refuse_reference("vendorId", body["vendorId"])
    check_references(store, body.get("classifications", {}))
    check_references(store, {"chartOfAccountId": body.get("payFromChartOfAccountId")})
    for line in body[LINES]:
        check_references(store, line.get("classifications", {}))
    for used in body.get("vendorCredits", ()):
        credit = store.credits.get(used["id"])
        if credit is None or credit["archived"] or credit["vendorId"] != body["vendorId"]:
            raise refuse_reference("vendorCredits", used["id"])
        if money(used["amount"]) > credit["amount"] - credit["appliedAmount"]:
            raise core("BDC_1119", f"vendorCredits, {used['amount']}")


def _check_amount(context: Context, amount: Decimal) -> None:
    if amount < 0 and context.switches.negative_bills == "refuse":
        raise core("BDC_1119", f"amount, {amount}")


def _check_duplicate(
    context: Context, key: tuple[str, str], own_id: str | None, *, taken: bool = False
) -> None:
    if context.switches.duplicate_invoices == "accept":
        return
    table = context.store.bills
    others = [
        row_id
        for row_id in table.ids("invoice", key)
        if row_id != own_id
        and (context.switches.duplicate_counts_archived or not table.rows[row_id]["archived"])
    ]
    if taken or others:
        raise core("BDC_1171")


def create(context: Context, body: Row) -> Row:
    """Make a bill that was checked."""
    row = clean(known(body, fields.BILL))
    approvals = row.pop("billApprovals", False)
    used = row.pop("vendorCredits", [])
    row[LINES] = new_lines(row[LINES])
    row |= {"paidAmount": ZERO, "scheduledAmount": ZERO, "exchangeRate": 1}
    row["creditAmount"] = sum((money(item["amount"]) for item in used), ZERO)
    row |= _approval(context) if approvals else {"approvalStatus": "UNASSIGNED"}
    _recount(row, context.switches)
    _apply_credits(context.store, used)
    return context.store.bills.add(row, lag=context.switches.search_lag_seconds)


def _apply_credits(store: Store, used: list[Row]) -> None:
    for item in used:
        credit = store.credits.rows[item["id"]]
        applied = credit["appliedAmount"] + money(item["amount"])
        store.credits.replace(credit | {"appliedAmount": applied})


def _approval(context: Context) -> Row:
    approver = {
        "userId": credentials.BILL_USER_ID,
        "status": "WAITING",
        "approverOrder": 0,
        "statusChangedTime": context.store.bills.now(),
    }
    return {"approvalStatus": "ASSIGNED", "approvers": [approver]}


def _recount(row: Row, switches: BillSwitches) -> None:
    """Amounts and payment status from the lines and what was paid."""
    row["amount"] = total(row[LINES])
    row["fundingAmount"] = row["amount"]
    row["dueAmount"] = row["amount"] - row["paidAmount"] - row["creditAmount"]
    row["paymentStatus"] = _payment_status(row, switches)


def _payment_status(row: Row, switches: BillSwitches) -> str:
    if row["scheduledAmount"] > 0:
        return "SCHEDULED"
    settled = row["paidAmount"] + row["creditAmount"]
    if settled > 0:
        return "PAID" if row["dueAmount"] <= 0 else switches.partial_status
    return "UNPAID"


def settle(store: Store, bill_id: str, switches: BillSwitches, *, paid: Decimal, scheduled: Decimal) -> None:
    """Set what was paid and what is scheduled, after a payment moved."""
    old = store.bills.rows[bill_id]
    row = old | {"paidAmount": paid, "scheduledAmount": scheduled}
    _recount(row, switches)
    if row != old:
        store.bills.replace(row)


def change(context: Context, row: Row, body: Row, *, replace: bool) -> Row:
    """PATCH, or PUT when `replace`."""
    context.validate([body], fields.BILL, partial=not replace)
    _check_unlocked(context, row)
    given = known(body, fields.BILL)
    given.pop("billApprovals", None)
    given.pop("vendorCredits", None)
    made = {name: value for name, value in row.items() if not replace or name not in fields.BILL}
    made = merge(made, {name: value for name, value in given.items() if name != LINES})
    if LINES in given:
        edit = put_lines if replace else patched_lines
        made[LINES] = edit(row[LINES], given[LINES])
    made = clean(made)
    _check_references(context, made)
    _check_amount(context, total(made[LINES]))
    _check_duplicate(context, (made["vendorId"], made["invoice"]["invoiceNumber"]), row["id"])
    _recount(made, context.switches)
    if made["dueAmount"] < 0 and made["paidAmount"] > 0:
        raise core("BDC_1119", message="Cannot overpay a bill")
    return context.store.bills.replace(made)


def _check_unlocked(context: Context, row: Row) -> None:
    if context.switches.lock_paid_bills and row["paymentStatus"] in LOCKED:
        raise core("BDC_1119", message=f"Bill is {row['paymentStatus'].lower()} and cannot be changed.")


def archive(context: Context, row: Row, *, archived: bool) -> Row:
    """Archive or restore; doing it twice changes nothing."""
    if row["archived"] == archived:
        return row
    if archived:
        _check_unlocked(context, row)
    else:
        _check_duplicate(context, (row["vendorId"], row["invoice"]["invoiceNumber"]), row["id"])
    return context.store.bills.replace(row | {"archived": archived})


def shown(context: Context, row: Row, *, named: bool) -> Row:
    """A bill as GET shows it: with the vendor's name."""
    vendor = context.store.vendors.get(row["vendorId"]) if named else None
    return row | {"vendorName": vendor["name"]} if vendor else row
