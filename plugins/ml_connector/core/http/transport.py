"""The bottom seam: sends one request, returns one response, says whether anything left."""

from __future__ import annotations

import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, Protocol

import aiohttp
from yarl import URL

from ml_connector.core.errors import ConfigurationError
from ml_connector.core.http.messages import Request, Response

Cause = Literal["refused", "name", "tls", "connect_timeout", "timeout", "reset", "too_large"]


class TransportError(Exception):
    """No usable response came. ``cause`` says why, the text holds neither query nor credentials."""

    def __init__(self, cause: Cause, message: str) -> None:
        super().__init__(message)
        self.cause = cause


class NotSent(TransportError):
    """No byte of the request left: repeating is safe whatever it was."""


class Interrupted(TransportError):
    """The request, or a part of it, may have arrived."""


class Transport(Protocol):
    """Whatever can send a request whose URL is absolute."""

    async def send(self, request: Request) -> Response:
        """Send and read to the end.

        Raises:
            TransportError: no usable response.
        """
        ...

    async def aclose(self) -> None:
        """Give up connections."""
        ...


class HandlerTransport:
    """A transport that asks a function instead of the network, for tests and dry runs."""

    def __init__(self, handler: Callable[[Request], Awaitable[Response]]) -> None:
        self._handler = handler

    async def send(self, request: Request) -> Response:
        """Whatever the handler answers or raises."""
        return await self._handler(request)

    async def aclose(self) -> None:
        """Nothing to give up."""


def tls_setting(verify: bool | str) -> ssl.SSLContext | bool:
    """Aiohttp's ``ssl`` argument: a CA bundle file or folder, or verification on or off.

    Raises:
        ConfigurationError: the path does not exist or holds no certificates.
    """
    if isinstance(verify, bool):
        return verify
    path = Path(verify)
    if not path.exists():
        raise ConfigurationError(f"CA bundle {verify!r} does not exist", field="verify")
    try:
        if path.is_dir():
            return ssl.create_default_context(capath=verify)
        return ssl.create_default_context(cafile=verify)
    except ssl.SSLError:
        raise ConfigurationError(f"{verify!r} holds no CA certificates", field="verify") from None


class AiohttpTransport:
    """One aiohttp session: no cookies, no redirects, no repetition behind our back.

    Args:
        verify: TLS verification: true, false, or the path of a CA bundle.
        connections: open connections at most.
        connect_timeout: seconds for TCP and TLS.
        max_body: bytes of a response at most, after decompression.
        trust_env: use the proxies that the environment names.
    """

    def __init__(
        self,
        *,
        verify: bool | str = True,
        connections: int = 20,
        connect_timeout: float = 10.0,
        max_body: int = 256 * 1024 * 1024,
        trust_env: bool = False,
    ) -> None:
        self._ssl = tls_setting(verify)
        self._connections = connections
        self._connect_timeout = connect_timeout
        self._max_body = max_body
        self._trust_env = trust_env
        self._session: aiohttp.ClientSession | None = None
        self._timeouts: dict[float | None, aiohttp.ClientTimeout] = {}

    async def send(self, request: Request) -> Response:
        """See :class:`Transport`."""
        session = self._session or self._open()
        started = time.perf_counter()
        try:
            async with session.request(
                request.method,
                URL(request.target, encoded=True),
                data=request.body,
                headers=request.headers,
                timeout=self._timeouts.get(request.timeout) or self._timeout(request.timeout),
                allow_redirects=False,
            ) as answer:
                body = await self._read(answer)
                return Response(answer.status, answer.headers, body, time.perf_counter() - started)
        except aiohttp.InvalidURL:
            raise ConfigurationError(f"{request.path!r} is not a usable URL") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _translated(error) from None

    async def aclose(self) -> None:
        """Close the session; a later send opens a new one."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        """Sessions belong to the running loop, so the first send makes it."""
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, ssl=self._ssl),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=self._trust_env,
        )
        # aiohttp repeats PUT, DELETE and GET by itself when a kept-alive connection drops; whether
        # a write may be repeated is for the caller to say. There is no public switch (3.14).
        session._retry_connection = False  # noqa: SLF001
        self._session = session
        return session

    def _timeout(self, total: float | None) -> aiohttp.ClientTimeout:
        made = aiohttp.ClientTimeout(total=total, sock_connect=self._connect_timeout)
        self._timeouts[total] = made
        return made

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        """The body, refused once it grows beyond the limit."""
        length = answer.content_length
        if length is not None and length <= self._max_body and "Content-Encoding" not in answer.headers:
            return await answer.read()
        parts: list[bytes] = []
        size = 0
        async for part in answer.content.iter_any():
            size += len(part)
            if size > self._max_body:
                raise Interrupted("too_large", f"the answer is larger than {self._max_body} bytes")
            parts.append(part)
        return b"".join(parts)


def _translated(error: Exception) -> TransportError:
    """The exception of aiohttp as ours; only those of connecting prove that nothing was sent."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            found: TransportError = NotSent("name", f"the host name {error.host} cannot be resolved")
        case aiohttp.ClientConnectorCertificateError():
            found = NotSent("tls", f"the certificate of {error.host} is not trusted")
        case aiohttp.ClientSSLError():
            found = NotSent("tls", f"no TLS connection to {error.host}:{error.port}")
        case aiohttp.ClientConnectorError():
            found = NotSent("refused", f"no connection to {error.host}:{error.port}")
        case aiohttp.ConnectionTimeoutError():
            found = NotSent("connect_timeout", "no connection in time")
        case TimeoutError():
            found = Interrupted("timeout", "no answer in time")
        case _:
            found = Interrupted("reset", f"the connection broke off ({type(error).__name__})")
    return found
