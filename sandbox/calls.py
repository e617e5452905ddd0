"""What was called: counters for ``GET /state`` and the recent calls for ``GET /calls``.

Method, path, operation and status are kept; no header and no body ever is.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

from .clock import Clock

KEPT = 5000


@dataclass(slots=True)
class Call:
    """One call; ``status`` 0 means that the connection was cut instead of an answer."""

    number: int
    time: str
    system: str
    method: str
    path: str
    operation: str
    status: int = 0


class Calls:
    """Recorder shared by all simulators."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.in_flight: Counter[str] = Counter()
        self.clear()

    def clear(self) -> None:
        """Forget everything; calls that run now are still counted out."""
        self.recent: deque[Call] = deque(maxlen=KEPT)
        self.per_operation: Counter[str] = Counter()
        self.per_status: Counter[str] = Counter()
        self.max_in_flight: dict[str, int] = {}
        self._number = 0

    def begin(self, system: str, method: str, path: str, operation: str) -> Call:
        """A call arrived."""
        self._number += 1
        self.in_flight[system] += 1
        self.max_in_flight[system] = max(self.max_in_flight.get(system, 0), self.in_flight[system])
        self.per_operation[f"{system} {operation}"] += 1
        moment = self._clock.now().isoformat(timespec="milliseconds")
        call = Call(self._number, moment, system, method, path, operation)
        self.recent.append(call)
        return call

    def end(self, call: Call, status: int) -> None:
        """Its answer left."""
        call.status = status
        self.in_flight[call.system] -= 1
        self.per_status[f"{call.system} {status}"] += 1

    def count(self, operation: str) -> int:
        """Calls of one operation, e.g. ``bill POST /v3/bills``."""
        return self.per_operation[operation]

    def summary(self) -> dict[str, Any]:
        """Counters as JSON."""
        return {
            "per_operation": dict(self.per_operation),
            "per_status": dict(self.per_status),
            "max_in_flight": dict(self.max_in_flight),
        }
