"""Reconciliation reports: totals by unit and status, and the differences by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, select

from ml_connector.core import codec
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import reconciliation
from ml_connector.core.state.store import Transaction


@dataclass(frozen=True, slots=True)
class Difference:
    """One document on which source, ledger and target disagree.

    Attributes:
        kind: ``missing`` (gone from the target), ``surplus`` (only in the target), ``duplicate`` (one more
            object in the target under a key that another one has), ``changed`` (by hand in the target),
            ``source new``, ``source changed``, ``source deleted``.
        key: natural key; for a surplus object or a duplicate its target id.
        explained: the ledger has an open row for it, or an earlier report named it.
    """

    kind: str
    key: str
    label: str | None
    unit: str | None
    detail: dict[str, Any]
    explained: bool


@dataclass(frozen=True, slots=True)
class Total:
    """Counts and amounts of one unit, status and currency.

    ``open`` are documents that the source wants in the target and the ledger says are not there yet.
    """

    unit: str
    business_status: str
    currency: str
    source_count: int
    source_amount: Decimal
    ledger_count: int
    ledger_amount: Decimal
    target_count: int
    target_amount: Decimal
    open_count: int
    open_amount: Decimal

    @property
    def explained(self) -> bool:
        """Whether open rows account for the whole difference between source and target."""
        counts = self.source_count - self.target_count == self.open_count
        return counts and self.source_amount - self.target_amount == self.open_amount

    def detail(self) -> dict[str, Any]:
        """The numbers, for storage and display."""
        names = ("source", "ledger", "target", "open")
        numbers = {
            f"{name}_{what}": getattr(self, f"{name}_{what}")
            for name in names
            for what in ("count", "amount")
        }
        return numbers | {"difference": self.source_amount - self.target_amount}


def save(
    tx: Transaction, scope: Scope, report: str, totals: Sequence[Total], differences: Sequence[Difference]
) -> None:
    """Store a report; an empty one leaves a line that says that nothing is to report."""
    base = {"report": report, "tenant": scope.tenant, "flow": scope.flow, "at": tx.store.now()}
    rows = [
        base
        | {
            "kind": "total", "unit": row.unit, "business_status": row.business_status,
            "currency": row.currency,
            "key": None, "label": None, "detail": codec.encode(row.detail()), "explained": row.explained,
        }
        for row in totals
    ]  # fmt: skip
    rows += [
        base
        | {
            "kind": item.kind, "unit": item.unit, "business_status": None, "currency": None, "key": item.key,
            "label": item.label, "detail": tx.store.seal(item.detail), "explained": item.explained,
        }
        for item in differences
    ]  # fmt: skip
    if rows:
        for row_id, row in zip(tx.new_ids(reconciliation, len(rows)), rows, strict=True):
            row["id"] = row_id
        tx.connection.execute(insert(reconciliation), rows)


def by_kind(differences: Sequence[Difference]) -> dict[str, int]:
    """Number of differences by kind."""
    return dict(Counter(item.kind for item in differences))


def known_surplus(connection: Connection, scope: Scope, target_ids: Sequence[str]) -> set[str]:
    """Target ids that an earlier report named as surplus or duplicate already."""
    if not target_ids:
        return set()
    statement = select(reconciliation.c.key).where(
        reconciliation.c.tenant == scope.tenant,
        reconciliation.c.flow == scope.flow,
        reconciliation.c.kind.in_(("surplus", "duplicate")),
        reconciliation.c.key.in_(target_ids),
    )
    return set(connection.scalars(statement))


def latest(connection: Connection, tenant: str, flow: str) -> list[AnyRow]:
    """All rows of a flow's newest report: totals first, then differences."""
    newest = (
        select(reconciliation.c.report)
        .where(reconciliation.c.tenant == tenant, reconciliation.c.flow == flow)
        .order_by(reconciliation.c.at.desc(), reconciliation.c.id.desc())
        .limit(1)
    )
    statement = select(reconciliation).where(reconciliation.c.report == newest.scalar_subquery())
    return list(connection.execute(statement.order_by(reconciliation.c.id)))
