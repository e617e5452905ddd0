"""Writing documents as items: first the items, then the lines below them, each in the way that fits.

Few are written in one call with an alias each, many through the bulk import. A finished item is noted
in the ledger before its lines leave, so that whoever takes over goes on below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ml_connector.core.contract import Intent, Outcome, Payload, Progress
from ml_connector.core.errors import ConnectorError, InDoubt, RateLimited, Rejected
from ml_connector.core.outcomes import STOPS, in_doubt, loaded, unsent
from ml_connector.monday.batches import Done, gone, outcome_of
from ml_connector.monday.bulk import DONE, JOB_ROWS, UPLOAD_SECONDS, WAITING, Importer, Line, Row, Status
from ml_connector.monday.drafts import (
    Draft,
    LineWork,
    as_json,
    change,
    create,
    fragments,
    line_name,
    line_work,
    row,
    same_body,
)
from ml_connector.monday.layout import Layout, LinePlace, Place
from ml_connector.monday.operations import Action
from ml_connector.monday.reading import Item, folded, line_key, too_many
from ml_connector.monday.values import CLEAR_CELL, TYPES, cell
from ml_connector.monday.ways import way_of

if TYPE_CHECKING:
    from ml_connector.monday.items import Items

ITEMS, LINES = "items", "lines"
"""Parts of a document, in receipts."""


class Writer:
    """Writes the documents of one call of ``write``, or goes on with those that were accepted."""

    def __init__(self, target: Items, layout: Layout) -> None:
        self.target, self.layout, self.options = target, layout, target.options

    async def write(self, drafts: Sequence[Draft], progress: Progress) -> list[Outcome]:
        """Items, then lines."""
        await self._items(drafts, progress)
        await self._lines(drafts, progress)
        return [_outcome(draft) for draft in drafts]

    async def confirm(self, drafts: Sequence[Draft], receipts: Sequence[Payload]) -> list[Outcome]:
        """What became of imports; lines follow where their items are there now."""
        statuses: dict[str, Status] = {}
        for job in {str(receipt["job"]) for receipt in receipts}:
            statuses[job] = await self.target.importer.status(job)
        lost = []
        for draft, receipt in zip(drafts, receipts, strict=True):
            status = statuses[str(receipt["job"])]
            rows = [(status.lines or {}).get(int(number)) for number in receipt["rows"]]
            if status.running and not self._expired(status, receipt):
                draft.outcome = _still(draft, receipt, status.state)
            elif None in rows:
                lost.append((draft, receipt, status))
            elif receipt["part"] == LINES:
                _take_lines(draft, rows)
            else:
                _take_item(draft, rows[0])
        await self._look_up(lost)
        await self._lines([draft for draft in drafts if draft.outcome is None], None)
        return [_outcome(draft) for draft in drafts]

    def _expired(self, status: Status, receipt: Payload) -> bool:
        """Whether a job has waited for its file for so long that it will never get one."""
        sent = datetime.fromisoformat(receipt["sent_at"])
        return status.state == WAITING and (self.target.api.now() - sent).total_seconds() >= UPLOAD_SECONDS

    def _accepted(self, draft: Draft, job: str, rows: Sequence[int], part: str) -> Outcome:
        """Taken, decided later; the receipt finds its rows in the report."""
        receipt = {
            "job": job, "rows": list(rows), "part": part, "sent_at": self.target.api.now().isoformat(),
        }  # fmt: skip
        return Outcome(
            draft.intent.key, "accepted", target_id=draft.item, receipt=receipt,
            reason=f"import {job} is still running",
        )  # fmt: skip

    async def _look_up(self, lost: Sequence[tuple[Draft, Payload, Status]]) -> None:
        """Imports that left no report: the board says what they did.

        What they did not write to an item that stands there is written now.
        """
        if not lost:
            return
        found = await self._by_keys([draft for draft, _, _ in lost])
        stale = []
        for draft, receipt, status in lost:
            items = found[draft.intent.key]
            if len(items) > 1:
                draft.outcome = several(draft.intent, items)
            elif items:
                _take_item(draft, Line(items[0].id, None))
            elif draft.item is None:
                draft.outcome = self._missed(draft, receipt, status)
            if draft.outcome is None and not (items and _written(draft, items[0], self.layout)):
                stale.append(draft)
        await self._send_items(stale)

    def _missed(self, draft: Draft, receipt: Payload, status: Status) -> Outcome:
        """No item has the key: believed at once of a job without a file, else after a second look only."""
        now = self.target.api.now()
        missed = datetime.fromisoformat(receipt["missed_at"]) if "missed_at" in receipt else None
        settled = missed is not None and (now - missed).total_seconds() >= self.target.limits.settle
        if settled or status.state == WAITING:
            return Outcome(draft.intent.key, "failed", reason=f"import {receipt['job']} did not make it")
        return _still(draft, {"missed_at": now.isoformat(), **receipt}, f"{status.state}, not found yet")

    async def _by_keys(self, drafts: Sequence[Draft]) -> dict[str, list[Item]]:
        """The items that have the documents' keys now."""
        keys = [draft.intent.key for draft in drafts]
        found = await self.target.reader.by_keys(self.layout.items, keys) if keys else {}
        return {key: found.get(folded(key), []) for key in keys}

    # ---- items

    async def _items(self, drafts: Sequence[Draft], progress: Progress) -> None:
        await self._find_revived([draft for draft in drafts if draft.outcome is None])
        open_ = [draft for draft in drafts if draft.outcome is None]
        unchanged = [draft for draft in open_ if draft.item is not None and not draft.header_changed]
        left_out = {draft.intent.key for draft in unchanged} - await self._vanished(unchanged)
        wanted = [draft for draft in open_ if draft.intent.key not in left_out]
        if not self.target.create:
            for draft in wanted:
                if draft.item is None:
                    draft.outcome = _not_allowed(draft)
            wanted = [draft for draft in wanted if draft.outcome is None]
        rows = [
            (draft, made) for draft in wanted if (made := _item_row(self.layout.items, draft)) is not None
        ]
        if await self._import_fits([draft for draft, _ in rows]):
            await self._import_items(rows, progress)
            imported = {draft.intent.key for draft, _ in rows}
            wanted = [draft for draft in wanted if draft.intent.key not in imported]
        await self._send_items(wanted)

    async def _vanished(self, drafts: Sequence[Draft]) -> set[str]:
        """Documents of which only lines changed, and whose items are gone: a write of the item tells the rest."""
        due = [draft for draft in drafts if self.layout.lines is not None and draft.lines_changed]
        there = await self.target.reader.by_ids([draft.item or "" for draft in due], []) if due else {}
        board = self.layout.items.board.id
        standing = {item.id for item in there.values() if item.active and item.board == board}
        return {draft.intent.key for draft in due if draft.item not in standing}

    async def _find_revived(self, drafts: Sequence[Draft]) -> None:
        """What was archived cannot be brought back by the API: unless a person did, a new item is made."""
        revived = [draft for draft in drafts if draft.revived and self.layout.gone.do != "mark"]
        found = await self._by_keys(revived)
        for draft in revived:
            _take_found(draft, found[draft.intent.key])

    async def _send_items(self, drafts: Sequence[Draft]) -> None:
        actions: list[Action] = []
        owners: list[Draft] = []
        for draft in drafts:
            mine = [create(self.layout, draft)] if draft.item is None else self._changes(draft, draft.item)
            actions += mine
            owners += [draft] * len(mine)
        done = await self.target.batches.run(actions, _attempt(drafts)) if actions else []
        for draft, one in zip(owners, done, strict=True):
            if one.worked:
                draft.fresh = draft.fresh or draft.item is None
                draft.item = draft.item or one.id
            elif draft.outcome is None:
                draft.outcome = outcome_of(draft.intent, one, item=draft.item)
        await self._make_anew([draft for draft in drafts if draft.outcome is not None])

    async def _make_anew(self, drafts: Sequence[Draft]) -> None:
        """Items that somebody removed are made again, where the tenant wants PeopleSoft's state restored.

        Unless another one has the key by now: somebody may have made it, or an attempt that was not answered.
        """
        lost = [
            draft for draft in drafts
            if self.target.limits.restore and draft.item and draft.outcome == gone(draft.intent, draft.item)
        ]  # fmt: skip
        try:
            found = await self._by_keys(lost)
        except STOPS as error:  # not raised: other documents were written
            for draft in lost:
                draft.outcome = unsent(draft.intent, error)
            return
        for draft in lost:
            removed, draft.outcome = draft.item, None
            _take_found(draft, [item for item in found[draft.intent.key] if item.id != removed])
        if open_ := [draft for draft in lost if draft.outcome is None]:
            await self._send_items(open_)

    def _changes(self, draft: Draft, item: str) -> list[Action]:
        actions = [change(self.layout.items, item, draft.name, draft.values)]
        if draft.revived and self.layout.gone.group is not None:
            actions.append(Action("move", {"item": item, "group": self.layout.group}))
        return actions

    # ---- lines

    async def _lines(self, drafts: Sequence[Draft], progress: Progress | None) -> None:
        lines = self.layout.lines
        if lines is None:
            return
        due = [draft for draft in drafts if draft.outcome is None and draft.item and draft.lines_changed]
        if not due:
            return
        if progress is not None and (noted := [draft for draft in due if draft.lines or not draft.fresh]):
            await progress.steps([(draft.intent, draft.item) for draft in noted], "item")
        try:
            work = await self._line_work(lines, due)
        except STOPS as error:
            for draft in due:
                draft.outcome = unsent(draft.intent, error)
            return
        await self._clear(due, work)
        due = [draft for draft in due if draft.outcome is None]
        if lines.link is not None and await self._lines_import_fits(lines.place, due, work):
            await self._import_lines(lines, due, work, progress)
        else:
            await self._send_lines(lines, due, work)

    async def _line_work(self, lines: LinePlace, due: Sequence[Draft]) -> dict[str, LineWork]:
        """What is to be done below each item; what this run made has nothing below it yet."""
        old = [draft for draft in due if not draft.fresh]
        there = await self.target.reader.lines(lines, [draft.item or "" for draft in old]) if old else {}
        return {
            draft.intent.key: line_work(
                draft.intent.key, draft.lines, there.get(draft.item or "", ()), lines.place
            )
            for draft in due
        }

    async def _clear(self, due: Sequence[Draft], work: dict[str, LineWork]) -> None:
        """Take lines away that are no more."""
        surplus = [(draft, item) for draft in due for item in work[draft.intent.key].surplus]
        if surplus:
            actions = [Action("archive", {"item": item.id}) for _, item in surplus]
            await self._run([draft for draft, _ in surplus], actions, cleared=True)

    async def _send_lines(self, lines: LinePlace, due: Sequence[Draft], work: dict[str, LineWork]) -> None:
        try:
            await self._reconnect(lines, due, work)
        except STOPS as error:
            for draft in due:
                draft.outcome = unsent(draft.intent, error)
            return
        owners: list[Draft] = []
        actions: list[Action] = []
        for draft in due:
            todo = work[draft.intent.key]
            mine = [self._new_line(lines, draft, line) for line in todo.missing]
            mine += [
                change(lines.place, item.id, line_name(line), _line_values(lines, draft, line))
                for line, item in todo.changed
            ]
            actions += mine
            owners += [draft] * len(mine)
        await self._run(owners, actions)

    async def _reconnect(self, lines: LinePlace, due: Sequence[Draft], work: dict[str, LineWork]) -> None:
        """Lines that nothing connects with their document's item are connected again, not made twice.

        Somebody emptied the column, or removed the item, which leaves its lines behind.
        """
        keys = [
            line_key(draft.intent.key, str(line["key"]))
            for draft in due
            for line in work[draft.intent.key].missing
        ]
        if lines.link is None or not keys or lines.place.board.items_count == 0:
            return
        found = await self.target.reader.by_keys(lines.place, keys)
        for draft in due:
            todo = work[draft.intent.key]
            missing, todo.missing = todo.missing, []
            for line in missing:
                there = found.get(folded(line_key(draft.intent.key, str(line["key"]))))
                if there:
                    todo.changed.append((line, min(there, key=lambda item: int(item.id))))
                else:
                    todo.missing.append(line)

    def _new_line(self, lines: LinePlace, draft: Draft, line: Payload) -> Action:
        values = {
            name: value for name, value in _line_values(lines, draft, line).items() if value is not None
        }
        if lines.link is None:
            return Action(
                "create_below", {"parent": draft.item, "name": line_name(line), "values": as_json(values)}
            )
        return Action("create", {
            "board": lines.place.board.id, "group": lines.group, "name": line_name(line),
            "values": as_json(values),
        })  # fmt: skip

    async def _run(
        self, owners: Sequence[Draft], actions: Sequence[Action], *, cleared: bool = False
    ) -> None:
        """Carry out what concerns lines.

        Args:
            cleared: lines are taken away: one that is gone already is as good.
        """
        done = await self.target.batches.run(actions, _attempt(owners)) if actions else []
        for draft, action, one in zip(owners, actions, done, strict=True):
            if one.worked or draft.outcome is not None or (cleared and one.gone):
                continue
            if one.gone and action.kind == "change":
                draft.outcome = Outcome(draft.intent.key, "failed", reason="a line was removed meanwhile")
            else:
                draft.outcome = outcome_of(draft.intent, one, item=draft.item)

    # ---- the bulk import

    async def _import_fits(self, drafts: Sequence[Draft]) -> bool:
        """Not where nothing may be made: a row whose key nothing has becomes an item."""
        if not self.target.create or any(draft.revived for draft in drafts):
            return False
        return await self._fits(self.layout.items, len(drafts))

    async def _lines_import_fits(self, place: Place, due: Sequence[Draft], work: dict[str, LineWork]) -> bool:
        count = sum(
            len(work[draft.intent.key].missing) + len(work[draft.intent.key].changed) for draft in due
        )
        return await self._fits(place, count)

    async def _fits(self, place: Place, count: int) -> bool:
        """Whether so many rows go through the import, and the hour still has room for them."""
        if way_of(count, self.options) != "bulk":
            return False
        if any(TYPES[column.type].cell is None for column in place.columns.values()):
            return False
        return self.target.imported is None or await self.target.imported.try_take(count)

    async def _import_items(self, rows: Sequence[tuple[Draft, Row]], progress: Progress) -> None:
        place, drafts = self.layout.items, [draft for draft, _ in rows]
        cells = [row for _, row in rows]
        status, job, error = await self._import(place, self.layout.group, cells, drafts, progress)
        if isinstance(error, RateLimited):  # too many imports in this hour
            await self._send_items(drafts)
            return
        for number, draft in enumerate(drafts, start=1):
            if error is not None:
                draft.outcome = unsent(draft.intent, error)
            elif status is None or status.running:
                draft.outcome = self._accepted(draft, job, [number], ITEMS)
            elif status.state != DONE or status.lines is None:
                draft.outcome = _untold(draft, job, status)
            else:
                _take_item(draft, status.lines.get(number))

    async def _import_lines(
        self, lines: LinePlace, due: Sequence[Draft], work: dict[str, LineWork], progress: Progress | None
    ) -> None:
        """As many jobs as it takes; the lines of one document go together."""
        part: list[tuple[Draft, list[Row]]] = []
        rest: list[Draft] = []
        for draft in due:
            rows = _line_rows(lines, draft, work[draft.intent.key])
            if rows is None or len(rows) > JOB_ROWS:
                rest.append(draft)
                continue
            if sum(len(others) for _, others in part) + len(rows) > JOB_ROWS:
                await self._import_part(lines, part, work, progress)
                part = []
            if rows:
                part.append((draft, rows))
        if part:
            await self._import_part(lines, part, work, progress)
        await self._send_lines(lines, rest, work)

    async def _import_part(
        self, lines: LinePlace, part: Sequence[tuple[Draft, list[Row]]], work: dict[str, LineWork],
        progress: Progress | None,
    ) -> None:  # fmt: skip
        drafts, rows = [draft for draft, _ in part], [row for _, mine in part for row in mine]
        status, job, error = await self._import(lines.place, lines.group or "", rows, drafts, progress)
        if isinstance(error, RateLimited):
            await self._send_lines(lines, drafts, work)
            return
        first = 1
        for draft, cells in part:
            mine = range(first, first + len(cells))
            first += len(cells)
            if error is not None:
                draft.outcome = unsent(draft.intent, error)
            elif status is None or status.running:
                draft.outcome = self._accepted(draft, job, mine, LINES)
            elif status.state != DONE or status.lines is None:
                draft.outcome = _untold(draft, job, status)
            else:
                _take_lines(draft, [status.lines.get(number) for number in mine])

    async def _import(
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
            job = await importer.start(place.board.id, group, place.key.id, _attempt(drafts))
        except STOPS as error:  # a job without a file does nothing: nothing was written
            return None, "", error
        if progress is not None:
            await progress.steps([(draft.intent, job.id) for draft in drafts], "job")
        try:
            await importer.send(job, place.key.id, rows)
            return await importer.wait(job.id, self.options.bulk.wait_seconds), job.id, None
        except (InDoubt, *STOPS):
            return None, job.id, None  # the file may have arrived: the job's status will tell


def _item_row(place: Place, draft: Draft) -> Row | None:
    made = row(place, draft.intent.desired.body, draft.intent.key, draft.name, fresh=draft.item is None)
    if made is None or draft.unmark is None:
        return made
    return Row(made.key, made.name, {**made.cells, draft.unmark: CLEAR_CELL})


def _line_rows(lines: LinePlace, draft: Draft, todo: LineWork) -> list[Row] | None:
    """The rows of a document's lines; None where no CSV can hold all of them."""
    wanted = [(line, True) for line in todo.missing] + [(line, False) for line, _ in todo.changed]
    made = [_line_row(lines, draft, line, fresh=fresh) for line, fresh in wanted]
    rows = [row for row in made if row is not None]
    return rows if len(rows) == len(made) else None


def _line_row(lines: LinePlace, draft: Draft, line: Payload, *, fresh: bool) -> Row | None:
    key = line_key(draft.intent.key, str(line["key"]))
    made = row(lines.place, line, key, line_name(line), fresh=fresh)
    link = cell(draft.item, lines.link) if lines.link is not None else None
    if made is None or lines.link is None or link is None:
        return None
    return Row(made.key, made.name, {**made.cells, lines.link.id: link})


def _line_values(lines: LinePlace, draft: Draft, line: Payload) -> dict[str, Any]:
    values = fragments(lines.place, line, line_key(draft.intent.key, str(line["key"])))
    return values if lines.link is None else {**values, lines.link.id: {"item_ids": [int(draft.item or 0)]}}


def _take_item(draft: Draft, line: Line | None) -> None:
    """What the report says of a document's item."""
    if line is None:
        draft.outcome = in_doubt(draft.intent, "the report of the import lacks its row", target_id=draft.item)
    elif line.item is None:
        draft.outcome = Outcome(
            draft.intent.key, "rejected", target_id=draft.item, reason=line.error, code="validation_error"
        )
    elif draft.item is not None and draft.item != line.item:
        reason = (
            f"the import wrote item {line.item}, not {draft.item}: both have, or had, its key. Remove one of "
            "them from the board, then replay"
        )
        draft.outcome = Outcome(draft.intent.key, "conflict", target_id=line.item, reason=reason)
    else:
        draft.item = line.item


def _take_lines(draft: Draft, lines: Sequence[Line | None]) -> None:
    error = next((line.error for line in lines if line is not None and line.error), None)
    if any(line is None for line in lines):
        draft.outcome = in_doubt(draft.intent, "the report of the import lacks lines", target_id=draft.item)
    elif error is not None:
        draft.outcome = Outcome(
            draft.intent.key,
            "rejected",
            target_id=draft.item,
            reason=error,
            field="lines",
            code="validation_error",
        )
    else:
        draft.outcome = loaded(draft.intent, draft.item)


def _still(draft: Draft, receipt: Payload, state: str) -> Outcome:
    reason = f"import {receipt['job']}: {state}"
    return Outcome(draft.intent.key, "accepted", target_id=draft.item, receipt=receipt, reason=reason)


def _untold(draft: Draft, job: str, status: Status) -> Outcome:
    """A job that ended without a report: the board tells; what would stop the next one stops the flow."""
    outcome = in_doubt(draft.intent, f"import {job}: {status.reason or status.state}", target_id=draft.item)
    return replace(outcome, cause=status.failure)


def _take_found(draft: Draft, items: Sequence[Item]) -> None:
    """Go on with the item that has the key now; without one it will be made."""
    if len(items) > 1:
        draft.outcome = several(draft.intent, items)
    else:
        draft.item = items[0].id if items else None


def several(intent: Intent, items: Sequence[Item]) -> Outcome:
    """Somebody made a copy: nobody but a person knows which one is meant."""
    return Outcome(intent.key, "conflict", target_id=items[0].id, reason=too_many(items))


def _written(draft: Draft, item: Item, layout: Layout) -> bool:
    """Whether an item shows what an import was to write."""
    body = draft.intent.desired.body
    return same_body({"name": draft.name, "columns": body.get("columns") or {}}, item.body(layout.items))


def _not_allowed(draft: Draft) -> Outcome:
    refusal = Rejected("is not on the board, and this flow may create nothing there; create it by hand")
    return Outcome(draft.intent.key, "rejected", reason=refusal.reason, local=True)


def _attempt(drafts: Sequence[Draft]) -> str:
    return "|".join(dict.fromkeys(draft.intent.attempt_id for draft in drafts))


def _outcome(draft: Draft) -> Outcome:
    """The outcome of a document; an item that was made stays its own, whatever became of the rest."""
    outcome = draft.outcome or loaded(draft.intent, draft.item)
    if draft.item is None or outcome.result in ("loaded", "accepted", "conflict"):
        return outcome
    return replace(outcome, target_id=draft.item, stands=True)
