"""The client: authentication, pacing, repetition inside a call, and failures by class."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from enum import Enum
from typing import Self
from urllib.parse import urlsplit

from ml_connector.core.errors import ConfigurationError, InDoubt, RateLimited, Unavailable
from ml_connector.core.fence import pass_fence
from ml_connector.core.http.auth import Auth, NoAuth
from ml_connector.core.http.messages import Request, Response
from ml_connector.core.http.redaction import Redactor
from ml_connector.core.http.retry import Retry, parse_retry_after
from ml_connector.core.http.transport import AiohttpTransport, NotSent, Transport, TransportError


class TooHeavy(Unavailable):
    """No answer in time, or one too large: not repeated, but asking for less may help."""


class Action(Enum):
    """What a caller's ``classify`` says about a response."""

    DEFAULT = "default"  #: let the client decide
    RETURN = "return"  #: hand it to the caller, whatever its status
    RETRY = "retry"  #: repeat if the request is idempotent


Gate = Callable[[Request], AbstractAsyncContextManager[object]]
BeforeSend = Callable[[Request], Awaitable[None]]
Classify = Callable[[Request, Response], Action]

_OUTAGES = frozenset({502, 503, 504})
_DEFAULT_RATE_WAIT = 60.0


class Client:
    """Sends requests to one system.

    Responses below 500 other than 429 are returned: what they mean is for the hook to say. For an
    idempotent request 502, 503, 504 and broken connections are repeated, then ``Unavailable``; a
    time-out is ``TooHeavy`` at once. For any other request nothing is repeated: a failure before
    sending is ``Unavailable``, one after it (time-out, reset, 5xx) ``InDoubt``. 429 is
    ``RateLimited``.

    Args:
        base_url: scheme, host, port and path prefix; an absolute request URL must share its origin.
        auth: see :class:`Auth`.
        transport: made by the client where None.
        gate: an async context manager per physical request (logins and repetitions included).
        before_send: awaited before each physical request, inside the gate.
        classify: asked about each response first; may raise one of ``core.errors``.
        retry: repetition inside a call.
        timeout: seconds for an exchange where the request names none.
        redactor: knows secrets that errors must not show.
        sleep: replaceable in tests.
        rand: replaceable in tests; 0 <= x < 1.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: Auth | None = None,
        transport: Transport | None = None,
        gate: Gate | None = None,
        before_send: BeforeSend | None = None,
        classify: Classify | None = None,
        retry: Retry = Retry(),  # noqa: B008  (frozen)
        timeout: float = 60.0,
        redactor: Redactor | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        rand: Callable[[], float] = random.random,  # noqa: S311  (spreads load, hides nothing)
    ) -> None:
        self._base = base_url.rstrip("/")
        parts = urlsplit(self._base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationError(f"{base_url!r} is no http(s) address", expected="https://host[:port]")
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._auth = auth or NoAuth()
        self._transport: Transport = transport or AiohttpTransport()
        self._gate = gate
        self._before_send = before_send
        self._classify = classify
        self._retry = retry
        self._timeout = timeout
        self._redactor = redactor or Redactor()
        self._sleep = sleep
        self._rand = rand

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the transport."""
        await self._transport.aclose()

    async def send(self, request: Request) -> Response:
        """Send and return the response, or raise one of ``core.errors``; see the class."""
        request = self._absolute(request, own=True)
        attempt = 0
        while True:
            attempt += 1
            try:
                response = await self._once(request)
            except TransportError as error:
                failure = self._broken(request, error)
            else:
                outage = self._judge(request, response)
                if outage is None:
                    return response
                failure = outage
            wait = self._wait(request, attempt, failure)
            if wait is None:
                raise failure
            await self._sleep(wait)

    def redact(self, text: str) -> str:
        """A text without this client's secrets."""
        return self._redactor(text, self._auth.secrets())

    def excerpt(self, response: Response, limit: int = 300) -> str:
        """The beginning of a body, fit for an error message."""
        return self._redactor.excerpt(response.text(limit * 20), limit, self._auth.secrets())

    async def _once(self, request: Request) -> Response:
        """One pass through the authentication flow."""
        flow = self._auth.auth_flow(request)
        try:
            current = await anext(flow)
            while True:
                response = await self._exchange(request, current)
                try:
                    current = await flow.asend(response)
                except StopAsyncIteration:
                    return response
        finally:
            await flow.aclose()

    async def _exchange(self, original: Request, current: Request) -> Response:
        """One physical request. A login that breaks off proves the original never left."""
        current = self._absolute(current, own=False)
        try:
            if self._gate is None:
                return await self._dispatch(current)
            async with self._gate(current):
                return await self._dispatch(current)
        except TransportError as error:
            if current.url == original.url or isinstance(error, NotSent):
                raise
            raise NotSent(error.cause, f"logging in failed: {error}") from None

    async def _dispatch(self, request: Request) -> Response:
        if self._before_send is not None:
            await self._before_send(request)
        pass_fence()
        return await self._transport.send(request)

    def _absolute(self, request: Request, *, own: bool) -> Request:
        """Resolve against the base URL; credentials go to no other origin than ours."""
        url = request.url
        if not url.startswith(("http://", "https://")):
            url = f"{self._base}/{url.lstrip('/')}"
        elif own and not (url == self._origin or url.startswith((f"{self._origin}/", f"{self._origin}?"))):
            raise ConfigurationError(f"{request.path} lies outside {self._origin}")
        timeout = self._timeout if request.timeout is None else request.timeout
        if url == request.url and timeout == request.timeout:
            return request
        return Request(
            request.method, url, request.params, request.headers, request.body, request.idempotent, timeout
        )

    def _broken(self, request: Request, error: TransportError) -> Unavailable:
        """The failure for a broken exchange; raised at once where repeating cannot help."""
        if error.cause == "tls":
            raise ConfigurationError(self._say(request, f"{error}; see 'verify'")) from None
        if isinstance(error, NotSent):
            return Unavailable(self._say(request, str(error)))
        if not request.idempotent:
            raise InDoubt(self._say(request, f"{error}; it may have been executed")) from None
        if error.cause in ("timeout", "too_large"):
            raise TooHeavy(self._say(request, str(error))) from None
        return Unavailable(self._say(request, str(error)))

    def _judge(self, request: Request, response: Response) -> Unavailable | None:
        """None: return the response. A failure: repeat if possible, else raise it."""
        action = self._classify(request, response) if self._classify else Action.DEFAULT
        if action is Action.RETURN or (action is Action.DEFAULT and response.status < 429):
            return None
        said = self._say(request, f"answered {response.status}{self._shown(response)}")
        wait = parse_retry_after(response.header("Retry-After"))
        if action is Action.DEFAULT and response.status == 429:
            raise RateLimited(said, retry_after=_DEFAULT_RATE_WAIT if wait is None else wait)
        if action is Action.DEFAULT and response.status < 500:
            return None
        if not request.idempotent:
            raise InDoubt(f"{said}; it may have been executed")
        failure = Unavailable(said, retry_after=wait)
        if action is Action.RETRY or response.status in _OUTAGES:
            return failure
        raise failure

    def _wait(self, request: Request, attempt: int, failure: Unavailable) -> float | None:
        """Seconds until the next try, or None to give up."""
        if not request.idempotent or attempt >= self._retry.attempts:
            return None
        wait = self._retry.delay(attempt, self._rand)
        if failure.retry_after is None:
            return wait
        return max(wait, failure.retry_after) if failure.retry_after <= self._retry.longest else None

    def _shown(self, response: Response) -> str:
        excerpt = self.excerpt(response)
        return f": {excerpt}" if excerpt else ""

    def _say(self, request: Request, what: str) -> str:
        return self.redact(f"{request.method} {request.path}: {what}")
