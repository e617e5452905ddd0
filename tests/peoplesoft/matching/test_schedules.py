"""Which schedule of an order line an invoice goes to, and what its receipts say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core.contract import Payload
from ml_connector.peoplesoft.matching.order import OrderLine, read_order
from ml_connector.peoplesoft.matching.schedules import Before, by_amount, by_quantity

from .support import D, before, invoice, invoice_line, matched, order, order_line, receipt, schedule


def placed(match: Payload) -> list[tuple[str, Decimal]]:
    return [(row["SCHED_NBR"], row["QTY_VCHR"]) for row in match["lines"]]


def test_what_was_received_is_filled_first() -> None:
    held = order(order_line(1, schedule(1, receipts=[]), schedule(2)))
    match = matched(invoice(), held)
    assert (match["result"], placed(match)) == ("matched", [("2", D(10))])


def test_each_schedule_has_its_own_receipts() -> None:
    held = order(order_line(1, schedule(1, receipts=[]), schedule(2, receipts=[receipt("10")])))
    rows = [row | {"schedule": "2"} for row in before("10")]
    match = matched(invoice(invoice_line(quantity="3"), invoiced_before=rows), held)
    assert (match["result"], placed(match)) == ("receipt", [("1", D(3))])
    assert match["reason"] == (
        "Line 1: quantity 3 for schedule 1, but 0 were received and accepted, and "
        "0 invoiced before (tolerance 0)."
    )


def test_what_was_invoiced_of_a_schedule_is_remembered() -> None:
    held = order(order_line(1, schedule(1), schedule(2)))
    rows = [row | {"schedule": "2"} for row in before("10")]
    assert placed(matched(invoice(invoiced_before=rows), held)) == [("1", D(10))]
    credit = invoice(invoice_line(quantity="-4"), kind="credit", invoiced_before=rows)
    assert placed(matched(credit, held)) == [("2", D(-4))]


def test_more_than_ordered_goes_where_more_was_received() -> None:
    held = order(order_line(1, schedule(1, receipts=[receipt("12")]), schedule(2, receipts=[])))
    match = matched(invoice(invoice_line(quantity="12")), held)
    assert (match["result"], placed(match)) == ("matched", [("1", D(12))])


def test_an_amount_fills_schedules_up_to_their_own() -> None:
    rows = [schedule(1, "1", "600.00"), schedule(2, "1", "400.00")]
    held = order(order_line(1, *rows, AMT_ONLY_FLG="Y"))
    line = invoice_line(quantity=None, price=None, amount=D("1000.00"), unit=None)
    match = matched(invoice(line), held)
    assert [(row["SCHED_NBR"], row["MERCHANDISE_AMT"]) for row in match["lines"]] == [
        ("1", D("600.00")), ("2", D("400.00")),
    ]  # fmt: skip
    later = line | {"amount": D("400.00")}
    earlier = [{"order_line": "US001|0000000007|1", "schedule": "1", "quantity": D(1), "amount": D("600.00")}]
    match = matched(invoice(later, invoiced_before=earlier), held)
    assert (match["result"], match["lines"][0]["SCHED_NBR"]) == ("matched", "2")


# ---- units of receipts


@pytest.mark.parametrize(
    ("shown", "result"),
    [
        ({}, "matched"),
        ({"RECEIVE_UOM": "BX"}, "matched"),
        ({"RECEIVE_UOM": "EA"}, "receipt"),
        ({"RECEIVE_UOM": "EA", "QTY_SH_ACCPT_VUOM": D(10)}, "matched"),
        ({"QTY_SH_ACCPT_VUOM": D(1)}, "receipt"),
        ({"QTY_SH_RTN": D(1)}, "receipt"),
    ],
)
def test_receipts_count_in_the_unit_of_the_order(shown: dict[str, Any], result: str) -> None:
    row = schedule(receipts=[receipt("10") | shown])
    match = matched(invoice(invoice_line(unit="BX")), order(order_line(1, row, UNIT_OF_MEASURE="BX")))
    assert (match["result"], match["releasable"] == "true") == (result, result != "matched")
    assert ("10 EA more, not in BX" in match["reason"]) == (
        shown.get("RECEIVE_UOM") == "EA" and result == "receipt"
    )


# ---- whatever comes


sizes = st.integers(0, 100).map(Decimal)


def a_line(rows: list[tuple[Decimal, Decimal]]) -> OrderLine:
    schedules = [
        schedule(number, str(ordered), "1.00", receipts=[receipt(str(accepted))])
        for number, (ordered, accepted) in enumerate(rows, 1)
    ]
    return read_order(order(order_line(1, *schedules)), "SHARE", ["X"]).lines[0]


@given(st.lists(st.tuples(sizes, sizes), min_size=1, max_size=4), st.lists(sizes, max_size=4), st.data())
def test_parts_are_the_whole_and_receipts_are_used_as_far_as_they_go(
    rows: list[tuple[Decimal, Decimal]], earlier: list[Decimal], data: st.DataObject
) -> None:
    line, used = a_line(rows), Before()
    for row, quantity in zip(line.schedules, earlier, strict=False):
        used.add(line, row.number, quantity, quantity)
    wanted = data.draw(st.integers(-100, 300).map(Decimal))
    parts = by_quantity(line, used, wanted, receipts=True)
    assert sum(part for _, part in parts) == wanted
    assert sum(part for _, part in by_amount(line, used, wanted)) == wanted
    open_ = sum(max(row.accepted - used.quantities[row.number], D(0)) for row in line.schedules)
    covered = all(part <= 0 or used.quantities[row.number] + part <= row.accepted for row, part in parts)
    assert wanted <= 0 or covered == (wanted <= open_)
