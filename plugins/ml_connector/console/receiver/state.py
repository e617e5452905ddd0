"""The state database as the receiver holds it: one for the process, opened by the first delivery."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ml_connector.core.state.store import Store


class SharedStore:
    """Opens the state database once; may be called by several threads, and blocks.

    Opened by use rather than when the process starts: an api-server must come up although the state
    database is away, and must not share connections with workers that are forked off it.
    """

    def __init__(self, open_store: Callable[[], Store]) -> None:
        self._open, self._lock = open_store, threading.Lock()
        self._store: Store | None = None

    def __call__(self) -> Store:
        with self._lock:
            if self._store is None:
                self._store = self._open()
            return self._store

    def close(self) -> None:
        """Give the connections back. The receiver opens no audit chain that would have to be closed."""
        with self._lock:
            store, self._store = self._store, None
        if store is not None:
            store.database.close()
