"""Puts deliveries into the inbox: what arrives while one commit runs shares the next.

A synced commit takes milliseconds whatever it holds, so a thousand deliveries at once need a few
commits, not a thousand. Each delivery is answered only after its own commit.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ml_connector.core.ledger import inbox
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Event

OUTAGES = (OperationalError, InterfaceError, PoolTimeout)
"""The database is away, locked or full; anything else is about what was to be written."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The events of one delivery, and who waits for their commit."""

    system: str
    tenant: str
    events: Sequence[Event]
    done: asyncio.Future[None]


class Writer:
    """Writes in a thread of its own, one transaction at a time.

    No audit chain is opened here: the run that takes an event up records it in the trail, and a
    chain of its own for each delivery would let every sender lengthen the trail as it likes.

    Args:
        store: opens the state database, or gives the open one; called in the thread.
        group: deliveries of one transaction at most.
    """

    def __init__(self, store: Callable[[], Store], group: int) -> None:
        self._store, self._group = store, group
        self._waiting: list[Entry] = []
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ml-connector-inbox")

    async def put(self, system: str, tenant: str, events: Sequence[Event]) -> None:
        """Return when the events are committed, or were there already.

        Raises:
            Exception: whatever the database said; nothing of this delivery is stored then.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = Entry(system, tenant, events, done)
        self._waiting.append(entry)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            await done
        except asyncio.CancelledError:  # answered already: it need not be kept until its turn comes
            self._waiting = [other for other in self._waiting if other is not entry]
            raise

    def close(self) -> None:
        """Let a transaction in progress end by itself."""
        self._thread.shutdown(wait=False)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            taken, self._waiting = self._waiting[: self._group], self._waiting[self._group :]
            # Whoever was told to come again is not written now: the sender's retry is.
            group = [entry for entry in taken if not entry.done.done()]
            if group:
                errors = await loop.run_in_executor(self._thread, self._write, group)
                for entry, error in zip(group, errors, strict=True):
                    _settle(entry.done, error)

    def _write(self, group: Sequence[Entry]) -> list[Exception | None]:
        """What became of each entry; one that cannot be written does not keep the others away."""
        try:
            self._commit(group)
        except OUTAGES as error:
            return [error] * len(group)
        except Exception as error:  # noqa: BLE001 - told to whom it concerns
            if len(group) == 1:
                return [error]
            return [result for entry in group for result in self._write([entry])]
        return [None] * len(group)

    def _commit(self, group: Sequence[Entry]) -> None:
        events: dict[tuple[str, str], list[Event]] = defaultdict(list)
        for entry in group:
            events[entry.system, entry.tenant] += entry.events
        store = self._store()
        with store.write() as tx:
            # In the same order everywhere: two api-servers that got the same events do not deadlock.
            for system, tenant in sorted(events):
                inbox.put(tx, system, tenant, events[system, tenant], origin="webhook")


def _settle(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():  # given up meanwhile
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
