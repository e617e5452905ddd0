"""Vouchers and their scheduled payments, as far as closing them to the pay cycle needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from ml_connector.core.contract import Payload
from ml_connector.peoplesoft.settlement.options import Closing

NOT_SELECTED, EXTERNALLY_PAID, CANCELLED = "N", "E", "X"
SCHEDULE, RECORD = "S", "R"


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One scheduled payment (PYMNT_VCHR_XREF) of a voucher."""

    count: int
    action: str
    status: str
    hold: bool
    reason: str

    @property
    def cancelled(self) -> bool:
        """Whether it pays nothing any more."""
        return CANCELLED in {self.action, self.status}

    def closed(self, way: Closing, reason: str) -> bool:
        """Whether it is as we leave it when we close it in this way."""
        if way == "external":
            return self.status == EXTERNALLY_PAID
        return self.hold and self.reason == reason

    def passed_over(self, way: Closing, reason: str) -> bool:
        """Whether PeopleSoft's pay cycle certainly leaves it alone."""
        return self.status == EXTERNALLY_PAID or self.closed(way, reason)

    @property
    def untouched(self) -> bool:
        """Whether no pay cycle has taken it."""
        return self.status in {NOT_SELECTED, ""}

    def as_payload(self) -> Payload:
        """The form in which it is remembered."""
        return {
            "count": self.count, "action": self.action, "status": self.status, "hold": self.hold,
            "reason": self.reason,
        }  # fmt: skip

    def values(self, way: Closing) -> Payload:
        """Properties that put it back as it is here."""
        if way == "external":
            changed = {
                "PYMNT_ACTION": self.action or SCHEDULE,
                "PYMNT_SELCT_STATUS": self.status or NOT_SELECTED,
            }
        else:
            changed = {"PYMNT_HOLD": "Y" if self.hold else "N", "PYMNT_HOLD_REASON": self.reason}
        return {"PYMNT_CNT": self.count, **changed}


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher as far as closing it needs.

    Attributes:
        finished: closed or deleted in PeopleSoft, so that it takes no change.
    """

    key: str
    gross: Decimal
    currency: str
    finished: bool
    scheduled: tuple[Scheduled, ...]

    @property
    def payable(self) -> list[Scheduled]:
        """Scheduled payments that were not cancelled."""
        return [row for row in self.scheduled if not row.cancelled]


class VoucherReader(Protocol):
    """Looks vouchers up."""

    async def vouchers(self, keys: Sequence[str]) -> Mapping[str, Voucher]:
        """By key; one that is not there is missing in the answer."""
        ...
