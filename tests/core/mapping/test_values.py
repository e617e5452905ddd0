"""Single values: text, numbers, money, dates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core.mapping import Refusal, values
from ml_connector.core.mapping.conversion import shortened

FINITE = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=3)


@pytest.mark.parametrize("blank", [None, "", " ", "\t \n", "\x00\x1f"])
def test_blanks_are_none_whatever_is_read(blank: Any) -> None:
    assert values.text(blank) is None
    if blank != "\x00\x1f":
        assert values.number(blank) is None
        assert values.day(blank) is None
        assert values.instant(blank) is None
        assert values.boolean(blank) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0000079262", "0000079262"),
        ("abc  ", "abc"),
        ("  abc", "  abc"),
        ("a\x00b\x0bc\x7f", "abc"),
        ("two\nlines\r\n", "two\nlines"),
        ("Müller\u00a0KG", "Müller\u00a0KG"),
        ("bad \ud800 surrogate\ufffe", "bad  surrogate"),
        (7, "7"),
        (True, "true"),
        (Decimal("12.50"), "12.50"),
        (Decimal("1E+3"), "1000"),
    ],
)
def test_text(value: Any, expected: str) -> None:
    assert values.text(value) == expected


@pytest.mark.parametrize("value", [[], {}, ["a"], {"a": 1}, 1.5])
def test_what_is_no_single_value_is_refused(value: Any) -> None:
    for read in (values.text, values.number, values.day, values.instant):
        with pytest.raises(Refusal) as caught:
            read(value)
        assert caught.value.expected


@given(st.text(max_size=60))
def test_any_text_becomes_one_that_xml_and_utf_8_can_hold(value: str) -> None:
    result = values.text(value) or ""
    assert result == result.rstrip()
    assert result.encode("utf-8").decode("utf-8") == result
    assert not any(ord(char) < 32 and char not in "\t\n\r" for char in result)
    assert "\ufffe" not in result


@pytest.mark.parametrize(
    ("value", "expected"),
    [("12.50", "12.50"), (" -3 ", "-3"), (5, "5"), (Decimal("0.001"), "0.001"), ("1e3", "1E+3"), ("+4", "4")],
)
def test_numbers_keep_their_digits(value: Any, expected: str) -> None:
    assert str(values.number(value)) == expected


@pytest.mark.parametrize(
    "value",
    ["abc", "1,000.00", "1_000", "NaN", "-Infinity", "sNaN", "١٢", "12.5.0", "--1", True, Decimal("NaN"),
     Decimal("1E+31"), Decimal("1E-31"), "1E+999999999", 10**60],
)  # fmt: skip
def test_other_numbers_are_refused(value: Any) -> None:
    with pytest.raises(Refusal) as caught:
        values.number(value)
    assert caught.value.expected


@pytest.mark.parametrize(
    ("currency", "value", "expected"),
    [
        ("USD", "12.5", "12.50"),
        ("USD", Decimal("12.500"), "12.50"),
        ("JPY", Decimal("1200.000"), "1200"),
        ("KWD", "1.234", "1.234"),
        ("CLF", "1.2345", "1.2345"),
        ("EUR", Decimal("-0.000"), "0.00"),
        ("USD", Decimal("99999999999999999999999.99"), "99999999999999999999999.99"),
    ],
)
def test_money_has_the_decimals_of_its_currency(currency: str, value: Any, expected: str) -> None:
    assert str(values.money(value, values.money_step(currency))) == expected


@pytest.mark.parametrize(
    ("currency", "value", "decimals"),
    [
        ("USD", "12.505", "at most 2 decimals"),
        ("JPY", "12.5", "without decimals"),
        ("KWD", "1.2345", "at most 3"),
    ],
)
def test_money_is_never_rounded(currency: str, value: str, decimals: str) -> None:
    with pytest.raises(Refusal) as caught:
        values.money(value, values.money_step(currency))
    assert caught.value.value == value
    assert decimals in str(caught.value.expected)


@given(FINITE)
def test_money_is_exact_or_refused(value: Decimal) -> None:
    try:
        result = values.money(value, values.money_step("USD"))
    except Refusal:
        result = None
    assert result == value if (value * 100) % 1 == 0 else result is None
    assert result is None or result.as_tuple().exponent == -2


@pytest.mark.parametrize("currency", [None, "", "usd", "US", "EURO", "U$D", "ÄÖÜ"])
def test_a_currency_is_three_capital_letters(currency: str | None) -> None:
    with pytest.raises(Refusal) as caught:
        values.money_step(currency)
    assert caught.value.expected == "an ISO 4217 code such as USD"


@given(FINITE)
def test_equal_numbers_look_alike(value: Decimal) -> None:
    assert str(values.decimal(value)) == str(values.decimal(value * Decimal("1.000")))
    assert values.decimal(value) == value


@pytest.mark.parametrize(("value", "expected"), [("12", 12), (Decimal("3.000"), 3), (7, 7), ("-1", -1)])
def test_whole_numbers(value: Any, expected: int) -> None:
    assert values.integer(value) == expected


def test_a_fraction_is_no_whole_number() -> None:
    with pytest.raises(Refusal, match="is not a whole number"):
        values.integer("3.5")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("Y", True), ("n", False), (True, True), (False, False), (1, True), ("false", False)],
)
def test_yes_and_no(value: Any, expected: bool) -> None:
    assert values.boolean(value) is expected


@given(st.dates())
def test_every_day_is_read_as_it_is_written(day: date) -> None:
    assert values.day(day.isoformat()) == day.isoformat()
    assert values.day(f"{day.isoformat()}T23:30:00-0500") == day.isoformat()


@pytest.mark.parametrize(
    "value", ["20210431", "2021-04-31", "2026-02-29", "31.01.2026", "2026-1-5", "0000-01-01", "2026-W01-1",
              "2026-01-011", "tomorrow", 20260101, True]
)  # fmt: skip
def test_impossible_dates_are_refused(value: Any) -> None:
    with pytest.raises(Refusal) as caught:
        values.day(value)
    assert caught.value.expected == "an existing day as YYYY-MM-DD"
    assert caught.value.value == value


def test_a_time_needs_its_offset() -> None:
    assert values.instant("2026-01-31T09:30:00-0500") == values.instant("2026-01-31T14:30:00+00:00")
    with pytest.raises(Refusal):
        values.instant("2026-01-31T09:30:00")


@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80))
def test_shortened_texts_fit_and_stay_apart(one: str, other: str) -> None:
    assert len(shortened(one, 20)) <= 20
    assert (shortened(one, 20) == shortened(other, 20)) is (one == other)
