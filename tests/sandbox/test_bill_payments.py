"""BILL: online payments and their way through the statuses."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import credentials
from sandbox.bill import payments
from sandbox.bill.payment_states import STATES, way_to
from sandbox.server import Sandbox

from .clients import Payer
from .receiver import Hooks


@pytest.fixture
async def bill(payer: Payer) -> dict[str, Any]:
    await payer.login(rememberMeId=credentials.BILL_REMEMBER_ME, device=credentials.BILL_DEVICE)
    return await payer.bill((await payer.vendor())["id"])


async def read(payer: Payer, bill: dict[str, Any]) -> tuple[str, str, str]:
    row = (await payer.get(f"/v3/bills/{bill['id']}")).json
    return row["paymentStatus"], str(row["scheduledAmount"]), str(row["paidAmount"])


def new(bill: dict[str, Any], amount: Any = 228.99) -> dict[str, Any]:
    return {
        "vendorId": bill["vendorId"],
        "billId": bill["id"],
        "processDate": "2026-11-24",
        "fundingAccount": {"type": "BANK_ACCOUNT"},
        "amount": amount,
        "processingOptions": {},
    }


async def test_a_payments_life(payer: Payer, sandbox: Sandbox, bill: dict[str, Any]) -> None:
    made = await payer.create("/v3/payments", new(bill))
    assert made["singleStatus"] == "SCHEDULED"
    assert await read(payer, bill) == ("SCHEDULED", "228.99", "0.00")
    assert (await payer.call("PATCH", f"/v3/bills/{bill['id']}", {"description": "x"})).status == 422
    for status in ("FUNDING_STARTED", "PROCESSED", "CLEARED"):
        payments.move(sandbox.bill.store, sandbox.bill.switches, made["id"], status)
    assert await read(payer, bill) == ("PAID", "0.00", "228.99")
    shown = (await payer.get(f"/v3/payments/{made['id']}")).json
    assert (shown["status"], shown["disbursementStatus"], shown["vendorName"]) == (
        "PAID",
        "DONE",
        "Happy Music Supplies",
    )
    payments.move(sandbox.bill.store, sandbox.bill.switches, made["id"], "VOIDED")
    assert await read(payer, bill) == ("UNPAID", "0.00", "0.00")
    with pytest.raises(ValueError, match="unknown singleStatus"):
        payments.move(sandbox.bill.store, sandbox.bill.switches, made["id"], "GONE")


async def test_refusals(payer: Payer, bill: dict[str, Any]) -> None:
    assert (await payer.post("/v3/payments", new(bill, 229))).messages == ["Cannot overpay a bill"]
    without = {name: value for name, value in new(bill).items() if name != "processingOptions"}
    assert (await payer.post("/v3/payments", without)).messages == ["processingOptions: must not be null"]
    nested = new(bill) | {"billId": None, "billPayments": [{"billId": bill["id"], "amount": 1}]}
    assert (await payer.post("/v3/payments", nested)).messages == ["billId: must not be null"]
    assert (await payer.get("/v3/payments/stp02SANDBOX99999999")).codes == ["BDC_1205"]


async def test_cancel_only_while_scheduled(payer: Payer, sandbox: Sandbox, bill: dict[str, Any]) -> None:
    first = await payer.create("/v3/payments", new(bill, 100))
    assert (await payer.post(f"/v3/payments/{first['id']}/cancel")).json["singleStatus"] == "CANCELED"
    assert await read(payer, bill) == ("UNPAID", "0.00", "0.00")
    second = (await payer.post("/v3/payments/bulk", [new(bill)])).json["payments"][0]
    payments.move(sandbox.bill.store, sandbox.bill.switches, second["id"], "SENT")
    assert (await payer.post(f"/v3/payments/{second['id']}/cancel")).status == 422
    assert (await payer.post(f"/v3/payments/{second['id']}/void", {"type": "MAYBE"})).status == 400
    voided = await payer.post(f"/v3/payments/{second['id']}/void", {"type": "VOID_ONLY", "reason": "x"})
    assert voided.json["singleStatus"] == "VOIDED"


async def test_lists(payer: Payer, bill: dict[str, Any]) -> None:
    made = await payer.create("/v3/payments", new(bill, 10))
    for filters in (
        "singleStatus:eq:SCHEDULED",
        'updatedTime:gte:"2026-01-01"',
        "amount:eq:10",
        "amount:lt:10.5",
    ):
        rows = (await payer.get("/v3/payments", filters=filters)).json["results"]
        assert [row["id"] for row in rows] == [made["id"]], filters
    assert (await payer.get("/v3/payments", filters="amount:gt:10")).json["results"] == []
    assert (await payer.get("/v3/payments", filters="billId:eq:1")).status == 400
    updated = {"filters": f'updatedTime:gte:"{made["updatedTime"][:23]}Z",vendorId:eq:{bill["vendorId"]}'}
    assert len((await payer.get("/v3/payments", **updated, sort="updatedTime:asc")).json["results"]) == 1


async def control(hooks: Hooks, operation: str, body: Any, status: int = 200) -> Any:
    return await hooks.control("POST", f"/bill/{operation}", body, status)


async def test_funding_accounts(hooks: Hooks, payer: Payer, bill: dict[str, Any]) -> None:
    banks = (await payer.get("/v3/funding-accounts/banks")).json["results"]
    assert [bank["status"] for bank in banks] == ["VERIFIED", "VERIFIED", "PENDING"]
    assert all(bank["accountNumber"].startswith("*") for bank in banks)
    assert (await payer.get(f"/v3/funding-accounts/banks/{banks[1]['id']}")).json == banks[1]
    assert await control(hooks, "banks", {}) == banks
    for bank_id, status in ((banks[1]["id"], 201), (banks[2]["id"], 422), ("bac02SANDBOX99999999", 422)):
        account = {"type": "BANK_ACCOUNT", "id": bank_id}
        answer = await payer.post("/v3/payments", new(bill, 10) | {"fundingAccount": account})
        assert answer.status == status
        assert status == 201 or answer.codes == ["BDC_1151"]
    await control(hooks, "pay", {"bill_id": bill["id"], "funding_account": banks[2]["id"]}, 400)


async def test_one_payment_of_several_bills(hooks: Hooks, payer: Payer, bill: dict[str, Any]) -> None:
    other = await payer.bill(bill["vendorId"], "INV-2")
    second = (await control(hooks, "banks", {}))[1]["id"]
    body = {"bill_ids": [bill["id"], other["id"]], "amounts": [100, 228.99], "funding_account": second}
    made = await control(hooks, "pay", body)
    shown = (await payer.get(f"/v3/payments/{made['id']}")).json
    parts = [(part["billId"], str(part["amount"])) for part in shown["billPayments"]]
    assert parts == [(bill["id"], "100.00"), (other["id"], "228.99")]
    assert (str(shown["amount"]), shown["singleStatus"], "billId" in shown) == ("328.99", "CLEARED", False)
    assert shown["fundingAccount"] == {"type": "BANK_ACCOUNT", "id": second}
    assert await read(payer, bill) == ("PARTIAL", "0.00", "100.00")
    assert await read(payer, other) == ("PAID", "0.00", "228.99")
    await control(hooks, "move", {"payment_id": made["id"], "single_status": "VOIDED"})
    assert await read(payer, bill) == ("UNPAID", "0.00", "0.00")
    assert await read(payer, other) == ("UNPAID", "0.00", "0.00")
    again = await control(hooks, "pay", {"bill_id": bill["id"], "amount": 28.99, "through": "SENT"})
    assert (str(again["amount"]), again["singleStatus"]) == ("28.99", "SENT")


async def test_what_cannot_be_paid(hooks: Hooks, payer: Payer, bill: dict[str, Any]) -> None:
    strange = await payer.bill((await payer.vendor("Other"))["id"])
    for body in (
        {"bill_id": bill["id"], "amount": 229},
        {"bill_id": bill["id"], "amount": 0},
        {"bill_ids": [bill["id"], strange["id"]]},
        {"bill_ids": [bill["id"]], "amounts": [1, 2]},
        {"bill_ids": [bill["id"], bill["id"]]},
        {"bill_id": bill["id"], "through": "PAID"},
        {"bill_id": "00n02SANDBOX99999999"},
        {},
    ):
        await control(hooks, "pay", body, 400)
    assert await read(payer, bill) == ("UNPAID", "0.00", "0.00")
    assert (await payer.get("/v3/payments")).json["results"] == []


# What a payment with this status leaves of a bill of 228.99: status, scheduled, paid.
OPEN, PLANNED, PAID = ("UNPAID", "0.00", "0.00"), ("SCHEDULED", "228.99", "0.00"), ("PAID", "0.00", "228.99")
EFFECT = {
    **dict.fromkeys(STATES, PAID),
    **dict.fromkeys(("SCHEDULED", "FUNDING_STARTED"), PLANNED),
    **dict.fromkeys(("CANCELED", "VOIDED", "FUNDING_FAILED_VOIDED"), OPEN),
}


@pytest.mark.parametrize("status", sorted(STATES))
async def test_every_status_and_its_bill(
    hooks: Hooks, payer: Payer, bill: dict[str, Any], status: str
) -> None:
    made = await control(hooks, "pay", {"bill_id": bill["id"], "through": status})
    assert made["singleStatus"] == status
    assert await read(payer, bill) == EFFECT[status]
    shown = (await payer.get(f"/v3/payments/{made['id']}")).json
    assert (shown["status"], shown["disbursementStatus"]) == STATES[status]
    assert shown["disbursementInfo"]["isVoidable"] == (EFFECT[status] == PAID and status not in (
        "VOID_PENDING", "FUNDS_ESCHEATED",
    ))  # fmt: skip


def test_the_way_to_a_status() -> None:
    cleared = ("SCHEDULED", "FUNDING_STARTED", "PROCESSED", "SENT", "CLEARED")
    assert way_to("CLEARED") == cleared
    assert way_to("VOIDED") == (*cleared, "VOIDED")
    assert way_to("CANCELED") == ("SCHEDULED", "CANCELED")
    assert way_to("SCHEDULED") == ("SCHEDULED",)
    assert all(way_to(status).count(status) == 1 for status in STATES)


async def test_failing_after_clearing(hooks: Hooks, payer: Payer, bill: dict[str, Any]) -> None:
    made = await control(hooks, "pay", {"bill_id": bill["id"]})
    failed = "DISBURSEMENT_FAILED_ACTION_NEEDED"
    moved = await control(hooks, "move", {"payment_id": made["id"], "single_status": failed})
    assert moved["updatedTime"] > made["updatedTime"]
    assert await read(payer, bill) == PAID, "returned is not voided"
    body = {"type": "VOID_ONLY", "reason": "Returned"}
    voided = (await payer.post(f"/v3/payments/{made['id']}/void", body)).json
    (info,) = voided["voidInfo"]
    assert (info["type"], info["reason"], info["status"]) == ("VOID_ONLY", "Returned", "ACCEPTED")
    assert info["id"].startswith("vrq")
    assert await read(payer, bill) == OPEN
    assert (await payer.post(f"/v3/payments/{made['id']}/void", body)).status == 422


async def test_a_status_that_changes_no_amount_leaves_the_bill_alone(
    hooks: Hooks, payer: Payer, bill: dict[str, Any]
) -> None:
    made = await control(hooks, "pay", {"bill_id": bill["id"], "through": "PROCESSED"})
    before = (await payer.get(f"/v3/bills/{bill['id']}")).json
    await control(hooks, "move", {"payment_id": made["id"], "single_status": "SENT"})
    assert (await payer.get(f"/v3/bills/{bill['id']}")).json == before


async def test_recorded_payments_come_back(payer: Payer, sandbox: Sandbox, bill: dict[str, Any]) -> None:
    body = {"vendorId": bill["vendorId"], "processDate": "2026-11-20", "toPrintCheck": False}
    body |= {"payments": [{"billId": bill["id"], "amount": 70}], "syncReference": "0000012345"}
    made = (await payer.post("/v3/bills/record-payment", body)).json
    await payer.create("/v3/payments", new(bill, 10))
    recorded, online = (await payer.get("/v3/payments", sort="updatedTime:asc")).json["results"]
    assert (recorded["id"], recorded["onlinePayment"], recorded["disbursementType"]) == (
        made["id"],
        False,
        "OFFLINE",
    )
    assert recorded.keys().isdisjoint({"singleStatus", "disbursementStatus", "transactionNumber"})
    assert "disbursementInfo" not in (await payer.get(f"/v3/payments/{made['id']}")).json
    assert online["onlinePayment"] is True
    assert "disbursementInfo" not in online
    assert online["billPayments"]
    sandbox.bill.switches.change({"thin_payment_lists": True})
    assert all("billPayments" not in row for row in (await payer.get("/v3/payments")).json["results"])
    assert (await payer.get(f"/v3/payments/{online['id']}")).json["billPayments"]


async def test_polling_by_updated_time(hooks: Hooks, payer: Payer, bill: dict[str, Any]) -> None:
    first = await control(hooks, "pay", {"bill_id": bill["id"], "amount": 10})
    second = await control(hooks, "pay", {"bill_id": bill["id"], "amount": 20})
    hooks.sandbox.clock.advance(60)
    mark = hooks.sandbox.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
    params = {"filters": f'updatedTime:gte:"{mark}"', "sort": "updatedTime:asc"}
    assert (await payer.get("/v3/payments", **params)).json["results"] == []
    for payment in (second, first):
        hooks.sandbox.clock.advance(2)
        await control(hooks, "move", {"payment_id": payment["id"], "single_status": "VOIDED"})
    rows = (await payer.get("/v3/payments", **params)).json["results"]
    assert [row["id"] for row in rows] == [second["id"], first["id"]]
