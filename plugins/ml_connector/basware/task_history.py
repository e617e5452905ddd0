"""Notifications that Basware made and we never got: it lists them with what became of each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ml_connector.basware.api import BaswareApi
from ml_connector.basware.errors import PagingExpired
from ml_connector.basware.notifications import CONNECTION_TEST, event_of, type_of
from ml_connector.basware.webhook import moment
from ml_connector.core.contract import Payload
from ml_connector.core.ledger import inbox
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Event

FAILED, NEW = "Failed", "New"

_PAGES = 1000
"""Pages that one run reads of each status. In which order they come is not documented, so only what was
read to its end moves the watermark."""


@dataclass(frozen=True, slots=True)
class Missed:
    """What the list says.

    Attributes:
        events: those that the inbox does not know, oldest first.
        seen: time of change up to which the inbox knows every one; None where that is not further.
        whole: the lists were read to their end.
        refused_at: when our receiver last answered 401 to one; None if it did not.
        unreadable: rows that hold no notification.
    """

    events: Sequence[Event]
    seen: datetime | None
    whole: bool
    refused_at: datetime | None
    unreadable: int


@dataclass(frozen=True, slots=True)
class _Row:
    changed: datetime
    event: Event | None
    refused: bool


class TaskHistory:
    """Compares Basware's list of notifications with the inbox.

    Args:
        kinds: task types that are subscribed to; others are not ours.
    """

    def __init__(self, api: BaswareApi, store: Store, system: str, tenant: str, kinds: Iterable[str]) -> None:
        self._api, self._store, self._system, self._tenant = api, store, system, tenant
        self._kinds = {kind.lower() for kind in kinds}

    async def missed(self, since: datetime) -> Missed:
        """Notifications that failed or are still under way, changed since then, and that never came."""
        rows: list[_Row] = []
        whole = True
        for status in (FAILED, NEW):
            listed, ended = await self._rows(status, since)
            rows += [row for one in listed if (row := self._read(one, since)) is not None]
            whole = whole and ended
        rows.sort(key=lambda row: row.changed)
        events = {row.event.event_id: row.event for row in rows if row.event is not None}
        known = await asyncio.to_thread(self._known, list(events))
        return Missed(
            events=[event for name, event in events.items() if name not in known],
            seen=_seen(rows, known) if whole else None,
            whole=whole,
            refused_at=max((row.changed for row in rows if row.refused), default=None),
            unreadable=sum(row.event is None for row in rows),
        )

    def _known(self, event_ids: Sequence[str]) -> set[str]:
        with self._store.read() as connection:
            return inbox.known(connection, self._system, self._tenant, event_ids)

    async def _rows(self, status: str, since: datetime) -> tuple[list[Payload], bool]:
        """As Basware lists them, and whether these are all."""
        query = {"taskStatus": status, "lastUpdated": _text(since)}
        rows: list[Payload] = []
        token: str | None = None
        for _ in range(_PAGES):
            try:
                page = await self._api.tasks(query, token)
            except PagingExpired:
                return rows, False
            rows += page.rows
            token = page.token
            if token is None:
                return rows, True
        return rows, False

    def _read(self, row: Payload, since: datetime) -> _Row | None:
        """None for what nobody here subscribes to."""
        changed = moment(row.get("lastUpdated")) or since
        try:
            kind = type_of(row)
            event = event_of({name: value for name, value in row.items() if name != "taskHistory"})
        except ValueError:
            return _Row(changed, None, refused=False)
        if kind == CONNECTION_TEST or kind.lower() not in self._kinds:
            return None
        return _Row(changed, event, refused=_was_refused(row.get("taskHistory")))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _seen(rows: Sequence[_Row], known: set[str]) -> datetime | None:
    """Up to the first one that the inbox does not know: what is handed out now may still get lost."""
    seen = None
    for row in rows:
        if row.event is not None and row.event.event_id not in known:
            break
        seen = row.changed
    return seen


def _was_refused(history: Any) -> bool:
    """Whether the last attempt met with our own refusal."""
    attempts = [entry for entry in history if isinstance(entry, dict)] if isinstance(history, list) else []
    if not attempts:
        return False
    messages = attempts[-1].get("messages")
    return any("401" in str(text) for text in messages) if isinstance(messages, list) else False
