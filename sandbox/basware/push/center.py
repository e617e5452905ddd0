"""All push notifications: what the API, the control endpoint and tests work with."""

from __future__ import annotations

from typing import Any

from sandbox.basware.errors import push_invalid
from sandbox.basware.switches import BaswareSwitches
from sandbox.clock import Clock
from sandbox.faults import FaultBook
from sandbox.jsonio import encode

from .dispatcher import Dispatcher
from .signature import headers
from .subscriptions import Subscription, Subscriptions
from .tasks import FAILED, NEW, Tasks

TEST = "ConnectionTest"
TEST_ID = "00000000-0000-4000-8000-000000000000"


class Push:
    """Subscriptions, their tasks, and the delivery."""

    def __init__(self, switches: BaswareSwitches, clock: Clock, faults: FaultBook) -> None:
        self._switches, self._clock = switches, clock
        self.dispatcher = Dispatcher(switches, clock, faults)
        self.load()

    def load(self) -> None:
        """Begin empty."""
        self.dispatcher.clear()
        self.subscriptions, self.tasks = Subscriptions(), Tasks()
        self.tested = 0

    def notify(self, task_type: str, subtype: str, document: str) -> int:
        """Tell every subscription that wants it; returns how many did."""
        wanting = self.subscriptions.wanting(task_type, subtype)
        for subscription in wanting:
            task = self.tasks.add(task_type, subtype, document, subscription, self._clock.now())
            self.dispatcher.put(task)
        return len(wanting)

    async def test(self, subscription: Subscription) -> None:
        """Call a new subscription's address. Raises ``BaswareError`` with 400 unless it answers 200."""
        body = encode(
            {
                "taskId": TEST_ID,
                "taskStatus": NEW,
                "taskType": TEST,
                "taskSubType": subscription.subtype,
                "documentId": TEST,
            }
        )
        self.tested += 1
        wire = headers(subscription.token, body, self._clock.seconds(), self._switches)
        status, error = await self.dispatcher.sender.post(subscription.url, body, wire)
        if status != 200:
            raise push_invalid(f"Connection test of notificationWebhookURL failed: {status or error}")

    def counts(self) -> dict[str, Any]:
        """Numbers for `GET /state`."""
        sending = self.dispatcher
        return {
            "subscriptions": len(self.subscriptions.rows),
            "connection_tests": self.tested,
            "tasks": len(self.tasks.rows),
            "failed": sum(task.status == FAILED for task in self.tasks.rows.values()),
            "attempted": sending.attempted.value,
            "delivered": sending.delivered.value,
            "held": len(sending.held) + len(sending.mixed),
            "open": sending.open.value,
        }
