"""Interchanges that came in: kept before they are removed where they lay, and each only once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, select, update

from ml_connector.core import codec
from ml_connector.core.contract import Payload
from ml_connector.core.ledger.exchange.control_numbers import Address
from ml_connector.core.ledger.exchange.remains import PURGED
from ml_connector.core.ledger.exchange.texts import fitting
from ml_connector.core.state.database import AnyRow, upsert
from ml_connector.core.state.exchange_schema import interchange, transaction_set
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import Store, Transaction, in_chunks

IN = "in"

TAKEN, DUPLICATE, REFUSED, QUARANTINED = "taken", "duplicate", "refused", "quarantined"
"""States of an interchange. ``refused``: its envelope is broken, or its number was used for other content;
``quarantined``: it needs a person, an unknown sender for instance."""

LEFT_OUT = (REFUSED, QUARANTINED)
"""States of what was kept and not processed: when the same bytes come again, they are looked at again."""

REJECTED = "rejected"
"""A set that we rejected in our 997; others are ``taken`` or ``duplicate``."""


@dataclass(frozen=True, slots=True)
class ReceivedSet:
    """One transaction set as it was read.

    Attributes:
        flow: the flow that carries it on, and ``key`` the natural key it has there; None where no flow does.
        business_key: what stays the same when the partner sends the document again under other numbers.
        reference: number of the order or invoice that it is about.
        data: the document as read; kept sealed.
        partner: who sent its group, where that is not who sent the interchange.
    """

    set_code: str
    group_code: str | None = None
    group_number: int | None = None
    set_number: str | None = None
    flow: str | None = None
    key: str | None = None
    business_key: str | None = None
    reference: str | None = None
    status: str = TAKEN
    reason: str | None = None
    data: Payload | None = field(default=None, repr=False)
    partner: str | None = None


@dataclass(frozen=True, slots=True)
class NewReceived:
    """One interchange to keep; a file with several is kept as several, each with its own bytes.

    ``address`` names the sender as it was read and may hold empty identities where it could not be.
    ``route`` says where it came from.
    """

    address: Address
    partner: str | None
    file_name: str
    content: bytes = field(repr=False)
    sets: Sequence[ReceivedSet] = ()
    number: int | None = None
    route: Payload = field(default_factory=dict)
    status: str = TAKEN
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """One interchange that was kept."""

    interchange_id: int
    partner: str | None
    sender: str
    receiver: str
    number: int | None
    file_name: str
    content_hash: str
    size: int
    status: str
    reason: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """One transaction set that was kept, with what its interchange says of it."""

    set_id: int
    interchange_id: int
    partner: str | None
    sender: str
    receiver: str
    number: int | None
    group_code: str | None
    group_number: int | None
    set_code: str
    set_number: str | None
    flow: str | None
    key: str | None
    business_key: str | None
    reference: str | None
    status: str
    reason: str | None
    file_name: str
    created_at: datetime
    data: Payload = field(default_factory=dict, repr=False)

    @property
    def whole(self) -> bool:
        """Whether it is kept as it was read; the retention leaves only what it used up."""
        return bool(self.data) and PURGED not in self.data


_INTERCHANGE = [
    interchange.c[name] for name in Received.__dataclass_fields__ if name != "interchange_id"
]  # fmt: skip
_SET = (
    "interchange_id", "partner", "sender", "receiver", "group_code", "group_number", "set_code", "set_number",
    "flow", "key", "business_key", "reference", "status", "reason", "created_at", "data",
)  # fmt: skip


def keep(tx: Transaction, new: NewReceived) -> int | None:
    """Store an interchange and its sets. Texts are cut to what can be stored.

    Returns:
        Its id; None where the same bytes are kept already, and nothing was stored.
    """
    now, (number,) = tx.store.now(), tx.new_ids(interchange, 1)
    values = {
        "id": number, "tenant": new.address.tenant, "environment": new.address.environment,
        "direction": IN, "partner": new.partner, "sender": new.address.sender,
        "receiver": new.address.receiver, "number": new.number, "file_name": new.file_name,
        "route": tx.store.seal(new.route), "content": tx.store.cipher.seal(new.content),
        "content_hash": codec.digest_of(new.content), "size": len(new.content), "status": new.status,
        "reason": new.reason, "since": now, "created_at": now,
    }  # fmt: skip
    row = fitting(interchange, values)
    statement = upsert(tx.connection, interchange).values(row).on_conflict_do_nothing()
    if tx.connection.execute(statement.returning(interchange.c.id)).first() is None:
        return None
    if new.sets:
        ids = tx.new_ids(transaction_set, len(new.sets))
        shared = {"interchange_id": number, "created_at": now, "since": now}
        rows = [_values(tx, new, one) | shared | {"id": id_} for id_, one in zip(ids, new.sets, strict=True)]
        tx.connection.execute(insert(transaction_set), [fitting(transaction_set, one) for one in rows])
    tx.record("interchange received", _told(new, values), tenant=new.address.tenant)
    return number


def _values(tx: Transaction, new: NewReceived, one: ReceivedSet) -> Payload:
    return {
        "tenant": new.address.tenant, "direction": IN, "partner": one.partner or new.partner,
        "sender": new.address.sender, "receiver": new.address.receiver, "group_code": one.group_code,
        "group_number": one.group_number, "set_code": one.set_code, "set_number": one.set_number,
        "flow": one.flow, "key": one.key,
        "business_key": one.business_key, "reference": one.reference, "status": one.status,
        "reason": one.reason, "data": None if one.data is None else tx.store.seal(one.data),
    }  # fmt: skip


def _told(new: NewReceived, values: Payload) -> Payload:
    """The event: numbers, keys and states, never content."""
    return {
        "partner": new.partner, "sender": new.address.sender, "receiver": new.address.receiver,
        "interchange": new.number, "file": new.file_name, "size": values["size"],
        "sha256": values["content_hash"], "status": new.status, "reason": new.reason,
        "sets": [
            {
                "group_code": one.group_code, "group": one.group_number, "set_code": one.set_code,
                "set": one.set_number, "flow": one.flow, "key": one.key, "status": one.status,
            }
            for one in new.sets
        ],
    }  # fmt: skip


def alone(tx: Transaction, tenant: str) -> None:
    """Let nobody else keep interchanges of the tenant until this transaction ends.

    Two tasks that read the same invoice at once, under other control numbers, would both think it new.
    SQLite has one writer anyway.
    """
    if tx.store.database.sqlite:
        return
    digest = codec.digest(["interchanges received", tenant])
    key = int.from_bytes(bytes.fromhex(digest[:16]), signed=True)
    tx.connection.execute(select(func.pg_advisory_xact_lock(key)))


def unclaimed(connection: Connection, tenant: str, flow: str) -> bool:
    """Whether documents of a flow wait that the flow has not taken over."""
    sets = transaction_set.c
    theirs = and_(document.c.tenant == sets.tenant, document.c.flow == sets.flow, document.c.key == sets.key)
    waits = and_(
        sets.tenant == tenant, sets.flow == flow, sets.direction == IN, sets.status == TAKEN,
        ~select(document.c.id).where(theirs).exists(),
    )  # fmt: skip
    return connection.scalar(select(sets.id).where(waits).limit(1)) is not None


def seen(connection: Connection, tenant: str, content_hash: str) -> Received | None:
    """The interchange that came in with exactly these bytes (SHA-256), if one did."""
    found = _received(connection, _incoming(tenant), interchange.c.content_hash == content_hash)
    return found[0] if found else None


def same_number(
    connection: Connection, tenant: str, *, sender: str, receiver: str, number: int
) -> list[Received]:
    """Interchanges of this sender that came in under this ISA13, newest first."""
    names = and_(interchange.c.sender == sender, interchange.c.receiver == receiver)
    return _received(connection, _incoming(tenant), names, interchange.c.number == number)


def with_business_key(connection: Connection, store: Store, tenant: str, business_key: str) -> list[Taken]:
    """Sets that are the same document to the business, oldest first."""
    return _taken(connection, store, tenant, transaction_set.c.business_key == business_key)


def documents(
    connection: Connection,
    store: Store,
    tenant: str,
    flow: str,
    *,
    after: str = "",
    limit: int,
    since: datetime | None = None,
) -> list[Taken]:
    """The next documents of a flow, in order of their keys.

    Args:
        since: only those that came in then or later.
    """
    where = [transaction_set.c.flow == flow, transaction_set.c.key > after, transaction_set.c.status == TAKEN]
    if since is not None:
        where.append(transaction_set.c.created_at >= since)
    statement = _joined(tenant, *where).order_by(transaction_set.c.key).limit(limit)
    return [_set(store, row) for row in connection.execute(statement)]


def by_keys(
    connection: Connection, store: Store, tenant: str, flow: str, keys: Collection[str]
) -> dict[str, Taken]:
    """Documents of a flow by their keys; those that never came are left out."""
    return {
        one.key: one
        for chunk in in_chunks(dict.fromkeys(keys))
        for one in _taken(
            connection, store, tenant, transaction_set.c.flow == flow, transaction_set.c.key.in_(chunk)
        )
        if one.key is not None and one.status == TAKEN
    }


def of_reference(
    connection: Connection, store: Store, tenant: str, *, flow: str, partner: str, references: Collection[str]
) -> list[Taken]:
    """Documents of a flow that a partner sent about these orders or invoices, oldest first."""
    where = and_(
        transaction_set.c.reference.in_(list(references)), transaction_set.c.flow == flow,
        transaction_set.c.partner == partner, transaction_set.c.status == TAKEN,
    )  # fmt: skip
    return _taken(connection, store, tenant, where)


def save_data(tx: Transaction, set_id: int, data: Payload, *, reference: str | None = None) -> None:
    """Put other data in the place of what was read: the match it was sent with, for instance.

    Args:
        reference: our own number of what it is about, in the place of the partner's spelling.
    """
    ours = and_(transaction_set.c.id == set_id, transaction_set.c.direction == IN)
    values: Payload = {"data": tx.store.seal(data)}
    if reference is not None:
        values["reference"] = reference
    tx.connection.execute(update(transaction_set).where(ours).values(values))


def _incoming(tenant: str) -> ColumnElement[bool]:
    return and_(interchange.c.tenant == tenant, interchange.c.direction == IN)


def _received(connection: Connection, *where: ColumnElement[bool]) -> list[Received]:
    statement = select(interchange.c.id, *_INTERCHANGE).where(*where).order_by(interchange.c.id.desc())
    return [Received(*row) for row in connection.execute(statement)]


def _taken(connection: Connection, store: Store, tenant: str, *where: ColumnElement[bool]) -> list[Taken]:
    statement = _joined(tenant, *where).order_by(transaction_set.c.id)
    return [_set(store, row) for row in connection.execute(statement)]


def _joined(tenant: str, *where: ColumnElement[bool]) -> Select[Any]:
    columns = [transaction_set.c[name] for name in _SET]
    statement = select(
        transaction_set.c.id.label("set_id"), *columns, interchange.c.number, interchange.c.file_name
    ).join_from(transaction_set, interchange, transaction_set.c.interchange_id == interchange.c.id)
    ours = and_(transaction_set.c.tenant == tenant, transaction_set.c.direction == IN)
    return statement.where(ours, *where)


def _set(store: Store, row: AnyRow) -> Taken:
    values = dict(row._mapping)
    return Taken(**values | {"data": store.open(values["data"]) or {}})
