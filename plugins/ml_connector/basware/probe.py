"""Tries a connection out: one token, one page of one invoice, through the redirect if there is one."""

from __future__ import annotations

import asyncio

from ml_connector.basware.calls import Calls, classify
from ml_connector.basware.connect import authentication
from ml_connector.basware.options import BaswareOptions
from ml_connector.basware.reading import Reader
from ml_connector.basware.redirects import Redirects
from ml_connector.basware.session import BaswareSession
from ml_connector.basware.settings import BaswareSettings
from ml_connector.core.errors import RateLimited
from ml_connector.core.http import AiohttpTransport, Auth, Client, Redactor, Retry, Transport
from ml_connector.core.state.store import utc_now

_TIMEOUT = 20.0
_PATIENCE = 5.0


async def probe(settings: BaswareSettings, transport: Transport | None = None) -> str:
    """What was found, as a sentence. Nothing is shared with the workers, and nothing is written.

    Raises:
        ConnectorError: the sentence says what is wrong.
    """
    carrier = transport or AiohttpTransport(connections=1)
    auth = authentication(settings, BaswareOptions(), None, utc_now)
    client = Client(
        settings.base_url,
        auth=auth,
        transport=carrier,
        classify=classify,
        retry=Retry(attempts=2),
        timeout=_TIMEOUT,
        redactor=Redactor(settings.secrets()),
    )
    calls = Calls(client, sleep=_impatient)
    reader = Reader(calls, Redirects(settings, carrier, timeout=_TIMEOUT))
    try:
        page = await reader.page("/v1/accountingDocuments", {"pageSize": "1"}, wrapper="accountingDocuments")
    finally:
        await calls.aclose()
    found = "invoices can be read" if page.rows else "there is no invoice yet"
    return f"Connected to {settings.base_url} as {settings.login}: {found}{_lacking(settings, auth)}"


def _lacking(settings: BaswareSettings, auth: Auth) -> str:
    """Scopes that were asked for and not granted."""
    if not isinstance(auth, BaswareSession) or not auth.granted:
        return ""
    lacking = [name for name in settings.scope.split() if name not in auth.granted]
    return f"; Basware did not grant {', '.join(lacking)}" if lacking else ""


async def _impatient(seconds: float) -> None:
    """Whoever tries a connection out waits for a moment, and not for a minute."""
    if seconds > _PATIENCE:
        said = f"Basware is busy; trying again makes sense in {seconds:.0f} s"
        raise RateLimited(said, retry_after=seconds)
    await asyncio.sleep(seconds)
