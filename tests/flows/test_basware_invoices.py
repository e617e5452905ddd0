"""Invoices approved in Basware become vouchers, and Basware hears of each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from ml_connector.core.stages.reconcile import Unreconciled
from tests.flows.basware import BaswareWorld, basware_world


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BaswareWorld]:
    async with basware_world(tmp_path, monkeypatch) as made:
        yield made


async def test_an_invoice_becomes_a_voucher_and_basware_hears_of_it(world: BaswareWorld) -> None:
    invoice = world.approve(
        "BW-1",
        rows=[{"netTotal": Decimal("60.00"), "costCenterCode": "10200"}, {"netTotal": Decimal("40.00")}],
    )
    await world.settle()
    (voucher,) = world.vouchers()
    assert voucher["INVOICE_ID"] == "BW-1"
    assert voucher["GROSS_AMT"] == Decimal("100.00")
    assert [row["MERCHANDISE_AMT"] for row in voucher["lines"]] == [Decimal("60.00"), Decimal("40.00")]
    told = world.invoice(invoice)
    assert told["processingStatus"] == "Transferred"
    assert told["voucherNumber1"] == voucher["VOUCHER_ID"]
    world.in_step()
    assert world.statuses("transfers") == {invoice: "loaded"}


async def test_what_does_not_fit_is_told_with_its_reason_and_taken_when_it_comes_again(
    world: BaswareWorld,
) -> None:
    long, good = world.approve("X" * 100), world.approve("BW-2")
    await world.settle()
    told = world.invoice(long)
    assert told["processingStatus"] == "TransferFailed"
    (response,) = told["transferResponses"]
    assert "INVOICE_ID" in response["responseMessage"]
    assert "30" in response["responseMessage"]
    assert world.invoice(good)["processingStatus"] == "Transferred"
    world.p2p("retransfer", invoiceId=long, values={"invoiceNumber": "SHORT"})
    await world.settle()
    assert world.invoice(long)["processingStatus"] == "Transferred"
    assert world.numbers() == ["BW-2", "SHORT"]
    world.in_step()


async def test_transferred_again_as_it_was_it_is_refused_again(world: BaswareWorld) -> None:
    invoice = world.approve("X" * 100)
    await world.settle()
    world.p2p("retransfer", invoiceId=invoice)
    await world.settle()
    told = world.invoice(invoice)
    assert told["processingStatus"] == "TransferFailed"
    assert [one["success"] for one in told["transferResponses"]] == [False, False]
    await world.settle()
    assert len(world.invoice(invoice)["transferResponses"]) == 2


async def test_peoplesofts_refusal_is_told_in_its_own_words(world: BaswareWorld) -> None:
    invoice = world.approve("BW-1", rows=[{"netTotal": Decimal("10.00"), "accountCode": "999999"}])
    await world.settle()
    (response,) = world.invoice(invoice)["transferResponses"]
    assert response["success"] is False
    assert "999999" in response["responseMessage"]
    assert world.numbers() == []


async def test_a_voucher_that_exists_is_adopted_when_it_is_ours_and_refused_when_it_is_anothers(
    world: BaswareWorld,
) -> None:
    mine, theirs = world.approve("MINE"), world.approve("THEIRS")
    await world.back("invoices", stages=["extract", "transform"])
    # Our own voucher, whose number got lost, and one that somebody has typed.
    shown = world.invoice(mine)
    body = {
        "INVOICE_DT": shown["invoiceDate"][:10],
        "VENDOR_ID": shown["supplierCode"],
        "GROSS_AMT": "100.00",
    }
    for number, invoice, origin in (("90000001", "MINE", "BSW"), ("90000002", "THEIRS", "ONL")):  # posted
        world.voucher_like(number, INVOICE_ID=invoice, ORIGIN=origin, **body)
    await world.settle()
    assert world.invoice(mine)["voucherNumber1"] == "90000001"
    told = world.invoice(theirs)
    assert told["processingStatus"] == "TransferFailed"
    assert "90000002" in told["transferResponses"][0]["responseMessage"]
    assert [row["VOUCHER_ID"] for row in world.vouchers()] == ["90000001"]


async def test_an_invoice_that_was_sent_twice_is_refused_the_second_time(world: BaswareWorld) -> None:
    first, second = world.approve("SAME"), world.approve("SAME")
    await world.settle()
    states = sorted(world.invoice(one)["processingStatus"] for one in (first, second))
    assert states == ["TransferFailed", "Transferred"]
    assert world.numbers() == ["SAME"]
    failed = next(
        one for one in (first, second) if world.invoice(one)["processingStatus"] == "TransferFailed"
    )
    world.p2p("retransfer", invoiceId=failed)
    await world.settle()
    assert world.invoice(failed)["processingStatus"] == "TransferFailed"
    assert world.numbers() == ["SAME"]


async def test_payments_and_voids_are_told_with_what_was_paid_altogether(world: BaswareWorld) -> None:
    invoice = world.approve("BW-1")
    await world.settle()
    (voucher,) = world.vouchers()
    key = [voucher["BUSINESS_UNIT"], voucher["VOUCHER_ID"]]
    world.peoplesoft("pay", key=key)
    await world.out("payments")
    await world.out("payments")
    told = world.invoice(invoice)
    assert told["processingStatus"] == "Paid"
    (paid,) = told["paymentResponses"]
    assert paid["paidTotal"] == Decimal("100.00")
    world.peoplesoft("void", key=key)
    await world.out("payments")
    await world.out("payments")
    first, taken_back = world.invoice(invoice)["paymentResponses"]
    assert first["externalCode"] != taken_back["externalCode"]
    assert taken_back["paidTotal"] == 0
    assert taken_back["paymentReversalDocument"]
    assert set(world.statuses("payments").values()) <= {"loaded", "excluded"}
    await world.out("payments")
    assert len(world.invoice(invoice)["paymentResponses"]) == 2


async def test_what_basware_was_told_in_our_name_and_nobody_here_knows_is_named(world: BaswareWorld) -> None:
    known = world.approve("BW-1")
    await world.settle()
    lost = world.p2p(
        "invoice", values={"invoiceNumber": "LOST", "processingStatus": "WaitingForTransfer"}, notify=False
    )["invoiceId"]
    world.told_by_others(lost, sourceSystem="PeopleSoft", voucherNumber1="77777777", voucherNumber2="US001")
    foreign = world.approve("BY-FILE")
    world.told_by_others(foreign, sourceSystem="SAP", voucherNumber1="1", voucherNumber2="X")
    with pytest.raises(Unreconciled, match="surplus LOST"):
        await world.back("transfers", full=True)
    assert world.statuses("transfers") == {known: "loaded"}
