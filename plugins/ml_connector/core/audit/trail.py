"""Writing the audit trail.

Every task, command and console session opens a chain of its own, so that processes never wait
for each other. Opening and closing a chain are links of one *register*: each link carries the
hash of the link before it, taken under a lock on the register's last row. Inside a chain every
event's hash covers the hash before it. A changed, removed, swapped or inserted event breaks its
chain; a cut-off tail disagrees with the chain's own head, with the closing link, and with the
head that the task returned to Airflow.
"""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, text, update

from ml_connector.core import codec
from ml_connector.core.state.bulk import Bulk
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import audit_chain, audit_event, audit_head

GENESIS = "0" * 64

STALE = timedelta(hours=6)
"""A chain without a new event for so long is an orphan: whoever opens a chain next closes it."""

_INSERT = Bulk(lambda _: insert(audit_event))
_INSERT_HEAD = Bulk(lambda _: insert(audit_head))
_MOVE_HEAD = Bulk(lambda _: update(audit_head).where(audit_head.c.chain == bindparam("of_chain")))


@dataclass(slots=True)
class Event:
    """Something that happened; ``kind`` is a past participle, e.g. ``polled``, ``sent``."""

    kind: str
    data: dict[str, Any]
    tenant: str | None = None
    flow: str | None = None
    document_id: int | None = None


@lru_cache(maxsize=64)  # all events of a transaction have the same
def timestamp(at: datetime) -> str:
    """The form of a time that is hashed; the same on every database."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def event_hash(previous: str, number: int, at: datetime, event: Event, data: bytes) -> str:
    """Hash of one event over everything it says and the hash before it."""
    where = f"{event.tenant or ''}|{event.flow or ''}|{event.document_id or ''}"
    head = f"{previous}|{number}|{timestamp(at)}|{event.kind}|{where}|"
    return hashlib.sha256(head.encode() + data).hexdigest()


def link_hash(values: dict[str, Any]) -> str:
    """Hash of one register link."""
    parts = (values[name] for name in ("previous", "number", "chain", "kind", "actor", "events", "head"))
    return hashlib.sha256("|".join((*map(str, parts), timestamp(values["at"]))).encode()).hexdigest()


class Trail:
    """One chain. Not shared between processes; threads take ``lock`` for a whole transaction."""

    def __init__(self, actor: str, clock: Callable[[], datetime]) -> None:
        self.chain = uuid.uuid4().hex
        self.lock = threading.RLock()
        self._actor, self._clock = actor, clock
        self._number, self._head, self._open = 0, GENESIS, False
        self._pending: tuple[int, str, bool] | None = None
        self._last = clock()

    @property
    def head(self) -> str:
        """``chain:events:hash``, short enough for an XCom."""
        return f"{self.chain}:{self._number}:{self._head}"

    def append(self, connection: Connection, events: Sequence[Event]) -> None:
        """Write events inside the caller's transaction; ``keep`` or ``forget`` must follow."""
        if not events:
            return
        now = self._clock()
        if self._open and now - self._last > STALE / 2:
            self._begin_anew(connection)
        number, head, self._last = self._number, self._head, now
        if not self._open:
            close_orphans(connection, now)
            self._link(connection, "open", now, 0, GENESIS)
        rows = []
        for event in events:
            number += 1
            data = codec.encode(event.data)
            head = event_hash(head, number, now, event, data)
            rows.append(
                {
                    "number": number, "kind": event.kind, "tenant": event.tenant, "flow": event.flow,
                    "document_id": event.document_id, "data": data, "hash": head,
                }
            )  # fmt: skip
        _INSERT(connection, rows, chain=self.chain, at=now)
        self._store_head(connection, number, head, now)
        self._pending = (number, head, True)

    def keep(self) -> None:
        """The transaction was committed: the chain goes on from its new head."""
        if self._pending:
            self._number, self._head, self._open = self._pending
            self._pending = None

    def forget(self) -> None:
        """The transaction was rolled back: the chain stays where it was."""
        self._pending = None

    def close(self, connection: Connection) -> str:
        """Link the chain's end into the register, if it has any event."""
        if self._open:
            self._link(connection, "close", self._clock(), self._number, self._head)
            self._open = False
        return self.head

    def _begin_anew(self, connection: Connection) -> None:
        """Close this chain before somebody takes it for an orphan, and go on in another."""
        self.close(connection)
        self.chain, self._number, self._head = uuid.uuid4().hex, 0, GENESIS

    def _store_head(self, connection: Connection, number: int, head: str, now: datetime) -> None:
        values = {"events": number, "head": head, "updated_at": now}
        if self._open:
            _MOVE_HEAD(connection, [{"of_chain": self.chain} | values])
        else:
            _INSERT_HEAD(connection, [{"chain": self.chain} | values])

    def _link(self, connection: Connection, kind: str, now: datetime, events: int, head: str) -> None:
        add_link(connection, chain=self.chain, kind=kind, actor=self._actor, at=now, events=events, head=head)


def add_link(connection: Connection, **values: Any) -> None:
    """Append one link to the register, behind a lock that only one session holds."""
    last = last_link(connection)
    values["number"] = (last.number if last else 0) + 1
    values["previous"] = last.hash if last else GENESIS
    values["hash"] = link_hash(values)
    connection.execute(insert(audit_chain).values(values))


def close_orphans(connection: Connection, now: datetime) -> int:
    """Close the chains of processes that died without closing them.

    Returns:
        How many there were.
    """
    closed = select(audit_chain.c.chain).where(audit_chain.c.kind == "close")
    statement = select(audit_head).where(
        audit_head.c.updated_at < now - STALE, audit_head.c.chain.not_in(closed)
    )
    orphans = connection.execute(statement).all()
    for row in orphans:
        add_link(
            connection,
            chain=row.chain,
            kind="close",
            actor="orphan",
            at=now,
            events=row.events,
            head=row.head,
        )
    return len(orphans)


def last_link(connection: Connection) -> AnyRow | None:
    """The register's last link. On SQLite the write transaction is the lock."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE audit_chain IN SHARE ROW EXCLUSIVE MODE"))
    return connection.execute(select(audit_chain).order_by(audit_chain.c.number.desc()).limit(1)).first()
