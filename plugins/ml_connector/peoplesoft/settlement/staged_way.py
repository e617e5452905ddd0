"""Way ``staged``: each payment becomes rows of a CSV file, which people book in PeopleSoft.

First the rows are stored together with the name of their file, then the file is written, then the
rows are marked as exported. Whoever finds rows without the mark writes the same file again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ml_connector.core.contract import (
    Found,
    Intent,
    Limits,
    Operation,
    Outcome,
    Progress,
    TargetPage,
    TargetRecord,
    Verdict,
)
from ml_connector.core.errors import ConfigurationError, Rejected, Unavailable
from ml_connector.core.ledger.settlements import Row, Settlements
from ml_connector.core.outcomes import in_doubt
from ml_connector.core.state.store import Transaction
from ml_connector.peoplesoft.folders import Folder
from ml_connector.peoplesoft.settlement.base import (
    REVERSED,
    SETTLED,
    Case,
    Remembered,
    SettlementTarget,
    Work,
    with_alerts,
)
from ml_connector.peoplesoft.settlement.closing import Closer
from ml_connector.peoplesoft.settlement.entries import Entry, Kind, settle, take_back
from ml_connector.peoplesoft.settlement.exports import file_name, known_rows, render
from ml_connector.peoplesoft.settlement.options import Account, Chart, MissingSetting, SettlementOptions
from ml_connector.peoplesoft.settlement.plan import settles
from ml_connector.peoplesoft.settlement.records import record, references_of, remembered, staged_id
from ml_connector.peoplesoft.writers.outcomes import rejected

PAYMENTS = 200
"""Payments that one file takes."""

PAGE = 500
"""Payments of one page of a read-back."""


class StagedSettlements(SettlementTarget):
    """Settlements as rows and files.

    Args:
        folder: where the files go.
    """

    def __init__(
        self,
        options: SettlementOptions,
        rows: Settlements,
        closer: Closer,
        *,
        now: Callable[[], datetime],
        time_zone: str,
        folder: Folder,
    ) -> None:
        super().__init__(options, rows, closer, now=now, time_zone=time_zone)
        self._folder, self._chart = folder, Chart(options)
        self._files_read = False
        # The state database is asked, and what it does not know is not there: nothing needs to settle.
        self.limits = Limits(
            batch=dict.fromkeys(Operation, PAYMENTS), settle=0.0, read_back=options.read_back_pages
        )

    # ---- looking up

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        """Rows whose file was not written get it now: nothing else is missing of them."""
        good, found = self.readable(intents)
        cases = await self.cases(good)
        await self._take_over(cases)
        await self._publish(row for case in cases for row in case.rows)
        return found + [await self._judged(case) for case in cases]

    async def _judged(self, case: Case) -> Found:
        key, target_id = case.intent.key, self._target_id(case)
        if self._missing(case):
            verdict = Verdict.DIFFERENT if case.rows else Verdict.ABSENT
            return Found(key, verdict, target_id if case.rows else None)
        verdict = Verdict.DIFFERENT if await self.closer.pending(case.vouchers) else Verdict.EQUAL
        return Found(key, verdict, target_id)

    def _target_id(self, case: Case) -> str:
        return case.intent.target_id or staged_id(case.reference)

    async def _take_over(self, cases: Sequence[Case]) -> None:
        """The ledger was lost: what the files hold was exported, whatever was asked for."""
        lost = [case for case in cases if not case.rows and case.intent.attempted_at is None]
        if not lost or self._files_read:
            return
        in_files = await asyncio.to_thread(self._read_files)
        await asyncio.to_thread(self._store, [row for rows in in_files.values() for row in rows])
        self._files_read = True
        for case in lost:
            case.rows = in_files.get(case.reference, [])

    def _read_files(self) -> dict[str, list[Row]]:
        try:
            return known_rows(self._folder, self.rows.tenant)
        except OSError as error:
            raise self._unavailable("the files of earlier exports cannot be read", error) from error

    def _store(self, rows: Sequence[Row]) -> None:
        with self.rows.store.write() as tx:
            self.rows.put(tx, rows)

    # ---- writing

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """All payments of one call go into one file."""
        cases, outcomes = [], []
        for intent in intents:
            try:
                cases += await self.cases([intent])
            except Rejected as refusal:
                outcomes.append(rejected(intent, refusal))
        stored = await asyncio.to_thread(self._stage, cases)
        try:
            await self._publish([*(row for case in cases for row in case.rows), *stored])
        except (ConfigurationError, Unavailable) as error:
            reason = f"its rows are stored, but their file is not written: {error}"
            for case in cases:
                told = await self.tell_credits(case, progress)
                outcomes.append(with_alerts(in_doubt(case.intent, reason), told))
            return outcomes
        for case in cases:
            work = Work(executed=True, alerts=_taken_back(case, stored))
            outcomes.append(await self.finished(case, work, self._target_id(case), progress))
        return outcomes

    def _stage(self, cases: Sequence[Case]) -> list[Row]:
        """Store the rows of everything that is missing, under the name of one new file."""
        if not cases:
            return []
        with self.rows.store.write() as tx:
            stamp = tx.store.now().astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
            first = cases[0].intent  # a whole block of claims shares an attempt, so the document counts too
            export = f"{stamp}-{first.attempt_id[:8]}-{first.document_id}"
            added = [row for case in cases for row in self._stage_one(tx, case, export)]
            self.rows.put(tx, added)
        return added

    def _stage_one(self, tx: Transaction, case: Case, export: str) -> list[Row]:
        entries = self._missing(case)
        for entry in entries:
            data = {
                "key": case.intent.key, "unit": entry.unit, "entry": entry.number, "kind": entry.kind.value,
                "export": export,
            }  # fmt: skip
            labels = {"tenant": self.rows.tenant, "flow": self.rows.flow}
            tx.record("staged", data, document_id=case.intent.document_id, **labels)
        rows = [row for entry in entries for row in entry.rows("staged", case.about)]
        return [replace(row, export=export) for row in rows]

    def _missing(self, case: Case) -> list[Entry]:
        """Entries that are missing for what shall stand."""
        entries: list[Entry] = []
        for unit in case.units:
            known = case.entries(unit)
            current, number = _last_settlement(case.counting(unit)), max(known, default=0) + 1
            wanted = bool(case.wanted and case.wanted.of_unit(unit))
            if current is not None and wanted and case.wanted and settles(current, case.wanted):
                continue
            if current is not None:
                entries.append(take_back(current, number, "").dated(self.today))
                number += 1
            if wanted and case.wanted:
                accounts = self._accounts(case.wanted.funding_account, unit)
                entries.append(settle(case.wanted, unit, number, accounts, "").dated(case.wanted.date))
        return entries

    def _accounts(self, funding_account: str, unit: str) -> tuple[Account | None, Account | None]:
        """What the tenant file names; blank where it names nothing, since people book."""
        return (
            _or_none(lambda: self._chart.payables(unit)),
            _or_none(lambda: self._chart.cash(funding_account, unit)),
        )

    async def _publish(self, rows: Iterable[Row]) -> None:
        """Write the files of rows that are stored and not exported yet.

        Raises:
            ConfigurationError: the folder cannot be written to.
            Unavailable: it does not answer.
        """
        for export in dict.fromkeys(row.export for row in rows if row.export and not row.exported):
            await asyncio.to_thread(self._write_file, export)

    def _write_file(self, export: str) -> None:
        name = file_name(self.rows.tenant, export)
        try:
            self._folder.write(name, render(self.rows.of_export(export)))
        except (FileNotFoundError, NotADirectoryError, PermissionError, IsADirectoryError) as error:
            why = error.strerror or type(error).__name__
            raise ConfigurationError(
                f"{name} cannot be written to {self.options.csv_path}: {why}",
                field="settlement.csv_path",
                expected="a folder that the worker may write to",
            ) from error
        except OSError as error:
            raise self._unavailable(f"{name} cannot be written to {self.options.csv_path}", error) from error
        with self.rows.store.write() as tx:
            self.rows.exported(tx, export)
            tx.record("exported", {"file": name}, tenant=self.rows.tenant, flow=self.rows.flow)

    def _unavailable(self, what: str, error: OSError) -> Unavailable:
        return Unavailable(f"{what}: {error.strerror or type(error).__name__}")

    # ---- reading back

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        """What was exported: these payments, or one page of all."""
        if target_ids is None:
            return await self._page(cursor or "")
        named = await asyncio.to_thread(references_of, self.rows, target_ids)
        targets = {reference: target_id for target_id, reference in named.items()}
        return TargetPage(await self._records(targets, check_vouchers=True), None)

    async def _page(self, after: str) -> TargetPage:
        references = await asyncio.to_thread(self.rows.page, after, PAGE)
        targets = {reference: staged_id(reference) for reference in references}
        records = await self._records(targets, check_vouchers=False)
        return TargetPage(records, references[-1] if len(references) == PAGE else None)

    async def _records(self, targets: dict[str, str], *, check_vouchers: bool) -> list[TargetRecord]:
        rows = await asyncio.to_thread(self.rows.of_references, targets)
        payments = remembered(rows, list(targets))
        vouchers = dict.fromkeys(voucher for payment in payments for voucher in payment.vouchers)
        pending = await self.closer.pending(list(vouchers)) if check_vouchers else []
        return [_record(targets[payment.reference], payment, pending) for payment in payments]


def _record(target_id: str, payment: Remembered, pending: Sequence[str]) -> TargetRecord:
    last = [_last_settlement(payment.counting(unit)) for unit in payment.units]
    current = [entry for entry in last if entry is not None]
    status = (SETTLED, False) if current else (REVERSED, True)
    if any(row.export and not row.exported for row in payment.rows):
        status = ("stored, but its file is not written", False)
    return record(target_id, payment, current, status, pending)


def _last_settlement(entries: dict[int, Entry]) -> Entry | None:
    """The settlement that stands, if one does: entries settle and take back in turns."""
    last = entries[max(entries)] if entries else None
    return last if last is not None and last.kind is Kind.SETTLED else None


def _taken_back(case: Case, stored: Sequence[Row]) -> list[str]:
    undone = [row for row in stored if row.reference == case.reference and row.kind == REVERSED]
    if not undone:
        return []
    why = "BILL no longer counts the payment as made" if case.wanted is None else "what BILL paid has changed"
    return [f"{why}: a reversal is in export {undone[0].export}"]


def _or_none(look_up: Callable[[], Account]) -> Account | None:
    try:
        return look_up()
    except MissingSetting:
        return None
