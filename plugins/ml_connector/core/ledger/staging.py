"""Putting what a source holds into the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from ml_connector.core import codec
from ml_connector.core.contract import Document, Payload, Unreadable
from ml_connector.core.ledger.scope import IN_FLIGHT, Scope, Status, entering
from ml_connector.core.ledger.watermarks import moment
from ml_connector.core.state.bulk import Bulk
from ml_connector.core.state.database import AnyRow, records, upsert
from ml_connector.core.state.schema import document, payload
from ml_connector.core.state.store import Transaction, in_chunks

UNREADABLE = "unreadable"
"""Source hash of a document whose data could not be read."""

_MAY_BE_THERE = IN_FLIGHT | {Status.CONFLICT}
"""States in which the target may hold the document although the ledger has no id for it."""

Values = dict[str, Any]
"""Column values."""

_ENTRIES = (
    (True, Status.STAGED, None),
    (False, Status.EXCLUDED, "outside the dataset's selection"),
)
"""How a new document enters the ledger, by whether the dataset selects it."""

_INSERT = Bulk(lambda _: insert(document))
_UPDATE = Bulk(lambda _: update(document).where(document.c.id == bindparam("row_id")))
_INSERT_PAYLOAD = Bulk(lambda connection: upsert(connection, payload).on_conflict_do_nothing())


@dataclass(slots=True)
class Staged:
    """What one page did to the ledger; ``ids`` are the rows of all its documents."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    excluded: int = 0
    unreadable: int = 0
    ids: list[int] = field(default_factory=list)


def stage(
    tx: Transaction,
    scope: Scope,
    documents: Sequence[Document],
    selected: Callable[[Payload], bool],
    *,
    batch: str,
    remap: bool = False,
    ordered: bool = False,
) -> Staged:
    """Insert new documents and take over changed ones; an unchanged one costs no write.

    Args:
        selected: whether the dataset's selection holds for a payload.
        batch: id of the run.
        remap: treat unchanged documents as changed.
        ordered: stamps are times, so that a version with an earlier one is an old one: lists lag.
    """
    result, now = Staged(), tx.store.now()
    unique = {item.key: item for item in documents}
    known = known_rows(tx, scope, list(unique))
    new_ids = iter(tx.new_ids(document, len(unique) - len(known)) if len(unique) > len(known) else ())
    fresh: dict[bool, list[Values]] = {True: [], False: []}
    changed: list[Values] = []
    payloads: list[Values] = []
    for key, item in unique.items():
        data, chosen, row = codec.encode(item.payload), selected(item.payload), known.get(key)
        digest = codec.digest_of(data)
        source = {"source_hash": digest, "source_stamp": item.stamp, "source_open": item.open}
        result.excluded += not chosen
        if row is None:
            row_id, relevant = next(new_ids), chosen
            result.new += 1
            fresh[chosen].append({"id": row_id, "key": key, "unit": item.unit, **source})
        elif not remap and (_same(row, digest, chosen, item.open) or (ordered and _is_older(row, item))):
            row_id, relevant = row.id, False
            result.unchanged += 1
        else:
            sent_before = row.target_id is not None or row.status != Status.EXCLUDED
            row_id, relevant = row.id, chosen or sent_before
            result.changed += 1
            changed.append({"row_id": row_id, "selected": chosen, "unmapped": relevant, **source})
        result.ids.append(row_id)
        if relevant:
            payloads.append({"document_id": row_id, "hash": digest, "data": data})
    for chosen, status, reason in _ENTRIES:
        values = _new_row(scope) | entering(status, now, reason)
        _INSERT(tx.connection, fresh[chosen], selected=chosen, unmapped=chosen, batch=batch, **values)
    _UPDATE(tx.connection, changed, absent_since=None, batch=batch)
    save_payloads(tx, payloads)
    return result


