from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.x12.documents.pricing import divisor, line_amount, unit_price


@pytest.mark.parametrize(
    ("basis", "unit", "count"),
    [
        (None, "EA", 1),
        ("PE", "EA", 1),
        ("CA", "EA", 1),
        ("??", "EA", 1),
        ("PN", "EA", 10),
        ("PD", "EA", 12),
        ("HP", "EA", 100),
        ("TP", "EA", 1000),
        ("TM", "EA", 1000),
        ("TT", "EA", 10_000),
        ("HT", "EA", 100_000),
        ("PP", "LB", 1),
        ("HF", "FT", 100),
        ("PP", "EA", None),
        ("PP", None, None),
        ("PM", "EA", None),
    ],
)
def test_how_many_units_a_price_is_for(basis: str | None, unit: str | None, count: int | None) -> None:
    assert divisor(basis, unit) == count
    assert (unit_price(Decimal(1), basis, unit) is None) == (count is None)


def test_unit_prices_and_amounts() -> None:
    assert unit_price(Decimal("12.5"), "HP", "EA") == Decimal("0.125")
    assert unit_price(Decimal(10), "PD", "EA") == Decimal("0.8333333333")
    assert unit_price(None, "PD", "EA") is None
    assert line_amount(Decimal(5000), Decimal("12.5"), "HP", "EA") == 625
    assert line_amount(Decimal(7), Decimal(10), "PD", "EA") == Decimal("5.83")
    assert line_amount(Decimal(7), Decimal(10), "PP", "EA") == 0


digits = st.decimals(min_value=0, max_value=10**17, places=9)


@given(digits, digits, st.sampled_from([None, "PN", "HP", "TP"]))
def test_amounts_are_exact_before_they_are_rounded(
    quantity: Decimal, price: Decimal, basis: str | None
) -> None:
    each = unit_price(price, basis, "EA")
    assert each is not None
    assert line_amount(quantity, price, basis, "EA") == line_amount(quantity, each, None, "EA")
