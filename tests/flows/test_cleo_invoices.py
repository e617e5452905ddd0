"""Suppliers' invoices become vouchers once; what does not fit its order waits; each is answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from sandbox import credentials
from sandbox.control import peoplesoft
from tests.flows.cleo import AN_HOUR, INVOICES, CleoWorld, Make, connect

LOADED, HELD = "loaded", "held"
GOODS = Decimal("75.00")
"""Ten at 2.50 and ten at 5.00."""


@pytest.fixture
async def cleo(make_cleo: Make) -> AsyncIterator[CleoWorld]:
    """Acme has an order of two lines over 75.00, and the goods were received."""
    async with make_cleo() as made:
        made.order()
        await made.out()
        made.settle()
        yield made


ORDER = "US001-0000000001"


def only(cleo: CleoWorld) -> Any:
    """The one invoice of the ledger."""
    (row,) = cleo.rows(INVOICES).values()
    return row


async def take_in(cleo: CleoWorld, runs: int = 1) -> None:
    for _ in range(runs):
        await cleo.back()
        cleo.settle()


async def test_an_invoice_becomes_a_voucher_and_a_second_run_writes_nothing(cleo: CleoWorld) -> None:
    sent = cleo.bill(ORDER)
    await take_in(cleo)
    row = only(cleo)
    assert (row.status, row.label, row.reference) == (LOADED, sent.invoice, ORDER.replace("-", "|", 1))
    (voucher,) = cleo.vouchers(sent.invoice)
    assert (voucher["VENDOR_ID"], voucher["GROSS_AMT"], voucher["ORIGIN"]) == ("0000000002", GOODS, "EDI")
    assert [line["PO_ID"] for line in voucher["lines"]] == ["0000000001"] * 2
    assert [part["ACCOUNT"] for line in voucher["lines"] for part in line["distributions"]] == ["641000"] * 2
    before = cleo.writes()
    await take_in(cleo)
    assert cleo.writes() == before
    cleo.check()


async def test_invoices_follow_their_orders_without_anybody(make_cleo: Make) -> None:
    async with make_cleo() as cleo:
        cleo.behave(response="accept", invoice="exact")
        cleo.behave("INITECH", acknowledgment="never")
        for number, partner in enumerate(["acme", "globex", "initech", "northwind"], 1):
            cleo.order(partner, number, unit="US002" if number > 2 else "US001")
        await cleo.exchange()
        cleo.check()
        assert len(cleo.vouchers()) == 4
        assert cleo.alerts() == []


# ---- what agrees


@pytest.mark.parametrize(
    ("manner", "total", "extra"),
    [
        ("exact", "75.00", {}),
        ("part", "37.50", {}),
        ("freight", "90.00", {"FREIGHT_AMT": Decimal("15.00")}),
        ("tax", "81.19", {"SALETX_AMT": Decimal("6.19")}),
        ("freight tax", "96.19", {"FREIGHT_AMT": Decimal("15.00"), "SALETX_AMT": Decimal("6.19")}),
        ("discount", "73.50", {"MISC_AMT": Decimal("-1.50")}),
        ("no_line", "75.00", {}),
        ("wrong_line", "75.00", {}),  # its item is in one line of the order only
        ("lf", "75.00", {}),
        ("bom", "75.00", {}),
        ("unterminated", "75.00", {}),
        ("pipe", "75.00", {}),
        ("indented", "75.00", {}),
        ("non_ascii", "75.00", {}),
    ],
)
async def test_what_agrees_is_booked_whatever_it_looks_like(
    cleo: CleoWorld, manner: str, total: str, extra: dict[str, Decimal]
) -> None:
    sent = cleo.bill(ORDER, manner)
    await take_in(cleo)
    assert only(cleo).status == LOADED, only(cleo).reason
    (voucher,) = cleo.vouchers(sent.invoice)
    assert voucher["GROSS_AMT"] == Decimal(total)
    assert {name: voucher[name] for name in extra} == extra
    cleo.check()


@pytest.mark.parametrize("manner", ["credit", "negative_credit"])
async def test_a_credit_takes_back_what_was_invoiced(make_cleo: Make, manner: str) -> None:
    async with make_cleo() as cleo:
        sign = "type" if manner == "credit" else "negative"
        cleo.profile("acme", documents={"supplier_invoice": {"credit_sign": sign}})
        cleo.order()
        await cleo.out()
        cleo.settle()
        cleo.bill(ORDER)
        await take_in(cleo)
        credit = cleo.bill(ORDER, manner)
        await take_in(cleo)
        (voucher,) = cleo.vouchers(credit.invoice)
        assert (voucher["GROSS_AMT"], voucher["VOUCHER_STYLE"]) == (-GOODS, "ADJ")
        assert sum(row["GROSS_AMT"] for row in cleo.vouchers()) == 0
        cleo.check()


async def test_two_parts_make_a_whole_and_not_more(cleo: CleoWorld) -> None:
    for _ in range(2):
        cleo.bill(ORDER, "part")
        await take_in(cleo)
    assert sum(row["GROSS_AMT"] for row in cleo.vouchers()) == GOODS
    third = cleo.bill(ORDER, "part")
    await take_in(cleo, 2)
    assert len(cleo.vouchers()) == 2
    (held,) = [row for row in cleo.rows(INVOICES).values() if row.label == third.invoice]
    assert (held.status, held.reason.split(":")[0]) == (HELD, "quantity")


async def test_two_invoices_for_the_same_goods_in_one_run_are_not_both_booked(cleo: CleoWorld) -> None:
    first, second = cleo.bill(ORDER), cleo.bill(ORDER)
    assert first.invoice != second.invoice
    await take_in(cleo, 2)
    assert [row["INVOICE_ID"] for row in cleo.vouchers()] == [first.invoice]
    assert {row.label: row.status for row in cleo.rows(INVOICES).values()} == {
        first.invoice: LOADED, second.invoice: HELD,
    }  # fmt: skip


# ---- what differs


@pytest.mark.parametrize(
    ("manner", "word", "releasable"),
    [
        ("price", "price", True),
        ("quantity", "quantity", True),
        ("wrong_order", "unknown_order", False),
        ("no_order", "no_order", False),
        ("other_currency", "other_currency", False),
        ("dollars", "total", False),
        ("bad_total", "total", False),
    ],
)
async def test_what_differs_is_held_with_its_reason(
    cleo: CleoWorld, manner: str, word: str, releasable: bool
) -> None:
    sent = cleo.bill(ORDER, manner)
    await take_in(cleo, 2)
    row = only(cleo)
    assert (row.status, row.reason.split(":")[0]) == (HELD, word), row.reason
    assert len(row.reason) > len(word) + 10
    assert cleo.vouchers() == []
    assert sent.acknowledged in (["A"], ["E"]), "it can be read; the business is another matter"
    assert (row.staged_hash is not None) == releasable


async def test_a_price_within_the_tolerance_passes(cleo: CleoWorld) -> None:
    cleo.options(matching={"price_percent": 10})
    sent = cleo.bill(ORDER, "price")
    await take_in(cleo)
    (voucher,) = cleo.vouchers(sent.invoice)
    assert voucher["GROSS_AMT"] == Decimal("77.50")
    cleo.check()


async def test_a_person_releases_it_as_it_is(cleo: CleoWorld) -> None:
    sent = cleo.bill(ORDER, "price")
    await take_in(cleo)
    assert only(cleo).status == HELD
    cleo.release(only(cleo).key)
    await take_in(cleo, 2)
    (voucher,) = cleo.vouchers(sent.invoice)
    assert voucher["GROSS_AMT"] == Decimal("77.50")
    assert only(cleo).status == LOADED
    before = cleo.writes()
    cleo.sandbox.clock.advance(AN_HOUR)
    await take_in(cleo)
    assert cleo.writes() == before
    cleo.check()


async def test_goods_that_come_after_the_invoice_let_it_go_by_itself(cleo: CleoWorld) -> None:
    order = cleo.order(number=2, received=False)
    await cleo.out()
    cleo.settle()
    sent = cleo.bill(order)
    await take_in(cleo, 2)
    assert (only(cleo).status, only(cleo).reason.split(":")[0]) == (HELD, "receipt")
    cleo.receive(order)
    await take_in(cleo)
    assert only(cleo).status == LOADED
    assert len(cleo.vouchers(sent.invoice)) == 1
    cleo.check()


async def test_an_order_that_is_corrected_lets_its_invoice_go(cleo: CleoWorld) -> None:
    sent = cleo.bill(ORDER, "price")
    await take_in(cleo)
    assert only(cleo).status == HELD
    cleo.edit(ORDER, "change", line=1, price="2.75")
    await take_in(cleo)
    assert len(cleo.vouchers(sent.invoice)) == 1
    assert only(cleo).status == LOADED


async def test_the_order_of_another_supplier_is_not_invoiced(cleo: CleoWorld) -> None:
    other = cleo.order("globex", 2)
    await cleo.out()
    cleo.settle()
    order = cleo.held_by("acme", ORDER)
    order.number = other
    cleo.bill(ORDER)
    await take_in(cleo)
    assert (only(cleo).status, only(cleo).reason.split(":")[0]) == (HELD, "other_supplier")
    assert cleo.vouchers() == []


# ---- the same invoice twice


async def test_the_same_invoice_under_new_control_numbers_is_one_voucher(cleo: CleoWorld) -> None:
    first = cleo.bill(ORDER)
    await take_in(cleo)
    again = cleo.bill(ORDER, "duplicate")
    assert (again.invoice, again.interchange) != (first.invoice, first.interchange)
    assert again.invoice == first.invoice
    await take_in(cleo, 2)
    assert len(cleo.rows(INVOICES)) == len(cleo.vouchers()) == 1
    assert (first.acknowledged, again.acknowledged) == (["A"], ["A"])
    cleo.check()


async def test_the_same_file_twice_is_one_voucher(cleo: CleoWorld) -> None:
    sent = cleo.bill(ORDER, "again")
    await take_in(cleo, 2)
    assert len(cleo.vouchers(sent.invoice)) == 1
    assert sent.acknowledged == ["A"]


async def test_another_invoice_under_the_same_number_is_held(cleo: CleoWorld) -> None:
    first = cleo.bill(ORDER, "part")
    await take_in(cleo)
    cleo.bill(ORDER, "duplicate freight part")
    await take_in(cleo, 2)
    assert len(cleo.vouchers(first.invoice)) == 1
    held = [row for row in cleo.rows(INVOICES).values() if row.status == HELD]
    assert [row.label for row in held] == [first.invoice]
    assert "before with another content" in held[0].reason


async def test_a_number_of_an_interchange_that_was_used_is_refused_and_told(cleo: CleoWorld) -> None:
    first = cleo.bill(ORDER, "part")
    await take_in(cleo)
    cleo.alerts()
    cleo.bill(ORDER, "same_number part")
    await take_in(cleo, 2)
    assert [row["INVOICE_ID"] for row in cleo.vouchers()] == [first.invoice]
    (alert,) = cleo.alerts()
    assert "used before" in alert
    (report,) = [row for row in cleo.received("TA1") if row.partner == "ACME"]
    assert report.summary == {"code": "R", "note": "025"}


# ---- what breaks the standard


@pytest.mark.parametrize("manner", ["wrong_se", "each", "no_se", "wrong_ge"])
async def test_a_broken_document_is_rejected_to_its_sender_and_makes_no_voucher(
    cleo: CleoWorld, manner: str
) -> None:
    sent = cleo.bill(ORDER, manner)
    await take_in(cleo, 2)
    assert cleo.vouchers() == []
    assert cleo.rows(INVOICES) == {}
    assert sent.acknowledged == ["R"]
    (alert,) = cleo.alerts()
    assert sent.file in alert or "acme" in alert
    cleo.bill(ORDER)
    await take_in(cleo)
    assert len(cleo.vouchers()) == 1


@pytest.mark.parametrize("manner", ["wrong_iea", "collapsed"])
async def test_a_broken_envelope_makes_no_voucher_and_is_told(cleo: CleoWorld, manner: str) -> None:
    cleo.bill(ORDER, manner)
    await take_in(cleo, 2)
    assert cleo.vouchers() == []
    assert len(cleo.alerts()) == 1
    assert list(cleo.cleo_state.files.inside(cleo.cleo_state.files.folders["download/810"])) == []


@pytest.mark.parametrize("manner", ["two_interchanges", "mixed"])
async def test_a_file_with_more_than_one_document_is_taken_whole(cleo: CleoWorld, manner: str) -> None:
    sent = cleo.bill(ORDER, manner)
    assert sent.kinds == ["855", "810"]
    await take_in(cleo, 2)
    assert len(cleo.vouchers(sent.invoice)) == 1
    assert sent.acknowledged == ["A", "A"]
    assert cleo.sets("850")[0].response == "accepted"
    cleo.check()


# ---- the other way into PeopleSoft


@pytest.mark.parametrize("how", ["async", "rest"])
async def test_vouchers_may_be_handed_to_voucher_build(
    cleo: CleoWorld, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    connect(cleo.sandbox, monkeypatch, peoplesoft={"requesting_node": credentials.REQUESTING_NODE})
    cleo.options(vouchers={"way": "voucher_build", "voucher_build": {"way": how}})
    sent = cleo.bill(ORDER, "freight")
    await take_in(cleo)
    assert cleo.vouchers() == []
    for _ in range(2):
        peoplesoft.voucher_build(cleo.sandbox.peoplesoft, {})
        cleo.sandbox.clock.advance(AN_HOUR)
        await take_in(cleo)
    (voucher,) = cleo.vouchers(sent.invoice)
    assert (voucher["GROSS_AMT"], only(cleo).status) == (Decimal("90.00"), LOADED)
    await take_in(cleo)
    cleo.check()
