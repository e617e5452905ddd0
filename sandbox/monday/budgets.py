"""What an account may ask for: calls per day and minute, calls at once, complexity per minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from sandbox.clock import Clock
from sandbox.gauge import Gauge

from .errors import MondayError
from .switches import MondaySwitches

DAILY = {"standard": 1_000, "pro": 10_000, "enterprise": 25_000}
MINUTE = {"standard": 1_000, "pro": 2_500, "enterprise": 5_000}
AT_ONCE = {"standard": 40, "pro": 100, "enterprise": 250}
COMPLEXITY = {"personal": 10_000_000, "app": 5_000_000}
WINDOW = 60.0
CALL, PART = 10, 1
"""Daily calls are counted in tenths: a rate-limited request, or one for the complexity alone, costs one."""


@dataclass
class Window:
    """Something counted over a minute, or more, that begins with its first use."""

    clock: Clock
    used: int = 0
    began: float = float("-inf")
    length: float = WINDOW

    def roll(self) -> None:
        """Begin anew when the time is over."""
        if self.clock.seconds() >= self.began + self.length:
            self.used, self.began = 0, self.clock.seconds()

    def left(self, most: int) -> int:
        """What may still be used."""
        self.roll()
        return max(0, most - self.used)

    @property
    def resets(self) -> int:
        """Whole seconds until it begins anew."""
        return max(1, ceil(self.began + self.length - self.clock.seconds()))


class Budgets:
    """The counters of one account."""

    def __init__(self, switches: MondaySwitches, clock: Clock) -> None:
        self._switches, self._clock = switches, clock
        self._minute = Window(clock)
        self._complexity = {name: Window(clock) for name in ("read", "write", "both")}
        self._boards = Window(clock)
        self.days: dict[str, int] = {}
        self.refused: dict[str, int] = {}
        self.in_flight = Gauge()
        self.most_in_flight = 0

    @property
    def daily_limit(self) -> int:
        """Calls per day."""
        return self._switches.daily_calls or DAILY[self._switches.plan]

    @property
    def minute_limit(self) -> int:
        """Calls per minute."""
        return self._switches.minute_requests or MINUTE[self._switches.plan]

    @property
    def at_once(self) -> int:
        """Calls at the same time."""
        return self._switches.concurrent_requests or AT_ONCE[self._switches.plan]

    def complexity_limit(self, kind: str) -> int:
        """Points per minute."""
        return self._switches.minute_complexity or COMPLEXITY[kind]

    @property
    def used_today(self) -> float:
        """Calls since midnight UTC."""
        return self.days.get(self._today, 0) / CALL

    @property
    def _today(self) -> str:
        return self._clock.now().date().isoformat()

    def spend(self, tenths: int) -> None:
        """Count part of a daily call."""
        self.days[self._today] = self.days.get(self._today, 0) + tenths

    def admit(self) -> None:
        """Count a call that arrives.

        Raises:
            MondayError: the minute, the day or the number of calls at once is used up.
        """
        if self._minute.left(self.minute_limit) == 0:
            raise self.refusal(
                "MINUTE_RATE_LIMIT_EXCEEDED", "Minute rate limit exceeded", self._minute.resets
            )
        self._minute.used += 1
        if self.in_flight.value > self.at_once:
            raise self.refusal("MAX_CONCURRENCY_EXCEEDED", "Too many concurrent requests", 15)
        if self.days.get(self._today, 0) + CALL > self.daily_limit * CALL:
            now = self._clock.now()
            midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
            wait = min(3599, ceil((midnight - now).total_seconds()))  # the hint need not reach midnight
            raise self.refusal("DAILY_LIMIT_EXCEEDED", "Daily limit exceeded", wait)

    def refusal(self, code: str, message: str, wait: int) -> MondayError:
        """A 429, which costs a tenth of a daily call."""
        self.spend(PART)
        self.refused[code] = self.refused.get(code, 0) + 1
        return MondayError(code, message, http=429, retry=wait)

    def charge(self, points: int, kind: str, *, writes: bool) -> tuple[int, int, int]:
        """Take points; what was left before and after, and the seconds until the window resets."""
        window, most = self._window(kind, writes=writes), self.complexity_limit(kind)
        before = window.left(most)
        if points > before:
            raise self.refusal("COMPLEXITY_BUDGET_EXHAUSTED", "Complexity budget exhausted", window.resets)
        window.used += points
        return before, before - points, window.resets

    def _window(self, kind: str, *, writes: bool) -> Window:
        if kind == "personal":
            return self._complexity["both"]
        return self._complexity["write" if writes else "read"]

    def board(self) -> None:
        """Count a create_board."""
        if self._boards.left(self._switches.boards_per_minute) == 0:
            message = "Call limit exceeded for CreateBoard"
            raise MondayError(None, message, status=429, http=429, retry=self._boards.resets)
        self._boards.used += 1

    def headers(self, kind: str, *, writes: bool) -> dict[str, str]:
        """`RateLimit-Policy` and `RateLimit` as they stand."""
        window, points = self._window(kind, writes=writes), self.complexity_limit(kind)
        calls = self._minute.left(self.minute_limit)
        wait = "" if calls else f";t={self._minute.resets}"
        free = max(0, self.at_once - self.in_flight.value)
        return {
            "RateLimit-Policy": (
                f'"minuteRate";q={self.minute_limit};w=60, '
                f'"concurrency";q={self.at_once};qu="concurrent-requests", '
                f'"complexityMinute";q={points};w=60;qu="content-bytes"'
            ),
            "RateLimit": (
                f'"minuteRate";r={calls}{wait}, "concurrency";r={free}, '
                f'"complexityMinute";r={window.left(points)};t={window.resets}'
            ),
        }
