"""Finding documents by what people have in hand, and listing them by state; fast on a million rows.

Every step is a range of one index, read in that index's order: a page costs the same wherever it is.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, literal, not_, or_, select

from ml_connector.core.ledger.scope import PATIENCE, Status
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import IS_OPEN, document
from ml_connector.core.state.terms import HIGHEST, Folded, NumberIn

Scopes = Mapping[str, Sequence[str]]
"""Flows by tenant."""

OPEN = tuple(PATIENCE)
LISTED = (
    document.c.id, document.c.tenant, document.c.flow, document.c.key, document.c.label, document.c.unit,
    document.c.status, document.c.reason, document.c.since, document.c.deadline, document.c.state,
    document.c.amount, document.c.currency, document.c.target_id, document.c.party,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is restricted to.

    Attributes:
        statuses: empty means all.
        reason: exactly this one.
        overdue_at: only what is past its deadline then.
    """

    statuses: Sequence[str] = ()
    reason: str | None = None
    overdue_at: datetime | None = None

    def condition(self) -> ColumnElement[bool]:
        """The same in SQL."""
        wanted: list[ColumnElement[bool]] = []
        if self.statuses:
            wanted.append(document.c.status.in_(self.statuses))
        if self.reason is not None:
            wanted.append(document.c.reason == self.reason)
        if self.overdue_at is not None:
            wanted.append(document.c.deadline <= self.overdue_at)
        return and_(*wanted) if wanted else literal(1) == 1


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of documents; ``following`` is where the next one begins, None at the end."""

    rows: Sequence[AnyRow]
    following: str | None


@dataclass(frozen=True, slots=True)
class _Step:
    """One range of one index: its condition, what it is ordered by before the id, and in which direction."""

    condition: ColumnElement[bool]
    order: ColumnElement[str] | None
    newest_first: bool = False

    def after(self, value: str | None, row_id: int) -> ColumnElement[bool]:
        beyond = document.c.id < row_id if self.newest_first else document.c.id > row_id
        if self.order is None or value is None:
            return beyond
        return and_(self.order >= value, or_(self.order > value, beyond))


def search(
    connection: Connection,
    scopes: Scopes,
    text: str,
    *,
    chosen: Filter | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Hits:
    """Documents whose target id is the text, or whose number, key, label or party begins with it.

    Leading zeros, the business unit and the case of letters do not matter. Without a text: all that fit the filter, the newest of each flow first.

    Args:
        scopes: the flows to look in.
        after: ``following`` of the page before; one that makes no sense begins anew.
    """
    chosen = chosen or Filter()
    steps = list(_ways(scopes, text.strip()) if text.strip() else _listings(scopes, chosen))
    first, value, row_id = _position(after, len(steps))
    rows: list[AnyRow] = []
    for number in range(first, len(steps)):
        step = steps[number]
        order = literal(None).label("term") if step.order is None else step.order.label("term")
        statement = select(*LISTED, order).where(step.condition, chosen.condition())
        if number == first and row_id is not None:
            statement = statement.where(step.after(value, row_id))
        by = document.c.id.desc() if step.newest_first else document.c.id
        statement = statement.order_by(*([] if step.order is None else [step.order]), by)
        rows += connection.execute(statement.limit(limit + 1 - len(rows))).all()
        if len(rows) > limit:
            at = number if len(rows) - limit < len(rows) else first
            return _full_page(rows[:limit], steps, at)
    return Hits(rows, None)
