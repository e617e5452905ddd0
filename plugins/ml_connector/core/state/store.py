"""The state database as stages use it: transactions that carry their audit events with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import Connection, Sequence, Table, func, select

from ml_connector.core import codec
from ml_connector.core.audit.trail import Event, Trail
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.migrate import require_current


def utc_now() -> datetime:
    """The wall clock; tests put their own in its place."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Transaction:
    """One write transaction: what changes and the events that say so are committed together."""

    connection: Connection
    store: Store
    events: list[Event] = field(default_factory=list)

    def record(
        self,
        kind: str,
        data: dict[str, Any] | None = None,
        *,
        tenant: str | None = None,
        flow: str | None = None,
        document_id: int | None = None,
    ) -> None:
        """Add an event to the trail; ``data`` must hold no secret and no bank detail."""
        self.events.append(Event(kind, data or {}, tenant, flow, document_id))

    def new_ids(self, table: Table, count: int) -> range | list[int]:
        """Reserve ``count`` primary keys of a table whose ids the product assigns itself."""
        if self.store.database.sqlite:
            first = (self.connection.scalar(select(func.max(table.c.id))) or 0) + 1
            return range(first, first + count)
        following = Sequence(f"{table.name}_id").next_value()
        statement = select(following).select_from(func.generate_series(1, count))
        return list(self.connection.scalars(statement))


class Store:
    """Database, cipher and audit trail of one task, command or session.

    Args:
        database: where the state lives.
        cipher: for payloads and credentials.
        actor: who acts, for the trail: ``dag/run/task`` or ``cli:<user>``.
        clock: source of the current time.

    Raises:
        ConfigurationError: the database was not initialised or is of another version.
    """

    def __init__(
        self,
        database: Database,
        cipher: Cipher | None = None,
        *,
        actor: str = "local",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        require_current(database)
        self.database = database
        self.cipher = cipher or Cipher()
        self.actor = actor
        self.now = clock
        self.trail = Trail(actor, clock)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Begin a write transaction; leaving the block commits it with its events."""
        with self.trail.lock:
            try:
                with self.database.write() as connection:
                    transaction = Transaction(connection, self)
                    yield transaction
                    self.trail.append(connection, transaction.events)
            except BaseException:
                self.trail.forget()
                raise
            self.trail.keep()

    def read(self) -> Any:
        """A connection for reading, as a context manager."""
        return self.database.read()

    def close(self) -> str:
        """Close the trail's chain and the connections.

        Returns:
            The head of this session's chain, to be kept where the state database is not.
        """
        with self.trail.lock, self.database.write() as connection:
            head = self.trail.close(connection)
        self.database.close()
        return head

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def seal(self, value: Any) -> bytes:
        """Encode and encrypt a JSON value for a binary column."""
        return self.cipher.seal(codec.encode(value))

    def open(self, stored: bytes | None) -> Any:
        """Inverse of :meth:`seal`; None stays None."""
        return None if stored is None else codec.decode(self.cipher.open(stored))


def in_chunks(values: Iterable[Any], size: int = 500) -> Iterator[list[Any]]:
    """Split into lists of at most ``size``: databases limit the parameters of one statement."""
    chunk: list[Any] = []
    for value in values:
        chunk.append(value)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
