"""What an invoice line that numbers no line of the order can be about."""

from __future__ import annotations

from .support import invoice, invoice_line, matched, order, order_line


def test_the_position_of_a_line_is_no_line_number() -> None:
    unnumbered = invoice_line("1", order_line=None)
    match = matched(invoice(unnumbered), order(order_line(1), order_line(2), order_line(3)))
    assert (match["result"], match["releasable"], match["reason"]) == (
        "unknown_line", "false",
        "Line 1 names neither line nor item of order US001-0000000007, which has lines 1, 2, 3.",
    )  # fmt: skip
    assert matched(invoice(unnumbered | {"items": {"BP": "10003"}}), order(order_line(1), order_line(3)))[
        "lines"
    ][0]["LINE_NBR"] == ("3")
    only = order(order_line(1, CANCEL_STATUS="X"), order_line(7))
    assert matched(invoice(unnumbered), only)["lines"][0]["LINE_NBR"] == "7"
    other = unnumbered | {"items": {"BP": "99"}}
    assert matched(invoice(other), only)["result"] == "unknown_line"


def test_a_number_with_a_point_is_no_line_number() -> None:
    assert matched(invoice(invoice_line("1.7")), order(order_line(1), order_line(17)))["result"] == (
        "unknown_line"
    )
