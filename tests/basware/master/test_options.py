from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ml_connector.basware.master.capacity import capacity
from ml_connector.basware.master.kinds import kind_of
from ml_connector.basware.master.options import MasterOptions
from ml_connector.core.errors import ConfigurationError


@pytest.mark.parametrize(
    ("key", "texts", "length", "dates"),
    [
        ("ACC_LIST_10", 5, 250, 0), ("ACC_LIST_11", 5, 50, 0), ("ACC_LIST_20", 5, 50, 0),
        ("ACC_LIST_30", 10, 250, 5), ("ACC_LIST_35", 25, 250, 10), ("INV_LIST_10", 5, 250, 0),
        ("INV_LIST_20", 10, 250, 5), ("CUST_RESOLVER_5", 15, 250, 15),
    ],
)  # fmt: skip
def test_capacity(key: str, texts: int, length: int, dates: int) -> None:
    found = capacity(key)
    assert (found.texts, found.length, found.dates) == (texts, length, dates)
    assert found.holds(f"text_{texts}")
    assert not found.holds(f"text_{texts + 1}")
    assert found.holds("dateValue_1") == bool(dates)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"lists": {"products": {"list": "ACC_LIST_36"}}}, "ACC_LIST_1"),
        ({"lists": {"products": {"list": "ACC_LIST_1", "description": "text_6"}}}, "text_1 to text_5"),
        ({"lists": {"products": {"list": "ACC_LIST_1", "code": "text_2"}}}, "column of its own"),
        (
            {"lists": {"products": {"list": "ACC_LIST_1"}, "funds": {"list": "ACC_LIST_1"}}},
            "list of its own",
        ),
        ({"projects": "list"}, "lists.projects"),
        ({"code_prefix": "LONG-"}, "three letters"),
        ({"companies_of": {"SHARE": ["US 1"]}}, "company code"),
        ({"sources": "x"}, "Extra inputs"),
    ],
)
def test_mistakes_are_told(given: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValidationError) as raised:
        MasterOptions.model_validate(given)
    (error,) = raised.value.errors()
    assert expected in f"{error['msg']} {error.get('ctx', {}).get('expected', '')}"


def test_a_dimension_without_a_list_is_told() -> None:
    with pytest.raises(ConfigurationError, match=r"options\.master\.lists\.funds.*ACC_LIST_1"):
        kind_of("funds", MasterOptions())


def test_the_field_that_makes_a_record_new() -> None:
    given = {"lists": {"funds": {"list": "INV_LIST_1", "description": "text_5"}}}
    assert kind_of("funds", MasterOptions.model_validate(given)).mark == "text_4"
    chosen = MasterOptions.model_validate({"nonce_fields": {"accounts": "text3"}})
    assert kind_of("accounts", chosen).mark == "text3"
