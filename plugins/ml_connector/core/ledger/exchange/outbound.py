"""Interchanges that we send: bytes, numbers and documents in one place, so that a retry sends the same again.

An interchange is kept before its first byte leaves. What a partner's acknowledgment names are only
control numbers; the rows kept here say which document they stand for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, func, insert, or_, select, update

from ml_connector.core import codec
from ml_connector.core.contract import Payload
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.ledger.exchange.model import (
    ANSWER_SECONDS,
    BUILT,
    DELIVERED,
    FAILED,
    KEPT,
    NOT_EXPECTED,
    OUT,
    SENT,
    SUPERSEDED,
    UPLOADED,
    UPLOADING,
    Exchange,
    NewInterchange,
    NewSet,
)
from ml_connector.core.state.database import AnyRow, upsert
from ml_connector.core.state.exchange_schema import interchange, transaction_set
from ml_connector.core.state.store import Store, Transaction, in_chunks

__all__ = [
    "BUILT",
    "DELIVERED",
    "FAILED",
    "KEPT",
    "NOT_EXPECTED",
    "OUT",
    "SENT",
    "SUPERSEDED",
    "UPLOADED",
    "UPLOADING",
    "Exchange",
    "NewInterchange",
    "NewSet",
    "arrived",
    "content",
    "delivered",
    "exchanges",
    "failed",
    "history",
    "keep",
    "latest",
    "mark",
    "of_interchanges",
    "picked_up",
    "revision",
    "superseded",
    "uploaded",
    "uploading",
    "waiting",
]

_OF_INTERCHANGE = (
    "environment", "number", "file_name", "content_hash", "size", "status", "reason", "since", "uploaded_at",
    "picked_up_at", "delivered_at", "answer_due_at", "alerted_at",
)  # fmt: skip
_OF_SET = (
    "interchange_id", "tenant", "partner", "sender", "receiver", "group_code", "group_number", "set_code",
    "set_number", "flow", "document_id", "key", "document_hash", "reference", "response", "created_at",
    "responded_at",
)  # fmt: skip
_COLUMNS = (
    *(interchange.c[name] for name in _OF_INTERCHANGE),
    *(transaction_set.c[name] for name in _OF_SET),
    transaction_set.c.id.label("set_id"),
    transaction_set.c.status.label("set_status"),
    transaction_set.c.reason.label("set_reason"),
    interchange.c.route.label("sealed_route"),
    transaction_set.c.data.label("sealed_data"),
)


# ---- keeping


def keep(tx: Transaction, new: NewInterchange) -> list[Exchange]:
    """Store an interchange and its sets; the bytes are sealed, and the trail gets every number.

    Returns:
        The sets, in the order given.

    Raises:
        ValueError: the same bytes were kept before, so they carry no number of their own.
    """
    now, (number,) = tx.store.now(), tx.new_ids(interchange, 1)
    values = {
        "id": number, "tenant": new.address.tenant, "environment": new.address.environment,
        "direction": OUT, "partner": new.partner, "sender": new.address.sender,
        "receiver": new.address.receiver, "number": new.number, "file_name": new.file_name,
        "route": tx.store.seal(new.route | _answer(new)), "content": tx.store.cipher.seal(new.content),
        "content_hash": codec.digest_of(new.content), "size": len(new.content), "status": BUILT,
        "since": now, "created_at": now,
    }  # fmt: skip
    statement = upsert(tx.connection, interchange).values(values).on_conflict_do_nothing()
    if tx.connection.execute(statement.returning(interchange.c.id)).first() is None:
        raise ValueError(f"{new.file_name}: the same bytes were sent under another name already")
    ids = list(tx.new_ids(transaction_set, len(new.sets)))
    if ids:
        rows = [_set_values(tx, new, one) | {"id": id_} for id_, one in zip(ids, new.sets, strict=True)]
        shared = {"interchange_id": number, "created_at": now, "since": now}
        tx.connection.execute(insert(transaction_set), [row | shared for row in rows])
    for one in new.sets:
        tx.record("interchange built", _built(new, one, values), **_labels(new, one))
    found = {exchange.set_id: exchange for exchange in of_interchanges(tx.connection, tx.store, [number])}
    return [found[id_] for id_ in ids]


def _answer(new: NewInterchange) -> Payload:
    within = new.answer_within
    return {} if within is None else {ANSWER_SECONDS: round(within.total_seconds())}


def _set_values(tx: Transaction, new: NewInterchange, one: NewSet) -> Payload:
    return {
        "tenant": new.address.tenant, "direction": OUT, "partner": new.partner, "sender": new.address.sender,
        "receiver": new.address.receiver, "group_code": one.group_code, "group_number": one.group_number,
        "set_code": one.set_code, "set_number": one.set_number, "flow": one.flow,
        "document_id": one.document_id, "key": one.key, "document_hash": one.document_hash,
        "reference": one.reference, "status": BUILT,
        "data": None if one.data is None else tx.store.seal(one.data),
    }  # fmt: skip


def _built(new: NewInterchange, one: NewSet, values: Mapping[str, Any]) -> Payload:
    return {
        "partner": new.partner, "sender": new.address.sender, "receiver": new.address.receiver,
        "interchange": new.number, "group_code": one.group_code, "group": one.group_number,
        "set_code": one.set_code, "set": one.set_number, "key": one.key, "file": new.file_name,
        "size": values["size"], "sha256": values["content_hash"],
    }  # fmt: skip


def _labels(new: NewInterchange, one: NewSet) -> dict[str, Any]:
    return {"tenant": new.address.tenant, "flow": one.flow, "document_id": one.document_id}


# ---- what becomes of it


def uploading(
    tx: Transaction, interchange_ids: Collection[int], *, again_before: datetime | None = None
) -> list[int]:
    """Note that the bytes are about to leave: from here on they may have arrived.

    Args:
        again_before: those that were to leave before this moment, and of which nothing was noted
            since, may leave again.

    Returns:
        Those that the caller may send; the others are being sent, or were.
    """
    allowed = interchange.c.status == BUILT
    if again_before is not None:
        given_up = and_(interchange.c.status == UPLOADING, interchange.c.since <= again_before)
        allowed = or_(allowed, given_up)
    return _change(tx, interchange_ids, {"status": UPLOADING}, allowed)


def uploaded(tx: Transaction, interchange_id: int, *, answer_within: timedelta | None) -> None:
    """Note that the other side has the file.

    Args:
        answer_within: how long a 997 may take; None where none is expected.
    """
    now = tx.store.now()
    values: Payload = {"status": UPLOADED, "uploaded_at": now}
    if answer_within is not None:
        values["answer_due_at"] = now + answer_within
    waits = interchange.c.status.in_([BUILT, UPLOADING])
    if _change(tx, [interchange_id], values, waits):
        _begin_waiting(tx, interchange_id, answer_within)
        _tell(tx, [interchange_id], "interchange uploaded")


def arrived(tx: Transaction, one: Exchange) -> None:
    """Note that the partner has a file whose upload was not known to have ended: it was answered."""
    if one.left:
        return
    now = tx.store.now()
    values: Payload = {"status": UPLOADED, "uploaded_at": now, "since": now}
    if one.answer_within is not None:
        values["answer_due_at"] = now + one.answer_within
    unknown = and_(interchange.c.id == one.interchange_id, interchange.c.uploaded_at.is_(None))
    tx.connection.execute(update(interchange).where(unknown).values(values))
    _begin_waiting(tx, one.interchange_id, one.answer_within)
    _tell(tx, [one.interchange_id], "interchange uploaded", {"known_from": "its answer"})


def _begin_waiting(tx: Transaction, interchange_id: int, within: timedelta | None) -> None:
    status = NOT_EXPECTED if within is None else SENT
    built = and_(transaction_set.c.interchange_id == interchange_id, transaction_set.c.status == BUILT)
    values = {"status": status, "since": tx.store.now()}
    tx.connection.execute(update(transaction_set).where(built).values(values))


def picked_up(tx: Transaction, interchange_ids: Collection[int]) -> None:
    """Note that the file was taken from the folder it was put into."""
    for chunk in in_chunks(interchange_ids):
        where = and_(interchange.c.id.in_(chunk), interchange.c.picked_up_at.is_(None))
        tx.connection.execute(update(interchange).where(where).values(picked_up_at=tx.store.now()))


def delivered(tx: Transaction, interchange_ids: Collection[int], at: datetime | None = None) -> None:
    """Note that the transfer to the partner succeeded, at ``at`` or now."""
    values = {"status": DELIVERED, "delivered_at": at or tx.store.now(), "reason": None}
    moved = _change(tx, interchange_ids, values, interchange.c.status != DELIVERED)
    picked_up(tx, moved)
    _tell(tx, moved, "interchange delivered")


def failed(tx: Transaction, interchange_id: int, reason: str) -> bool:
    """Note that the transfer to the partner failed; False where that was known, or one succeeded."""
    open_ = interchange.c.status.in_([BUILT, UPLOADING, UPLOADED])
    moved = _change(tx, [interchange_id], {"status": FAILED, "reason": reason}, open_)
    _tell(tx, moved, "interchange failed", {"reason": reason})
    return bool(moved)


def superseded(tx: Transaction, interchange_id: int) -> None:
    """Note that something else is wanted of a document, before this had left; its numbers stay unused."""
    if failed(tx, interchange_id, "changed before it left; its numbers are not used again"):
        of_it = transaction_set.c.interchange_id == interchange_id
        values = {"status": SUPERSEDED, "since": tx.store.now()}
        tx.connection.execute(update(transaction_set).where(of_it).values(values))


def mark(tx: Transaction, one: Exchange, **values: Any) -> None:
    """Change what is known of a set beside its states."""
    data = tx.store.seal(one.data | values)
    tx.connection.execute(update(transaction_set).where(transaction_set.c.id == one.set_id).values(data=data))


def _change(
    tx: Transaction, interchange_ids: Iterable[int], values: Payload, allowed: ColumnElement[bool]
) -> list[int]:
    moved: list[int] = []
    for chunk in in_chunks(interchange_ids):
        where = and_(interchange.c.id.in_(chunk), interchange.c.direction == OUT, allowed)
        statement = update(interchange).where(where).values(values | {"since": tx.store.now()})
        moved += tx.connection.scalars(statement.returning(interchange.c.id))
    return moved


def _tell(tx: Transaction, interchange_ids: Collection[int], kind: str, more: Payload | None = None) -> None:
    for one in of_interchanges(tx.connection, tx.store, interchange_ids):
        data = {"partner": one.partner, "file": one.file_name, "interchange": one.number, **(more or {})}
        tx.record(kind, data, tenant=one.tenant, flow=one.flow, document_id=one.document_id)


# ---- reading


def content(store: Store, interchange_id: int) -> bytes:
    """The bytes of an interchange, of either direction.

    Raises:
        ConfigurationError: they were removed by the retention, or no payload key opens them.
    """
    with store.read() as connection:
        sealed = connection.scalar(select(interchange.c.content).where(interchange.c.id == interchange_id))
    if sealed is None:
        raise ConfigurationError(
            f"the content of interchange {interchange_id} was removed when it was older than the retention",
            field="[ml_connector] retention_days",
            expected="a longer retention, for the next time",
        )
    return store.cipher.open(sealed)


def latest(connection: Connection, store: Store, document_ids: Collection[int]) -> dict[int, Exchange]:
    """The newest set of each document, by document id; documents that were never sent are left out."""
    newest: dict[int, Exchange] = {}
    for chunk in in_chunks(dict.fromkeys(document_ids)):
        of_chunk = and_(transaction_set.c.document_id.in_(chunk), transaction_set.c.direction == OUT)
        ids = select(func.max(transaction_set.c.id)).where(of_chunk).group_by(transaction_set.c.document_id)
        for one in exchanges(connection, store, transaction_set.c.id.in_(ids)):
            if one.document_id is not None:
                newest[one.document_id] = one
    return newest


def history(connection: Connection, store: Store, document_id: int) -> list[Exchange]:
    """Everything that was sent for a document, oldest first."""
    return exchanges(connection, store, transaction_set.c.document_id == document_id)


def revision(connection: Connection, document_id: int) -> int:
    """How many sets were made for a document."""
    ours = and_(transaction_set.c.document_id == document_id, transaction_set.c.direction == OUT)
    return connection.scalar(select(func.count()).select_from(transaction_set).where(ours)) or 0


def waiting(
    connection: Connection, store: Store, tenant: str, limit: int, *, after: int = 0
) -> list[Exchange]:
    """Interchanges that stand for no document (our 997s) and were not uploaded yet, oldest first.

    One set of each; ``limit`` counts interchanges, and ``after`` is the id of the last one seen.
    """
    of_document = select(transaction_set.c.id).where(
        transaction_set.c.interchange_id == interchange.c.id, transaction_set.c.document_id.is_not(None)
    )
    statement = select(interchange.c.id).where(
        interchange.c.tenant == tenant, interchange.c.direction == OUT, interchange.c.id > after,
        interchange.c.status.in_([BUILT, UPLOADING]), ~of_document.exists(),
    )  # fmt: skip
    ids = connection.scalars(statement.order_by(interchange.c.id).limit(limit)).all()
    return list({one.interchange_id: one for one in of_interchanges(connection, store, ids)}.values())


def of_interchanges(connection: Connection, store: Store, ids: Collection[int]) -> list[Exchange]:
    """All sets of these interchanges, oldest first."""
    return [
        one
        for chunk in in_chunks(dict.fromkeys(ids))
        for one in exchanges(connection, store, transaction_set.c.interchange_id.in_(chunk))
    ]


def exchanges(
    connection: Connection,
    store: Store,
    where: ColumnElement[bool],
    *,
    order: Sequence[Column[Any]] = (transaction_set.c.id,),
    limit: int | None = None,
) -> list[Exchange]:
    """Outgoing sets by a condition on either table, oldest first."""
    statement = _joined().where(where).order_by(*order).limit(limit)
    return [_exchange(store, row) for row in connection.execute(statement)]


def _joined() -> Select[Any]:
    same = transaction_set.c.interchange_id == interchange.c.id
    return (
        select(*_COLUMNS).join_from(transaction_set, interchange, same).where(interchange.c.direction == OUT)
    )


def _exchange(store: Store, row: AnyRow) -> Exchange:
    values = dict(row._mapping)
    route, data = values.pop("sealed_route"), values.pop("sealed_data")
    return Exchange(**values, route=store.open(route) or {}, data=store.open(data) or {})
