"""Reading the target back: what we loaded must stand there, as we sent it, and nothing else.

Two rotations share the budget: one walks through the ledger and asks the target for those ids
(finds what is missing or changed), the other walks through the target (finds what is surplus).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, or_, select, update

from ml_connector.core.contract import Desired, TargetPage, TargetRecord
from ml_connector.core.ledger import flows, reports, staging
from ml_connector.core.ledger.reports import Difference
from ml_connector.core.ledger.scope import Status, entering
from ml_connector.core.planning.differences import changed_fields
from ml_connector.core.stages.context import FlowContext
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import Transaction

CHUNK = 100
STABLE = (Status.LOADED, Status.DRIFTED)

_COLUMNS = (
    document.c.id, document.c.key, document.c.unit, document.c.label, document.c.status, document.c.target_id,
    document.c.loaded_hash, document.c.loaded_absent,
)  # fmt: skip


@dataclass(slots=True)
class Seen:
    """What a read-back found.

    Attributes:
        amounts: amount in the target by document id; None where the object has none.
        gone: documents whose object is not in the target.
        drifted: ledger ids that differ now, with the reason.
        healed: ledger ids that were drifted and are right again.
        rotated: both rotations came to their ends.
    """

    checked: int = 0
    amounts: dict[int, Decimal | None] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    differences: list[Difference] = field(default_factory=list)
    drifted: dict[int, str] = field(default_factory=dict)
    healed: list[int] = field(default_factory=list)
    ledger_cursor: int = 0
    target_cursor: str | None = None
    rotated: bool = False


async def read_back(ctx: FlowContext) -> Seen:
    """Compare the target with the ledger, as far as the budget goes."""
    state, since = await asyncio.to_thread(_where_to_begin, ctx)
    seen = Seen(ledger_cursor=state.ledger_cursor, target_cursor=state.target_cursor)
    if since is not None:
        await _check_touched(ctx, seen, since)
    if _rotation_is_due(ctx, state):
        await _rotate_ledger(ctx, seen)
        await _rotate_target(ctx, seen)
        seen.rotated = not seen.ledger_cursor and seen.target_cursor is None
    return seen


def _rotation_is_due(ctx: FlowContext, state: flows.FlowState) -> bool:
    """A rotation that began is brought to its end first."""
    under_way = state.ledger_cursor or state.target_cursor is not None
    if ctx.params.full or under_way or state.rotated_at is None:
        return True
    pause = timedelta(seconds=ctx.need_target().limits.rotation)
    return ctx.store.now() >= state.rotated_at + pause


def mark_drift(ctx: FlowContext, tx: Transaction, seen: Seen) -> None:
    """Write what was found into the ledger, unless a row has moved on meanwhile."""
    now = tx.store.now()
    restore = ctx.need_target().limits.restore
    for row_id, reason in seen.drifted.items():
        where = and_(document.c.id == row_id, document.c.status == Status.LOADED)
        values = entering(Status.READY if restore else Status.DRIFTED, now, reason)
        if restore and row_id in seen.gone:
            values["target_id"] = None  # to be created anew, after one more look
        tx.connection.execute(update(document).where(where).values(values))
        kind = "written again" if restore else "drifted"
        tx.record(kind, {"reason": reason}, document_id=row_id, **ctx.scope.labels())
    for row_id in seen.healed:
        where = and_(document.c.id == row_id, document.c.status == Status.DRIFTED)
        tx.connection.execute(update(document).where(where).values(entering(Status.LOADED, now)))


def _where_to_begin(ctx: FlowContext) -> tuple[flows.FlowState, datetime | None]:
    with ctx.store.read() as connection:
        state, batch = flows.get(connection, ctx.scope), flows.last_batch(connection, ctx.scope)
    if ctx.params.full:
        state.ledger_cursor, state.target_cursor = 0, None
    return state, batch.started_at if batch else None


def _budget(ctx: FlowContext) -> int:
    return 10**9 if ctx.params.full else max(1, ctx.need_target().limits.read_back // 2)


async def _check_touched(ctx: FlowContext, seen: Seen, since: datetime) -> None:
    after = 0
    while rows := await asyncio.to_thread(_loaded_rows, ctx, after, since):
        after = rows[-1].id
        await _check(ctx, rows, seen)


async def _rotate_ledger(ctx: FlowContext, seen: Seen) -> None:
    for _ in range(_budget(ctx)):
        rows = await asyncio.to_thread(_loaded_rows, ctx, seen.ledger_cursor, None)
        seen.ledger_cursor = rows[-1].id if len(rows) == CHUNK else 0
        await _check(
            ctx, [row for row in rows if row.id not in seen.amounts and row.id not in seen.gone], seen
        )
        if not seen.ledger_cursor:
            return


async def _rotate_target(ctx: FlowContext, seen: Seen) -> None:
    for _ in range(_budget(ctx)):
        page = await ctx.need_target().read_back(None, seen.target_cursor)
        await asyncio.to_thread(_find_surplus, ctx, page, seen)
        seen.target_cursor = page.cursor
        if page.cursor is None:
            return


def _loaded_rows(ctx: FlowContext, after: int, since: datetime | None) -> Sequence[AnyRow]:
    statement = select(*_COLUMNS).where(
        ctx.scope.rows(),
        document.c.status.in_(STABLE),
        document.c.target_id.is_not(None),
        document.c.id > after,
    )
    if since is not None:
        statement = statement.where(document.c.loaded_at >= since)
    with ctx.store.read() as connection:
        rows: Sequence[AnyRow] = connection.execute(statement.order_by(document.c.id).limit(CHUNK)).all()
    return rows


async def _check(ctx: FlowContext, rows: Sequence[AnyRow], seen: Seen) -> None:
    """Ask the target for these rows' objects and compare each with what was sent."""
    if not rows:
        return
    records: dict[str, TargetRecord] = {}
    page: TargetPage | None = None
    while page is None or page.cursor is not None:
        page = await ctx.need_target().read_back(
            [row.target_id for row in rows], page.cursor if page else None
        )
        records.update({record.target_id: record for record in page.records})
    sent = await asyncio.to_thread(_sent, ctx, rows)
    for row in rows:
        record = records.get(row.target_id)
        seen.checked += 1
        if record is None:
            seen.gone.add(row.id)
        else:
            seen.amounts[row.id] = record.amount
        open_row = row.status != Status.LOADED or ctx.need_target().limits.restore
        difference = _compare(row, sent.get((row.id, row.loaded_hash)), record, explained=open_row)
        _take(seen, row, difference)