def stage_unreadable(tx: Transaction, scope: Scope, items: Sequence[Unreadable], *, batch: str) -> None:
    """Reject documents whose data breaks the dataset's rules, naming field, value and expectation.

    One that is in flight, or in a person's hands, keeps its state: whether the target holds it is not
    known, and forgetting that would send it twice. It is judged when it is free.
    """
    now = tx.store.now()
    known = known_rows(tx, scope, [item.key for item in items])
    for item in items:
        reason = f"{item.field}: {item.value!r} is not {item.expected}"
        row = known.get(item.key)
        if row is not None and row.source_hash == UNREADABLE and row.status == Status.REJECTED:
            continue
        values = {"source_hash": UNREADABLE, "unmapped": False, "selected": True, "batch": batch}
        if row is not None and row.status in _MAY_BE_THERE:
            values["unmapped"] = True
        else:
            values |= entering(Status.REJECTED, now, reason)
        if row is None:
            row_id = tx.new_ids(document, 1)[0]
            new = {"id": row_id, "key": item.key, "unit": item.unit, "source_open": True}
            tx.connection.execute(insert(document).values(new | _new_row(scope) | values))
        else:
            row_id = row.id
            tx.connection.execute(update(document).where(document.c.id == row_id).values(values))
        tx.record("rejected", {"key": item.key, "reason": reason}, document_id=row_id, **scope.labels())


def stage_deleted(tx: Transaction, scope: Scope, keys: Sequence[str]) -> int:
    """The source says, key by key, that these documents are gone: they leave the selection.

    Returns:
        How many rows of the ledger were concerned.
    """
    now, count = tx.store.now(), 0
    for row in known_rows(tx, scope, keys).values():
        if row.absent_since is not None:
            continue
        count += 1
        values: dict[str, Any] = {
            "selected": False,
            "source_open": False,
            "absent_since": now,
            "unmapped": True,
        }
        if row.target_id is None and row.status not in _MAY_BE_THERE:
            excluded = entering(Status.EXCLUDED, now, "deleted in the source before it was ever sent")
            values |= excluded | {"unmapped": False, "waits_for": None, "waits_key": None}
        tx.connection.execute(update(document).where(document.c.id == row.id).values(values))
        tx.record("deleted in source", {"key": row.key}, document_id=row.id, **scope.labels())
    return count


def known_rows(tx: Transaction, scope: Scope, keys: Sequence[str]) -> dict[str, AnyRow]:
    """Rows of these keys, by key."""
    columns = (
        document.c.id, document.c.key, document.c.status, document.c.source_hash, document.c.selected,
        document.c.source_open, document.c.target_id, document.c.absent_since, document.c.source_stamp,
    )  # fmt: skip
    found = {}
    for chunk in in_chunks(keys):
        statement = select(*columns).where(scope.rows(), document.c.key.in_(chunk))
        found.update({row.key: row for row in records(tx.connection.execute(statement))})
    return found


def save_payloads(tx: Transaction, rows: list[dict[str, Any]]) -> None:
    """Store payloads under document and hash; what is there already stays."""
    if not rows:
        return
    seal = tx.store.cipher.seal
    for row in rows:
        row["data"] = seal(row["data"])
    _INSERT_PAYLOAD(tx.connection, rows, created_at=tx.store.now())


def load_payloads(tx: Transaction, wanted: Sequence[tuple[int, str | None]]) -> dict[tuple[int, str], Any]:
    """Decoded payloads by document and hash; what retention has removed is not in the answer."""
    hashes = {(row_id, digest) for row_id, digest in wanted if digest}
    found: dict[tuple[int, str], Any] = {}
    for chunk in in_chunks(sorted({row_id for row_id, _ in hashes})):
        statement = select(payload.c.document_id, payload.c.hash, payload.c.data)
        rows = tx.connection.execute(statement.where(payload.c.document_id.in_(chunk))).all()
        for row_id, digest, data in rows:
            if (row_id, digest) in hashes:
                found[row_id, digest] = tx.store.open(data)
    return found


def _same(row: AnyRow, digest: str, chosen: bool, is_open: bool) -> bool:
    unchanged = (
        row.source_hash == digest and bool(row.selected) == chosen and bool(row.source_open) == is_open
    )
    return unchanged and row.absent_since is None


def _is_older(row: AnyRow, item: Document) -> bool:
    if row.absent_since is not None or not row.source_stamp or not item.stamp:
        return False
    return moment(item.stamp) < moment(row.source_stamp)


def _new_row(scope: Scope) -> Values:
    return {
        "tenant": scope.tenant, "environment": scope.environment, "flow": scope.flow, "staged_absent": False,
        "lookups": 0, "attempts": 0,
    }  # fmt: skip
