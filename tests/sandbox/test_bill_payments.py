"""BILL: online payments and their way through the statuses."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import credentials
from sandbox.bill import payments
from sandbox.server import Sandbox

from .clients import Payer


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
    banks = (await payer.get("/v3/funding-accounts/banks")).json["results"]
    assert banks[0]["status"] == "VERIFIED"
    assert banks[0]["accountNumber"].startswith("*")
