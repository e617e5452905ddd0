"""Dry run: what the next run would do, document by document and field by field.

Nothing is staged, sent or moved. A vendor that the same plan would create stands in for its
future id, so that its bills are planned as creates too.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, or_, select

from ml_connector.core import codec
from ml_connector.core.contract import Desired, Document, Payload
from ml_connector.core.ledger import crosswalks, mapped, open_documents, staging
from ml_connector.core.ledger.mapped import Verdict
from ml_connector.core.ledger.scope import Status
from ml_connector.core.planning.differences import changed_fields
from ml_connector.core.stages import extract, transform
from ml_connector.core.stages.context import FlowContext
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import document, plan
from ml_connector.core.state.store import Transaction, in_chunks

PENDING = (Status.STAGED, Status.READY, Status.WAITING, Status.REJECTED, Status.HELD, Status.FAILED)
_OPERATIONS = {Status.WAITING: "wait", Status.REJECTED: "reject", Status.HELD: "hold"}


@dataclass(slots=True)
class _Candidate:
    """A document that the run would look at, with its ledger row, if it has one."""

    key: str
    payload: Payload
    selected: bool
    row: AnyRow | None


@dataclass(slots=True)
class _Plan:
    plan_id: str
    counts: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)


async def make_plan(ctx: FlowContext, plan_id: str) -> dict[str, Any]:
    """Write the plan of one flow.

    Args:
        plan_id: shared by the flows of one run, in their order.

    Returns:
        Number of documents by operation.
    """
    work = _Plan(plan_id)
    if ctx.params.keys:
        answer = await ctx.need_source().by_key(ctx.params.keys)
        await asyncio.to_thread(_plan_documents, ctx, work, answer.documents, True)
        await asyncio.to_thread(_plan_deleted, ctx, work, answer.absent)
    else:
        for unit in ctx.units:
            for scan in await asyncio.to_thread(extract.scans, ctx, unit):
                await _plan_window(ctx, work, await asyncio.to_thread(extract.open_window, ctx, unit, scan))
    await asyncio.to_thread(_plan_pending, ctx, work)
    await asyncio.to_thread(_record, ctx, work)
    return {"plan": plan_id, **work.counts}


async def _plan_window(ctx: FlowContext, work: _Plan, reading: extract.Reading) -> None:
    async for page in ctx.need_source().read(reading.window):
        extract.check_columns(ctx, reading.mark, page)
        reading.meet(await asyncio.to_thread(_plan_documents, ctx, work, page.documents, ctx.params.full))
        work.counts["reject"] += len(page.rejected)
    if reading.whole:
        after = 0
        while rows := await asyncio.to_thread(
            open_documents.page, ctx.store, ctx.scope, reading.window.unit, after, False
        ):
            after = rows[-1].id
            if missing := [row.key for row in rows if not reading.met(row.id)]:
                answer = await ctx.need_source().by_key(missing)
                await asyncio.to_thread(_plan_documents, ctx, work, answer.documents, False)
                await asyncio.to_thread(_plan_deleted, ctx, work, answer.absent)


def _plan_documents(
    ctx: FlowContext, work: _Plan, documents: Sequence[Document], everything: bool
) -> list[int]:
    """Plan what was read; returns the ledger rows it met."""
    with ctx.store.write() as tx:
        rows = _rows(tx, ctx, document.c.key.in_([item.key for item in documents]))
        candidates = []
        for item in documents:
            row, selected = rows.get(item.key), ctx.mapping.selected(item.payload)
            changed = (
                row is None or row.source_hash != codec.digest(item.payload) or bool(row.selected) != selected
            )
            if changed or everything:
                candidates.append(_Candidate(item.key, item.payload, selected, row))
            else:
                work.counts["unchanged"] += 1
        _plan_candidates(ctx, tx, work, candidates)
    return [row.id for row in rows.values()]


def _plan_deleted(ctx: FlowContext, work: _Plan, keys: Sequence[str]) -> None:
    for chunk in in_chunks(keys):
        with ctx.store.write() as tx:
            rows = list(_rows(tx, ctx, document.c.key.in_(chunk)).values())
            _plan_candidates(ctx, tx, work, _from_ledger(tx, rows, selected=False))


def _plan_pending(ctx: FlowContext, work: _Plan) -> None:
    """What the ledger still holds, and loaded documents that another mapping would change."""
    after = 0
    while True:
        with ctx.store.write() as tx:
            stale = document.c.mapping != ctx.mapping.fingerprint
            concerned = or_(document.c.status.in_(PENDING), document.c.unmapped, stale)
            statement = select(document, mapped.MAY_HAVE_LEFT.label("left")).where(
                ctx.scope.rows(), concerned, document.c.id > after
            )
            rows = tx.connection.execute(statement.order_by(document.c.id).limit(500)).all()
            if not rows:
                return
            after = rows[-1].id
            fresh = [row for row in rows if row.key not in work.seen]
            _plan_candidates(ctx, tx, work, _from_ledger(tx, fresh, selected=True))


def _from_ledger(tx: Transaction, rows: Sequence[AnyRow], *, selected: bool) -> list[_Candidate]:
    sources = staging.load_payloads(tx, [(row.id, row.source_hash) for row in rows])
    return [
        _Candidate(row.key, sources[row.id, row.source_hash], selected and bool(row.selected), row)
        for row in rows
        if (row.id, row.source_hash) in sources
    ]


def _rows(tx: Transaction, ctx: FlowContext, condition: Any) -> dict[str, AnyRow]:
    return {
        row.key: row
        for row in tx.connection.execute(
            select(document, mapped.MAY_HAVE_LEFT.label("left")).where(ctx.scope.rows(), condition)
        )
    }


def _plan_candidates(
    ctx: FlowContext, tx: Transaction, work: _Plan, candidates: Sequence[_Candidate]
) -> None:
    candidates = [item for item in candidates if item.key not in work.seen]
    work.seen.update(item.key for item in candidates)
    crosswalk = _crosswalk(ctx, tx, work, [item.payload for item in candidates])
    loaded = staging.load_payloads(
        tx, [(item.row.id, item.row.loaded_hash) for item in candidates if item.row]
    )
    results = [
        ctx.mapping.apply(
            item.payload, crosswalk, selected=item.selected, known=transform.may_be_known(item.row)
        )
        for item in candidates
    ]
    missing = transform.explain(ctx, tx, transform.waits_of(results))
    lines = []
    for item, result in zip(candidates, results, strict=True):
        verdict, data = transform.judge(ctx, item.row or _NO_ROW, result, missing)
        previous = loaded.get((item.row.id, item.row.loaded_hash)) if item.row else None
        lines.append(_line(ctx, work, item, verdict, data, previous=previous))
    rows = [line for line in lines if line is not None]
    if rows:
        tx.connection.execute(insert(plan), [row | {"planned_at": tx.store.now()} for row in rows])


def _line(
    ctx: FlowContext, work: _Plan, item: _Candidate, verdict: Verdict, data: bytes | None, *, previous: Any
) -> dict[str, Any] | None:
    operation = _operation(ctx, item.row, verdict)
    work.counts[operation] += 1
    if operation == "unchanged":
        return None
    before: Payload = Desired.from_payload(previous).body if previous else {}
    after = Desired.from_payload(codec.decode(data)).body if data else {}
    changes = changed_fields(before, after, only_before=False) if data and not verdict.absent else []
    return {
        "id": work.plan_id, "tenant": ctx.scope.tenant, "flow": ctx.flow, "key": item.key,
        "operation": operation,
        "reason": verdict.reason, "label": verdict.facts.label, "staged_hash": verdict.staged_hash,
        "changes": ctx.store.seal(changes),
    }  # fmt: skip


def _operation(ctx: FlowContext, row: AnyRow | None, verdict: Verdict) -> str:
    status = mapped.final_status(row or _NO_ROW, verdict)
    if status in _OPERATIONS:
        return _OPERATIONS[status]
    if status is not Status.READY:
        return "unchanged"
    if (
        row is not None
        and row.status == Status.LOADED
        and not row.unmapped
        and row.mapping != ctx.mapping.fingerprint
    ):
        return "update by new mapping"
    if verdict.absent:
        return "remove"
    return "update" if row is not None and row.target_id else "create"


def _crosswalk(
    ctx: FlowContext, tx: Transaction, work: _Plan, payloads: Iterable[Payload]
) -> dict[tuple[str, str], str]:
    wanted = {key for payload in payloads for key in ctx.mapping.references(payload)}
    found = crosswalks.look_up(tx.connection, ctx.tenant.tenant, wanted)
    by_name: dict[str, list[str]] = {}
    for name, key in wanted - found.keys():
        by_name.setdefault(name, []).append(key)
    for name, keys in by_name.items():
        for chunk in in_chunks(keys):
            statement = select(plan.c.key).where(
                plan.c.id == work.plan_id,
                plan.c.flow == name,
                plan.c.operation == "create",
                plan.c.key.in_(chunk),
            )
            found.update({(name, key): f"(new {name} {key})" for key in tx.connection.scalars(statement)})
    return found


def _record(ctx: FlowContext, work: _Plan) -> None:
    with ctx.store.write() as tx:
        tx.record("planned", {"plan": work.plan_id, **work.counts}, **ctx.scope.labels())


class _Absent:
    """Stands for the row of a document that the ledger does not know yet."""

    id = 0
    status = Status.STAGED
    target_id = None
    left = False
    loaded_hash = None
    source_hash = None
    released_hash = None
    steps = None


_NO_ROW: Any = _Absent()
