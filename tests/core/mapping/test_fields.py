"""What single fields become."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ml_connector.core.mapping import CrosswalkKey, Mapped, Refused

from .support import body, compiled, mapped, refused, voucher, waiting


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ({"from": "INVOICE_ID"}, "INV-42"),
        ({"from": "VOUCHER_ID"}, "00000042"),
        ({"from": "GROSS_AMT"}, Decimal("300.50")),
        ({"from": "GROSS_AMT", "negate": True}, Decimal("-300.50")),
        ({"from": "TAX_AMT", "negate": True}, Decimal("0.00")),
        ({"from": "GROSS_AMT", "type": "text"}, "300.50"),
        ({"from": "QTY"}, Decimal("2.5")),
        ({"from": "COUNT"}, 3),
        ({"from": "COUNT", "negate": True}, -3),
        ({"from": "INVOICE_DT"}, "2026-10-02"),
        ({"from": "STAMP", "type": "date"}, "2026-10-05"),
        ({"from": ["STATUS", "INVOICE_ID"]}, "P"),
        ({"const": "fixed"}, "fixed"),
        ({"const": True}, True),
        ({"const": 0}, 0),
        ({"const": "12.5", "type": "money"}, Decimal("12.50")),
        ({"template": "PS {BUSINESS_UNIT}-{VOUCHER_ID}"}, "PS US001-00000042"),
        ({"template": "100% {{{COUNT}}} {GROSS_AMT}"}, "100% {3} 300.50"),
        ({"template": "{setid.gl_accounts}/{setid.other}"}, "SHARE/SHARE"),
        ({"sum": "lines.distributions.AMOUNT"}, Decimal("300.50")),
        ({"sum": "lines.distributions.AMOUNT", "where": {"ACCOUNT": "0641000"}}, Decimal("200.25")),
        ({"sum": "lines.distributions.AMOUNT", "where": {"ACCOUNT": "none"}}, Decimal("0.00")),
        ({"from": "INVOICE_ID", "when": {"STATUS": "O"}}, "(left out)"),
        ({"from": "INVOICE_ID", "max_length": 6, "min_length": 6}, "INV-42"),
    ],
)
def test_kinds_and_types(field: dict[str, Any], expected: Any) -> None:
    value = mapped(field)
    assert value == expected
    assert type(value) is type(expected)
    assert str(value) == str(expected)


@pytest.mark.parametrize("blank", [None, "", "   "])
@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ({"from": "INVOICE_ID"}, "(left out)"),
        ({"from": "INVOICE_ID", "default": "none"}, "none"),
        ({"from": "INVOICE_ID", "default": ""}, ""),
        ({"from": "INVOICE_ID", "default": None}, None),
        ({"from": "INVOICE_ID", "default": "none", "required": True}, "none"),
        ({"from": "INVOICE_ID", "min_length": 3}, "(left out)"),
        ({"from": ["INVOICE_ID", "STATUS"]}, "P"),
        ({"template": "{INVOICE_ID}"}, "(left out)"),
        ({"template": "PS {INVOICE_ID}"}, "(left out)"),
        ({"template": "{STATUS} {INVOICE_ID}"}, "P"),
        ({"crosswalk": "bill.x", "key": "SHARE|{INVOICE_ID}"}, "(left out)"),
        ({"from": "INVOICE_ID", "map": "codes"}, "(left out)"),
    ],
)
def test_blank_values(field: dict[str, Any], expected: Any, blank: Any) -> None:
    mapping = compiled({"x": field}, value_maps={"codes": {"a": "b"}})
    assert body(mapping.apply(voucher(INVOICE_ID=blank), {})).get("x", "(left out)") == expected


@pytest.mark.parametrize(
    ("field", "changed", "at", "value", "expected"),
    [
        ({"from": "INVOICE_ID", "required": True}, {"INVOICE_ID": " "}, "INVOICE_ID", None, "a text"),
        ({"from": "INVOICE_DT", "required": True}, {"INVOICE_DT": ""}, "INVOICE_DT", None, "a date"),
        ({"from": "GROSS_AMT", "required": True}, {"GROSS_AMT": ""}, "GROSS_AMT", None, "an amount"),
        ({"from": "INVOICE_DT"}, {"INVOICE_DT": "20210431"}, "INVOICE_DT", "20210431",
         "an existing day as YYYY-MM-DD"),
        ({"from": "INVOICE_ID", "max_length": 4}, {}, "INVOICE_ID", "INV-42", "at most 4 characters"),
        ({"from": "INVOICE_ID", "min_length": 9}, {}, "INVOICE_ID", "INV-42", "at least 9 characters"),
        ({"from": "GROSS_AMT"}, {"GROSS_AMT": Decimal("1.005")}, "GROSS_AMT", "1.005",
         "an amount with at most 2 decimals"),
        ({"from": "GROSS_AMT"}, {"GROSS_AMT": "1,000.00"}, "GROSS_AMT", "1,000.00", "a number such as 12.50"),
        ({"from": "GROSS_AMT"}, {"CURRENCY": "dollars"}, "CURRENCY", "dollars",
         "an ISO 4217 code such as USD"),
        ({"from": "GROSS_AMT"}, {"CURRENCY": ""}, "CURRENCY", None, "an ISO 4217 code such as USD"),
        ({"from": "INVOICE_ID"}, {"INVOICE_ID": ["a"]}, "INVOICE_ID", "a list", "text, a number or a date"),
        ({"from": "COUNT"}, {"COUNT": Decimal("1.5")}, "COUNT", "1.5", "a whole number"),
        ({"from": "INVOICE_ID", "type": "boolean"}, {}, "INVOICE_ID", "INV-42", "Y or N"),
        ({"each": "lines", "fields": {"a": {"from": "LINE"}}}, {"lines": "x"}, "lines", "str",
         "a list of rows"),
        ({"each": "lines", "fields": {"a": {"from": "LINE"}}}, {"lines": [{}, 3]}, "lines", "list",
         "a list of rows"),
        ({"each": "lines", "required": True, "fields": {"a": {"from": "LINE"}}}, {"lines": []}, "lines", None,
         "at least one row"),
        ({"sum": "lines.distributions.AMOUNT"}, {"lines": [{"LINE": 7, "distributions": [{"AMOUNT": "x"}]}]},
         "AMOUNT", "x", "a number such as 12.50"),
    ],
)  # fmt: skip
def test_refusals_name_field_value_and_what_was_expected(
    field: dict[str, Any], changed: dict[str, Any], at: str, value: Any, expected: str
) -> None:
    result = refused(field, **changed)
    assert (result.field, result.value, result.expected) == (at, value, expected)
    assert result.reason.startswith(at)


def test_a_refusal_inside_rows_says_in_which() -> None:
    lines = voucher()["lines"]
    lines[1]["distributions"][0]["AMOUNT"] = Decimal("0.005")
    field = {"each": "lines.distributions", "fields": {"amount": {"from": "AMOUNT"}}}
    result = refused(field, lines=lines)
    assert result.reason == (
        "lines.distributions.AMOUNT (for x.amount) has more decimals than its currency "
        "(lines 2, distributions 1)"
    )


def test_a_collection_that_is_none_is_told_by_the_row_it_stands_in() -> None:
    field = {"each": "lines.distributions", "fields": {"amount": {"from": "AMOUNT"}}}
    result = refused(field, lines=[{"LINE": 1, "distributions": []}, {"LINE": 2, "distributions": "none"}])
    assert result.reason == "distributions is not a list of rows (lines 2)"


def test_money_without_a_currency_field_has_two_decimals() -> None:
    mapping = compiled({"x": {"from": "GROSS_AMT"}}, currency=None)
    assert str(body(mapping.apply(voucher(GROSS_AMT="1"), {}))["x"]) == "1.00"


def test_an_unreadable_currency_matters_only_where_there_is_money() -> None:
    result = compiled({"x": {"from": "INVOICE_ID"}}).apply(voucher(CURRENCY=["?"]), {})
    assert body(result) == {"x": "INV-42"}
    assert result.currency is None


def test_value_maps_reject_what_they_do_not_know() -> None:
    maps = {"codes": {"P": "posted", "1": 1, "Y": True, "N": None}}
    mapping = compiled({"x": {"from": "INVOICE_ID", "map": "codes"}}, value_maps=maps)
    assert body(mapping.apply(voucher(INVOICE_ID="P"), {})) == {"x": "posted"}
    assert body(mapping.apply(voucher(INVOICE_ID="1"), {})) == {"x": 1}
    assert body(mapping.apply(voucher(INVOICE_ID="Y"), {})) == {"x": True}
    assert body(mapping.apply(voucher(INVOICE_ID="N"), {})) == {}
    result = mapping.apply(voucher(INVOICE_ID="Q"), {})
    assert isinstance(result, Refused)
    assert (result.field, result.value, result.expected) == ("INVOICE_ID", "Q", "one of P, 1, Y, N")
    lenient = compiled({"x": {"from": "INVOICE_ID", "map": "codes", "default": "?"}}, value_maps=maps)
    assert body(lenient.apply(voucher(INVOICE_ID="Q"), {})) == {"x": "?"}


def test_entries_of_the_tenant_win_over_those_of_the_mapping() -> None:
    mapping = compiled(
        {"x": {"from": "STATUS", "map": "codes"}},
        value_maps={"codes": {"P": "posted", "O": "open"}},
        tenant={"value_maps": {"codes": {"P": "ours"}}},
    )
    assert body(mapping.apply(voucher(), {})) == {"x": "ours"}
    assert body(mapping.apply(voucher(STATUS="O"), {})) == {"x": "open"}


def test_dotted_names_make_objects_and_empty_ones_are_left_out() -> None:
    mapping = compiled(
        {
            "invoice.number": {"from": "INVOICE_ID"},
            "total": {"from": "GROSS_AMT"},
            "invoice.dates.issued": {"from": "INVOICE_DT"},
            "empty.one": {"from": "CURRENCY"},
        }
    )
    assert body(mapping.apply(voucher(CURRENCY="USD"), {})) == {
        "invoice": {"number": "INV-42", "dates": {"issued": "2026-10-02"}},
        "total": Decimal("300.50"),
        "empty": {"one": "USD"},
    }
    empty = compiled({"a": {"from": "INVOICE_ID"}, "b.c": {"from": "STATUS"}, "b.d.e": {"from": "STATUS"}})
    assert body(empty.apply(voucher(STATUS=""), {})) == {"a": "INV-42"}


def test_each_makes_a_row_for_every_innermost_row() -> None:
    mapping = compiled(
        {
            "items": {
                "each": "lines.distributions",
                "where": {"ACCOUNT": {"ne": "642000"}},
                "fields": {
                    "account": {"from": "ACCOUNT"},
                    "text": {"from": "parent.DESCR"},
                    "voucher": {"from": "document.VOUCHER_ID"},
                    "amount": {"from": "AMOUNT"},
                },
                "append": [
                    {"when": {"TAX_AMT": {"ne": 0}}, "fields": {"amount": {"from": "TAX_AMT"}}},
                    {"when": {"TAX_AMT": {"gt": 100}}, "fields": {"amount": {"const": 1}}},
                ],
            }
        }
    )
    assert body(mapping.apply(voucher(TAX_AMT="7"), {}))["items"] == [
        {"account": "0641000", "text": "Paper", "voucher": "00000042", "amount": Decimal("100.25")},
        {"account": "0641000", "text": "Ink", "voucher": "00000042", "amount": Decimal("100.00")},
        {"amount": Decimal("7.00")},
    ]


def test_rows_inside_rows() -> None:
    parts = {"each": "distributions", "fields": {"a": {"from": "ACCOUNT"}, "of": {"from": "parent.LINE"}}}
    mapping = compiled({"lines": {"each": "lines", "fields": {"text": {"from": "DESCR"}, "parts": parts}}})
    assert body(mapping.apply(voucher(), {})) == {
        "lines": [
            {"text": "Paper", "parts": [{"a": "0641000", "of": 1}, {"a": "642000", "of": 1}]},
            {"text": "Ink", "parts": [{"a": "0641000", "of": 2}]},
        ]
    }


def test_no_rows_are_left_out() -> None:
    assert mapped({"each": "lines", "fields": {"a": {"from": "LINE"}}}, lines=[]) == "(left out)"
    assert mapped({"each": "lines", "fields": {"a": {"from": "LINE"}}}, lines=None) == "(left out)"


ROWS = [{"LINE": 1, "DESCR": "one"}, {"LINE": 2, "DESCR": "two"}, {"LINE": 3, "DESCR": "three"}]


@pytest.mark.parametrize(
    ("row", "lines", "expected"),
    [
        ({"of": "lines"}, ROWS, "one"),
        ({"of": "lines", "match": {"LINE": "ADDRESS_SEQ"}}, ROWS, "two"),
        ({"of": "lines", "where": {"LINE": {"gt": 2}}}, ROWS, "three"),
        ({"of": "lines", "where": {"LINE": {"gt": 3}}}, ROWS, "(left out)"),
        ({"of": "lines", "where": {"LINE": {"lt": 3}}, "take": "last"}, ROWS, "two"),
        ({"of": "lines", "match": {"LINE": "ADDRESS_SEQ"}}, ROWS[2:], "(left out)"),
        ({"of": "lines", "match": {"LINE": "ADDRESS_SEQ"}, "otherwise": "first"}, ROWS[2:], "three"),
        ({"of": "lines", "where": {"LINE": 1}, "match": {"LINE": "ADDRESS_SEQ"}, "otherwise": "first"}, ROWS,
         "one"),
        ({"of": "lines", "where": {"LINE": 9}, "otherwise": "first"}, ROWS, "(left out)"),
        ({"of": "lines", "otherwise": "first"}, [], "(left out)"),
    ],
)  # fmt: skip
def test_a_named_row_is_one_row_of_a_collection(row: dict[str, Any], lines: list[Any], expected: str) -> None:
    mapping = compiled({"x": {"from": "chosen.DESCR"}}, rows={"chosen": row})
    assert body(mapping.apply(voucher(lines=lines), {})).get("x", "(left out)") == expected


def test_overlong_texts_may_be_shortened_with_a_hash() -> None:
    long = "A very long name of a company that nobody can remember, incorporated"
    field = {"from": "INVOICE_ID", "max_length": 30, "shorten": "hash"}
    value = mapped(field, INVOICE_ID=long)
    assert len(value) <= 30
    assert value.startswith("A very long name")
    assert value == mapped(field, INVOICE_ID=long)
    assert value != mapped(field, INVOICE_ID=f"{long}!")
    assert mapped(field, INVOICE_ID="short") == "short"


ACCOUNT = {"crosswalk": "bill.accounts", "key": "{setid.gl_accounts:UNIT_GL}|{ACCOUNT}", "required": True}
VENDOR = {"crosswalk": "bill.vendors", "key": "SHARE|{INVOICE_ID}"}


def test_references_are_what_apply_asks_for_each_once() -> None:
    mapping = compiled(
        {"vendorId": VENDOR, "items": {"each": "lines.distributions", "fields": {"accountId": ACCOUNT}}}
    )
    references = mapping.references(voucher())
    assert references == [
        CrosswalkKey("bill.vendors", "SHARE|INV-42"),
        CrosswalkKey("bill.accounts", "SHARE|0641000"),
        CrosswalkKey("bill.accounts", "OTHER|642000"),
    ]
    result = mapping.apply(voucher(), {key: f"id-{key.key}" for key in references})
    assert body(result) == {
        "vendorId": "id-SHARE|INV-42",
        "items": [
            {"accountId": "id-SHARE|0641000"},
            {"accountId": "id-OTHER|642000"},
            {"accountId": "id-SHARE|0641000"},
        ],
    }


def test_a_document_waits_for_the_entry_it_lacks() -> None:
    mapping = compiled(
        {"items": {"each": "lines.distributions", "fields": {"accountId": ACCOUNT}}}, amount="GROSS_AMT"
    )
    result = waiting(mapping.apply(voucher(), {("bill.accounts", "SHARE|0641000"): "0ca1"}))
    assert (result.crosswalk, result.key, result.field) == (
        "bill.accounts", "OTHER|642000", "items.accountId",
    )  # fmt: skip
    assert (result.label, result.amount, result.currency, result.group) == (
        "INV-42", Decimal("300.50"), "USD", "active",
    )  # fmt: skip


def test_the_setid_of_the_documents_unit_counts_where_the_row_names_none() -> None:
    field = {"each": "lines.distributions", "fields": {"accountId": ACCOUNT}}
    mapping = compiled({"items": field})
    keys = [key.key for key in mapping.references(voucher(BUSINESS_UNIT="US002"))]
    assert keys == ["SHARE|0641000", "OTHER|642000", "OTHER|0641000"]


@pytest.mark.parametrize(
    ("flow", "optional", "waits"),
    [
        (None, False, True),
        ({"enabled": True}, False, True),
        ({"enabled": False}, False, False),
        (None, True, False),
        ({"enabled": True}, True, True),
        ({"every": "1d"}, True, False),
    ],
)
def test_nobody_waits_for_a_flow_that_does_not_run(
    flow: dict[str, Any] | None, optional: bool, waits: bool
) -> None:
    flows = {"places": flow} if flow is not None else {}
    mapping = compiled(
        {"placeId": {"crosswalk": "bill.places", "key": "{BUSINESS_UNIT}", "optional": optional}},
        tenant={"integrations": {"bill": {"flows": flows}}},
    )
    result = mapping.apply(voucher(), {})
    if waits:
        assert waiting(result).crosswalk == "bill.places"
    else:
        assert body(result) == {}
    assert body(mapping.apply(voucher(), {("bill.places", "US001"): "loc1"})) == {"placeId": "loc1"}


def test_an_entry_may_be_looked_up_and_not_sent() -> None:
    mapping = compiled({"supplier": VENDOR | {"sent": False}, "number": {"from": "INVOICE_ID"}})
    assert waiting(mapping.apply(voucher(), {})).field == "supplier"
    (key,) = mapping.references(voucher())
    assert body(mapping.apply(voucher(), {(key.crosswalk, key.key): "v1"})) == {"number": "INV-42"}


def test_a_required_entry_is_waited_for_even_if_its_flow_is_off() -> None:
    mapping = compiled(
        {"vendorId": VENDOR | {"required": True}},
        tenant={"integrations": {"bill": {"flows": {"vendors": {"enabled": False}}}}},
    )
    assert waiting(mapping.apply(voucher(), {})).field == "vendorId"


def test_a_blank_key_of_a_required_entry_is_refused() -> None:
    result = compiled({"vendorId": VENDOR | {"required": True}}).apply(voucher(INVOICE_ID=""), {})
    assert isinstance(result, Refused)
    assert (result.field, result.reason) == ("vendorId", "vendorId is blank")
    assert result.expected == "a value for every part of SHARE|{INVOICE_ID}"


def test_the_input_is_left_as_it_was() -> None:
    document = voucher()
    mapping = compiled({"items": {"each": "lines.distributions", "fields": {"a": {"from": "AMOUNT"}}}})
    mapping.references(document)
    assert isinstance(mapping.apply(document, {}), Mapped)
    assert document == voucher()
