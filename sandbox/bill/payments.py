"""Payments: recorded ones, scheduled ones, and what they do to their bills."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from sandbox import credentials

from . import bills, fields
from .context import Context, refuse_reference
from .errors import core, invalid
from .payment_states import STATES, check, disbursement_info
from .store import Store
from .switches import BillSwitches
from .table import Row
from .values import ZERO, clean, known, money

NOT_IN_THIN_LISTS = ("billPayments", "voidInfo")
VOID_TYPES = ("VOID_AND_CREDIT", "VOID_AND_REISSUE", "VOID_ONLY", "VOID_AND_REISSUE_VCARD")
_numbers = count(1)


def record(context: Context) -> Row:
    """`POST /v3/bills/record-payment`: a payment made outside BILL."""
    body = context.body
    context.validate([body], fields.RECORDED_PAYMENT)
    store = context.store
    if store.vendors.get(body["vendorId"]) is None:
        raise refuse_reference("vendorId", body["vendorId"])
    parts = [(part["billId"], money(part["amount"])) for part in body["payments"]]
    _check_parts(store, body["vendorId"], parts)
    given = known(body, fields.RECORDED_PAYMENT)
    del given["payments"]
    row = clean(
        given
        | {
            "billPayments": _bill_payments(parts),
            "amount": sum((amount for _, amount in parts), ZERO),
            "status": "PAID",
            "onlinePayment": False,
            "disbursementType": "OFFLINE",
            "createdBy": credentials.BILL_USER_ID,
        }
    )
    return _book(store, context.switches, row)


def _check_parts(store: Store, vendor_id: str, parts: list[tuple[str, Decimal]]) -> None:
    wanted: dict[str, Decimal] = {}
    for bill_id, amount in parts:
        bill = store.bills.get(bill_id)
        if bill is None or bill["archived"] or bill["vendorId"] != vendor_id:
            raise refuse_reference("billId", bill_id)
        if amount <= 0:
            raise core("BDC_1119", f"amount, {amount}")
        wanted[bill_id] = wanted.get(bill_id, ZERO) + amount
        if wanted[bill_id] > bill["dueAmount"] - bill["scheduledAmount"]:
            raise core("BDC_1119", message="Cannot overpay a bill")


def _bill_payments(parts: list[tuple[str, Decimal]]) -> list[Row]:
    return [
        {"id": f"blp02SANDBOX{next(_numbers):08d}", "billId": bill_id, "amount": amount}
        for bill_id, amount in parts
    ]


def _book(store: Store, switches: BillSwitches, row: Row) -> Row:
    made = store.payments.add(row)
    for part in made["billPayments"]:
        store.payments_of_bill[part["billId"]].append(made["id"])
        _settle(store, switches, part["billId"])
    return made


def _settle(store: Store, switches: BillSwitches, bill_id: str) -> None:
    sums = {"PAID": ZERO, "SCHEDULED": ZERO}
    for payment_id in store.payments_of_bill[bill_id]:
        payment = store.payments.rows[payment_id]
        for part in payment["billPayments"]:
            if part["billId"] == bill_id and payment["status"] in sums:
                sums[payment["status"]] += part["amount"]
    bills.settle(store, bill_id, switches, paid=sums["PAID"], scheduled=sums["SCHEDULED"])


def check_new(context: Context, bodies: list[Any]) -> None:
    """`POST /v3/payments` and its bulk form: only a trusted session may move money."""
    if context.session.by_token or not context.session.trusted:
        raise core("BDC_1361")
    context.validate(bodies, fields.NEW_PAYMENT)
    for body in bodies:
        if not body.get("billId"):
            raise invalid("billId: must not be null")
        _check_parts(context.store, body["vendorId"], [(body["billId"], money(body["amount"]))])
        _funding_account(context.store, body["fundingAccount"])


def create(context: Context, body: Row) -> Row:
    """Make an online payment that was checked."""
    given = known(body, fields.NEW_PAYMENT)
    parts = [(given.pop("billId"), given.pop("amount"))]
    return pay(context.store, context.switches, parts, **given)


def schedule(store: Store, switches: BillSwitches, bill_id: str, *, amount: Any = None) -> Row:
    """Schedule an online payment of one bill, of what is due unless an amount is given."""
    return pay(store, switches, [(bill_id, amount)])


def pay(store: Store, switches: BillSwitches, parts: Sequence[tuple[str, Any]], **given: Any) -> Row:
    """Schedule one online payment of one or several bills of a vendor.

    Args:
        parts: bill ids with amounts; None pays what is due.
        given: fields of the payment, as ``POST /v3/payments`` takes them.
    """
    vendor_id = store.bills.rows[parts[0][0]]["vendorId"]
    amounts = due(store, parts)
    _check_parts(store, vendor_id, amounts)
    row = {
        "vendorId": vendor_id,
        "billId": amounts[0][0] if len(amounts) == 1 else None,
        "billPayments": _bill_payments(amounts),
        "amount": sum((amount for _, amount in amounts), ZERO),
        "processDate": store.clock.now().date().isoformat(),
        "confirmationNumber": f"P{next(_numbers):011d}",
        "transactionNumber": new_transaction_number(),
        "status": "SCHEDULED",
        "disbursementStatus": "SCHEDULED",
        "singleStatus": "SCHEDULED",
        "onlinePayment": True,
        "disbursementType": "ACH",
        "createdBy": credentials.BILL_USER_ID,
    }
    account = _funding_account(store, given.pop("fundingAccount", {}))
    return _book(store, switches, clean(row | given | {"fundingAccount": account}))


def new_transaction_number() -> str:
    """One that BILL gives where the caller gave none."""
    return f"T{next(_numbers):011d}"


def due(store: Store, parts: Sequence[tuple[str, Any]]) -> list[tuple[str, Decimal]]:
    """Bill ids with what is to be paid; None stands for all that is due and not yet scheduled."""
    rows = [(store.bills.rows[bill_id], amount) for bill_id, amount in parts]
    return [
        (row["id"], money(row["dueAmount"] - row["scheduledAmount"] if amount is None else amount))
        for row, amount in rows
    ]


def _funding_account(store: Store, given: Row) -> Row:
    account: Row = {"type": "BANK_ACCOUNT", "id": next(iter(store.banks.rows)), **clean(given)}
    bank = store.banks.get(account["id"])
    usable = bank is not None and bank["status"] == "VERIFIED" and not bank["archived"]
    if account["type"] == "BANK_ACCOUNT" and not usable:
        raise core("BDC_1151")
    return account


def move(store: Store, switches: BillSwitches, payment_id: str, single_status: str, **more: Any) -> Row:
    """Bring an online payment to another `singleStatus`; statuses may go back from CLEARED."""
    check(single_status)
    status, disbursement = STATES[single_status]
    row = store.payments.rows[payment_id] | {
        "singleStatus": single_status,
        "status": status,
        "disbursementStatus": disbursement,
    }
    made = store.payments.replace(row | more)
    for part in made["billPayments"]:
        _settle(store, switches, part["billId"])
    return made


def cancel(context: Context, row: Row) -> Row:
    """Cancel, only while it is scheduled."""
    if row.get("singleStatus") != "SCHEDULED":
        raise core("BDC_1119", message="Payment can no longer be canceled.")
    return move(context.store, context.switches, row["id"], "CANCELED")


def void(context: Context, row: Row) -> Row:
    """Void a payment that was made; its bills are open again."""
    body = context.body if isinstance(context.body, dict) else {}
    if body.get("type") not in VOID_TYPES:
        raise invalid(f"type: must be one of {', '.join(VOID_TYPES)}")
    if row["status"] != "PAID":
        raise core("BDC_1119", message="Payment cannot be voided.")
    now = context.store.payments.now()
    request = {
        "id": f"vrq02SANDBOX{next(_numbers):08d}",
        "requestedBy": credentials.BILL_USER_ID,
        "type": body["type"],
        "status": "ACCEPTED",
        "reason": body.get("reason"),
        "createdTime": now,
        "updatedTime": now,
    }
    return move(context.store, context.switches, row["id"], "VOIDED", voidInfo=[clean(request)])


def shown(context: Context, row: Row, *, listed: bool = False) -> Row:
    """A payment as GET shows it: with the vendor's name, and alone with how it was disbursed."""
    vendor = context.store.vendors.get(row["vendorId"])
    named = row | {"vendorName": vendor["name"]} if vendor else row
    if listed and context.switches.thin_payment_lists:
        return {name: value for name, value in named.items() if name not in NOT_IN_THIN_LISTS}
    if listed or not row["onlinePayment"]:
        return named
    return named | {"disbursementInfo": disbursement_info(row)}
