"""Claiming documents for the target, and settling what became of them.

A claim is one conditional update: it writes the attempt, its owner and a lease before any request
leaves. Every settlement is conditional on the attempt, so that a task whose claim was taken over
changes nothing. ``sent_at`` is the latest moment at which the request can have left.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, func, or_, select, update

from ml_connector.core.contract import Desired, Intent, Operation
from ml_connector.core.ledger.scope import Scope, Status, entering
from ml_connector.core.ledger.staging import load_payloads
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import Transaction, in_chunks

_RETURNED = (
    document.c.id, document.c.key, document.c.unit, document.c.operation, document.c.staged_hash,
    document.c.sent_hash, document.c.loaded_hash, document.c.target_id, document.c.attempt_id,
    document.c.attempts, document.c.lookups, document.c.steps, document.c.sent_at, document.c.receipt,
)  # fmt: skip

_OPERATION = case(
    (document.c.staged_absent, Operation.REMOVE.value),
    (document.c.target_id.is_(None), Operation.CREATE.value),
    else_=Operation.UPDATE.value,
)


@dataclass(frozen=True, slots=True)
class Lease:
    """Who claims, and for how long."""

    owner: str
    length: timedelta


@dataclass(slots=True)
class Claim:
    """One claimed row with the intent built from it.

    ``sent_at`` of a row in doubt is the latest moment at which the earlier request can have left.
    """

    row: AnyRow
    intent: Intent


def claim_ready(tx: Transaction, scope: Scope, lease: Lease, limit: int) -> list[Claim]:
    """Claim new documents."""
    return _claim(tx, scope, lease, document.c.status == Status.READY, limit)


def claim_retries(tx: Transaction, scope: Scope, lease: Lease, limit: int) -> list[Claim]:
    """Claim failed documents whose time has come."""
    due = and_(document.c.status == Status.FAILED, document.c.next_try_at <= tx.store.now())
    return _claim(tx, scope, lease, due, limit)


def _claim(
    tx: Transaction, scope: Scope, lease: Lease, condition: ColumnElement[bool], limit: int
) -> list[Claim]:
    now = tx.store.now()
    candidates = select(document.c.id).where(scope.rows(), condition, ~document.c.unmapped)
    chosen = candidates.order_by(document.c.id).limit(limit).with_for_update(skip_locked=True)
    values = entering(Status.SENDING, now) | {
        "attempt_id": uuid.uuid4().hex, "owner": lease.owner, "lease_until": now + lease.length,
        "operation": _OPERATION, "sent_hash": document.c.staged_hash, "sent_at": now + lease.length,
        "lookups": 0,
    }  # fmt: skip
    statement = update(document).where(document.c.id.in_(chosen.scalar_subquery()), condition).values(values)
    rows = tx.connection.execute(statement.returning(*_RETURNED)).all()
    return _with_intents(tx, sorted(rows, key=lambda row: row.id), in_doubt=False)


def take_over(tx: Transaction, scope: Scope, lease: Lease, limit: int) -> list[Claim]:
    """Claim documents in doubt: sent, or about to be, by someone whose lease has ended."""
    now = tx.store.now()
    condition = and_(document.c.status == Status.SENDING, document.c.lease_until <= now)
    candidates = select(document.c.id).where(scope.rows(), condition).order_by(document.c.id).limit(limit)
    chosen = candidates.with_for_update(skip_locked=True)
    values: dict[str, Any] = {
        "attempt_id": uuid.uuid4().hex, "owner": lease.owner, "lease_until": now + lease.length,
        "lookups": document.c.lookups + 1,
    }  # fmt: skip
    statement = update(document).where(document.c.id.in_(chosen.scalar_subquery()), condition).values(values)
    rows = tx.connection.execute(statement.returning(*_RETURNED)).all()
    claims = _with_intents(tx, sorted(rows, key=lambda row: row.id), in_doubt=True)
    for claim in claims:
        tx.record("taken over", {"key": claim.row.key}, document_id=claim.row.id, **scope.labels())
    return claims


def claim_accepted(tx: Transaction, scope: Scope, lease: Lease, limit: int, after: int) -> list[Claim]:
    """Accepted documents to be confirmed; the lease keeps two runs from asking at once."""
    now = tx.store.now()
    free = or_(document.c.lease_until.is_(None), document.c.lease_until <= now)
    condition = and_(document.c.status == Status.ACCEPTED, document.c.id > after, free)
    candidates = select(document.c.id).where(scope.rows(), condition).order_by(document.c.id).limit(limit)
    chosen = candidates.with_for_update(skip_locked=True)
    values = {"owner": lease.owner, "lease_until": now + lease.length}
    statement = update(document).where(document.c.id.in_(chosen.scalar_subquery()), condition).values(values)
    rows = tx.connection.execute(statement.returning(*_RETURNED)).all()
    return _with_intents(tx, sorted(rows, key=lambda row: row.id), in_doubt=False)


def renew(tx: Transaction, scope: Scope, lease: Lease) -> None:
    """Prolong the leases of everything this task still holds."""
    until = tx.store.now() + lease.length
    held = and_(scope.rows(), document.c.status == Status.SENDING, document.c.owner == lease.owner)
    tx.connection.execute(update(document).where(held).values(lease_until=until, sent_at=until))


def save_step(tx: Transaction, intent: Intent) -> None:
    """Make the finished steps of a document durable."""
    tx.connection.execute(
        update(document)
        .where(document.c.id == intent.document_id, document.c.attempt_id == intent.attempt_id)
        .values(steps=tx.store.seal(intent.steps))
    )


def settle(tx: Transaction, values: Sequence[dict[str, Any]]) -> int:
    """Write outcomes, each conditional on its attempt.

    Args:
        values: column values with ``row_id`` and ``attempt``; all with the same columns.

    Returns:
        How many rows were still ours.
    """
    if not values:
        return 0
    condition = and_(document.c.id == bindparam("row_id"), document.c.attempt_id == bindparam("attempt"))
    return tx.connection.execute(update(document).where(condition), list(values)).rowcount


def settle_loaded(tx: Transaction, values: Sequence[dict[str, Any]]) -> int:
    """Like :func:`settle` for documents that stand in the target now.

    What was staged while the request was under way makes the row ready again.

    Args:
        values: ``row_id``, ``attempt`` and ``new_target_id`` of each.
    """
    if not values:
        return 0
    now = tx.store.now()
    current = document.c.staged_hash == document.c.sent_hash
    ready = entering(Status.READY, now)
    statement = (
        update(document)
        .where(document.c.id == bindparam("row_id"), document.c.attempt_id == bindparam("attempt"))
        .values(
            status=case((current, Status.LOADED.value), else_=Status.READY.value),
            deadline=case((current, None), else_=ready["deadline"]),
            reason=None, since=now, alerted_at=None, loaded_hash=document.c.sent_hash, loaded_at=now,
            loaded_state=case((current, document.c.state), else_=document.c.loaded_state),
            loaded_absent=document.c.operation == Operation.REMOVE.value,
            loaded_amount=case((current, document.c.amount), else_=document.c.loaded_amount),
            target_id=bindparam("new_target_id"), attempt_id=None, owner=None, lease_until=None, attempts=0,
            lookups=0, steps=None, receipt=None, next_try_at=None, conflict_id=None,
        )
    )  # fmt: skip
    return tx.connection.execute(statement, list(values)).rowcount


def owned_elsewhere(tx: Transaction, scope: Scope, target_ids: dict[str, int]) -> dict[str, str]:
    """Target ids that another document of the flow already has: id to that document's key."""
    taken = {}
    for chunk in in_chunks(target_ids):
        statement = select(document.c.id, document.c.key, document.c.target_id)
        for row in tx.connection.execute(statement.where(scope.rows(), document.c.target_id.in_(chunk))):
            if row.id != target_ids[row.target_id]:
                taken[row.target_id] = row.key
    return taken


