"""Extract: read a source page by page into the ledger.

Each page commits its documents and its cursor, so that a killed run goes on where it stopped. The
watermark moves only in the transaction of a window's last page: pages come in key order, and an
early page may hold the newest stamp.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from typing import Any

from ml_connector.core import codec
from ml_connector.core.contract import Page, Scan, Window
from ml_connector.core.errors import ContractChanged
from ml_connector.core.ledger import flows, open_documents, staging, watermarks
from ml_connector.core.ledger.watermarks import Mark
from ml_connector.core.stages import collector
from ml_connector.core.stages.context import FlowContext
from ml_connector.core.stages.events import catch_up, take_events
from ml_connector.core.stages.pages import read_ahead
from ml_connector.core.stages.taking import Counts, take, take_answer
from ml_connector.core.state.store import Transaction


@dataclass(slots=True)
class Reading:
    """One window under way; ``seen`` has one byte per ledger row that the read has met."""

    window: Window
    mark: Mark
    whole: bool
    seen: bytearray = field(default_factory=bytearray)

    def meet(self, ids: list[int]) -> None:
        """Remember rows that the read has met."""
        if ids and (missing := max(ids) + 1 - len(self.seen)) > 0:
            self.seen.extend(bytes(missing))
        for row_id in ids:
            self.seen[row_id] = 1

    def met(self, row_id: int) -> bool:
        """Whether the read has met a row."""
        return row_id < len(self.seen) and bool(self.seen[row_id])


async def extract(ctx: FlowContext) -> dict[str, Any]:
    """Read what is new since the watermark, or what the run's parameters ask for.

    Returns:
        The batch id and the counts.

    Raises:
        ContractChanged: the source lacks a column that it had before.
        ConnectorError: whatever stops the source.
    """
    collector.relax()
    batch = await asyncio.to_thread(_begin, ctx)
    counts = Counts()
    woken_by = None if ctx.params.own_window else ctx.events_from
    if woken_by is not None:
        await catch_up(ctx, woken_by, counts)
    if ctx.params.keys:
        answer = await ctx.need_source().by_key(ctx.params.keys)
        await asyncio.to_thread(take_answer, ctx, answer, batch, counts, remap=True)
    else:
        for unit in ctx.units:
            for scan in await asyncio.to_thread(scans, ctx, unit):
                await _read(ctx, unit, scan, batch, counts)
    if woken_by is not None:  # last: an event that cannot be taken up keeps nothing from being polled
        await take_events(ctx, woken_by, batch, counts)
    if ctx.listener is not None:
        await ctx.listener.acknowledge(list(dict.fromkeys(ctx.taken)))
    result = {"batch": batch, **asdict(counts)}
    await asyncio.to_thread(_end, ctx, batch, result)
    return result


def _begin(ctx: FlowContext) -> str:
    with ctx.store.write() as tx:
        return flows.begin_batch(tx, ctx.scope, ctx.run)


def _end(ctx: FlowContext, batch: str, counts: dict[str, Any]) -> None:
    with ctx.store.write() as tx:
        flows.end_batch(tx, batch, counts)
        tx.record("extracted", counts, **ctx.scope.labels())


def scans(ctx: FlowContext, unit: str) -> list[Scan]:
    """Which scans a unit needs: a complete read at first and when it is due, else changes."""
    if ctx.params.since or ctx.params.until:
        return [Scan.CHANGES]
    if ctx.dataset.change is None or ctx.params.full or _full_is_due(ctx, unit):
        return [Scan.FULL]
    return [Scan.CHANGES, Scan.OPEN] if ctx.dataset.reads_open else [Scan.CHANGES]


def _full_is_due(ctx: FlowContext, unit: str) -> bool:
    with ctx.store.read() as connection:
        mark = watermarks.get(connection, ctx.scope, ctx.dataset.dataset, unit, Scan.FULL)
    if mark.completed_at is None or mark.cursor is not None or mark.selection != _selection(ctx):
        return True
    every = ctx.dataset.full_every
    return every is not None and ctx.store.now() - mark.completed_at >= every


async def _read(ctx: FlowContext, unit: str, scan: Scan, batch: str, counts: Counts) -> None:
    reading = await asyncio.to_thread(open_window, ctx, unit, scan)
    async with aclosing(read_ahead(ctx.need_source().read(reading.window))) as pages:
        async for page in pages:
            await asyncio.to_thread(_commit_page, ctx, reading, page, batch, counts)
    if reading.whole or scan is Scan.OPEN:
        await _ask_for_missing(ctx, reading, batch, counts)


def open_window(ctx: FlowContext, unit: str, scan: Scan) -> Reading:
    """Go on with an interrupted window, or open the next one."""
    with ctx.store.read() as connection:
        mark = watermarks.get(connection, ctx.scope, ctx.dataset.dataset, unit, scan)
        changes = watermarks.get(connection, ctx.scope, ctx.dataset.dataset, unit, Scan.CHANGES)
    if ctx.params.own_window:
        window = Window(unit, scan, ctx.params.since or ctx.start, ctx.params.until)
        return Reading(window, mark, whole=scan is Scan.FULL)
    selection = _selection(ctx)
    if mark.cursor is not None and mark.selection == selection:
        window = Window(unit, scan, mark.window_since, mark.window_until, mark.cursor)
        return Reading(window, mark, whole=False)
    since = None if scan is Scan.OPEN else ctx.start
    if scan is Scan.CHANGES and changes.value and ctx.dataset.change:
        since = watermarks.back(changes.value, ctx.dataset.change.overlap)
    mark.window_since, mark.window_until, mark.cursor = since, None, None
    mark.high, mark.began_at, mark.selection = None, None, selection
    return Reading(Window(unit, scan, since), mark, whole=scan is Scan.FULL)


def _commit_page(ctx: FlowContext, reading: Reading, page: Page, batch: str, counts: Counts) -> None:
    """One transaction: the page's documents, its cursor, its event and, at the end, the watermark."""
    mark = reading.mark
    check_columns(ctx, mark, page)
    with ctx.store.write() as tx:
        staged = take(ctx, tx, page.documents, batch, counts, remap=ctx.params.full)
        reading.meet(staged.ids)
        if page.rejected:
            staging.stage_unreadable(tx, ctx.scope, page.rejected, batch=batch)
            counts.unreadable += len(page.rejected)
            reading.meet(
                [
                    row.id
                    for row in staging.known_rows(
                        tx, ctx.scope, [item.key for item in page.rejected]
                    ).values()
                ]
            )
        mark.began_at = mark.began_at or page.source_time
        for item in page.documents:
            mark.high = watermarks.later(mark.high, item.stamp)
        if not ctx.params.own_window:
            _move(ctx, tx, reading, page)
        tx.record("polled", _poll_event(reading, page, staged), **ctx.scope.labels())


