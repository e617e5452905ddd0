"""Writing documents as items: first the items, then the lines below them, each in the way that fits.

Few are written in one call with an alias each, many through the bulk import. A finished item is noted
in the ledger before its lines leave, so that whoever takes over goes on below it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ml_connector.core.contract import Operation, Outcome, Payload, Progress
from ml_connector.core.outcomes import STOPS, unsent
from ml_connector.monday.batches import gone, outcome_of
from ml_connector.monday.bulk import (
    UPLOAD_SECONDS,
    WAITING,
    Line,
    Row,
    Status,
)
from ml_connector.monday.drafts import (
    HEADER,
    Draft,
    LineWork,
    as_json,
    change,
    create,
    line_name,
    line_work,
)
from ml_connector.monday.import_rows import attempt_of, item_row, line_values
from ml_connector.monday.importing import LINES, Imports
from ml_connector.monday.layout import Layout, LinePlace, Place
from ml_connector.monday.operations import Action
from ml_connector.monday.reading import Item, folded, line_key
from ml_connector.monday.verdicts import (
    had_lines,
    is_written,
    left_for_later,
    not_allowed,
    outcome_of_draft,
    several,
    still_running,
    take_found,
    take_item,
    take_lines,
)
from ml_connector.monday.ways import way_of

if TYPE_CHECKING:
    from ml_connector.monday.items import Items


class Writer:
    """Writes the documents of one call of ``write``, or goes on with those that were accepted."""

    def __init__(self, target: Items, layout: Layout) -> None:
        self.target, self.layout, self.options = target, layout, target.options
        self.imports = Imports(target, layout)

    async def write(self, drafts: Sequence[Draft], progress: Progress) -> list[Outcome]:
        """Items, then lines."""
        await self._items(drafts, progress)
        await self._lines(drafts, progress)
        return [outcome_of_draft(draft) for draft in drafts]

    async def confirm(self, drafts: Sequence[Draft], receipts: Sequence[Payload]) -> list[Outcome]:
        """What became of imports. What is left to do is for the next load, which holds what it sends."""
        statuses: dict[str, Status] = {}
        for job in {str(receipt["job"]) for receipt in receipts}:
            statuses[job] = await self.target.importer.status(job)
        lost = []
        for draft, receipt in zip(drafts, receipts, strict=True):
            status = statuses[str(receipt["job"])]
            rows = [(status.lines or {}).get(int(number)) for number in receipt["rows"]]
            if status.unread or (status.running and not self._expired(status, receipt)):
                draft.outcome = still_running(draft, receipt, status.state)
            elif None in rows:
                lost.append((draft, receipt, status))
            elif receipt["part"] == LINES:
                take_lines(draft, rows)
            else:
                take_item(draft, rows[0])
        await self._look_up(lost)
        for draft in drafts:
            if draft.outcome is None and (draft.lines or had_lines(draft)) and self.layout.lines is not None:
                draft.note_header()
                draft.outcome = left_for_later(draft, "its item is written, its lines are next")
        return [outcome_of_draft(draft) for draft in drafts]

    def _expired(self, status: Status, receipt: Payload) -> bool:
        """Whether a job has waited for its file for so long that it will never get one."""
        sent = datetime.fromisoformat(receipt["sent_at"])
        return status.state == WAITING and (self.target.api.now() - sent).total_seconds() >= UPLOAD_SECONDS

    async def _look_up(self, lost: Sequence[tuple[Draft, Payload, Status]]) -> None:
        """Imports that left no report: the board says what they did."""
        if not lost:
            return
        found = await self._by_keys([draft for draft, _, _ in lost])
        for draft, receipt, status in lost:
            items = found[draft.intent.key]
            if len(items) > 1:
                draft.outcome = several(draft.intent, items)
            elif not self._settled(receipt, status) and (not items or receipt["part"] == LINES):
                missed = {"missed_at": self.target.api.now().isoformat(), **receipt}
                draft.outcome = still_running(draft, missed, f"{status.state}, not found yet")
            elif items:
                take_item(draft, Line(items[0].id, None))
            elif draft.item is None:
                draft.outcome = _not_made(draft, receipt, status)
            if draft.outcome is None and not (items and is_written(draft, items[0], self.layout)):
                draft.outcome = left_for_later(draft, f"import {receipt['job']} did not write it")

    def _settled(self, receipt: Payload, status: Status) -> bool:
        """Whether the board shows all: at once of a job without a file, else after a second look only."""
        if "missed_at" not in receipt:
            return status.state == WAITING
        missed = datetime.fromisoformat(receipt["missed_at"])
        return (self.target.api.now() - missed).total_seconds() >= self.target.limits.settle

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
                    draft.outcome = not_allowed(draft)
            wanted = [draft for draft in wanted if draft.outcome is None]
        if known := [draft for draft in wanted if draft.header_known]:
            # From now on nobody knows what stands there, until all of it is written.
            await progress.steps([(draft.intent, None) for draft in known], HEADER)
        rows = [(draft, made) for draft in wanted if (made := item_row(self.layout.items, draft)) is not None]
        if self.target.create and not any(draft.revived for draft, _ in rows):  # a row may become an item
            rows = await self._matched(rows)
            part = rows[: await self.imports.room(self.layout.items, [1] * len(rows))]
            left = await self.imports.items(part, progress) if part else []
            imported = {draft.intent.key for draft, _ in part} - {draft.intent.key for draft in left}
            wanted = [draft for draft in wanted if draft.intent.key not in imported]
        await self._send_items(wanted)

    async def _vanished(self, drafts: Sequence[Draft]) -> set[str]:
        """Documents of which only lines changed, and whose items are gone: writing those tells the rest."""
        due = [draft for draft in drafts if self.layout.lines is not None and draft.lines_changed]
        standing = await self._standing(due)
        return {draft.intent.key for draft in due if draft.item not in standing}

    async def _matched(self, rows: list[tuple[Draft, Row]]) -> list[tuple[Draft, Row]]:
        """Without items that were removed, or have another key by now: their rows would become new items."""
        old = [draft for draft, _ in rows if draft.item is not None]
        if not old or way_of(len(rows), self.options) != "bulk":
            return rows
        standing, key = await self._standing(old), self.layout.items.key.id
        keys = {item.id: folded(item.text(key)) for item in standing.values()}
        return [
            (draft, row) for draft, row in rows
            if draft.item is None or keys.get(draft.item) == folded(draft.intent.key)
        ]  # fmt: skip

    async def _standing(self, drafts: Sequence[Draft]) -> dict[str, Item]:
        """The items of documents that stand on the board, with their keys."""
        ids, place = [draft.item or "" for draft in drafts], self.layout.items
        there = await self.target.reader.by_ids(ids, [place.key.id]) if ids else {}
        return {item.id: item for item in there.values() if item.active and item.board == place.board.id}

    async def _find_revived(self, drafts: Sequence[Draft]) -> None:
        """What was archived cannot be brought back by the API: unless a person did, a new item is made."""
        revived = [draft for draft in drafts if draft.revived and self.layout.gone.do != "mark"]
        found = await self._by_keys(revived)
        for draft in revived:
            take_found(draft, found[draft.intent.key])

    async def _send_items(self, drafts: Sequence[Draft]) -> None:
        actions: list[Action] = []
        owners: list[Draft] = []
        for draft in drafts:
            mine = [create(self.layout, draft)] if draft.item is None else self._changes(draft, draft.item)
            actions += mine
            owners += [draft] * len(mine)
        done = await self.target.batches.run(actions, attempt_of(drafts)) if actions else []
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
            if self.target.limits.restore and self.target.create and draft.item
            and draft.outcome == gone(draft.intent, draft.item)
        ]  # fmt: skip
        try:
            found = await self._by_keys(lost)
        except STOPS as error:  # not raised: other documents were written
            for draft in lost:
                draft.outcome = unsent(draft.intent, error)
            return
        for draft in lost:
            removed, draft.outcome = draft.item, None
            take_found(draft, [item for item in found[draft.intent.key] if item.id != removed])
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
        if lines.link is not None:
            due = await self.imports.lines(lines, due, work, progress)
        await self._send_lines(lines, due, work)

    async def _line_work(self, lines: LinePlace, due: Sequence[Draft]) -> dict[str, LineWork]:
        """What is to be done below each item; what this run made has nothing below it yet."""
        old = [draft for draft in due if not draft.fresh]
        there = await self.target.reader.lines(lines, [draft.item or "" for draft in old]) if old else {}
        late = [draft for draft in old if lines.link is not None and _lacks(draft, there, lines.place)]
        if late:  # somebody removed lines, or a search does not show yet what the last load made
            await self.target.sleep(self.target.limits.settle)
            there |= await self.target.reader.lines(lines, [draft.item or "" for draft in late])
        work = {
            draft.intent.key: line_work(
                draft.intent.key, draft.lines, there.get(draft.item or "", ()), lines.place
            )
            for draft in due
        }
        if lines.link is not None:
            await self._find_strays(lines.place, due, work, there)
        return work

    async def _find_strays(
        self, place: Place, due: Sequence[Draft], work: dict[str, LineWork],
        there: Mapping[str, Sequence[Item]],
    ) -> None:  # fmt: skip
        """Lines that are no more, and that nothing connects with their document's item, go as well."""
        strays = {
            key: draft.intent.key
            for draft in due
            for line in _before(draft) - {str(line["key"]) for line in draft.lines}
            if (key := folded(line_key(draft.intent.key, line))) not in _found(draft, there, place)
        }
        found = await self.target.reader.by_keys(place, strays) if strays else {}
        for key, items in found.items():
            work[strays[key]].surplus += items

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
                change(lines.place, item.id, line_name(line), line_values(lines, draft, line))
                for line, item in todo.changed
            ]
            actions += mine
            owners += [draft] * len(mine)
        await self._run(owners, actions)

    async def _reconnect(self, lines: LinePlace, due: Sequence[Draft], work: dict[str, LineWork]) -> None:
        """Lines that nothing connects with their document's item are connected again, not made twice.

        Somebody emptied the column, or removed the item, which leaves its lines behind.
        """
        empty = lines.place.board.items_count == 0  # go-live: new documents cannot have any
        keys = [
            line_key(draft.intent.key, str(line["key"]))
            for draft in due
            if not (empty and draft.fresh and draft.intent.operation is Operation.CREATE)
            for line in work[draft.intent.key].missing
        ]
        if lines.link is None or not keys:
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
        values = {name: value for name, value in line_values(lines, draft, line).items() if value is not None}
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
        done = await self.target.batches.run(actions, attempt_of(owners)) if actions else []
        for draft, action, one in zip(owners, actions, done, strict=True):
            if one.worked or draft.outcome is not None or (cleared and one.gone):
                continue
            if one.gone and action.kind == "change":
                draft.outcome = Outcome(draft.intent.key, "failed", reason="a line was removed meanwhile")
            else:
                draft.outcome = outcome_of(draft.intent, one, item=draft.item)


def _not_made(draft: Draft, receipt: Payload, status: Status) -> Outcome:
    """The job did nothing; one that got no file is no fault of the document."""
    reason = f"import {receipt['job']} did not make it"
    if status.state == WAITING:
        return left_for_later(draft, reason)
    return Outcome(draft.intent.key, "failed", reason=reason)


def _lacks(draft: Draft, there: Mapping[str, Sequence[Item]], place: Place) -> bool:
    """Whether lines that were written last, and are wanted still, are not found.

    An attempt that was not finished may have written any of them.
    """
    wanted = {str(line["key"]) for line in draft.lines}
    wanted &= wanted if draft.tried_lines else _before(draft)
    found = _found(draft, there, place)
    return any(folded(line_key(draft.intent.key, key)) not in found for key in wanted)


def _before(draft: Draft) -> set[str]:
    """The lines that were written last."""
    previous = draft.intent.previous
    return {str(line["key"]) for line in (previous.body.get("lines") or ())} if previous else set()


def _found(draft: Draft, there: Mapping[str, Sequence[Item]], place: Place) -> set[str]:
    """The keys that are found below a document's item."""
    return {folded(item.text(place.key.id)) for item in there.get(draft.item or "", ())}
