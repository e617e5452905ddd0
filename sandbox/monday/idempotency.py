"""`Idempotency-Key`: the first answer to a mutation, kept for 30 minutes."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from sandbox.clock import Clock

from .errors import MondayError
from .switches import MondaySwitches

LIFE = 1800.0
LARGEST = 2**20


@dataclass(frozen=True)
class Kept:
    """An answer to give again."""

    body: bytes
    status: int
    request_id: str
    digest: bytes
    until: float


class Keys:
    """Answers by key, and keys whose first call still runs."""

    def __init__(self, switches: MondaySwitches, clock: Clock) -> None:
        self._switches, self._clock = switches, clock
        self._kept: dict[str, Kept] = {}
        self._running: set[str] = set()
        self.replayed = 0

    def begin(self, key: str, raw: bytes) -> Kept | None:
        """The kept answer, or None: the caller now runs the call and must `end` it.

        Raises:
            MondayError: a call with this key is still running, or had another body (by switch).
        """
        if key in self._running:
            message = "A request with this idempotency key is currently being processed"
            raise MondayError("IDEMPOTENCY_CONFLICT", message, http=409, after=1)
        kept = self._kept.get(key)
        if kept is not None and kept.until > self._clock.seconds():
            if kept.digest != sha256(raw).digest() and self._switches.idempotency_mismatch == "error":
                message = "The idempotency key was used with another request"
                raise MondayError("IDEMPOTENCY_KEY_MISMATCH", message, http=422)
            self.replayed += 1
            return kept
        self._running.add(key)
        return None

    def keep(self, key: str, raw: bytes, body: bytes, status: int, request_id: str) -> None:
        """Keep an answer, errors included; one that is too large is not."""
        if len(body) <= LARGEST:
            now = self._clock.seconds()
            self._kept = {name: kept for name, kept in self._kept.items() if kept.until > now}
            self._kept[key] = Kept(body, status, request_id, sha256(raw).digest(), now + LIFE)

    def end(self, key: str) -> None:
        """The call is over."""
        self._running.discard(key)
