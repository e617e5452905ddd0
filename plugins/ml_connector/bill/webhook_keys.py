"""What must be kept of the webhook subscription: its keys, and the call under way that makes one.

BILL shows a key once, when it is made. A call that makes one carries an idempotency key that is stored
before the call leaves: repeated within 24 hours it gives the first answer again, so that a lost answer
loses no key and makes no second subscription.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from ml_connector.core.errors import Unavailable
from ml_connector.core.ledger.credentials import Credentials
from ml_connector.core.state.store import Store

REPEATABLE = timedelta(hours=23)
"""BILL remembers an answer for 24 hours."""

KEPT = 2
"""The key in use and the one before it, with which retries may still be signed."""

STILL_ACCEPTED = timedelta(days=1)
"""A replaced key is accepted for so long. BILL's retries end sooner, and a leaked key must not live on."""

_LEASE, _WAIT = 120.0, 3.0
"""Seconds after which a lock is free although nobody released it, and to wait for one that is held."""


class Busy(Unavailable):
    """Another task looks after the subscription; it does what there is to do."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A call that may have been executed."""

    kind: Literal["create", "renew"]
    idempotency_key: str
    at: datetime

    def repeatable(self, kind: str, now: datetime) -> bool:
        """Whether repeating it gives the first answer again."""
        return self.kind == kind and now - self.at < REPEATABLE


@dataclass(slots=True)
class Kept:
    """State of our subscription; ``keys`` the newest first, ``made_at`` when that one was made."""

    subscription_id: str | None = None
    keys: list[str] = field(default_factory=list, repr=False)
    made_at: datetime | None = None
    pending: Pending | None = None

    def take(self, subscription_id: str, key: str, now: datetime) -> None:
        """A key has come."""
        if [key] != self.keys[:1]:
            self.keys = [key, *self.keys][:KEPT]
            self.made_at = now
        self.subscription_id, self.pending = subscription_id, None

    def accepted(self, now: datetime) -> list[str]:
        """Keys that a delivery may be signed with; the replaced one for a day only."""
        recent = self.made_at is not None and now - self.made_at < STILL_ACCEPTED
        return self.keys if recent else self.keys[:1]

    def as_payload(self) -> dict[str, Any]:
        """The form that is encrypted and stored."""
        pending = self.pending
        return {
            "subscription_id": self.subscription_id,
            "keys": self.keys,
            "made_at": self.made_at.isoformat() if self.made_at else None,
            "pending": [pending.kind, pending.idempotency_key, pending.at.isoformat()] if pending else None,
        }

    @classmethod
    def from_payload(cls, value: dict[str, Any]) -> Self:
        """Inverse of :meth:`as_payload`."""
        made_at, pending = value["made_at"], value["pending"]
        return cls(
            value["subscription_id"],
            value["keys"],
            datetime.fromisoformat(made_at) if made_at else None,
            Pending(pending[0], pending[1], datetime.fromisoformat(pending[2])) if pending else None,
        )


class WebhookKeys:
    """The stored state of one tenant's subscription.

    Attributes:
        durable: payload keys are configured, so what is stored outlives this process.
    """

    def __init__(self, store: Store, organization_id: str, tenant: str) -> None:
        self.durable = store.cipher.enabled
        self.now = store.now
        self._credentials = Credentials(store, lease=_LEASE, wait=_WAIT)
        self._name = f"bill:webhook:{organization_id}:{tenant}"[:128]

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        """Held by one task at a time: two of them would subscribe twice.

        Raises:
            Busy: another task holds it.
        """
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(self._credentials.lock(self._name))
            except Unavailable:
                raise Busy(
                    "another task is looking after BILL's webhook subscription; this run left it alone"
                ) from None
            yield

    def read(self) -> Kept:
        """What is kept. Blocking."""
        return self._made(self._credentials.read(self._name))

    async def get(self) -> Kept:
        """The same inside an event loop."""
        return self._made(await self._credentials.get(self._name))

    async def put(self, kept: Kept) -> None:
        """Store it."""
        await self._credentials.put(self._name, kept.as_payload())

    async def begin(self, kept: Kept, kind: Literal["create", "renew"]) -> str:
        """The idempotency key for a call, stored before it leaves; that of a call under way comes again."""
        now = self.now()
        if kept.pending is None or not kept.pending.repeatable(kind, now):
            kept.pending = Pending(kind, str(uuid.uuid4()), now)
            await self.put(kept)
        return kept.pending.idempotency_key

    @staticmethod
    def _made(entry: tuple[Any, datetime | None] | None) -> Kept:
        return Kept.from_payload(entry[0]) if entry else Kept()
