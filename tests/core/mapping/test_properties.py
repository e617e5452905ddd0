"""Whatever a source sends: mapping never raises, and what it lets through keeps its promises."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.core import codec
from ml_connector.core.contract import Desired
from ml_connector.core.mapping import Hold, Mapped, Refused, Waiting

from .support import DATASET, compiled, voucher

MAPPING = compiled(
    {
        "vendorId": {"crosswalk": "bill.vendors", "key": "{setid.vendors}|{INVOICE_ID}"},
        "number": {"from": ["INVOICE_ID", "first.PO_ID"], "max_length": 20, "shorten": "hash"},
        "status": {"from": "STATUS", "map": "codes", "default": "other"},
        "note": {"template": "PS {BUSINESS_UNIT}-{VOUCHER_ID} {COUNT}", "max_length": 40},
        "dates.issued": {"from": "INVOICE_DT"},
        "count": {"from": "COUNT"},
        "quantity": {"from": "QTY", "negate": True},
        "paid": {"from": "STAMP", "type": "text", "states": ["paid"]},
        "items": {
            "each": "lines.distributions",
            "where": {"AMOUNT": {"ne": 0}},
            "fields": {
                "amount": {"from": "AMOUNT"},
                "text": {"from": "parent.DESCR", "when": {"parent.PO_ID": {"blank": True}}},
                "accountId": {"crosswalk": "bill.accounts", "key": "{setid.gl_accounts:UNIT_GL}|{ACCOUNT}"},
            },
            "append": [{"when": {"TAX_AMT": {"ne": 0}}, "fields": {"amount": {"from": "TAX_AMT"}}}],
        },
    },
    amount="GROSS_AMT",
    party="{BUSINESS_UNIT}|{VOUCHER_ID}",
    value_maps={"codes": {"P": "posted"}},
    rows={"first": {"of": "lines", "match": {"LINE": "ADDRESS_SEQ"}, "otherwise": "first"}},
    rules={"ours": {"payments": {"all": {"METHOD": ["ACH", None]}}}},
    checks=[
        {
            "equal": [{"sum": "lines.distributions.AMOUNT", "plus": "TAX_AMT"}, {"field": "GROSS_AMT"}],
            "message": "not the whole",
            "when": {"STATUS": "P"},
        }
    ],
    states=[
        {"state": "paid", "when": {"payments": {"none": {"HOLD": "Y"}}, "STATUS": "X"}},
        {"state": "review", "hold": "{INVOICE_ID}", "when": {"GROSS_AMT": {"gt": 100000}}},
        {"state": "active", "when": {"rule": "ours", "INVOICE_DT": {"gt": "2000-01-01"}}},
        {"state": "gone", "absent": True},
    ],
    dataset={"select": {"STATUS": ["P", "O"]}, "open_when": {"COUNT": {"lt": 5}, "STAMP": {"blank": False}}},
)

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False) | st.integers()
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(max_size=12) | st.floats()
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def like(level: dict[str, Any], values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects with the dataset's names and any values; now and then something else altogether."""
    fields: dict[str, Any] = dict.fromkeys(level["fields"], values)
    for name, child in level.get("children", {}).items():
        fields[name] = st.lists(like(child, values), max_size=3) | values
    return st.fixed_dictionaries({}, optional=fields)


PLAUSIBLE = st.sampled_from(
    ["", " ", "P", "X", "US001", "2026-10-02", "2026-02-30", "12.50", "1e5", "USD", "JPY", "a" * 50, 1, 0]
)
WILD = like(DATASET, LEAVES | JSON)
NEAR = like(DATASET, PLAUSIBLE | NUMBERS)


class Everything(dict[Any, str]):
    """A crosswalk that knows every key."""

    def get(self, key: Any, _default: Any = None) -> str:
        return f"id of {key[1]}"


@settings(max_examples=300)
@given(st.one_of(NEAR, WILD, JSON), st.booleans(), st.booleans(), st.booleans())
def test_any_payload_becomes_one_of_the_four(payload: Any, full: bool, selected: bool, known: bool) -> None:
    assert MAPPING.selected(payload) in (True, False)
    assert MAPPING.is_open(payload) in (True, False)
    result = MAPPING.apply(payload, Everything() if full else {}, selected=selected, known=known)
    assert isinstance(result, Mapped | Waiting | Refused | Hold)
    assert result.amount is None or result.amount.is_finite()
    if isinstance(result, Mapped):
        again = Desired.from_payload(codec.decode(codec.encode(result.desired.as_payload())))
        assert codec.encode(again.as_payload()) == codec.encode(result.desired.as_payload())
    if isinstance(result, Refused):
        assert result.reason


@settings(max_examples=200)
@given(NEAR)
def test_references_name_everything_that_apply_waits_for(payload: dict[str, Any]) -> None:
    entries = dict.fromkeys(MAPPING.references(payload), "id")
    assert not isinstance(MAPPING.apply(payload, entries), Waiting)


@given(NEAR)
def test_equal_documents_give_equal_results(payload: dict[str, Any]) -> None:
    assert MAPPING.apply(payload, Everything()) == MAPPING.apply(payload, Everything())


CENTS = st.integers(min_value=-(10**12), max_value=10**12).map(lambda cents: Decimal(cents).scaleb(-2))


@given(st.lists(CENTS, min_size=1, max_size=12))
def test_sums_are_exact(amounts: list[Decimal]) -> None:
    lines = [{"LINE": 1, "distributions": [{"AMOUNT": amount} for amount in amounts]}]
    mapping = compiled({"total": {"sum": "lines.distributions.AMOUNT"}})
    result = mapping.apply(voucher(lines=lines), {})
    assert isinstance(result, Mapped)
    assert result.desired.body["total"] == sum(amounts, Decimal(0))
    assert result.desired.body["total"].as_tuple().exponent == -2


LENGTHS = compiled({"x": {"from": "INVOICE_ID", "min_length": 3, "max_length": 16, "shorten": "hash"}})
STRICT = compiled({"x": {"from": "INVOICE_ID", "max_length": 16}})


@given(st.text(max_size=40))
def test_lengths_are_kept(text: str) -> None:
    for mapping in (LENGTHS, STRICT):
        result = mapping.apply(voucher(INVOICE_ID=text), {})
        if isinstance(result, Mapped):
            assert len(result.desired.body.get("x", "")) <= 16
        else:
            assert isinstance(result, Refused)
            assert result.field == "INVOICE_ID"


TEMPLATE = compiled({"x": {"template": "<{INVOICE_ID}|{VOUCHER_ID}>"}})


@given(st.text(max_size=20), st.text(max_size=20))
def test_values_cannot_break_out_of_a_template(one: str, other: str) -> None:
    result = TEMPLATE.apply(voucher(INVOICE_ID=one, VOUCHER_ID=other), {})
    assert isinstance(result, Mapped)
    value = result.desired.body.get("x")
    if value is not None:
        assert value.startswith("<")
        assert value.endswith(">")
        assert value.count("|") == 1 + (one + other).count("|")


def test_a_thousand_documents_are_mapped_in_a_moment() -> None:
    documents = [voucher(VOUCHER_ID=f"{number:08d}") for number in range(1000)]
    began = time.process_time()
    for document in documents:
        MAPPING.apply(document, Everything())
    # About 0.03 s on one core; the bound only notices work that is done again for every field.
    assert time.process_time() - began < 0.4
