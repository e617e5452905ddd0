"""Events: what another system told us wakes a flow, and is closed with what was read because of it.

An event is never believed: it only says which objects to read again. Before that, the source makes
sure that events keep coming and brings those that were missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import cast

from ml_connector.core.contract import CaughtUp, EventSource, KeyAnswer
from ml_connector.core.ledger import inbox
from ml_connector.core.stages.context import FlowContext
from ml_connector.core.stages.taking import Counts, take_answer
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.store import Transaction
from ml_connector.core.webhooks import Event

CHUNK = 200
"""Events taken up together: their objects are read in one go, and settled in one transaction."""


async def catch_up(ctx: FlowContext, system: str, counts: Counts) -> None:
    """Make sure that events keep coming, and put those that were missed into the inbox.

    What people must know, of a subscription that was switched off for example, goes to ``ctx.alerts``.

    Raises:
        ConnectorError: the failure that the source met.
    """
    caught = await cast(EventSource, ctx.need_source()).catch_up()
    ctx.alerts += caught.alerts
    counts.missed = await asyncio.to_thread(_keep, ctx, system, caught)
    if caught.failure is not None:
        raise caught.failure


async def take_events(ctx: FlowContext, system: str, batch: str, counts: Counts) -> None:
    """Take up the events that wait for the flow.

    Raises:
        ConnectorError: whatever stops the source; the events then go on waiting.
    """
    source = cast(EventSource, ctx.need_source())
    while rows := await asyncio.to_thread(_waiting, ctx, system):
        events = [Event(row.event_id, row.type, ctx.store.open(row.body)) for row in rows]
        concerned = await source.keys_of(events)
        keys = list(dict.fromkeys(key for event in events for key in concerned.get(event.event_id, ())))
        answer = await source.by_key(keys) if keys else KeyAnswer([], [])
        close = partial(_close, ctx, rows)
        await asyncio.to_thread(take_answer, ctx, answer, batch, counts, also=close)
        counts.events += len(rows)


def _keep(ctx: FlowContext, system: str, caught: CaughtUp) -> int:
    """Put missed events into the inbox, beside those that were delivered."""
    if not (caught.events or caught.alerts or caught.note):
        return 0
    with ctx.store.write() as tx:
        new = inbox.put(tx, system, ctx.tenant.tenant, caught.events, origin="history")
        data = {"missed": new, "alerts": list(caught.alerts), "note": caught.note}
        tx.record("caught up", data, **ctx.scope.labels())
    return new


def _waiting(ctx: FlowContext, system: str) -> Sequence[AnyRow]:
    with ctx.store.read() as connection:
        return inbox.waiting(connection, system, ctx.tenant.tenant, CHUNK)


def _close(ctx: FlowContext, rows: Sequence[AnyRow], tx: Transaction) -> None:
    inbox.close(tx, ctx.scope, rows, run=ctx.run)
