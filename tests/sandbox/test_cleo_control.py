"""The control endpoint's view of Cleo, and Cleo in the sandbox as a program."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp

from sandbox import credentials
from sandbox.server import Sandbox

from .cleo_client import ADMIN, MAILBOX, Tenant, order_850, sftp
from .clients import request

ROOT = Path(__file__).resolve().parents[2]


async def _control(tenant: Tenant, method: str, path: str, body: Any = None) -> Any:
    answer = await request(tenant.http, method, tenant.sandbox.control_url + path, body)
    assert answer.status == 200, answer.body
    return answer.json


async def test_state_and_calls_hold_no_secret(tenant: Tenant) -> None:
    await tenant.order()
    state = await _control(tenant, "GET", "/state")
    assert state["cleo"] | {"transfers": 0} == {
        "files": 3, "taken": 1, "posted": 0, "transfers": 0, "received": 1, "sent": 3, "orders": 1,
        "duplicates": 0, "planned": 0, "logins": 1, "runs": 0,
    }  # fmt: skip
    calls = await _control(tenant, "GET", "/calls?last=50")
    assert {call["operation"] for call in calls} >= {"POST /authentication", "POST /folders/{id}/contents"}
    text = json.dumps(calls) + json.dumps(state)
    for secret in (ADMIN[1], MAILBOX[1], *tenant.tokens.values(), "BEG*"):
        assert secret not in text


async def test_switches_and_clock(tenant: Tenant) -> None:
    shown = await _control(tenant, "POST", "/switches", {"cleo": {"pickup_delay": 60, "pickup": "running"}})
    assert shown["cleo"]["pickup_delay"] == 60
    await tenant.upload("upload/850", "a.edi", order_850())
    await _control(tenant, "POST", "/clock", {"advance": 59})
    assert (await _control(tenant, "GET", "/state"))["cleo"]["taken"] == 0
    await _control(tenant, "POST", "/clock", {"advance": 2 + 120})
    assert (await _control(tenant, "GET", "/state"))["cleo"]["sent"] == 3, "all of it was due"
    wrong = await request(
        tenant.http, "POST", f"{tenant.sandbox.control_url}/switches", {"cleo": {"pickup": "x"}}
    )
    assert wrong.status == 400
    await _control(tenant, "POST", "/reset")
    assert (await _control(tenant, "GET", "/switches"))["cleo"]["pickup_delay"] == 5


async def test_answers_come_one_after_the_other(tenant: Tenant) -> None:
    await tenant.upload("upload/850", "a.edi", order_850())
    seen = []
    for seconds in (6, 30, 30, 60):
        await tenant.control("advance", seconds=seconds)
        seen.append([row["kinds"][0] for row in await tenant.control("sent")])
    assert seen == [[], ["997"], ["997", "855"], ["997", "855", "810"]]


async def test_settling_within_a_time(tenant: Tenant) -> None:
    await tenant.control("behave", partner="ACME", response="late")
    await tenant.upload("upload/850", "a.edi", order_850())
    await tenant.control("settle", within=3600)
    assert sorted(row["kinds"][0] for row in await tenant.control("sent")) == ["810", "997"]
    await tenant.control("settle")
    assert len(await tenant.control("sent")) == 3


async def test_a_partner_can_be_told_what_to_want(tenant: Tenant) -> None:
    shown = await tenant.control(
        "partner", partner="ACME", requires={"850": ["REF*CT"]}, units=["EA", "BX"], takes=["850"]
    )
    assert (shown["requires"], shown["takes"]) == ({"850": ["REF*CT"]}, ["850"])
    await tenant.order()
    (row,) = await tenant.control("received")
    assert row["reasons"] == ["REF at segment 14: code 3"]
    await tenant.control("partner", 400, partner="ACME", name="other")
    await tenant.control("partner", 400, partner="NOBODY")


async def test_all_partners_at_once(tenant: Tenant) -> None:
    shown = await tenant.control("behave", partner="*", response="never", invoice="never")
    assert shown["GLOBEX"] == {"acknowledgment": "accept", "response": "never", "invoice": "never"}
    await tenant.order()
    assert [row["kinds"] for row in await tenant.control("sent")] == [["997"]]


async def test_one_more_partner(tenant: Tenant) -> None:
    body = {
        "identities": [{"qualifier": "ZZ", "id": "HOOLI"}],
        "versions": {"004010": ""},
        "units": ["EA", "BX"],
    }
    await tenant.control("add-partner", partner="HOOLI", **body)
    await tenant.control("add-partner", 400, partner="HOOLI", **body)
    await tenant.control("add-partner", 400, partner="OTHER", **body)
    assert (await tenant.connection("HOOLI"))["ready"] is True
    await tenant.order(receiver=("ZZ", "HOOLI"))
    (row,) = await tenant.control("received")
    assert (row["partner"], row["status"]) == ("HOOLI", "accepted")


async def test_the_program_says_where_cleo_listens(http: aiohttp.ClientSession) -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "--vouchers", "5", "--cleo-port", "0", "--cleo-sftp-port", "0",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert program.stdout is not None
    addresses = json.loads(await program.stdout.readline())
    try:
        form = {"grant_type": "password", "username": MAILBOX[0], "password": MAILBOX[1]}
        async with http.post(f"{addresses['cleo_url']}/api/authentication", data=form) as answer:
            assert answer.status == 200
        headers = {"Authorization": f"Bearer {credentials.CLEO_API_TOKEN}"}
        posted = await request(http, "POST", f"{addresses['cleo_provider_url']}/a", {}, headers=headers)
        assert posted.status == 200
        assert addresses["cleo_sftp_host_key"].startswith("ssh-ed25519 ")
    finally:
        program.terminate()
        assert await program.wait() == 0


async def test_rest_and_sftp_show_the_same_mailbox(tenant: Tenant, sandbox: Sandbox) -> None:
    await tenant.upload("upload/vendor", "vendors.csv", b"a,b")
    async with sftp(sandbox) as client:
        assert await client.listdir("/upload/vendor") == ["vendors.csv"]
        assert (await client.stat("/upload/vendor/vendors.csv")).size == 3
