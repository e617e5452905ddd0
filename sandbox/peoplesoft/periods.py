"""Open accounting periods per business unit: what the General Ledger accepts a journal date in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

Period = tuple[str, str]
"""First and last day."""

MONTHS_BACK = 2
MONTHS_AHEAD = 1


class Periods:
    """The months from two back to one ahead are open unless a unit has a list of its own."""

    def __init__(self, today: Callable[[], str]) -> None:
        self._today = today
        self._own: dict[str, list[Period]] = {}

    def of(self, unit: str) -> list[Period]:
        """The open periods of a business unit, earliest first."""
        return list(self._own.get(unit, self._usual()))

    def set(self, unit: str, periods: Sequence[Sequence[str]]) -> None:
        """Give a unit a list of its own. Raises ``ValueError`` for one that is no period."""
        made = [(first, last) for first, last in periods]
        for first, last in made:
            if date.fromisoformat(first) > date.fromisoformat(last):
                raise ValueError(f"a period from {first} cannot end on {last}")
        self._own[unit] = sorted(made)

    def close(self, unit: str, day: str) -> None:
        """Close the period that holds a day."""
        self._own[unit] = [period for period in self.of(unit) if not period[0] <= day <= period[1]]

    def reset(self, unit: str) -> None:
        """Back to the usual months."""
        self._own.pop(unit, None)

    def holds(self, unit: str, day: str) -> bool:
        """Whether a date lies in an open period."""
        return any(first <= day <= last for first, last in self.of(unit))

    def _usual(self) -> list[Period]:
        today = date.fromisoformat(self._today())
        return [_month(today, offset) for offset in range(-MONTHS_BACK, MONTHS_AHEAD + 1)]


def _month(day: date, offset: int) -> Period:
    months = day.year * 12 + day.month - 1 + offset
    first = date(months // 12, months % 12 + 1, 1)
    following = date((months + 1) // 12, (months + 1) % 12 + 1, 1)
    return first.isoformat(), (following - timedelta(days=1)).isoformat()
