"""What people do to documents and flows. Every action is an event of the trail in their name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from ml_connector.core.contract import Operation
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.ledger import claims, flows
from ml_connector.core.ledger.scope import Scope, Status, entering
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import document, watermark
from ml_connector.core.state.store import Transaction, in_chunks

REPLAYABLE = (
    Status.REJECTED,
    Status.FAILED,
    Status.DEAD,
    Status.HELD,
    Status.CONFLICT,
    Status.DRIFTED,
    Status.WAITING,
)


def replay(tx: Transaction, scope: Scope, keys: Sequence[str] = (), statuses: Sequence[Status] = ()) -> int:
    """Have documents go their way again.

    Rejected, held and waiting ones are mapped again; failed and dead ones are sent again; one in
    conflict is looked up in the target first; a drifted one overwrites what stands there.

    Args:
        keys: natural keys; empty means all of the statuses given.
        statuses: by default all that can be replayed.

    Returns:
        How many documents were concerned.
    """
    rows = _rows(tx, scope, keys, statuses or REPLAYABLE)
    for row in rows:
        tx.connection.execute(update(document).where(document.c.id == row.id).values(_again(tx, row)))
        tx.record("replayed", {"key": row.key, "status": row.status}, document_id=row.id, **scope.labels())
    return len(rows)


def release(tx: Transaction, scope: Scope, keys: Sequence[str]) -> int:
    """Let held documents go.

    Raises:
        ConfigurationError: a document was held by the mapping and has nothing to send.
    """
    rows = _rows(tx, scope, keys, (Status.HELD,))
    now = tx.store.now()
    for row in rows:
        if row.staged_hash is None:
            raise ConfigurationError(
                f"{scope.flow} {row.key} is held by the mapping ({row.reason}); "
                "change the document or the mapping, then replay it"
            )
        values = entering(Status.READY, now) | {"released_hash": row.staged_hash}
        tx.connection.execute(update(document).where(document.c.id == row.id).values(values))
        tx.record("released", {"key": row.key}, document_id=row.id, **scope.labels())
    return len(rows)


def adopt(tx: Transaction, scope: Scope, key: str, target_id: str) -> int:
    """Resolve a conflict: the target's object is this document's; it is updated from now on."""
    rows = _rows(tx, scope, [key], (Status.CONFLICT,))
    taken = claims.owned_elsewhere(tx, scope, {target_id: rows[0].id}) if rows else {}
    if taken:
        raise ConfigurationError(f"{target_id} already belongs to document {taken[target_id]}")
    for row in rows:
        values = entering(Status.READY, tx.store.now()) | {"target_id": target_id, "conflict_id": None}
        tx.connection.execute(update(document).where(document.c.id == row.id).values(values))
        data = {"key": row.key, "target_id": target_id}
        tx.record("adopted by hand", data, document_id=row.id, **scope.labels())
    return len(rows)


def create_anew(tx: Transaction, scope: Scope, key: str) -> int:
    """Resolve a conflict or drift: the object is gone, or is not this document's.

    The target is asked once more before another one is created.
    """
    rows = _rows(tx, scope, [key], (Status.CONFLICT, Status.DRIFTED))
    for row in rows:
        if row.staged_hash is None:
            raise ConfigurationError(f"{scope.flow} {row.key} has nothing to send; replay it first")
        values = _in_doubt(tx) | {
            "target_id": None, "conflict_id": None, "loaded_hash": None, "loaded_state": None, "steps": None,
            "sent_hash": row.staged_hash, "operation": Operation.CREATE.value,
        }  # fmt: skip
        tx.connection.execute(update(document).where(document.c.id == row.id).values(values))
        data = {"key": row.key, "instead_of": row.target_id}
        tx.record("to be created anew", data, document_id=row.id, **scope.labels())
    return len(rows)


def confirm_changes(tx: Transaction, scope: Scope) -> int:
    """Let the updates and removals that are ready pass the mass change guard once.

    Returns:
        How many may pass.
    """
    count = claims.pending(tx, scope)["changes"]
    flows.put(tx, scope, confirmed_changes=count, stopped_reason=None)
    tx.record("changes confirmed", {"changes": count}, **scope.labels())
    return count


def forget_columns(tx: Transaction, scope: Scope) -> int:
    """Accept the columns that the source has now as the new contract."""
    where = (watermark.c.tenant == scope.tenant, watermark.c.flow == scope.flow)
    count = tx.connection.execute(update(watermark).where(*where).values(columns=None)).rowcount
    tx.record("columns forgotten", {"marks": count}, **scope.labels())
    return count


def _again(tx: Transaction, row: AnyRow) -> dict[str, Any]:
    now = tx.store.now()
    match Status(row.status):
        case Status.FAILED | Status.DEAD:
            return entering(Status.READY, now) | {"attempts": 0, "next_try_at": None}
        case Status.CONFLICT:
            return _in_doubt(tx)
        case Status.DRIFTED:
            return entering(Status.READY, now) | {"loaded_hash": None}
        case _:
            return {"unmapped": True}


def _in_doubt(tx: Transaction) -> dict[str, Any]:
    """Column values of a document that the next load looks up before it does anything with it."""
    now = tx.store.now()
    return entering(Status.SENDING, now) | {"lease_until": now, "sent_at": now, "owner": None, "lookups": 0}


def _rows(tx: Transaction, scope: Scope, keys: Sequence[str], statuses: Sequence[Status]) -> list[AnyRow]:
    statement = select(document).where(scope.rows(), document.c.status.in_(statuses))
    if not keys:
        return list(tx.connection.execute(statement))
    found: list[AnyRow] = []
    for chunk in in_chunks(keys):
        found += tx.connection.execute(statement.where(document.c.key.in_(chunk)))
    return found
