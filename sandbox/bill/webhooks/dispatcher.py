"""Delivery of events: when an attempt has failed, what comes next, and switching a subscription off.

Only HTTP 200 in time counts. A delivery that fails is tried again after 2, 4, 8 and 16 seconds of
the sandbox's clock; then its subscription is disabled and gets nothing more until it is patched.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from sandbox.bill.errors import timestamp
from sandbox.bill.switches import BillSwitches
from sandbox.clock import Clock
from sandbox.delivery import Courier
from sandbox.faults import FaultBook
from sandbox.gauge import Gauge

from .events import Attempt, Event
from .sender import Sender
from .subscriptions import Subscription

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


class Dispatcher(Courier[Job]):
    """Sends what it is given; `put` never waits.

    Attributes:
        disabled: subscriptions that were switched off for failures, to wait for.
        log: the latest attempts.
    """

    def __init__(self, switches: BillSwitches, clock: Clock, faults: FaultBook, sender: Sender) -> None:
        super().__init__("bill", clock, faults)
        self._switches, self._sender = switches, sender
        self.disabled = Gauge()
        self.log: deque[Attempt] = deque(maxlen=KEPT)

    def start(self) -> None:
        """Begin to send; needs a running event loop."""
        self._sender.open()
        super().start()

    async def close(self) -> None:
        """Send nothing more, and wait until nothing runs."""
        await super().close()
        await self._sender.close()

    def clear(self) -> None:
        """Forget all that was or will be sent."""
        super().clear()
        self.log.clear()
        self.disabled.change(-self.disabled.value)

    def put(self, event: Event, subscription: Subscription) -> None:
        """Send an event, unless its subscription is off."""
        if subscription.enabled:
            job = Job(event, subscription, subscription.period, subscription.key)
            self.hand_over(job, f"WEBHOOK {event.type}")

    async def attempt(self, job: Job) -> None:
        """Send it once."""
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
            self.again(replace(job, retry=job.retry + 1), waits[job.retry])
        else:
            self.disable(job.subscription)

    def disable(self, subscription: Subscription, reason: str = REASON) -> None:
        """Switch a subscription off, as BILL does after the last failed attempt."""
        if subscription.enabled:
            now = timestamp(self._clock.now())
            subscription.switch(now, enabled=False, reason=reason, actor="SYSTEM")
            self.disabled.change(1)
