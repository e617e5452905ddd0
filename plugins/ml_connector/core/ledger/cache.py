"""Files of another system that are costly to fetch and seldom change, such as service descriptions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from ml_connector.core.state.database import upsert
from ml_connector.core.state.schema import cached_file
from ml_connector.core.state.store import Transaction


def get(connection: Connection, name: str, not_before: datetime) -> bytes | None:
    """A file's content, unless it was fetched before ``not_before`` or never."""
    statement = select(cached_file.c.content).where(
        cached_file.c.name == name, cached_file.c.fetched_at >= not_before
    )
    content: bytes | None = connection.scalar(statement)
    return content


def put(tx: Transaction, name: str, content: bytes) -> None:
    """Keep a file, in place of an older one of that name."""
    values = {"content": content, "fetched_at": tx.store.now()}
    statement = upsert(tx.connection, cached_file).values(name=name, **values)
    tx.connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def put_first(connection: Connection, name: str, content: bytes, at: datetime) -> bool:
    """Keep a file unless there is one of that name, whoever wrote it; whether it was kept."""
    statement = upsert(connection, cached_file).values(name=name, content=content, fetched_at=at)
    first = statement.on_conflict_do_nothing(index_elements=["name"]).returning(cached_file.c.name)
    return bool(connection.execute(first).all())


def drop(tx: Transaction, name: str) -> None:
    """Forget a file."""
    tx.connection.execute(delete(cached_file).where(cached_file.c.name == name))
