"""Control numbers of EDI envelopes: one counter per sender, receiver and kind of envelope.

A number is taken in the transaction that stores the interchange made with it, so a transaction that
is rolled back leaves no gap. The gaps that there are, and the start from 1 again, are events of the trail.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, update

from ml_connector.core.state.database import upsert
from ml_connector.core.state.exchange_schema import control_number, transaction_set
from ml_connector.core.state.store import Transaction

HIGHEST = 999_999_999
"""ISA13 has nine digits, and GS06 at most nine; 1 follows."""

INTERCHANGE = "ISA"
"""Kind of ISA13. GS06 counts under its group type, ``PO`` for instance."""

_ANY = "*"
_KEY = ["tenant", "environment", "sender", "receiver", "kind"]


@dataclass(frozen=True, slots=True)
class Address:
    """Who sends to whom.

    Attributes:
        sender: ``qualifier:id`` without padding, e.g. ``ZZ:PSFTUS001``.
        receiver: the same of the other side.
    """

    tenant: str
    environment: str
    sender: str
    receiver: str


def allocate(tx: Transaction, address: Address, kind: str) -> int:
    """The next number. The counter stays locked until the transaction ends.

    A transaction that takes several takes the interchange's first, and those of several partners in
    the order of their addresses: then two transactions never wait for each other both ways.
    """
    values = {**_place(address), "kind": kind, "updated_at": tx.store.now()}
    first = select(func.coalesce(func.sum(control_number.c.last), 0) % HIGHEST + 1).where(_floors(address))
    statement = upsert(tx.connection, control_number).values(**values, last=first.scalar_subquery())
    following = {"last": control_number.c.last % HIGHEST + 1, "updated_at": values["updated_at"]}
    statement = statement.on_conflict_do_update(index_elements=_KEY, set_=following)
    number: int = tx.connection.execute(statement.returning(control_number.c.last)).scalar_one()
    if number == 1:
        tx.record(
            "control numbers begun", _named(address.sender, address.receiver, kind), tenant=address.tenant
        )
    return number


def advance(tx: Transaction, *, by: int, reason: str, tenant: str | None = None) -> int:
    """Leave numbers out: after a restore, those that were given out since the backup are not known.

    Counters that do not exist yet will begin behind the gap as well: their first interchange may have
    left after the backup.

    Args:
        by: how many; more than any partner was sent since the backup.
        reason: for the trail.
        tenant: only of this tenant.

    Returns:
        How many counters were moved.
    """
    if not 0 < by < HIGHEST:
        raise ValueError(f"{by} is no number of control numbers to leave out: from 1 to {HIGHEST - 1}")
    ours = [control_number.c.sender != _ANY, *([control_number.c.tenant == tenant] if tenant else [])]
    rows = tx.connection.execute(_in_order(ours).with_for_update()).all()
    now = tx.store.now()
    for row in rows:
        after = (row.last + by - 1) % HIGHEST + 1
        where = [control_number.c[name] == getattr(row, name) for name in _KEY]
        tx.connection.execute(update(control_number).where(*where).values(last=after, updated_at=now))
        gap = {"last": row.last, "goes_on_after": after, "reason": reason}
        tx.record(
            "control numbers advanced", _named(row.sender, row.receiver, row.kind) | gap, tenant=row.tenant
        )
    _raise_floor(tx, tenant or _ANY, by)
    note = {"by": by, "reason": reason, "tenant": tenant or "all"}
    tx.record("control numbers advanced", note | {"counters": len(rows)}, tenant=tenant)
    return len(rows)


def raise_to(tx: Transaction, address: Address, kind: str, number: int, *, reason: str) -> bool:
    """Go on behind a number that is known to have been given out by somebody else.

    Returns:
        Whether the counter was moved; not where it is further on, or has begun anew since.
    """
    here = [control_number.c[name] == value for name, value in {**_place(address), "kind": kind}.items()]
    last = tx.connection.scalar(select(control_number.c.last).where(*here).with_for_update())
    floor = select(func.coalesce(func.sum(control_number.c.last), 0)).where(_floors(address))
    before = last if last is not None else tx.connection.scalar(floor) or 0
    if not 0 < number - before < HIGHEST // 2:
        return False
    values = {**_place(address), "kind": kind, "last": number, "updated_at": tx.store.now()}
    changes = {"last": number, "updated_at": values["updated_at"]}
    statement = upsert(tx.connection, control_number).values(**values)
    tx.connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=changes))
    gap = {"last": last, "goes_on_after": number, "reason": reason}
    tx.record(
        "control numbers advanced",
        _named(address.sender, address.receiver, kind) | gap,
        tenant=address.tenant,
    )
    return True


def restored(connection: Connection, tenant: str, flow: str) -> bool:
    """Whether numbers were left out for all counters after a flow had sent something, as after a restore."""
    floors = and_(control_number.c.tenant.in_([tenant, _ANY]), control_number.c.sender == _ANY)
    at = connection.scalar(select(func.max(control_number.c.updated_at)).where(floors))
    if at is None:
        return False
    earlier = select(transaction_set.c.id).where(
        transaction_set.c.tenant == tenant, transaction_set.c.flow == flow,
        transaction_set.c.direction == "out", transaction_set.c.created_at <= at,
    )  # fmt: skip
    return connection.scalar(earlier.limit(1)) is not None


def _in_order(where: list[ColumnElement[bool]]) -> Select[tuple[object, ...]]:
    return select(control_number).where(*where).order_by(*(control_number.c[name] for name in _KEY))


def _raise_floor(tx: Transaction, tenant: str, by: int) -> None:
    values = {"tenant": tenant, **dict.fromkeys(_KEY[1:], _ANY), "last": by, "updated_at": tx.store.now()}
    changes = {"last": (control_number.c.last + by) % HIGHEST, "updated_at": values["updated_at"]}
    statement = upsert(tx.connection, control_number).values(**values)
    tx.connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=changes))


def _floors(address: Address) -> ColumnElement[bool]:
    return and_(control_number.c.tenant.in_([address.tenant, _ANY]), control_number.c.sender == _ANY)


def _place(address: Address) -> dict[str, str]:
    return {name: getattr(address, name) for name in _KEY[:-1]}


def _named(sender: str, receiver: str, kind: str) -> dict[str, object]:
    return {"sender": sender, "receiver": receiver, "kind": kind}
