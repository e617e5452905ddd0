"""Engine and transactions on SQLite and PostgreSQL.

SQLite: SQLAlchemy's default transaction begins late and loses concurrent updates; here every
write transaction starts with ``BEGIN IMMEDIATE`` and every commit is synced to disk, since a
claim that a power cut takes back would send a document twice.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, Table, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from ml_connector.core.errors import ConfigurationError

BUSY_TIMEOUT_MS = 60_000
PAGE_BYTES = 16 * 1024  # of a new database: most payloads fit into one page
CACHE_KIB = 16 * 1024

AnyRow = Any
"""A row whose columns are known to its reader: SQLAlchemy's, or a named tuple with them."""


class Database:
    """One engine; made in the process that uses it, never inherited across a fork.

    Args:
        url: SQLAlchemy URL, ``sqlite:///path`` or ``postgresql://...``.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.sqlite = self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading; it sees one consistent state."""
        with self.engine.connect() as connection:
            if self.sqlite:
                connection.exec_driver_sql("BEGIN")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its first statement on SQLite."""
        with self.engine.connect() as connection:
            if self.sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise _bad_url() from None
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            parsed,
            connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
            hide_parameters=True,  # an error must not print what was to be stored
        )
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    if parsed.get_backend_name() == "postgresql":
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        return create_engine(parsed, pool_pre_ping=True, pool_size=5, max_overflow=5, hide_parameters=True)
    raise _bad_url()


def _bad_url() -> ConfigurationError:
    return ConfigurationError(
        "not a database the connector can use",
        field="[ml_connector] state_conn",
        expected="a SQLAlchemy URL, sqlite:///... or postgresql://...",
    )


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # transactions are begun explicitly, see the module docstring
    cursor = connection.cursor()
    for pragma in (
        f"page_size={PAGE_BYTES}",
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "temp_store=MEMORY",
        f"cache_size={-CACHE_KIB}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def records(result: CursorResult[Any]) -> list[AnyRow]:
    """All rows as named tuples.

    SQLAlchemy's rows raise and catch an ``AttributeError`` before they find a column, which took
    a quarter of the time of stages that look at each row's columns again and again.
    """
    make = _record(tuple(result.keys()))._make
    return [make(row) for row in result.all()]


@cache
def _record(names: tuple[str, ...]) -> Any:
    return namedtuple("Record", names)  # noqa: PYI024 - its columns are known when it is read


def upsert(connection: Connection, table: Table) -> Any:
    """An INSERT of the connection's dialect that knows ON CONFLICT.

    The dialect is imported here: the other one's would cost every start some 50 ms.
    """
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)
