"""Reading the source again for a reconciliation, without staging anything."""

from __future__ import annotations

import asyncio

from ml_connector.core import codec
from ml_connector.core.contract import KeyAnswer, Page, Scan, Window
from ml_connector.core.ledger import open_documents, staging
from ml_connector.core.ledger.reports import Difference
from ml_connector.core.stages.context import FlowContext


async def read_again(ctx: FlowContext) -> list[Difference]:
    """Differences between the source now and what the ledger believes of it."""
    differences: list[Difference] = []
    for unit in ctx.units:
        seen: set[int] = set()
        async for page in ctx.need_source().read(Window(unit, Scan.FULL, ctx.start)):
            differences += await asyncio.to_thread(_compare_page, ctx, page, seen)
        differences += await _find_deleted(ctx, unit, seen)
    return differences


def _compare_page(ctx: FlowContext, page: Page, seen: set[int]) -> list[Difference]:
    found = []
    with ctx.store.write() as tx:
        known = staging.known_rows(tx, ctx.scope, [item.key for item in page.documents])
    for item in page.documents:
        row = known.get(item.key)
        if row is None:
            found.append(Difference("source new", item.key, item.key, item.unit, {}, explained=True))
            continue
        seen.add(row.id)
        if row.source_hash != codec.digest(item.payload):
            found.append(Difference("source changed", item.key, item.key, item.unit, {}, explained=True))
    return found


async def _find_deleted(ctx: FlowContext, unit: str, seen: set[int]) -> list[Difference]:
    deleted: list[Difference] = []
    after = 0
    while rows := await asyncio.to_thread(open_documents.page, ctx.store, ctx.scope, unit, after, False):
        after = rows[-1].id
        missing = [row.key for row in rows if row.id not in seen]
        answer = await ctx.need_source().by_key(missing) if missing else KeyAnswer((), ())
        deleted += [Difference("source deleted", key, key, unit, {}, explained=True) for key in answer.absent]
    return deleted
