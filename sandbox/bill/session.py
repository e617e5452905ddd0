"""Sessions, log-in and the limits that count requests."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sandbox import credentials
from sandbox.clock import Clock

from .errors import core, invalid
from .switches import BillSwitches

ORGANIZATIONS = (credentials.BILL_ORGANIZATION, credentials.BILL_OTHER_ORGANIZATION)
DEV_KEYS = (credentials.BILL_DEV_KEY, credentials.BILL_OTHER_DEV_KEY)
HOUR = 3600
LOGINS = {
    (credentials.BILL_USERNAME, credentials.BILL_PASSWORD): False,
    (credentials.BILL_TOKEN_NAME, credentials.BILL_TOKEN_VALUE): True,
}
"""User name and password -> whether it is a sync token."""


@dataclass
class Session:
    """One session; valid only with the developer key that made it."""

    id: str
    organization: str
    dev_key: str
    by_token: bool
    trusted: bool
    used: float


class Sessions:
    """All sessions of the simulator."""

    def __init__(self, switches: BillSwitches, clock: Clock) -> None:
        self._switches, self._clock = switches, clock
        self._sessions: dict[str, Session] = {}
        self._failed: Counter[str] = Counter()
        self.logins = 0

    def login(self, body: Any) -> Session:
        """Check a log-in body and open a session. Raises ``BillError``."""
        if not isinstance(body, dict):
            raise invalid("Cannot construct instance of `request`: not an object")
        needed = ("username", "password", "organizationId", "devKey")
        if missing := [name for name in needed if not isinstance(body.get(name), str) or not body[name]]:
            raise invalid(*(f"{name}: must not be null" for name in missing))
        organization = body["organizationId"]
        if body["devKey"] not in DEV_KEYS:
            raise core("BDC_1102")
        if self._switches.dev_key_inactive:
            raise core("BDC_1103")
        if organization not in ORGANIZATIONS:
            raise core("BDC_1123")
        if self._switches.organization_locked or self._failed[organization] >= self._limit():
            raise core("BDC_1107")
        by_token = LOGINS.get((body["username"], body["password"]))
        if by_token is None:
            self._failed[organization] += 1
            raise core("BDC_1101")
        self._failed[organization] = 0
        return self._open(organization, body["devKey"], by_token, self._trusted(body))

    def _limit(self) -> float:
        return self._switches.lock_after_logins or float("inf")

    @staticmethod
    def _trusted(body: dict[str, Any]) -> bool:
        remembered, device = body.get("rememberMeId"), body.get("device")
        if device is not None and len(device) > 40:
            raise core("BDC_1143", status=400, message="Invalid entity data. deviceId.")
        return (remembered, device) == (credentials.BILL_REMEMBER_ME, credentials.BILL_DEVICE)

    def _open(self, organization: str, dev_key: str, by_token: bool, trusted: bool) -> Session:
        self.logins += 1
        session = Session(
            secrets.token_urlsafe(24), organization, dev_key, by_token, trusted, self._clock.seconds()
        )
        self._sessions[session.id] = session
        return session

    def find(self, session_id: str, dev_key: str) -> Session:
        """The session of a call, its idle time set back. Raises ``BillError``."""
        if dev_key not in DEV_KEYS:
            raise core("BDC_1102")
        session = self._sessions.get(session_id)
        if session is None or session.dev_key != dev_key:
            raise core("BDC_1109")
        now = self._clock.seconds()
        switches = self._switches
        idle = switches.token_idle_seconds if session.by_token else switches.session_idle_seconds
        if now - session.used >= idle:
            del self._sessions[session_id]
            raise core("BDC_1109")
        session.used = now
        return session

    def close(self, session_id: str) -> None:
        """Log out."""
        self._sessions.pop(session_id, None)

    def expire_all(self) -> int:
        """End every session, as a deployment does; returns how many there were."""
        ended = len(self._sessions)
        self._sessions.clear()
        return ended


class Limits:
    """Requests in flight per developer key and organization, and quotas per clock hour."""

    def __init__(self, switches: BillSwitches, clock: Clock) -> None:
        self._switches, self._clock = switches, clock
        self.in_flight: Counter[tuple[str, str]] = Counter()
        self.max_in_flight = 0
        self._hour = 0
        self._requests: Counter[str] = Counter()
        self._logins: Counter[str] = Counter()

    def count_request(self, dev_key: str) -> None:
        """One request of this key. Raises ``BillError`` when the hour is used up."""
        self._turn()
        self._requests[dev_key] += 1
        limit = self._switches.requests_per_hour
        if self._requests[dev_key] > limit:
            raise core("BDC_1144", limit, status=self._switches.limit_status)

    def count_login(self, dev_key: str) -> None:
        """One log-in of this key. Raises ``BillError`` when the hour is used up."""
        self._turn()
        self._logins[dev_key] += 1
        limit = self._switches.logins_per_hour
        if self._logins[dev_key] > limit:
            raise core("BDC_1144", limit, status=self._switches.limit_status)

    def used(self) -> dict[str, int]:
        """Requests of this hour per developer key."""
        self._turn()
        return dict(self._requests)

    def enter(self, slot: tuple[str, str]) -> None:
        """A request starts. Raises ``BillError`` when too many run."""
        if self.in_flight[slot] >= self._switches.concurrent_requests:
            raise core("BDC_1322", status=self._switches.limit_status)
        self.in_flight[slot] += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight[slot])

    def leave(self, slot: tuple[str, str]) -> None:
        """It is answered."""
        self.in_flight[slot] -= 1

    def _turn(self) -> None:
        hour = int(self._clock.seconds() // HOUR)
        if hour != self._hour:
            self._hour = hour
            self._requests.clear()
            self._logins.clear()
