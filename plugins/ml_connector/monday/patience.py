"""How often one call is tried, and what a repetition must not outlive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ml_connector.core.errors import InDoubt
from ml_connector.core.http import Request, Retry
from ml_connector.monday.meanings import Meaning

KEY_HEADER = "Idempotency-Key"
LONGEST_WAIT = 65.0
"""Seconds of one wait inside a call; the windows of monday.com's limits are of a minute."""

WAITS = Retry(attempts=7, base=2.0, longest=60.0)
"""Tries where monday.com asks to wait, and the waits where it names none."""

OUTAGES = Retry(attempts=5, base=2.0, longest=20.0)
"""Tries where the outcome is unknown."""

_CONFLICT_WAIT = 5.0
_SHORTEST_WAIT = 0.5
_REPEATED = frozenset({Meaning.WAIT, Meaning.BUSY, Meaning.OUTAGE})


@dataclass(slots=True)
class Patience:
    """The tries of one call."""

    rand: Callable[[], float]
    waits: int = 0
    outages: int = 0

    def after(self, refusal: Meaning, asked: float | None) -> tuple[float, bool]:
        """Seconds until another try makes sense, and whether this call makes it.

        Args:
            refusal: of the try before.
            asked: seconds that it named.
        """
        if refusal in {Meaning.WAIT, Meaning.BUSY}:
            self.waits += 1
            wait = self._wait(refusal, asked)
            return wait, self.waits < WAITS.attempts and wait <= LONGEST_WAIT
        self.outages += 1
        wait = max(OUTAGES.delay(self.outages, self.rand), asked or 0.0)
        return wait, refusal in _REPEATED and self.outages < OUTAGES.attempts and wait <= LONGEST_WAIT

    def _wait(self, refusal: Meaning, asked: float | None) -> float:
        if asked is not None:
            return max(asked, _SHORTEST_WAIT)
        delay = WAITS.delay(self.waits, self.rand)
        return max(delay, _CONFLICT_WAIT) if refusal is Meaning.BUSY else delay


class KeyExpired(InDoubt):
    """A write was not sent again: its key no longer protects it."""


class KeyLife:
    """Keeps a repetition from leaving once its key protects no more; the client's ``before_send``.

    It is asked last, behind every wait for a slot or a token. monday.com keeps an answer for 30 minutes
    (developer.monday.com/api-reference/docs/idempotency); afterwards the same key is a new write.

    Args:
        seconds: since the first try left.
        clock: replaceable in tests.
    """

    def __init__(self, seconds: float, clock: Callable[[], datetime]) -> None:
        self._seconds, self._clock = seconds, clock
        self._first: dict[str, datetime] = {}

    async def __call__(self, request: Request) -> None:
        """Let the request pass, or raise :class:`KeyExpired`."""
        key = request.headers.get(KEY_HEADER)
        if key is None:
            return
        now = self._clock()
        age = (now - self._first.setdefault(key, now)).total_seconds()
        if age > self._seconds:
            raise KeyExpired(f"not sent again {age:.0f} s after the first try: its key protects it no longer")

    def forget(self, key: str | None) -> None:
        """The call is over."""
        self._first.pop(key or "", None)
