"""Puts settings, limits and shared state together into a working client."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from ml_connector.core.errors import ConfigurationError, RateLimited
from ml_connector.core.http import AiohttpTransport, Auth, Client, Redactor, Request, Transport
from ml_connector.core.http import Gate as HttpGate
from ml_connector.core.ledger.credentials import Credentials, SharedTokens
from ml_connector.core.limits import ClockWindow, Gate, Quota, RollingWindow, Slots
from ml_connector.core.state.store import Store, utc_now
from ml_connector.monday.api import MondayApi, classify
from ml_connector.monday.budgets import Budgets
from ml_connector.monday.limits import ApiLimits
from ml_connector.monday.patience import LONGEST_WAIT, KeyLife
from ml_connector.monday.session import PersonalToken, RotatingSession
from ml_connector.monday.settings import MondaySettings
from ml_connector.monday.storage import Storage

Sleep = Callable[[float], Awaitable[None]]
Clock = Callable[[], datetime]

_DAY = 24 * 60 * 60
_FEW_CALLS = 2000
_PATIENCE = 5.0


@asynccontextmanager
async def connect(
    settings: MondaySettings,
    limits: ApiLimits,
    store: Store,
    *,
    transport: Transport | None = None,
    clock: Clock | None = None,
    sleep: Sleep = asyncio.sleep,
) -> AsyncIterator[MondayApi]:
    """A client that shares tokens, calls of the day and requests in flight with all other workers.

    Raises:
        ConfigurationError: ``oauth2`` without payload keys; renewed tokens could not be kept.
    """
    now = clock or store.now
    key = settings.key_name
    slots = Slots(
        store.database, f"monday:{key}", total=limits.requests_in_flight, wanted=limits.concurrency,
        margin=limits.timeout_seconds + 10, lease=limits.timeout_seconds + 180,
    )  # fmt: skip
    minute = Quota(
        store.database, f"monday:minute:{key}", minute_window(limits),
        what="requests to monday.com in this minute", clock=now, sleep=sleep,
    )  # fmt: skip
    day = Quota(
        store.database, f"monday:calls:{key}", day_window(limits),
        what="calls to monday.com until midnight UTC", clock=now, sleep=sleep,
    )  # fmt: skip
    gate = Gate(slots, [minute, day])

    def pass_gate(request: Request) -> AbstractAsyncContextManager[None]:
        """Renewing a token is no call of the API, and must not wait for a slot: others wait for the token."""
        return contextlib.nullcontext() if request.path == settings.token_url else gate(request)

    parts = _Parts(settings, limits, now, sleep, transport)
    api = parts.api(
        _authentication(settings, store, now),
        gate=pass_gate,
        budgets=Budgets(limits.complexity_per_minute, clock=now, sleep=sleep),
        calls=day,
        on_close=gate.aclose,
    )
    try:
        yield api
    finally:
        await api.aclose()


@asynccontextmanager
async def connect_alone(
    settings: MondaySettings, *, transport: Transport | None = None
) -> AsyncIterator[MondayApi]:
    """A client of its own for a personal token, without shared state: to try a connection out."""
    limits = ApiLimits(timeout_seconds=20)
    api = _Parts(settings, limits, utc_now, _impatient, transport).api(
        PersonalToken(settings.api_token or "")
    )
    try:
        yield api
    finally:
        await api.aclose()


def day_window(limits: ApiLimits) -> ClockWindow:
    """Until midnight UTC. Of few calls, a task that is killed must not lose any."""
    calls = limits.calls_per_day
    return ClockWindow(calls, seconds=_DAY, block=1 if calls <= _FEW_CALLS else 10)


def minute_window(limits: ApiLimits) -> RollingWindow:
    """Half may leave at once after a pause, so a single task does not notice it."""
    calls = limits.requests_per_minute
    return RollingWindow(
        calls, 60, burst=max(1, calls // 2), block=max(1, calls // 100), patience=LONGEST_WAIT
    )


def _authentication(settings: MondaySettings, store: Store, now: Clock) -> Auth:
    if settings.auth == "token":
        return PersonalToken(settings.api_token or "")
    if not store.cipher.enabled:
        raise ConfigurationError(
            "each renewal of monday.com's tokens ends the refresh token before it, so the new one must be "
            "kept, which is done encrypted only, and there are no keys for it. Set payload_keys, or use "
            "auth: token",
            field="[ml_connector] payload_keys",
            expected="a Fernet key",
        )
    return RotatingSession(settings, SharedTokens(Credentials(store)), clock=now)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What both ways to connect have in common."""

    settings: MondaySettings
    limits: ApiLimits
    now: Clock
    sleep: Sleep
    transport: Transport | None

    def api(
        self,
        auth: Auth,
        *,
        gate: HttpGate | None = None,
        budgets: Budgets | None = None,
        calls: Quota | None = None,
        on_close: Callable[[], Awaitable[None]] | None = None,
    ) -> MondayApi:
        """Nothing is sent yet."""
        settings, now, sleep = self.settings, self.now, self.sleep
        transport = self.transport or AiohttpTransport(connections=self.limits.concurrency + 1)
        key_life = KeyLife(self.limits.replay_seconds, now)
        client = Client(
            settings.base_url,
            auth=auth,
            transport=transport,
            gate=gate,
            before_send=key_life,
            classify=classify,
            timeout=self.limits.timeout_seconds,
            redactor=Redactor(settings.secrets()),
            sleep=sleep,
        )
        return MondayApi(
            client,
            version=settings.api_version,
            storage=Storage(transport, sleep=sleep),
            key_life=key_life,
            budgets=budgets,
            calls=calls,
            oauth=settings.auth == "oauth2",
            clock=now,
            sleep=sleep,
            on_close=on_close,
        )


async def _impatient(seconds: float) -> None:
    """Whoever tries a connection out waits for a moment, and not for a minute."""
    if seconds > _PATIENCE:
        said = f"monday.com is busy or away; trying again makes sense in {seconds:.0f} s"
        raise RateLimited(said, retry_after=seconds)
    await asyncio.sleep(seconds)
