"""Subscriptions of one organization: what BILL refuses, and their state."""

from __future__ import annotations

import base64
import ipaddress
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from sandbox.bill.context import Context
from sandbox.bill.errors import BillError, invalid, not_found
from sandbox.bill.schema import Field, Fields

from . import catalog

MOST = 10
STATUS: Fields = {"enabled": Field("boolean"), "reason": Field()}
EVENT: Fields = {"type": Field(required=True, low=1), "version": Field(required=True, low=1)}
SUBSCRIPTION: Fields = {
    "name": Field(required=True, low=1),
    "status": Field("object", required=True, of=STATUS),
    "events": Field("list", required=True, of=EVENT),
    "notificationUrl": Field(required=True, low=1),
}


@dataclass
class Subscription:
    """One subscription; `period` counts how often sending was stopped or began anew."""

    id: str
    organization: str
    name: str
    url: str
    events: list[dict[str, str]]
    enabled: bool
    key: str
    created: str
    updated: str
    reason: str = ""
    actor: str = "CLIENT"
    period: int = 0

    @property
    def wants(self) -> frozenset[str]:
        """The event types asked for."""
        return frozenset(event["type"] for event in self.events)

    def switch(self, now: str, *, enabled: bool, reason: str = "", actor: str = "CLIENT") -> None:
        """Enable or disable; what waited to be sent before is never sent."""
        if self.enabled != enabled:
            self.period += 1
        self.enabled, self.reason, self.actor, self.updated = enabled, reason, actor, now

    def shown(self) -> dict[str, Any]:
        """As BILL shows it: without the key."""
        status: dict[str, Any] = {"enabled": self.enabled, "actor": self.actor}
        if self.reason:
            status["reason"] = self.reason
        return {
            "id": self.id,
            "name": self.name,
            "organizationId": self.organization,
            "status": status,
            "events": self.events,
            "notificationUrl": self.url,
            "createdTime": self.created,
            "updatedTime": self.updated,
        }


def new_key() -> str:
    """A security key; it is text, though it looks like something to decode."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


class Subscriptions:
    """All subscriptions of one organization, oldest first."""

    def __init__(self, organization: str, now: Callable[[], str]) -> None:
        self._organization, self._now = organization, now
        self.rows: dict[str, Subscription] = {}

    def find(self, subscription_id: str) -> Subscription:
        """One of them. Raises ``BillError`` with 404."""
        row = self.rows.get(subscription_id)
        if row is None:
            raise not_found()
        return row

    def create(self, context: Context) -> Subscription:
        """`POST /v3/subscriptions`. Raises ``BillError``."""
        body = self._checked(context, partial=False)
        if len(self.rows) >= MOST:
            raise _refused(context, f"subscriptions: no more than {MOST} per organization")
        self._check_twin(context, body["events"], body["notificationUrl"], "")
        now, status = self._now(), body["status"]
        made = Subscription(
            str(uuid4()),
            self._organization,
            body["name"],
            body["notificationUrl"],
            body["events"],
            status.get("enabled", True),
            new_key(),
            now,
            now,
            reason=status.get("reason", ""),
        )
        self.rows[made.id] = made
        return made

    def change(self, context: Context, row: Subscription, *, replace: bool) -> Subscription:
        """PUT when `replace`, else PATCH. Raises ``BillError``."""
        body = self._checked(context, partial=not replace)
        events, url = body.get("events", row.events), body.get("notificationUrl", row.url)
        self._check_twin(context, events, url, row.id)
        row.name, row.events, row.url = body.get("name", row.name), events, url
        row.updated = self._now()
        if (status := body.get("status")) is not None:
            enabled = status.get("enabled", True if replace else row.enabled)
            row.switch(self._now(), enabled=enabled, reason=status.get("reason", ""))
        return row

    def delete(self, row: Subscription) -> None:
        """Gone for good; what waited to be sent is not sent."""
        row.switch(self._now(), enabled=False)
        del self.rows[row.id]

    def clear(self) -> None:
        """Delete them all."""
        for row in list(self.rows.values()):
            self.delete(row)

    def _checked(self, context: Context, *, partial: bool) -> dict[str, Any]:
        context.validate([context.body], SUBSCRIPTION, partial=partial)
        body = {name: value for name, value in context.body.items() if name in SUBSCRIPTION}
        if body.get("status") and "events" in body["status"]:
            raise invalid("status.events: unrecognized field")
        if "events" in body:
            body["events"] = [_event(context, event) for event in body["events"]]
            if not body["events"]:
                raise invalid("events: must not be empty")
        if "notificationUrl" in body and not _secure(body["notificationUrl"]):
            raise invalid("notificationUrl: must be an HTTPS URL")
        return body

    def _check_twin(self, context: Context, events: list[dict[str, str]], url: str, own_id: str) -> None:
        wanted = frozenset(event["type"] for event in events)
        for row in self.rows.values():
            if row.id != own_id and row.url == url and row.wants == wanted:
                raise _refused(context, "subscription: another one has the same events and notificationUrl")


def _event(context: Context, event: dict[str, str]) -> dict[str, str]:
    if event["type"] not in catalog.types(context.switches):
        raise invalid(f"events.type: {event['type']} is not in the catalog")
    if event["version"] != catalog.VERSION:
        raise invalid(f"events.version: {event['version']} is no version of {event['type']}")
    return {"type": event["type"], "version": event["version"]}


def _refused(context: Context, message: str) -> BillError:
    return BillError(context.switches.subscription_refusal_status, invalid(message).entries)


def _secure(url: str) -> bool:
    """HTTPS, or a loopback address: the sandbox's own allowance, so that nobody needs a certificate."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not host:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _loopback(host))


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
