"""Taking a mapping's results into the ledger, and finding what is to be mapped (again)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, or_, select, update

from ml_connector.core.config.values import REVERSE
from ml_connector.core.ledger.exchange.answers import REJECTED
from ml_connector.core.ledger.exchange.outbound import OUT, UPLOADING
from ml_connector.core.ledger.scope import IN_FLIGHT, Scope, Status, entering
from ml_connector.core.ledger.staging import UNREADABLE
from ml_connector.core.mapping.results import Facts
from ml_connector.core.state.bulk import Bulk
from ml_connector.core.state.database import AnyRow, records
from ml_connector.core.state.exchange_schema import interchange, transaction_set
from ml_connector.core.state.schema import crosswalk, document
from ml_connector.core.state.store import Transaction, in_chunks

REMAPPABLE = (Status.STAGED, Status.WAITING, Status.REJECTED, Status.HELD, Status.READY, Status.EXCLUDED)
"""States in which a changed mapping or value map is applied at once."""

_UNTOUCHED = IN_FLIGHT | {Status.CONFLICT}
"""States that a mapping does not change: a request is under way, or a person decides."""

_PATIENT = frozenset({Status.HELD, Status.WAITING})
"""A document that is judged again, and still waits for the same, does not begin to wait anew: its deadline
would never come."""

MAY_HAVE_LEFT = exists().where(
    transaction_set.c.document_id == document.c.id,
    transaction_set.c.interchange_id == interchange.c.id,
    interchange.c.direction == OUT,
    or_(interchange.c.status == UPLOADING, interchange.c.uploaded_at.is_not(None)),
    transaction_set.c.status != REJECTED,
)
"""A file of the document is at the other side, or may be, though nothing has said so yet."""

# The source may have changed the row since it was read: then it stays to be mapped again.
_UPDATE = Bulk(
    lambda _: update(document).where(
        document.c.id == bindparam("row_id"), document.c.source_hash == bindparam("seen_hash")
    )
)


@dataclass(slots=True)
class Verdict:
    """Result of mapping one row.

    ``staged_hash`` is None unless the mapping succeeded. ``waits`` names crosswalk and key.
    """

    row_id: int
    status: Status
    reason: str | None
    facts: Facts
    mapping: str
    staged_hash: str | None = None
    state: str | None = None
    absent: bool = False
    waits: tuple[str, str] | None = None


def mark_changed_mapping(tx: Transaction, scope: Scope, fingerprint: str) -> int:
    """Have rows mapped again that an older mapping judged. Loaded rows are shown by a plan instead."""
    changed = or_(document.c.mapping != fingerprint, document.c.mapping.is_(None))
    result = tx.connection.execute(
        update(document)
        .where(
            scope.rows(),
            ~document.c.unmapped,
            document.c.status.in_(REMAPPABLE),
            changed,
            document.c.selected,
            document.c.source_hash != UNREADABLE,
        )
        .values(unmapped=True)
    )
    return result.rowcount


def wake_waiting(tx: Transaction, scope: Scope) -> int:
    """Have rows mapped again whose crosswalk entry has come."""
    arrived = exists().where(
        crosswalk.c.tenant == document.c.tenant,
        crosswalk.c.name == document.c.waits_for,
        crosswalk.c.key == document.c.waits_key,
        crosswalk.c.active,
    )
    made = exists().where(
        crosswalk.c.tenant == document.c.tenant,
        crosswalk.c.name == func.substr(document.c.waits_for, len(REVERSE) + 1),
        crosswalk.c.target_id == document.c.waits_key,
    )
    condition = and_(scope.rows(), document.c.waits_for.is_not(None), or_(arrived, made))
    return tx.connection.execute(update(document).where(condition).values(unmapped=True)).rowcount


def waiting(tx: Transaction, scope: Scope, after: int, limit: int) -> Sequence[AnyRow]:
    """Rows that a crosswalk entry keeps from going, in id order."""
    statement = select(
        document.c.id, document.c.status, document.c.reason, document.c.waits_for, document.c.waits_key
    ).where(
        scope.rows(),
        document.c.waits_for.is_not(None),
        document.c.status.in_((Status.WAITING, Status.REJECTED)),
        ~document.c.unmapped,
        document.c.id > after,
    )
    return tx.connection.execute(statement.order_by(document.c.id).limit(limit)).all()


def tell_again(tx: Transaction, row: AnyRow, status: Status, reason: str) -> None:
    """Change why a row waits; it begins to wait anew only where its state changes."""
    entered = {} if row.status == status else entering(status, tx.store.now())
    values = entered | {"reason": reason}
    tx.connection.execute(update(document).where(document.c.id == row.id).values(values))


def next_unmapped(tx: Transaction, scope: Scope, after: int, limit: int) -> Sequence[AnyRow]:
    """Rows to map, in id order."""
    statement = select(
        document.c.id, document.c.key, document.c.unit, document.c.status, document.c.selected,
        document.c.source_hash, document.c.staged_hash, document.c.loaded_hash, document.c.target_id,
        document.c.absent_since, document.c.released_hash, document.c.steps,
        MAY_HAVE_LEFT.label("left"),
    ).where(scope.rows(), document.c.unmapped, document.c.id > after)  # fmt: skip
    return records(tx.connection.execute(statement.order_by(document.c.id).limit(limit)))


def save(tx: Transaction, rows: dict[int, AnyRow], verdicts: Sequence[Verdict]) -> list[Status]:
    """Store verdicts.

    A row in flight, or in a person's hands, keeps its state and takes a new payload for later. A
    refusal of such a row is not lost: it stays unmapped and is judged again when the row is free.

    Returns:
        The state that each verdict led to.
    """
    now = tx.store.now()
    statuses: list[Status] = []
    by_status: dict[tuple[Status, bool], list[dict[str, Any]]] = {}
    for verdict in verdicts:
        row = rows[verdict.row_id]
        status = final_status(row, verdict)
        statuses.append(status)
        untouched = status in _UNTOUCHED
        if untouched and verdict.status is not Status.READY:
            continue
        values = _columns(row, verdict)
        if not untouched:
            told = status in (verdict.status, Status.EXCLUDED)
            values["reason"] = verdict.reason if told else None
        stays = untouched or (status in _PATIENT and row.status == status)
        by_status.setdefault((status, stays), []).append(values)
    for (status, stays), group in by_status.items():
        entered = {} if stays else entering(status, now)
        _UPDATE(tx.connection, group, unmapped=False, **entered)
    return statuses


def _columns(row: AnyRow, verdict: Verdict) -> dict[str, Any]:
    facts, waits = verdict.facts, verdict.waits or (None, None)
    return {
        "row_id": verdict.row_id, "seen_hash": row.source_hash, "mapping": verdict.mapping,
        # None where the mapping did not succeed: what was staged before must not go out in its stead.
        "staged_hash": verdict.staged_hash, "state": verdict.state,
        "staged_absent": verdict.absent, "waits_for": waits[0], "waits_key": waits[1],
        "label": facts.label and facts.label[:256], "party": facts.party and facts.party[:256],
        "reference": facts.reference and facts.reference[:256],
        "amount": facts.amount, "currency": facts.currency, "business_status": facts.group,
    }  # fmt: skip


def final_status(row: AnyRow, verdict: Verdict) -> Status:
    """The state that a verdict leads to, given where the row stands.

    Equal to what stands in the target: nothing to do, unless a write of something else was begun and not
    finished. Never sent and not to be there: excluded. Of what may have left nobody can say that it was
    never sent.
    """
    if row.status in _UNTOUCHED:
        return Status(row.status)
    if verdict.staged_hash is not None and verdict.staged_hash == row.loaded_hash and row.steps is None:
        return Status.LOADED  # what a person released, and was sent, is not held again
    if verdict.status is Status.HELD and is_released(row, verdict):
        return Status.READY
    if verdict.status is not Status.READY:
        return verdict.status
    if verdict.absent and row.target_id is None and not row.left:
        return Status.EXCLUDED
    return Status.READY


def is_released(row: AnyRow, verdict: Verdict) -> bool:
    """Whether a person has let go exactly what the mapping holds."""
    return verdict.staged_hash is not None and verdict.staged_hash == row.released_hash


def explain_missing(tx: Transaction, owner: Scope, keys: Sequence[str]) -> dict[str, AnyRow]:
    """Rows of the documents that others wait for, by key."""
    found = {}
    for chunk in in_chunks(keys):
        statement = select(document.c.key, document.c.status, document.c.reason, document.c.label).where(
            owner.rows(), document.c.key.in_(chunk)
        )
        found.update({row.key: row for row in tx.connection.execute(statement)})
    return found
