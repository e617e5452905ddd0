"""Events that BILL tried to send and we never got: BILL keeps them for 180 days."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ml_connector.bill.api import Record
from ml_connector.bill.events import event_of, unpacked
from ml_connector.bill.payment_fields import objects
from ml_connector.bill.webhook_api import WebhookApi
from ml_connector.core.errors import Rejected
from ml_connector.core.ledger import inbox
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Event

_PAGES = 50
"""Pages of 100 that one run reads; the next run goes on from there."""

_MOST_PAGES = 1000
"""More are read only while all events are of one second: the next read could begin no later."""

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Missed:
    """What the history says.

    Attributes:
        events: those that the inbox does not know, oldest first.
        seen: creation time up to which the inbox knows every event; None where that is not further.
        whole: the history was read to its end.
        refused_at: creation time of the newest event, if our receiver answered 401 to it.
        unreadable: rows that hold no event.
    """

    events: Sequence[Event]
    seen: datetime | None
    whole: bool
    refused_at: datetime | None
    unreadable: int


@dataclass(frozen=True, slots=True)
class _Row:
    created: datetime
    event: Event | None
    statuses: frozenset[int]


class EventHistory:
    """Compares BILL's history of a subscription with the inbox."""

    def __init__(self, api: WebhookApi, store: Store, system: str, tenant: str) -> None:
        self._api, self._store, self._system, self._tenant = api, store, system, tenant

    async def missed(self, subscription_id: str, since: datetime) -> Missed:
        """Events created since then that never came."""
        listed, whole = await self._rows(subscription_id, since)
        rows = sorted(listed, key=lambda row: row.created)
        events = {row.event.event_id: row.event for row in rows if row.event is not None}
        known = await asyncio.to_thread(self._known, list(events))
        return Missed(
            events=[event for name, event in events.items() if name not in known],
            seen=_seen(rows, known) if whole or listed == rows else None,
            whole=whole,
            refused_at=_refused_at(rows) if whole else None,
            unreadable=sum(row.event is None for row in rows),
        )

    def _known(self, event_ids: Sequence[str]) -> set[str]:
        with self._store.read() as connection:
            return inbox.known(connection, self._system, self._tenant, event_ids)

    async def _rows(self, subscription_id: str, since: datetime) -> tuple[list[_Row], bool]:
        """As BILL lists them, and whether these are all."""
        found: list[_Row] = []
        token: str | None = None
        for number in range(_MOST_PAGES):
            if number >= _PAGES and not (found and found[-1].created - since < _SECOND):
                break
            try:
                rows, token = await self._api.events(subscription_id, since, token)
            except Rejected:
                if token is None:
                    raise
                break  # the token is no longer taken; the next run reads on
            found += [_read(row, since) for row in rows]
            if token is None:
                return found, True
        return found, False


def _read(row: Record, since: datetime) -> _Row:
    try:
        event = event_of(unpacked(row.get("payload")), row.get("id"), row.get("type"))
    except (ValueError, RecursionError):
        event = None
    attempts = [row, *objects(row.get("retries"))]
    statuses = frozenset(one["statusCode"] for one in attempts if isinstance(one.get("statusCode"), int))
    return _Row(_moment(row.get("createdTime")) or since, event, statuses)


def _moment(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def _seen(rows: Sequence[_Row], known: set[str]) -> datetime | None:
    """Up to the first event that the inbox does not know: what is handed out now may still get lost."""
    seen = None
    for row in rows:
        if row.event is not None and row.event.event_id not in known:
            break
        seen = row.created
    return seen


def _refused_at(rows: Sequence[_Row]) -> datetime | None:
    tried = [row for row in rows if row.statuses]
    if not tried or 200 in tried[-1].statuses or 401 not in tried[-1].statuses:
        return None
    return tried[-1].created
