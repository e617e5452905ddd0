"""The control endpoint, and the sandbox as a program and in a thread."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import urllib.request
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox import credentials
from sandbox.data import Size, scenario
from sandbox.server import Sandbox, SandboxThread

from .clients import Answer, Asker, Payer, bill_body, request, vendor_body

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def control(sandbox: Sandbox, http: aiohttp.ClientSession) -> Any:
    async def call(method: str, path: str, body: Any = None, status: int = 200) -> Any:
        answer: Answer = await request(http, method, sandbox.control_url + path, body)
        assert answer.status == status, answer.body
        return answer.json

    return call


async def test_state_and_calls_hold_no_secret(control: Any, payer: Payer, asker: Asker) -> None:
    await payer.vendor()
    await asker.vouchers()
    state = await control("GET", "/state")
    assert state["bill"][credentials.BILL_ORGANIZATION]["vendors"] == 1
    assert state["calls"]["per_operation"]["bill POST /v3/vendors"] == 1
    assert state["calls"]["per_operation"]["peoplesoft QAS ML_AP_VOUCHERS"] == 1
    assert (state["bill_max_in_flight"], state["bill_logins"]) == (1, 1)
    calls = await control("GET", "/calls?last=3")
    assert [call["operation"] for call in calls] == [
        "POST /v3/login",
        "POST /v3/vendors",
        "QAS ML_AP_VOUCHERS",
    ]
    text = json.dumps([state, calls])
    for secret in (credentials.BILL_PASSWORD, payer.session_id, credentials.OPRID_PASSWORD):
        assert secret not in text


async def test_faults(control: Any, asker: Asker) -> None:
    (planned,) = await control("POST", "/faults", {"system": "peoplesoft", "kind": "error", "status": 503})
    assert await control("GET", "/faults") == [planned]
    assert (await asker.vouchers()).status == 503
    await control("POST", "/faults", [{"system": "bill", "kind": "lost"}] * 2)
    assert await control("DELETE", "/faults") == []
    error = await control("POST", "/faults", {"system": "bill", "kind": "x"}, 400)
    assert "unknown fault kind" in error["error"]


async def test_switches(control: Any, asker: Asker) -> None:
    shown = await control("POST", "/switches", {"peoplesoft": {"profile_rows": 2}})
    assert shown["peoplesoft"]["profile_rows"] == 2
    assert len((await asker.vouchers()).rows) == 2
    for wrong in ({"profile_rows": "2"}, {"name_key": "other"}, {"nothing": 1}, {"profile_rows": True}):
        await control("POST", "/switches", {"peoplesoft": {"profile_rows": 9} | wrong}, 400)
    assert (await control("GET", "/switches"))["peoplesoft"]["profile_rows"] == 2, "all or nothing"


async def test_clock(control: Any, payer: Payer) -> None:
    moved = await control("POST", "/clock", {"advance": 36 * 60})
    assert moved["offset"] == 36 * 60
    assert (await payer.get("/v3/vendors")).status == 401
    await control("POST", "/clock", {"advance": -1}, 400)


async def test_scenario(control: Any, asker: Asker) -> None:
    keys = await control("GET", "/scenario")
    key = keys["vouchers"]["gets_cancelled"]
    assert (await asker.voucher(key))[0]["A.ENTRY_STATUS"] == "P"
    assert len(await control("POST", "/scenario/changes")) == 12
    assert (await asker.voucher(key))[0]["A.ENTRY_STATUS"] == "X"
    assert await asker.voucher(keys["vouchers"]["new"])


async def test_vouchers_by_hand(control: Any, asker: Asker, sandbox: Sandbox) -> None:
    key = ["US001", "00000001"]
    edit = {"record": "voucher", "key": key, "values": {"GROSS_AMT": 12.5}}
    assert (await control("POST", "/peoplesoft/upsert", edit))["GROSS_AMT"] == 12.5
    row = (await asker.voucher("US001|00000001"))[0]
    assert (row["A.GROSS_AMT"], row["A.LAST_UPDATE_DT"]) == (12.5, sandbox.peoplesoft.today())
    new = {"record": "voucher", "key": ["US001", "80000001"], "like": key, "values": {"INVOICE_ID": "NEW"}}
    await control("POST", "/peoplesoft/upsert", new)
    assert (await asker.voucher("US001|80000001"))[0]["A.INVOICE_ID"] == "NEW"
    await control("POST", "/peoplesoft/pay", {"key": ["US001", "80000001"]})
    assert (await asker.voucher("US001|80000001"))[0]["D.PYMNT_SELCT_STATUS"] == "P"
    await control("POST", "/peoplesoft/void", {"key": ["US001", "80000001"]})
    prompts = {"BUSINESS_UNIT": "US001", "VOUCHER_ID": "80000001", "PYMNT_CNT": "1"}
    assert (await asker.query("ML_AP_PAYMENT_KEY", prompts)).rows[0]["B.PYMNT_STATUS"] == "V"
    assert (await control("POST", "/peoplesoft/delete", new))["deleted"] is True
    assert await asker.voucher("US001|80000001") == []
    await control("POST", "/peoplesoft/upsert", {**new, "like": ["US001", "no"]}, 400)
    await control("POST", "/peoplesoft/explode", {}, 400)


async def test_other_records_by_hand(control: Any, asker: Asker) -> None:
    body = {"record": "supplier", "key": ["SHARE", "0000000001"], "values": {"NAME1": "Renamed"}}
    await control("POST", "/peoplesoft/upsert", body)
    prompts = {"SETID": "SHARE", "VENDOR_ID": "0000000001"}
    assert (await asker.query("ML_AP_SUPPLIER_KEY", prompts)).rows[0]["A.NAME1"] == "Renamed"
    account = {"record": "account", "key": ["SHARE", "999999"], "like": ["SHARE", "641000"]}
    await control("POST", "/peoplesoft/upsert", account)
    assert (await asker.query("ML_GL_ACCOUNT_KEY", {"SETID": "SHARE", "ACCOUNT": "999999"})).rows
    order = {"record": "purchase_order", "key": ["US001", "0000000001"], "values": {"PO_STATUS": "X"}}
    before = await control("POST", "/peoplesoft/get", order)
    after = await control("POST", "/peoplesoft/upsert", order)
    assert after["LAST_DTTM_UPDATE"] > before["LAST_DTTM_UPDATE"]
    await control("POST", "/peoplesoft/delete", account)
    assert (await control("POST", "/peoplesoft/unlock"))["locked"] is False
    assert (await control("POST", "/peoplesoft/revoke-tokens"))["revoked"] is True


async def test_bill_by_hand(control: Any, payer: Payer, sandbox: Sandbox) -> None:
    vendor = await control("POST", "/bill/create", {"table": "vendors", "values": vendor_body("By hand")})
    values = bill_body(vendor["id"])
    bill = await control("POST", "/bill/create", {"table": "bills", "values": values})
    again = await control("POST", "/bill/create", {"table": "bills", "values": values}, 400)
    assert again["error"] == ["Invoice number already exists"]
    await control("POST", "/bill/create", {"table": "departments", "values": {"name": "D"}})
    edit = {"table": "bills", "id": bill["id"], "values": {"invoice": {"invoiceNumber": "TYPED"}}}
    assert (await control("POST", "/bill/edit", edit))["invoice"]["invoiceDate"] == "2026-11-18"
    found = {"table": "bills", "values": {"invoice.invoiceNumber": "TYPED"}}
    assert len(await control("POST", "/bill/find", found)) == 1
    assert sandbox.bill.store.bills.ids("invoice", (vendor["id"], "TYPED")) == [bill["id"]]
    payment = await control("POST", "/bill/schedule", {"bill_id": bill["id"], "amount": 100})
    move = {"payment_id": payment["id"], "single_status": "CLEARED"}
    assert (await control("POST", "/bill/move", move))["status"] == "PAID"
    assert (await control("POST", "/bill/clear", {"bill_id": bill["id"]}))["amount"] == Decimal("128.99")
    assert (await payer.get(f"/v3/bills/{bill['id']}")).json["paymentStatus"] == "PAID"
    assert (await control("POST", "/bill/archive", {"table": "vendors", "id": vendor["id"]}))["archived"]
    assert (await control("POST", "/bill/delete", {"table": "vendors", "id": vendor["id"]}))["deleted"]
    assert (await control("POST", "/bill/expire-sessions"))["ended"] == 1
    assert (await payer.get("/v3/bills")).status == 401


async def test_reset_and_release(control: Any, payer: Payer, sandbox: Sandbox) -> None:
    await payer.vendor()
    await control("POST", "/faults", {"system": "bill", "kind": "hold"})
    held = asyncio.create_task(payer.get("/v3/vendors"))
    await sandbox.faults.held.reach()
    assert (await control("GET", "/state"))["held"] == 1
    assert await control("POST", "/release") == {"released": 1}
    assert (await held).status == 200
    await control("POST", "/faults", {"system": "bill", "kind": "hold"})
    held = asyncio.create_task(payer.get("/v3/vendors"))
    await sandbox.faults.held.reach()
    await control("POST", "/scenario/changes")
    await control("POST", "/switches", {"bill": {"limit_status": 429}})
    await control("POST", "/reset")
    assert (await held).status == 200
    assert sandbox.bill.limits.in_flight.total() == 0
    assert sandbox.calls.in_flight.total() == 0
    assert await control("POST", "/release") == {"released": 0}
    state = await control("GET", "/state")
    assert state["bill"][credentials.BILL_ORGANIZATION]["vendors"] == 0
    assert sandbox.bill.switches.limit_status == 422
    assert sandbox.peoplesoft.voucher("US001", scenario.VOUCHER_IDS["new"]) is None
    assert (await payer.login()).status == 200


def test_in_a_thread() -> None:
    thread = SandboxThread(lambda: Sandbox(Size(vouchers=10), scenario="plain"))
    with thread as sandbox, urllib.request.urlopen(f"{sandbox.control_url}/state") as answer:
        assert json.load(answer)["peoplesoft"]["voucher US001"] == 6
        assert thread.call(lambda: len(sandbox.bill.store.vendors)) == 0


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(ValueError, match="scenario is one of demo, plain"):
        Sandbox(scenario="other")


async def test_as_a_program(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    ready = tmp_path / "ready.json"
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "--vouchers", "10", "--bill-prefix", "", "--ready-file", str(ready),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert program.stdout is not None
    addresses = json.loads(await program.stdout.readline())
    try:
        assert (await request(http, "GET", addresses["control_url"] + "/state")).status == 200
        assert (await Payer(http, addresses["bill_url"]).login()).status == 200
        assert json.loads(ready.read_text()) == addresses
    finally:
        program.send_signal(signal.SIGTERM)
    assert await program.wait() == 0
