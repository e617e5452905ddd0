"""Documents as items of a board, with their lines: the target of suppliers, accounts, invoices and orders."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice, takewhile

from ml_connector.core.contract import (
    Found,
    Intent,
    Limits,
    Operation,
    Outcome,
    Payload,
    Progress,
    TargetPage,
    TargetRecord,
    Verdict,
)
from ml_connector.core.limits import Quota
from ml_connector.monday.api import MondayApi
from ml_connector.monday.batches import Batches
from ml_connector.monday.bulk import UPLOAD_SECONDS, WAITING, Importer, Status
from ml_connector.monday.drafts import NOT_YET, draft, fresh, known_item, lines_as_read, same_body
from ml_connector.monday.layout import Layout, resolve
from ml_connector.monday.options import MondayOptions
from ml_connector.monday.reading import Item, Reader, folded, line_key, too_many
from ml_connector.monday.removal import remove
from ml_connector.monday.writing import Writer

ACTIVE, GONE = "active", "gone"

WITH_AMOUNTS = frozenset({"invoices"})
"""Boards whose mapping has an amount: an order's header has none in PeopleSoft."""


class Items:
    """Implements ``core.contract.Target`` for one board.

    Args:
        api: connected to the account.
        options: of the tenant.
        board: name of the board in the options; it is the flow's as well.
        create: whether the flow may make items, or only write those that are there.
        imported: items that the account may import in an hour.
        sleep: the client's, unless a test says otherwise.
    """

    def __init__(
        self,
        api: MondayApi,
        options: MondayOptions,
        board: str,
        *,
        create: bool = True,
        imported: Quota | None = None,
        sleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        self.api, self.options, self.board = api, options, board
        self.create, self.imported = create, imported
        self.sleep = sleep or api.sleep
        self.limits = self._limits()
        self.reader = Reader(api, per_lookup=options.keys_per_lookup)
        self.batches = Batches(api, size=options.batch, points=options.mutation_points)
        self.importer = Importer(api, poll=options.bulk.poll_seconds, sleep=self.sleep)
        self._resolved: Layout | None = None
        self._resolving = asyncio.Lock()

    def _limits(self) -> Limits:
        options, configured = self.options, self.options.items_of(self.board)
        together = options.bulk.batch if options.bulk.from_items else 4 * options.batch
        lines = configured.lines if configured is not None else None
        return Limits(
            concurrency=options.limits.concurrency,
            batch={
                Operation.CREATE: together, Operation.UPDATE: together, Operation.REMOVE: 4 * options.batch,
            },
            settle=options.settle_seconds,
            read_back=options.read_back_pages,
            rotation=options.read_back_every.total_seconds(),
            restore=configured is not None and configured.edits == "write",
            keyed=True,
            searched=frozenset({"lines"} if lines is not None and lines.into == "board" else ()),
        )  # fmt: skip

    async def layout(self) -> Layout:
        """The boards as they are now, read once.

        Raises:
            ConfigurationError: they do not hold what the tenant maps.
        """
        async with self._resolving:
            if self._resolved is None:
                self._resolved = await resolve(self.api, self.options, self.board, self.board)
            return self._resolved

    # ---- the contract

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        """By id where it is known, else by key; imports that still run are waited for."""
        layout = await self.layout()
        jobs = await self._jobs(intents)
        running = self._running(intents, jobs)
        asked = [intent for intent in intents if intent.key not in running]
        if layout.items.board.items_count == 0 and not any(
            intent.attempted_at or intent.target_id for intent in asked
        ):
            found = [Found(intent.key, Verdict.ABSENT) for intent in asked]  # go-live on an empty board
        else:
            found = await self._look(layout, asked, Reported(layout, jobs.values()))
        return found + [Found(key, Verdict.UNSURE, reason=reason) for key, reason in running.items()]

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """Create or change items with their lines, or take them away; see ``writing`` and ``removal``."""
        layout = await self.layout()
        if intents and intents[0].operation is Operation.REMOVE:
            return await remove(self, layout, intents)
        return await Writer(self, layout).write([draft(intent, layout) for intent in intents], progress)

    async def confirm(self, intents: Sequence[Intent], receipts: Sequence[Payload]) -> list[Outcome]:
        """What the imports made of documents that were accepted."""
        layout = await self.layout()
        return await Writer(self, layout).confirm([draft(intent, layout) for intent in intents], receipts)

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        """These items at once, or one page of everything that has a key: the rest is the team's own."""
        layout = await self.layout()
        following = None
        if target_ids is not None:
            columns = self.columns(layout)
            items = [
                item
                for item in (await self.reader.by_ids(target_ids, columns)).values()
                if item.active and item.board == layout.items.board.id
            ]
        else:
            items, following = await self.reader.page(layout.items, cursor)
            items = [item for item in items if item.text(layout.items.key.id)]
        lines = {}
        if target_ids is not None and layout.lines is not None:
            lines = await self.reader.lines(layout.lines, [item.id for item in items])
        return TargetPage([self._record(layout, item, lines.get(item.id)) for item in items], following)

    # ---- helpers

    def columns(self, layout: Layout) -> list[str]:
        """Columns that tell all that a flow knows of an item."""
        mark = [layout.gone.column.id] if layout.gone.column is not None else []
        return [*layout.items.read_columns, *mark]

    async def _jobs(self, intents: Sequence[Intent]) -> dict[str, Status]:
        """How far the imports are with which attempts in doubt left."""
        begun = [intent for intent in intents if intent.attempted_at is not None and "job" in intent.steps]
        jobs = dict.fromkeys(str(intent.steps["job"]) for intent in begun)
        return {job: await self.importer.status(job) for job in jobs}

    def _running(self, intents: Sequence[Intent], jobs: Mapping[str, Status]) -> dict[str, str]:
        """Keys whose import may still write them, or has not said what it wrote, and why that is so."""
        started: dict[str, datetime] = {}
        for intent in intents:
            job = str(intent.steps.get("job"))
            if intent.attempted_at is not None and job in jobs:
                started[job] = max(started.get(job, intent.attempted_at), intent.attempted_at)
        live = {job: reason for job, at in started.items() if (reason := self._runs(job, jobs[job], at))}
        return {intent.key: live[job] for intent in intents if (job := str(intent.steps.get("job"))) in live}

    def _runs(self, job: str, status: Status, started: datetime) -> str | None:
        if status.unread:
            return f"import {job}: {status.reason}"
        late = status.state == WAITING and (self.api.now() - started).total_seconds() >= UPLOAD_SECONDS
        return f"import {job} still runs" if status.running and not late else None

    async def _look(self, layout: Layout, intents: Sequence[Intent], reported: Reported) -> list[Found]:
        columns = self.columns(layout)
        ids = {intent.key: known_item(intent) or reported.item(intent.key) for intent in intents}
        known = await self.reader.by_ids([item for item in ids.values() if item], columns)
        there = {key: _standing(known.get(item or ""), layout) for key, item in ids.items()}
        lost = [
            intent.key for intent in intents
            if not there[intent.key] and (intent.target_id is None or self._made_anew(layout, intent))
        ]  # fmt: skip
        by_key = await self.reader.by_keys(layout.items, lost, columns) if lost else {}
        there.update({key: by_key.get(folded(key), []) for key in lost})
        lines: dict[str, list[Item]] = {}
        if layout.lines is not None:
            single = [items[0].id for items in there.values() if len(items) == 1]
            lines = await self.reader.lines(layout.lines, single) if single else {}
        hidden = await self._hidden(reported, there, lines)
        return [
            self._found(layout, intent, there[intent.key], lines, late=intent.key in hidden)
            for intent in intents
        ]

    async def _hidden(
        self, reported: Reported, there: Mapping[str, list[Item]], lines: Mapping[str, list[Item]]
    ) -> set[str]:
        """Documents with lines that an import says it made, and that the search does not show yet."""
        missing: dict[str, str] = {}
        for key, items in there.items():
            shown = {line.id for item in items for line in lines.get(item.id, ())}
            missing.update({line: key for line in reported.lines(key) if line not in shown})
        known = await self.reader.by_ids(missing, []) if missing else {}
        return {key for line, key in missing.items() if line in known and known[line].active}

    def _found(
        self, layout: Layout, intent: Intent, items: Sequence[Item], lines: Mapping[str, list[Item]], *,
        late: bool,
    ) -> Found:  # fmt: skip
        if len(items) > 1:
            return Found(intent.key, Verdict.FOREIGN, items[0].id, reason=too_many(items))
        if not items:
            return self._absent(layout, intent)
        record = self._record(layout, items[0], lines.get(items[0].id))
        moved = layout.gone.group in (None, items[0].group) or not intent.desired.absent
        equal = moved and _as_desired(intent, record)
        if not equal and (late or self._fresh(intent)):
            return Found(intent.key, Verdict.UNSURE, items[0].id, reason=NOT_YET)
        return Found(intent.key, Verdict.EQUAL if equal else Verdict.DIFFERENT, items[0].id, record.body)

    def _absent(self, layout: Layout, intent: Intent) -> Found:
        """No item; one that was to be made in place of another is made when the document is sent again."""
        if intent.operation is Operation.REMOVE:
            return Found(intent.key, Verdict.EQUAL, intent.target_id)
        if intent.target_id is None or not self._made_anew(layout, intent):
            return Found(intent.key, Verdict.ABSENT, intent.target_id)
        if self._fresh(intent):
            return Found(intent.key, Verdict.UNSURE, intent.target_id, reason="not found yet")
        return Found(intent.key, Verdict.DIFFERENT, intent.target_id)

    def _made_anew(self, layout: Layout, intent: Intent) -> bool:
        """Whether an update may make an item: what was archived or removed does not come back."""
        revived = intent.previous is not None and intent.previous.absent and layout.gone.do != "mark"
        return intent.operation is Operation.UPDATE and (revived or self.limits.restore)

    def _fresh(self, intent: Intent) -> bool:
        return fresh(intent, self.api.now(), self.limits.settle)

    def _record(self, layout: Layout, item: Item, lines: Sequence[Item] | None) -> TargetRecord:
        body = item.body(layout.items)
        key = item.text(layout.items.key.id) or None
        if lines is not None and layout.lines is not None and key is not None:
            body["lines"] = lines_as_read(key, lines, layout.lines)
        gone, amount = is_gone(layout, item), body["columns"].get("amount")
        return TargetRecord(
            target_id=item.id, key=key, state=GONE if gone else ACTIVE, body=body, label=item.name,
            absent=gone,
            amount=amount if self.board in WITH_AMOUNTS and isinstance(amount, Decimal) else None,
        )  # fmt: skip


def is_gone(layout: Layout, item: Item) -> bool:
    """Whether an item is marked as one whose document is gone."""
    column = layout.gone.column
    if column is None:
        return False
    if layout.gone.label is not None:
        return item.text(column.id) == layout.gone.label
    return "true" in str((item.values.get(column.id) or {}).get("value")).lower()


def _standing(item: Item | None, layout: Layout) -> list[Item]:
    """The item that a document is known to have, as long as it stands on the board."""
    return [item] if item is not None and item.active and item.board == layout.items.board.id else []


def _as_desired(intent: Intent, record: TargetRecord) -> bool:
    desired = intent.desired
    if desired.absent or record.absent:
        return desired.absent and record.absent
    return same_body(desired.body, record.body)


class Reported:
    """What imports say that they wrote, by natural key: a search may not show it yet.

    Args:
        statuses: of the imports.
    """

    def __init__(self, layout: Layout, statuses: Iterable[Status]) -> None:
        places = [layout.items] if layout.lines is None else [layout.items, layout.lines.place]
        columns = {place.key.id for place in places}
        rows = [line for status in statuses for line in (status.lines or {}).values() if line.item]
        self._ids = {
            folded(line.cells[column]): str(line.item)
            for line in rows for column in columns if line.cells.get(column)
        }  # fmt: skip
        self._keys = sorted(self._ids)

    def item(self, key: str) -> str | None:
        """Id of a document's item."""
        return self._ids.get(folded(key))

    def lines(self, key: str) -> list[str]:
        """Ids of a document's lines."""
        prefix = folded(line_key(key, ""))
        first = bisect_left(self._keys, prefix)
        found = takewhile(lambda one: one.startswith(prefix), islice(self._keys, first, None))
        return [self._ids[one] for one in found]
