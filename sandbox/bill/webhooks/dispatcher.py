"""Delivery in the background: who is sent what and when, retries, and switching a subscription off.

Only HTTP 200 in time counts. A delivery that fails is tried again after 2, 4, 8 and 16 seconds of
the sandbox's clock; then its subscription is disabled and gets nothing more until it is patched.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sandbox.bill.errors import timestamp
from sandbox.bill.switches import BillSwitches
from sandbox.clock import Clock
from sandbox.faults import FaultBook
from sandbox.faults.book import DELIVERY
from sandbox.gauge import Gauge

from .events import Attempt, Event
from .sender import Sender
from .subscriptions import Subscription

Work = Callable[[], Coroutine[Any, Any, None]]

AT_ONCE = 50
KEPT = 20_000
REASON = "Event notifications could not be delivered to the notificationUrl."


@dataclass(frozen=True)
class Job:
    """One event on its way to one subscription."""

    event: Event
    subscription: Subscription
    period: int
    key: str
    retry: int = 0

    @property
    def void(self) -> bool:
        """Whether sending stopped since the event was put here."""
        return not self.subscription.enabled or self.subscription.period != self.period


class Dispatcher:
    """Sends what it is given; `put` never waits.

    Attributes:
        delivered: answers of 200, to wait for.
        attempted: requests that ended, to wait for.
        disabled: subscriptions that were switched off for failures, to wait for.
        open: deliveries that run, or wait for their next attempt.
        log: the latest attempts.
    """

    def __init__(self, switches: BillSwitches, clock: Clock, faults: FaultBook, sender: Sender) -> None:
        self._switches, self._clock, self._faults, self._sender = switches, clock, faults, sender
        self._chance = random.Random(7)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._hurry = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.delivered, self.attempted, self.disabled, self.open = Gauge(), Gauge(), Gauge(), Gauge()
        self.log: deque[Attempt] = deque(maxlen=KEPT)
        self.held: list[Job] = []
        self.mixed: list[Job] = []
        self.paused = False

    def start(self) -> None:
        """Begin to send; needs a running event loop."""
        self._loop = asyncio.get_running_loop()
        self._sender.open()
        self.resume()

    async def close(self) -> None:
        """Send nothing more, and wait until nothing runs."""
        self._loop = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._sender.close()

    def clear(self) -> None:
        """Forget all that was or will be sent."""
        for task in self._tasks:
            task.cancel()
        self.held, self.mixed, self.paused = [], [], False
        self.log.clear()
        for gauge in (self.delivered, self.attempted, self.disabled):
            gauge.change(-gauge.value)

    def put(self, event: Event, subscription: Subscription) -> None:
        """Send an event, unless its subscription is off."""
        if not subscription.enabled:
            return
        job = Job(event, subscription, subscription.period, subscription.key)
        copies, seconds, together = 1, 0.0, 0
        for fault in self._faults.take("bill", f"WEBHOOK {event.type}", DELIVERY):
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

    def _submit(self, jobs: Sequence[Job], seconds: float = 0.0) -> None:
        if self.paused or self._loop is None:
            self.held += jobs
            return
        for job in jobs:
            self._spawn(partial(self._later, job, seconds) if seconds else partial(self._attempt, job))

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
                await self._attempt(job)

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

    async def _attempt(self, job: Job) -> None:
        async with self._slots:
            if job.void:
                return
            attempt = await self._sender.attempt(job.event, job.subscription.url, self._key(job))
        job.event.attempts.append(attempt)
        self.log.append(attempt)
        self.attempted.change(1)
        if attempt.status == 200:
            self.delivered.change(1)
        elif not job.void:
            self._failed(job)

    def _key(self, job: Job) -> str:
        return job.key if self._switches.retry_key == "old" else job.subscription.key

    def _failed(self, job: Job) -> None:
        waits = self._switches.webhook_retry_seconds
        if job.retry < len(waits):
            again = replace(job, retry=job.retry + 1)
            self._spawn(partial(self._later, again, waits[job.retry]))
        else:
            self.disable(job.subscription)

    def disable(self, subscription: Subscription, reason: str = REASON) -> None:
        """Switch a subscription off, as BILL does after the last failed attempt."""
        if subscription.enabled:
            now = timestamp(self._clock.now())
            subscription.switch(now, enabled=False, reason=reason, actor="SYSTEM")
            self.disabled.change(1)

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
            await self._attempt(job)

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
                self._spawn(partial(self._attempt, job))
        self._hurry.set()
        self._hurry = asyncio.Event()
        return len(jobs)

    async def settled(self) -> None:
        """Wait until no delivery runs or waits; what is held back does not count."""
        await self.open.fall()
