"""Who wants to be notified of what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sandbox.basware import moments
from sandbox.basware.errors import push_invalid
from sandbox.basware.shapes import Moment, Rows, Shape, Text, given, may, must

ALL = "All"
DOCUMENT_STATES = (
    "WaitingForPrebook", "WaitingForTransfer", "WaitingForPrebookCancelation", "WaitingToBeRemoved",
    "WaitingToBeReturned", "WaitingToBeCompleted",
)  # fmt: skip
SUBTYPES = {
    "AccountingDocuments": (*DOCUMENT_STATES, ALL),
    "ExportedPurchaseRequisitions": ("WaitingForExport", ALL),
    "ExportedPurchaseOrders": ("WaitingForExport", ALL),
    "RequestStatus": ("Error", "Success", ALL),
    "ExportedContracts": ("WaitingForExport", ALL),
    "ExportedContractSpends": ("WaitingForExport", ALL),
}
_update = Shape(fieldId=given(Text()), updateToValue=given(Text()))
_responder = Shape(
    autoResponseMode=given(Text(words=frozenset({"Disabled", "Success", "Failed"}))),
    autoResponseMessage=given(Text()),
    fieldUpdateArray=may(Rows(_update)),
)
SHAPE = Shape(
    taskType=must(Text(words=frozenset(SUBTYPES))),
    taskSubType=given(Text()),
    subscriptionType=must(Text(words=frozenset({"Webhook", "Polling"}))),
    notificationWebhookURL=must(Text(2083, 1)),
    webhookAuthenticationToken=must(Text(None, 1)),
    lastUpdated=given(Moment()),
    autoResponder=may(_responder),
)


@dataclass(frozen=True)
class Subscription:
    """One subscription; `token` signs what it gets and is shown to nobody but its owner."""

    type: str
    subtype: str
    url: str
    token: str
    updated: datetime

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes a second one replace it."""
        return self.type, self.subtype, self.url

    def wants(self, task_type: str, subtype: str) -> bool:
        """Whether it gets this notification."""
        return self.type == task_type and self.subtype in {subtype, ALL}

    def shown(self) -> dict[str, Any]:
        """As the API answers it, the token in clear."""
        return {**self.named(), "webhookAuthenticationToken": self.token}

    def named(self) -> dict[str, Any]:
        """Without the token."""
        return {
            "taskType": self.type,
            "taskSubType": self.subtype,
            "subscriptionType": "Webhook",
            "notificationWebhookURL": self.url,
            "lastUpdated": moments.written(self.updated),
        }

    def __repr__(self) -> str:
        return f"Subscription({self.type}, {self.subtype}, {self.url})"


def read(value: Any, now: datetime) -> Subscription:
    """A subscription from the body of a request. Raises ``BaswareError`` with 400."""
    if problems := list(_problems(value)):
        raise push_invalid(*problems)
    subtype = value.get("taskSubType") or ("Error" if value["taskType"] == "RequestStatus" else ALL)
    token = value["webhookAuthenticationToken"]
    return Subscription(value["taskType"], subtype, value["notificationWebhookURL"], token, moments.cut(now))


def _problems(value: Any) -> Iterator[str]:
    if problems := list(SHAPE.problems(value, "", strict=True)):
        yield from problems
        return
    if value.get("taskSubType") and value["taskSubType"] not in SUBTYPES[value["taskType"]]:
        yield f"taskSubType must be one of {', '.join(SUBTYPES[value['taskType']])}"
    if value["subscriptionType"] != "Webhook":
        yield "subscriptionType Polling is reserved for future use"
    address = urlsplit(value["notificationWebhookURL"])
    if address.scheme not in {"http", "https"} or not address.hostname:
        yield "notificationWebhookURL is not an address"


class Subscriptions:
    """All subscriptions of the tenant."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], Subscription] = {}

    def put(self, subscription: Subscription) -> None:
        """Add one, or replace the one with the same key."""
        self.rows[subscription.key] = subscription

    def wanting(self, task_type: str, subtype: str) -> list[Subscription]:
        """Those that get a notification."""
        return [row for row in self.rows.values() if row.wants(task_type, subtype)]

    def matching(
        self, task_type: str | None, subtype: str | None, since: datetime | None
    ) -> list[Subscription]:
        """Those of a type and subtype (all of them for `All` or None) that changed after a time."""
        return [
            row
            for row in self.rows.values()
            if task_type in {None, ALL, row.type}
            and subtype in {None, ALL, row.subtype}
            and (since is None or row.updated > since)
        ]

    def drop(self, rows: list[Subscription]) -> None:
        """Take some away."""
        for row in rows:
            del self.rows[row.key]
