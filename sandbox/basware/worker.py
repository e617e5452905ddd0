"""Lets the second stage happen in time also while nobody calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sandbox.clock import Clock


class Worker:
    """Sleeps on the sandbox clock until something is due, as long as there is anything.

    Args:
        due: when something is due next, in seconds of the sandbox clock, or None.
        work: does what is due.
    """

    def __init__(self, clock: Clock, due: Callable[[], float | None], work: Callable[[], object]) -> None:
        self._clock, self._due, self._work = clock, due, work
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._until = 0.0

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._loop = asyncio.get_running_loop()
        self.wake()

    def wake(self) -> None:
        """Something new is due, perhaps before all that was known."""
        if self._loop is None or (due := self._due()) is None:
            return
        if self._task is not None and not self._task.done():
            if due >= self._until:
                return
            self._task.cancel()
        self._until = due
        self._task = self._loop.create_task(self._run())

    async def _run(self) -> None:
        while (due := self._due()) is not None:
            self._until = due
            await self._clock.sleep(due - self._clock.seconds())
            self._work()

    async def close(self) -> None:
        """Do nothing more."""
        self._loop = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
