"""Documents that a complete read, or a read of everything open, should have met again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import Store

PAGE = 1000


def page(store: Store, scope: Scope, unit: str, after: int, only_open: bool) -> Sequence[AnyRow]:
    """The next rows of a unit that the source is believed to hold, in id order.

    Args:
        only_open: only those that may change without a new stamp.
    """
    statement = select(document.c.id, document.c.key).where(
        scope.rows(), document.c.unit == unit, document.c.absent_since.is_(None), document.c.id > after
    )
    if only_open:
        statement = statement.where(document.c.source_open)
    with store.read() as connection:
        rows: Sequence[AnyRow] = connection.execute(statement.order_by(document.c.id).limit(PAGE)).all()
    return rows
