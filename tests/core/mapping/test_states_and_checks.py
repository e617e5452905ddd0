"""Which state a document gets, what holds it back, and what is known of it in any case."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ml_connector.core.contract import Desired
from ml_connector.core.mapping import Hold, Mapped, Refused

from .support import body, compiled, voucher

STATES: list[dict[str, Any]] = [
    {"state": "blocked", "reject": "invoice {INVOICE_ID} is blocked", "when": {"INVOICE_ID": "BAD"}},
    {"state": "review", "hold": "more than we like", "when": {"GROSS_AMT": {"gt": 1000}}},
    {"state": "paid", "known": True, "when": {"STATUS": "O"}},
    {"state": "active", "when": {"STATUS": "P"}},
    {"state": "gone", "absent": True},
]
FIELDS: dict[str, Any] = {
    "number": {"from": "INVOICE_ID"},
    "payment.date": {"from": "INVOICE_DT", "states": ["paid"]},
    "why": {"from": "STATUS", "states": ["gone"]},
    "both": {"const": "x", "states": ["active", "gone"]},
}


def desired(*, selected: bool = True, known: bool = True, **changed: Any) -> Desired:
    result = compiled(FIELDS, states=STATES).apply(voucher(**changed), {}, selected=selected, known=known)
    assert isinstance(result, Mapped)
    return result.desired


def test_the_first_state_that_fits_decides_the_fields() -> None:
    assert desired() == Desired("active", {"number": "INV-42", "both": "x"})
    assert desired(STATUS="O") == Desired("paid", {"number": "INV-42", "payment": {"date": "2026-10-02"}})


def test_an_absent_state_holds_only_the_fields_that_name_it() -> None:
    assert desired(STATUS="X") == Desired("gone", {"why": "X", "both": "x"}, absent=True)


def test_outside_the_selection_the_last_state_holds() -> None:
    assert desired(selected=False).state == "gone"
    assert desired(selected=False, GROSS_AMT="unreadable").state == "gone"


def test_a_state_for_known_documents_is_passed_over_for_new_ones() -> None:
    assert desired(STATUS="O", known=False).state == "gone"
    assert desired(known=False).state == "active"


def test_documents_are_rejected_and_held_with_a_reason() -> None:
    mapping = compiled(FIELDS, states=STATES, amount="GROSS_AMT")
    refused = mapping.apply(voucher(INVOICE_ID="BAD"), {})
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.group, refused.amount) == (
        "invoice BAD is blocked", "blocked", Decimal("300.50"),
    )  # fmt: skip
    held = mapping.apply(voucher(GROSS_AMT="5000"), {})
    assert isinstance(held, Hold)
    assert (held.reason, held.group, held.amount) == ("more than we like", "review", Decimal(5000))


def test_a_document_whose_state_cannot_be_told_is_refused() -> None:
    result = compiled(FIELDS, states=STATES).apply(voucher(GROSS_AMT="a lot"), {})
    assert isinstance(result, Refused)
    assert (result.field, result.value, result.group) == ("GROSS_AMT", "a lot", None)


CHECK: dict[str, Any] = {
    "equal": [{"sum": "lines.distributions.AMOUNT", "plus": "TAX_AMT"}, {"field": "GROSS_AMT"}],
    "message": "the lines are not the whole",
}


@pytest.mark.parametrize(
    ("more", "changed", "fits"),
    [
        ({}, {}, True),
        ({}, {"GROSS_AMT": "300.51"}, False),
        ({}, {"GROSS_AMT": "310.50", "TAX_AMT": "10"}, True),
        ({"tolerance": "0.01"}, {"GROSS_AMT": "300.51"}, True),
        ({"tolerance": "0.01"}, {"GROSS_AMT": "300.52"}, False),
        ({"when": {"STATUS": "O"}}, {"GROSS_AMT": "1"}, True),
        ({}, {"GROSS_AMT": None, "lines": []}, True),
        ({}, {"STATUS": "X", "GROSS_AMT": "1"}, True),
        ({"states": ["gone"]}, {"STATUS": "X", "GROSS_AMT": "1"}, False),
        ({"states": ["gone"]}, {"GROSS_AMT": "1"}, True),
    ],
)
def test_checks_compare_exact_sums(more: dict[str, Any], changed: dict[str, Any], fits: bool) -> None:
    mapping = compiled(FIELDS, states=STATES, checks=[CHECK | more])
    assert isinstance(mapping.apply(voucher(**changed), {}), Mapped if fits else Refused)


def test_a_failed_check_names_its_numbers() -> None:
    mapping = compiled(FIELDS, states=STATES, checks=[CHECK | {"field": "GROSS_AMT"}])
    result = mapping.apply(voucher(GROSS_AMT="300.51"), {})
    assert isinstance(result, Refused)
    assert result.reason == "the lines are not the whole (300.50 is not 300.51)"
    assert (result.field, result.value, result.expected) == ("GROSS_AMT", "300.50", "300.51")


@pytest.mark.parametrize(
    ("operands", "fits"),
    [
        ([{"field": "GROSS_AMT", "minus": ["TAX_AMT", "COUNT"]}, {"value": "297.50"}], True),
        ([{"value": "297.5", "plus": ["COUNT"]}, {"field": "GROSS_AMT"}], True),
        ([{"field": "GROSS_AMT"}, {"value": "300.50"}, {"sum": "lines.distributions.AMOUNT"}], True),
        ([{"field": "GROSS_AMT"}, {"value": "300.50"}, {"value": "1"}], False),
    ],
)
def test_numbers_are_added_and_taken_off(operands: list[dict[str, Any]], fits: bool) -> None:
    result = compiled(checks=[{"equal": operands, "message": "no"}]).apply(voucher(), {})
    assert isinstance(result, Mapped if fits else Refused)


def test_what_is_known_of_a_document_survives_its_refusal() -> None:
    mapping = compiled(
        {"x": {"from": "INVOICE_DT"}},
        amount="-GROSS_AMT",
        party="{BUSINESS_UNIT}|{VOUCHER_ID}",
        status="STATUS",
        label="{INVOICE_ID} of {INVOICE_DT}",
    )
    result = mapping.apply(voucher(INVOICE_DT="20210431"), {})
    assert isinstance(result, Refused)
    assert result.label == "INV-42 of 20210431"
    assert (result.amount, result.currency) == (Decimal("-300.50"), "USD")
    assert (result.party, result.group) == ("US001|00000042", "P")


def test_what_cannot_be_read_is_not_known_and_does_no_harm() -> None:
    mapping = compiled(amount="GROSS_AMT", party="{VOUCHER_ID}", label="{STATUS}")
    result = mapping.apply(voucher(GROSS_AMT="?", VOUCHER_ID={}, STATUS=[]), {})
    assert body(result) == {"number": "INV-42"}
    assert (result.label, result.amount, result.party) == (None, None, None)


def test_a_rule_of_the_tenant_replaces_that_of_the_mapping() -> None:
    states = [{"state": "active", "when": {"rule": "ours"}}, {"state": "gone", "absent": True}]

    def state(tenant: dict[str, Any]) -> str:
        result = compiled(states=states, rules={"ours": False}, tenant=tenant).apply(voucher(), {})
        assert isinstance(result, Mapped)
        return result.desired.state

    assert state({}) == "gone"
    assert state({"rules": {"ours": True}}) == "active"
    assert state({"rules": {"ours": {"payments": {"all": {"METHOD": ["ACH", "CHK"]}}}}}) == "active"
    assert state({"rules": {"ours": {"payments": {"all": {"METHOD": "ACH"}}}}}) == "gone"


@pytest.mark.parametrize("payload", [None, [], "text", 3, True])
def test_what_is_no_object_is_refused(payload: Any) -> None:
    mapping = compiled()
    assert isinstance(mapping.apply(payload, {}), Refused)
    assert mapping.selected(payload)
    assert mapping.references(payload) == []


def test_a_constant_may_follow_the_state_and_be_translated() -> None:
    fields = {
        "plain": {"by_state": {"active": "a", "paid": 2}},
        "shown": {"by_state": {"active": "open", "paid": "done"}, "map": "labels"},
        "only": {"by_state": {"active": "x", "paid": "x"}, "states": ["paid"]},
        "lines": {"each": "lines", "fields": {"why": {"by_state": {"paid": "P"}}, "n": {"from": "LINE"}}},
    }
    mapping = compiled(fields, states=STATES, value_maps={"labels": {"open": "Offen", "done": "Bezahlt"}})
    assert body(mapping.apply(voucher(), {})) == {
        "plain": "a", "shown": "Offen", "lines": [{"n": 1}, {"n": 2}],
    }  # fmt: skip
    assert body(mapping.apply(voucher(STATUS="O"), {})) == {
        "plain": 2, "shown": "Bezahlt", "only": "x", "lines": [{"why": "P", "n": 1}, {"why": "P", "n": 2}],
    }  # fmt: skip


@pytest.mark.parametrize(("select", "expected"), [("dataset", False), ("all", True)])
def test_a_mapping_may_take_what_the_dataset_does_not_select(select: str, expected: bool) -> None:
    mapping = compiled(dataset={"select": {"STATUS": ["P"]}}, select=select, states=STATES)
    assert mapping.selected(voucher(STATUS="O")) is expected
    assert mapping.selected(voucher(STATUS="P"))
