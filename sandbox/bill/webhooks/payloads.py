"""The objects inside events: less than GET shows, and in places another shape."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox import credentials
from sandbox.bill.payment_states import NOT_DISBURSED, arrives_by
from sandbox.bill.store import Store
from sandbox.bill.table import Row
from sandbox.bill.values import clean

BILL = (
    "id", "vendorId", "vendorName", "invoice", "amount", "createdTime", "updatedTime", "createdBy",
    "archived", "description", "dueDate", "paymentStatus", "payFromChartOfAccountId", "classifications",
    "purchaseOrderNumber",
)  # fmt: skip
BILL_CLASSES = ("chartOfAccountId", "accountingClassId", "departmentId", "locationId")
VENDOR = (
    "id", "name", "shortName", "archived", "paymentNetworkId", "rppsId", "networkStatus", "address",
    "paymentInformation", "createdTime", "updatedTime", "accountNumber", "email", "phone",
    "recurringPayments", "billCurrency", "autoPay", "balance", "additionalInfo",
)  # fmt: skip
VENDOR_PAYMENT = ("payByType", "virtualCard", "email", "payeeName", "lastPaymentDate")


def bill(store: Store, row: Row) -> Row:
    """A bill: no lines, no amounts but the total; the invoice date has a time."""
    vendor = store.vendors.get(row["vendorId"])
    invoice = row["invoice"]
    made = row | {
        "vendorName": vendor["name"] if vendor else None,
        "invoice": invoice | {"invoiceDate": f"{invoice['invoiceDate']}T00:00:00.000Z"},
        "classifications": _only(row.get("classifications", {}), BILL_CLASSES),
        "createdBy": row.get("createdBy", credentials.BILL_USER_ID),
    }
    return _only(clean(made), BILL)


def vendor(_: Store, row: Row) -> Row:
    """A vendor without its bank account."""
    payment = _only(row.get("paymentInformation", {}), VENDOR_PAYMENT)
    return _only(clean(row | {"paymentInformation": payment}), VENDOR)


def payment(store: Store, row: Row) -> Row:
    """A payment: bill ids without their amounts, and one status."""
    made = {
        "id": row["id"],
        "billIds": [part["billId"] for part in row["billPayments"]],
        "transactionNumber": row.get("transactionNumber"),
        "status": row.get("singleStatus") or row["status"],
        "createdBy": row["createdBy"],
        "createdTime": row["createdTime"],
        "updatedTime": row["updatedTime"],
        "processDate": row["processDate"],
        "vendor": _vendor(store, row["vendorId"]),
        "billingType": "BDC",
    }
    funding = {"amount": row["amount"], "currency": "USD", "fundingAccount": _funding_account(store, row)}
    shown: Row = clean(made | {"funding": funding})
    return shown | {"disbursement": _disbursement(store, row)}


def failed(store: Store, vendor_id: str, parts: list[tuple[str, Decimal]], **given: Any) -> Row:
    """A payment that could not be made: it never got an id."""
    now = store.payments.now()
    made = {
        "bills": [{"id": bill_id, "amount": amount} for bill_id, amount in parts],
        "createdBy": credentials.BILL_USER_ID,
        "createdTime": now,
        "updatedTime": now,
        "vendor": _vendor(store, vendor_id),
    }
    return dict(clean(made | given))


def _funding_account(store: Store, row: Row) -> Row:
    account = row.get("fundingAccount", {})
    bank = store.banks.get(account.get("id", "")) or {}
    return dict(account) | {"name": bank.get("nameOnAccount"), "accountNumber": bank.get("accountNumber")}


def _disbursement(store: Store, row: Row) -> Row:
    arrives = arrives_by(row)
    if row.get("singleStatus") in NOT_DISBURSED:
        return {"arrivesByDate": arrives, "disbursementAccount": {}}
    vendor = store.vendors.get(row["vendorId"]) or {}
    bank = vendor.get("paymentInformation", {}).get("bankAccount", {})
    number = bank.get("accountNumber") or f"******{row['vendorId'][-3:]}"
    return {
        "amount": row["amount"],
        "currency": vendor.get("billCurrency", "USD"),
        "arrivesByDate": arrives,
        "disbursementAccount": {"type": row["disbursementType"], "accountNumber": number},
    }


def _vendor(store: Store, vendor_id: str) -> Row:
    row = store.vendors.get(vendor_id)
    return {"id": vendor_id, "name": row["name"]} if row else {"id": vendor_id}


def _only(row: Row, names: tuple[str, ...]) -> Row:
    return {name: row[name] for name in names if name in row}
