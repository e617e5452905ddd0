"""Charges: no order speaks for them, so each kind has its share of the goods."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector.core.contract import Payload

from .support import D, before, invoice, invoice_line, matched, order, order_line, schedule

LARGE = order(order_line(1, schedule(1, "1000", "1.00")))


def large(**charges: Any) -> Payload:
    """Goods for 1000.00."""
    return invoice(invoice_line(quantity="1000", price="1.00"), **charges)


@pytest.mark.parametrize(
    ("charges", "chosen", "result"),
    [
        ({"freight": "150"}, {}, "matched"),
        ({"freight": "150.01"}, {}, "charges"),
        ({"freight": "150.01"}, {"freight_amount": "200"}, "matched"),
        ({"tax": "250"}, {}, "matched"),
        ({"tax": "250.01"}, {}, "charges"),
        ({"tax": "125", "vat": "125.01"}, {}, "charges"),
        ({"freight": "100", "tax": "275"}, {}, "matched"),  # freight is taxed too
        ({"miscellaneous": "0.01"}, {}, "charges"),
        ({"miscellaneous": "50000"}, {}, "charges"),
        ({"miscellaneous": "20"}, {"miscellaneous_percent": "2"}, "matched"),
        ({"miscellaneous": "-500"}, {}, "matched"),  # an allowance
        ({"freight": "160", "miscellaneous": "-500"}, {}, "charges"),
    ],
)
def test_each_kind_has_its_limit(charges: dict[str, str], chosen: dict[str, Any], result: str) -> None:
    given = large(**{name: D(amount) for name, amount in charges.items()})
    match = matched(given, LARGE, **chosen)
    assert (match["result"], match["releasable"] == "true") == (result, result != "matched")


def test_the_reason_names_amounts_and_rule() -> None:
    match = matched(large(freight=D("9000")), LARGE)
    assert match["reason"] == (
        "Freight: 9000.00, but no more than 150.00 is accepted (15 % of the goods, or 25.00)."
    )
    assert match["lines"]


def test_small_goods_may_have_the_usual_freight() -> None:
    assert matched(invoice(freight=D("25.00")))["result"] == "matched"
    assert matched(invoice(freight=D("25.01")))["result"] == "charges"


@pytest.mark.parametrize(("earlier", "result"), [("90", "matched"), ("120", "charges")])
def test_all_invoices_of_an_order_count_together(earlier: str, result: str) -> None:
    others = [
        {"order": "US001|0000000007", "freight": D(earlier)},
        {"order": "US001|0000000008", "freight": D(999)},
    ]
    given = invoice(
        invoice_line(quantity="400", price="1.00"), freight=D("50"), charged_before=others,
        invoiced_before=before("600", amount=D(600)),
    )  # fmt: skip
    match = matched(given, LARGE)
    assert match["result"] == result
    assert result == "matched" or "50.00 and 120.00 before, but no more than 150.00" in match["reason"]


@pytest.mark.parametrize(
    ("charges", "result"),
    [
        ({"freight": D("-20")}, "matched"),
        ({"freight": D("-31")}, "charges"),  # more than was charged
        ({"miscellaneous": D("-500")}, "charges"),
        ({"miscellaneous": D("50")}, "charges"),  # a fee for taking it back
    ],
)
def test_charges_of_credits(charges: dict[str, Any], result: str) -> None:
    given = invoice(
        invoice_line(quantity="-500", price="1.00"), kind="credit", **charges,
        invoiced_before=before("1000", amount=D(1000)),
        charged_before=[{"order": "US001|0000000007", "freight": D(30)}],
    )  # fmt: skip
    assert matched(given, LARGE)["result"] == result


def test_an_invoice_about_nothing_but_charges_is_held() -> None:
    given = invoice(
        invoice_line(quantity="0", amount=D("0.00")), freight=D("20"), invoiced_before=before("10")
    )
    match = matched(given)
    assert (match["result"], match["releasable"]) == ("quantity", "true")
    assert match["reason"] == "All quantities of the invoice are 0."
