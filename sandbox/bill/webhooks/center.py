"""All webhooks of the simulator: what the API, the control endpoint and tests work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sandbox.bill.errors import not_found, timestamp
from sandbox.bill.store import Store
from sandbox.bill.switches import BillSwitches
from sandbox.bill.table import Row
from sandbox.clock import Clock
from sandbox.faults import FaultBook
from sandbox.gauge import Gauge

from . import catalog
from .dispatcher import Dispatcher
from .emitter import Emitter
from .events import Event, EventLog
from .idempotency import Idempotency
from .sender import Sender
from .subscriptions import Subscription, Subscriptions


class Webhooks:
    """Subscriptions by organization, their events, and the delivery."""

    def __init__(self, switches: BillSwitches, clock: Clock, faults: FaultBook) -> None:
        self.switches, self.clock = switches, clock
        self.sender = Sender(switches, clock)
        self.dispatcher = Dispatcher(switches, clock, faults, self.sender)
        self.subscriptions: dict[str, Subscriptions] = {}
        self.load({})

    def load(self, stores: Mapping[str, Store]) -> None:
        """Begin empty, and listen to these organizations."""
        for rows in self.subscriptions.values():
            rows.clear()
        self.dispatcher.clear()
        self.log = EventLog(self.switches, self.clock)
        self.idempotency = Idempotency(self.switches, self.clock)
        self.subscriptions = {name: Subscriptions(name, self._now) for name in stores}
        for name, store in stores.items():
            Emitter(store, self.switches, partial(self.emit, name))

    def _now(self) -> str:
        return timestamp(self.clock.now())

    @property
    def delivered(self) -> Gauge:
        """Deliveries answered with 200; `await delivered.reach(n)` waits for them."""
        return self.dispatcher.delivered

    @property
    def attempted(self) -> Gauge:
        """Requests that ended, however."""
        return self.dispatcher.attempted

    @property
    def disabled(self) -> Gauge:
        """Subscriptions switched off because of failures."""
        return self.dispatcher.disabled

    async def settled(self) -> None:
        """Wait until no delivery runs or waits for its next attempt."""
        await self.dispatcher.settled()

    def emit(self, organization: str, event_type: str, make: Callable[[], Row], **more: Any) -> None:
        """Write an event down for every subscription that wants it, and send it."""
        wanting = [row for row in self.rows(organization) if event_type in row.wants]
        if not wanting or event_type not in catalog.types(self.switches):
            return
        entity = make()
        for subscription in wanting:
            event = self.log.record(subscription, event_type, entity, **more)
            self.dispatcher.put(event, subscription)

    def event(self, subscription: Subscription, event_id: str) -> Event:
        """One event of a subscription. Raises ``BillError`` with 404."""
        for event in self.log.of[subscription.id]:
            if event.id == event_id:
                return event
        raise not_found()

    def find(self, subscription_id: str) -> Subscription:
        """A subscription of any organization. Raises ``BillError`` with 404."""
        for rows in self.subscriptions.values():
            if subscription_id in rows.rows:
                return rows.rows[subscription_id]
        raise not_found()

    def counts(self) -> dict[str, int]:
        """Numbers for `GET /state`."""
        sending = self.dispatcher
        return {
            "subscriptions": sum(len(rows.rows) for rows in self.subscriptions.values()),
            "events": sum(len(events) for events in self.log.of.values()),
            "attempted": sending.attempted.value,
            "delivered": sending.delivered.value,
            "disabled": sending.disabled.value,
            "held": len(sending.held) + len(sending.mixed),
            "open": sending.open.value,
        }

    def rows(self, organization: str) -> list[Subscription]:
        """Subscriptions of an organization, oldest first."""
        return list(self.subscriptions[organization].rows.values())
