"""Who calls: Basic authentication of an OPRID, or a Bearer token of the customer's identity provider.

PeopleSoft issues no tokens itself; the token endpoint here stands for the customer's provider.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from enum import Enum

from aiohttp import web

from sandbox import credentials
from sandbox.clock import Clock
from sandbox.jsonio import json_response

from .switches import PeopleSoftSwitches


class LogOn(Enum):
    """Outcome of a log-on; a locked user counts as unknown."""

    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    WRONG_PASSWORD = "wrong password"


class Identity:
    """Passwords, failed log-ons and tokens."""

    def __init__(self, switches: PeopleSoftSwitches, clock: Clock) -> None:
        self._switches, self._clock = switches, clock
        self._tokens: dict[str, float] = {}
        self.failures = 0

    @property
    def locked(self) -> bool:
        """Too many wrong passwords: even the right one is refused now."""
        return 0 < self._switches.lock_after <= self.failures

    def allows(self, header: str) -> bool:
        """Check the Authorization header against the required verification."""
        wanted = self._switches.verification
        scheme, _, value = header.partition(" ")
        if wanted == "none":
            return True
        if scheme.lower() == "basic" and wanted in ("any", "basic"):
            return self._password(value.strip())
        if scheme.lower() == "bearer" and wanted in ("any", "oauth2"):
            return self._tokens.get(value.strip(), 0.0) > self._clock.seconds()
        return False

    def revoke_tokens(self) -> None:
        """End every token at once."""
        self._tokens.clear()

    def issue(self) -> str:
        """A fresh opaque token."""
        token = secrets.token_urlsafe(24)
        now = self._clock.seconds()
        self._tokens = {known: end for known, end in self._tokens.items() if end > now}
        self._tokens[token] = now + self._switches.token_seconds
        return token

    def _password(self, value: str) -> bool:
        pair = basic_pair(value)
        if pair is None:
            self.failures += 1
            return False
        return self.log_on(*pair) is LogOn.ACCEPTED

    def log_on(self, user: str, password: str | None) -> LogOn:
        """Check a user's password; wrong ones count whatever way they came."""
        if (user, password) == (credentials.OPRID, credentials.OPRID_PASSWORD):
            if self.locked:
                return LogOn.UNKNOWN
            self.failures = 0
            return LogOn.ACCEPTED
        self.failures += 1
        return LogOn.WRONG_PASSWORD if user == credentials.OPRID and not self.locked else LogOn.UNKNOWN

    async def token(self, request: web.Request) -> web.Response:
        """`POST /oauth2/token` with grant type client_credentials (RFC 6749 section 4.4)."""
        form = await request.post()
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        pair = basic_pair(value) if scheme.lower() == "basic" else None
        client = pair or (str(form.get("client_id", "")), str(form.get("client_secret", "")))
        if client != (credentials.OAUTH_CLIENT_ID, credentials.OAUTH_CLIENT_SECRET):
            return _refused("invalid_client", 401)
        if form.get("grant_type") != "client_credentials":
            return _refused("unsupported_grant_type")
        if form.get("scope", credentials.OAUTH_SCOPE) != credentials.OAUTH_SCOPE:
            return _refused("invalid_scope")
        audience = self._switches.token_audience
        if audience and form.get("audience") != audience:
            return _refused("invalid_target")
        body = {
            "access_token": self.issue(),
            "token_type": "Bearer",
            "expires_in": self._switches.token_seconds,
            "scope": credentials.OAUTH_SCOPE,
        }
        answer = json_response(body)
        answer.headers["Cache-Control"] = "no-store"
        return answer


def basic_pair(value: str) -> tuple[str, str] | None:
    """User and password of a Basic header's value."""
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None


def _refused(error: str, status: int = 400) -> web.Response:
    return json_response({"error": error}, status)
