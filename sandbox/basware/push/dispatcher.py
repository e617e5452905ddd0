"""Delivery of notifications.

Only HTTP 200 in time counts. How often Basware tries again is not documented; here the waits are a
switch, and after the last one the task has failed.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, replace

from sandbox.basware import moments
from sandbox.basware.switches import BaswareSwitches
from sandbox.clock import Clock
from sandbox.delivery import Courier
from sandbox.faults import FaultBook

from .sender import Sender
from .signature import headers
from .tasks import COMPLETED, FAILED, NEW, Task

KEPT = 20_000


@dataclass(frozen=True)
class Attempt:
    """One request to a notification address; `status` is None when no answer came."""

    task_id: str
    task_type: str
    task_subtype: str
    document_id: str
    url: str
    time: str
    seconds: float
    status: int | None
    error: str = ""


@dataclass(frozen=True)
class Job:
    """One task on its way."""

    task: Task
    retry: int = 0


class Dispatcher(Courier[Job]):
    """Sends tasks.

    Attributes:
        log: the latest attempts.
    """

    def __init__(self, switches: BaswareSwitches, clock: Clock, faults: FaultBook) -> None:
        super().__init__("basware", clock, faults)
        self._switches = switches
        self.sender = Sender(switches)
        self.log: deque[Attempt] = deque(maxlen=KEPT)

    def start(self) -> None:
        """Begin to send; needs a running event loop."""
        self.sender.open()
        super().start()

    async def close(self) -> None:
        """Send nothing more, and wait until nothing runs."""
        await super().close()
        await self.sender.close()

    def clear(self) -> None:
        """Forget all that was or will be sent."""
        super().clear()
        self.log.clear()

    def put(self, task: Task) -> None:
        """Send a task."""
        self.hand_over(Job(task), f"WEBHOOK {task.type} {task.subtype}")

    async def attempt(self, job: Job) -> None:
        """Send it once."""
        task, body = job.task, job.task.body()
        async with self._slots:
            moment, began = self._clock.now(), time.monotonic()
            wire = headers(task.subscription.token, body, self._clock.seconds(), self._switches)
            status, error = await self.sender.post(task.subscription.url, body, wire)
        seconds = round(time.monotonic() - began, 4)
        named = (task.id, task.type, task.subtype, task.document, task.subscription.url)
        self.log.append(Attempt(*named, moments.written(moment), seconds, status, error))
        self.attempted.change(1)
        if status == 200:
            task.note(COMPLETED, self._clock.now(), "Notification delivered")
            self.delivered.change(1)
        else:
            self._failed(job, f"HTTP {status} from endpoint" if status else error)

    def _failed(self, job: Job, message: str) -> None:
        waits = self._switches.notification_retry_seconds
        if job.task.status == COMPLETED:
            return
        if job.retry < len(waits):
            job.task.note(NEW, self._clock.now(), message)
            self.again(replace(job, retry=job.retry + 1), waits[job.retry])
        else:
            job.task.note(FAILED, self._clock.now(), message)
