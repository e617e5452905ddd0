"""BILL: log-in, sessions and limits."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from sandbox import credentials
from sandbox.server import Sandbox

from .clients import Payer, request, vendor_body

PROBE = "/v3/login/session"


def begin_hour(sandbox: Sandbox) -> None:
    sandbox.clock.advance(3601 - sandbox.clock.seconds() % 3600)


async def test_login_and_probe(payer: Payer) -> None:
    answer = await payer.login()
    assert answer.json == {
        "sessionId": payer.session_id,
        "organizationId": credentials.BILL_ORGANIZATION,
        "userId": credentials.BILL_USER_ID,
        "trusted": False,
    }
    assert (await payer.get(PROBE)).json["mfaStatus"] == "DISABLED"


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"password": "wrong"}, 401, "BDC_1101"),
        ({"username": "someone@example.com"}, 401, "BDC_1101"),
        ({"devKey": "unknown"}, 401, "BDC_1102"),
        ({"organizationId": "00801UNKNOWN00000001"}, 400, "BDC_1123"),
        ({"password": None}, 400, None),
        ({"rememberMeId": "x", "device": "d" * 49}, 400, "BDC_1143"),
    ],
)
async def test_login_refusals(payer: Payer, changed: dict[str, Any], status: int, code: str | None) -> None:
    answer = await payer.login(**changed)
    assert (answer.status, answer.codes) == (status, [code])


async def test_login_names_are_those_of_v3(payer: Payer) -> None:
    answer = await payer.login(username=None, organizationId=None, userName="x", orgId="y")
    assert answer.messages == ["username: must not be null", "organizationId: must not be null"]


async def test_inactive_key_and_locked_organization(payer: Payer, sandbox: Sandbox) -> None:
    sandbox.bill.switches.change({"organization_locked": True})
    assert (await payer.login()).codes == ["BDC_1107"]
    assert (await payer.login()).status == 423
    sandbox.bill.switches.change({"dev_key_inactive": True})
    assert (await payer.login()).codes == ["BDC_1103"]


async def test_failed_logins_lock_the_organization(payer: Payer) -> None:
    for _ in range(10):
        await payer.login(password="wrong")
    assert (await payer.login()).codes == ["BDC_1107"]


async def test_session_is_needed(payer: Payer) -> None:
    for client in (replace(payer, session_id=""), replace(payer, session_id="bogus")):
        answer = await client.get("/v3/vendors")
        assert (answer.status, answer.codes) == (401, ["BDC_1109"])


async def test_session_belongs_to_its_dev_key(payer: Payer) -> None:
    other = replace(payer, dev_key=credentials.BILL_OTHER_DEV_KEY)
    assert (await other.get("/v3/vendors")).codes == ["BDC_1109"]
    assert (await replace(payer, dev_key="").get("/v3/vendors")).codes == ["BDC_1102"]
    assert (await payer.get("/v3/vendors")).status == 200


async def test_idle_expiry_slides(payer: Payer, sandbox: Sandbox) -> None:
    for _ in range(3):
        sandbox.clock.advance(34 * 60)
        assert (await payer.get(PROBE)).status == 200
    sandbox.clock.advance(35 * 60)
    answer = await payer.get(PROBE)
    assert (answer.status, answer.codes) == (401, ["BDC_1109"])
    assert (await payer.login()).status == 200
    assert (await payer.get(PROBE)).status == 200


async def test_a_sync_token_lasts_longer_and_moves_no_money(payer: Payer, sandbox: Sandbox) -> None:
    await payer.login(username=credentials.BILL_TOKEN_NAME, password=credentials.BILL_TOKEN_VALUE)
    sandbox.clock.advance(47 * 3600)
    assert (await payer.get(PROBE)).status == 200
    assert (await payer.post("/v3/payments", {})).codes == ["BDC_1361"]
    sandbox.clock.advance(48 * 3600)
    assert (await payer.get(PROBE)).status == 401


async def test_logout(payer: Payer) -> None:
    answer = await payer.post("/v3/logout")
    assert (answer.status, answer.body) == (200, b"")
    assert (await payer.get(PROBE)).status == 401


async def test_expired_by_deployment(payer: Payer, sandbox: Sandbox) -> None:
    assert sandbox.bill.sessions.expire_all() == 1
    assert (await payer.get(PROBE)).codes == ["BDC_1109"]


async def test_organizations_do_not_see_each_other(payer: Payer) -> None:
    await payer.vendor()
    await payer.login(organizationId=credentials.BILL_OTHER_ORGANIZATION)
    assert (await payer.get("/v3/vendors")).json == {"results": []}


async def test_unknown_paths(payer: Payer) -> None:
    for method, path in (
        ("GET", "/v3/Vendors"),
        ("GET", "/v3/session"),
        ("GET", "/v3/v3/vendors"),
        ("PUT", "/v3/vendors/00902SANDBOX00000001"),
        ("DELETE", "/v3/bills/00n02SANDBOX00000001"),
    ):
        answer = await payer.call(method, path)
        assert (answer.status, answer.codes) == (404, ["BDC_1121"]), path


async def test_a_body_must_be_json(payer: Payer) -> None:
    headers = {"devKey": payer.dev_key, "sessionId": payer.session_id}
    answer = await request(payer.http, "POST", f"{payer.url}/v3/vendors", data=b"{name: x}", headers=headers)
    assert (answer.status, answer.codes) == (400, ["BDC_1122"])


@pytest.mark.parametrize("status", [422, 429])
async def test_three_requests_at_a_time(payer: Payer, sandbox: Sandbox, status: int) -> None:
    sandbox.bill.switches.change({"limit_status": status})
    sandbox.faults.add(system="bill", kind="hold", operation="GET /v3/vendors", count=3)
    held = [asyncio.create_task(payer.get("/v3/vendors")) for _ in range(3)]
    await sandbox.faults.held.reach(3)
    answer = await payer.get("/v3/bills")
    assert (answer.status, answer.codes) == (status, ["BDC_1322"])
    other = replace(payer, session_id="")
    await other.login(organizationId=credentials.BILL_OTHER_ORGANIZATION)
    assert (await other.get("/v3/bills")).status == 200, "the limit is per organization"
    sandbox.faults.release()
    assert [answer.status for answer in await asyncio.gather(*held)] == [200, 200, 200]
    assert (await payer.get("/v3/bills")).status == 200
    assert sandbox.bill.limits.max_in_flight == 3


async def test_hourly_quota_ends_with_the_clock_hour(payer: Payer, sandbox: Sandbox) -> None:
    begin_hour(sandbox)
    await payer.login()
    sandbox.bill.switches.change({"requests_per_hour": 5})
    statuses = [(await payer.get(PROBE)).status for _ in range(5)]
    assert statuses == [200, 200, 200, 200, 422], "the log-in counted too"
    answer = await payer.get(PROBE)
    assert answer.codes == ["BDC_1144"]
    assert answer.messages == ["Max number of allowed requests per hour reached: 5."]
    begin_hour(sandbox)
    assert (await payer.login()).status == 200


async def test_logins_per_hour(payer: Payer, sandbox: Sandbox) -> None:
    begin_hour(sandbox)
    sandbox.bill.switches.change({"logins_per_hour": 1})
    assert (await payer.login()).status == 200
    assert (await payer.login()).codes == ["BDC_1144"]


async def test_untrusted_sessions_move_no_money(payer: Payer) -> None:
    answer = await payer.post("/v3/payments", {})
    assert (answer.status, answer.json[0]["params"]) == (403, {})
    assert answer.codes == ["BDC_1361"]
    auto_pay = vendor_body(autoPay={"enabled": True})
    assert (await payer.post("/v3/vendors", auto_pay)).codes == ["BDC_1361"]
    trusted = await payer.login(rememberMeId=credentials.BILL_REMEMBER_ME, device=credentials.BILL_DEVICE)
    assert trusted.json["trusted"] is True
    assert (await payer.post("/v3/vendors", auto_pay)).status == 201
    assert (await payer.post("/v3/payments", {})).status == 400
