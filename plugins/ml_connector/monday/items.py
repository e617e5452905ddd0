"""Documents as items of a board, with their lines: the target of suppliers, accounts, invoices and orders."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from decimal import Decimal

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
from ml_connector.monday.bulk import UPLOAD_SECONDS, WAITING, Importer
from ml_connector.monday.drafts import draft, known_item, lines_as_read, same_body
from ml_connector.monday.layout import Layout, resolve
from ml_connector.monday.options import MondayOptions
from ml_connector.monday.reading import Item, Reader, folded, too_many
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
        sleep: replaceable in tests.
    """

    def __init__(
        self,
        api: MondayApi,
        options: MondayOptions,
        board: str,
        *,
        create: bool = True,
        imported: Quota | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.api, self.options, self.board = api, options, board
        self.create, self.imported = create, imported
        self.limits = self._limits()
        self.reader = Reader(api, per_lookup=options.keys_per_lookup)
        self.batches = Batches(api, size=options.batch, points=options.mutation_points)
        self.importer = Importer(api, poll=options.bulk.poll_seconds, sleep=sleep)
        self._resolved: Layout | None = None
        self._resolving = asyncio.Lock()

    def _limits(self) -> Limits:
        options, configured = self.options, self.options.items_of(self.board)
        together = options.bulk.batch if options.bulk.from_items else 4 * options.batch
        return Limits(
            concurrency=options.limits.concurrency,
            batch={
                Operation.CREATE: together, Operation.UPDATE: together, Operation.REMOVE: 4 * options.batch,
            },
            settle=options.settle_seconds,
            read_back=options.read_back_pages,
            rotation=options.read_back_every.total_seconds(),
            restore=configured is not None and configured.edits == "write",
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
        running = await self._running(intents)
        asked = [intent for intent in intents if intent.key not in running]
        if layout.items.board.items_count == 0 and not any(intent.attempted_at for intent in asked):
            found = [Found(intent.key, Verdict.ABSENT) for intent in asked]  # go-live on an empty board
        else:
            found = await self._look(layout, asked)
        return found + [
            Found(key, Verdict.UNSURE, reason=f"import {job} still runs") for key, job in running.items()
        ]

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

    async def _running(self, intents: Sequence[Intent]) -> dict[str, str]:
        """Keys whose import may still write them, with its job."""
        started: dict[str, datetime] = {}
        for intent in intents:
            if intent.attempted_at is not None and "job" in intent.steps:
                job = str(intent.steps["job"])
                started[job] = max(started.get(job, intent.attempted_at), intent.attempted_at)
        live = {job for job, at in started.items() if await self._runs(job, at)}
        return {
            intent.key: str(intent.steps["job"]) for intent in intents if str(intent.steps.get("job")) in live
        }

    async def _runs(self, job: str, started: datetime) -> bool:
        status = await self.importer.status(job)
        if status.state == WAITING:
            return (self.api.now() - started).total_seconds() < UPLOAD_SECONDS
        return status.running

    async def _look(self, layout: Layout, intents: Sequence[Intent]) -> list[Found]:
        columns = self.columns(layout)
        ids = [item for intent in intents if (item := known_item(intent)) is not None]
        known = await self.reader.by_ids(ids, columns) if ids else {}
        there = {intent.key: _standing(intent, known, layout) for intent in intents}
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
        return [self._found(layout, intent, there[intent.key], lines) for intent in intents]

    def _found(
        self, layout: Layout, intent: Intent, items: Sequence[Item], lines: dict[str, list[Item]]
    ) -> Found:
        if len(items) > 1:
            return Found(intent.key, Verdict.FOREIGN, items[0].id, reason=too_many(items))
        if not items:
            return self._absent(layout, intent)
        record = self._record(layout, items[0], lines.get(items[0].id))
        equal = _as_desired(intent, record)
        if not equal and self._fresh(intent) and _may_lack_lines(layout, intent, record):
            return Found(intent.key, Verdict.UNSURE, items[0].id, reason="its lines may not be found yet")
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
        """Whether an update may make an item: what was archived, or removed by somebody, does not come back."""
        revived = intent.previous is not None and intent.previous.absent and layout.gone.do != "mark"
        return intent.operation is Operation.UPDATE and (revived or self.limits.restore)

    def _fresh(self, intent: Intent) -> bool:
        """Whether a search may not show yet what the attempt in doubt wrote."""
        at = intent.attempted_at
        return at is not None and (self.api.now() - at).total_seconds() < self.limits.settle

    def _record(self, layout: Layout, item: Item, lines: Sequence[Item] | None) -> TargetRecord:
        body = item.body(layout.items)
        key = item.text(layout.items.key.id) or None
        if lines is not None and layout.lines is not None and key is not None:
            body["lines"] = lines_as_read(key, lines, layout.lines)
        gone, amount = is_gone(layout, item), body["columns"].get("amount")
        return TargetRecord(
            target_id=item.id, key=key, state=GONE if gone else ACTIVE, body=body, label=item.name, absent=gone,
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


def _standing(intent: Intent, known: dict[str, Item], layout: Layout) -> list[Item]:
    """The item that a document is known to have, as long as it stands on the board."""
    item = known.get(known_item(intent) or "")
    return [item] if item is not None and item.active and item.board == layout.items.board.id else []


def _may_lack_lines(layout: Layout, intent: Intent, record: TargetRecord) -> bool:
    """Lines on a board of their own are searched for; those of a moment ago would be made a second time."""
    searched = layout.lines is not None and layout.lines.link is not None
    wanted = intent.desired.body.get("lines")
    return searched and not intent.desired.absent and not same_body(wanted, record.body.get("lines"))


def _as_desired(intent: Intent, record: TargetRecord) -> bool:
    desired = intent.desired
    if desired.absent or record.absent:
        return desired.absent and record.absent
    return same_body(desired.body, record.body)
