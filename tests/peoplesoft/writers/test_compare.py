"""What was sent against what is shown: only what is shown counts, in whatever order and form it comes."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core.contract import Payload
from ml_connector.peoplesoft.writers.compare import differences, money, normal, unseen
from ml_connector.peoplesoft.writers.ids import own_id
from ml_connector.peoplesoft.writers.outcomes import named_property
from ml_connector.peoplesoft.writers.private import hide, is_private, public

from .support import voucher

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
LEAVES = st.one_of(TEXTS, st.integers(-9, 9), st.decimals(-99, 99, places=2), st.none())
ROWS = st.fixed_dictionaries({"NUMBER": st.integers(1, 99), "A": LEAVES, "B": LEAVES})
BODIES = st.fixed_dictionaries({"X": LEAVES, "ROWS": st.lists(ROWS, max_size=4)})


@given(BODIES, st.randoms())
def test_the_same_object_never_differs(body: Payload, random: Any) -> None:
    held = deepcopy(body) | {"MORE": 1}
    random.shuffle(held["ROWS"])
    assert differences(body, held) == []
    assert unseen(body, body) == []


@given(BODIES)
def test_a_further_row_is_a_difference_unless_it_may_be(body: Payload) -> None:
    held = deepcopy(body)
    held["ROWS"].append({"NUMBER": 100, "A": "one more"})
    assert differences(body, held) == ["ROWS"]
    assert differences(body, held, more_rows=True) == []
    assert differences(held, body, more_rows=True) == ["ROWS"]


@pytest.mark.parametrize(
    ("wanted", "held", "alike"),
    [
        ("a", "a ", True),
        ("two\r\nlines", "two lines", True),
        ("bell\x07", "bell", True),
        ("a", "A", False),
        ("00012", "12", False),
        (Decimal("1250.50"), Decimal("1250.500"), True),
        ("1250.50", Decimal("1250.5"), True),
        (1, Decimal(1), True),
        (1, "1", True),
        ("", None, True),
        (None, Decimal(0), True),
        ("x", None, False),
        ("x", Decimal(0), False),
        (Decimal("0.01"), Decimal("0.02"), False),
        ([], "x", False),
    ],
)
def test_values(wanted: object, held: object, alike: bool) -> None:
    assert (differences({"A": wanted}, {"A": held}) == []) is alike


def test_what_is_not_shown_is_not_compared() -> None:
    body = voucher(VCHR_SRC="XML")
    held = voucher()
    del held["VOUCHER_LINE"][0]["DISTRIB_LINE"][0]["DEPTID"]
    assert differences(body, held) == []
    assert unseen(body, held) == [("VOUCHER_LINE[0].DISTRIB_LINE[0].DEPTID", "10200"), ("VCHR_SRC", "XML")]
    assert differences(body, held | {"VENDOR_ID": "0000000099"}, ["VENDOR_ID"]) == []


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("12.50", Decimal("12.50")),
        (3, Decimal(3)),
        (None, None),
        ("", None),
        ("NaN", None),
        ("x", None),
        (True, None),
    ],
)
def test_money(value: object, amount: Decimal | None) -> None:
    assert money(value) == amount


def test_keys_are_compared_without_case_and_blanks_but_with_their_zeros() -> None:
    assert normal(" bw-1 ") == normal("BW-1")
    assert normal("0000000012") != normal("12")
    assert normal(None) == ""


@given(st.text(min_size=1), st.integers(1, 10))
def test_own_ids(text: str, length: int) -> None:
    made = own_id(text, length)
    assert made == own_id(text, length)
    assert (len(made), made.isascii(), made.isalnum(), made.upper(), made[0].isalpha()) == (
        length, True, True, made, True,
    )  # fmt: skip


def test_own_ids_do_not_collide_in_practice() -> None:
    assert len({own_id(f"US001|{number:08d}", 8) for number in range(20_000)}) == 20_000


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("A value is required for field INVOICE_ID.", "INVOICE_ID"),
        ("Invalid ACCOUNT 641000", "ACCOUNT"),
        ("VOUCHER_STYLE and INVOICE_DT are wrong", "INVOICE_DT"),
        ("your account is locked", None),
        ("Duplicate invoice", None),
    ],
)
def test_a_property_that_a_message_names(text: str, name: str | None) -> None:
    assert named_property(text, voucher()) == name


@pytest.mark.parametrize(
    "name",
    ["BANK_ACCOUNT_NUM", "IBAN_ID", "DFI_ID_NUM", "BNK_ID_NBR", "VNDR_TIN", "TAX_ID", "BENEFICIARY_BNK_AC"],
)
def test_private_properties(name: str) -> None:
    assert is_private(name)
    assert public({"A": [{name: "secret", "B": 1}], name: "x"}) == {"A": [{"B": 1}]}
    assert "4711-0815" not in hide("account 4711-0815 is wrong", {"A": [{name: "4711-0815"}]})


@pytest.mark.parametrize(
    "name", ["BANK_ACCT_KEY", "BANK_CD", "VENDOR_ID", "SETTING", "INVOICE_ID", "TAX_EXEMPT"]
)
def test_public_properties(name: str) -> None:
    assert not is_private(name)
