"""Wakes the events DAG of a tenant while events wait in its inbox.

One look at the inbox, twice a second, serves all tenants: Airflow hands what it saw to each
tenant's trigger. A trigger fires for new events, and again every minute while any wait: Airflow may
merge a wake-up with another one or drop it, and the run that took the rest may have failed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping
from typing import Any

from airflow.sdk import Asset, AssetWatcher
from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from ml_connector.core.dag.settings import open_database, read_settings
from ml_connector.core.ledger import inbox
from ml_connector.core.state.database import Database

log = logging.getLogger(__name__)

LOOK = 0.5
"""Seconds between two looks at the inbox."""

PAUSE = 5.0
"""Seconds between two looks while the state database is away."""

REMIND = 60.0
"""Seconds between two events while rows wait and none is new."""

Waiting = Mapping[tuple[str, str], tuple[int, int]]
"""Highest id and number of the events that wait, by system and tenant."""


class Alarm:
    """Decides, look by look, whether a tenant's DAG must be woken.

    A row counts as new when its id is the highest so far, and also when there are more rows than
    before: on PostgreSQL a lower id may be committed after a higher one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._highest = self._count = 0
        self._rang_at = clock()

    def rings(self, highest: int, count: int) -> bool:
        """Whether to fire, after a look that found ``count`` rows up to the id ``highest``."""
        new = highest > self._highest or count > self._count
        self._highest, self._count = max(highest, self._highest), count
        if not count or not (new or self._clock() - self._rang_at >= REMIND):
            return False
        self._rang_at = self._clock()
        return True


class InboxTrigger(BaseEventTrigger):
    """Fires when events of one system wait in one tenant's inbox.

    Args:
        system: who sends the events.
        tenant: for whom.
    """

    clock: Callable[[], float] = staticmethod(time.monotonic)

    def __init__(self, system: str, tenant: str) -> None:
        super().__init__()
        self.system, self.tenant = system, tenant

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{__name__}.InboxTrigger", {"system": self.system, "tenant": self.tenant}

    def shared_stream_key(self) -> Hashable:
        """The same for all tenants: one look serves them all."""
        return ("ml_connector", "inbox")

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[Waiting]:  # noqa: ARG003
        reader = InboxReader()
        try:
            async for waiting in changes(reader, asyncio.sleep):
                yield waiting
        finally:
            reader.close()

    async def filter_shared_stream(
        self, shared_stream: AsyncIterator[Waiting]
    ) -> AsyncIterator[TriggerEvent]:
        alarm = Alarm(self.clock)
        async for waiting in shared_stream:
            highest, count = waiting.get((self.system, self.tenant), (0, 0))
            if alarm.rings(highest, count):
                yield TriggerEvent(
                    {"system": self.system, "tenant": self.tenant, "highest": highest, "count": count}
                )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Never called by an Airflow that knows shared streams; the same without sharing."""
        async for event in self.filter_shared_stream(self.open_shared_stream({})):
            yield event


async def changes(
    read: Callable[[], Awaitable[Waiting | None]], sleep: Callable[[float], Awaitable[object]]
) -> AsyncIterator[Waiting]:
    """What waits, whenever that changed and as long as anything does. It goes on for ever.

    Args:
        read: one look; None while the state database is away.
        sleep: replaceable in tests.
    """
    before: Waiting = {}
    while True:
        waiting = await read()
        if waiting is not None and (waiting or before):
            before = waiting
            yield waiting
        await sleep(PAUSE if waiting is None else LOOK)


class InboxReader:
    """Looks at the inbox in a thread, over one engine.

    An outage is logged once and waited out: an error would end the stream, and with it the triggers
    of all tenants.
    """

    def __init__(self, open_inbox: Callable[[], Database] | None = None) -> None:
        self._open = open_inbox or (lambda: open_database(read_settings()))
        self._database: Database | None = None
        self._away = False

    async def __call__(self) -> Waiting | None:
        """What waits; None while that cannot be read."""
        try:
            waiting = await asyncio.to_thread(self._read)
        except Exception as error:  # noqa: BLE001 - see the class
            if not self._away:
                # The text of SQLAlchemy's errors holds the statement, and may hold the address.
                log.warning("The inbox of webhooks cannot be read (%s); trying again.", type(error).__name__)
            self._away = True
            return None
        if self._away:
            log.info("The inbox of webhooks can be read again.")
        self._away = False
        return waiting

    def close(self) -> None:
        """Give the connections back."""
        if self._database is not None:
            self._database.close()

    def _read(self) -> Waiting:
        if self._database is None:
            self._database = self._open()
        with self._database.read() as connection:
            return inbox.pending(connection)


def inbox_asset(system: str, tenant: str) -> Asset:
    """The inbox as the schedule of a tenant's events DAG names it.

    It must be named nowhere else: where another DAG names the asset without this watcher, Airflow
    deletes the watcher until the events DAG is parsed again.
    """
    trigger = InboxTrigger(system, tenant)
    return Asset(
        name=f"ml-connector/inbox/{system}/{tenant}",
        uri=f"ml-connector://inbox/{system}/{tenant}",
        group="ml-connector",
        watchers=[AssetWatcher(name=f"ml-connector-inbox-{system}-{tenant}", trigger=trigger)],
    )
