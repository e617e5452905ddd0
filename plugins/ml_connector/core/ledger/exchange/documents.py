"""Documents of the ledger by what became of them at the other side."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import in_chunks


def of_targets(connection: Connection, scope: Scope, target_ids: Collection[str]) -> dict[str, int]:
    """Ids of a flow's documents, by their target ids."""
    rows = _rows(connection, scope, target_ids)
    return {target_id: row_id for row_id, _, target_id in rows}


def made_of(connection: Connection, scope: Scope, target_ids: Collection[str]) -> dict[str, str]:
    """Which documents of a flow became these objects: key by target id, whatever state they are in now."""
    rows = _rows(connection, scope, target_ids)
    return {target_id: key for _, key, target_id in rows}


def _rows(connection: Connection, scope: Scope, target_ids: Collection[str]) -> list[tuple[int, str, str]]:
    statement = select(document.c.id, document.c.key, document.c.target_id).where(scope.rows())
    return [
        (row.id, row.key, row.target_id)
        for chunk in in_chunks(dict.fromkeys(target_ids))
        for row in connection.execute(statement.where(document.c.target_id.in_(chunk)))
    ]
