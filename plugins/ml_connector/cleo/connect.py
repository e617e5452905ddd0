"""Puts settings, options and shared state together into a working connection to Cleo."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ml_connector.cleo.api import CleoApi
from ml_connector.cleo.api_provider import ApiProvider, BearerAuth
from ml_connector.cleo.links import Record
from ml_connector.cleo.mailbox.over_api import ApiMailbox
from ml_connector.cleo.mailbox.protocol import Mailbox
from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.rest import Rest, classify
from ml_connector.cleo.session import CleoSession
from ml_connector.cleo.settings import CleoSettings, Login
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.http import AiohttpTransport, Auth, Client, Redactor, Retry, TokenStore, Transport
from ml_connector.core.ledger.credentials import Credentials, SharedTokens
from ml_connector.core.limits import Gate, Quota, RollingWindow, Slots
from ml_connector.core.state.store import Store, utc_now

if TYPE_CHECKING:
    from ml_connector.cleo.mailbox.over_sftp import SftpMailbox

_PATIENCE = 150.0
_LEASE, _MARGIN = 90.0, 30.0
"""Short, though a call may last longer: Cleo enforces no limit, and a killed task's slots come free soon."""
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Cleo:
    """What the flows need of one Cleo.

    Attributes:
        mailbox: folders and files.
        api: connections, actions and what happened; None where only the mailbox is known.
        provider: the tenant's own endpoints; None where the connection names none.
    """

    mailbox: Mailbox
    api: CleoApi | None
    provider: ApiProvider | None = None

    async def post_json(self, endpoint: str, payload: Mapping[str, Any]) -> Record:
        """Post a document to an endpoint of the tenant. Raises as :meth:`ApiProvider.post` does.

        Raises:
            ConfigurationError: the connection names no address and token for it.
        """
        if self.provider is None:
            raise ConfigurationError(
                f"a partner's file names endpoint {endpoint}, and the Cleo connection has no value",
                field="api_provider_url and api_provider_token",
                expected="address and token of Cleo's API Provider",
            )
        return await self.provider.post(endpoint, payload)


@asynccontextmanager
async def connect(
    settings: CleoSettings,
    options: CleoOptions,
    store: Store,
    *,
    transport: Transport | None = None,
    clock: Callable[[], datetime] | None = None,
    sleep: Sleep = asyncio.sleep,
) -> AsyncIterator[Cleo]:
    """A connection that shares tokens, pace and calls in flight with all other workers."""
    now, pace = clock or store.now, options.pace
    slots = Slots(
        store.database, f"cleo:{settings.place}", total=pace.concurrent, wanted=pace.per_task,
        margin=_MARGIN, lease=_LEASE,
    )  # fmt: skip
    window = RollingWindow(
        pace.per_second, 1, burst=max(1, pace.per_second // 5), block=max(1, pace.per_second // 10),
        patience=_PATIENCE,
    )  # fmt: skip
    name = f"cleo:calls:{settings.place}"
    calls = Quota(store.database, name, window, what="calls to Cleo", clock=now, sleep=sleep)
    gate = Gate(slots, [calls])
    tokens = SharedTokens(Credentials(store))
    parts = _Parts(settings, options, tokens, transport, gate, calls, now, sleep)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(gate.aclose)
        yield await parts.open(stack)


@asynccontextmanager
async def connect_alone(
    settings: CleoSettings, options: CleoOptions, *, transport: Transport | None = None
) -> AsyncIterator[Cleo]:
    """A connection of its own, without shared state: to try settings out."""
    parts = _Parts(settings, options, None, transport, None, None, utc_now, asyncio.sleep)
    async with contextlib.AsyncExitStack() as stack:
        yield await parts.open(stack)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the clients of one connection share."""

    settings: CleoSettings
    options: CleoOptions
    tokens: TokenStore | None
    transport: Transport | None
    gate: Gate | None
    calls: Quota | None
    now: Callable[[], datetime]
    sleep: Sleep

    async def open(self, stack: contextlib.AsyncExitStack) -> Cleo:
        """Make everything; ``stack`` closes it. Nothing is sent yet."""
        api = self._api()
        mailbox = self._mailbox(api)
        provider = self._provider()
        for part in (api, mailbox, provider):
            if part is not None:
                stack.push_async_callback(part.aclose)
        return Cleo(mailbox, api, provider)

    def _api(self) -> CleoApi | None:
        settings = self.settings
        if settings.base_url is None or settings.admin is None:
            return None
        rest = self._rest(settings.base_url, settings.admin)
        return CleoApi(rest, self.options, sleep=self.sleep, clock=self.now)

    def _mailbox(self, api: CleoApi | None) -> ApiMailbox | SftpMailbox:
        settings, timeouts = self.settings, self.options.timeouts
        if settings.sftp is not None:
            # Here, not above: its library takes half a second to import, and DAG files import this module.
            from ml_connector.cleo.mailbox.over_sftp import SftpMailbox
            from ml_connector.cleo.mailbox.sftp_session import SftpSession

            return SftpMailbox(
                SftpSession(settings.sftp, timeouts),
                timeout=timeouts.upload,
                gate=self.gate or contextlib.nullcontext,
            )
        if settings.base_url is None or settings.mailbox is None:
            raise ConfigurationError("the Cleo connection names no way to a mailbox", field="host")
        same = api is not None and settings.mailbox == settings.admin
        return ApiMailbox(
            api.rest if api is not None and same else self._rest(settings.base_url, settings.mailbox),
            folders_path=settings.folders_path,
            files_path=settings.files_path,
            upload_type=self.options.upload_type,
            upload_timeout=timeouts.upload,
            folder_types=self.options.folder_types,
        )

    def _provider(self) -> ApiProvider | None:
        url, token = self.settings.api_provider_url, self.settings.api_provider_token
        return ApiProvider(self._client(url, BearerAuth(token))) if url and token else None

    def _rest(self, base_url: str, login: Login) -> Rest:
        life = self.options.token_seconds
        session = CleoSession(self.settings, login, self.tokens, life=life, clock=self.now)
        return self._client(base_url, session)

    def _client(self, base_url: str, auth: Auth) -> Rest:
        timeouts = self.options.timeouts
        client = Client(
            base_url,
            auth=auth,
            transport=self.transport
            or AiohttpTransport(
                verify=self.settings.verify,
                connections=self.options.pace.concurrent,
                connect_timeout=timeouts.connect,
            ),
            gate=self.gate,
            classify=classify,
            retry=Retry(attempts=3, base=2.0, longest=30.0),
            timeout=timeouts.read,
            redactor=Redactor(self.settings.secrets()),
            sleep=self.sleep,
        )
        return Rest(
            client,
            base_url,
            page_size=self.options.page_size,
            calls=self.calls,
            clock=self.now,
            sleep=self.sleep,
        )
