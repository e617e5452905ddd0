"""The sandbox's own time: the real clock plus an offset that tests move forward.

Session expiry, quotas, token life, search lag and late commits all read this clock, so that a
test can let half an hour pass without waiting for it.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from .gauge import Gauge


class Clock:
    """Real time plus an offset; sleepers wake when the clock is moved past their time."""

    def __init__(self) -> None:
        self.offset = 0.0
        self.sleeping = Gauge()
        self._sleepers: set[asyncio.Event] = set()

    def seconds(self) -> float:
        """Seconds since the epoch, offset included."""
        return time.time() + self.offset

    def now(self) -> datetime:
        """The same moment as an aware UTC datetime."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def advance(self, seconds: float) -> None:
        """Move the clock forward and wake everyone who sleeps on it."""
        if seconds < 0:
            raise ValueError("the sandbox clock only moves forward")
        self.offset += seconds
        for event in self._sleepers:
            event.set()

    async def sleep(self, seconds: float) -> None:
        """Sleep until the sandbox clock has moved on by ``seconds``."""
        end = self.seconds() + seconds
        event = asyncio.Event()
        self._sleepers.add(event)
        self.sleeping.change(1)
        try:
            while (rest := end - self.seconds()) > 0:
                event.clear()
                try:
                    await asyncio.wait_for(event.wait(), rest)
                except TimeoutError:
                    continue
        finally:
            self._sleepers.discard(event)
            self.sleeping.change(-1)
