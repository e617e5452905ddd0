"""What would cost a customer money: payments told wrong, late verdicts, and what others keep in Basware."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ml_connector.core.dag.configuration import check
from sandbox.basware.errors import not_found
from sandbox.basware.requests import Request
from tests.flows.basware import BaswareWorld, Row, basware_world


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BaswareWorld]:
    async with basware_world(tmp_path, monkeypatch) as made:
        yield made


class Schedule:
    """The scheduled payments of the one voucher that was made of an invoice."""

    def __init__(self, world: BaswareWorld) -> None:
        self._world = world
        (voucher,) = world.vouchers()
        self.key = [voucher["BUSINESS_UNIT"], voucher["VOUCHER_ID"]]
        self._pattern: Row = voucher["payments"][0]

    def set(self, *rows: Row) -> None:
        """Each row over the pattern that PeopleSoft made; ``payment`` of a row is its payment, if any."""
        payments = [{**self._pattern, "PYMNT_CNT": number, **row} for number, row in enumerate(rows, start=1)]
        self._world.peoplesoft("upsert", record="voucher", key=self.key, values={"payments": payments})

    async def told(self) -> list[Row]:
        """What Basware knows of payments after a run."""
        await self._world.out("payments")
        await self._world.out("payments")
        (invoice,) = self._world.rows("invoices")
        found: list[Row] = self._world.invoice(invoice).get("paymentResponses", [])
        return found


def paid(number: str, amount: str, day: str, **more: Any) -> Row:
    """A row of the schedule that was paid."""
    payment = {
        "BANK_SETID": "SHARE", "BANK_CD": "B1", "BANK_ACCT_KEY": "K1", "PYMNT_ID_REF": number[-6:],
        "PYMNT_DT": day, "PYMNT_STATUS": more.pop("status", "P"), "PYMNT_AMT": Decimal(amount),
        "CREATION_DT": day, "CANCEL_ACTION": "N", "CANCEL_DT": more.pop("cancelled", ""),
    }  # fmt: skip
    return {
        "PYMNT_ID": number, "PYMNT_SELCT_STATUS": "P", "PYMNT_ACTION": "S", "PAID_AMT": Decimal(amount),
        "PYMNT_METHOD": "ACH", "payment": payment, **more,
    }  # fmt: skip


async def test_a_further_payment_is_told_with_its_own_number_day_and_method(world: BaswareWorld) -> None:
    world.approve("BW-1")
    await world.settle()
    schedule = Schedule(world)
    open_row = {"PAID_AMT": Decimal(0)}
    today = world.sandbox.peoplesoft.today()
    first = paid("1000000001", "40.00", today, PYMNT_METHOD="CHK")
    schedule.set(first, open_row)
    (told,) = await schedule.told()
    assert told["paidTotal"] == Decimal("40.00")
    assert (told["paymentNumber"], told["responseMessage"]) == ("1000000001", "Paid in part")
    assert told["checkNumber"] == "000001"
    schedule.set(first, paid("1000000002", "60.00", today))
    *_, told = await schedule.told()
    assert told["paidTotal"] == Decimal("100.00")
    assert told["paymentNumber"] == "1000000002"
    assert told["paymentDocument"] == "000002"
    assert told["paymentDate"].startswith(today)
    assert told["paymentMethod"] == "ACH"
    assert "checkNumber" not in told


async def test_a_payment_that_was_voided_is_not_paid_whatever_its_row_says(world: BaswareWorld) -> None:
    world.approve("BW-1")
    await world.settle()
    schedule = Schedule(world)
    today = world.sandbox.peoplesoft.today()
    schedule.set(paid("1000000001", "40.00", today), paid("1000000002", "60.00", today))
    (told,) = await schedule.told()
    assert (told["paidTotal"], told["responseMessage"]) == (Decimal("100.00"), "Paid")
    voided = paid("1000000002", "60.00", today, status="V", cancelled=today)
    schedule.set(paid("1000000001", "40.00", today), voided)
    *_, told = await schedule.told()
    assert (told["paidTotal"], told["responseMessage"]) == (Decimal("40.00"), "Paid in part")
    assert told["paymentReversalDocument"] == "000002"
    assert told["paymentNumber"] == "1000000001"


async def test_what_was_paid_in_another_currency_is_told_by_nobody_but_a_person(world: BaswareWorld) -> None:
    world.approve("BW-1")
    await world.settle()
    schedule = Schedule(world)
    today = world.sandbox.peoplesoft.today()
    schedule.set(paid("1000000001", "91.30", today, CURRENCY_PYMNT="EUR"))
    assert await schedule.told() == []
    row = world.rows("payments")["|".join(schedule.key)]
    assert row.status == "rejected"
    assert "EUR" in row.reason


async def test_what_the_invoice_shows_is_no_verdict_while_p2p_may_still_refuse_it(
    world: BaswareWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = world.approve("BW-1")
    world.switch(response_applies="at_once")
    requests = world.sandbox.basware.requests

    def not_yet(_: str) -> Request:
        raise not_found()

    with monkeypatch.context() as patch:
        patch.setattr(requests, "find", not_yet)
        await world.back("invoices", "transfers")
        await world.back("invoices", "transfers")
        assert world.invoice(invoice)["processingStatus"] == "Transferred"
        assert world.statuses("transfers") == {invoice: "accepted"}
    world.sandbox.clock.advance(600)
    await world.back("transfers")
    assert world.statuses("transfers") == {invoice: "loaded"}


async def test_a_verdict_that_never_comes_is_replaced_by_what_the_invoice_shows(
    world: BaswareWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = world.approve("BW-1")

    def never(_: str) -> Request:
        raise not_found()

    monkeypatch.setattr(world.sandbox.basware.requests, "find", never)
    await world.back("invoices", "transfers")
    await world.back("invoices", "transfers")
    world.sandbox.clock.advance(1900)
    await world.back("transfers")
    assert world.statuses("transfers") == {invoice: "loaded"}


@pytest.mark.parametrize("way", ["interface", "voucher_build"])
async def test_what_people_blocked_is_on_hold_in_peoplesoft_and_stays_blocked(
    world: BaswareWorld, way: str
) -> None:
    world.options(vouchers={"way": way, "voucher_build": {"way": "rest"}})
    invoice = world.approve("BW-1", paymentBlock=True)
    for _ in range(4):
        await world.settle()
        world.peoplesoft("voucher-build")
        world.sandbox.clock.advance(3600)
    assert world.invoice(invoice)["processingStatus"] == "Transferred", world.rows("invoices")[invoice].reason
    assert world.invoice(invoice)["paymentBlock"] is True
    (voucher,) = world.vouchers()
    assert [row["PYMNT_HOLD"] for row in voucher["payments"]] == ["Y"]


async def test_rows_of_a_freight_account_are_freight_and_no_line(world: BaswareWorld) -> None:
    world.options(invoices={"freight_accounts": ["637000"]})
    rows = [
        {"netTotal": Decimal("60.00"), "accountCode": "636000"},
        {"netTotal": Decimal("40.00"), "accountCode": "637000"},
    ]
    invoice = world.approve("BW-1", rows=rows)
    await world.settle()
    assert world.invoice(invoice)["processingStatus"] == "Transferred", world.rows("invoices")[invoice].reason
    (voucher,) = world.vouchers()
    assert voucher["FREIGHT_AMT"] == Decimal("40.00")
    assert [row["MERCHANDISE_AMT"] for row in voucher["lines"]] == [Decimal("60.00")]


async def test_a_hold_that_people_lift_is_no_difference(world: BaswareWorld) -> None:
    invoice = world.approve("BW-1", paymentBlock=True)
    await world.settle()
    Schedule(world).set({"PYMNT_HOLD": "N", "PYMNT_HOLD_REASON": ""})
    world.sandbox.clock.advance(90_000)
    await world.back()
    assert world.statuses("invoices") == {invoice: "loaded"}


async def test_a_third_transfer_is_known_in_whatever_order_basware_shows_the_answers(
    world: BaswareWorld,
) -> None:
    invoice = world.approve("X" * 40)
    document = world.sandbox.basware.documents.find(invoice)
    for answers in (1, 2, 3):
        await world.settle()
        told = world.invoice(invoice)
        assert (told["processingStatus"], len(told["transferResponses"])) == ("TransferFailed", answers)
        document.responses["transferResponses"].reverse()  # the newest may come first
        world.p2p("retransfer", invoiceId=invoice)


async def test_what_was_paid_outside_of_peoplesoft_is_told(world: BaswareWorld) -> None:
    world.approve("BW-1")
    await world.settle()
    schedule = Schedule(world)
    day = world.sandbox.clock.now().date().isoformat()
    recorded = {"PYMNT_SELCT_STATUS": "E", "PYMNT_ACTION": "R", "PAID_AMT": "100.00", "SCHEDULED_PAY_DT": day}
    schedule.set(recorded)
    (told,) = await schedule.told()
    assert told["paidTotal"] == Decimal("100.00")
    assert told["paymentDate"].startswith(day)


async def test_a_company_that_nobody_stands_for_is_named(world: BaswareWorld) -> None:
    definition = world.runner.definition(events=False)
    assert definition.inspect is not None
    store = world.runner.store("check")
    try:
        options = check(definition, world.runner.tenant)
        assert await definition.inspect(world.runner.tenant, store, options) == []
        world.p2p("configure", companies={"US001": "One", "MX009": "Mexico"})
        world.approve("MX-1", companyCode="MX009")
        (finding,) = await definition.inspect(world.runner.tenant, store, options)
    finally:
        store.close()
    assert "company MX009" in finding
    await world.back()
    assert world.rows("invoices") == {}
