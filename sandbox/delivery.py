"""Sending in the background: held back, delayed, doubled or mixed up.

What a job is, and what an attempt to send it does, is the matter of whoever sends.
"""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from sandbox.clock import Clock
from sandbox.faults import FaultBook
from sandbox.faults.book import DELIVERY
from sandbox.gauge import Gauge

Work = Callable[[], Coroutine[Any, Any, None]]
Job = TypeVar("Job")

AT_ONCE = 50


class Courier(ABC, Generic[Job]):
    """Sends jobs; to hand one over never waits.

    Attributes:
        delivered: answers of 200, to wait for.
        attempted: requests that ended, to wait for.
        open: deliveries that run, or wait for their next attempt.
        held: jobs that wait for `resume` or `flush`.
        mixed: jobs that wait until there are enough to change their order.
    """

    def __init__(self, system: str, clock: Clock, faults: FaultBook) -> None:
        self._system, self._clock, self._faults = system, clock, faults
        self._chance = random.Random(7)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._hurry = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.delivered, self.attempted, self.open = Gauge(), Gauge(), Gauge()
        self.held: list[Job] = []
        self.mixed: list[Job] = []
        self.paused = False

    @abstractmethod
    async def attempt(self, job: Job) -> None:
        """Send it once, and plan the next attempt where one is due."""

    def start(self) -> None:
        """Begin to send; needs a running event loop."""
        self._loop = asyncio.get_running_loop()
        self.resume()

    async def close(self) -> None:
        """Send nothing more, and wait until nothing runs."""
        self._loop = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def clear(self) -> None:
        """Forget all that was or will be sent."""
        for task in self._tasks:
            task.cancel()
        self.held, self.mixed, self.paused = [], [], False
        for gauge in (self.delivered, self.attempted):
            gauge.change(-gauge.value)

    def hand_over(self, job: Job, operation: str) -> None:
        """Send a job, unless a planned fault of this operation drops, doubles, delays or mixes it."""
        copies, seconds, together = 1, 0.0, 0
        for fault in self._faults.take(self._system, operation, DELIVERY):
            match fault.kind:
                case "drop":
                    return
                case "duplicate":
                    copies = max(2, fault.rows)
                case "delay":
                    seconds = fault.seconds
                case "reorder":
                    together = max(2, fault.rows)
        jobs = [job] * copies
        if together:
            self._mix(jobs, together)
        else:
            self._submit(jobs, seconds)

    def again(self, job: Job, seconds: float) -> None:
        """Try a job once more, so much later."""
        self._spawn(partial(self._later, job, seconds))

    def _submit(self, jobs: Sequence[Job], seconds: float = 0.0) -> None:
        if self.paused or self._loop is None:
            self.held += jobs
            return
        for job in jobs:
            self._spawn(partial(self._later, job, seconds) if seconds else partial(self.attempt, job))

    def _mix(self, jobs: Sequence[Job], together: int) -> None:
        self.mixed += jobs
        if len(self.mixed) >= together:
            mixed, self.mixed = self.mixed, []
            self._send_in_turn(mixed)

    def _send_in_turn(self, jobs: list[Job]) -> None:
        """Send in another order than the given one, each after the one before."""
        order = self._chance.sample(jobs, len(jobs))
        if order == jobs:
            order.reverse()

        async def send() -> None:
            for job in order:
                await self.attempt(job)

        self._spawn(send)

    def _spawn(self, make: Work) -> None:
        if self._loop is not None:
            self.open.change(1)
            self._loop.call_soon_threadsafe(self._run, make)

    def _run(self, make: Work) -> None:
        if self._loop is None:
            self.open.change(-1)
            return
        task = asyncio.create_task(make())
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.open.change(-1)

    async def _later(self, job: Job, seconds: float) -> None:
        waits = [
            asyncio.ensure_future(self._clock.sleep(seconds)),
            asyncio.ensure_future(self._hurry.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        if self.paused:
            self.held.append(job)
        else:
            await self.attempt(job)

    def pause(self) -> None:
        """Hold back everything that is not on the wire yet."""
        self.paused = True

    def resume(self) -> int:
        """Send what was held back, in order; returns how many there were."""
        self.paused = False
        jobs, self.held = self.held, []
        self._submit(jobs)
        return len(jobs)

    def flush(self, *, shuffle: bool = False) -> int:
        """Send all that is held back, and end every wait between attempts; returns how many were held."""
        jobs, self.held, self.mixed = [*self.held, *self.mixed], [], []
        if shuffle and len(jobs) > 1:
            self._send_in_turn(jobs)
        else:
            for job in jobs:
                self._spawn(partial(self.attempt, job))
        self._hurry.set()
        self._hurry = asyncio.Event()
        return len(jobs)

    async def settled(self) -> None:
        """Wait until no delivery runs or waits; what is held back does not count."""
        await self.open.fall()
