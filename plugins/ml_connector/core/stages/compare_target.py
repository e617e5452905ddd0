"""Reading the target back: what we loaded must stand there, as we sent it, and nothing else.

Two rotations share the budget: one walks through the ledger and asks the target for those ids
(finds what is missing or changed), the other walks through the target (finds what is surplus).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, or_, select, update

from ml_connector.core.contract import Desired, TargetPage, TargetRecord
from ml_connector.core.ledger import claims, flows, reports, staging
from ml_connector.core.ledger.reports import Difference
from ml_connector.core.ledger.scope import IN_FLIGHT, Status, entering
from ml_connector.core.planning.differences import changed_fields
from ml_connector.core.stages.context import FlowContext
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import IS_OPEN, document
from ml_connector.core.state.store import Transaction

CHUNK = 100
LOOK_AGAIN = 1.0
"""Seconds between two looks at the clock, while a search is waited for."""

STABLE = (Status.LOADED, Status.DRIFTED)

_COLUMNS = (
    document.c.id, document.c.key, document.c.unit, document.c.label, document.c.status, document.c.target_id,
    document.c.loaded_hash, document.c.loaded_absent, document.c.loaded_at, document.c.mapping,
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
        late: rows that differ in nothing but what a search may not show yet, by ledger id; with them,
            whether this run wrote them.
        restored: ledger ids of ``drifted`` that are written again by themselves, with the place of the
            difference.
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
    restored: dict[int, int] = field(default_factory=dict)
    late: dict[int, tuple[AnyRow, bool]] = field(default_factory=dict)


async def read_back(ctx: FlowContext) -> Seen:
    """Compare the target with the ledger, as far as the budget goes."""
    state, since = await asyncio.to_thread(_where_to_begin, ctx)
    seen = Seen(ledger_cursor=state.ledger_cursor, target_cursor=state.target_cursor)
    if since is not None:
        await _check_touched(ctx, seen, since)
    await _rotate(ctx, seen, state)
    await _check_late(ctx, seen)
    await asyncio.to_thread(_decide_what_is_restored, ctx, seen)
    return seen


def _decide_what_is_restored(ctx: FlowContext, seen: Seen) -> None:
    """Where the target wants it, and not so many that something else must have happened to them."""
    guard = ctx.settings.max_changes
    with ctx.store.write() as tx:
        there = claims.pending(tx, ctx.scope)["there"]
    allowed = max(guard.at_least, there * guard.percent // 100)
    if not ctx.need_target().limits.restore or len(seen.restored) > allowed:
        seen.restored.clear()
    for place in seen.restored.values():
        seen.differences[place] = replace(seen.differences[place], explained=True)


async def _rotate(ctx: FlowContext, seen: Seen, state: flows.FlowState) -> None:
    """Both rotations begin together; one that has come to its end waits for the other."""
    under_way = state.ledger_cursor or state.target_cursor is not None
    if not under_way and not _rotation_is_due(ctx, state):
        return
    if state.ledger_cursor or not under_way:
        await _rotate_ledger(ctx, seen)
    if state.target_cursor is not None or not under_way:
        await _rotate_target(ctx, seen)
    seen.rotated = not seen.ledger_cursor and seen.target_cursor is None


def _rotation_is_due(ctx: FlowContext, state: flows.FlowState) -> bool:
    if ctx.params.full or state.rotated_at is None:
        return True
    pause = timedelta(seconds=ctx.need_target().limits.rotation)
    return ctx.store.now() >= state.rotated_at + pause


def mark_drift(ctx: FlowContext, tx: Transaction, seen: Seen) -> None:
    """Write what was found into the ledger, unless a row has moved on meanwhile."""
    now = tx.store.now()
    for row_id, reason in seen.drifted.items():
        where = and_(document.c.id == row_id, document.c.status == Status.LOADED)
        restored = row_id in seen.restored
        values = entering(Status.READY if restored else Status.DRIFTED, now, reason)
        if restored and row_id in seen.gone:
            # Mapped anew, since nothing stands there any more; asked for once more before it is created.
            values |= {"target_id": None, "loaded_hash": None, "loaded_state": None, "unmapped": True}
            flows.put(tx, ctx.scope, adopted_at=None)
        tx.connection.execute(update(document).where(where).values(values))
        kind = "written again" if restored else "drifted"
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
    """What this run wrote."""
    after = 0
    while rows := await asyncio.to_thread(_loaded_rows, ctx, after, since):
        after = rows[-1].id
        await _check(ctx, rows, seen, touched=True)


async def _check_late(ctx: FlowContext, seen: Seen) -> None:
    """What a search did not show yet is looked at again when it must."""
    late, seen.late = seen.late, {}
    if not late:
        return
    written = max(row.loaded_at for row, _ in late.values())
    await _until(ctx, written + timedelta(seconds=ctx.need_target().limits.settle))
    for touched in (True, False):
        rows = [row for row, by_run in late.values() if by_run == touched]
        for start in range(0, len(rows), CHUNK):
            await _check(ctx, rows[start : start + CHUNK], seen, touched=touched)


async def _until(ctx: FlowContext, moment: datetime) -> None:
    while True:
        left = (moment - ctx.store.now()).total_seconds()
        if left <= 0:
            return
        await asyncio.sleep(min(left, LOOK_AGAIN))


async def _rotate_ledger(ctx: FlowContext, seen: Seen) -> None:
    """What this run has read already costs nothing, and is passed over."""
    pages = 0
    while pages < _budget(ctx):
        rows = await asyncio.to_thread(_loaded_rows, ctx, seen.ledger_cursor, None)
        seen.ledger_cursor = rows[-1].id if len(rows) == CHUNK else 0
        read = seen.amounts.keys() | seen.gone | seen.late.keys()
        unread = [row for row in rows if row.id not in read]
        pages += bool(unread)
        await _check(ctx, unread, seen)
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


async def _check(ctx: FlowContext, rows: Sequence[AnyRow], seen: Seen, *, touched: bool = False) -> None:
    """Ask the target for these rows' objects and compare each with what was sent.

    Args:
        touched: this run wrote them.
    """
    if not rows:
        return
    asked = ctx.store.now()
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
        difference = _compare(ctx, row, sent.get((row.id, row.loaded_hash)), record)
        if difference is not None and _may_lag(ctx, row, difference, asked):
            seen.late[row.id] = (row, touched)
            continue
        seen.checked += 1
        if record is None:
            seen.gone.add(row.id)
        else:
            seen.amounts[row.id] = record.amount
        _take(seen, row, difference, touched=touched)


def _may_lag(ctx: FlowContext, row: AnyRow, difference: Difference, asked: datetime) -> bool:
    """Whether a difference may be nothing but a search that does not show yet what was just written."""
    limits = ctx.need_target().limits
    changes = difference.detail.get("changes", ())
    fields = {str(change["field"]).partition(".")[0].partition("[")[0] for change in changes}
    young = row.loaded_at + timedelta(seconds=limits.settle) > asked
    return young and bool(fields) and fields <= limits.searched


def _sent(ctx: FlowContext, rows: Sequence[AnyRow]) -> dict[tuple[int, str], Any]:
    with ctx.store.write() as tx:
        return staging.load_payloads(tx, [(row.id, row.loaded_hash) for row in rows])


def _compare(ctx: FlowContext, row: AnyRow, sent: Any, record: TargetRecord | None) -> Difference | None:
    explained = row.status != Status.LOADED
    if record is None:
        if row.loaded_absent:
            return None
        detail = {"target_id": row.target_id, "reason": f"its object {row.target_id} is gone from the target"}
        return Difference("missing", row.key, row.label, row.unit, detail, explained)
    if sent is None:
        return None
    desired = Desired.from_payload(sent)
    body = {name: value for name, value in desired.body.items() if name not in record.hidden}
    # Of what another mapping wrote, fields may have no place in the target any more.
    partial = record.partial or row.mapping != ctx.mapping.fingerprint
    changes = [] if desired.absent else changed_fields(body, record.body, only_shared=partial)
    if ctx.need_target().limits.keyed and not desired.absent and not _same_key(row.key, record.key):
        changes.insert(0, {"field": "key", "before": row.key, "after": record.key})
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


def _same_key(key: str, shown: str | None) -> bool:
    return key.casefold() == (shown or "").strip().casefold()


def _take(seen: Seen, row: AnyRow, difference: Difference | None, *, touched: bool) -> None:
    if difference is not None:
        if row.status == Status.LOADED:
            seen.drifted[row.id] = difference.detail["reason"]
            if not touched:  # what differs as soon as it was written would be written for ever
                seen.restored[row.id] = len(seen.differences)
        seen.differences.append(difference)
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
        open_ = and_(document.c.key.in_(keys), IS_OPEN, document.c.status.in_(IN_FLIGHT))
        under_way = set(connection.scalars(select(document.c.key).where(ctx.scope.rows(), open_)))
        known = reports.known_surplus(connection, ctx.scope, [item for item in ids if item not in ours])
    for record in page.records:
        if record.target_id not in ours:
            detail = {"target_id": record.target_id, "state": record.state, "amount": record.amount}
            kind = "surplus"
            if owner := owners.get(record.key or ""):
                kind = "duplicate"
                detail |= {"document": record.key, "reason": f"{owner} is the object of {record.key}"}
            elif record.key in under_way:
                continue  # made by an attempt that nobody has settled yet; a later report tells
            explained = record.target_id in known
            seen.differences.append(Difference(kind, record.target_id, record.label, None, detail, explained))
