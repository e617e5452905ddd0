"""Subscriptions to notifications: there, at our address, signed with our token.

Basware tries the address out before it answers, so the receiver must be reachable and know the token
already. A subscription is posted again when it differs; what else is subscribed is left alone.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ml_connector.basware.api import BaswareApi
from ml_connector.basware.errors import ApiRefusal
from ml_connector.core.contract import Payload

_ADDRESS, _TOKEN = "notificationWebhookURL", "webhookAuthenticationToken"
_DEFAULT = {"RequestStatus": "Error"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The subscriptions as they should be.

    Attributes:
        url: of our receiver.
        token: with which Basware signs.
        tasks: types, each with its sub type: ``RequestStatus/Error``.
    """

    url: str
    token: str = field(repr=False)
    tasks: Sequence[str]

    def entries(self) -> list[Payload]:
        """As they are posted."""
        return [
            {
                "taskType": kind,
                "taskSubType": sub or _DEFAULT.get(kind, "All"),
                "subscriptionType": "Webhook",
                _ADDRESS: self.url,
                _TOKEN: self.token,
            }
            for kind, _, sub in (task.partition("/") for task in self.tasks)
        ]


@dataclass(slots=True)
class Findings:
    """What was found and done. An alert's name says what it is about, so that it is told once."""

    alerts: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class Subscriptions:
    """Keeps the subscriptions of one tenant."""

    def __init__(self, api: BaswareApi, wanted: Wanted) -> None:
        self._api, self._wanted = api, wanted

    async def ensure(self, found: Findings, *, token_is_new: bool) -> bool:
        """Make what is missing or differs; whether they stand as they should.

        Args:
            found: takes alerts and notes.
            token_is_new: the token was changed since it was last posted, which a list that hides tokens
                would not show.

        Raises:
            ConnectorError: Basware did not answer as it should.
        """
        rows = await self._api.subscriptions()
        lacking = [
            entry
            for entry in self._wanted.entries()
            if not any(_is(row, entry, token_is_new=token_is_new) for row in rows)
        ]
        if not lacking:
            return True
        try:
            await self._api.subscribe(lacking)
        except ApiRefusal as refusal:
            found.alerts["refused"] = (
                f"Basware refused to subscribe {_names(lacking)}: {refusal.reason.rstrip('.')}. It tries the "
                f"address out first, so it must reach {self._wanted.url} from outside, and the receiver must "
                "know webhook_token of the connection."
            )
            return False
        found.notes.append(f"subscribed {_names(lacking)} to {self._wanted.url}")
        self._tell_of_others(rows, found)
        return True

    def _tell_of_others(self, rows: Sequence[Payload], found: Findings) -> None:
        """Basware does not say whether a second address replaces the first one."""
        entries = self._wanted.entries()
        hosts = {
            urlsplit(str(row.get(_ADDRESS))).hostname or "an unnamed host"
            for row in rows
            if any(_same_task(row, entry) for entry in entries) and not _same_address(row, entries[0])
        }
        if hosts:
            found.notes.append(f"there were subscriptions to {', '.join(sorted(hosts))} too")


def _names(entries: Sequence[Payload]) -> str:
    return ", ".join(f"{entry['taskType']}/{entry['taskSubType']}" for entry in entries)


def _is(row: Payload, entry: Payload, *, token_is_new: bool) -> bool:
    return _same_task(row, entry) and _same_address(row, entry) and _same_token(row, entry, token_is_new)


def _same_task(row: Payload, entry: Payload) -> bool:
    """A sub type that is left out stands for the one that Basware puts there."""
    kind = str(row.get("taskType") or "")
    sub = str(row.get("taskSubType") or _DEFAULT.get(kind, "All"))
    return (kind.lower(), sub.lower()) == (entry["taskType"].lower(), entry["taskSubType"].lower())


def _same_address(row: Payload, entry: Payload) -> bool:
    """Host in any case, slash at the end or not."""
    left, right = (urlsplit(str(one.get(_ADDRESS) or "").strip().rstrip("/")) for one in (row, entry))
    return left._replace(netloc=left.netloc.lower()) == right._replace(netloc=right.netloc.lower())


def _same_token(row: Payload, entry: Payload, token_is_new: bool) -> bool:
    """A list that hides the token says nothing against it, unless it was changed here."""
    token = row.get(_TOKEN)
    if not isinstance(token, str) or not token.strip("*"):
        return not token_is_new
    return hmac.compare_digest(token.encode(), str(entry[_TOKEN]).encode())
