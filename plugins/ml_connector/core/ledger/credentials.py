"""Sessions and rotated tokens that workers share: encrypted rows of the table ``credential``.

Nothing is written in clear text: without payload keys, values stay in the memory of the process
that logged in, and only the lock is shared.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ml_connector.core.errors import Unavailable
from ml_connector.core.http.tokens import Token
from ml_connector.core.state.schema import credential
from ml_connector.core.state.store import Store

Entry = tuple[Any, datetime | None]
"""A value and the moment after which it is of no use."""


class Credentials:
    """Named secrets with an expiry, and a lock per name that holds over all processes.

    Args:
        store: its cipher encrypts the values.
        lease: seconds after which a lock is free although its owner gave no sign; longer than a
            login takes.
        wait: seconds to wait for a lock.
        sleep: replaceable in tests.
    """

    def __init__(
        self,
        store: Store,
        *,
        lease: float = 120.0,
        wait: float = 180.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store, self._lease, self._patience, self._sleep = store, timedelta(seconds=lease), wait, sleep
        self._memory: dict[str, Entry] = {}

    async def get(self, name: str) -> Entry | None:
        """Value and expiry as they were put, expired or not."""
        return await asyncio.to_thread(self.read, name)

    def read(self, name: str) -> Entry | None:
        """Like :meth:`get`, for callers that run no event loop. Blocking."""
        return self._get(name) if self._store.cipher.enabled else self._memory.get(name)

    async def put(self, name: str, value: Any, expires_at: datetime | None = None) -> None:
        """Store or replace a JSON value."""
        if self._store.cipher.enabled:
            sealed = self._store.seal(value)
            await asyncio.to_thread(self._put, name, sealed, expires_at)
        else:
            self._memory[name] = (value, expires_at)

    async def forget(self, name: str) -> None:
        """Remove a value, e.g. after its password was changed."""
        self._memory.pop(name, None)
        await asyncio.to_thread(self._forget, name)

    @contextlib.asynccontextmanager
    async def lock(self, name: str) -> AsyncIterator[None]:
        """Held by one task at a time over all processes.

        Raises:
            Unavailable: whoever holds it did not finish in time.
        """
        owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        waited, pause = 0.0, 0.05
        while not await asyncio.to_thread(self._acquire, name, owner):
            if waited >= self._patience:
                raise Unavailable(f"another task has been logging in for {name} since {waited:.0f} s")
            delay = pause * (0.5 + random.random())  # noqa: S311  (jitter)
            await self._sleep(delay)
            waited, pause = waited + delay, min(1.0, pause * 1.5)
        try:
            yield
        finally:
            await asyncio.to_thread(self._release, name, owner)

    # ---- the database's side, in a thread

    def _get(self, name: str) -> Entry | None:
        with self._store.read() as connection:
            row = connection.execute(
                select(credential.c.value, credential.c.expires_at).where(credential.c.name == name)
            ).first()
        return None if row is None or row.value is None else (self._store.open(row.value), row.expires_at)

    def _put(self, name: str, sealed: bytes, expires_at: datetime | None) -> None:
        values = {"value": sealed, "expires_at": expires_at, "updated_at": self._store.now()}
        dialect = sqlite if self._store.database.sqlite else postgresql
        statement = dialect.insert(credential).values(name=name, **values)
        with self._store.database.write() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))

    def _forget(self, name: str) -> None:
        with self._store.database.write() as connection:
            connection.execute(
                delete(credential).where(credential.c.name == name, credential.c.owner.is_(None))
            )
            connection.execute(update(credential).where(credential.c.name == name).values(value=None))

    def _acquire(self, name: str, owner: str) -> bool:
        dialect = sqlite if self._store.database.sqlite else postgresql
        with self._store.database.write() as connection:
            connection.execute(dialect.insert(credential).values(name=name).on_conflict_do_nothing())
            now = self._store.now()
            changed = connection.execute(
                update(credential)
                .where(credential.c.name == name)
                .where(or_(credential.c.owner.is_(None), credential.c.lease_until <= now))
                .values(owner=owner, lease_until=now + self._lease)
            )
            return bool(changed.rowcount == 1)

    def _release(self, name: str, owner: str) -> None:
        with self._store.database.write() as connection:
            connection.execute(
                update(credential)
                .where(credential.c.name == name, credential.c.owner == owner)
                .values(owner=None, lease_until=None)
            )


class SharedTokens:
    """The ``TokenStore`` of ``core.http`` over :class:`Credentials`."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    async def get(self, name: str) -> Token | None:
        """The stored token, expired or not."""
        entry = await self._credentials.get(name)
        return None if entry is None else Token.from_payload(entry[0])

    async def put(self, name: str, token: Token) -> None:
        """Store or replace."""
        expires_at = datetime.fromtimestamp(token.renew_at, UTC)
        await self._credentials.put(name, token.as_payload(), expires_at)

    def lock(self, name: str) -> AbstractAsyncContextManager[None]:
        """Held by one worker at a time, across processes, while it logs in."""
        return self._credentials.lock(name)
