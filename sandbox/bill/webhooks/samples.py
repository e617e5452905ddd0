"""Objects with invented values, for test events and load tests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox import credentials

MOMENT = "2026-11-20T09:15:23.127+00:00"
COMMON: dict[str, Any] = {"createdTime": MOMENT, "updatedTime": MOMENT}
VENDOR = {"id": "test-vendor-id", "name": "Test Vendor"}
PAYMENT: dict[str, Any] = {
    "transactionNumber": "T00000000000",
    "createdBy": credentials.BILL_USER_ID,
    "vendor": VENDOR,
    **COMMON,
}
ENTITIES: dict[str, dict[str, Any]] = {
    "vendor": {**VENDOR, "archived": False, "billCurrency": "USD", **COMMON},
    "bill": {
        "id": "test-bill-id",
        "vendorId": VENDOR["id"],
        "vendorName": VENDOR["name"],
        "invoice": {"invoiceNumber": "TEST-1", "invoiceDate": "2026-11-18T00:00:00.000Z"},
        "amount": Decimal("100.00"),
        "archived": False,
        "dueDate": "2026-12-31",
        "paymentStatus": "UNPAID",
        "createdBy": credentials.BILL_USER_ID,
        **COMMON,
    },
    "payment": {
        "id": "test-payment-id",
        "billIds": ["test-bill-id"],
        "status": "SCHEDULED",
        "processDate": "2026-11-24",
        "funding": {
            "amount": Decimal("100.00"),
            "currency": "USD",
            "fundingAccount": {
                "id": "test-account-id",
                "type": "BANK_ACCOUNT",
                "name": "Test Account",
                "accountNumber": "************0000",
            },
        },
        "disbursement": {"arrivesByDate": "2026-11-27", "disbursementAccount": {}},
        "billingType": "BDC",
        **PAYMENT,
    },
}
FAILED: dict[str, Any] = {
    "bills": [{"id": "test-bill-id", "amount": Decimal("100.00")}],
    "fundingAccount": {"id": "test-account-id", "type": "BANK_ACCOUNT"},
    **PAYMENT,
}
ERRORS = [{"code": "BDC_9999", "message": "Bank account is inactive.", "timestamp": MOMENT}]


def sample(event_type: str, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The object of a test event with the given fields in it, and what stands beside it."""
    if event_type == "payment.failed":
        return FAILED | given, {"errors": ERRORS}
    entity = ENTITIES.get(event_type.partition(".")[0], {"id": "test-id", **COMMON})
    return entity | given, {}
