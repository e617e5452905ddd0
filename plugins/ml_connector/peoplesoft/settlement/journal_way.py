"""Way ``journal``: each payment becomes a journal, in every business unit whose vouchers it pays.

Entry n of a payment in a unit always has the same JOURNAL_ID, so it is found again whatever became of
the call that made it. Entry 1 settles, entry 2 takes it back, entry 3 settles again, and so on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from ml_connector.core.contract import (
    Found,
    Intent,
    Limits,
    Outcome,
    Payload,
    Progress,
    TargetPage,
    Verdict,
)
from ml_connector.core.errors import ConfigurationError, InDoubt, Rejected, Unavailable
from ml_connector.core.ledger.settlements import Settlements
from ml_connector.core.outcomes import STOPS, in_doubt
from ml_connector.peoplesoft.settlement.answers import UNIT, as_made, changed_keys, not_as_sent, said
from ml_connector.peoplesoft.settlement.base import Case, SettlementTarget, Work, with_alerts
from ml_connector.peoplesoft.settlement.books import Books, Question, Standings, as_entry, current_entry
from ml_connector.peoplesoft.settlement.closing import Closer
from ml_connector.peoplesoft.settlement.entries import Entry, filled, journal_id, settle, take_back
from ml_connector.peoplesoft.settlement.journal_view import JournalView
from ml_connector.peoplesoft.settlement.options import Chart, MissingSetting, SettlementOptions
from ml_connector.peoplesoft.settlement.payments import Payment
from ml_connector.peoplesoft.settlement.periods import OpenPeriods, accounting_date
from ml_connector.peoplesoft.settlement.plan import Plan, make_plan
from ml_connector.peoplesoft.settlement.undone import follow
from ml_connector.peoplesoft.soap import Created
from ml_connector.peoplesoft.writers.outcomes import conflict, held, one_by_one, rejected


class JournalWriter(Protocol):
    """Makes journals."""

    async def create(self, values: Payload) -> Created:
        """Save one; see ``peoplesoft.soap.Interface``."""
        ...


class JournalSettlements(SettlementTarget):
    """Settlements as journals of the general ledger.

    Args:
        books: looks journals up.
        writer: makes them.
        periods: what is open.
        view: reads back.
    """

    def __init__(
        self,
        options: SettlementOptions,
        rows: Settlements,
        closer: Closer,
        *,
        now: Callable[[], datetime],
        time_zone: str,
        books: Books,
        writer: JournalWriter,
        periods: OpenPeriods,
        view: JournalView,
    ) -> None:
        super().__init__(options, rows, closer, now=now, time_zone=time_zone)
        self._books, self._chart = books, Chart(options)
        self._writer, self._periods = writer, periods
        self._view = view
        self.limits = Limits(
            concurrency=options.concurrency, settle=options.settle_seconds, read_back=options.read_back_pages
        )

    # ---- looking up

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        good, found = self.readable(intents)
        cases = await self.cases(good)
        standings = await self._books.of_payments(cases)
        for case, standing in zip(cases, standings, strict=True):
            found.append(self.may_still_arrive(case.intent, await self._judged(case, standing)))
        return found

    async def _judged(self, case: Case, standings: Standings) -> Found:
        key, target_id = case.intent.key, self._target_id(case)
        plan = self._plan(case, standings)
        if plan.conflict:
            return Found(key, Verdict.FOREIGN, plan.about or target_id, reason=plan.conflict)
        if plan.doubt:
            return Found(key, Verdict.UNSURE, target_id, reason=plan.doubt)
        if plan.unclear:
            return Found(key, Verdict.UNSURE, target_id, reason=plan.unclear)
        if plan.steps:
            nothing = not any(standing.entries for standing in standings.values())
            verdict = Verdict.ABSENT if nothing else Verdict.DIFFERENT
            return Found(key, verdict, None if nothing else target_id, self._shown(standings))
        await self._remember_all(case, standings)
        verdict = Verdict.DIFFERENT if await self.closer.pending(case.vouchers) else Verdict.EQUAL
        return Found(key, verdict, target_id, self._shown(standings))

    def _plan(self, case: Case, standings: Standings) -> Plan:
        for unit, standing in standings.items():
            if (twice := standing.twice) is not None:
                why = (
                    f"journal {twice.journal} of {unit} was made twice, dated {' and '.join(twice.dates)}: "
                    "delete or unpost all but one of them in PeopleSoft, then replay the payment"
                )
                return Plan(conflict=why, about=f"{unit}|{twice.journal}")
        current = {
            unit: entry for unit, standing in standings.items() if (entry := current_entry(case, standing))
        }
        unknown = {unit for unit, entry in current.items() if entry.number not in case.entries(unit)}
        unanswered = unknown if case.intent.attempted_at is not None else set()
        return make_plan(case.wanted, case.previous, standings, current, unanswered=unanswered)

    def _target_id(self, case: Case) -> str | None:
        """Entry 1 in the first unit: the same for as long as the payment lives."""
        if case.intent.target_id:
            return case.intent.target_id
        if not case.units:
            return None
        unit = case.units[0]
        known = case.entries(unit).get(1)
        if known is not None and known.journal:
            return f"{unit}|{known.journal}"
        return f"{unit}|{journal_id(self.options.id_prefix, case.reference, unit, 1)}"

    def _shown(self, standings: Standings) -> Payload:
        """For people."""
        return {
            unit: [
                {"journal": entry.journal, "entry": entry.kind.value, "state": entry.state.value}
                for entry in standing.entries
            ]
            for unit, standing in standings.items()
        }

    async def _remember_all(self, case: Case, standings: Standings) -> None:
        """Write rows for entries that have none: the ledger was lost, or we ended too early.

        Mark those of entries that people undid.
        """
        parts = {part.voucher: part.number for part in (case.wanted.parts if case.wanted else ())}
        missing = [
            entry
            for unit, standing in standings.items()
            for found in standing.entries
            if found.number not in case.entries(unit) and (entry := as_entry(found, standing, None))
        ]
        if missing:
            await asyncio.to_thread(self._remember, case, missing, parts)
        about: dict[str, Any] = {"key": case.intent.key, "document_id": case.intent.document_id}
        await asyncio.to_thread(follow, self.rows, case.rows, standings, **about)

    def _remember(self, case: Case, entries: Sequence[Entry], parts: dict[str, int] | None = None) -> None:
        with self.rows.store.write() as tx:
            for entry in entries:
                self.rows.put(tx, entry.rows("journal", case.about, parts))
                data = {
                    "key": case.intent.key, "unit": entry.unit, "journal": entry.journal,
                    "entry": entry.number, "kind": entry.kind.value, "date": entry.date,
                }  # fmt: skip
                tx.record(
                    "booked", data, tenant=self.rows.tenant, flow=self.rows.flow,
                    document_id=case.intent.document_id,
                )  # fmt: skip

    # ---- writing

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """One payment after the other; what stands is looked up before anything is booked."""
        return await one_by_one(intents, lambda intent: self._write(intent, progress))

    async def _write(self, intent: Intent, progress: Progress) -> Outcome:
        (case,) = await self.cases([intent])
        (standings,) = await self._books.of_payments([case])
        plan = self._plan(case, standings)
        if plan.doubt:
            raise Unavailable(f"{case.reference}: looking for its journals before one is made: {plan.doubt}")
        if plan.unclear:
            return held(intent, f"{plan.unclear}; then release the payment")
        if plan.conflict:
            return conflict(intent, plan.conflict, target_id=plan.about)
        try:
            entries = await self._entries(case, plan, standings, progress)
        except MissingSetting as missing:
            return held(intent, str(missing))
        await self._remember_all(case, standings)
        work, target_id = Work(), self._target_id(case) or intent.key
        work.alerts += plan.notes
        outcome = await self._book(case, entries, work, progress)
        if outcome is None:
            return await self.finished(case, work, target_id, progress)
        if outcome.result == "rejected":
            return outcome
        return with_alerts(outcome, [*work.alerts, *await self.tell_credits(case, progress)])

    async def _entries(self, case: Case, plan: Plan, standings: Standings, progress: Progress) -> list[Entry]:
        """What is to be booked, dated, before the first of them leaves.

        Raises:
            MissingSetting: an account, a currency or an open period is missing.
            Rejected: the payment is in another currency than the books.
        """
        entries: list[Entry] = []
        for step in plan.steps:
            number = standings[step.unit].next_number
            if step.take_back is not None:
                back = self._reversal(case, step.take_back, number)
                entries.append(await self._dated(case, back, self.today, progress))
                number += 1
            if step.settle and case.wanted is not None:
                entry = self._settlement(case.wanted, step.unit, number)
                entries.append(await self._dated(case, entry, case.wanted.date, progress))
        return entries

    def _reversal(self, case: Case, entry: Entry, number: int) -> Entry:
        """Accounts that were left to people, in a file, come from the tenant file now."""
        back = take_back(entry, number, self.options.id_prefix)
        if all(line.account for line in back.lines):
            return back
        rows = [row for row in case.rows if (row.unit, row.entry) == (entry.unit, entry.number)]
        funding = next((str(row.details.get("funding_account") or "") for row in rows), "")
        return filled(back, self._chart.payables(entry.unit), self._chart.cash(funding, entry.unit))

    def _settlement(self, payment: Payment, unit: str, number: int) -> Entry:
        currency = self._chart.currency(unit)
        if payment.currency != currency:
            raise Rejected(
                f"the books of {unit} are in {currency}, and a journal needs its rate; book the payment by "
                "hand and name it in the rule settled_by_hand",
                field="currency",
                value=payment.currency,
            )
        accounts = self._chart.payables(unit), self._chart.cash(payment.funding_account, unit)
        return settle(payment, unit, number, accounts, self.options.id_prefix)

    async def _dated(self, case: Case, entry: Entry, day: str, progress: Progress) -> Entry:
        """An entry keeps its date: PeopleSoft would take the same id on another date as another journal."""
        name = f"date {entry.unit} {entry.number}"
        before = case.intent.steps.get(name)
        date = await self._date(entry.unit, day, before if isinstance(before, str) else None)
        if date != before:
            await progress.step(case.intent, name, date)
        return entry.dated(date)

    async def _date(self, unit: str, day: str, before: str | None) -> str:
        periods = await self._periods.of(unit)
        if before is not None and accounting_date(before, periods) == before:
            return before
        found = accounting_date(day, periods)
        if found is None:
            latest = max((period.last for period in periods), default="none at all")
            raise MissingSetting(
                f"{unit} has no open accounting period for {day} or later (open through: {latest}): "
                "open one in PeopleSoft, then release the payment"
            )
        return found

    async def _book(
        self, case: Case, entries: Sequence[Entry], work: Work, progress: Progress
    ) -> Outcome | None:
        """Make the journals; an outcome where not all of them stand afterwards."""
        intent = case.intent
        for entry in entries:
            try:
                created = await self._create(case, entry)
            except Rejected as refusal:
                if work.executed:
                    return self._half(case, entry, refusal)
                return rejected(intent, refusal)
            except (InDoubt, *STOPS) as error:
                if isinstance(error, InDoubt) or work.executed:
                    return in_doubt(intent, f"journal {entry.journal} of {entry.unit}: {error}")
                raise
            work.executed = True
            if changed := changed_keys(entry, created.keys):
                return await self._not_as_sent(case, entry, changed)
            if warning := said(entry, created, intent.desired.body):
                work.alerts.append(warning)
            await progress.step(intent, f"journal {entry.unit} {entry.number}", entry.journal)
            await asyncio.to_thread(self._remember, case, [entry])
            if entry.undoes:
                work.alerts.append(self._taken_back(case, entry))
        return None

    async def _create(self, case: Case, entry: Entry) -> Created:
        try:
            return await self._writer.create(entry.journal_values(self.options))
        except Rejected:
            # Perhaps because it is there: an earlier call was carried out after the look-up.
            question = Question(case.reference, entry.unit, case.entries(entry.unit))
            standing = (await self._books.standing([question]))[case.reference, entry.unit]
            if not any(found.number == entry.number and not found.foreign for found in standing.entries):
                raise
            return Created({})

    async def _not_as_sent(self, case: Case, entry: Entry, changed: Mapping[str, str]) -> Outcome:
        """The journal stands under keys that nobody would look for: it is remembered, and the flow stops."""
        reason, made = not_as_sent(entry, changed), as_made(entry, changed)
        if UNIT not in changed:
            await asyncio.to_thread(self._remember, case, [made])
        cause = ConfigurationError(
            reason,
            field="component_interfaces.journal",
            expected="an interface that takes the keys of a journal as they are sent",
        )
        target_id = f"{made.unit}|{made.journal}"
        return replace(conflict(case.intent, reason, target_id=target_id), alert=reason, cause=cause)

    def _half(self, case: Case, entry: Entry, refusal: Rejected) -> Outcome:
        """Some units have their journal. Only a person's hands keep such a payment from being forgotten."""
        reason = (
            f"booked in part: PeopleSoft refused journal {entry.journal} of {entry.unit} ({refusal.reason}), "
            "others of the payment stand; put it right, then replay the payment"
        )
        return replace(conflict(case.intent, reason, target_id=self._target_id(case)), alert=reason)

    def _taken_back(self, case: Case, entry: Entry) -> str:
        why = (
            "BILL no longer counts the payment as made"
            if case.wanted is None
            else "what BILL paid has changed"
        )
        return f"journal {entry.undoes} of {entry.unit} was reversed by {entry.journal}: {why}"

    # ---- reading back

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        """These payments, or the journals of ours on one page of all journals."""
        if target_ids is None:
            return await self._view.page(cursor)
        return TargetPage(await self._view.records(target_ids), None)
