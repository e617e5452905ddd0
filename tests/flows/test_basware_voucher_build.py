"""Vouchers that are handed to Voucher Build: Basware hears of them only when the batch has made them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox import credentials
from tests.flows.basware import BaswareWorld, Row, basware_world
from tests.flows.cleo import connect

AN_HOUR = 3600.0


@pytest.fixture(params=["async", "rest"])
async def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[BaswareWorld]:
    async with basware_world(tmp_path, monkeypatch) as made:
        connect(made.sandbox, monkeypatch, peoplesoft={"requesting_node": credentials.REQUESTING_NODE})
        made.options(vouchers={"way": "voucher_build", "voucher_build": {"way": request.param}})
        yield made


async def batch(world: BaswareWorld) -> None:
    """The batch runs, and two runs of ours after it."""
    world.peoplesoft("voucher-build")
    for _ in range(3):
        world.sandbox.clock.advance(AN_HOUR)
        await world.back("invoices", "transfers")


def status(world: BaswareWorld, invoice: str) -> str:
    return str(world.invoice(invoice)["processingStatus"])


def clerk(world: BaswareWorld, **values: object) -> None:
    """Somebody changes the only voucher of ours in PeopleSoft."""
    (voucher,) = world.vouchers()
    key = [voucher["BUSINESS_UNIT"], voucher["VOUCHER_ID"]]
    world.peoplesoft("upsert", record="voucher", key=key, values=values)


async def test_it_is_accepted_until_the_batch_has_run(world: BaswareWorld) -> None:
    invoice = world.approve("BW-1")
    for _ in range(3):
        await world.back("invoices", "transfers")
        world.sandbox.clock.advance(AN_HOUR)
    assert world.statuses("invoices") == {invoice: "accepted"}
    assert status(world, invoice) == "TransferInProgress"
    assert world.numbers() == []
    assert len(world.sandbox.peoplesoft.staging.rows) == 1
    await batch(world)
    told = world.invoice(invoice)
    (voucher,) = world.vouchers()
    assert (told["processingStatus"], told["voucherNumber1"]) == ("Transferred", voucher["VOUCHER_ID"])
    world.in_step()


async def test_a_recycled_voucher_is_told_to_people_and_to_basware_when_it_was_put_right(
    world: BaswareWorld,
) -> None:
    invoice = world.approve("BW-1", rows=[{"netTotal": Decimal("10.00"), "accountCode": "999999"}])
    await world.back("invoices", "transfers")
    await batch(world)
    assert world.statuses("invoices") == {invoice: "accepted"}
    assert status(world, invoice) == "TransferInProgress"
    (alert,) = [one for one in world.runner.alerts if "Recycle" in one]
    assert next(world.vouchers())["VOUCHER_ID"] in alert
    clerk(world, ENTRY_STATUS="P")
    await batch(world)
    assert status(world, invoice) == "Transferred"
    world.in_step()


async def test_what_the_pre_edit_refuses_is_told_and_taken_when_its_row_was_deleted(
    world: BaswareWorld,
) -> None:
    """Its supplier is no supplier."""
    invoice = world.approve("BW-1", supplierCode="0000000999")
    await world.back("invoices", "transfers")
    await batch(world)
    told = world.invoice(invoice)
    assert told["processingStatus"] == "TransferFailed"
    (response,) = told["transferResponses"]
    assert response["success"] is False
    assert "0000000999" in response["responseMessage"]
    # Corrected, while the batch may still make a voucher of what lies there.
    world.p2p("retransfer", invoiceId=invoice, values={"supplierCode": "0000000001"})
    await batch(world)
    assert world.statuses("invoices") == {invoice: "held"}
    assert any("staging" in one for one in world.runner.alerts)
    assert status(world, invoice) == "TransferInProgress"
    world.sandbox.peoplesoft.staging.rows.clear()
    world.replay("invoices", invoice)
    await world.back("invoices", "transfers")
    await batch(world)
    assert status(world, invoice) == "Transferred"
    world.in_step()


async def test_what_the_pre_edit_refused_and_the_batch_made_all_the_same_is_found_when_it_comes_again(
    world: BaswareWorld,
) -> None:
    invoice = world.approve("BW-1", supplierCode="0000000999")
    await world.back("invoices", "transfers")
    await batch(world)
    world.peoplesoft(
        "upsert", record="supplier", key=["SHARE", "0000000999"], like=["SHARE", "0000000001"], values={}
    )
    await batch(world)
    assert world.numbers() == ["BW-1"]
    assert status(world, invoice) == "TransferFailed"
    world.p2p("retransfer", invoiceId=invoice)
    await world.back("invoices", "transfers")
    await batch(world)
    assert status(world, invoice) == "Transferred"
    world.in_step()


async def test_a_lost_answer_hands_in_nothing_twice(world: BaswareWorld) -> None:
    operation = "IB VOUCHER_BUILD" if _way(world) == "async" else "POST VoucherBuild"
    rule = world.fault("lost", operation, system="peoplesoft")
    invoice = world.approve("BW-1")
    for _ in range(3):
        await world.back("invoices", "transfers", tolerant=True)
        world.sandbox.clock.advance(AN_HOUR)
    assert rule.struck
    assert len(world.sandbox.peoplesoft.staging.rows) == 1
    await batch(world)
    assert status(world, invoice) == "Transferred"
    world.in_step()


def _way(world: BaswareWorld) -> str:
    options: Row = world.runner.tenant.integrations["basware"].options
    return str(options["vouchers"]["voucher_build"]["way"])
