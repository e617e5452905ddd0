"""Events, and what became of sending them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

from sandbox.bill.errors import timestamp
from sandbox.bill.switches import BillSwitches
from sandbox.clock import Clock
from sandbox.jsonio import encode

from . import catalog
from .subscriptions import Subscription


@dataclass(frozen=True)
class Attempt:
    """One request to the notification URL; `status` is None when no answer came."""

    event_id: str
    event_type: str
    subscription_id: str
    url: str
    time: str
    seconds: float
    status: int | None
    error: str = ""


@dataclass
class Event:
    """One event of one subscription."""

    number: int
    id: str
    type: str
    subscription_id: str
    entity_id: str
    payload: str
    created: str
    attempts: list[Attempt] = field(default_factory=list)


class EventLog:
    """All events, by subscription."""

    def __init__(self, switches: BillSwitches, clock: Clock) -> None:
        self._switches, self._clock = switches, clock
        self._numbers = count(1)
        self.of: dict[str, list[Event]] = defaultdict(list)

    def record(
        self, subscription: Subscription, event_type: str, entity: dict[str, Any], **more: Any
    ) -> Event:
        """Write an event down; `more` stands beside the object."""
        event_id, key = str(uuid4()), catalog.entity_key(event_type)
        metadata = {
            "eventId": event_id,
            "subscriptionId": subscription.id,
            "organizationId": subscription.organization,
            "eventType": event_type,
            "version": catalog.VERSION,
        }
        body = {"metadata": metadata, key: entity, **more}
        payload = encode(body, money_as_text=self._switches.money_as_text).decode()
        event = Event(
            next(self._numbers),
            event_id,
            event_type,
            subscription.id,
            str(entity.get("id", "")),
            payload,
            timestamp(self._clock.now()),
        )
        self.of[subscription.id].append(event)
        return event

    def clear(self) -> None:
        """Forget everything."""
        self.of.clear()
