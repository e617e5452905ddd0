"""Faults of Cleo: what goes wrong on the way, with tokens, files and pick-up."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest

from sandbox.server import Sandbox

from .cleo_client import MAILBOX, Tenant, order_850

CUT = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientPayloadError)
UPLOAD = "POST /folders/{id}/contents"
CONNECTIONS = "GET /connections"


@pytest.fixture
async def href(tenant: Tenant) -> str:
    return await tenant.contents("upload/850")


async def test_a_token_may_end_in_the_middle(tenant: Tenant, sandbox: Sandbox) -> None:
    await tenant.get("/api/connections")
    sandbox.faults.add(system="cleo", kind="expire_token", operation=CONNECTIONS)
    assert (await tenant.get("/api/connections")).status == 401
    assert (await tenant.get("/api/actions")).status == 401, "it is gone for good"
    tenant.tokens.clear()
    assert (await tenant.get("/api/connections")).status == 200
    assert await tenant.control("expire-tokens") == {"ended": 1}
    assert (await tenant.get("/api/connections")).status == 401


async def test_too_many_requests(tenant: Tenant, sandbox: Sandbox) -> None:
    limit: dict[str, Any] = {"system": "cleo", "kind": "error", "status": 429, "operation": CONNECTIONS}
    sandbox.faults.add(**limit, value="7")
    sandbox.faults.add(**limit, value="date", seconds=90.0, skip=1)
    sandbox.faults.add(**limit, skip=2, message="Slow down.")
    answers = [await tenant.get("/api/connections") for _ in range(4)]
    assert [answer.status for answer in answers] == [429, 429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"
    ahead = parsedate_to_datetime(answers[1].headers["Retry-After"]) - sandbox.clock.now()
    assert 80 < ahead.total_seconds() <= 90
    assert "Retry-After" not in answers[2].headers
    assert answers[2].json == {"message": "Slow down."}


async def test_outages_and_pages_of_a_proxy(tenant: Tenant, sandbox: Sandbox) -> None:
    sandbox.faults.add(system="cleo", kind="error", status=503, count=3)
    sandbox.faults.add(system="cleo", kind="html", status=200, skip=3)
    answers = [await tenant.login(*MAILBOX) for _ in range(5)]
    assert [answer.status for answer in answers] == [503, 503, 503, 200, 200]
    assert answers[3].body.startswith(b"<!DOCTYPE html>")
    sandbox.faults.add(system="cleo", kind="error", status=403, operation=UPLOAD, message="Not permitted.")
    assert (await tenant.upload("upload/850", "a.edi", b"x")).status == 403


@pytest.mark.parametrize(("kind", "stored"), [("reset", 0), ("lost", 1), ("cut_off", 1)])
async def test_an_upload_without_an_answer(
    tenant: Tenant, sandbox: Sandbox, href: str, kind: str, stored: int
) -> None:
    sandbox.faults.add(system="cleo", kind=kind, operation=UPLOAD)
    with pytest.raises(CUT):
        await tenant.upload("", "a.edi", order_850(), href=href)
    assert len(await tenant.control("files", folder="upload/850")) == stored
    again = await tenant.upload("", "a.edi", order_850(), href=href)
    assert again.status == (409 if stored else 201)
    await tenant.control("settle")
    assert len(await tenant.control("received")) == 1


async def test_an_upload_that_is_stored_later(tenant: Tenant, sandbox: Sandbox, href: str) -> None:
    sandbox.faults.add(system="cleo", kind="late_commit", operation=UPLOAD, seconds=30)
    assert (await tenant.upload("", "a.edi", order_850(), href=href)).status == 504
    assert await tenant.control("files", folder="upload/850") == []
    sandbox.clock.advance(31)
    await sandbox.settled()
    assert len(await tenant.control("files", folder="upload/850")) == 1


async def test_a_file_may_vanish(tenant: Tenant, sandbox: Sandbox) -> None:
    await tenant.control("drop", folder="810", name="a.edi", content="x")
    (row,) = await tenant.rows(await tenant.contents("download/810"))
    sandbox.faults.add(system="cleo", kind="vanish_file", operation="GET /files/{id}/content")
    assert (await tenant.get(row["_links"]["content"]["href"])).status == 404
    assert await tenant.names("download/810") == []
    await tenant.control("drop", folder="810", name="a.edi", content="x")
    assert await tenant.control("remove", folder="download/810", name="a.edi") == {"removed": True}
    assert await tenant.control("remove", folder="download/810", name="a.edi") == {"removed": False}


async def test_half_a_download(tenant: Tenant, sandbox: Sandbox) -> None:
    await tenant.control("drop", folder="810", name="a.edi", content="x" * 100)
    (row,) = await tenant.rows(await tenant.contents("download/810"))
    content = "GET /files/{id}/content"
    sandbox.faults.add(system="cleo", kind="truncate", operation=content)
    assert len(await tenant.download(row)) == 50
    sandbox.faults.add(system="cleo", kind="cut_off", operation=content, count=2)
    with pytest.raises(CUT):
        await tenant.download(row)


async def test_a_lost_run_may_have_sent_everything(tenant: Tenant, sandbox: Sandbox) -> None:
    action = await tenant.action("send", "ACME")
    body = {name: value for name, value in action.items() if name != "schedule"}
    await tenant.call("PUT", action["_links"]["self"]["href"], body)
    await tenant.order()
    sandbox.faults.add(system="cleo", kind="lost", operation="POST /actions/{id}/run")
    with pytest.raises(CUT):
        await tenant.call("POST", action["_links"]["run"]["href"])
    assert len(await tenant.control("received")) == 1


async def test_calls_are_counted_by_name(tenant: Tenant, sandbox: Sandbox) -> None:
    await tenant.upload("upload/850", "a.edi", b"x")
    await tenant.get("/api/nothing")
    counted = sandbox.calls.per_operation
    assert counted["cleo POST /authentication"] == 2
    assert counted[f"cleo {UPLOAD}"] == 1
    assert counted["cleo GET OTHER"] == 1
    assert sandbox.cleo.counts()["logins"] == 2
