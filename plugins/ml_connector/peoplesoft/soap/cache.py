"""Where service descriptions are kept between calls.

Namespaces in a description hold message numbers that PeopleSoft assigns at random in each database,
so a description belongs to one environment, and is read again after a day or when it stops fitting.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Protocol

from ml_connector.core.ledger import cache
from ml_connector.core.state.store import Store

KEEP = timedelta(days=1)


class WsdlCache(Protocol):
    """Service descriptions by name."""

    async def get(self, name: str) -> bytes | None:
        """What was put under this name, unless it is too old."""
        ...

    async def put(self, name: str, content: bytes) -> None:
        """Keep, in place of what was there."""
        ...

    async def drop(self, name: str) -> None:
        """Forget."""
        ...


class MemoryWsdlCache:
    """A cache for one process."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    async def get(self, name: str) -> bytes | None:
        """See :class:`WsdlCache`."""
        return self._kept.get(name)

    async def put(self, name: str, content: bytes) -> None:
        """See :class:`WsdlCache`."""
        self._kept[name] = content

    async def drop(self, name: str) -> None:
        """See :class:`WsdlCache`."""
        self._kept.pop(name, None)


class StoredWsdlCache:
    """A cache in the state database, shared by all workers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, name: str) -> bytes | None:
        """See :class:`WsdlCache`; a day is the longest."""
        return await asyncio.to_thread(self._get, name)

    async def put(self, name: str, content: bytes) -> None:
        """See :class:`WsdlCache`."""
        await asyncio.to_thread(self._put, name, content)

    async def drop(self, name: str) -> None:
        """See :class:`WsdlCache`."""
        await asyncio.to_thread(self._drop, name)

    def _get(self, name: str) -> bytes | None:
        with self._store.read() as connection:
            return cache.get(connection, name, self._store.now() - KEEP)

    def _put(self, name: str, content: bytes) -> None:
        with self._store.write() as tx:
            cache.put(tx, name, content)

    def _drop(self, name: str) -> None:
        with self._store.write() as tx:
            cache.drop(tx, name)
