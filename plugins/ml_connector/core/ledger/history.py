"""Reports, plans and settlements of the past, for people to page through; the newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, case, func, not_, select

from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import plan, reconciliation, settlement


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One reconciliation of one flow; ``unexplained`` counts totals and differences alike."""

    report: str
    tenant: str
    flow: str
    at: datetime
    differences: int
    unexplained: int


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One dry run: how many documents of each flow each operation concerns."""

    plan: str
    tenant: str
    at: datetime
    counts: Sequence[AnyRow]


@dataclass(frozen=True, slots=True)
class Settled:
    """Which settlement rows are wanted; dates are ISO dates and both included."""

    tenant: str
    flows: Sequence[str]
    export: str | None = None
    since: str | None = None
    until: str | None = None

    def statement(self) -> Select[tuple[object, ...]]:
        """The rows in an order that never changes but at its beginning."""
        found = select(settlement).where(
            settlement.c.tenant == self.tenant, settlement.c.flow.in_(self.flows)
        )
        if self.export:
            found = found.where(settlement.c.export == self.export)
        if self.since:
            found = found.where(settlement.c.accounting_date >= self.since)
        if self.until:
            found = found.where(settlement.c.accounting_date <= self.until)
        keys = (settlement.c.flow, settlement.c.reference, settlement.c.entry, settlement.c.part)
        return found.order_by(settlement.c.accounting_date.desc(), *keys)


def reports(
    connection: Connection, tenant: str, flow: str, *, before: datetime | None = None, limit: int = 1
) -> list[ReportLine]:
    """A flow's newest reports; each costs one step in the index of reports."""
    return [_report_line(connection, row) for row in _newest_reports(connection, tenant, flow, before, limit)]


def _newest_reports(
    connection: Connection, tenant: str, flow: str, before: datetime | None, limit: int
) -> Iterator[AnyRow]:
    for _ in range(limit):
        statement = select(reconciliation).where(
            reconciliation.c.tenant == tenant, reconciliation.c.flow == flow
        )
        if before is not None:
            statement = statement.where(reconciliation.c.at < before)
        row = connection.execute(statement.order_by(reconciliation.c.at.desc()).limit(1)).first()
        if row is None:
            return
        before = row.at
        yield row


def _report_line(connection: Connection, row: AnyRow) -> ReportLine:
    is_difference = case((reconciliation.c.kind != "total", 1), else_=0)
    is_unexplained = case((not_(reconciliation.c.explained), 1), else_=0)
    counted = select(func.sum(is_difference), func.sum(is_unexplained))
    differences, unexplained = connection.execute(counted.where(reconciliation.c.report == row.report)).one()
    return ReportLine(row.report, row.tenant, row.flow, row.at, differences, unexplained)


def report_rows(connection: Connection, report: str) -> Sequence[AnyRow]:
    """All rows of one report: totals first, then differences."""
    statement = select(reconciliation).where(reconciliation.c.report == report)
    return connection.execute(statement.order_by(reconciliation.c.id)).all()


def plans(connection: Connection, tenant: str, flows: Sequence[str], *, limit: int = 20) -> list[PlanLine]:
    """A tenant's newest plans."""
    found: list[PlanLine] = []
    before: datetime | None = None
    for _ in range(limit):
        statement = select(plan.c.id).where(plan.c.tenant == tenant)
        if before is not None:
            statement = statement.where(plan.c.planned_at < before)
        plan_id = connection.scalar(statement.order_by(plan.c.planned_at.desc()).limit(1))
        if plan_id is None:
            break
        line = plan_line(connection, plan_id, flows)
        before = connection.scalar(select(func.min(plan.c.planned_at)).where(plan.c.id == plan_id))
        if line is not None and line.counts:
            found.append(line)
    return found


def plan_line(connection: Connection, plan_id: str, flows: Sequence[str]) -> PlanLine | None:
    """One plan's numbers, None where there is no such plan."""
    first = connection.execute(select(plan.c.tenant, plan.c.planned_at).where(plan.c.id == plan_id)).first()
    if first is None:
        return None
    grouped = (plan.c.flow, plan.c.operation)
    counted = select(*grouped, func.count().label("documents"))
    counts = connection.execute(
        counted.where(plan.c.id == plan_id, plan.c.flow.in_(flows)).group_by(*grouped).order_by(*grouped)
    ).all()
    return PlanLine(plan_id, first.tenant, first.planned_at, counts)


def plan_rows(
    connection: Connection,
    plan_id: str,
    flows: Sequence[str],
    *,
    operation: str | None = None,
    after: tuple[str, str] = ("", ""),
    limit: int = 100,
) -> Sequence[AnyRow]:
    """Documents of a plan in order of flow and key, after the given flow and key."""
    flow, key = after
    later = (plan.c.flow > flow) | ((plan.c.flow == flow) & (plan.c.key > key))
    statement = select(plan).where(plan.c.id == plan_id, plan.c.flow.in_(flows), later)
    if operation:
        statement = statement.where(plan.c.operation == operation)
    return connection.execute(statement.order_by(plan.c.flow, plan.c.key).limit(limit)).all()


def settled(
    connection: Connection, wanted: Settled, *, offset: int = 0, limit: int = 100
) -> Sequence[AnyRow]:
    """A page of settlement rows."""
    return connection.execute(wanted.statement().offset(offset).limit(limit)).all()


def exports(connection: Connection, tenant: str, flows: Sequence[str]) -> Sequence[AnyRow]:
    """The files into which settlements were written: name, number of rows, when."""
    statement = select(
        settlement.c.export,
        func.count().label("parts"),
        func.min(settlement.c.created_at).label("created_at"),
        func.max(settlement.c.exported_at).label("exported_at"),
    ).where(settlement.c.tenant == tenant, settlement.c.flow.in_(flows), settlement.c.export.is_not(None))
    newest = func.min(settlement.c.created_at).desc()
    return connection.execute(statement.group_by(settlement.c.export).order_by(newest).limit(50)).all()
