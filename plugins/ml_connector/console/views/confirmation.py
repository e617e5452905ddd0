"""What an action concerns, for the page that asks before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from ml_connector.console.actions import Action, Request
from ml_connector.core.ledger import crosswalks
from ml_connector.core.ledger.search import LISTED
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import IS_OPEN, document
from ml_connector.core.state.store import Store, in_chunks

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Concerned:
    """Documents by name, as many as fit, and how many there are; a crosswalk entry as it stands now."""

    rows: Sequence[AnyRow] = ()
    count: int = 0
    target_id: str = ""
    label: str | None = None


def concerned(store: Store, action: Action, asked: Request) -> Concerned:
    """What would be done to what."""
    with store.read() as connection:
        if action.name.startswith("crosswalk"):
            return _entry(connection, asked)
        if not action.keys:
            return Concerned()
        return _documents(connection, asked)


def _entry(connection: Connection, asked: Request) -> Concerned:
    key = asked.keys[0] if asked.keys else ""
    row = crosswalks.find(connection, asked.scope.tenant, asked.scope.flow, key)
    if row is None:
        return Concerned(target_id=asked.target_id)
    return Concerned(count=1, target_id=row.target_id, label=row.label)


def _documents(connection: Connection, asked: Request) -> Concerned:
    columns = (*LISTED, document.c.conflict_id)
    if asked.keys:
        rows: list[AnyRow] = []
        for chunk in in_chunks(asked.keys):
            found = select(*columns).where(asked.scope.rows(), document.c.key.in_(chunk))
            rows += connection.execute(found.order_by(document.c.key)).all()
        conflict_id = rows[0].conflict_id if len(rows) == 1 else None
        return Concerned(rows[:SHOWN], len(rows), asked.target_id or conflict_id or "")
    where = (asked.scope.rows(), document.c.status.in_(asked.statuses), IS_OPEN)
    listed = connection.execute(select(*columns).where(*where).order_by(document.c.id).limit(SHOWN)).all()
    count = connection.scalar(select(func.count()).where(*where)) or 0
    return Concerned(listed, count)
