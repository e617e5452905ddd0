"""Questions that people ask of the state database, answered without any bank detail.

Every answer consists of plain dicts of text, numbers, booleans and None, ready for JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select, update

from ml_connector.core import codec
from ml_connector.core.ledger.privacy import is_private, masked, plain
from ml_connector.core.ledger.reports import latest
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import IS_OPEN, batch, document, flow_state, plan, watermark
from ml_connector.core.state.store import Store, Transaction, in_chunks

Answer = dict[str, Any]

_LISTED = (
    document.c.id, document.c.tenant, document.c.flow, document.c.key, document.c.label, document.c.unit,
    document.c.status, document.c.reason, document.c.since, document.c.deadline, document.c.state,
    document.c.amount, document.c.currency, document.c.target_id, document.c.attempts, document.c.loaded_at,
)  # fmt: skip


def answers(rows: Iterable[AnyRow], *, without: Sequence[str] = ()) -> list[Answer]:
    """Rows as answers."""
    return [
        {name: plain(value) for name, value in row._mapping.items() if name not in without} for row in rows
    ]


# Status ---------------------------------------------------------------------------------------


def status(connection: Connection, now: datetime, tenant: str | None = None) -> list[Answer]:
    """One entry per flow: its last success and age, open states with their reasons, its watermarks."""
    return [_flow_status(connection, *flow, now) for flow in _flows(connection, tenant)]


def never_run(tenant: str, flow: str) -> Answer:
    """The entry of a flow that is configured and left no trace yet."""
    return {
        "tenant": tenant, "flow": flow, "last_success": None, "age_seconds": None, "stopped": None,
        "documents": {}, "open": [], "overdue": 0, "watermarks": [],
    }  # fmt: skip


def _flows(connection: Connection, tenant: str | None) -> list[tuple[str, str]]:
    """Every flow that left a trace, in the order in which flows were first run."""
    first = select(batch.c.tenant, batch.c.flow, func.min(batch.c.started_at)).group_by(
        batch.c.tenant, batch.c.flow
    )
    known = {(row[0], row[1]): row[2] for row in connection.execute(first)}
    states = connection.execute(select(flow_state.c.tenant, flow_state.c.flow))
    everything = [
        *sorted(known, key=lambda flow: (flow[0], known[flow])),
        *((row[0], row[1]) for row in states),
    ]
    return [flow for flow in dict.fromkeys(everything) if tenant in (None, flow[0])]


def _flow_status(connection: Connection, tenant: str, flow: str, now: datetime) -> Answer:
    state = connection.execute(
        select(flow_state).where(flow_state.c.tenant == tenant, flow_state.c.flow == flow)
    ).first()
    succeeded = state.succeeded_at if state else None
    by_status = (
        select(document.c.status, func.count())
        .where(document.c.tenant == tenant, document.c.flow == flow)
        .group_by(document.c.status)
    )
    counts = {row[0]: row[1] for row in connection.execute(by_status)}
    return {
        "tenant": tenant,
        "flow": flow,
        "last_success": plain(succeeded),
        "age_seconds": int((now - succeeded).total_seconds()) if succeeded else None,
        "stopped": state.stopped_reason if state else None,
        "documents": dict(sorted(counts.items())),
        "open": _reasons(connection, tenant, flow),
        "overdue": connection.scalar(
            select(func.count()).where(_open_of(tenant, flow), document.c.deadline <= now)
        ),
        "watermarks": answers(connection.execute(_watermarks(tenant, flow))),
    }


def _open_of(tenant: str, flow: str) -> Any:
    return and_(document.c.tenant == tenant, document.c.flow == flow, IS_OPEN)


def _reasons(connection: Connection, tenant: str, flow: str, limit: int = 10) -> list[Answer]:
    """The commonest reasons of open documents; what differs between documents is left out of a reason."""
    statement = (
        select(document.c.status, document.c.reason, func.count(), func.min(document.c.since))
        .where(_open_of(tenant, flow))
        .group_by(document.c.status, document.c.reason)
        .order_by(func.count().desc(), document.c.status, document.c.reason)
    )
    rows = connection.execute(statement.limit(limit)).all()
    return [{"status": row[0], "reason": row[1], "count": row[2], "oldest": plain(row[3])} for row in rows]


def _watermarks(tenant: str, flow: str) -> Select[Any]:
    columns = (
        watermark.c.dataset, watermark.c.unit, watermark.c.scan, watermark.c.value, watermark.c.completed_at,
        watermark.c.cursor.is_not(None).label("interrupted"),
    )  # fmt: skip
    return (
        select(*columns)
        .where(watermark.c.tenant == tenant, watermark.c.flow == flow)
        .order_by(watermark.c.unit, watermark.c.scan)
    )


# Documents ------------------------------------------------------------------------------------


def records(
    connection: Connection,
    *,
    tenant: str | None = None,
    flow: str | None = None,
    statuses: Sequence[str] = (),
    text: str | None = None,
    open_only: bool = False,
    limit: int = 50,
) -> list[Answer]:
    """Documents by filter, the longest in their state first.

    Args:
        text: part of a key or label (an invoice number, a vendor's name).
    """
    statement: Select[Any] = select(*_LISTED)
    if tenant:
        statement = statement.where(document.c.tenant == tenant)
    if flow:
        statement = statement.where(flow_is(flow))
    if statuses:
        statement = statement.where(document.c.status.in_(statuses))
    if open_only:
        statement = statement.where(IS_OPEN)
    if text:
        statement = statement.where(
            or_(
                document.c.key.icontains(text, autoescape=True),
                document.c.label.icontains(text, autoescape=True),
                document.c.target_id == text,
            )
        )
    statement = statement.order_by(document.c.since, document.c.id).limit(limit)
    return answers(connection.execute(statement))


def flow_is(flow: str) -> Any:
    """A flow by its full name (``bill.bills``) or by the part after the dot."""
    return document.c.flow == flow if "." in flow else document.c.flow.endswith(f".{flow}", autoescape=True)


def newly_overdue(connection: Connection, tenant: str, now: datetime, limit: int = 500) -> list[Answer]:
    """A tenant's open documents past their deadline of which nobody was told yet."""
    statement = (
        select(*_LISTED)
        .where(document.c.tenant == tenant, IS_OPEN)
        .where(document.c.deadline <= now, document.c.alerted_at.is_(None))
        .order_by(document.c.deadline)
        .limit(limit)
    )
    return answers(connection.execute(statement))


def scopes(connection: Connection, tenant: str | None, flow: str | None) -> list[Scope]:
    """The flows that a command concerns, by name or by the part after the dot."""
    statement = select(document.c.tenant, document.c.environment, document.c.flow).distinct()
    if tenant:
        statement = statement.where(document.c.tenant == tenant)
    if flow:
        statement = statement.where(flow_is(flow))
    return [Scope(*row) for row in connection.execute(statement.order_by(*statement.selected_columns))]


def mark_alerted(tx: Transaction, ids: Sequence[int]) -> None:
    """Note that people were told of these documents."""
    now = tx.store.now()
    for chunk in in_chunks(ids):
        tx.connection.execute(update(document).where(document.c.id.in_(chunk)).values(alerted_at=now))


# Plans and reconciliation ---------------------------------------------------------------------


def latest_plan(
    store: Store, *, tenant: str | None = None, flow: str | None = None, limit: int = 500
) -> list[Answer]:
    """What the newest dry run of each tenant would do, flow by flow."""
    with store.read() as connection:
        statement = select(plan).where(_latest_plans(connection, tenant, flow))
        rows = connection.execute(
            statement.order_by(plan.c.tenant, plan.c.flow, plan.c.key).limit(limit)
        ).all()
    return [
        answers([row], without=("changes",))[0]
        | {"changes": [change_answer(item) for item in store.open(row.changes) or []]}
        for row in rows
    ]


def planned_counts(
    connection: Connection, *, tenant: str | None = None, flow: str | None = None
) -> dict[tuple[str, str], dict[str, int]]:
    """How many documents the same dry runs would touch: by tenant and flow, then by operation."""
    statement = (
        select(plan.c.tenant, plan.c.flow, plan.c.operation, func.count())
        .where(_latest_plans(connection, tenant, flow))
        .group_by(plan.c.tenant, plan.c.flow, plan.c.operation)
    )
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for name, flow_name, operation, count in connection.execute(statement):
        counts.setdefault((name, flow_name), {})[operation] = count
    return counts


def _latest_plans(connection: Connection, tenant: str | None, flow: str | None) -> Any:
    newest = select(plan.c.tenant, plan.c.id, func.max(plan.c.planned_at)).group_by(plan.c.tenant, plan.c.id)
    by_tenant: dict[str, tuple[datetime, str]] = {}
    for name, plan_id, at in connection.execute(newest):
        if tenant in (None, name):
            by_tenant[name] = max(by_tenant.get(name, (at, plan_id)), (at, plan_id))
    ours = plan.c.id.in_([plan_id for _, plan_id in by_tenant.values()])
    if not flow:
        return ours
    return and_(ours, or_(plan.c.flow == flow, plan.c.flow.endswith(f".{flow}", autoescape=True)))


def change_answer(item: Answer) -> Answer:
    """One field's difference, as people may see it."""
    names = re.sub(r"\[\d+]", "", str(item["field"])).split(".")
    name = next((part for part in names if is_private(part)), names[-1])
    return {"field": item["field"]} | {side: masked(item.get(side), name) for side in ("before", "after")}


def reconciliations(store: Store, *, tenant: str | None = None, flow: str | None = None) -> list[Answer]:
    """The newest report of each flow: totals by unit, status and currency, and every difference by name."""
    with store.read() as connection:
        flows = [
            item
            for item in _flows(connection, tenant)
            if flow is None or flow in (item[1], item[1].partition(".")[2])
        ]
        return [
            report_answer(store, name, flow_name, latest(connection, name, flow_name))
            for name, flow_name in flows
        ]


def report_answer(store: Store, tenant: str, flow: str, rows: Sequence[AnyRow]) -> Answer:
    """A report from its rows: totals by unit, status and currency, and every difference by name."""
    totals, differences = [], []
    for row in rows:
        if row.kind == "total":
            numbers = masked(codec.decode(row.detail))
            group = {"unit": row.unit, "status": row.business_status, "currency": row.currency}
            totals.append(group | numbers | {"explained": row.explained})
        else:
            facts = {"kind": row.kind, "key": row.key, "label": row.label, "unit": row.unit}
            detail = store.open(row.detail)
            changes = [change_answer(item) for item in detail.get("changes", [])]
            shown = masked(detail) | ({"changes": changes} if changes else {})
            differences.append(facts | {"explained": row.explained, "detail": shown})
    return {
        "tenant": tenant,
        "flow": flow,
        "report": rows[0].report if rows else None,
        "at": plain(rows[0].at) if rows else None,
        "reconciled": all(row.explained for row in rows),
        "totals": totals,
        "differences": differences,
    }