def pending(tx: Transaction, scope: Scope) -> dict[str, int]:
    """How many updates and removals are ready, and how many documents stand in the target."""
    kinds = select(_OPERATION.label("kind"), func.count()).where(
        scope.rows(), document.c.status == Status.READY
    )
    counts = {row[0]: row[1] for row in tx.connection.execute(kinds.group_by(_OPERATION))}
    there = select(func.count()).where(scope.rows(), document.c.loaded_hash.is_not(None))
    return {
        "changes": counts.get("update", 0) + counts.get("remove", 0),
        "there": tx.connection.scalar(there) or 0,
    }


def next_doubt(connection: Connection, scope: Scope, horizon: datetime) -> datetime | None:
    """When the next document in doubt can be taken over.

    Args:
        horizon: leases of others that reach beyond it belong to someone who is alive.
    """
    worth_waiting = or_(document.c.owner.is_(None), document.c.lease_until <= horizon)
    statement = select(func.min(document.c.lease_until)).where(
        scope.rows(), document.c.status == Status.SENDING, worth_waiting
    )
    found: datetime | None = connection.scalar(statement)
    return found


def _with_intents(tx: Transaction, rows: Sequence[AnyRow], *, in_doubt: bool) -> list[Claim]:
    wanted = [(row.id, row.sent_hash) for row in rows]
    wanted += [(row.id, row.loaded_hash) for row in rows if row.operation != Operation.CREATE]
    payloads = load_payloads(tx, wanted)
    claims = []
    for row in rows:
        previous = payloads.get((row.id, row.loaded_hash))
        claims.append(
            Claim(
                row,
                Intent(
                    document_id=row.id, key=row.key, unit=row.unit, operation=Operation(row.operation),
                    desired=Desired.from_payload(payloads[row.id, row.sent_hash]),
                    attempt_id=row.attempt_id or "",
                    previous=Desired.from_payload(previous) if previous else None, target_id=row.target_id,
                    attempted_at=row.sent_at if in_doubt else None, steps=tx.store.open(row.steps) or {},
                ),
            )
        )  # fmt: skip
    return claims
