"""Calls per window, shared by all processes through rows of the table ``quota``.

A process reserves a block of calls and uses it without asking the database again, so a crash
loses at most a block. What a row means depends on the kind of window:

* ``ClockWindow``: ``used`` of ``capacity`` calls are reserved until ``ends_at``, a full hour.
* ``RollingWindow``: ``ends_at`` is the moment at which everything reserved is paid off at the
  permitted rate (the generic cell rate algorithm). A fixed window would let twice the capacity
  through around its boundary.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ml_connector.core.errors import RateLimited
from ml_connector.core.state.database import Database
from ml_connector.core.state.schema import quota
from ml_connector.core.state.store import utc_now

_CLOSED = 2_000_000_000
"""Value of ``used`` once the other side said that the window is spent."""

_RECHECK = 5.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ClockWindow:
    """Windows that begin at full multiples of their length, e.g. each clock hour.

    Attributes:
        capacity: calls per window over all processes.
        seconds: length of a window.
        block: calls that a process reserves at once.
    """

    capacity: int
    seconds: int = 3600
    block: int = 50

    def end(self, now: datetime) -> datetime:
        """End of the window in which ``now`` lies."""
        number = int((now - _EPOCH).total_seconds()) // self.seconds
        return _EPOCH + timedelta(seconds=(number + 1) * self.seconds)


@dataclass(frozen=True, slots=True)
class RollingWindow:
    """No stretch of ``seconds`` holds more than ``capacity`` calls, wherever it begins.

    Attributes:
        capacity: calls in any stretch of that length.
        seconds: the length.
        burst: calls that may leave at once after a pause; they lower the steady rate.
        block: calls that a process reserves at once; unused ones are lost after a moment.
        patience: seconds that one call waits for its turn before it fails instead.
    """

    capacity: int
    seconds: int
    burst: int = 5
    block: int = 1
    patience: float = 10.0

    @property
    def cell(self) -> float:
        """Seconds that one call costs, so that burst, blocks and steady rate together fit."""
        return self.seconds / max(1, self.capacity - self.burst - self.block + 1)


Window = ClockWindow | RollingWindow


@dataclass(frozen=True, slots=True)
class _Block:
    """What one reservation gave: ``count`` calls until ``ends_at``, or a wait."""

    count: int
    ends_at: datetime
    wait: float = 0.0


class _Row(NamedTuple):
    used: int
    ends_at: datetime


class Quota:
    """The share that one process has of a quota.

    Args:
        database: where the windows stand.
        name: of the quota, e.g. ``bill:<fingerprint of the developer key>``.
        window: what the other side allows.
        what: the limit in words, for errors.
        clock: replaceable in tests.
        sleep: replaceable in tests.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        window: Window,
        *,
        what: str = "calls",
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name, self.window = name, window
        self._database, self._what, self._clock, self._sleep = database, what, clock, sleep
        self._left = 0
        self._ends_at = _EPOCH
        self._checked = 0.0
        self._lock = asyncio.Lock()

    async def take(self) -> None:
        """Count one call.

        Raises:
            RateLimited: the window is spent; ``retry_after`` reaches to its end.
        """
        if self._usable():
            self._left -= 1
            return
        async with self._lock:
            while not self._usable():
                await self._refill()
            self._left -= 1

    async def try_take(self, count: int) -> bool:
        """Count so many calls at once, or none of them where a clock window has no room for all."""
        return await asyncio.to_thread(self._try_take, count)

    async def exhaust(self, until: datetime) -> None:
        """The other side says that nothing more is allowed before ``until``."""
        self._left = 0
        await asyncio.to_thread(self._close_window, until)

    async def aclose(self) -> None:
        """Give back what was reserved and not used."""
        left, self._left = self._left, 0
        if left and isinstance(self.window, ClockWindow) and self._clock() < self._ends_at:
            await asyncio.to_thread(self._give_back, left)

    def _usable(self) -> bool:
        if self._left <= 0 or self._clock() >= self._ends_at:
            return False
        return time.monotonic() - self._checked < _RECHECK

    async def _refill(self) -> None:
        """Look again whether the window was closed, and reserve a block where none is left."""
        if self._left > 0 and self._clock() < self._ends_at and isinstance(self.window, ClockWindow):
            closed = await asyncio.to_thread(self._closed)
        else:
            closed, self._left = False, 0
        if closed:
            self._left = 0
        if self._left <= 0:
            block = await asyncio.to_thread(self._reserve)
            self._left, self._ends_at = block.count, block.ends_at
            if block.wait:
                await self._wait(block.wait)
        self._checked = time.monotonic()

    async def _wait(self, seconds: float) -> None:
        patience = self.window.patience if isinstance(self.window, RollingWindow) else 0.0
        if seconds > patience:
            raise RateLimited(
                f"{self._what}: all {self.window.capacity} of this window are used; "
                f"the next one is free in {seconds:.0f} s",
                retry_after=seconds,
            )
        await self._sleep(seconds)

    # ---- the database's side, in a thread

    def _reserve(self) -> _Block:
        with self._database.write() as connection:
            row = self._row(connection)
            now = self._clock()  # after the lock: waiting for it may have taken a while
            if isinstance(self.window, ClockWindow):
                return self._reserve_clock(connection, self.window, row, now)
            return self._reserve_rolling(connection, self.window, row, now)

    def _try_take(self, count: int) -> bool:
        if not isinstance(self.window, ClockWindow):
            raise TypeError("only a clock window knows how much room it has")
        with self._database.write() as connection:
            row, now = self._row(connection), self._clock()
            used, ends_at = (row.used, row.ends_at) if row.ends_at > now else (0, self.window.end(now))
            if used + count > self.window.capacity:
                return False
            self._set(connection, used=used + count, ends_at=ends_at)
            return True

    def _reserve_clock(self, connection: Connection, window: ClockWindow, row: _Row, now: datetime) -> _Block:
        used, ends_at = (row.used, row.ends_at) if row.ends_at > now else (0, window.end(now))
        count = min(window.block, window.capacity - used)
        if count <= 0:
            return _Block(0, ends_at, (ends_at - now).total_seconds() + 1.0)
        self._set(connection, used=used + count, ends_at=ends_at)
        return _Block(count, ends_at)

    def _reserve_rolling(
        self, connection: Connection, window: RollingWindow, row: _Row, now: datetime
    ) -> _Block:
        cost = timedelta(seconds=window.cell * window.block)
        paid_off = max(now, row.ends_at) + cost
        wait = (paid_off - now).total_seconds() - window.burst * window.cell
        if wait > 0:
            return _Block(0, now, wait)
        self._set(connection, used=window.block, ends_at=paid_off)
        return _Block(window.block, now + cost)

    def _closed(self) -> bool:
        with self._database.read() as connection:
            used = connection.scalar(select(quota.c.used).where(quota.c.name == self.name))
        return used is None or used >= _CLOSED

    def _close_window(self, until: datetime) -> None:
        with self._database.write() as connection:
            row = self._row(connection)
            if isinstance(self.window, RollingWindow):
                until += timedelta(seconds=self.window.cell * (self.window.burst - self.window.block))
            closed = _CLOSED if isinstance(self.window, ClockWindow) else self.window.capacity
            ends_at = max(row.ends_at, until) if row.used >= _CLOSED else until
            self._set(connection, used=closed, ends_at=ends_at)

    def _give_back(self, count: int) -> None:
        with self._database.write() as connection:
            connection.execute(
                update(quota)
                .where(quota.c.name == self.name, quota.c.ends_at == self._ends_at)
                .where(quota.c.used < _CLOSED, quota.c.used >= count)
                .values(used=quota.c.used - count)
            )

    def _row(self, connection: Connection) -> _Row:
        """The quota's row, locked until the transaction ends."""
        wanted = select(quota.c.used, quota.c.ends_at).where(quota.c.name == self.name).with_for_update()
        row = connection.execute(wanted).first()
        if row is not None:
            return _Row(*row)
        dialect = sqlite if self._database.sqlite else postgresql
        first = {"name": self.name, "used": 0, "capacity": self.window.capacity, "ends_at": _EPOCH}
        connection.execute(dialect.insert(quota).values(first).on_conflict_do_nothing())
        return _Row(*connection.execute(wanted).one())

    def _set(self, connection: Connection, *, used: int, ends_at: datetime) -> None:
        values = {"used": used, "ends_at": ends_at, "capacity": self.window.capacity}
        connection.execute(update(quota).where(quota.c.name == self.name).values(values))
