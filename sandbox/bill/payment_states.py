"""The statuses of an online payment, the way to each of them, and what they mean for its details."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from .table import Row

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
    "VOID_PENDING": ("PAID", "SCHEDULED"),
    "VOIDED": ("VOID", "VOID"),
    "FUNDING_FAILED_VOIDED": ("VOID", "VOID"),
    "FUNDING_FAILED_ACTION_NEEDED": ("PAID", "DONE"),
    "DISBURSEMENT_FAILED_ACTION_NEEDED": ("PAID", "FAILED"),
    "DISBURSEMENT_FAILED_VENDOR_BANK_REJECTED": ("PAID", "FAILED"),
    "EXPIRING": ("PAID", "SCHEDULED"),
    "FUNDS_ESCHEATED": ("PAID", "DONE"),
}
_FUNDED = ("SCHEDULED", "FUNDING_STARTED", "PROCESSED")
_CLEARED = (*_FUNDED, "SENT", "CLEARED")
_BEFORE: dict[str, tuple[str, ...]] = {
    "SCHEDULED": (),
    "FUNDING_STARTED": _FUNDED[:1],
    "PROCESSED": _FUNDED[:2],
    "SENT": _FUNDED,
    "DELIVERED": (*_FUNDED, "SENT"),
    "CLEARED": (*_FUNDED, "SENT"),
    "DISBURSEMENT_ON_HOLD": _FUNDED,
    "CANCELED": _FUNDED[:1],
    "FUNDING_FAILED_VOIDED": _FUNDED[:2],
    "FUNDING_FAILED_ACTION_NEEDED": _CLEARED,
    "EXPIRING": (*_FUNDED, "SENT", "DELIVERED"),
    "FUNDS_ESCHEATED": (*_FUNDED, "SENT", "DELIVERED"),
}
NOT_DISBURSED = ("SCHEDULED", "FUNDING_STARTED", "CANCELED", "FUNDING_FAILED_VOIDED")
NOT_VOIDABLE = (*NOT_DISBURSED, "VOID_PENDING", "VOIDED", "FUNDS_ESCHEATED")
ARRIVES_AFTER = timedelta(days=3)


def check(single_status: str) -> None:
    """Raises ``ValueError`` for a word BILL does not have."""
    if single_status not in STATES:
        raise ValueError(f"unknown singleStatus {single_status!r}; known are {', '.join(STATES)}")


def way_to(single_status: str) -> tuple[str, ...]:
    """The statuses a new payment goes through to this one, itself included."""
    check(single_status)
    return (*_BEFORE.get(single_status, _CLEARED), single_status)


def arrives_by(row: Row) -> str:
    """The day on which the vendor should have the money."""
    return (date.fromisoformat(row["processDate"]) + ARRIVES_AFTER).isoformat()


def disbursement_info(row: Row) -> Row:
    """`disbursementInfo` of an online payment."""
    status = row["singleStatus"]
    info: dict[str, Any] = {"isVoidable": status not in NOT_VOIDABLE}
    if status not in NOT_DISBURSED:
        key = "checkDisbursement" if row["disbursementType"] == "CHECK" else "achDisbursement"
        info[key] = {"sentDate": row["processDate"], "arrivesByDate": arrives_by(row)}
    return info
