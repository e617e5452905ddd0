"""Getting in: the API token of a user as it is, or the tokens of an app, renewed and shared by all workers.

monday.com takes a personal token without a scheme, and it lasts until it is made anew. The tokens of an
app (OAuth 2.1) are JWTs that expire, and each renewal replaces the refresh token as well
(developer.monday.com/apps/docs/migrating-to-the-new-oauth-flow, 2026-09-23).
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import AsyncGenerator, Callable, Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from ml_connector.core import codec
from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    RateLimited,
    Unavailable,
)
from ml_connector.core.http import (
    Auth,
    Request,
    Response,
    Token,
    TokenAuth,
    TokenStore,
    parse_retry_after,
    redact,
)
from ml_connector.monday.meanings import Meaning, meaning_of
from ml_connector.monday.settings import MondaySettings

LOGIN_TIMEOUT = 30.0
"""Seconds for a renewal: much less than the lock on which other workers wait for it."""

_MARGIN = 300.0
_LIFE = 3600.0
_WAIT = 60.0
_REFRESH = "refresh_token"


class PersonalToken(Auth):
    """Sends a user's API token."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def auth_flow(self, request: Request) -> AsyncGenerator[Request, Response]:
        yield request.with_headers({"Authorization": self._token})

    def secrets(self) -> Iterable[str]:
        return (self._token,)

    def __repr__(self) -> str:
        return "PersonalToken()"


class RotatingSession(TokenAuth):
    """Renews the tokens of an app when less than five minutes of life are left, or once after a 401.

    The new refresh token is stored before the new access token is used. What is stored wins over the
    connection's refresh token, which is good for the first renewal only; one that a person enters later
    has a name of its own in the store. Should the process die, or the answer be lost, between monday.com's
    renewal and our writing it down, the token is lost and a person must authorize the app again.

    Args:
        settings: of the connection, with ``auth`` ``oauth2``.
        store: shared with the other workers; it must outlive this process.
        clock: replaceable in tests.
    """

    def __init__(self, settings: MondaySettings, store: TokenStore, *, clock: Callable[[], datetime]) -> None:
        super().__init__(settings.session_name, store, lambda: clock().timestamp())
        self._settings = settings
        self._refresh_token = settings.refresh_token or ""
        self._stored: Token | None = None

    def login_request(self) -> Request:
        """A form (RFC 6749, section 6), as the service for tokens takes it; sent once."""
        form = {
            "grant_type": "refresh_token",
            "client_id": self._settings.client_id or "",
            "client_secret": self._settings.client_secret or "",
            "refresh_token": self._refresh_token,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        url, body = self._settings.token_url, urlencode(form).encode()
        return Request("POST", url, headers=headers, body=body, timeout=LOGIN_TIMEOUT)

    def token_from(self, response: Response) -> Token:
        answer = _json_object(response)
        access = answer.get("access_token")
        if response.status != 200 or not isinstance(access, str) or not access:
            raise self._refusal(response, answer)
        following = answer.get("refresh_token")
        if isinstance(following, str) and following:
            self._refresh_token = following
        left = self._seconds_left(access, answer)
        return Token(access, self.clock() + left - min(_MARGIN, left / 2), {_REFRESH: self._refresh_token})

    def authorize(self, request: Request, token: Token) -> Request:
        return request.with_headers({"Authorization": f"Bearer {token.value}"})

    def refused(self, response: Response) -> bool:
        """An address that is not admitted is no reason to renew a token."""
        text = response.text(4096) if response.status == 401 else ""
        return response.status == 401 and meaning_of("", 401, text) is Meaning.AUTHENTICATION

    def secrets(self) -> Iterable[str]:
        return (*super().secrets(), *self._settings.secrets(), self._refresh_token)

    async def _known(self, bad: str | None) -> Token | None:
        """As in the base class; a token that expired still tells the refresh token to use."""
        if self._token is not None and self._token is not self._stored:
            await self._put(self._token)  # the database was away when the token came
        if self._usable(self._token, bad):
            return self._token
        stored = await self._store.get(self._name)
        if stored is None:
            return None
        self._token = self._stored = stored
        self._refresh_token = stored.extra.get(_REFRESH) or self._refresh_token
        return stored if self._usable(stored, bad) else None

    async def _keep(self, response: Response) -> Token:
        token = self._stored = await super()._keep(response)
        return token

    async def _put(self, token: Token) -> None:
        await self._store.put(self._name, token)
        self._stored = token

    def _seconds_left(self, access: str, answer: dict[str, Any]) -> float:
        """Life of a new access token. The answer need not say ``expires_in``, so the token comes first."""
        expires = _expiry(access)
        left = 0.0 if expires is None else expires - self.clock()
        if left <= 0:  # no JWT, or our clock is far ahead
            try:
                left = float(answer.get("expires_in") or _LIFE)
            except (TypeError, ValueError):
                left = _LIFE
        return left if left > 0 else _LIFE

    def _refusal(self, response: Response, answer: dict[str, Any]) -> ConnectorError:
        host = self._settings.token_url.split("//", 1)[-1].split("/", 1)[0]
        status = response.status
        if status == 429:
            wait = parse_retry_after(response.header("Retry-After"))
            said = f"{host} asks to wait with renewing the token (HTTP 429)"
            return RateLimited(said, retry_after=wait or _WAIT)
        if status in {404, 405} or 300 <= status < 400:
            return ConfigurationError(f"tokens are not renewed there (HTTP {status})", field="token_url")
        if status < 300 or status >= 500 or status == 408:
            return Unavailable(f"{host} did not renew the token (HTTP {status})")
        code = str(answer.get("error") or f"HTTP {status}")
        said = redact(f"{code} {answer.get('error_description') or ''}".strip(), self.secrets())[:300]
        if code in {"invalid_client", "unauthorized_client"}:
            return AuthenticationError(
                f"{host} refused the app ({said}); check client_id and client_secret of the connection"
            )
        return AuthenticationError(
            f"{host} refused to renew the token ({said}): the refresh token was revoked, has expired, or was "
            "used and the answer lost. Authorize the app again and put the new refresh token into the "
            "connection"
        )


def _expiry(token: str) -> float | None:
    """Claim ``exp`` of a JWT, seconds since 1970. Its signature is the other side's business."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = codec.decode(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return float(claims["exp"])
    except (ValueError, KeyError, TypeError):
        return None


def _json_object(response: Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
