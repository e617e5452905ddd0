"""Requests in flight at once, over all processes: rows of the table ``slot``.

A task takes some of a name's slots for as long as it works and lends them to its own requests,
so a request costs no database call. Leases are renewed while the task lives; a slot is taken over
only after its lease has ended, and no request starts on a lease that could end before the request
does. Machines that share a database must agree about the time to within ``GRACE``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import socket
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from ml_connector.core.errors import RateLimited
from ml_connector.core.state.database import Database
from ml_connector.core.state.schema import slot
from ml_connector.core.state.store import utc_now

log = logging.getLogger(__name__)

GRACE = 5.0
"""Seconds after its lease at which a slot may be taken over: clocks differ a little."""


class Slots:
    """The slots of one name that this task holds.

    Args:
        database: where the slots stand.
        name: what they are slots of, e.g. ``bill:<developer key>:<organization>``.
        total: requests in flight that the other side allows.
        wanted: how many of them this task uses at most.
        lease: seconds that a slot stays taken after the last sign of life.
        margin: seconds a lease must still have before a request may start: the longest request.
        wait: seconds to wait for a first slot.
        idle: seconds without a request after which the slots are given back until the next one.
        clock: replaceable in tests.
        sleep: replaceable in tests.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        *,
        total: int,
        wanted: int = 1,
        lease: float = 300.0,
        margin: float = 130.0,
        wait: float = 600.0,
        idle: float = 30.0,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if not 0 < wanted <= total or margin >= lease:
            raise ValueError("a task uses 1 to `total` slots, and a lease outlasts its margin")
        self.name, self.owner = name, f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._database, self._total, self._wanted = database, total, wanted
        self._lease, self._margin, self._patience = timedelta(seconds=lease), timedelta(seconds=margin), wait
        self._clock, self._sleep, self._idle_after = clock, sleep, idle
        self._used = time.monotonic()
        self._held: dict[int, datetime] = {}
        self._idle: list[int] = []
        self._changed = asyncio.Condition()
        self._acquiring = False
        self._keeper: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def use(self) -> AsyncIterator[int]:
        """Hold one slot for the length of one request.

        Raises:
            RateLimited: no slot became free in time; nothing was sent.
        """
        number = await self._take()
        try:
            yield number
        finally:
            await self._put_back(number)

    async def aclose(self) -> None:
        """Give all slots back."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        if self._held:
            await asyncio.to_thread(self._release)
            self._held.clear()
            self._idle.clear()

    async def _take(self) -> int:
        while True:
            async with self._changed:
                while not self._idle and (self._held or self._acquiring):
                    await self._changed.wait()
                number = self._idle.pop() if self._idle else None
                self._acquiring = number is None
            if number is None:
                await self._fetch()
            elif await self._good(number):
                return number

    async def _fetch(self) -> None:
        """Wait for a first slot in the database; several tasks knock at irregular intervals."""
        waited, pause = 0.0, 0.1
        try:
            while not await self._acquire(self._wanted):
                if waited >= self._patience:
                    raise RateLimited(
                        f"all {self._total} requests in flight that are allowed for {self.name} are in use "
                        f"since {waited:.0f} s",
                        retry_after=60.0,
                    )
                delay = pause * (0.5 + random.random())  # noqa: S311  (jitter)
                await self._sleep(delay)
                waited, pause = waited + delay, min(2.0, pause * 1.5)
        finally:
            async with self._changed:
                self._acquiring = False
                self._changed.notify_all()
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())

    async def _good(self, number: int) -> bool:
        """Whether the slot's lease outlasts a request; a slot that was lost is forgotten."""
        if self._held[number] - self._clock() >= self._margin:
            return True
        try:
            await self._renew()
        except BaseException:
            await self._put_back(number)
            raise
        return number in self._held

    async def _put_back(self, number: int) -> None:
        self._used = time.monotonic()
        async with self._changed:
            if number in self._held:
                self._idle.append(number)
            self._changed.notify()

    async def _keep(self) -> None:
        """Renew the leases, ask for the slots that were not free at first, give back what is not used."""
        while True:
            await asyncio.sleep(min(self._lease.total_seconds() / 5, self._idle_after))
            try:
                await self._look_after()
            except OperationalError as error:
                log.warning(
                    "The leases of %s could not be renewed (%s); trying again",
                    self.name,
                    type(error).__name__,
                )

    async def _look_after(self) -> None:
        if await self._unused():
            await self._give_back()
        elif self._held:
            await self._renew()
            if 0 < len(self._held) < self._wanted:
                await self._acquire(self._wanted - len(self._held))

    async def _unused(self) -> bool:
        """Take all slots out of use if nothing has used them for a while; who comes now waits."""
        async with self._changed:
            busy = len(self._idle) < len(self._held) or time.monotonic() - self._used < self._idle_after
            if busy or not self._held or self._acquiring:
                return False
            self._held.clear()
            self._idle.clear()
            self._acquiring = True
            return True

    async def _give_back(self) -> None:
        try:
            await asyncio.to_thread(self._release)
        finally:
            async with self._changed:
                self._acquiring = False
                self._changed.notify_all()

    async def _renew(self) -> None:
        kept = await asyncio.to_thread(self._renew_rows)
        async with self._changed:
            self._held = {number: kept[number] for number in self._held if number in kept}
            self._idle = [number for number in self._idle if number in self._held]
            self._changed.notify_all()

    async def _acquire(self, count: int) -> bool:
        taken = await asyncio.to_thread(self._acquire_rows, count)
        async with self._changed:
            self._held.update(taken)
            self._idle.extend(taken)
            self._changed.notify_all()
        return bool(taken)

    # ---- the database's side, in a thread

    def _acquire_rows(self, count: int) -> dict[int, datetime]:
        taken: dict[int, datetime] = {}
        with self._database.write() as connection:
            self._make_rows(connection)
            now = self._clock()
            free = _free(now)
            candidates = select(slot.c.number).where(*self._mine(), free).order_by(slot.c.number)
            for number in connection.scalars(candidates).all():
                values = {"owner": self.owner, "lease_until": now + self._lease}
                changed = connection.execute(
                    update(slot).where(slot.c.name == self.name, slot.c.number == number, free).values(values)
                )
                if changed.rowcount == 1:
                    taken[number] = now + self._lease
                if len(taken) == count:
                    break
        return taken

    def _renew_rows(self) -> dict[int, datetime]:
        with self._database.write() as connection:
            until = self._clock() + self._lease
            rows = connection.scalars(
                update(slot)
                .where(*self._mine(), slot.c.owner == self.owner)
                .values(lease_until=until)
                .returning(slot.c.number)
            )
            return dict.fromkeys(rows.all(), until)

    def _release(self) -> None:
        with self._database.write() as connection:
            connection.execute(
                update(slot)
                .where(slot.c.name == self.name, slot.c.owner == self.owner)
                .values(owner=None, lease_until=None)
            )

    def _make_rows(self, connection: Connection) -> None:
        known = set(connection.scalars(select(slot.c.number).where(slot.c.name == self.name)))
        missing = [{"name": self.name, "number": n} for n in range(self._total) if n not in known]
        if missing:
            dialect = sqlite if self._database.sqlite else postgresql
            connection.execute(dialect.insert(slot).on_conflict_do_nothing(), missing)

    def _mine(self) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """Rows of this name that count: a total that was lowered leaves some over."""
        return slot.c.name == self.name, slot.c.number < self._total


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(slot.c.owner.is_(None), slot.c.lease_until <= now - timedelta(seconds=GRACE))