def _move(ctx: FlowContext, tx: Transaction, reading: Reading, page: Page) -> None:
    mark = reading.mark
    mark.cursor = None if page.last else page.cursor
    if page.last:
        mark.completed_at = tx.store.now()
        mark.value = _raised(ctx, mark)
        if reading.window.scan is Scan.FULL and ctx.dataset.change:
            changes = watermarks.get(tx.connection, ctx.scope, mark.dataset, mark.unit, Scan.CHANGES)
            changes.value, changes.completed_at = mark.value, mark.completed_at
            if ctx.dataset.queries.full is None:  # the same query answers both scans
                changes.columns = mark.columns
            watermarks.put(tx, ctx.scope, changes)
    watermarks.put(tx, ctx.scope, mark)


def _raised(ctx: FlowContext, mark: Mark) -> str | None:
    """The new watermark: the highest stamp seen, never beyond the source's clock, never back."""
    seen = watermarks.not_after(mark.high, mark.began_at, ctx.tenant.time_zone)
    return watermarks.later(mark.value, seen)


def check_columns(ctx: FlowContext, mark: Mark, page: Page) -> None:
    """Compare the answer's columns with those of earlier answers, and keep them.

    Raises:
        ContractChanged: one that was there before is missing.
    """
    if not page.columns:
        return
    before = set(mark.columns.split(",")) if mark.columns else set()
    if gone := sorted(before - page.columns):
        raise ContractChanged(
            f"{ctx.flow}: the query behind dataset {mark.dataset} no longer has the column(s) "
            f"{', '.join(gone)}; someone changed it. Restore the column, or adapt the dataset file and "
            "forget the fingerprint with `airflow ml-connector release --columns`."
        )
    mark.columns = ",".join(sorted(page.columns))


async def _ask_for_missing(ctx: FlowContext, reading: Reading, batch: str, counts: Counts) -> None:
    """Absence from a read is a suspicion; only the answer by key makes it a deletion.

    Row-level security turns "no access" into zero rows, so the removals that follow pass the
    mass change guard of the load.
    """
    only_open = reading.window.scan is Scan.OPEN
    after = 0
    while True:
        rows = await asyncio.to_thread(
            open_documents.page, ctx.store, ctx.scope, reading.window.unit, after, only_open
        )
        if not rows:
            return
        after = rows[-1].id
        missing = [row.key for row in rows if not reading.met(row.id)]
        if missing:
            answer = await ctx.need_source().by_key(missing)
            await asyncio.to_thread(take_answer, ctx, answer, batch, counts)


def _selection(ctx: FlowContext) -> str:
    """Changes when the dataset's query, selection or start changes: then it is read anew."""
    dataset = ctx.dataset
    parts = [dataset.model_dump(mode="json", include={"queries", "select", "key", "change"}), ctx.start]
    return codec.digest(parts)


def _poll_event(reading: Reading, page: Page, staged: staging.Staged) -> dict[str, Any]:
    window = reading.window
    return {
        "unit": window.unit, "scan": window.scan.value, "since": window.since,
        "documents": len(page.documents), "new": staged.new, "changed": staged.changed, "last": page.last,
    }  # fmt: skip
