"""How times, ages, amounts and addresses are written, and CSV cells that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.console.csvfile import cell, download, lines
from ml_connector.console.notices import notice
from ml_connector.console.rendering import (
    age,
    counted,
    document_path,
    duration,
    local,
    money,
    task_path,
    with_query,
)
from ml_connector.console.views.payloads import lines as fields_of
from ml_connector.console.views.payloads import pairs

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "just now"), (59, "just now"), (60, "1 minute ago"), (7200, "2 hours ago"), (86400, "1 day ago"),
        (86400 * 400, "400 days ago"), (-30, "in a moment"), (-90, "in 1 minute"), (-86400 * 3, "in 3 days"),
    ],
)  # fmt: skip
def test_ages(seconds: int, text: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == text
    assert age((NOW - timedelta(seconds=seconds)).isoformat(), NOW) == text


def test_no_time() -> None:
    assert age(None) == "never"
    assert local(None) == ""


def test_a_time_in_the_tenants_zone() -> None:
    assert local(NOW, "America/New_York") == (
        '<time datetime="2026-11-20T12:00:00+00:00" title="2026-11-20 12:00:00 UTC">'
        "2026-11-20 07:00 EST</time>"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1234567.5"), "1,234,567.50"), (Decimal("-0.005"), "-0.005"), ("1000", "1,000.00"),
        (Decimal("1E+3"), "1,000.00"), (Decimal(0), "0.00"), (Decimal("100.000000"), "100.00"), (None, ""),
        ("no number", "no number"), (Decimal("0.10"), "0.10"), (Decimal("12345678901234567890.12"),
        "12,345,678,901,234,567,890.12"),
    ],
)  # fmt: skip
def test_amounts(value: Any, text: str) -> None:
    assert money(value) == text
    assert money("5", "USD") == "5.00 USD"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**15), max_value=10**15))
def test_amounts_lose_nothing(value: Decimal) -> None:
    assert Decimal(money(value).replace(",", "")) == value


def test_words() -> None:
    assert counted(1, "document") == "1 document"
    assert counted(2000, "document") == "2,000 documents"
    assert duration(timedelta(hours=26)) == "1 day"
    assert duration(5) == "less than a minute"


def test_addresses_are_quoted() -> None:
    assert document_path("a", "b.c", "US001|00/1?x=#") == "/documents/a/b.c/US001%7C00%2F1%3Fx%3D%23"
    assert (
        with_query("/search", q="a&b", tenant="", flow=None, key=["1", "2"]) == "/search?q=a%26b&key=1&key=2"
    )
    assert with_query("/search") == "/search"


@pytest.mark.parametrize(
    "actor", [None, "", "cli:joe", "console:a/b/c/d", "orphan", "a/b/c", "a/b/c/d/5", "webhooks"]
)
def test_people_have_no_task_log(actor: str | None) -> None:
    assert task_path(actor) is None


def test_only_known_actions_say_something() -> None:
    assert notice("<script>", 1) is None
    assert notice("", 1) is None
    assert "document will" in (notice("replay", 1) or "")


def test_nested_fields_become_lines() -> None:
    payload = {"a": {"b": [{"c": Decimal("1.50")}, {"c": None}], "d": []}, "e": True, "tax_id": "1"}
    assert [(line.field, line.value) for line in fields_of(payload)] == [
        ("a.b[0].c", "1.50"), ("a.b[1].c", ""), ("a.d", ""), ("e", "true"), ("tax_id", "***"),
    ]  # fmt: skip


def test_sides_are_compared_by_value() -> None:
    there = {"a": Decimal("1.0"), "b": "", "c": 1, "gone": "x"}
    wanted = {"a": Decimal("1.00"), "b": None, "c": 2, "new": "y"}
    differing = {pair.field: pair.differs for pair in pairs(there, wanted)}
    assert differing == {"a": False, "b": False, "c": True, "new": True, "gone": True}
    assert [pair.there for pair in pairs(None, {"a": "1"})] == [None]


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "-", "=", "|x", "%0"])
def test_formulas_are_quoted(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-12.50", "12", "0.000001", "INV-1", "", "a=b", "2026-11-20"])
def test_numbers_and_texts_stay(text: str) -> None:
    assert cell(text) == text


@given(st.lists(st.lists(st.text(), min_size=3, max_size=3), max_size=5))
def test_what_is_written_is_read_back_and_never_a_formula(rows: list[list[str]]) -> None:
    text = "".join(lines(["a", "b", "c"], rows))
    assert text.startswith("\ufeffa,b,c\r\n")
    read = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))[1:]
    assert [[value.removeprefix("'") for value in row] for row in read] == [
        [value.removeprefix("'") for value in row] for row in rows
    ]
    for row in read:
        assert not any(value.startswith(("=", "+", "@")) for value in row)


def test_a_file_name_holds_no_header() -> None:
    answer = download('x"\r\nSet-Cookie: a=b/../é', ["a"], [])
    assert answer.headers["content-disposition"] == 'attachment; filename="x_Set-Cookie_a_b_.._.csv"'
    assert "set-cookie" not in answer.headers
