"""Points and requests that monday.com says are left of the minute, obeyed before a request leaves.

Every answer tells them for the whole account (developer.monday.com/api-reference/docs/rate-limits):
``RateLimit: "minuteRate";r=4999, "concurrency";r=249, "complexityMinute";r=4950000;t=45``, where ``r`` is
what remains and ``t`` the seconds until it is given anew. Tokens of an app have points for reads and for
writes; the header does not say which it tells, so here they are one.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ml_connector.core.http import Response
from ml_connector.monday.answers import number

MINUTE = 60.0
_LONGEST = 65.0
_SPARE = 2
"""Requests of the minute that are left to others: they may be under way already."""

_SAME = 2.0
"""Seconds that two answers may differ in when the minute ends."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ITEM = re.compile(r'"(\w+)"([^",]*)')
_NUMBER = re.compile(r"\b([a-z]+)=(\d+(?:\.\d+)?)")

Sleep = Callable[[float], Awaitable[None]]


def items(header: str) -> dict[str, dict[str, float]]:
    """``RateLimit`` or ``RateLimit-Policy`` by name: ``{"minuteRate": {"r": 0, "t": 38}}``."""
    return {
        match[1]: {name: float(value) for name, value in _NUMBER.findall(match[2])}
        for match in _ITEM.finditer(header)
    }


def spent_for(response: Response) -> float | None:
    """Seconds until everything that the header calls spent is given anew."""
    waits = [
        item["t"]
        for item in items(response.header("RateLimit")).values()
        if item.get("r") == 0 and "t" in item
    ]
    return max(waits, default=None)


class Budgets:
    """What this process knows about the minute of its account.

    Args:
        points_per_minute: complexity points that may be used; what monday.com gives beyond is left to others.
        clock: replaceable in tests.
        sleep: replaceable in tests.
    """

    def __init__(self, points_per_minute: int, *, clock: Callable[[], datetime], sleep: Sleep) -> None:
        self._limit, self._clock, self._sleep = float(points_per_minute), clock, sleep
        self._points, self._points_until = self._limit, _EPOCH
        self._requests: float | None = None
        self._requests_until = _EPOCH
        self._given: float | None = None
        self._rates: dict[str, float] = {}

    async def wait(self, estimate: int, name: str = "") -> None:
        """Sleep until a request of this cost fits into the minute, and count it. At most one sleep.

        Args:
            name: of the operation; what it took last time corrects the estimate.
        """
        cost = estimate * self._rates.get(name, 1.0)
        points, requests = self._pauses(cost)
        if points > 0 or requests > 0:
            until = self._points_until, self._requests_until
            await self._sleep(min(max(points, requests), _LONGEST))
            if points > 0 and until[0] == self._points_until:  # else somebody else began the next minute
                self._begin()
            if requests > 0 and until[1] == self._requests_until:
                self._requests = None
        self._points -= cost

    def note(self, response: Response, data: Mapping[str, Any], name: str = "", estimate: int = 0) -> None:
        """Remember what an answer says is left, and what such a request takes."""
        found = items(response.header("RateLimit"))
        quotas = items(response.header("RateLimit-Policy"))
        minute = found.get("minuteRate", {})
        if "r" in minute:
            self._requests, self._requests_until = minute["r"], self._moment(minute.get("t"))
        points = found.get("complexityMinute", {})
        if "r" in points:
            given = quotas.get("complexityMinute", {}).get("q", self._limit)
            left, until = points["r"] - max(0.0, given - self._limit), self._moment(points.get("t"))
            if self._given is not None and abs((until - self._points_until).total_seconds()) < _SAME:
                self._learn(name, estimate, self._points - left)
            self._given, self._points, self._points_until = min(given, self._limit), left, until
        self._note_complexity(data.get("complexity"))

    def _learn(self, name: str, estimate: int, more: float) -> None:
        """Costs of reading are not documented. What others spend meanwhile counts too, until next time."""
        taken = estimate * self._rates.get(name, 1.0) + more
        if estimate > 0 and taken > 0:
            self._rates[name] = max(1.0, taken / estimate)

    def _note_complexity(self, complexity: Any) -> None:
        if not isinstance(complexity, dict):
            return
        after, seconds = number(complexity.get("after")), number(complexity.get("reset_in_x_seconds"))
        if after is not None and seconds is not None and after < self._points:
            self._points, self._points_until = after, self._moment(seconds)

    def _begin(self) -> None:
        """The next minute."""
        self._points = self._limit if self._given is None else self._given
        self._points_until = self._moment(MINUTE)

    def _pauses(self, cost: float) -> tuple[float, float]:
        """Seconds until there are points, and until there are requests."""
        now = self._clock()
        if now >= self._points_until:
            self._begin()
        points = (self._points_until - now).total_seconds() if self._points < cost else 0.0
        few = self._requests is not None and self._requests <= _SPARE
        return points, (self._requests_until - now).total_seconds() if few else 0.0

    def _moment(self, seconds: float | None) -> datetime:
        return self._clock() + timedelta(seconds=MINUTE if seconds is None else seconds)
