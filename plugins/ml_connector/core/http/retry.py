"""When to repeat inside one call, and how long to wait."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(s|secs?|seconds?)?\s*$", re.IGNORECASE)


def parse_retry_after(value: str, now: datetime | None = None) -> float | None:
    """Seconds to wait, from ``120``, ``60 Seconds`` or an HTTP date; None for anything else."""
    match = _SECONDS.match(value)
    if match:
        return float(match.group(1))
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


@dataclass(frozen=True, slots=True)
class Retry:
    """Repetitions inside a call: for seconds, never for minutes - those are the ledger's.

    Attributes:
        attempts: tries altogether; 1 switches repetition off.
        base: seconds before the second try, doubled for each further one.
        longest: seconds of one wait at most; a longer ``Retry-After`` ends the call instead.
    """

    attempts: int = 4
    base: float = 0.5
    longest: float = 15.0

    def delay(self, attempt: int, random: Callable[[], float]) -> float:
        """Seconds to wait after the given attempt (from 1): half fixed, half jitter."""
        full = min(self.longest, self.base * 2.0 ** (attempt - 1))
        return float(full * (0.5 + 0.5 * random()))
