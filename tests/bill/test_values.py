from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ml_connector.bill.bill_state import Settlement, settlement
from ml_connector.bill.lines import merge
from ml_connector.bill.values import differences, money, normal, select, shown, total, tree


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (149, "149.00"),
        ("228.99", "228.99"),
        (Decimal("0.5"), "0.50"),
        (Decimal("1.005"), "1.005"),
        (0, "0.00"),
        ("", None),
        (None, None),
        ("abc", None),
        ("NaN", None),
        (True, None),
    ],
)
def test_money(value: Any, amount: str | None) -> None:
    found = money(value)
    assert (str(found) if found is not None else None) == amount


def test_keys_are_compared_without_case_and_space_but_with_zeros() -> None:
    assert normal("  Inv-00 7 ") == normal("INV-00 7") != normal("INV-0 7")


def test_a_total_takes_quantity_times_price_where_no_amount_is_given() -> None:
    assert total([{"amount": "1.10"}, {"quantity": 3, "price": Decimal("0.333")}, {}]) == Decimal("2.10")


def test_only_fields_that_are_ours_are_compared() -> None:
    held = {
        "name": "A ",
        "email": "x",
        "address": {"city": "Boston", "countryName": "United States"},
        "n": "5.0",
    }
    assert differences({"name": "A", "address": {"city": "Boston"}, "n": Decimal(5)}, held) == []
    assert differences({"name": "B", "address": {"city": "Rome", "line1": "x"}}, held) == [
        "name", "address.city", "address.line1",
    ]  # fmt: skip


def test_blank_and_missing_are_the_same() -> None:
    assert differences({"email": "", "phone": None}, {}) == []
    assert differences({"track1099": False}, {}) == []
    assert differences({"track1099": True}, {}) == ["track1099"]


def test_lines_are_compared_in_any_order_but_each_once() -> None:
    one, two = {"amount": Decimal(1)}, {"amount": Decimal(2)}
    assert differences({"l": [one, two]}, {"l": [{"id": "b", "amount": 2}, {"id": "a", "amount": 1}]}) == []
    assert differences({"l": [one, one]}, {"l": [{"amount": 1}, {"amount": 2}]}) == ["l"]
    assert differences({"l": [one]}, {"l": [{"amount": 1}, {"amount": 2}]}) == ["l"]


def test_a_selection_leaves_out_what_is_blank_or_not_ours() -> None:
    record = {"id": "1", "name": "A", "note": "", "lines": [{"id": "2", "amount": "1"}], "empty": {"x": None}}
    fields = tree("name", "note", lines=tree("amount"), empty=tree("x"))
    assert select(record, fields) == {"name": "A", "lines": [{"amount": Decimal("1.00")}]}


def test_nothing_shown_to_people_holds_bank_details() -> None:
    payment = {"payeeName": "A", "bankAccount": {"accountNumber": "123456"}}
    more = {"taxId": "12-3456789", "track1099": True}
    record = {"name": "A", "paymentInformation": payment, "additionalInfo": more}
    assert "123456" not in str(shown(record))
    assert "3456789" not in str(shown(record))
    assert shown(record)["paymentInformation"] == {"payeeName": "A"}


@pytest.mark.parametrize(
    ("record", "state"),
    [
        ({"paymentStatus": "UNPAID", "amount": 5, "dueAmount": 5}, Settlement.OPEN),
        ({"paymentStatus": "UNPAID"}, Settlement.OPEN),
        (
            {"paymentStatus": "UNPAID", "amount": 5, "dueAmount": 5, "scheduledAmount": 5},
            Settlement.SCHEDULED,
        ),
        ({"paymentStatus": "SCHEDULED"}, Settlement.SCHEDULED),
        ({"paymentStatus": "PAID"}, Settlement.PAID),
        ({"paymentStatus": "PARTIAL_PAYMENT"}, Settlement.PARTIAL),
        ({"paymentStatus": "UNPAID", "amount": 5, "paidAmount": "2", "dueAmount": 3}, Settlement.PARTIAL),
        ({"paymentStatus": "UNPAID", "amount": 5, "creditAmount": 1, "dueAmount": 4}, Settlement.PARTIAL),
        ({"paymentStatus": "UNDEFINED", "amount": 5, "dueAmount": 5}, Settlement.OPEN),
        ({"paymentStatus": "UNDEFINED", "amount": 5, "dueAmount": 0}, Settlement.PAID),
        ({"paymentStatus": "UNDEFINED", "amount": 5}, Settlement.UNKNOWN),
        ({"amount": 5, "dueAmount": 2}, Settlement.PARTIAL),
        ({}, Settlement.UNKNOWN),
    ],
)
def test_payment_state_of_a_bill(record: dict[str, Any], state: Settlement) -> None:
    assert settlement(record) is state


def line(amount: int, text: str = "", **more: Any) -> dict[str, Any]:
    return {"amount": amount, **({"description": text} if text else {}), **more}


def test_equal_lines_keep_their_ids_wherever_they_stand() -> None:
    held = [{"id": "a", **line(1, "x")}, {"id": "b", **line(2, "y")}]
    merged = merge([line(2, "y"), line(1, "x")], held)
    assert [one["id"] for one in merged.lines] == ["b", "a"]
    assert (merged.changed, merged.same_set) == ([], True)


def test_a_changed_line_keeps_the_id_of_its_place() -> None:
    held = [{"id": "a", **line(1)}, {"id": "b", **line(2)}]
    merged = merge([line(1), line(5)], held)
    assert merged.changed == [{"id": "b", "amount": 5}]
    assert merged.same_set


def test_lines_that_come_and_go() -> None:
    held = [{"id": "a", **line(1)}, {"id": "b", **line(2)}]
    more = merge([line(1), line(2), line(3)], held)
    assert [one.get("id") for one in more.lines] == ["a", "b", None]
    assert not more.same_set
    less = merge([line(2)], held)
    assert [one["id"] for one in less.lines] == ["b"]
    assert not less.same_set


def test_classes_that_people_gave_a_line_in_bill_stay() -> None:
    held = [
        {
            "id": "a",
            "amount": 1,
            "classifications": {"chartOfAccountId": "0ca1", "jobId": "job", "departmentId": "d"},
        }
    ]
    wanted = [{"amount": 2, "classifications": {"chartOfAccountId": "0ca1"}}]
    before = [{"amount": 1, "classifications": {"chartOfAccountId": "0ca1", "departmentId": "d"}}]
    merged = merge(wanted, held, before)
    assert merged.lines[0]["classifications"] == {"chartOfAccountId": "0ca1", "jobId": "job"}
