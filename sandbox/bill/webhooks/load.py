"""Many invented events at once, to measure a receiver; they are in no history and never retried."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Any
from uuid import uuid4

from sandbox.jsonio import encode

from . import catalog
from .center import Webhooks
from .samples import sample
from .signature import HEADER, wire

MOST = 10_000
MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Burst:
    """What to send.

    Attributes:
        subscription_id: whose key signs, whose id the events carry and, by default, whose URL gets them.
        url: another address.
        count: events, 10,000 at most.
        at_once: requests in flight, 500 at most.
        event_type: of all of them.
        entity_ids: ids of the objects, over and over; invented ones by default.
        security_key: another key, to be refused.
    """

    subscription_id: str
    url: str = ""
    count: int = 100
    at_once: int = 50
    event_type: str = "payment.updated"
    entity_ids: tuple[str, ...] | list[str] = ()
    security_key: str = ""

    def __post_init__(self) -> None:
        if not (1 <= self.count <= MOST and 1 <= self.at_once <= MOST_AT_ONCE):
            raise ValueError(f"count is 1 to {MOST}, at_once 1 to {MOST_AT_ONCE}")
        if self.event_type not in catalog.TYPES:
            raise ValueError(f"unknown event type {self.event_type!r}")


async def burst(webhooks: Webhooks, wanted: Burst) -> dict[str, Any]:
    """Send them and wait for all answers: how many per status, and the seconds they took."""
    slots = asyncio.Semaphore(wanted.at_once)
    statuses: Counter[str] = Counter()
    seconds: list[float] = []

    async def one(number: int) -> None:
        url, body, headers = _request(webhooks, wanted, number)
        async with slots:
            began = time.monotonic()
            status, error = await webhooks.sender.post(url, body, headers)
        seconds.append(time.monotonic() - began)
        statuses[str(status or error)] += 1

    began = time.monotonic()
    await asyncio.gather(*(one(number) for number in range(wanted.count)))
    return {
        "statuses": dict(statuses),
        "seconds": round(time.monotonic() - began, 3),
        "median_seconds": round(median(seconds), 4),
        "worst_seconds": round(max(seconds), 4),
    }


def _request(webhooks: Webhooks, wanted: Burst, number: int) -> tuple[str, bytes, dict[str, str]]:
    subscription = webhooks.find(wanted.subscription_id)
    given = {} if wanted.event_type == "payment.failed" else {"id": _entity_id(wanted, number)}
    entity, more = sample(wanted.event_type, given)
    metadata = {
        "eventId": str(uuid4()),
        "subscriptionId": subscription.id,
        "organizationId": subscription.organization,
        "eventType": wanted.event_type,
        "version": catalog.VERSION,
    }
    payload = encode({"metadata": metadata, catalog.entity_key(wanted.event_type): entity, **more}).decode()
    body, signature = wire(payload, wanted.security_key or subscription.key, webhooks.switches)
    headers = {"content-type": "application/json", HEADER: signature}
    return wanted.url or subscription.url, body, headers


def _entity_id(wanted: Burst, number: int) -> str:
    if wanted.entity_ids:
        return wanted.entity_ids[number % len(wanted.entity_ids)]
    return f"test-{number:06d}"
