"""Puts settings, options and shared state together into a working client."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime

from ml_connector.basware.api import BaswareApi
from ml_connector.basware.calls import Calls, classify
from ml_connector.basware.limits import rate_window
from ml_connector.basware.options import BaswareOptions
from ml_connector.basware.redirects import Redirects
from ml_connector.basware.session import BaswareSession
from ml_connector.basware.settings import BaswareSettings
from ml_connector.core.http import AiohttpTransport, Auth, BasicAuth, Client, Redactor, Request, Transport
from ml_connector.core.ledger.credentials import Credentials, SharedTokens
from ml_connector.core.ledger.spacing import Spacing
from ml_connector.core.limits import Gate, Quota, Slots
from ml_connector.core.state.store import Store

Clock = Callable[[], datetime]
Sleep = Callable[[float], Awaitable[None]]


@asynccontextmanager
async def connect(
    settings: BaswareSettings,
    options: BaswareOptions,
    store: Store,
    *,
    transport: Transport | None = None,
    clock: Clock | None = None,
    sleep: Sleep = asyncio.sleep,
) -> AsyncIterator[BaswareApi]:
    """A client that shares token, pace and the gaps between writes with all other workers."""
    now = clock or store.now
    name = f"basware:{settings.key_name}"
    slots = Slots(
        store.database, name, total=options.concurrent_requests, wanted=options.concurrency,
        margin=options.timeout_seconds + 10, lease=options.timeout_seconds + 180,
    )  # fmt: skip
    rate = Quota(
        store.database, f"{name}:rate", rate_window(options),
        what="requests to Basware in this minute", clock=now, sleep=sleep,
    )  # fmt: skip
    gate = Gate(slots, [rate])

    def pass_gate(request: Request) -> AbstractAsyncContextManager[None]:
        """Fetching a token is no call of the API, and must not wait for a slot: others wait for the token."""
        return contextlib.nullcontext() if request.path == settings.token_url else gate(request)

    carrier = transport or AiohttpTransport(connections=options.concurrency + 1)
    client = Client(
        settings.base_url,
        auth=authentication(settings, options, store, now),
        transport=carrier,
        gate=pass_gate,
        classify=classify,
        timeout=options.timeout_seconds,
        redactor=Redactor(settings.secrets()),
        sleep=sleep,
    )
    api = BaswareApi(
        Calls(client, sleep=sleep),
        Redirects(settings, carrier, timeout=options.timeout_seconds, sleep=sleep),
        Spacing(store.database, name, options.write_gap_seconds, clock=now, sleep=sleep),
        clock=now,
        on_close=gate.aclose,
    )
    try:
        yield api
    finally:
        await api.aclose()


def authentication(
    settings: BaswareSettings, options: BaswareOptions, store: Store | None, clock: Clock
) -> Auth:
    """How calls prove whose they are; tokens are shared where there is a store."""
    if settings.auth == "basic":
        return BasicAuth(settings.login, settings.password)
    tokens = SharedTokens(Credentials(store)) if store is not None else None
    return BaswareSession(settings, tokens, margin=options.renew_margin_seconds, clock=clock)
