"""What both ways of settling have in common: which payment an intent is about, and closing its vouchers."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from ml_connector.core.contract import (
    Desired,
    Found,
    Intent,
    Limits,
    Outcome,
    Payload,
    Progress,
    TargetPage,
    Verdict,
)
from ml_connector.core.errors import InDoubt, Rejected
from ml_connector.core.ledger.settlements import ENTRIES, OF_PAYMENTS, Row, Settlements
from ml_connector.core.outcomes import STOPS, in_doubt, loaded
from ml_connector.peoplesoft.settlement.closing import Closer
from ml_connector.peoplesoft.settlement.entries import Entry
from ml_connector.peoplesoft.settlement.options import SettlementOptions
from ml_connector.peoplesoft.settlement.payments import Payment, read_payment

SETTLED, REVERSED = "settled", "reversed"
CREDITS_TOLD = "vendor credits"
"""Step of a payment: people know of the vendor credits that BILL used."""

STAGED = "staged"
"""First part of the target id of a payment that stands in a file."""


@dataclass(slots=True)
class Remembered:
    """One payment as our rows tell of it."""

    reference: str
    rows: list[Row]

    @property
    def units(self) -> list[str]:
        """Business units in whose books it was booked, each once."""
        return list(dict.fromkeys(row.unit for row in self.rows))

    @property
    def vouchers(self) -> list[str]:
        """Vouchers that it paid, each once."""
        return list(dict.fromkeys(row.voucher for row in self.rows if row.voucher))

    def entries(self, unit: str) -> dict[int, Entry]:
        """The entries in a unit, by number; also those that people undid."""
        return _entries([row for row in self.rows if row.unit == unit])

    def counting(self, unit: str) -> dict[int, Entry]:
        """The same without what people undid."""
        return _entries([row for row in self.rows if row.unit == unit and row.kind in ENTRIES])


@dataclass(slots=True)
class Case(Remembered):
    """One payment: what shall stand, what stood, and what we remember.

    Attributes:
        wanted: None where nothing shall stand.
        previous: what stood when it was last settled; None where nothing did, or nobody knows.
    """

    intent: Intent
    wanted: Payment | None
    previous: Payment | None

    @property
    def units(self) -> list[str]:
        """Every business unit that the payment has, or had, to do with."""
        named = [unit for payment in (self.wanted, self.previous) if payment for unit in payment.units]
        first, _, journal = (self.intent.target_id or "").partition("|")
        booked = [first] if journal and first != STAGED else []
        return list(dict.fromkeys([*named, *(row.unit for row in self.rows), *booked]))

    @property
    def vouchers(self) -> list[str]:
        """The same for vouchers."""
        payments = [payment for payment in (self.wanted, self.previous) if payment]
        named = [part.voucher for payment in payments for part in payment.parts]
        return list(dict.fromkeys([*named, *(row.voucher for row in self.rows if row.voucher)]))

    @property
    def about(self) -> Payload:
        """What is remembered of the payment beside its entries."""
        payment = self.wanted or self.previous
        if payment is None:
            return {}
        return {
            "payment_date": payment.date, "funding_account": payment.funding_account, "payee": payment.payee,
            "number": payment.number,
        }  # fmt: skip


@dataclass(slots=True)
class Work:
    """One write of one payment; ``executed`` tells whether anything was changed yet."""

    executed: bool = False
    alerts: list[str] = field(default_factory=list)


class SettlementTarget(ABC):
    """Base of both ways; implements ``core.contract.Target`` but for what a way adds.

    Args:
        options: of the tenant.
        rows: what was booked, in the state database.
        closer: closes vouchers to PeopleSoft's pay cycle.
        now: the current time.
        time_zone: of the tenant; it decides what today is.
    """

    limits: Limits

    def __init__(
        self,
        options: SettlementOptions,
        rows: Settlements,
        closer: Closer,
        *,
        now: Callable[[], datetime],
        time_zone: str,
    ) -> None:
        self.options, self.rows, self.closer = options, rows, closer
        self._now, self._zone = now, ZoneInfo(time_zone)

    # ---- the contract

    @abstractmethod
    async def find(self, intents: Sequence[Intent]) -> list[Found]: ...

    @abstractmethod
    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]: ...

    @abstractmethod
    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage: ...

    async def confirm(self, intents: Sequence[Intent], receipts: Sequence[Payload]) -> list[Outcome]:
        """Everything is decided at once; whoever asks gets what stands there now."""
        return [
            Outcome(
                one.key, "loaded" if one.verdict is Verdict.EQUAL else "accepted", target_id=one.target_id
            )
            for one in await self.find(intents)
        ]

    # ---- helpers

    @property
    def today(self) -> str:
        """ISO date in the tenant's time zone."""
        return self._now().astimezone(self._zone).date().isoformat()

    async def cases(self, intents: Sequence[Intent]) -> list[Case]:
        """Read what intents are about.

        Raises:
            Rejected: a body cannot be booked.
        """
        cases = [self._case(intent) for intent in intents]
        known = await asyncio.to_thread(self.rows.of_references, [case.reference for case in cases])
        for case in cases:
            case.rows = [row for row in known.get(case.reference, []) if row.kind in OF_PAYMENTS]
        return cases

    def _case(self, intent: Intent) -> Case:
        units, previous = self.options.general_ledger_units, intent.previous
        wanted = None if intent.desired.absent else read_payment(intent.desired.body, units)
        before = _before(previous, units)
        named = str(intent.desired.body.get("reference") or "")
        reference = named or (before.reference if before else "") or intent.key
        return Case(reference, [], intent, wanted, before)

    def readable(self, intents: Sequence[Intent]) -> tuple[list[Intent], list[Found]]:
        """Those that can be looked up; what cannot be booked is nowhere, and a write says why."""
        good, bad = [], []
        for intent in intents:
            try:
                self._case(intent)
                good.append(intent)
            except Rejected:
                bad.append(Found(intent.key, Verdict.ABSENT))
        return good, bad

    async def close_vouchers(self, case: Case, work: Work, progress: Progress) -> None:
        """Close or open the payment's vouchers.

        A refusal is an alert and not a failure: the entry stands, and only a loaded document is certain
        to have it reversed should BILL take the payment back. The reconciliation then shows the payment
        as drifted, and a replay repeats the closing alone.
        """
        for voucher in case.vouchers:
            if alert := await self.closer.align(voucher):
                work.alerts.append(alert)
        if case.vouchers and self.options.close_voucher != "none":
            await progress.step(case.intent, "vouchers", case.vouchers)

    async def tell_credits(self, case: Case, progress: Progress) -> list[str]:
        """Vendor credits that BILL used, told once.

        They are not booked and close no voucher: nobody knows which credit voucher of PeopleSoft they are.
        """
        payment, before, intent = case.wanted, case.previous, case.intent
        known = before.credits if before else ()
        if payment is None or payment.credits == known or CREDITS_TOLD in intent.steps:
            return []
        sums: dict[str, Decimal] = {}
        for voucher, amount in payment.credits:
            sums[voucher] = sums.get(voucher, Decimal(0)) + amount
        alerts = [
            f"BILL used vendor credits of {amount} {payment.currency} for voucher {voucher}: "
            "close voucher and credit voucher by hand"
            for voucher, amount in sums.items()
        ]
        await progress.step(intent, CREDITS_TOLD, alerts)
        return alerts

    async def finished(self, case: Case, work: Work, target_id: str, progress: Progress) -> Outcome:
        """The last part of a write: the entries stand."""
        work.alerts += await self.tell_credits(case, progress)
        try:
            await self.close_vouchers(case, work, progress)
        except (InDoubt, *STOPS) as error:
            if isinstance(error, InDoubt) or work.executed:
                doubt = in_doubt(case.intent, f"booked; closing its vouchers: {error}", target_id=target_id)
                return with_alerts(doubt, work.alerts)
            raise
        return with_alerts(loaded(case.intent, target_id), work.alerts)

    def may_still_arrive(self, intent: Intent, found: Found) -> Found:
        """What left a moment ago may be carried out later, even after another call."""
        left = intent.attempted_at
        if found.verdict is not Verdict.DIFFERENT or left is None:
            return found
        if (self._now() - left).total_seconds() >= self.limits.settle:
            return found
        reason = "not complete yet; what was sent may still be carried out"
        return Found(intent.key, Verdict.UNSURE, found.target_id, found.record, reason)


def _entries(rows: Sequence[Row]) -> dict[int, Entry]:
    numbers = sorted({row.entry for row in rows})
    return {number: Entry.of_rows([row for row in rows if row.entry == number]) for number in numbers}


def with_alerts(outcome: Outcome, alerts: Sequence[str]) -> Outcome:
    """The outcome with these sentences beside its own."""
    return replace(outcome, alert="; ".join(text for text in (outcome.alert, *alerts) if text) or None)


def _before(previous: Desired | None, units: dict[str, str]) -> Payment | None:
    if previous is None or previous.absent:
        return None
    try:
        return read_payment(previous.body, units)
    except Rejected:
        return None
