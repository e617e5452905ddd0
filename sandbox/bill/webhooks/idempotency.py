"""`X-Idempotent-Key`: the same key gets the same answer for a day."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.bill.errors import BillError, invalid
from sandbox.bill.switches import BillSwitches
from sandbox.clock import Clock

HEADER = "X-Idempotent-Key"
SECONDS = 24 * 3600
UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)

Answer = tuple[int, Any]


class Idempotency:
    """Answers by call and key."""

    def __init__(self, switches: BillSwitches, clock: Clock) -> None:
        self._switches, self._clock = switches, clock
        self._kept: dict[tuple[str, ...], tuple[float, Answer | BillError]] = {}

    def run(self, call: tuple[str, ...], headers: Mapping[str, str], work: Callable[[], Answer]) -> Answer:
        """The kept answer, or the one of `work`. Raises ``BillError`` without a UUID4."""
        key = headers.get(HEADER, "")
        if not UUID4.fullmatch(key):
            raise invalid(f"{HEADER}: must be a UUID4" if key else f"{HEADER}: must not be null")
        self._forget()
        place = (*call, key.lower())
        if place in self._kept:
            return _again(self._kept[place][1])
        try:
            answer = work()
        except BillError as error:
            if self._switches.idempotent_errors == "cached":
                self._kept[place] = (self._clock.seconds(), error)
            raise
        self._kept[place] = (self._clock.seconds(), answer)
        return answer

    def _forget(self) -> None:
        since = self._clock.seconds() - SECONDS
        self._kept = {place: kept for place, kept in self._kept.items() if kept[0] > since}


def _again(kept: Answer | BillError) -> Answer:
    if isinstance(kept, BillError):
        raise kept
    return kept
