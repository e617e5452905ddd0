"""Rows of settlements, on SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from ml_connector.core.ledger.settlements import CLOSED, CLOSING, REVERSED, SETTLED, Row, Settlements
from ml_connector.core.state.store import Store

V, W = "US001|00000001", "US001|00000002"


def row(reference: str = "stp01", amount: str = "100.00", **changed: object) -> Row:
    made = Row(
        reference, 1, 1, SETTLED, "journal", "US001", V, Decimal(amount), "USD", "2026-11-12", "200000",
        "100000", "B000000001", {"payee": "Office Supplies Ltd", "amount": Decimal("100.00")},
    )  # fmt: skip
    return replace(made, **changed)  # type: ignore[arg-type]


@pytest.fixture
def rows(store: Store) -> Settlements:
    return Settlements(store, "acme", "bill.payments")


def put(rows: Settlements, *given: Row) -> None:
    with rows.store.write() as tx:
        rows.put(tx, given)


def test_what_was_put_comes_back_exactly(rows: Settlements) -> None:
    put(rows, row(), row("stp02", "0.123", voucher=W, export="e1"))
    assert rows.of_references(["stp01", "stp02", "stp03"]) == {
        "stp01": [row()],
        "stp02": [row("stp02", "0.123", voucher=W, export="e1")],
    }


def test_a_row_that_is_there_stays(rows: Settlements) -> None:
    put(rows, row())
    put(rows, row(accounting_date="2026-11-30"), row(amount="1.00", part=2))
    assert [one.amount for one in rows.of_references(["stp01"])["stp01"]] == [
        Decimal("100.00"),
        Decimal("1.00"),
    ]


@pytest.mark.parametrize(
    "other", [{"amount": "999.00"}, {"voucher": W}, {"kind": REVERSED}, {"currency": "CAD"}, {"kind": CLOSED}]
)
def test_another_row_in_the_same_place_is_an_error(rows: Settlements, other: dict[str, str]) -> None:
    put(rows, row())
    with pytest.raises(ValueError, match=r"stp01: entry 1 part 1 of US001 is remembered as settled 100\.0*"):
        put(rows, row(**other))
    assert rows.of_references(["stp01"])["stp01"] == [row()]


def test_units_number_their_entries_by_themselves(rows: Settlements) -> None:
    both = [row(), row(unit="US002", voucher="US002|00000009")]
    put(rows, *both)
    assert rows.of_references(["stp01"])["stp01"] == both
    assert rows.settled([V, "US002|00000009"]) == {
        V: {"USD": Decimal("100.00")},
        "US002|00000009": {"USD": Decimal("100.00")},
    }


def test_tenants_and_flows_do_not_see_each_other(rows: Settlements) -> None:
    put(rows, row())
    for other in (
        Settlements(rows.store, "other", rows.flow),
        Settlements(rows.store, "acme", "cin7.payments"),
    ):
        put(other, row("stp99", "5.00"))
        assert list(other.of_references(["stp01", "stp99"])) == ["stp99"]
        assert other.settled([V]) == {V: {"USD": Decimal("5.00")}}
        assert other.of_journals([("US001", "B000000001")]) == {("US001", "B000000001"): "stp99"}


def test_sums_are_exact_and_by_currency(rows: Settlements) -> None:
    put(
        rows,
        row("a", "0.10"),
        row("b", "0.20"),
        row("c", "7.00", currency="CAD"),
        row("d", "1.00", voucher=W),
    )
    put(rows, row("a", "-0.10", entry=2, kind=REVERSED), row(V, "99.00", part=0, kind=CLOSED))
    assert rows.settled([V, W, "US001|9"]) == {
        V: {"USD": Decimal("0.20"), "CAD": Decimal("7.00")},
        W: {"USD": Decimal("1.00")},
    }


def test_payments_that_are_and_that_were_settled(rows: Settlements) -> None:
    put(rows, row("a"), row("b"), row("b", "-100.00", entry=2, kind=REVERSED))
    booked = rows.booked(["a", "b", "c"])
    assert (set(booked.standing), set(booked.known)) == ({"a"}, {"a", "b"})


def test_a_file_is_marked_once(rows: Settlements) -> None:
    put(rows, row("a", export="e1"), row("b", export="e1"), row("c", export="e2"))
    assert [one.reference for one in rows.of_export("e1")] == ["a", "b"]
    with rows.store.write() as tx:
        rows.exported(tx, "e1")
    assert [one.exported for one in rows.of_export("e1")] == [True, True]
    assert [one.exported for one in rows.of_export("e2")] == [False]


def test_pages_hold_payments_and_no_closings(rows: Settlements) -> None:
    put(rows, *(row(f"stp{number:02d}") for number in range(5)), row(V, part=0, kind=CLOSING))
    assert rows.page("", 3) == ["stp00", "stp01", "stp02"]
    assert rows.page("stp02", 3) == ["stp03", "stp04"]


def test_a_closing_is_completed(rows: Settlements) -> None:
    closing = row(V, part=0, kind=CLOSING)
    put(rows, closing, row(V, part=0, entry=2, kind=CLOSING))
    with rows.store.write() as tx:
        rows.turn(tx, closing, CLOSED)
    assert [one.kind for one in rows.of_references([V])[V]] == [CLOSED, CLOSING]


def test_many_at_once(rows: Settlements) -> None:
    put(rows, *(row(f"stp{number:04d}", journal=f"B{number:09d}") for number in range(1200)))
    names = [f"stp{number:04d}" for number in range(1200)]
    assert len(rows.of_references(names)) == 1200
    assert len(rows.of_journals([("US001", f"B{number:09d}") for number in range(1200)])) == 1200


def test_details_are_not_readable_in_the_database(rows: Settlements) -> None:
    put(rows, row())
    with rows.store.read() as connection:
        raw = connection.exec_driver_sql("SELECT details FROM settlement").scalar_one()
    assert b"Office Supplies" not in bytes(raw)
