"""Voucher Build without a network: a desk that takes messages, staging, and a batch that runs when told."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ml_connector.core.contract import Found, Intent, Outcome, Payload
from ml_connector.peoplesoft.voucher_build.message import StagedRow
from ml_connector.peoplesoft.voucher_build.target import VoucherBuild
from ml_connector.peoplesoft.writers.kinds import VOUCHER
from ml_connector.peoplesoft.writers.lookup import ByInterface
from ml_connector.peoplesoft.writers.options import WriterOptions
from tests.peoplesoft.writers.support import NOW, Fake, Steps, opener


@dataclass
class Site:
    """A PeopleSoft with Voucher Build.

    Attributes:
        vouchers: what stands there.
        staged: fields by unit and number of ours.
        posted: numbers of all messages.
        failures: raised by the next posts, after the message was taken in where ``received`` says so.
    """

    vouchers: Fake = field(default_factory=lambda: Fake(VOUCHER))
    staged: dict[tuple[str, str], Payload] = field(default_factory=dict)
    posted: list[str] = field(default_factory=list)
    failures: deque[Exception] = field(default_factory=deque)
    received: bool = True
    hours: float = 0.0

    async def post(self, row: StagedRow) -> None:
        fields = row.fields
        self.posted.append(fields["VOUCHER_ID"])
        failure = self.failures.popleft() if self.failures else None
        if failure is None or self.received:
            self.staged[fields["BUSINESS_UNIT"], fields["VOUCHER_ID"]] = {**fields, "ENTRY_STATUS": "O"}
        if failure is not None:
            raise failure

    async def row(self, unit: str, voucher_id: str) -> Payload | None:
        return self.staged.get((unit, voucher_id))

    def refuse(self, text: str = "Supplier 0000000012 does not exist.") -> None:
        """The batch runs, and its pre-edit refuses everything."""
        for row in self.staged.values():
            row |= {"ENTRY_STATUS": "E", "ERROR_TEXT": text}

    def build(self, status: str = "P", **changed: Any) -> list[str]:
        """The batch runs and makes vouchers; PeopleSoft may give numbers of its own."""
        rows, self.staged = list(self.staged.values()), {}
        return [self.vouchers.put({**row, "ENTRY_STATUS": status} | changed) for row in rows]

    def target(self, *, create: bool = True, **options: Any) -> VoucherBuild:
        lookup = ByInterface(VOUCHER, opener(self.vouchers))
        chosen = WriterOptions.model_validate(options)
        return VoucherBuild(self, lookup, self, chosen, now=self.now, create=create)

    def now(self) -> Any:
        return NOW + timedelta(hours=self.hours)

    async def write(self, intent: Intent) -> Outcome:
        (outcome,) = await self.target().write([intent], Steps())
        return outcome

    async def find(self, intent: Intent) -> Found:
        (found,) = await self.target().find([intent])
        return found

    async def confirm(self, intent: Intent, receipt: Payload | None) -> Outcome:
        (outcome,) = await self.target().confirm([intent], [receipt or {}])
        return outcome
