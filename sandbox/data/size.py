"""How much data there is, and the fixed points all of it refers to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

BASE_DATE = date(2026, 11, 16)
"""The day after which nothing was entered, whatever the real date is."""

UNITS = ("US001", "US002")
SETID = "SHARE"
OTHER_SETID = "EUR01"
SETIDS = dict.fromkeys(UNITS, SETID)
"""SETID of each business unit, for every record group."""

FIRST_DATE = "1901-01-01"
FUTURE_DATE = "2099-01-01"

Record = dict[str, Any]
"""One PeopleSoft object: fields in capitals, child collections in lower case."""


@dataclass(frozen=True)
class Size:
    """Sizes of the generated data.

    Attributes:
        vouchers: over both business units, three fifths of them in the first.
        suppliers: of the main SETID; by default a twentieth of the vouchers, 25 to 5,000.
        seed: of the generator.
        days: vouchers are entered over this many days before `BASE_DATE`.
        closed_percent: vouchers that PeopleSoft has paid and closed.
    """

    vouchers: int = 200
    suppliers: int | None = None
    seed: int = 7
    days: int = 90
    closed_percent: int = 4

    @property
    def supplier_count(self) -> int:
        """Suppliers of the main SETID."""
        if self.suppliers is not None:
            return self.suppliers
        return min(5000, max(25, self.vouchers // 20))

    def of_unit(self, unit: str) -> int:
        """Vouchers of one business unit."""
        first = -(-self.vouchers * 3 // 5)
        return first if unit == UNITS[0] else self.vouchers - first


def day(offset: int) -> str:
    """ISO date `offset` days after the base date (before it when negative)."""
    return (BASE_DATE + timedelta(days=offset)).isoformat()
