"""Crosswalks: source key to target id, and the codes that people map by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, func, or_, select

from ml_connector.core.config.values import REVERSE
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.bulk import Bulk
from ml_connector.core.state.database import AnyRow, upsert
from ml_connector.core.state.schema import crosswalk
from ml_connector.core.state.store import Transaction, in_chunks

Entry = dict[str, Any]
"""``key``, ``target_id``, and optionally ``active`` and ``label``."""

BY_HAND = ("manual", "import")
"""Origins of entries that people made."""


def look_up(
    connection: Connection, tenant: str, wanted: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """Target ids of active entries, by crosswalk name and key.

    A name with ``~`` before it asks the other way: the keys of target ids, active or not, since a
    bill that was archived later still tells which voucher it was made of.
    """
    by_name: dict[str, set[str]] = {}
    for name, key in wanted:
        by_name.setdefault(name, set()).add(key)
    found = {}
    for name, keys in by_name.items():
        asked, given = crosswalk.c.key, crosswalk.c.target_id
        if reverse := name.startswith(REVERSE):
            asked, given = given, asked
        for chunk in in_chunks(sorted(keys)):
            statement = select(asked, given).where(
                crosswalk.c.tenant == tenant,
                crosswalk.c.name == name.removeprefix(REVERSE),
                asked.in_(chunk),
            )
            if not reverse:
                statement = statement.where(crosswalk.c.active)
            found.update({(name, key): value for key, value in connection.execute(statement)})
    return found


def put(tx: Transaction, tenant: str, name: str, entries: Sequence[Entry], *, origin: str) -> None:
    """Insert or replace entries; an entry set by hand is replaced by hand only.

    Args:
        origin: ``loaded``, ``adopted``, ``manual`` or ``import``.
    """
    rows = [
        {
            "key": entry["key"], "target_id": entry["target_id"], "active": entry.get("active", True),
            "label": entry.get("label"),
        }
        for entry in entries
    ]  # fmt: skip
    shared = {"tenant": tenant, "name": name, "origin": origin, "updated_at": tx.store.now()}
    put_rows = _PUT_BY_HAND if origin in BY_HAND else _PUT
    put_rows(tx.connection, rows, **shared)


def moved(connection: Connection, tenant: str, name: str, entries: Sequence[Entry]) -> bool:
    """Whether one of these entries has another target id so far: its object was made anew."""
    wanted = {entry["key"]: entry["target_id"] for entry in entries}
    for chunk in in_chunks(sorted(wanted)):
        statement = select(crosswalk.c.key, crosswalk.c.target_id).where(
            crosswalk.c.tenant == tenant, crosswalk.c.name == name, crosswalk.c.key.in_(chunk)
        )
        if any(wanted[row.key] != row.target_id for row in connection.execute(statement)):
            return True
    return False


def _upsert(connection: Connection, *, by_hand: bool) -> Any:
    statement = upsert(connection, crosswalk)
    names = ("target_id", "active", "label", "origin", "updated_at")
    return statement.on_conflict_do_update(
        index_elements=["tenant", "name", "key"],
        set_={name: statement.excluded[name] for name in names},
        where=None if by_hand else and_(*(crosswalk.c.origin != origin for origin in BY_HAND)),
    )


_PUT = Bulk(lambda connection: _upsert(connection, by_hand=False))
_PUT_BY_HAND = Bulk(lambda connection: _upsert(connection, by_hand=True))


def set_by_hand(
    tx: Transaction, tenant: str, name: str, entries: Sequence[Entry], *, origin: str = "manual"
) -> None:
    """Put entries in a person's name; each is an event of the trail."""
    put(tx, tenant, name, entries, origin=origin)
    for entry in entries:
        data = {"crosswalk": name, "key": entry["key"], "target_id": entry["target_id"]}
        tx.record("crosswalk set", data, tenant=tenant)


def remove(tx: Transaction, tenant: str, name: str, key: str) -> bool:
    """Take an entry away; False when there was none."""
    where = (crosswalk.c.tenant == tenant, crosswalk.c.name == name, crosswalk.c.key == key)
    removed = tx.connection.execute(delete(crosswalk).where(*where)).rowcount
    if removed:
        tx.record("crosswalk removed", {"crosswalk": name, "key": key}, tenant=tenant)
    return bool(removed)


def entries(connection: Connection, tenant: str, name: str | None = None) -> list[AnyRow]:
    """All entries, ordered by crosswalk and key."""
    statement = select(crosswalk).where(crosswalk.c.tenant == tenant)
    if name:
        statement = statement.where(crosswalk.c.name == name)
    return list(connection.execute(statement.order_by(crosswalk.c.name, crosswalk.c.key)))


def find(connection: Connection, tenant: str, name: str, key: str) -> AnyRow | None:
    """One entry, None where there is none."""
    where = (crosswalk.c.tenant == tenant, crosswalk.c.name == name, crosswalk.c.key == key)
    return connection.execute(select(crosswalk).where(*where)).first()


def names(connection: Connection, tenants: Sequence[str]) -> Sequence[AnyRow]:
    """Tenant, name and number of entries of every crosswalk."""
    grouped = (crosswalk.c.tenant, crosswalk.c.name)
    counted = select(*grouped, func.count().label("entries")).where(crosswalk.c.tenant.in_(tenants))
    return connection.execute(counted.group_by(*grouped).order_by(*grouped)).all()


def search(
    connection: Connection, tenant: str, name: str, *, text: str = "", after: str = "", limit: int = 100
) -> Sequence[AnyRow]:
    """Entries with a text in their key or label, or with that target id, in key order.

    Args:
        after: key of the last entry of the page before.
    """
    where = [crosswalk.c.tenant == tenant, crosswalk.c.name == name, crosswalk.c.key > after]
    if text:
        columns = (crosswalk.c.key, crosswalk.c.label)
        parts = (column.icontains(text, autoescape=True) for column in columns)
        where.append(or_(crosswalk.c.target_id == text, *parts))
    return connection.execute(select(crosswalk).where(*where).order_by(crosswalk.c.key).limit(limit)).all()


def owner_scope(scope: Scope, name: str) -> Scope:
    """Scope of the flow that fills a crosswalk: a crosswalk bears the name of its flow."""
    return Scope(scope.tenant, scope.environment, name.removeprefix(REVERSE))
