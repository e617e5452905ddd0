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
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Update,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)

from ml_connector.core.contract import Desired, Intent, Operation
from ml_connector.core.ledger.scope import Scope, Status, entering
from ml_connector.core.ledger.staging import load_payloads
from ml_connector.core.state.bulk import Bulk
from ml_connector.core.state.columns import UtcTime
from ml_connector.core.state.database import AnyRow, records
from ml_connector.core.state.schema import IS_OPEN, document
from ml_connector.core.state.store import Transaction, in_chunks

_RETURNED = (
    document.c.id, document.c.key, document.c.unit, document.c.operation, document.c.staged_hash,
    document.c.sent_hash, document.c.loaded_hash, document.c.target_id, document.c.attempt_id,
    document.c.attempts, document.c.lookups, document.c.steps, document.c.sent_at, document.c.receipt,
    document.c.status, document.c.staged_absent,
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


def _stands(status: Status) -> ColumnElement[bool]:
    """Rows in an open state, found by the index of open rows."""
    return and_(document.c.status == status, IS_OPEN)


def claim_ready(tx: Transaction, scope: Scope, lease: Lease, limit: int) -> list[Claim]:
    """Claim new documents."""
    return _claim(tx, scope, lease, _stands(Status.READY), limit)


def claim_state_changes(tx: Transaction, scope: Scope, lease: Lease, limit: int) -> list[Claim]:
    """Claim documents whose object shall change its state: paid meanwhile, withdrawn, restored.

    They go before anything else: until then the target may still act on the old state.
    """
    moved = and_(document.c.loaded_state.is_not(None), document.c.state != document.c.loaded_state)
    return _claim(tx, scope, lease, and_(_stands(Status.READY), moved), limit)


def claim_retries(tx: Transaction, scope: Scope, lease: Lease, limit: int) -> list[Claim]:
    """Claim failed documents whose time has come."""
    due = and_(_stands(Status.FAILED), document.c.next_try_at <= tx.store.now())
    return _claim(tx, scope, lease, due, limit)


def _claim(
    tx: Transaction, scope: Scope, lease: Lease, condition: ColumnElement[bool], limit: int
) -> list[Claim]:
    now = tx.store.now()
    candidates = select(document.c.id).where(scope.rows(), condition, ~document.c.unmapped)
    candidates = candidates.order_by(document.c.id).limit(limit)
    values = entering(Status.SENDING, now) | {
        "attempt_id": uuid.uuid4().hex, "owner": lease.owner, "lease_until": now + lease.length,
        "operation": _OPERATION, "sent_hash": document.c.staged_hash, "sent_at": now + lease.length,
        "lookups": 0,
    }  # fmt: skip
    rows = _take(tx, candidates, condition, values)
    return _with_intents(tx, rows, in_doubt=False)


def _take(
    tx: Transaction, candidates: Select[Any], condition: ColumnElement[bool], values: dict[str, Any]
) -> list[AnyRow]:
    """Update the rows that a query chooses; they come back in id order.

    The query stands in a WITH clause: inside the UPDATE's own condition PostgreSQL may run it again
    for each row, and then its LIMIT limits nothing.
    """
    chosen = candidates.with_for_update(skip_locked=True).cte("chosen")
    statement = update(document).where(document.c.id.in_(select(chosen.c.id)), condition).values(values)
    rows = records(tx.connection.execute(statement.returning(*_RETURNED)))
    return sorted(rows, key=itemgetter(0))


def take_over(tx: Transaction, scope: Scope, lease: Lease, limit: int) -> list[Claim]:
    """Claim documents in doubt: sent, or about to be, by someone whose lease has ended."""
    now = tx.store.now()
    condition = and_(_stands(Status.SENDING), document.c.lease_until <= now)
    candidates = select(document.c.id).where(scope.rows(), condition).order_by(document.c.id).limit(limit)
    values: dict[str, Any] = {
        "attempt_id": uuid.uuid4().hex, "owner": lease.owner, "lease_until": now + lease.length,
        "lookups": document.c.lookups + 1,
    }  # fmt: skip
    rows = _take(tx, candidates, condition, values)
    claims = _with_intents(tx, rows, in_doubt=True)
    for claim in claims:
        tx.record("taken over", {"key": claim.row.key}, document_id=claim.row.id, **scope.labels())
    return claims


def claim_accepted(tx: Transaction, scope: Scope, lease: Lease, limit: int, after: int) -> list[Claim]:
    """Accepted documents to be confirmed; the lease keeps two runs from asking at once."""
    now = tx.store.now()
    free = or_(document.c.lease_until.is_(None), document.c.lease_until <= now)
    condition = and_(_stands(Status.ACCEPTED), document.c.id > after, free)
    candidates = select(document.c.id).where(scope.rows(), condition).order_by(document.c.id).limit(limit)
    values = {"owner": lease.owner, "lease_until": now + lease.length}
    rows = _take(tx, candidates, condition, values)
    taken = _with_intents(tx, rows, in_doubt=False)
    for claim in taken:
        claim.intent.superseded = _superseding(claim.row)
    return taken


def _superseding(row: AnyRow) -> Operation | None:
    """What has been staged since the row was sent."""
    if row.staged_hash in (None, row.sent_hash):
        return None
    return Operation.REMOVE if row.staged_absent else Operation.UPDATE


def renew(tx: Transaction, scope: Scope, lease: Lease) -> None:
    """Prolong the leases of everything this task still holds."""
    until = tx.store.now() + lease.length
    held = and_(scope.rows(), _stands(Status.SENDING), document.c.owner == lease.owner)
    tx.connection.execute(update(document).where(held).values(lease_until=until, sent_at=until))


def save_step(tx: Transaction, intent: Intent) -> None:
    """Make the finished steps of a document durable."""
    tx.connection.execute(
        update(document)
        .where(document.c.id == intent.document_id, document.c.attempt_id == intent.attempt_id)
        .values(steps=tx.store.seal(intent.steps))
    )


def held(tx: Transaction, taken: Sequence[Claim]) -> set[int]:
    """Rows that are still claimed by the attempt that took them; nobody else can take them now."""
    attempts = {claim.row.id: claim.row.attempt_id for claim in taken}
    found: set[int] = set()
    for chunk in in_chunks(sorted(attempts)):
        statement = select(document.c.id, document.c.attempt_id).where(document.c.id.in_(chunk))
        rows = tx.connection.execute(statement.order_by(document.c.id).with_for_update()).all()
        found.update(row_id for row_id, attempt in rows if attempt == attempts[row_id])
    return found


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
    now = tx.store.now()
    overdue = entering(Status.READY, now)["deadline"]
    return _SETTLE_LOADED(tx.connection, values, now=now, overdue=overdue)


def _settle_loaded(_: Connection) -> Update:
    current = document.c.staged_hash == document.c.sent_hash
    now = bindparam("now", type_=UtcTime)
    return (
        update(document)
        .where(document.c.id == bindparam("row_id"), document.c.attempt_id == bindparam("attempt"))
        .values(
            status=case((current, Status.LOADED.value), else_=Status.READY.value),
            deadline=case((current, None), else_=bindparam("overdue", type_=UtcTime)),
            reason=None, since=now, alerted_at=None, loaded_hash=document.c.sent_hash, loaded_at=now,
            loaded_state=case((current, document.c.state), else_=document.c.loaded_state),
            loaded_absent=document.c.operation == Operation.REMOVE.value,
            loaded_amount=case((current, document.c.amount), else_=document.c.loaded_amount),
            target_id=bindparam("new_target_id"), attempt_id=None, owner=None, lease_until=None, attempts=0,
            lookups=0, steps=None, receipt=None, next_try_at=None, conflict_id=None,
        )
    )  # fmt: skip


_SETTLE_LOADED = Bulk(_settle_loaded)


def owned_elsewhere(tx: Transaction, scope: Scope, target_ids: dict[str, int]) -> dict[str, str]:
    """Target ids that another document of the flow already has: id to that document's key."""
    taken: dict[str, str] = {}
    for chunk in in_chunks(target_ids):
        statement = select(document.c.id, document.c.key, document.c.target_id)
        rows = tx.connection.execute(statement.where(scope.rows(), document.c.target_id.in_(chunk))).all()
        taken.update({target_id: key for row_id, key, target_id in rows if row_id != target_ids[target_id]})
    return taken


def map_others_again(tx: Transaction, scope: Scope) -> None:
    """An object of the flow was made anew: what other flows of the system loaded may refer to the old one."""
    system = scope.flow.partition(".")[0]
    others = and_(
        document.c.tenant == scope.tenant, document.c.environment == scope.environment,
        document.c.flow.startswith(f"{system}.", autoescape=True), document.c.flow != scope.flow,
        document.c.status == Status.LOADED,
    )  # fmt: skip
    tx.connection.execute(update(document).where(others).values(unmapped=True))


def pending(tx: Transaction, scope: Scope) -> dict[str, int]:
    """How many updates and removals are ready, and how many documents stand in the target.

    What was begun may be finished: it passed when it began. What never was loaded cannot be damaged.
    """
    fresh = and_(_stands(Status.READY), document.c.steps.is_(None), document.c.loaded_hash.is_not(None))
    kinds = select(_OPERATION.label("kind"), func.count()).where(scope.rows(), fresh)
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
        scope.rows(), _stands(Status.SENDING), worth_waiting
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
