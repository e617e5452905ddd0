"""What a bill's payment fields say, taken together."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from ml_connector.bill.values import money


class Settlement(StrEnum):
    """How far a bill is paid. Anything but ``OPEN`` means that money has been or will be moved."""

    OPEN = "unpaid"
    SCHEDULED = "scheduled"
    PARTIAL = "partly paid"
    PAID = "paid"
    UNKNOWN = "in an unknown payment state"


_SCHEDULED = frozenset({"SCHEDULED", "IN_PROCESS", "PROCESSING"})
_OPEN = frozenset({"UNPAID", "OPEN"})


def settlement(record: Mapping[str, Any]) -> Settlement:
    """Payment state of a bill.

    The list of statuses is not documented as complete, so amounts have a say; a missing amount is
    not zero.
    """
    status = str(record.get("paymentStatus") or "").upper()
    amount, due = money(record.get("amount")), money(record.get("dueAmount"))
    if status == "PAID":
        return Settlement.PAID
    if status in _SCHEDULED or _some(record, "scheduledAmount"):
        return Settlement.SCHEDULED
    if status.startswith("PARTIAL") or _some(record, "paidAmount") or _some(record, "creditAmount"):
        return Settlement.PAID if due == 0 and amount else Settlement.PARTIAL
    if status in _OPEN:
        return Settlement.OPEN
    return _by_amounts(amount, due)


def _by_amounts(amount: Decimal | None, due: Decimal | None) -> Settlement:
    if amount is None or due is None:
        return Settlement.UNKNOWN
    if due == amount:
        return Settlement.OPEN
    return Settlement.PAID if due == 0 else Settlement.PARTIAL


def _some(record: Mapping[str, Any], name: str) -> bool:
    return bool(money(record.get(name)) or 0)


def approved(record: Mapping[str, Any]) -> bool:
    """Whether somebody in BILL has approved it, or has begun to."""
    return str(record.get("approvalStatus") or "").upper() in {"APPROVED", "APPROVING"}


def has_approvals(record: Mapping[str, Any]) -> bool:
    """Whether BILL's approval policies are attached; later changes must say so again."""
    status = str(record.get("approvalStatus") or "").upper()
    return bool(record.get("approvers")) or status in {"ASSIGNED", "APPROVING", "APPROVED", "DENIED"}
