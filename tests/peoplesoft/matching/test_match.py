"""Every rule of matching, on both sides of its limit."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector.core.contract import Payload

from .support import D, before, invoice, invoice_line, matched, order, order_line, receipt, schedule


def words(match: Payload) -> tuple[str, str]:
    return match["result"], match["releasable"]


def test_an_invoice_as_ordered_and_received_matches() -> None:
    assert matched(invoice(tax=D("0.75"), freight=D("4.00"))) == {
        "result": "matched", "reason": "", "releasable": "false", "BUSINESS_UNIT": "US001",
        "VENDOR_SETID": "SHARE", "VENDOR_ID": "0000000002", "BUSINESS_UNIT_PO": "US001",
        "PO_ID": "0000000007", "PYMNT_TERMS_CD": "N30", "TXN_CURRENCY_CD": "USD",
        "lines": [
            {
                "line": "1", "description": "Hex bolt", "VOUCHER_LINE_NUM": 1, "LINE_NBR": "1",
                "SCHED_NBR": "1", "QTY_VCHR": D(10), "UNIT_OF_MEASURE": "EA", "UNIT_PRICE": D("1.25"),
                "MERCHANDISE_AMT": D("12.50"),
                "distributions": [
                    {
                        "DISTRIB_LINE_NUM": "1", "BUSINESS_UNIT_GL": "US001", "ACCOUNT": "641000",
                        "DEPTID": "10200", "PROJECT_ID": "P1", "MERCHANDISE_AMT": D("12.50"),
                    }
                ],
            }
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "against", "result", "releasable", "sentence"),
    [
        pytest.param(
            {"vendors": ["SHARE|0000000003"]}, {}, "other_supplier", "false",
            "Order US001-0000000007 is for supplier SHARE|0000000002, but acme stands for SHARE|0000000003.",
            id="supplier",
        ),
        pytest.param(
            {"currency": "EUR"}, {}, "other_currency", "false",
            "The invoice is in EUR, but order US001-0000000007 is in USD.", id="currency",
        ),
        pytest.param(
            {}, {"CURRENCY_CD": ""}, "other_currency", "false",
            "The invoice is in USD, but order US001-0000000007 is in no currency.", id="no currency",
        ),
        pytest.param(
            {}, {"PO_STATUS": "PA"}, "closed_order", "true",
            "Order US001-0000000007 is in status PA, expected D.", id="status",
        ),
        pytest.param(
            {"total": D("12.56")}, {}, "total", "false",
            "The total is 12.56, but lines (12.50) with tax and charges (0.00) are 12.50 (tolerance 0.05).",
            id="total",
        ),
    ],
)  # fmt: skip
def test_what_differs_as_a_whole(
    given: Any, against: Any, result: str, releasable: str, sentence: str
) -> None:
    match = matched(invoice(**given), order(**against))
    assert (*words(match), match["reason"]) == (result, releasable, sentence)
    assert bool(match["lines"]) == (releasable == "true")


@pytest.mark.parametrize(
    ("line", "held", "result", "sentence"),
    [
        pytest.param(
            invoice_line(unit="BX"), order_line(), "unit", "Line 1: unit BX, but the order is in EA.",
            id="unit",
        ),
        pytest.param(
            invoice_line(price="1.26"), order_line(), "price",
            "Line 1: price 1.26, but the order says 1.25 (tolerance 0.00).", id="price",
        ),
        pytest.param(
            invoice_line(quantity="11"), order_line(1, schedule(receipts=[receipt("11")])), "quantity",
            "Line 1: quantity 11, but 10 were ordered and 0 invoiced before (tolerance 0 %).", id="quantity",
        ),
        pytest.param(
            invoice_line(), order_line(1, schedule(receipts=[receipt("6"), receipt("4", 2, "X")])),
            "receipt",
            "Line 1: quantity 10, but 6 were received and accepted, and 0 invoiced before (tolerance 0).",
            id="receipt",
        ),
        pytest.param(
            invoice_line(amount=D("12.60")), order_line(), "amount",
            "Line 1: amount 12.60, but quantity times price is 12.50 (tolerance 0.01).", id="amount",
        ),
        pytest.param(
            invoice_line(quantity="-2"), order_line(), "quantity",
            "Line 1: 2 credited, but 0 invoiced before.", id="credit",
        ),
    ],
)  # fmt: skip
def test_what_differs_in_a_line_can_be_released(
    line: Payload, held: Payload, result: str, sentence: str
) -> None:
    match = matched(invoice(line), order(held))
    assert (*words(match), match["reason"]) == (result, "true", sentence)
    (made,) = match["lines"]
    assert (made["QTY_VCHR"], made["MERCHANDISE_AMT"]) == (line["quantity"], line["amount"])


def test_a_line_without_a_quantity_cannot_be_released() -> None:
    match = matched(invoice(invoice_line(quantity=None, price=None, amount=D("12.50"))))
    assert (*words(match), match["reason"]) == (
        "quantity", "false", "Line 1: no quantity is given, and the order is by quantity.",
    )  # fmt: skip


def test_all_that_differs_is_told_and_the_first_gives_the_word() -> None:
    match = matched(invoice(invoice_line(unit="BX", price="2.00", quantity="11")), order(PO_STATUS="C"))
    assert words(match) == ("closed_order", "true")
    assert match["reason"].count("Line 1:") == 4
    many = [invoice_line(str(number)) for number in range(2, 12)]
    assert matched(invoice(*many))["reason"].endswith("And 5 more.")


# ---- tolerances


@pytest.mark.parametrize(
    ("price", "chosen", "result"),
    [
        ("1.30", {"price_percent": "4"}, "matched"),
        ("1.20", {"price_percent": "4"}, "matched"),
        ("1.31", {"price_percent": "4"}, "price"),
        ("1.19", {"price_percent": "4"}, "price"),
        ("1.31", {"price_percent": "4", "price_amount": "0.06"}, "matched"),
        ("1.30", {"price_amount": "0.04"}, "price"),
    ],
)
def test_the_larger_price_tolerance_counts(price: str, chosen: dict[str, Any], result: str) -> None:
    assert matched(invoice(invoice_line(price=price)), **chosen)["result"] == result


@pytest.mark.parametrize(
    ("quantity", "earlier", "result"),
    [("11", "0", "matched"), ("12", "0", "quantity"), ("5", "6", "matched"), ("5", "6.5", "quantity")],
)
def test_more_than_ordered_within_the_tolerance(quantity: str, earlier: str, result: str) -> None:
    given = invoice(invoice_line(quantity=quantity), invoiced_before=before(earlier))
    assert matched(given, quantity_percent="10", receipts="ignored")["result"] == result


@pytest.mark.parametrize(
    ("mode", "receipts", "result"),
    [
        ("required", [], "receipt"),
        ("if_any", [], "matched"),
        ("ignored", [], "matched"),
        ("if_any", [receipt("9")], "receipt"),
        ("ignored", [receipt("9")], "matched"),
        ("if_any", [receipt("9", status="X")], "matched"),
    ],
)
def test_receipts(mode: str, receipts: list[Payload], result: str) -> None:
    held = order(order_line(1, schedule(receipts=receipts)))
    assert matched(invoice(), held, receipts=mode)["result"] == result


def test_what_was_invoiced_before_uses_up_receipts() -> None:
    given = invoice(invoice_line(quantity="4"), invoiced_before=before("7"))
    match = matched(given, quantity_percent="50")
    assert match["reason"] == (
        "Line 1: quantity 4, but 10 were received and accepted, and 7 invoiced before (tolerance 0)."
    )
    others = [*before("7", line=2), {"order_line": "US002|0000000007|1", "quantity": D(9)}]
    assert matched(invoice(invoiced_before=others))["result"] == "matched"


def test_two_lines_for_one_line_of_the_order_count_together() -> None:
    assert (
        matched(invoice(invoice_line(quantity="6"), invoice_line("1.2", quantity="4", order_line="1")))[
            "result"
        ]
        == "matched"
    )
    match = matched(
        invoice(invoice_line(quantity="6"), invoice_line("1.2", quantity="5", order_line="1")),
        receipts="ignored",
    )
    assert match["reason"] == (
        "Line 1.2: quantity 5, but 10 were ordered and 6 invoiced before (tolerance 0 %)."
    )


def test_a_few_cents_of_the_total_go_to_the_lines() -> None:
    lines = [invoice_line("1", "3", "1.25"), invoice_line("2", "3", "2.00")]
    held = order(order_line(1), order_line(2, schedule(price="2.00")))
    given = invoice(*lines, freight=D("1.00"), total=D("10.73"))
    match = matched(given, held)
    assert match["result"] == "matched"
    assert [line["MERCHANDISE_AMT"] for line in match["lines"]] == [D("3.74"), D("5.99")]
    assert sum(line["MERCHANDISE_AMT"] for line in match["lines"]) + given["freight"] == given["total"]


# ---- finding lines


def two_lines() -> Payload:
    return order(order_line(1), order_line(2, schedule(price="2.00")))


@pytest.mark.parametrize(
    ("line", "items", "number"),
    [
        ("2", {}, "2"),
        ("0002", {}, "2"),
        ("1", {"BP": "10002"}, "2"),
        ("9", {"IN": "10002"}, "2"),
        ("A", {"VP": "v-2"}, "2"),
        ("1", {"VN": "V-2"}, "2"),
        ("2", {"BP": "10002", "VP": "something new"}, "2"),
        ("2", {"UP": "012345678905"}, "2"),
    ],
)
def test_a_line_is_found_by_number_and_item(line: str, items: dict[str, Any], number: str) -> None:
    match = matched(invoice(invoice_line(line, price="2.00", items=items)), two_lines())
    assert match["result"] == "matched"
    assert match["lines"][0]["LINE_NBR"] == number


@pytest.mark.parametrize(
    ("line", "items", "sentence"),
    [
        ("7", {}, "Line 7 is not in order US001-0000000007, which has lines 1, 2."),
        ("7", {"BP": "99"}, "Line 7 with item 99 is not in order US001-0000000007, which has lines 1, 2."),
        ("1", {"BP": "99"}, "Line 1: its item is 99, but line 1 of order US001-0000000007 is 10001."),
    ],
)
def test_a_line_that_is_not_in_the_order(line: str, items: dict[str, str], sentence: str) -> None:
    match = matched(invoice(invoice_line(line, items=items)), two_lines())
    assert (*words(match), match["reason"], match["lines"]) == ("unknown_line", "false", sentence, [])


def test_an_item_that_stands_in_two_lines_is_not_guessed() -> None:
    held = order(order_line(1), order_line(2, INV_ITEM_ID="10001"))
    match = matched(invoice(invoice_line("7", items={"BP": "10001"})), held)
    assert match["reason"] == "Line 7: its item 10001 stands in lines 1 and 2 of order US001-0000000007."


@pytest.mark.parametrize(
    "held",
    [order_line(CANCEL_STATUS="X"), order_line(1, schedule(CANCEL_STATUS="X"))],
    ids=["line", "schedule"],
)
def test_a_cancelled_line_cannot_be_invoiced(held: Payload) -> None:
    match = matched(invoice(), order(held))
    assert (*words(match), match["reason"]) == (
        "closed_line", "false", "Line 1: line 1 of the order is cancelled.",
    )  # fmt: skip


# ---- schedules, amounts, credits


def test_schedules_are_filled_in_their_order() -> None:
    held = order(order_line(1, schedule(1, "4"), schedule(2, "6"), schedule(3, "5", CANCEL_STATUS="X")))
    match = matched(invoice(invoice_line(quantity="5"), invoiced_before=before("2")), held)
    made = [
        (row["line"], row["SCHED_NBR"], row["QTY_VCHR"], row["MERCHANDISE_AMT"]) for row in match["lines"]
    ]
    assert made == [("1", "1", D(2), D("2.50")), ("1.2", "2", D(3), D("3.75"))]
    assert [row["VOUCHER_LINE_NUM"] for row in match["lines"]] == [1, 2]


def test_further_names_do_not_meet_those_of_the_supplier() -> None:
    held = order(order_line(1, schedule(1, "4"), schedule(2, "6")))
    match = matched(
        invoice(invoice_line(quantity="6"), invoice_line("1.2", quantity="4", order_line="1")), held
    )
    assert [row["line"] for row in match["lines"]] == ["1", "1.3", "1.2"]


def test_each_schedule_has_its_own_price() -> None:
    held = order(order_line(1, schedule(1, "4"), schedule(2, "6", "2.00")))
    assert matched(invoice(invoice_line(quantity="4")), held)["result"] == "matched"
    assert matched(invoice(invoice_line(quantity="5")), held)["result"] == "price"
    later = invoice(invoice_line(quantity="6", price="2.00"), invoiced_before=before("4"))
    assert matched(later, held)["result"] == "matched"


def test_the_last_schedule_takes_what_is_more() -> None:
    held = order(order_line(1, schedule(1, "4"), schedule(2, "6")))
    match = matched(invoice(invoice_line(quantity="11")), held, quantity_percent="10", receipts="ignored")
    assert [row["QTY_VCHR"] for row in match["lines"]] == [D(4), D(7)]


def test_a_credit_takes_back_from_the_last_schedule() -> None:
    held = order(order_line(1, schedule(1, "4"), schedule(2, "6")))
    given = invoice(invoice_line(quantity="-7"), kind="credit", invoiced_before=before("10"))
    match = matched(given, held)
    assert match["result"] == "matched"
    made = [(row["SCHED_NBR"], row["QTY_VCHR"], row["MERCHANDISE_AMT"]) for row in match["lines"]]
    assert made == [("1", D(-1), D("-1.25")), ("2", D(-6), D("-7.50"))]
    assert [row["distributions"][0]["MERCHANDISE_AMT"] for row in match["lines"]] == [D("-1.25"), D("-7.50")]


def amount_only(**changed: Any) -> Payload:
    return order(order_line(1, schedule(1, "1", "2500.00", receipts=[]), AMT_ONLY_FLG="Y"), **changed)


@pytest.mark.parametrize(
    ("amount", "earlier", "chosen", "result"),
    [
        ("2500.00", "0", {}, "matched"),
        ("1000.00", "1500.00", {}, "matched"),
        ("1000.01", "1500.00", {}, "amount"),
        ("1025.00", "1500.00", {"price_percent": "1"}, "matched"),
        ("-1500.00", "1500.00", {}, "matched"),
        ("-1500.01", "1500.00", {}, "amount"),
    ],
)
def test_lines_by_amount_alone(amount: str, earlier: str, chosen: dict[str, Any], result: str) -> None:
    line = invoice_line(quantity=None, price=None, amount=D(amount), unit=None)
    given = invoice(line, invoiced_before=before("1", amount=D(earlier)))
    match = matched(given, amount_only(), **chosen)
    assert (match["result"], match["releasable"] == "true") == (result, result != "matched")
    (made,) = match["lines"]
    sign = -1 if amount.startswith("-") else 1
    assert (made["QTY_VCHR"], made["UNIT_PRICE"], made["MERCHANDISE_AMT"]) == (
        sign,
        abs(D(amount)),
        D(amount),
    )


def test_its_price_is_its_amount_cents_included() -> None:
    line = invoice_line(quantity=None, price=None, amount=D("2500.00"), unit=None)
    (made,) = matched(invoice(line, total=D("2499.97")), amount_only())["lines"]
    assert (made["UNIT_PRICE"], made["MERCHANDISE_AMT"]) == (D("2499.97"), D("2499.97"))


# ---- invoices without lines


def test_an_invoice_without_lines_is_for_all_that_is_left() -> None:
    held = order(
        order_line(1, schedule(1, "4"), schedule(2, "6")),
        order_line(2, schedule(price="2.00")),
        order_line(3, CANCEL_STATUS="X"),
        order_line(4, schedule(1, "1", "50.00", receipts=[]), AMT_ONLY_FLG="Y"),
    )
    given = invoice(lines=[], total=D("81.25"), freight=D("3.75"), invoiced_before=before("6"))
    given["total"] = D("5.00") + D("20.00") + D("50.00") + D("3.75")
    match = matched(given, held)
    assert match["result"] == "matched", match["reason"]
    made = [
        (row["LINE_NBR"], row["SCHED_NBR"], row["QTY_VCHR"], row["MERCHANDISE_AMT"]) for row in match["lines"]
    ]
    assert made == [
        ("1", "2", D(4), D("5.00")), ("2", "1", D(10), D("20.00")), ("4", "1", D(1), D("50.00")),
    ]  # fmt: skip


def test_an_invoice_without_lines_over_another_amount_is_held() -> None:
    match = matched(invoice(lines=[], total=D("12.56")))
    assert (*words(match), match["lines"]) == ("header_only", "false", [])
    assert match["reason"] == (
        "The invoice has no lines, and 12.56 without tax and charges is not the 12.50 that is left to be "
        "invoiced of order US001-0000000007 (tolerance 0.05)."
    )
    credit = invoice(lines=[], total=D("-12.50"), kind="credit", invoiced_before=before("10"))
    assert matched(credit)["result"] == "header_only"


def test_it_must_have_been_received_as_well() -> None:
    match = matched(invoice(lines=[], total=D("12.50")), order(order_line(1, schedule(receipts=[]))))
    assert words(match) == ("receipt", "true")
