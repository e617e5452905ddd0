"""Makes sure, once a run, that notifications keep coming, and fetches those that were missed.

Whatever goes wrong here is told and stops nothing: every run polls the invoices as well. Only refused
credentials stop the run, since repeating them locks accounts.

How far the list of notifications was read is a watermark of its own (dataset ``notifications``). It
moves over those that the inbox knows: what is handed out by a run that is killed comes again. The same
row remembers what people were told (``selection``, ``began_at``), so that one trouble is one alert a
day, and the subscription that was last posted (``columns``), without showing its token.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

from ml_connector.basware.api import BaswareApi
from ml_connector.basware.options import WebhookOptions
from ml_connector.basware.settings import BaswareSettings
from ml_connector.basware.subscriptions import Findings, Subscriptions, Wanted
from ml_connector.basware.task_history import TaskHistory
from ml_connector.core import codec
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

SYSTEM = "basware"

_PASSING = (Unavailable, RateLimited, InDoubt)
_PATIENCE = timedelta(hours=1)
"""An outage is told when it has lasted so long."""

_SCOPES = ("subscriptions.read", "subscriptions.write", "tasks.read")
_RECENT = timedelta(days=1)
_OVERLAP = timedelta(hours=1)
_POLLED = "Invoices are polled in every run meanwhile."


def receiver_url(base_url: str, tenant: str) -> str:
    """Where the receiver takes Basware's notifications for a tenant."""
    return f"{base_url.rstrip('/')}/ml-connector/webhooks/{SYSTEM}/{tenant}"


class Upkeep:
    """See the module. Does nothing without a token, or where the tenant subscribes to nothing.

    Args:
        settings: of the connection.
        options: of the tenant.
        api: of the same connection.
        store: where watermark and inbox stand.
        scope: flow whose watermark it is.
        address: of our receiver; see :func:`receiver_url`.
        overlap: how far the list is read back.
    """

    def __init__(
        self,
        settings: BaswareSettings,
        options: WebhookOptions,
        api: BaswareApi,
        store: Store,
        scope: Scope,
        *,
        address: str,
        overlap: timedelta = _OVERLAP,
    ) -> None:
        self._store, self._scope, self._overlap = store, scope, overlap
        self._active = options.subscribe and bool(settings.webhook_token)
        self._first = timedelta(hours=options.history_hours)
        wanted = Wanted(options.url or address, settings.webhook_token or "", options.tasks)
        self._posted = hashlib.sha256(codec.encode([wanted.url, wanted.token])).hexdigest()[:32]
        self._subscriptions = Subscriptions(api, wanted)
        asked = set(settings.scope.split()) if settings.auth == "oauth2" else set(_SCOPES)
        self._lacking = [scope for scope in _SCOPES if scope not in asked]
        kinds = [task.partition("/")[0] for task in options.tasks]
        self._history = TaskHistory(api, store, SYSTEM, scope.tenant, kinds)

    async def run(self) -> CaughtUp:
        """One round.

        Raises:
            AuthenticationError: Basware refused the credentials.
        """
        if not self._active:
            return CaughtUp()
        mark = await asyncio.to_thread(self._mark)
        found, events = Findings(), list[Event]()
        if self._lacking:
            return await self._not_asked_for(mark)
        try:
            if await self._subscriptions.ensure(found, token_is_new=mark.columns != self._posted):
                mark.columns = self._posted
            events = await self._missed(mark, found)
            mark.completed_at = self._store.now()
        except AuthenticationError:
            raise
        except _PASSING as error:
            self._passing(error, mark, found)
        except NotActivated as error:
            found.alerts["not allowed"] = (
                f"Basware does not let this client manage notifications ({_bare(error)}). {_POLLED} Have it "
                "granted, or set webhooks.subscribe: false in the tenant's options."
            )
        except ConnectorError as error:
            found.alerts[f"management: {type(error).__name__}"] = (
                f"The subscriptions to Basware's notifications cannot be kept: {_bare(error)}. {_POLLED}"
            )
        return await self._told(mark, found, events)

    async def _not_asked_for(self, mark: Mark) -> CaughtUp:
        """Basware answers such a call as if the credentials were wrong, which would stop the run."""
        found = Findings()
        found.alerts["scope"] = (
            f"The scope of the Basware connection lacks {', '.join(self._lacking)}, so its notifications "
            f"cannot be looked after. {_POLLED} Add it, or set webhooks.subscribe: false for the tenant."
        )
        return await self._told(mark, found, [])

    async def _told(self, mark: Mark, found: Findings, events: list[Event]) -> CaughtUp:
        alerts = self._untold(found, mark)
        await asyncio.to_thread(self._save, mark)
        return CaughtUp(events, alerts, "; ".join(found.notes) or None)

    async def _missed(self, mark: Mark, found: Findings) -> list[Event]:
        missed = await self._history.missed(self._since(mark))
        seen = missed.seen.astimezone(UTC).isoformat() if missed.seen else None
        mark.value = watermarks.later(mark.value, seen)
        if not missed.whole:
            found.notes.append("Basware's list of notifications is longer than one run reads")
        if missed.unreadable:
            found.notes.append(f"{missed.unreadable} row(s) of Basware's list hold no notification")
        if missed.refused_at is not None and self._is_recent(missed.refused_at):
            found.alerts["receiver refused"] = (
                "Our receiver refused notifications of Basware (401). See the receiver's log, and check "
                f"webhook_token, signature_encoding and timestamp_header of the connection. {_POLLED}"
            )
        return list(missed.events)

    def _is_recent(self, at: datetime) -> bool:
        return self._store.now() - at < _RECENT

    def _since(self, mark: Mark) -> datetime:
        if mark.value:
            return watermarks.moment(mark.value) - self._overlap
        return self._store.now() - self._first

    def _passing(self, error: ConnectorError, mark: Mark, found: Findings) -> None:
        found.notes.append(f"Basware's notifications could not be looked after: {error}")
        last = mark.completed_at
        if last is None or self._store.now() - last > _PATIENCE:
            since = f"since {last:%Y-%m-%d %H:%M} UTC" if last else "yet"
            found.alerts["no answer"] = (
                f"Basware's notifications could not be looked after {since}: {_bare(error)}. {_POLLED}"
            )

    def _untold(self, found: Findings, mark: Mark) -> list[str]:
        """Alerts, unless people heard of just the same within a day."""
        if is_news(mark, found.alerts, self._store.now()):
            return list(found.alerts.values())
        found.notes += [f"told already: {text}" for text in found.alerts.values()]
        return []

    def _mark(self) -> Mark:
        with self._store.read() as connection:
            return watermarks.get(connection, self._scope, "notifications", SYSTEM, "history")

    def _save(self, mark: Mark) -> None:
        with self._store.write() as tx:
            watermarks.put(tx, self._scope, mark)


def _bare(error: ConnectorError) -> str:
    return str(error).rstrip(".")
