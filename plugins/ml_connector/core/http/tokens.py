"""Logins that yield a token: shared between workers, renewed in time, repeated once on refusal."""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from base64 import b64encode
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, Self
from urllib.parse import quote, urlencode

from ml_connector.core.errors import AuthenticationError, RateLimited, Unavailable
from ml_connector.core.http.auth import Auth
from ml_connector.core.http.messages import Request, Response
from ml_connector.core.http.retry import parse_retry_after

_MARGIN = 60.0  # seconds before expiry at which a token is renewed, at most ...
_MARGIN_SHARE = 0.1  # ... and this part of its life where that is less


@dataclass(frozen=True, slots=True)
class Token:
    """A login's result.

    Attributes:
        value: what the other side wants to see.
        renew_at: from this moment (seconds since 1970) on a new one is fetched.
        extra: whatever else the login answered and later calls need.
    """

    value: str = field(repr=False)
    renew_at: float
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def lasting(cls, value: str, seconds: float, now: float, extra: Mapping[str, str] | None = None) -> Self:
        """A token that expires ``seconds`` after ``now``."""
        return cls(value, now + seconds - min(_MARGIN, _MARGIN_SHARE * seconds), extra or {})

    def as_payload(self) -> dict[str, Any]:
        """The form for a store; it holds the secret, so the store encrypts it."""
        return {"value": self.value, "renew_at": str(self.renew_at), "extra": dict(self.extra)}

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self:
        """Inverse of :meth:`as_payload`."""
        return cls(payload["value"], float(payload["renew_at"]), dict(payload["extra"]))


class TokenStore(Protocol):
    """Where workers share tokens. The implementation encrypts what it keeps."""

    async def get(self, name: str) -> Token | None:
        """The stored token, expired or not."""
        ...

    async def put(self, name: str, token: Token) -> None:
        """Store or replace."""
        ...

    def lock(self, name: str) -> AbstractAsyncContextManager[None]:
        """Held by one worker at a time, across processes, while it logs in."""
        ...


class MemoryTokenStore:
    """A store for one process."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def get(self, name: str) -> Token | None:
        """See :class:`TokenStore`."""
        return self._tokens.get(name)

    async def put(self, name: str, token: Token) -> None:
        """See :class:`TokenStore`."""
        self._tokens[name] = token

    def lock(self, name: str) -> AbstractAsyncContextManager[None]:
        """See :class:`TokenStore`."""
        return _Held(self._locks.setdefault(name, asyncio.Lock()))


class _Held(AbstractAsyncContextManager[None]):
    """An ``asyncio.Lock`` as a context manager that yields nothing."""

    def __init__(self, lock: asyncio.Lock) -> None:
        self._lock = lock

    async def __aenter__(self) -> None:
        await self._lock.acquire()

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()


class TokenAuth(Auth):
    """Log in, call, on refusal log in once more. A subclass says how to do each.

    Args:
        name: under which the token is stored; one per credential.
        store: shared with other workers; memory of this process where None.
        clock: seconds since 1970, replaceable in tests.
    """

    def __init__(
        self, name: str, store: TokenStore | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._name = name
        self._store: TokenStore = store or MemoryTokenStore()
        self.clock = clock
        self._token: Token | None = None
        self._login_refused: str | None = None

    @abstractmethod
    def login_request(self) -> Request:
        """The request that fetches a token; an absolute URL or one below the client's base."""

    @abstractmethod
    def token_from(self, response: Response) -> Token:
        """The token in a login's response; raises ``AuthenticationError`` and the like."""

    @abstractmethod
    def authorize(self, request: Request, token: Token) -> Request:
        """The request with the token in it."""

    def refused(self, response: Response) -> bool:
        """The token is no longer good: log in again, once."""
        return response.status == 401

    async def auth_flow(self, request: Request) -> AsyncGenerator[Request, Response]:
        """See the module. After a second refusal the caller gets that response."""
        bad: str | None = None
        for _ in range(2):
            token = await self._known(bad)
            if token is None:
                async with self._store.lock(self._name):
                    token = await self._known(bad)  # another worker may have logged in meanwhile
                    if token is None:
                        response = yield self._login()
                        token = await self._keep(response)
            response = yield self.authorize(request, token)
            if not self.refused(response):
                return
            bad = token.value

    def secrets(self) -> Iterable[str]:
        """The current token; a subclass adds its credentials."""
        return (self._token.value, *self._token.extra.values()) if self._token else ()

    async def _known(self, bad: str | None) -> Token | None:
        """A usable token from memory or store, but not the one that was just refused."""
        if self._usable(self._token, bad):
            return self._token
        stored = await self._store.get(self._name)
        if self._usable(stored, bad):
            self._token = stored
            return stored
        return None

    def _usable(self, token: Token | None, bad: str | None) -> bool:
        return token is not None and token.value != bad and self.clock() < token.renew_at

    def _login(self) -> Request:
        if self._login_refused is not None:
            raise AuthenticationError(f"{self._login_refused} (not tried again: failures lock accounts)")
        return self.login_request()

    async def _keep(self, response: Response) -> Token:
        try:
            self._token = self.token_from(response)
        except AuthenticationError as error:
            self._login_refused = str(error)
            raise
        await self._store.put(self._name, self._token)
        return self._token


