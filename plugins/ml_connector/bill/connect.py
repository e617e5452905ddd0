"""Puts settings, options and shared state together into a working client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime

from ml_connector.bill.api import BillApi, classify
from ml_connector.bill.options import BillOptions
from ml_connector.bill.session import LOGIN, BillSession
from ml_connector.bill.settings import BillSettings
from ml_connector.core.http import AiohttpTransport, Client, Redactor, Request, Transport
from ml_connector.core.ledger.credentials import Credentials, SharedTokens
from ml_connector.core.limits import ClockWindow, Gate, Quota, Slots
from ml_connector.core.state.store import Store


@asynccontextmanager
async def connect(
    settings: BillSettings,
    options: BillOptions,
    store: Store,
    *,
    transport: Transport | None = None,
    clock: Callable[[], datetime] | None = None,
) -> AsyncIterator[BillApi]:
    """A client that shares session, calls of the hour and requests in flight with all other workers."""
    now = clock or store.now
    key = settings.key_name
    calls = Quota(
        store.database, f"bill:calls:{key}", ClockWindow(options.hourly_requests),
        what="calls to BILL in this hour", clock=now,
    )  # fmt: skip
    logins = Quota(
        store.database, f"bill:logins:{key}", ClockWindow(options.hourly_logins, block=1),
        what="log-ins to BILL in this hour", clock=now,
    )  # fmt: skip
    bulk_timeout = options.timeout_seconds * 2
    slots = Slots(
        store.database, f"bill:{key}:{settings.organization_id}", total=options.concurrent_requests,
        wanted=options.concurrency, margin=bulk_timeout + 10, lease=bulk_timeout + 180,
    )  # fmt: skip
    plain, at_login = Gate(slots, [calls]), Gate(slots, [logins, calls])

    def gate(request: Request) -> AbstractAsyncContextManager[None]:
        return at_login(request) if request.path.endswith(LOGIN) else plain(request)

    client = Client(
        settings.base_url,
        auth=BillSession(
            settings, SharedTokens(Credentials(store)), idle=options.session_idle_minutes * 60, clock=now
        ),
        transport=transport or AiohttpTransport(connections=options.concurrent_requests),
        gate=gate,
        classify=classify,
        timeout=options.timeout_seconds,
        redactor=Redactor(settings.secrets()),
    )
    api = BillApi(client, calls=calls, timeout=bulk_timeout, clock=now, on_close=at_login.aclose)
    try:
        yield api
    finally:
        await api.aclose()
