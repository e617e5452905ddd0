"""How far suppliers' invoices have come in the ledger: what is sent or under way keeps its match."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from ml_connector.core.ledger.scope import IN_FLIGHT, Scope, Status
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import Store, in_chunks

_MAY_BE_THERE = IN_FLIGHT | {Status.CONFLICT}
"""States in which PeopleSoft may hold a voucher that the ledger has no id of."""

_GOES = (
    frozenset({Status.READY, Status.WAITING, Status.LOADED, Status.FAILED, Status.DEAD, Status.DRIFTED})
    | _MAY_BE_THERE
)
"""States of a document whose voucher is in PeopleSoft, or may still get there: without a match only where a
person released it."""

PAGE = 200


def sent_keys(store: Store, scope: Scope, keys: Sequence[str]) -> set[str]:
    """Those of these documents that PeopleSoft has, or may have. Blocking."""
    return _keys(store, scope, keys, _MAY_BE_THERE)


def going_keys(store: Store, scope: Scope, keys: Sequence[str]) -> set[str]:
    """Those that PeopleSoft has or may still get, released ones among them; held ones are not. Blocking."""
    return _keys(store, scope, keys, _GOES)


def _keys(store: Store, scope: Scope, keys: Sequence[str], statuses: frozenset[Status]) -> set[str]:
    columns = (document.c.key, document.c.status, document.c.target_id)
    found: set[str] = set()
    with store.read() as connection:
        for chunk in in_chunks(keys):
            statement = select(*columns).where(scope.rows(), document.c.key.in_(chunk))
            for key, status, target_id in connection.execute(statement):
                if target_id is not None or status in statuses:
                    found.add(key)
    return found


def document_id(connection: Connection, scope: Scope, key: str) -> int | None:
    """Row of a document; None where it was not taken over yet."""
    return connection.scalar(select(document.c.id).where(scope.rows(), document.c.key == key))


def open_keys(store: Store, scope: Scope, after: str) -> list[str]:
    """The next documents that may still be matched otherwise, in key order. Blocking.

    What the mapping leaves out (people booked it) is not matched again.
    """
    statement = select(document.c.key).where(
        scope.rows(), document.c.source_open, document.c.status != Status.EXCLUDED, document.c.key > after
    )
    with store.read() as connection:
        return list(connection.scalars(statement.order_by(document.c.key).limit(PAGE)))
