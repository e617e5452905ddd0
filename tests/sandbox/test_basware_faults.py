"""Planned faults of Basware: on the wire, in the second stage, on pages; and limits that are switches."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from .basware_client import Buyer, account, transfer

LIST = "/v1/accountingDocuments"
DATE = "Fri, 20 Nov 2026 10:00:00 GMT"


def plan(buyer: Buyer, kind: str, operation: str, **more: Any) -> None:
    buyer.sandbox.faults.add(system="basware", kind=kind, operation=operation, **more)


@pytest.mark.parametrize(
    ("more", "retry_after"),
    [({}, None), ({"seconds": 7}, "7"), ({"value": DATE}, DATE)],
)
async def test_too_many_requests(buyer: Buyer, more: dict[str, Any], retry_after: str | None) -> None:
    plan(buyer, "error", "POST /v1/accounts", status=429, **more)
    reply = await buyer.call("POST", "/v1/accounts", [account("1")])
    assert (reply.status, reply.json) == (429, {"message": "Too Many Requests"})
    assert reply.headers.get("Retry-After") == retry_after
    assert (await buyer.call("POST", "/v1/accounts", [account("1")])).status == 200


async def test_errors_in_the_shape_of_p2p(buyer: Buyer) -> None:
    plan(buyer, "error", "POST /v1/accounts", status=500, code="SNS_PUBLISH_ERROR")
    plan(buyer, "error", "PATCH /v1/accounts/{externalCode}", status=503)
    await buyer.call("POST", "/v1/vendors", [])
    reply = await buyer.call("POST", "/v1/accounts", [account("1")])
    assert (reply.status, reply.codes) == (500, ["SNS_PUBLISH_ERROR"])
    assert buyer.state.store.table("accounts").rows == {}
    assert (await buyer.call("PATCH", "/v1/accounts/A-1", {})).status == 503


async def test_an_answer_is_lost_after_the_work(buyer: Buyer) -> None:
    document = buyer.invoice()
    plan(buyer, "lost", f"POST {LIST}/{{invoiceId}}/acknowledge")
    with pytest.raises(aiohttp.ClientError):
        await buyer.act(document, "acknowledge")
    assert document.status == "TransferInProgress"
    assert (await buyer.act(document, "acknowledge")).status == 405
    buyer.contract = None
    buyer.settle()
    response = transfer()
    plan(buyer, "broken_gateway", f"POST {LIST}/{{invoiceId}}/transferResponses", status=500)
    assert (await buyer.act(document, "transferResponses", response)).status == 500
    assert (await buyer.act(document, "transferResponses", response)).status == 400
    assert len(document.responses["transferResponses"]) == 1


async def test_a_write_is_carried_out_later(buyer: Buyer) -> None:
    document = buyer.invoice()
    plan(buyer, "late_commit", "*/acknowledge", seconds=30)
    assert (await buyer.act(document, "acknowledge")).status == 504
    assert document.status == "WaitingForTransfer"
    await buyer.sandbox.clock.sleeping.reach(1)
    buyer.sandbox.clock.advance(30)
    await buyer.sandbox.settled()
    assert document.status == "TransferInProgress"


async def test_what_p2p_says_can_be_planned(buyer: Buyer) -> None:
    plan(buyer, "verdict", "POST /v1/accounts", rows=1, message="Out of order.", code="Technical")
    plan(buyer, "process_later", "POST /v1/accounts", seconds=600)
    reply = await buyer.call("POST", "/v1/accounts", [account("1"), account("2")])
    buyer.settle()
    assert set((await buyer.items(reply.request_id)).values()) == {"InProgress"}
    buyer.advance(600)
    assert await buyer.items(reply.request_id) == {"A-1": "Error", "A-2": "Success"}
    item = buyer.state.requests.find(reply.request_id).items[0].shown()
    assert item["errors"] == [{"type": "Error", "message": "Out of order.", "category": "Technical"}]
    assert set(buyer.state.store.table("accounts").p2p) == {"A-2"}
    document = buyer.invoice()
    plan(buyer, "verdict", "*/transferResponses", value="Unpublished")
    response = transfer()
    reply = await buyer.act(document, "transferResponses", response)
    buyer.settle()
    assert await buyer.items(reply.request_id) == {response["externalCode"]: "Unpublished"}
    assert document.status == "WaitingForTransfer"


async def test_pages_can_be_short_and_tokens_can_end(buyer: Buyer) -> None:
    for _ in range(4):
        buyer.invoice()
    plan(buyer, "short_page", f"GET {LIST}", rows=1)
    pages = await buyer.pages(f"{LIST}?pageSize=2")
    assert [len(page) for page in pages] == [1, 2, 1]
    token = (await buyer.get(f"{LIST}?pageSize=2")).token
    plan(buyer, "expire_continuation", f"GET {LIST}")
    assert (await buyer.get(f"{LIST}?pageSize=2", token)).status == 400
    plan(buyer, "expire_presigned", "GET /_presigned/{id}")
    assert (await buyer.get(LIST)).status == 403
    assert (await buyer.get(LIST)).status == 200


async def test_too_many_at_the_same_time(buyer: Buyer) -> None:
    buyer.invoice()
    buyer.switch(concurrent_requests=2)
    plan(buyer, "hold_request", f"GET {LIST}", count=3)
    calls = [asyncio.create_task(buyer.first("GET", LIST)) for _ in range(3)]
    await buyer.sandbox.faults.held.reach(3)
    assert (await buyer.first("GET", LIST)).status == 429
    buyer.switch(concurrent_requests=4)
    buyer.sandbox.faults.release()
    assert [reply.status for reply in await asyncio.gather(*calls)] == [302, 302, 302]
    assert buyer.state.counts()["max_in_flight"] == 4


async def test_calls_are_counted_by_operation(buyer: Buyer) -> None:
    document = buyer.invoice()
    await buyer.get(f"{LIST}/{document.id}")
    await buyer.call("POST", "/v1/lists/ACC_LIST_1", [])
    counted = buyer.sandbox.calls.per_operation
    assert counted["basware GET /v1/accountingDocuments/{invoiceId}"] == 1
    assert counted["basware GET /_presigned/{id}"] == 1
    assert counted["basware POST /v1/lists/{listKey}"] == 1
    assert buyer.sandbox.calls.per_status["basware 302"] == 1
