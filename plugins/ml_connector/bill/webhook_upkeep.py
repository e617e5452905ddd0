"""Makes sure, once a run, that BILL's events keep coming, and fetches those that were missed.

Whatever goes wrong here is told and stops nothing: every run polls the payments as well. Only
refused credentials stop the run, since repeating them locks accounts.

How far the history was read is a watermark of its own (dataset ``events``). It moves over events
that the inbox knows, and only those: what is handed out by a run that is killed comes again. The
same row remembers what people were told (``selection``, ``began_at``), so that one trouble is one
alert a day, and, where the history is longer than a run reads, the event with which the next one
begins (``cursor``).
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from ml_connector.bill.api import Record
from ml_connector.bill.event_history import EventHistory, Missed
from ml_connector.bill.subscriptions import Findings, Subscriptions
from ml_connector.bill.webhook_keys import Busy, WebhookKeys
from ml_connector.core.contract import CaughtUp
from ml_connector.core.errors import (
    AuthenticationError,
    ConnectorError,
    InDoubt,
    NotActivated,
    RateLimited,
    Unavailable,
)
from ml_connector.core.ledger import watermarks
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.ledger.told import is_news
from ml_connector.core.ledger.watermarks import Mark
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Event

_PASSING = (Unavailable, RateLimited, InDoubt)
_PATIENCE = timedelta(hours=1)
"""An outage of webhook management is told when it has lasted so long."""

_NEW_KEY_AFTER = timedelta(hours=1)
"""A key is replaced no sooner: the receiver may not have read it yet."""

_POLLED = "Payments are polled in every run meanwhile."


class WebhookUpkeep:
    """See the module.

    Args:
        scope: flow whose watermark it is.
        overlap: how far the history is read back.
        key_given: the connection names a key; it is then the person's who put it there.
    """

    def __init__(
        self,
        subscriptions: Subscriptions,
        history: EventHistory,
        keys: WebhookKeys,
        store: Store,
        scope: Scope,
        *,
        overlap: timedelta,
        key_given: bool,
    ) -> None:
        self._subscriptions, self._history, self._keys = subscriptions, history, keys
        self._store, self._scope = store, scope
        self._overlap, self._key_given = overlap, key_given

    async def run(self) -> CaughtUp:
        """One round.

        Raises:
            AuthenticationError: BILL refused the credentials.
        """
        mark = await asyncio.to_thread(self._mark)
        found, events = Findings(), list[Event]()
        try:
            row = await self._subscriptions.ensure(found)
            if row is not None:
                events = await self._missed(row, mark, found)
            mark.completed_at = self._store.now()
        except AuthenticationError:
            raise
        except Busy as busy:
            return CaughtUp(note=str(busy))  # the mark is the other task's to move
        except _PASSING as error:
            self._passing(error, mark, found)
        except NotActivated as error:
            found.alerts["not allowed"] = (
                f"BILL does not let this login manage webhooks ({error}). {_POLLED} Give it the right, or "
                "set webhooks.subscribe: false in the tenant's options."
            )
        except ConnectorError as error:
            found.alerts[f"management: {type(error).__name__}"] = (
                f"BILL's webhook subscription cannot be kept: {_sentence(error)} {_POLLED}"
            )
        alerts = self._untold(found, mark)
        await asyncio.to_thread(self._save, mark)
        return CaughtUp(events, alerts, "; ".join(found.notes) or None)

    async def _missed(self, row: Record, mark: Mark, found: Findings) -> list[Event]:
        missed = await self._history.missed(row["id"], self._since(row, mark))
        seen = missed.seen.astimezone(UTC).isoformat() if missed.seen else None
        mark.value = watermarks.later(mark.value, seen)
        # Events handed out now may still get lost, so the next read begins behind those that are stored.
        mark.cursor = None if missed.whole else seen or mark.cursor
        if not missed.whole:
            found.notes.append("BILL's event history is longer than one run reads; the next one goes on")
        if missed.unreadable:
            found.notes.append(f"{missed.unreadable} row(s) of BILL's event history hold no event")
        await self._mend_key(row, missed, found)
        return list(missed.events)

    def _since(self, row: Record, mark: Mark) -> datetime:
        if mark.cursor:
            return watermarks.moment(mark.cursor)
        if mark.value:
            return watermarks.moment(mark.value) - self._overlap
        try:
            return watermarks.moment(str(row.get("createdTime"))) - self._overlap
        except ValueError:
            return self._store.now() - timedelta(days=1)

    async def _mend_key(self, row: Record, missed: Missed, found: Findings) -> None:
        """Our receiver answers 401 where it does not know the key, e.g. after an old backup was restored."""
        if missed.refused_at is None:
            return
        kept, now = await self._keys.get(), self._store.now()
        if kept.made_at and (missed.refused_at <= kept.made_at or now - kept.made_at < _NEW_KEY_AFTER):
            return
        told = f"Our receiver refused BILL's deliveries to webhook subscription {row['id']} (401). "
        if self._key_given:
            found.alerts["refused"] = f"{told}Check webhook_security_key of the connection. {_POLLED}"
        elif self._keys.durable:
            found.alerts["refused"] = f"{told}A new key was made for it; if that does not help, see its log."
            try:
                await self._subscriptions.renew_key(row, found)
            except Busy as busy:
                del found.alerts["refused"]
                found.notes.append(str(busy))

    def _passing(self, error: ConnectorError, mark: Mark, found: Findings) -> None:
        found.notes.append(f"webhook management did not answer: {error}")
        last = mark.completed_at
        if last is None or self._store.now() - last > _PATIENCE:
            since = f"since {last:%Y-%m-%d %H:%M} UTC" if last else "yet"
            found.alerts["no answer"] = (
                f"BILL's webhook management has not answered {since}: {_sentence(error)} {_POLLED}"
            )

    def _untold(self, found: Findings, mark: Mark) -> list[str]:
        """Alerts, unless people heard of just the same within a day."""
        if is_news(mark, found.alerts, self._store.now()):
            return list(found.alerts.values())
        found.notes += [f"told already: {text}" for text in found.alerts.values()]
        return []

    def _mark(self) -> Mark:
        with self._store.read() as connection:
            return watermarks.get(connection, self._scope, "events", "bill", "history")

    def _save(self, mark: Mark) -> None:
        with self._store.write() as tx:
            watermarks.put(tx, self._scope, mark)


def _sentence(error: ConnectorError) -> str:
    return f"{str(error).rstrip('.')}."
