"""All flows at a glance: last success, open documents with their reasons, what stands still."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import IS_OPEN, document, flow_state, watermark

REASONS = 5
"""So many reasons are named for each flow, the commonest first."""


@dataclass(slots=True)
class Glance:
    """One flow of one tenant.

    Attributes:
        documents: all that the ledger holds.
        open: number of open documents by state.
        overdue: open documents past their deadline.
        reasons: rows with ``status``, ``reason``, ``count`` and ``oldest``.
        stopped: why the mass change guard holds the flow, None where it does not.
    """

    succeeded_at: datetime | None = None
    stopped: str | None = None
    documents: int = 0
    overdue: int = 0
    open: dict[str, int] = field(default_factory=dict)
    reasons: list[AnyRow] = field(default_factory=list)
    watermarks: list[AnyRow] = field(default_factory=list)


def traces(connection: Connection) -> set[tuple[str, str]]:
    """Tenant and name of every flow that ever began to read or to load."""
    tables = (flow_state, watermark)
    rows = (connection.execute(select(table.c.tenant, table.c.flow).distinct()) for table in tables)
    return {(row.tenant, row.flow) for found in rows for row in found}


def glances(connection: Connection, tenants: Sequence[str], now: datetime) -> dict[tuple[str, str], Glance]:
    """Every flow of these tenants that left a trace, by tenant and flow."""
    found: dict[tuple[str, str], Glance] = {}

    def of(row: AnyRow) -> Glance:
        return found.setdefault((row.tenant, row.flow), Glance())

    for row in _rows(connection, select(flow_state).where(flow_state.c.tenant.in_(tenants))):
        glance = of(row)
        glance.succeeded_at, glance.stopped = row.succeeded_at, row.stopped_reason
    marks = select(watermark).where(watermark.c.tenant.in_(tenants))
    for row in _rows(connection, marks.order_by(watermark.c.unit, watermark.c.scan)):
        of(row).watermarks.append(row)
    for row in _rows(connection, _totals(tenants)):
        of(row).documents = row.documents
    for row in _rows(connection, _by_state(tenants, now)):
        glance = of(row)
        glance.open[row.status] = row.documents
        glance.overdue += row.overdue
    for row in _rows(connection, _by_reason(tenants)):
        of(row).reasons.append(row)
    return found


def _rows(connection: Connection, statement: Any) -> Iterable[AnyRow]:
    return connection.execute(statement)


def _totals(tenants: Sequence[str]) -> Any:
    grouped = (document.c.tenant, document.c.flow)
    counted = select(*grouped, func.count().label("documents"))
    return counted.where(document.c.tenant.in_(tenants)).group_by(*grouped)


def _by_state(tenants: Sequence[str], now: datetime) -> Any:
    grouped = (document.c.tenant, document.c.flow, document.c.status)
    late = func.sum(case((document.c.deadline <= now, 1), else_=0)).label("overdue")
    counted = select(*grouped, func.count().label("documents"), late)
    return counted.where(document.c.tenant.in_(tenants), IS_OPEN).group_by(*grouped)


def _by_reason(tenants: Sequence[str]) -> Any:
    """The commonest reasons of each flow; what differs between documents is left out of a reason."""
    grouped = (document.c.tenant, document.c.flow, document.c.status, document.c.reason)
    place = func.row_number().over(
        partition_by=(document.c.tenant, document.c.flow),
        order_by=(func.count().desc(), document.c.status, document.c.reason),
    )
    counted = (
        select(
            *grouped,
            func.count().label("documents"),
            func.min(document.c.since).label("oldest"),
            place.label("place"),
        )
        .where(and_(document.c.tenant.in_(tenants), IS_OPEN))
        .group_by(*grouped)
        .subquery()
    )
    return select(counted).where(counted.c.place <= REASONS).order_by(counted.c.place)
