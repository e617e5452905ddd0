"""What conditions mean, above all for blanks, numbers and rows."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector.core.config import Condition, Dataset
from ml_connector.core.mapping import Refusal, compile_condition

from .support import DATASET, compiled, voucher


def holds(condition: dict[str, Any], rules: dict[str, Any] | None = None, **changed: Any) -> bool:
    test = compile_condition(
        Condition.model_validate(condition),
        Dataset.model_validate(DATASET),
        {
            name: rule if isinstance(rule, bool) else Condition.model_validate(rule)
            for name, rule in (rules or {}).items()
        },
    )
    return test(voucher(**changed))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"STATUS": "P"}, True),
        ({"STATUS": "O"}, False),
        ({"STATUS": ["O", "P"]}, True),
        ({"STATUS": {"ne": "P"}}, False),
        ({"STATUS": {"not_in": ["O", "X"]}}, True),
        ({"STATUS": {"in": ["O", "X"]}}, False),
        ({"VOUCHER_ID": "00000042"}, True),
        ({"VOUCHER_ID": 42}, False),
        ({"COUNT": 3}, True),
        ({"COUNT": "3"}, True),
        ({"GROSS_AMT": "300.5"}, True),
        ({"GROSS_AMT": {"gt": 0, "lte": "300.50"}}, True),
        ({"GROSS_AMT": {"gt": "300.50"}}, False),
        ({"GROSS_AMT": {"gte": "300.50", "lt": "300.51"}}, True),
        ({"TAX_AMT": 0}, True),
        ({"INVOICE_DT": {"gte": "2026-10-01", "lt": "2026-11-01"}}, True),
        ({"STAMP": {"gte": "2026-10-05T13:30:00+00:00"}}, True),
        ({"STAMP": {"gt": "2026-10-05T13:30:00+00:00"}}, False),
        ({"INVOICE_ID": {"matches": "INV-[0-9]+"}}, True),
        ({"INVOICE_ID": {"matches": "INV"}}, False),
        ({"STATUS": "P", "INVOICE_ID": "INV-42"}, True),
        ({"STATUS": "P", "INVOICE_ID": "INV-43"}, False),
        ({"any_of": [{"STATUS": "O"}, {"INVOICE_ID": "INV-42"}]}, True),
        ({"all_of": [{"STATUS": "P"}, {"INVOICE_ID": "INV-43"}]}, False),
        ({"not": {"STATUS": "O"}}, True),
        ({"lines": {"any": {"DESCR": "Ink"}}}, True),
        ({"lines": {"all": {"DESCR": "Ink"}}}, False),
        ({"lines": {"none": {"DESCR": "Toner"}}}, True),
        ({"lines": {"any": {"distributions": {"all": {"AMOUNT": 100}}}}}, True),
        ({"lines": {"any": {"distributions": {"any": {"ACCOUNT": "642000"}}, "DESCR": "Ink"}}}, False),
        ({"lines": {"any": {"document.STATUS": "P", "DESCR": "Ink"}}}, True),
        ({"lines": {"all": {"distributions": {"all": {"parent.parent.STATUS": "P"}}}}}, True),
    ],
)
def test_conditions(condition: dict[str, Any], expected: bool) -> None:
    assert holds(condition) is expected


@pytest.mark.parametrize("blank", [None, "", "  "])
@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (None, True),
        ("", True),
        (["O", None], True),
        ("O", False),
        ({"ne": "O"}, True),
        ({"ne": ""}, False),
        ({"not_in": ["O"]}, True),
        ({"blank": True}, True),
        ({"blank": False}, False),
        ({"matches": ".*"}, True),
        ({"matches": ".+"}, False),
    ],
)
def test_blank_missing_and_null_are_the_same(blank: Any, test: Any, expected: bool) -> None:
    assert holds({"STATUS": test}, STATUS=blank) is expected
    without = {name: value for name, value in voucher().items() if name != "STATUS"}
    compile_test = compile_condition(
        Condition.model_validate({"STATUS": test}), Dataset.model_validate(DATASET)
    )
    assert compile_test(without) is expected


@pytest.mark.parametrize("operator", ["gt", "gte", "lt", "lte"])
def test_no_order_holds_for_a_blank(operator: str) -> None:
    assert not holds({"GROSS_AMT": {operator: 0}}, GROSS_AMT=None)
    assert not holds({"INVOICE_DT": {operator: "2026-01-01"}}, INVOICE_DT="")


@pytest.mark.parametrize("rows", [[], None, ""])
def test_all_needs_a_row_and_none_does_not(rows: Any) -> None:
    assert not holds({"payments": {"all": {"METHOD": "ACH"}}}, payments=rows)
    assert not holds({"payments": {"any": {"METHOD": "ACH"}}}, payments=rows)
    assert holds({"payments": {"none": {"METHOD": "ACH"}}}, payments=rows)


def test_rules_are_conditions_with_a_name() -> None:
    assert holds({"rule": "ours"}, {"ours": True})
    assert not holds({"rule": "ours"}, {"ours": False})
    assert holds({"rule": "ours"}, {"ours": {"rule": "other"}, "other": {"STATUS": "P"}})


def test_a_rule_inside_a_row_looks_at_the_document_and_leaves_the_rows_alone() -> None:
    rules = {"has_ink": {"lines": {"any": {"DESCR": "Ink"}}}}
    assert holds({"lines": {"any": {"rule": "has_ink", "DESCR": "Paper"}}}, rules)
    mapping = compiled(
        {"rows": {"each": "lines", "fields": {"text": {"from": "DESCR", "when": {"rule": "has_ink"}}}}},
        rules=rules,
    )
    result: Any = mapping.apply(voucher(), {})
    assert result.desired.body == {"rows": [{"text": "Paper"}, {"text": "Ink"}]}


@pytest.mark.parametrize(
    ("condition", "changed", "field"),
    [
        ({"GROSS_AMT": {"gt": 0}}, {"GROSS_AMT": "a lot"}, "GROSS_AMT"),
        ({"INVOICE_DT": {"gt": "2026-01-01"}}, {"INVOICE_DT": "20210431"}, "INVOICE_DT"),
        ({"STATUS": "P"}, {"STATUS": ["P"]}, "STATUS"),
        ({"lines": {"any": {"DESCR": "x"}}}, {"lines": "none"}, "lines"),
        ({"lines": {"any": {"DESCR": "x"}}}, {"lines": [1]}, "lines"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    condition: dict[str, Any], changed: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refusal) as caught:
        holds(condition, **changed)
    assert caught.value.field == field
    assert caught.value.expected


def test_selection_and_openness_are_the_datasets() -> None:
    dataset = {"select": {"STATUS": "P"}, "open_when": {"GROSS_AMT": {"gt": 0}}}
    mapping = compiled(dataset=dataset, states=[{"state": "gone", "absent": True}])
    assert mapping.selected(voucher())
    assert not mapping.selected(voucher(STATUS="X"))
    assert mapping.is_open(voucher())
    assert not mapping.is_open(voucher(GROSS_AMT=0))
    assert mapping.selected(voucher(STATUS=["P"])), "what cannot be judged must come to light"
    assert mapping.is_open(voucher(GROSS_AMT="?"))


def test_without_conditions_everything_is_selected_and_nothing_open() -> None:
    assert compiled().selected(voucher())
    assert not compiled().is_open(voucher())
