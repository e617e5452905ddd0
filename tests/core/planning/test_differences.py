from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ml_connector.core.planning.differences import changed_fields

BEFORE = {"a": 1, "b": {"c": "x", "d": "y"}, "lines": [{"n": 1, "t": "x"}, {"n": 2, "t": "y"}]}


def fields(after: dict[str, Any], **how: bool) -> list[str]:
    return [change["field"] for change in changed_fields(BEFORE, after, **how)]


def test_the_same_does_not_differ() -> None:
    assert fields(BEFORE | {"a": Decimal("1.00")}) == []


def test_each_difference_is_named_by_its_place() -> None:
    after = {"a": 2, "b": {"c": "x", "d": "z"}, "lines": [{"n": 1, "t": "x"}, {"n": 2, "t": "z"}]}
    assert fields(after) == ["a", "b.d", "lines[1].t"]
    assert fields({"a": 1, "b": BEFORE["b"], "lines": [{"n": 1, "t": "x"}]}) == ["lines"]


@pytest.mark.parametrize(
    ("how", "named"),
    [
        ({}, ["b.d", "lines[0].t", "lines[1].t"]),
        ({"only_before": False}, ["b.d", "b.e", "lines[0].t", "lines[1].t", "more"]),
        ({"only_shared": True}, []),
    ],
)
def test_what_only_one_of_them_has(how: dict[str, bool], named: list[str]) -> None:
    after = {"a": 1, "b": {"c": "x", "e": 1}, "lines": [{"n": 1}, {"n": 2}], "more": 1}
    assert fields(after, **how) == named


def test_a_part_that_is_shown_is_compared() -> None:
    assert fields({"lines": [{"n": 1}, {"n": 3}]}, only_shared=True) == ["lines[1].n"]
    assert fields({"lines": [{"n": 1}]}, only_shared=True) == ["lines"]
