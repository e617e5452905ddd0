"""The inbox: events that other systems sent, once each, until a run has taken them up.

An event only wakes: the run that closes it has read the object itself from the other system.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from sqlalchemy import Connection, func, select, update

from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.database import AnyRow, upsert
from ml_connector.core.state.schema import inbox
from ml_connector.core.state.store import Transaction, in_chunks
from ml_connector.core.webhooks import Event

Origin = Literal["webhook", "history"]
MAX_TEXT = 128


def put(tx: Transaction, system: str, tenant: str, events: Iterable[Event], *, origin: Origin) -> int:
    """Store events that are not there yet.

    Args:
        system: who sent them.
        origin: delivered to the receiver, or fetched from the sender's history.

    Returns:
        How many were new.
    """
    shared = {"system": system, "tenant": tenant, "origin": origin, "received_at": tx.store.now()}
    new = 0
    # In one order everywhere: two writers that hold the same events do not wait for each other.
    for event in sorted(events, key=lambda event: event.event_id):
        values = {
            "event_id": event.event_id,
            "type": event.type[:MAX_TEXT],
            "body": tx.store.seal(event.body),
        }
        statement = upsert(tx.connection, inbox).values(**shared, **values)
        keys = ["system", "tenant", "event_id"]
        fresh = statement.on_conflict_do_nothing(index_elements=keys).returning(inbox.c.id)
        new += len(tx.connection.execute(fresh).all())
    return new


def waiting(connection: Connection, system: str, tenant: str, limit: int) -> Sequence[AnyRow]:
    """Events that no run has taken up, oldest first."""
    statement = select(inbox).where(
        inbox.c.system == system, inbox.c.tenant == tenant, inbox.c.closed_at.is_(None)
    )
    return connection.execute(statement.order_by(inbox.c.id).limit(limit)).all()


def known(connection: Connection, system: str, tenant: str, event_ids: Iterable[str]) -> set[str]:
    """Those of the ids that were stored already, whatever became of their events."""
    found: set[str] = set()
    for chunk in in_chunks(event_ids):
        statement = select(inbox.c.event_id).where(
            inbox.c.system == system, inbox.c.tenant == tenant, inbox.c.event_id.in_(chunk)
        )
        found.update(connection.scalars(statement))
    return found


def close(tx: Transaction, scope: Scope, rows: Sequence[AnyRow], *, run: str) -> None:
    """Note that a run took events up; each is an event of the trail."""
    for chunk in in_chunks([row.id for row in rows]):
        statement = update(inbox).where(inbox.c.id.in_(chunk), inbox.c.closed_at.is_(None))
        tx.connection.execute(statement.values(closed_at=tx.store.now(), run=run[:256]))
    for row in rows:
        data = {"event": row.event_id, "type": row.type, "origin": row.origin}
        tx.record("event taken", data | {"received_at": row.received_at.isoformat()}, **scope.labels())


def pending(connection: Connection) -> dict[tuple[str, str], tuple[int, int]]:
    """Highest id and number of the events that wait, by system and tenant."""
    statement = select(inbox.c.system, inbox.c.tenant, func.max(inbox.c.id), func.count())
    statement = statement.where(inbox.c.closed_at.is_(None)).group_by(inbox.c.system, inbox.c.tenant)
    return {
        (system, tenant): (highest, count) for system, tenant, highest, count in connection.execute(statement)
    }
