"""The history of notifications, which Basware calls tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sandbox.basware import moments
from sandbox.jsonio import encode

from .subscriptions import Subscription

NEW, COMPLETED, FAILED = "New", "Completed", "Failed"
LIFE = timedelta(days=30)


@dataclass
class Task:
    """One notification for one subscription."""

    id: str
    type: str
    subtype: str
    document: str
    subscription: Subscription
    created: datetime
    updated: datetime
    status: str = NEW
    history: list[tuple[str, datetime, str]] = field(default_factory=list)

    def note(self, status: str, moment: datetime, message: str) -> None:
        """Something happened to it."""
        self.status, self.updated = status, moments.cut(moment)
        self.history.append((status, self.updated, message))

    def body(self) -> bytes:
        """What is sent: always as a new task, however often it was tried."""
        return encode(
            {
                "taskId": self.id,
                "taskStatus": NEW,
                "taskType": self.type,
                "taskSubType": self.subtype,
                "documentId": self.document,
                "expirationTime": moments.written(self.created + LIFE),
            }
        )

    def shown(self) -> dict[str, Any]:
        """As the history shows it."""
        return {
            "taskId": self.id,
            "taskStatus": self.status,
            "taskType": self.type,
            "taskSubType": self.subtype,
            "documentId": self.document,
            "expirationTime": moments.written(self.created + LIFE),
            "isSimulatedTask": False,
            "lastUpdated": moments.written(self.updated),
            "taskHistory": [
                {"action": action, "timeStamp": moments.written(moment), "messages": [message]}
                for action, moment, message in self.history
            ],
        }


class Tasks:
    """All tasks, oldest first."""

    def __init__(self) -> None:
        self.rows: dict[str, Task] = {}
        self.order: list[Task | None] = []

    def add(
        self, task_type: str, subtype: str, document: str, subscription: Subscription, now: datetime
    ) -> Task:
        """A new task."""
        moment = moments.cut(now)
        task = Task(str(uuid4()), task_type, subtype, document, subscription, moment, moment)
        task.note(NEW, moment, "Task Created")
        self.rows[task.id] = task
        self.order.append(task)
        return task
