"""Who calls: log-in, tokens with their lifetimes, Basic, lockout, password age and second factor."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox import credentials
from sandbox.clock import Clock

from .errors import CleoError, unauthorized
from .switches import CleoSwitches

FAILURES, WINDOW, LOCKED_FOR = 5, 60.0, 15 * 60.0
PASSWORD_DAYS = 60


@dataclass(frozen=True)
class Principal:
    """An administrator, or a mailbox user; both exist once."""

    username: str
    password: str
    admin: bool


ADMIN = Principal(credentials.CLEO_ADMIN, credentials.CLEO_ADMIN_PASSWORD, admin=True)
MAILBOX = Principal(credentials.CLEO_MAILBOX, credentials.CLEO_MAILBOX_PASSWORD, admin=False)
PRINCIPALS = {principal.username: principal for principal in (ADMIN, MAILBOX)}


class Identity:
    """Tokens and failed log-ins."""

    def __init__(self, switches: CleoSwitches, clock: Clock) -> None:
        self._switches, self._clock = switches, clock
        self._tokens: dict[str, tuple[Principal, float]] = {}
        self._refresh: dict[str, Principal] = {}
        self._failures: dict[str, list[float]] = defaultdict(list)
        self._locked: dict[str, float] = {}
        self.logins = 0

    def token(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /authentication`. Raises ``CleoError`` (400, 401)."""
        match form.get("grant_type"):
            case "password":
                names = ("username", "password")
                if missing := [name for name in names if not form.get(name)]:
                    raise CleoError(400, f"Missing parameter: {', '.join(missing)}.")
                principal = self.check(str(form["username"]), str(form["password"]), form)
            case "refresh_token" if self._switches.refresh:
                found = self._refresh.pop(str(form.get("refresh_token")), None)
                if found is None:
                    raise unauthorized()
                principal = found
            case _:
                raise CleoError(400, "Unsupported grant type.")
        self.logins += 1
        return self._issue(principal)

    def check(self, username: str, password: str, form: Mapping[str, Any]) -> Principal:
        """The principal with this password. Raises ``CleoError`` (401)."""
        now, principal = self._clock.seconds(), PRINCIPALS.get(username)
        if self._locked.get(username, 0.0) > now and self._switches.lockout:
            raise unauthorized()
        if principal is None or not secrets.compare_digest(principal.password.encode(), password.encode()):
            self._failed(username, now)
            raise unauthorized()
        if self._switches.password_expiry and self._switches.password_age_days >= PASSWORD_DAYS:
            raise CleoError(401, "Password has expired.")
        if self._switches.two_factor and form.get(self._switches.otp_field) != credentials.CLEO_OTP:
            raise unauthorized()
        return principal

    def _failed(self, username: str, now: float) -> None:
        recent = [moment for moment in self._failures[username] if moment > now - WINDOW]
        self._failures[username] = [*recent, now]
        if len(self._failures[username]) >= FAILURES:
            self._locked[username] = now + LOCKED_FOR

    def _issue(self, principal: Principal) -> dict[str, Any]:
        switches = self._switches
        seconds = switches.admin_token_seconds if principal.admin else switches.mailbox_token_seconds
        token = secrets.token_hex(16)
        self._tokens[token] = principal, self._clock.seconds() + seconds
        answer: dict[str, Any] = {"access_token": token}
        if switches.token_type:
            answer["token_type"] = "bearer"
        if switches.expires_in != "absent":
            answer["expires_in"] = seconds if switches.expires_in == "number" else str(seconds)
        if switches.refresh and not principal.admin:
            answer["refresh_token"] = secrets.token_hex(16)
            self._refresh[answer["refresh_token"]] = principal
        return answer

    def of(self, header: str) -> Principal:
        """The principal of an Authorization header. Raises ``CleoError`` (401)."""
        scheme, _, value = header.partition(" ")
        if scheme.lower() == "basic":
            return self._basic(value.strip())
        principal, expires = self._tokens.get(value.strip(), (None, 0.0))
        if scheme.lower() != "bearer" or principal is None or expires <= self._clock.seconds():
            raise unauthorized()
        return principal

    def _basic(self, value: str) -> Principal:
        if not self._switches.basic:
            raise CleoError(self._switches.basic_disabled_status, "Unauthorized")
        try:
            username, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise unauthorized() from error
        return self.check(username, password, {self._switches.otp_field: credentials.CLEO_OTP})

    def end(self, header: str) -> None:
        """End the token of a call."""
        self._tokens.pop(header.partition(" ")[2].strip(), None)

    def end_all(self) -> int:
        """End every token, as a restart does; returns how many there were."""
        ended = len(self._tokens)
        self._tokens.clear()
        return ended

    def unlock(self) -> None:
        """Forget failed log-ins."""
        self._failures.clear()
        self._locked.clear()
