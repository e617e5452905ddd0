"""Payments: recorded ones, scheduled ones, and what they do to their bills."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from typing import Any

from sandbox import credentials

from . import bills, fields
from .context import Context, refuse_reference
from .errors import core, invalid
from .store import Store
from .switches import BillSwitches
from .table import Row
from .values import ZERO, clean, known, money

# What singleStatus means for `status` and `disbursementStatus`.
STATES = {
    "SCHEDULED": ("SCHEDULED", "SCHEDULED"),
    "FUNDING_STARTED": ("SCHEDULED", "SCHEDULED"),
    "PROCESSED": ("PAID", "SCHEDULED"),
    "SENT": ("PAID", "SCHEDULED"),
    "DELIVERED": ("PAID", "SCHEDULED"),
    "CLEARED": ("PAID", "DONE"),
    "DISBURSEMENT_ON_HOLD": ("PAID", "HOLD"),
    "CANCELED": ("CANCELLED", "VOID"),
    "VOIDED": ("VOID", "VOID"),
    "FUNDING_FAILED_VOIDED": ("VOID", "VOID"),
    "FUNDING_FAILED_ACTION_NEEDED": ("PAID", "DONE"),
    "DISBURSEMENT_FAILED_ACTION_NEEDED": ("PAID", "FAILED"),
    "DISBURSEMENT_FAILED_VENDOR_BANK_REJECTED": ("PAID", "FAILED"),
    "FUNDS_ESCHEATED": ("PAID", "DONE"),
}
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


def create(context: Context, body: Row) -> Row:
    """Make an online payment that was checked."""
    given = known(body, fields.NEW_PAYMENT)
    return schedule(context.store, context.switches, given.pop("billId"), **given)


def schedule(store: Store, switches: BillSwitches, bill_id: str, *, amount: Any = None, **given: Any) -> Row:
    """Schedule an online payment of a bill, as a user of BILL or `POST /v3/payments` does."""
    bill = store.bills.rows[bill_id]
    paid = money(bill["dueAmount"] - bill["scheduledAmount"] if amount is None else amount)
    _check_parts(store, bill["vendorId"], [(bill_id, paid)])
    number = next(_numbers)
    row = {
        "vendorId": bill["vendorId"],
        "billId": bill_id,
        "billPayments": _bill_payments([(bill_id, paid)]),
        "amount": paid,
        "processDate": store.clock.now().date().isoformat(),
        "fundingAccount": {"type": "BANK_ACCOUNT", "id": next(iter(store.banks.rows))},
        "confirmationNumber": f"P{number:011d}",
        "transactionNumber": f"T{number:011d}",
        "status": "SCHEDULED",
        "disbursementStatus": "SCHEDULED",
        "singleStatus": "SCHEDULED",
        "onlinePayment": True,
        "disbursementType": "ACH",
        "createdBy": credentials.BILL_USER_ID,
    }
    return _book(store, switches, clean(row | given))


def move(store: Store, switches: BillSwitches, payment_id: str, single_status: str) -> Row:
    """Bring an online payment to another `singleStatus`; statuses may go back from CLEARED."""
    if single_status not in STATES:
        raise ValueError(f"unknown singleStatus {single_status!r}; known are {', '.join(STATES)}")
    status, disbursement = STATES[single_status]
    row = store.payments.rows[payment_id] | {
        "singleStatus": single_status,
        "status": status,
        "disbursementStatus": disbursement,
    }
    made = store.payments.replace(row)
    for part in made["billPayments"]:
        _settle(store, switches, part["billId"])
    return made


def cancel(context: Context, row: Row) -> Row:
    """Cancel, only while it is scheduled."""
    if row.get("singleStatus") != "SCHEDULED":
        raise core("BDC_1119", message="Payment can no longer be canceled.")
    return move(context.store, context.switches, row["id"], "CANCELED")


def void(context: Context, row: Row) -> Row:
    """Void a payment that was made."""
    body = context.body if isinstance(context.body, dict) else {}
    if body.get("type") not in VOID_TYPES:
        raise invalid(f"type: must be one of {', '.join(VOID_TYPES)}")
    if row["status"] != "PAID":
        raise core("BDC_1119", message="Payment cannot be voided.")
    return move(context.store, context.switches, row["id"], "VOIDED")


def shown(context: Context, row: Row) -> Row:
    """A payment as GET shows it: with the vendor's name."""
    vendor = context.store.vendors.get(row["vendorId"])
    return row | {"vendorName": vendor["name"]} if vendor else row
