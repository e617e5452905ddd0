"""Accounting dates: a journal may only be dated into an open period of its business unit."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from ml_connector.core.contract import Scan, Source, Window

LAST_DAY = "9999-12-31"
FIELD_FROM, FIELD_THROUGH = "OPEN_FROM_DT", "OPEN_THRU_DT"


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """First and last open day, ISO dates."""

    first: str
    last: str


def accounting_date(day: str, periods: Iterable[Period]) -> str | None:
    """The day itself where it is open, else the first open day after it; None where there is none."""
    return min((max(day, period.first) for period in periods if period.last >= day), default=None)


class OpenPeriods(Protocol):
    """What is open in a business unit."""

    async def of(self, unit: str) -> list[Period]:
        """Earliest first."""
        ...


class FixedPeriods:
    """One stretch for every unit, as the tenant file names it."""

    def __init__(self, first: date, last: date | None) -> None:
        self._period = Period(first.isoformat(), last.isoformat() if last else LAST_DAY)

    async def of(self, unit: str) -> list[Period]:
        """See :class:`OpenPeriods`."""
        return [self._period]


class QueriedPeriods:
    """What a query of the site says; each unit is asked about once.

    Args:
        source: the dataset ``open_periods``.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._known: dict[str, list[Period]] = {}
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def of(self, unit: str) -> list[Period]:
        """See :class:`OpenPeriods`.

        Raises:
            ConnectorError: the query cannot be answered.
        """
        async with self._locks[unit]:
            if unit not in self._known:
                self._known[unit] = await self._read(unit)
            return self._known[unit]

    async def _read(self, unit: str) -> list[Period]:
        found = [
            Period(document.payload[FIELD_FROM], document.payload[FIELD_THROUGH])
            async for page in self._source.read(Window(unit, Scan.FULL))
            for document in page.documents
        ]
        return sorted(found)
