"""Tokens: one personal token, and those of an OAuth app whose refresh tokens rotate."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from typing import Any

from sandbox import credentials
from sandbox.clock import Clock

from .errors import MondayError
from .people import ME
from .switches import MondaySwitches

SCOPES = "account:read boards:read boards:write me:read updates:write"


class TokenError(Exception):
    """A refusal of the token endpoint: a status, and `error` with a description."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status, self.error, self.description = status, error, description


class Identity:
    """Issued tokens."""

    def __init__(self, switches: MondaySwitches, clock: Clock) -> None:
        self._switches, self._clock = switches, clock
        self._access: dict[str, float] = {}
        self._refresh = {credentials.MONDAY_REFRESH_TOKEN}
        self._dead: set[str] = set()
        self.refreshed = self.reused = 0

    def of(self, header: str | None) -> str:
        """`personal` or `app`, which decides about budgets; the scheme `Bearer` is optional."""
        token = (header or "").removeprefix("Bearer ").strip()
        if token == credentials.MONDAY_TOKEN:
            return self._switches.token_kind
        if self._access.get(token, 0.0) > self._clock.seconds():
            return "app"
        raise MondayError("NOT_AUTHENTICATED", "Not authenticated", http=401)

    def token(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a refresh."""
        if form.get("grant_type") != "refresh_token":
            raise TokenError(400, "unsupported_grant_type", "Only refresh_token is simulated")
        client = (form.get("client_id"), form.get("client_secret"))
        if client != (credentials.MONDAY_CLIENT_ID, credentials.MONDAY_CLIENT_SECRET):
            raise TokenError(401, "invalid_client", "Unknown client or wrong secret")
        given = str(form.get("refresh_token", ""))
        if given not in self._refresh:
            self.reused += given in self._dead
            raise TokenError(400, "invalid_grant", "The refresh token is invalid, expired or used")
        self._refresh.discard(given)
        self._dead.add(given)
        self.refreshed += 1
        access, refresh = self._issue(), secrets.token_urlsafe(32)
        self._refresh.add(refresh)
        return {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "Bearer",
            "expires_in": self._switches.access_token_seconds,
            "scope": SCOPES,
        }

    def _issue(self) -> str:
        now = int(self._clock.seconds())
        end = now + self._switches.access_token_seconds
        claims = {"sub": str(ME.id), "iat": now, "exp": end, "jti": secrets.token_hex(8)}
        parts = ({"alg": "RS256", "typ": "JWT"}, claims)
        coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
        token = ".".join((*coded, secrets.token_urlsafe(32)))
        self._access[token] = end
        return token

    def revoke(self) -> int:
        """End every access token, as an administrator does."""
        ended = len(self._access)
        self._access.clear()
        return ended