def _sent(ctx: FlowContext, rows: Sequence[AnyRow]) -> dict[tuple[int, str], Any]:
    with ctx.store.write() as tx:
        return staging.load_payloads(tx, [(row.id, row.loaded_hash) for row in rows])


def _compare(row: AnyRow, sent: Any, record: TargetRecord | None, *, explained: bool) -> Difference | None:
    if record is None:
        if row.loaded_absent:
            return None
        detail = {"target_id": row.target_id, "reason": f"its object {row.target_id} is gone from the target"}
        return Difference("missing", row.key, row.label, row.unit, detail, explained)
    if sent is None:
        return None
    desired = Desired.from_payload(sent)
    body = {name: value for name, value in desired.body.items() if name not in record.hidden}
    changes = [] if desired.absent else changed_fields(body, record.body, only_shared=record.partial)
    agrees = (
        desired.state == record.state or desired.state in record.agrees or (desired.absent and record.absent)
    )
    if not agrees:
        changes.insert(0, {"field": "state", "before": desired.state, "after": record.state})
    if not changes:
        return None
    names = ", ".join(str(change["field"]) for change in changes[:5])
    detail = {
        "target_id": row.target_id,
        "reason": f"changed in the target: {names}",
        "changes": changes[:20],
    }
    return Difference("changed", row.key, row.label, row.unit, detail, explained)


def _take(seen: Seen, row: AnyRow, difference: Difference | None) -> None:
    if difference is not None:
        seen.differences.append(difference)
        if row.status == Status.LOADED:
            seen.drifted[row.id] = difference.detail["reason"]
    elif row.status == Status.DRIFTED:
        seen.healed.append(row.id)


def _find_surplus(ctx: FlowContext, page: TargetPage, seen: Seen) -> None:
    """Objects that no document of the ledger stands for. Each is new to people once."""
    ids = [record.target_id for record in page.records]
    keys = [record.key for record in page.records if record.key is not None]
    with ctx.store.read() as connection:
        either = or_(document.c.target_id.in_(ids), document.c.conflict_id.in_(ids))
        statement = select(document.c.target_id, document.c.conflict_id).where(ctx.scope.rows(), either)
        ours = {target_id for row in connection.execute(statement) for target_id in row}
        standing = and_(document.c.key.in_(keys), document.c.target_id.is_not(None))
        others = select(document.c.key, document.c.target_id).where(ctx.scope.rows(), standing)
        owners = {row.key: row.target_id for row in connection.execute(others)}
        known = reports.known_surplus(connection, ctx.scope, [item for item in ids if item not in ours])
    for record in page.records:
        if record.target_id not in ours:
            detail = {"target_id": record.target_id, "state": record.state, "amount": record.amount}
            kind = "surplus"
            if owner := owners.get(record.key or ""):
                kind = "duplicate"
                detail |= {"document": record.key, "reason": f"{owner} is the object of {record.key}"}
            explained = record.target_id in known
            seen.differences.append(Difference(kind, record.target_id, record.label, None, detail, explained))
