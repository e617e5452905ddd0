"""Stretches of time that a query is asked for: closed-open, halved when a query is too heavy."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Precision = Literal["date", "time"]

BEGIN = date(1900, 1, 1)
END = date(2099, 12, 31)  # stamps may lie ahead: a payment is dated on the day the money moves


class Calendar:
    """Reads and writes the stamps of one dataset.

    Args:
        precision: ``date`` prompts take dates, ``time`` prompts dates with time and offset.
        zone: base time zone of the database.
    """

    def __init__(self, precision: Precision, zone: ZoneInfo) -> None:
        self._precision = precision
        self._zone = zone

    @property
    def smallest(self) -> timedelta:
        """Shorter stretches are not asked for."""
        return timedelta(days=1) if self._precision == "date" else timedelta(hours=1)

    def since(self, text: str | None) -> date:
        """Where a window begins; a ``datetime`` where the precision is ``time``."""
        if text is None:
            return self._shaped(BEGIN)
        return self._parsed(text, up=False)

    def until(self, text: str | None) -> date:
        """Where a window ends, exclusive."""
        if text is None:
            return self._shaped(END)
        return self._parsed(text, up=True)

    def prompt(self, moment: date) -> str:
        """As a query's prompt wants it."""
        if isinstance(moment, datetime):
            return moment.astimezone(self._zone).strftime("%Y-%m-%dT%H:%M:%S%z")
        return moment.isoformat()

    def advanced(self, moment: date, by: timedelta) -> date:
        """Later by so much; whole days where the precision is ``date``."""
        return moment + by

    def width(self, begin: date, end: date, now: datetime) -> timedelta:
        """How long a stretch is, counted to tomorrow at most: what lies ahead is little."""
        tomorrow = now + timedelta(days=1)
        limit: date = tomorrow if isinstance(begin, datetime) else tomorrow.astimezone(self._zone).date()
        return min(end, limit) - begin

    def _parsed(self, text: str, *, up: bool) -> date:
        if len(text) == 10:
            return self._shaped(date.fromisoformat(text))
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone)
        if self._precision == "time":
            whole = moment.replace(microsecond=0)
            return whole + timedelta(seconds=1) if up and whole != moment else whole
        local = moment.astimezone(self._zone)
        return local.date() + timedelta(days=1) if up and local.time() != time(0) else local.date()

    def _shaped(self, day: date) -> date:
        if self._precision == "date":
            return day
        return datetime.combine(day, time(0), tzinfo=self._zone).astimezone(UTC)
