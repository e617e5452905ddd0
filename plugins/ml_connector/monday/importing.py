"""Documents through the bulk import: as many as the hour has room for, settled by the report's rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from ml_connector.core.contract import Outcome, Progress
from ml_connector.core.errors import ConnectorError, InDoubt, RateLimited
from ml_connector.core.outcomes import STOPS, unsent
from ml_connector.monday.bulk import DONE, JOB_ROWS, Importer, Row, Status
from ml_connector.monday.drafts import Draft, LineWork
from ml_connector.monday.import_rows import attempt_with, by_file, left_out, line_rows
from ml_connector.monday.layout import Layout, LinePlace, Place
from ml_connector.monday.values import TYPES
from ml_connector.monday.verdicts import take_item, take_lines, untold
from ml_connector.monday.ways import way_of

if TYPE_CHECKING:
    from ml_connector.monday.items import Items

ITEMS, LINES = "items", "lines"
"""Parts of a document, in receipts."""


class Imports:
    """The imports of one call of ``write``."""

    def __init__(self, target: Items, layout: Layout) -> None:
        self.target, self.layout, self.options = target, layout, target.options

    async def room(self, place: Place, sizes: Sequence[int]) -> int:
        """How many of the documents, of so many rows each, go through the import.

        Half of them, or half of those, where the hour has no room for all.
        """
        if any(TYPES[column.type].cell is None for column in place.columns.values()):
            return 0
        number = len(sizes)
        while way_of(count := sum(sizes[:number]), self.options) == "bulk":
            if self.target.imported is None or await self.target.imported.try_take(count):
                return number
            number //= 2
        return 0

    async def _hour_is_over(self) -> None:
        """Others use the import too: what it left out goes in batches, and so does what follows."""
        if self.target.imported is not None:
            await self.target.imported.exhaust(self.target.api.now() + timedelta(hours=1))

    async def items(self, rows: Sequence[tuple[Draft, Row]], progress: Progress) -> list[Draft]:
        """Returns those that the import did not take any more."""
        place, drafts = self.layout.items, [draft for draft, _ in rows]
        cells = [row for _, row in rows]
        status, job, error = await self._run(place, self.layout.group, cells, drafts, progress)
        if isinstance(error, RateLimited):  # too many imports in this hour
            return drafts
        left = []
        for number, draft in enumerate(drafts, start=1):
            if error is not None:
                draft.outcome = unsent(draft.intent, error)
            elif status is None or status.running:
                draft.outcome = self._accepted(draft, job, [number], ITEMS)
            elif status.state != DONE or status.lines is None:
                draft.outcome = untold(draft, job, status)
            elif (line := status.lines.get(number)) is not None and line.left_out:
                left.append(draft)
            else:
                draft.fresh = status.created == len(drafts)
                take_item(draft, line)
        if left:
            await self._hour_is_over()
        return left

    async def lines(
        self, lines: LinePlace, due: Sequence[Draft], work: dict[str, LineWork], progress: Progress | None
    ) -> list[Draft]:
        """As many jobs as it takes; the lines of one document go together.

        Returns:
            Documents with lines that are still to be sent.
        """
        made = [(draft, line_rows(lines, draft, work[draft.intent.key])) for draft in due]
        fit = [(draft, rows) for draft, rows in made if rows and len(rows) <= JOB_ROWS]
        fit = fit[: await self.room(lines.place, [len(rows) for _, rows in fit])]
        imported = {draft.intent.key for draft, _ in fit}
        rest = [draft for draft in due if draft.intent.key not in imported]
        for part in by_file(fit):
            rest += await self._part(lines, part, work, progress)
        return rest

    async def _part(
        self, lines: LinePlace, part: Sequence[tuple[Draft, list[Row]]], work: dict[str, LineWork],
        progress: Progress | None,
    ) -> list[Draft]:  # fmt: skip
        drafts, rows = [draft for draft, _ in part], [row for _, mine in part for row in mine]
        status, job, error = await self._run(lines.place, lines.group or "", rows, drafts, progress)
        if isinstance(error, RateLimited):
            return drafts
        first, left = 1, []
        for draft, cells in part:
            mine = range(first, first + len(cells))
            first += len(cells)
            if error is not None:
                draft.outcome = unsent(draft.intent, error)
            elif status is None or status.running:
                draft.outcome = self._accepted(draft, job, mine, LINES)
            elif status.state != DONE or status.lines is None:
                draft.outcome = untold(draft, job, status)
            elif left_out(found := [status.lines.get(number) for number in mine]):
                work[draft.intent.key] = work[draft.intent.key].without(
                    [line is not None and line.item is not None for line in found]
                )
                left.append(draft)
            else:
                take_lines(draft, found)
        if left:
            await self._hour_is_over()
        return left

    async def _run(
        self,
        place: Place,
        group: str,
        rows: Sequence[Row],
        drafts: Sequence[Draft],
        progress: Progress | None,
    ) -> tuple[Status | None, str, ConnectorError | None]:
        """Run one import; its job is durable before the file leaves."""
        importer: Importer = self.target.importer
        try:
            job = await importer.start(place.board.id, group, place.key.id, attempt_with(drafts, rows))
        except STOPS as error:  # a job without a file does nothing: nothing was written
            return None, "", error
        if progress is not None:
            await progress.steps([(draft.intent, job.id) for draft in drafts], "job")
        try:
            await importer.send(job, place.key.id, rows)
        except STOPS as error:  # the file was refused, or never left: nothing will be written
            return None, job.id, error
        except InDoubt:
            return None, job.id, None  # it may have arrived: the job's status will tell
        try:
            return await importer.wait(job.id, self.options.bulk.wait_seconds), job.id, None
        except (InDoubt, *STOPS):
            return None, job.id, None

    def _accepted(self, draft: Draft, job: str, rows: Sequence[int], part: str) -> Outcome:
        """Taken, decided later; the receipt finds its rows in the report."""
        receipt = {
            "job": job, "rows": list(rows), "part": part, "sent_at": self.target.api.now().isoformat(),
        }  # fmt: skip
        return Outcome(
            draft.intent.key, "accepted", target_id=draft.item, receipt=receipt,
            reason=f"import {job} is still running",
        )  # fmt: skip
