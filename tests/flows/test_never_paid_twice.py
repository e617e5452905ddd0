"""What PeopleSoft pays is not BILL's to pay, whenever PeopleSoft decides so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.bill.options import BillOptions
from sandbox.control import bill as in_bill
from sandbox.control import peoplesoft
from sandbox.data.vouchers import paid as pay_row
from tests.flows.conftest import MakeWorld
from tests.flows.world import Row, World

FLOW = "bill.bills"

Change = Callable[[World, str], None]


def payments(**values: Any) -> Change:
    """All scheduled payments get these values; the pay cycle moves no stamp."""

    def change(world: World, key: str) -> None:
        rows = [{**row, **values} for row in world.voucher(key)["payments"]]
        world.change(key, stamp=False, payments=rows)

    return change


def pays(world: World, key: str) -> None:
    """PeopleSoft pays all of it."""
    for row in world.voucher(key)["payments"]:
        peoplesoft.pay(world.sandbox.peoplesoft, {"key": key.split("|"), "count": row["PYMNT_CNT"]})


def pays_elsewhere(world: World, key: str) -> None:
    """Somebody records in PeopleSoft that it was paid by other means."""
    rows = [dict(row) for row in world.voucher(key)["payments"]]
    for row in rows:
        pay_row(row, f"X{row['PYMNT_CNT']}", world.sandbox.peoplesoft.today())
        row |= {"PYMNT_SELCT_STATUS": "E", "PYMNT_ACTION": "R"}
    world.change(key, stamp=False, payments=rows)


NOT_BILLS: dict[str, Change] = {
    "requested": payments(PYMNT_SELCT_STATUS="R"),
    "in process": payments(PYMNT_SELCT_STATUS="I"),
    "on hold": payments(PYMNT_HOLD="Y", PYMNT_HOLD_REASON="AMT"),
    "another method": payments(PYMNT_METHOD="CHK"),
}
PAID: dict[str, Change] = {"paid": pays, "paid elsewhere": pays_elsewhere}


def bill_of(world: World, key: str) -> Row:
    return world.bill.bills.rows[world.rows(FLOW)[key].target_id]


def bills_of_voucher(world: World, key: str) -> list[Row]:
    number = world.voucher(key)["INVOICE_ID"]
    return [row for row in world.bill.bills if row["invoice"]["invoiceNumber"] == number]


async def second_run_is_silent(world: World) -> None:
    before = world.writes()
    await world.harness.run()
    assert world.writes() == before


# ---- which vouchers are BILL's


async def test_without_the_tenants_rule_nothing_is_sent(make_world: MakeWorld) -> None:
    async with make_world() as world:
        world.harness.tenant = world.harness.tenant.model_copy(update={"rules": {}})
        await world.harness.run()
        assert len(world.bill.bills) == len(world.bill.credits) == 0
        assert set(world.statuses(FLOW)) == {"excluded"}
        assert not [call for call in world.sandbox.calls.recent if call.operation.startswith("POST /v3/bill")]


@pytest.mark.parametrize("name", [*NOT_BILLS, *PAID])
async def test_what_peoplesoft_pays_is_never_sent(world: World, name: str) -> None:
    key = world.payable()[0]
    (NOT_BILLS | PAID)[name](world, key)
    await world.harness.run()
    assert bills_of_voucher(world, key) == []
    assert world.rows(FLOW)[key].status == "excluded"
    world.check()


async def test_one_payment_of_two_is_enough(world: World) -> None:
    key = world.payable()[-1]
    rows = [dict(row) for row in world.voucher(key)["payments"]]
    assert len(rows) == 2
    rows[1]["PYMNT_SELCT_STATUS"] = "R"
    world.change(key, stamp=False, payments=rows)
    await world.harness.run()
    assert bills_of_voucher(world, key) == []


# ---- PeopleSoft takes it back


def new_vouchers(world: World, count: int) -> None:
    """Vouchers that come before all others in the order of keys, and wait to be sent."""
    like = world.payable()[0].split("|")
    for number in range(count):
        key = ["US001", f"0000000{number}A"]
        body = {"record": "voucher", "key": key, "like": like, "values": {"INVOICE_ID": f"NEW-{number}"}}
        peoplesoft.upsert(world.sandbox.peoplesoft, body)


def calls_after(world: World, number: int) -> list[str]:
    """Writes to bills and payments since a call, by operation."""
    return [
        call.operation
        for call in world.sandbox.calls.recent
        if call.number > number and call.system == "bill" and call.method != "GET" and "/bills" in call.path
    ]


@pytest.mark.parametrize("name", NOT_BILLS)
async def test_taken_back_its_bill_is_archived_before_anything_else(world: World, name: str) -> None:
    await world.harness.run()
    key = world.payable()[0]
    other = world.payable()[1]
    target_id = bill_of(world, key)["id"]
    new_vouchers(world, 3)
    world.change(other, DUE_DT="2027-02-01")
    NOT_BILLS[name](world, key)
    number = world.sandbox.calls.recent[-1].number
    await world.harness.run()
    assert calls_after(world, number)[0] == "POST /v3/bills/{id}/archive"
    assert world.bill.bills.rows[target_id]["archived"] is True
    world.check()
    await second_run_is_silent(world)


@pytest.mark.parametrize("name", PAID)
async def test_paid_by_peoplesoft_its_bill_is_recorded_as_paid_before_anything_else(
    world: World, name: str
) -> None:
    await world.harness.run()
    key = world.payable()[0]
    new_vouchers(world, 3)
    PAID[name](world, key)
    number = world.sandbox.calls.recent[-1].number
    results = await world.harness.run()
    assert calls_after(world, number)[0] == "POST /v3/bills/record-payment"
    bill, (payment,) = bill_of(world, key), world.bill.payments
    assert (bill["paymentStatus"], bill["dueAmount"]) == ("PAID", Decimal(0))
    assert (payment["amount"], payment["onlinePayment"]) == (world.voucher(key)["GROSS_AMT"], False)
    assert world.rows(FLOW)[key].status == "loaded"
    assert results[FLOW]["reconcile"]["differences"] == {}
    world.check()
    await second_run_is_silent(world)


async def test_peoplesofts_own_date_and_number_stand_on_the_recorded_payment(world: World) -> None:
    await world.harness.run()
    key = world.payable()[0]
    pays(world, key)
    await world.harness.run()
    (payment,) = world.bill.payments
    made = world.voucher(key)["payments"][0]
    assert payment["processDate"] == made["SCHEDULED_PAY_DT"]
    assert made["PYMNT_ID"] in str(payment.get("syncReference"))


async def test_the_tenant_may_have_paid_bills_archived(make_world: MakeWorld) -> None:
    options = BillOptions(settle_seconds=0, on_paid_elsewhere="archive")
    async with make_world(options=options) as world:
        await world.harness.run()
        key = world.payable()[0]
        target_id = bill_of(world, key)["id"]
        pays(world, key)
        await world.harness.run()
        assert world.bill.bills.rows[target_id]["archived"] is True
        assert len(world.bill.payments) == 0
        await second_run_is_silent(world)


async def test_deselected_again_its_bill_comes_back(world: World) -> None:
    await world.harness.run()
    key = world.payable()[0]
    NOT_BILLS["requested"](world, key)
    await world.harness.run()
    payments(PYMNT_SELCT_STATUS="N")(world, key)
    await world.harness.run()
    (bill,) = bills_of_voucher(world, key)
    assert bill["archived"] is False
    world.check()


@pytest.mark.parametrize("name", [*NOT_BILLS, *PAID])
async def test_nothing_else_wrong_with_the_voucher_keeps_its_bill_payable(world: World, name: str) -> None:
    """Its supplier became inactive and its lines no longer add up: the bill must not stay payable."""
    await world.harness.run()
    key = world.payable()[0]
    row = world.voucher(key)
    target_id = bill_of(world, key)["id"]
    supplier = world.supplier(row["VENDOR_SETID"], row["VENDOR_ID"])
    assert supplier is not None
    world.sandbox.peoplesoft.suppliers.put({**supplier, "VENDOR_STATUS": "I"})
    lines = [{**line, "DESCR": "changed", "distributions": []} for line in row["lines"]]
    world.change(key, lines=lines)
    (NOT_BILLS | PAID)[name](world, key)
    await world.harness.run(tolerant=True)
    bill = world.bill.bills.rows[target_id]
    assert bill["archived"] or bill["paymentStatus"] == "PAID", world.rows(FLOW)[key].reason


# ---- BILL was first


@pytest.mark.parametrize("name", [*NOT_BILLS, *PAID])
@pytest.mark.parametrize("state", ["scheduled", "paid"])
async def test_bill_was_first_a_person_is_told_at_once(world: World, name: str, state: str) -> None:
    await world.harness.run()
    key = world.payable()[0]
    target_id = bill_of(world, key)["id"]
    body = {"bill_id": target_id}
    act = in_bill.schedule if state == "scheduled" else in_bill.clear
    payment = act(world.sandbox.bill, body)
    new_vouchers(world, 2)
    (NOT_BILLS | PAID)[name](world, key)
    results = await world.harness.run(tolerant=True)
    (alert,) = results[FLOW]["load"]["alerts"]
    assert key in alert
    row = world.rows(FLOW)[key]
    assert (row.status, row.target_id) == ("conflict", target_id)
    assert row.deadline - row.since <= timedelta(days=1)
    bill = world.bill.bills.rows[target_id]
    assert (bill["archived"], [item["id"] for item in world.bill.payments]) == (False, [payment["id"]])
    assert world.statuses(FLOW)["ready"] == 0
    assert len(bills_of_voucher(world, key)) == 1


async def test_bill_schedules_it_while_we_are_archiving(world: World) -> None:
    """Between our look and our call somebody in BILL schedules the payment."""
    await world.harness.run()
    key = world.payable()[0]
    target_id = bill_of(world, key)["id"]
    NOT_BILLS["requested"](world, key)
    fault = world.fault("bill", "hold_request", "POST /v3/bills/{id}/archive")
    running = asyncio.create_task(world.harness.run(FLOW, tolerant=True))
    await world.sandbox.faults.held.reach(1)
    in_bill.schedule(world.sandbox.bill, {"bill_id": target_id})
    world.sandbox.faults.release()
    results = await running
    assert fault.struck
    assert world.rows(FLOW)[key].status in ("conflict", "rejected")
    assert results[FLOW]["load"]["alerts"], world.rows(FLOW)[key].reason