class OAuth2ClientCredentials(TokenAuth):
    """OAuth 2 client credentials (RFC 6749, section 4.4).

    Args:
        credentials_in: ``header`` sends id and secret as HTTP Basic (the RFC's preference),
            ``body`` as form fields.
        name: under which the token is stored, where the addresses and scopes would be too long for one.
    """

    def __init__(
        self,
        *,
        token_url: str,
        client_id: str,
        client_secret: str,
        scope: str | None = None,
        audience: str | None = None,
        credentials_in: Literal["header", "body"] = "header",
        store: TokenStore | None = None,
        clock: Callable[[], float] = time.time,
        name: str | None = None,
    ) -> None:
        stored = name or f"oauth2:{token_url}:{client_id}:{scope or ''}:{audience or ''}"
        super().__init__(stored, store, clock)
        self._token_url = token_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._fields = {"scope": scope, "audience": audience}
        self._credentials_in = credentials_in

    def login_request(self) -> Request:
        """A form post; harmless to repeat."""
        form = {"grant_type": "client_credentials"}
        form.update({name: value for name, value in self._fields.items() if value})
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if self._credentials_in == "header":
            headers["Authorization"] = f"Basic {self._basic}"
        else:
            form.update({"client_id": self._client_id, "client_secret": self._client_secret})
        return Request(
            "POST", self._token_url, headers=headers, body=urlencode(form).encode(), idempotent=True
        )

    def token_from(self, response: Response) -> Token:
        """Read ``access_token`` and ``expires_in`` (an hour where it is missing)."""
        host = self._token_url.split("//", 1)[-1].split("/", 1)[0]
        if response.status == 429:
            wait = parse_retry_after(response.header("Retry-After"))
            raise RateLimited(f"the token endpoint {host} asks to wait", retry_after=wait or 60.0)
        if response.status >= 500:
            raise Unavailable(f"the token endpoint {host} answered {response.status}")
        answer = self._object(response)
        if response.status != 200 or not isinstance(answer.get("access_token"), str):
            detail = answer.get("error_description") or answer.get("error") or f"HTTP {response.status}"
            raise AuthenticationError(
                f"the token endpoint {host} refused client {self._client_id}: {str(detail)[:200]}; "
                "check client_id, client_secret, scope and audience of the connection"
            )
        seconds = float(answer.get("expires_in") or 3600)
        return Token.lasting(answer["access_token"], seconds, self.clock())

    def authorize(self, request: Request, token: Token) -> Request:
        """RFC 6750."""
        return request.with_headers({"Authorization": f"Bearer {token.value}"})

    def secrets(self) -> Iterable[str]:
        """Token, client secret, and the pair as it is sent."""
        return (*super().secrets(), self._client_secret, self._basic)

    @property
    def _basic(self) -> str:
        pair = f"{quote(self._client_id, safe='')}:{quote(self._client_secret, safe='')}"
        return b64encode(pair.encode()).decode()

    def _object(self, response: Response) -> dict[str, Any]:
        try:
            answer = response.json()
        except ValueError:
            return {}
        return answer if isinstance(answer, dict) else {}

    def __repr__(self) -> str:
        return f"OAuth2ClientCredentials(token_url={self._token_url!r}, client_id={self._client_id!r})"
