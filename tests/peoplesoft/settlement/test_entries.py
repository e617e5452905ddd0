"""What is booked always balances, comes out the same each time, and fits PeopleSoft's fields."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core.contract import Payload
from ml_connector.core.errors import Rejected
from ml_connector.peoplesoft.settlement.entries import (
    Entry,
    Kind,
    journal_id,
    line_text,
    settle,
    take_back,
    title,
    voucher_of,
)
from ml_connector.peoplesoft.settlement.options import Account
from ml_connector.peoplesoft.settlement.payments import Payment, read_payment

from .support import body, options

PLACES = {"USD": 2, "JPY": 0, "KWD": 3}
DEBIT, CREDIT = Account(account="200000", department="10200"), Account(account="100000", operating_unit="NY")

units = st.sampled_from(["US001", "US002", "DE01"])
references = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij", min_size=1, max_size=40)


@st.composite
def payments(draw: Any) -> Payment:
    currency = draw(st.sampled_from(sorted(PLACES)))
    amounts = st.integers(1, 10**12).map(lambda number: Decimal(number).scaleb(-PLACES[currency]))
    numbers = st.integers(1, 99_999_999).map(lambda number: f"{number:08d}")
    vouchers = st.tuples(units, numbers).map("|".join)
    listed = draw(st.lists(st.tuples(vouchers, amounts), min_size=1, max_size=12))
    parts = [{"voucher": voucher, "amount": amount} for voucher, amount in listed]
    return read_payment(body(draw(references)) | {"currency": currency, "parts": parts})


def of_all_units(payment: Payment, number: int = 1) -> list[Entry]:
    return [settle(payment, unit, number, (DEBIT, CREDIT), "B").dated("2026-11-12") for unit in payment.units]


@given(payments())
def test_an_entry_balances_and_debits_what_was_paid(payment: Payment) -> None:
    entries = of_all_units(payment)
    assert sum(line.amount for entry in entries for line in entry.lines) == 0
    for entry in entries:
        paid = sum(part.amount for part in payment.of_unit(entry.unit))
        net: Counter[str] = Counter()
        for line in entry.lines:
            net[line.account] += line.amount  # type: ignore[assignment]
        assert net == {"200000": paid, "100000": -paid}
        assert sorted(entry.parts) == sorted((p.voucher, p.amount) for p in payment.of_unit(entry.unit))
    assert sum((amount for entry in entries for _, amount in entry.parts), Decimal(0)) == sum(
        part.amount for part in payment.parts
    )


@given(payments())
def test_a_reversal_is_its_entry_with_the_other_sign(payment: Payment) -> None:
    for entry in of_all_units(payment):
        back = take_back(entry, 2, "B").dated("2026-12-01")
        assert (back.kind, back.undoes, back.number) == (Kind.REVERSED, entry.journal, 2)
        assert [(line.number, line.account, -line.amount, line.text) for line in back.lines] == [
            (line.number, line.account, line.amount, line.text) for line in entry.lines
        ]
        assert sorted((voucher, -amount) for voucher, amount in back.parts) == sorted(entry.parts)
        assert take_back(back, 3, "B").lines == entry.lines


@given(payments())
def test_lines_have_numbers_of_their_own_over_all_units(payment: Payment) -> None:
    numbers = [line.number for entry in of_all_units(payment) for line in entry.lines]
    assert sorted(numbers) == list(range(1, 2 * len(payment.parts) + 1))


@given(payments())
def test_what_is_remembered_gives_the_entry_again(payment: Payment) -> None:
    for entry in of_all_units(payment):
        rows = entry.rows("journal", {"number": payment.number})
        assert Entry.of_rows(rows) == entry
        assert sum(row.amount for row in rows) == sum(amount for _, amount in entry.parts)
        assert [row.part for row in rows] == [part.number for part in payment.of_unit(entry.unit)]


@given(payments())
def test_everything_fits_its_field(payment: Payment) -> None:
    for entry in of_all_units(payment):
        values: Payload = entry.journal_values(options())
        assert len(values["DESCR"]) <= 30
        assert len(values["JOURNAL_ID"]) == 10
        for line in values["JRNL_LN"]:
            assert len(line["JRNL_LN_REF"]) <= 10
            assert len(line["LINE_DESCR"]) <= 30
            assert line["MONETARY_AMOUNT"] == line["FOREIGN_AMOUNT"]


@given(
    st.sets(st.tuples(references, units, st.integers(1, 50)), max_size=200),
    st.sampled_from(["B", "ML", "X9Z"]),
)
def test_ids_are_stable_and_differ(names: set[tuple[str, str, int]], prefix: str) -> None:
    made = {name: journal_id(prefix, *name) for name in names}
    assert len(set(made.values())) == len(names)
    assert made == {name: journal_id(prefix, *name) for name in names}
    for value in made.values():
        assert value.startswith(prefix)
        assert len(value) == 10
        assert value.isalnum()
        assert value == value.upper()


def test_an_id_never_changes_between_versions() -> None:
    """Journals are found again by it: another way to make it would book everything twice."""
    assert journal_id("B", "stp01ABCDEFGHIJKLMNO", "US001", 1) == "BLTIXYAN0D"


@given(references, references)
def test_titles_tell_payments_and_kinds_apart(one: str, other: str) -> None:
    texts = [title(name, kind) for name in {one, other} for kind in Kind]
    assert len(set(texts)) == len(texts)
    assert all(len(text) <= 30 for text in texts)


def test_a_title_is_readable() -> None:
    assert title("stp02XNWHOPPXWV9ewx0", Kind.SETTLED) == "BILL stp02XNWHOPPXWV9ewx0"
    assert title("stp02XNWHOPPXWV9ewx0", Kind.REVERSED) == "BILL stp02XNWHOPPXWV9ewx0 REV"


def test_a_voucher_is_written_as_people_write_it() -> None:
    assert line_text("US001|00001234") == "US001-00001234"
    assert voucher_of("US001-00001234") == "US001|00001234"
    assert voucher_of("typed by hand") == ""


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"reference": ""}, "reference"),
        ({"currency": None}, "currency"),
        ({"date": ""}, "date"),
        ({"parts": []}, "parts"),
        ({"parts": [{"voucher": "00001234", "amount": Decimal(1)}]}, "parts[0].voucher"),
        ({"parts": [{"voucher": "US001|1", "amount": Decimal(0)}]}, "parts[0].amount"),
        ({"parts": [{"voucher": "US001|1", "amount": Decimal(-1)}]}, "parts[0].amount"),
        ({"parts": [{"voucher": "US001|1", "amount": "1.00"}]}, "parts[0].amount"),
    ],
)
def test_a_body_that_cannot_be_booked_is_refused(changed: Payload, field: str) -> None:
    with pytest.raises(Rejected) as raised:
        read_payment(body() | changed)
    assert raised.value.field == field


def test_a_payables_unit_may_have_another_unit_in_the_ledger() -> None:
    payment = read_payment(body("stp01", ("AP01|00000001", "1.00")), {"AP01": "US001"})
    assert [(part.unit, part.voucher) for part in payment.parts] == [("US001", "AP01|00000001")]
