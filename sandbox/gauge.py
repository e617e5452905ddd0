"""A number one can wait for: how many answers are held, how many calls sleep."""

from __future__ import annotations

import asyncio


class Gauge:
    """A counter; `reach` waits until it is high enough."""

    def __init__(self) -> None:
        self.value = 0
        self._changed = asyncio.Event()

    def change(self, by: int) -> None:
        """Count up or down."""
        self.value += by
        self._changed.set()
        self._changed = asyncio.Event()

    async def reach(self, value: int = 1) -> None:
        """Wait until the number is at least this."""
        while self.value < value:
            await self._changed.wait()

    async def fall(self, value: int = 0) -> None:
        """Wait until the number is at most this."""
        while self.value > value:
            await self._changed.wait()
