"""What a price is for: each piece, a dozen, a hundred (element 639, IT105 and PO105).

Most codes only say where a price comes from (catalog, contract) and mean one unit of the line.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, Inexact, localcontext

_PIECES: Mapping[str, int] = {
    "PN": 10,
    "PD": 12, "LD": 12, "RD": 12, "TD": 12, "WD": 12,
    "HP": 100, "LC": 100, "QH": 100, "RC": 100, "TC": 100, "WC": 100,
    "TP": 1000, "LM": 1000, "QS": 1000, "RM": 1000, "TM": 1000, "WM": 1000,
    "TT": 10_000,
    "HT": 100_000,
}  # fmt: skip
"""Units of the line that one price is for."""

_MEASURES: Mapping[str, tuple[str, int]] = {
    "PF": ("FT", 1), "HF": ("FT", 100), "TF": ("FT", 1000), "PS": ("SF", 1000), "PY": ("YD", 1),
    "PG": ("GR", 1), "PK": ("KG", 1), "PP": ("LB", 1), "PO": ("OZ", 1), "PT": ("TN", 1),
    "PL": ("LT", 1), "ML": ("ML", 1),
}  # fmt: skip
"""Prices of a measure: the unit (element 355) that a line must have, and how many one price is for."""

_OTHER_UNITS = frozenset({"PA", "BW", "DP", "ME", "PB", "PM", "PU", "SA", "SM", "WI"})
"""Prices of a troy ounce, or of a time: what the quantity is to be multiplied by, the line does not say."""

_CENT, _FINEST = Decimal("0.01"), Decimal("1E-10")
_DIGITS = 100  # more than quantity and price have together


def divisor(basis: str | None, unit: str | None) -> Decimal | None:
    """How many units of a line its price is for; None where the price is for another unit.

    Args:
        basis: element 639, e.g. ``HP`` per hundred; None is per unit.
        unit: element 355 of the same line.
    """
    code = basis or ""
    if code in _MEASURES:
        measure, count = _MEASURES[code]
        return Decimal(count) if unit == measure else None
    return None if code in _OTHER_UNITS else Decimal(_PIECES.get(code, 1))


def unit_price(price: Decimal | None, basis: str | None, unit: str | None) -> Decimal | None:
    """The price of one unit, to ten decimals where it does not come out even; None without any."""
    count = divisor(basis, unit)
    if price is None or count is None:
        return None
    with localcontext(prec=_DIGITS) as context:
        context.clear_flags()
        each = price / count
        return each.quantize(_FINEST, ROUND_HALF_UP) if context.flags[Inexact] else each


def line_amount(
    quantity: Decimal | None, price: Decimal | None, basis: str | None, unit: str | None
) -> Decimal:
    """Quantity times price in cents, rounded half up; nothing where one is missing or for another unit."""
    count = divisor(basis, unit)
    if quantity is None or price is None or count is None:
        return Decimal("0.00")
    with localcontext(prec=_DIGITS):
        return (quantity * price / count).quantize(_CENT, ROUND_HALF_UP)
