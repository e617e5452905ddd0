from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ml_connector.x12.model import X12Error
from ml_connector.x12.values import (
    read_date,
    read_n0,
    read_n2,
    read_real,
    write_date,
    write_n0,
    write_n2,
    write_real,
)

cents = st.decimals(min_value=-(10**12), max_value=10**12, places=2)
numbers = st.decimals(min_value=-(10**9), max_value=10**9, places=6)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("12.5", "1250"),
        ("0", "0"),
        ("-0.00", "0"),
        ("-1.01", "-101"),
        ("1411.69", "141169"),
        ("1E+2", "10000"),
        ("0.010", "1"),
    ],
)
def test_money_is_written_in_cents(amount: str, text: str) -> None:
    assert write_n2(Decimal(amount), "TDS01") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12.50", "12.5"),
        ("100.000", "100"),
        ("0.50", "0.5"),
        ("-0", "0"),
        ("-0.00", "0"),
        ("1E+3", "1000"),
        ("1E-5", "0.00001"),
        ("3.0075", "3.0075"),
        ("-2.10", "-2.1"),
    ],
)
def test_real_numbers_have_a_point_only_where_they_need_one(value: str, text: str) -> None:
    assert write_real(Decimal(value), 17, "a price") == text


@given(cents)
def test_money_comes_back(amount: Decimal) -> None:
    assert read_n2(write_n2(amount, "x"), "x") == amount


@given(numbers)
def test_real_numbers_come_back(value: Decimal) -> None:
    text = write_real(value, 17, "x")
    assert read_real(text, "x") == value
    assert "E" not in text.upper()
    assert not ("." in text and text.endswith(("0", ".")))


@given(st.decimals())
def test_any_decimal_is_written_exactly_or_refused(value: Decimal) -> None:
    try:
        text = write_real(value, 15, "x")
    except X12Error:
        return
    assert read_real(text, "x") == value
    assert len(text.strip("-").replace(".", "")) <= 15


@given(st.decimals(allow_nan=False, allow_infinity=False), st.sampled_from([(write_n0, 0), (write_n2, 2)]))
@example(Decimal("12.340000000000000000000000000001"), (write_n2, 2))
@example(Decimal("9007199254740993.0000000000000001"), (write_n0, 0))
@example(Decimal("1E+999999"), (write_n2, 2))
@example(Decimal("1E-999999"), (write_n2, 2))
@example(Decimal("0E+999999"), (write_n2, 2))
def test_implied_decimals_are_exact_or_refused(value: Decimal, written: tuple[Any, int]) -> None:
    write, decimals = written
    try:
        text = write(value, limit=15, what="x")
    except X12Error:
        return
    assert Fraction(int(text), 10**decimals) == Fraction(value)
    assert len(text.strip("-")) <= 15


@given(st.decimals(-(10**9), 10**9, places=2), st.integers(3, 60))
def test_a_third_decimal_is_refused_however_far_behind(amount: Decimal, places: int) -> None:
    with localcontext(prec=100), pytest.raises(X12Error, match="more than 2 decimals"):
        write_n2(amount + Decimal(1).scaleb(-places), "x")


@pytest.mark.parametrize("wrong", [1.5, float("nan"), "12", None, True])
def test_only_exact_numbers_are_written(wrong: Any) -> None:
    for write in (write_n2, lambda value, what: write_real(value, 9, what)):
        with pytest.raises(X12Error, match="is no exact number"):
            write(wrong, "a price")


@pytest.mark.parametrize("wrong", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_number_is_refused(wrong: str) -> None:
    with pytest.raises(X12Error, match="is no number"):
        write_n2(Decimal(wrong), "a total")


def test_refusals_name_the_value_its_kind_and_its_limit() -> None:
    with pytest.raises(X12Error, match=r"^The total \(N2\) has more than 2 decimals$"):
        write_n2(Decimal("1.005"), "The total")
    with pytest.raises(X12Error, match=r"^The total \(N2\) has 16 digits, at most 15 fit$"):
        write_n2(Decimal(10**13), "The total")
    with pytest.raises(X12Error, match=r"^A price \(R\) has 11 digits, at most 10 fit$"):
        write_real(Decimal("0.1234567891"), 10, "A price")
    with pytest.raises(X12Error, match=r"^Days \(N0\) has more than 0 decimals$"):
        write_n0(Decimal("1.5"), 3, "Days")


def test_sign_and_point_do_not_count() -> None:
    assert write_real(Decimal("-12345.67890"), 9, "x") == "-12345.6789"
    assert write_n2(Decimal("-1234567890123.45"), "x") == "-123456789012345"


@pytest.mark.parametrize("text", ["12.5", "", " 1", "1 ", "+1", "1e3", "--1", "\uff11\uff12"])
def test_no_cents(text: str) -> None:
    with pytest.raises(X12Error, match="is no whole number of cents"):
        read_n2(text, "TDS01")


@pytest.mark.parametrize("text", ["", ".", "-", "1,000", "1e3", "+1", "1.2.3", "\uff11"])
def test_no_real_number(text: str) -> None:
    with pytest.raises(X12Error, match="is no decimal number"):
        read_real(text, "IT104")


def test_tolerated_numbers() -> None:
    assert read_real(".5", "x") == Decimal("0.5")
    assert read_real("5.", "x") == Decimal(5)
    assert read_real("007", "x") == Decimal(7)
    assert read_n0("0057", "x") == 57
    assert f"{read_n2('-0', 'x')}" == "0.00"
    assert read_n2("-1", "x") == Decimal("-0.01")


@given(st.dates())
def test_dates_come_back(day: Any) -> None:
    assert read_date(write_date(day.isoformat(), "x"), "x") == day.isoformat()


@pytest.mark.parametrize("day", ["20261120", "2026-02-30", "2026-1-1", "", "2026-11-20T00:00", "2026-W47-5"])
def test_no_date_to_write(day: str) -> None:
    with pytest.raises(X12Error, match="is no date of the form YYYY-MM-DD"):
        write_date(day, "The order date")


@pytest.mark.parametrize(
    "text",
    ["20260230", "2026112", "2026-11-20", "", "00000000", "\uff12\uff10\uff12\uff16\uff11\uff11\uff12\uff10"],
)
def test_no_date_to_read(text: str) -> None:
    with pytest.raises(X12Error, match="is no date of the form CCYYMMDD"):
        read_date(text, "BIG01")


def test_dates_of_six_digits_are_in_this_century() -> None:
    assert read_date("261120", "x") == "2026-11-20"
