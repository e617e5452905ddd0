"""Operations on BILL's webhooks: hold them back, let them go, look at them, send many at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from sandbox import credentials
from sandbox.bill.webhooks.center import Webhooks
from sandbox.bill.webhooks.load import Burst, burst
from sandbox.bill.webhooks.subscriptions import Subscription

Body = Mapping[str, Any]


def _chosen(webhooks: Webhooks, body: Body) -> list[Subscription]:
    if "subscription_id" in body:
        return [webhooks.find(body["subscription_id"])]
    return webhooks.rows(body.get("organization", credentials.BILL_ORGANIZATION))


def pause(webhooks: Webhooks, _: Body) -> dict[str, bool]:
    """Hold back everything that is not on the wire yet."""
    webhooks.dispatcher.pause()
    return {"paused": True}


def resume(webhooks: Webhooks, _: Body) -> dict[str, int]:
    """Send what was held back, and go on."""
    return {"released": webhooks.dispatcher.resume()}


def flush(webhooks: Webhooks, body: Body) -> dict[str, int]:
    """Send what was held back, and end the waits between attempts: `{shuffle: false}`."""
    return {"released": webhooks.dispatcher.flush(shuffle=bool(body.get("shuffle", False)))}


def disable(webhooks: Webhooks, body: Body) -> list[dict[str, Any]]:
    """Switch subscriptions off as BILL does after failures: `{subscription_id?, reason?}`."""
    chosen = _chosen(webhooks, body)
    for subscription in chosen:
        if "reason" in body:
            webhooks.dispatcher.disable(subscription, body["reason"])
        else:
            webhooks.dispatcher.disable(subscription)
    return [subscription.shown() for subscription in chosen]


def subscriptions(webhooks: Webhooks, body: Body) -> list[dict[str, Any]]:
    """All subscriptions of an organization, without their keys."""
    return [subscription.shown() for subscription in _chosen(webhooks, body)]


def deliveries(webhooks: Webhooks, body: Body) -> list[dict[str, Any]]:
    """The latest attempts, oldest first: `last`, `event_type`."""
    found = [
        asdict(attempt)
        for attempt in webhooks.dispatcher.log
        if body.get("event_type") in (None, attempt.event_type)
    ]
    return found[-int(body.get("last", 200)) :]


def send(webhooks: Webhooks, body: Body) -> Awaitable[dict[str, Any]]:
    """Send invented events to a URL, many at once; see ``Burst`` for the names."""
    values = {name: value for name, value in body.items() if name != "organization"}
    if "subscription_id" not in values:
        values["subscription_id"] = _chosen(webhooks, body)[0].id
    return burst(webhooks, Burst(**values))


OPERATIONS: dict[str, Callable[[Webhooks, Body], Any]] = {
    "pause": pause,
    "resume": resume,
    "flush": flush,
    "disable": disable,
    "send": send,
}
VIEWS: dict[str, Callable[[Webhooks, Body], Any]] = {
    "deliveries": deliveries,
    "subscriptions": subscriptions,
}
