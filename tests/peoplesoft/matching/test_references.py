"""Order numbers as suppliers write them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ml_connector.peoplesoft.matching.findings import Finding
from ml_connector.peoplesoft.matching.references import OrderNumbers

from .support import invoice, invoice_line, options

SEVERAL = "The invoice is about several orders (US001-0000000007, US001-8); it must be one for each invoice."
UNITS = ("US001", "US002")


@pytest.mark.parametrize(
    ("text", "unit", "keys"),
    [
        ("US001-0000000007", None, ["US001|0000000007"]),
        (" us001-0000000007 ", "US002", ["US001|0000000007"]),
        ("US002-7", None, ["US002|0000000007", "US002|7"]),
        ("0000000007", "US002", ["US002|0000000007"]),
        ("7", "US002", ["US002|0000000007", "US002|7"]),
        ("WEB42", "US002", ["US002|WEB42"]),
        ("7", None, []),
        ("EU001-7", "US001", ["US001|EU001-7"]),
        ("US001|7", "US001", []),
        ("7,8", "US001", []),
        ("12345678901", "US001", []),
        ("", "US001", []),
    ],
)
def test_numbers(text: str, unit: str | None, keys: list[str]) -> None:
    assert OrderNumbers(options(), UNITS).keys(text, unit) == keys


def test_the_only_unit_of_a_tenant_needs_no_name() -> None:
    assert OrderNumbers(options(), ["US001"]).keys("7", None) == ["US001|0000000007", "US001|7"]


def test_other_forms() -> None:
    numbers = OrderNumbers(options(order_numbers=["PO{PO_ID}", "{PO_ID}/{BUSINESS_UNIT}"]), UNITS)
    assert numbers.keys("po0000000007", "US001") == ["US001|0000000007"]
    assert numbers.keys("0000000007/US002", None) == ["US002|0000000007"]
    assert numbers.keys("0000000007", "US001") == []


@pytest.mark.parametrize("form", ["{BUSINESS_UNIT}", "{PO_ID}{PO_ID}", "{PO_ID} {BUSINESS_UNIT}", "{PO}"])
def test_a_form_must_name_the_order(form: str) -> None:
    with pytest.raises(ValidationError, match="must hold"):
        options(order_numbers=[form])


def found(**changed: Any) -> Any:
    return OrderNumbers(options(), UNITS).of_invoice(invoice(**changed))


def test_the_header_or_the_lines_name_the_order() -> None:
    lines = [invoice_line(order="US001-7"), invoice_line("2", order="US001-0000000007")]
    assert found() == ["US001|0000000007"]
    assert found(order=None, lines=lines)[0] == "US001|0000000007"
    assert found(lines=lines)[0] == "US001|0000000007"


@pytest.mark.parametrize(
    ("changed", "word", "text"),
    [
        ({"order": None}, "no_order", "The invoice names no purchase order."),
        ({"order": " "}, "no_order", "The invoice names no purchase order."),
        ({"order": "99999999999"}, "unknown_order", "'99999999999' is no order number of US001, US002."),
        (
            {"lines": [invoice_line(order="US001-8")]},
            "several_orders",
            SEVERAL,
        ),
    ],
)
def test_what_names_no_order(changed: dict[str, Any], word: str, text: str) -> None:
    assert found(**changed) == Finding(word, text, stops=True)  # type: ignore[arg-type]
