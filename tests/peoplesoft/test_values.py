"""Reading single values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core import codec
from ml_connector.core.config.dataset import DatasetField
from ml_connector.peoplesoft.values import BadValue, is_blank, reader_for

ZONE = ZoneInfo("America/New_York")


def read(kind: str, value: Any, **spec: Any) -> Any:
    return reader_for(DatasetField.model_validate({"type": kind, **spec}), ZONE)(value)


@pytest.mark.parametrize(
    ("kind", "value", "meant"),
    [
        ("text", "0000079262", "0000079262"),
        ("text", "Acme   ", "Acme"),
        ("text", "  indented", "  indented"),
        ("text", 42, "42"),
        ("amount", Decimal("12.50"), Decimal("12.5")),
        ("amount", 500, Decimal(500)),
        ("amount", "-1250.5", Decimal("-1250.5")),
        ("amount", Decimal("5E+2"), Decimal(500)),
        ("amount", Decimal("-0.00"), Decimal(0)),
        ("decimal", " 40 ", Decimal(40)),
        ("integer", 7, 7),
        ("integer", "00007", 7),
        ("integer", Decimal("7.0"), 7),
        ("date", "2026-10-05", "2026-10-05"),
        ("date", "20261005", "2026-10-05"),
        ("date", "2026-10-05T00:00:00-0400", "2026-10-05"),
        ("datetime", "2009-04-06T09:30:00-0700", "2009-04-06T16:30:00+00:00"),
        ("datetime", "2026-09-15T10:22:31.500000-0400", "2026-09-15T14:22:31.500000+00:00"),
        ("datetime", "2026-09-15T10:22:31Z", "2026-09-15T10:22:31+00:00"),
        ("datetime", "2026-09-15 9:05", "2026-09-15T13:05:00+00:00"),
        ("datetime", "2026-01-15-09.30.00.000000", "2026-01-15T14:30:00+00:00"),
        ("datetime", "2026-11-01T01:30:00", "2026-11-01T05:30:00+00:00"),
    ],
)
def test_values_and_what_they_mean(kind: str, value: Any, meant: Any) -> None:
    found = read(kind, value)
    assert found == meant
    assert type(found) is type(meant)
    assert codec.encode(found) == codec.encode(meant)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("amount", "1,250.50", "a number"),
        ("amount", "NaN", "a number"),
        ("amount", True, "a number"),
        ("integer", "7.5", "a whole number"),
        ("integer", "x", "a number"),
        ("date", "20210431", "a date"),
        ("date", "2026-02-30", "a date"),
        ("date", "10/05/2026", "a date"),
        ("date", "2026-W01-1", "a date"),
        ("datetime", "2026-10-05", "a date and time"),
        ("datetime", "2026-10-05T25:00:00-0400", "a date and time"),
    ],
)
def test_impossible_values_say_what_was_expected(kind: str, value: Any, expected: str) -> None:
    with pytest.raises(BadValue, match=expected):
        read(kind, value)


@pytest.mark.parametrize(
    ("value", "meant"),
    [("P", "P"), ("Postable", "P"), ("postable ", "P"), ("Open", "O"), ("Z", "Z"), ("ZED1", "ZED1")],
)
def test_codes_come_as_code_or_as_text(value: str, meant: str) -> None:
    assert read("code", value, codes={"P": "Postable", "O": "Open"}) == meant


def test_an_unknown_text_is_not_taken_for_a_code() -> None:
    with pytest.raises(BadValue, match=r"a code \(P\) or its text"):
        read("code", "Payables", codes={"P": "Postable"})


@pytest.mark.parametrize("value", ["", " ", "   ", None])
def test_blanks(value: object) -> None:
    assert is_blank(value)


@pytest.mark.parametrize("value", [0, "0", False, Decimal(0)])
def test_zero_is_no_blank(value: object) -> None:
    assert not is_blank(value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**20), max_value=10**20))
def test_amounts_keep_their_value_and_lose_their_spelling(amount: Decimal) -> None:
    found = read("amount", amount)
    assert found == amount
    assert codec.encode(read("amount", f"{amount:.5f}")) == codec.encode(found)
    assert b"E" not in codec.encode(found)
