from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from ml_connector.bill.api import ACCOUNTS, BILLS, VENDORS, BillApi, Filter, classify, moment
from ml_connector.bill.errors import FilterRefused, HourSpent, NotFound, TooManyAtOnce
from ml_connector.bill.options import BillOptions
from ml_connector.core.errors import (
    ConfigurationError,
    ContractChanged,
    InDoubt,
    RateLimited,
    Rejected,
    Unavailable,
)
from ml_connector.core.http import Client, HandlerTransport, Request, Response
from ml_connector.core.state.store import Store
from sandbox.server import Sandbox

from .support import Bill, bill_body, connected, vendor_body


def answers(*values: Any) -> tuple[BillApi, list[Request], list[float]]:
    """An API whose transport gives these answers in turn: (status, body) or an exception."""
    waiting, seen, pauses = list(values), [], []

    async def handle(request: Request) -> Response:
        seen.append(request)
        value = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(value, Exception):
            raise value
        status, body = value
        return Response(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    client = Client(
        "http://bill.test/connect", transport=HandlerTransport(handle), classify=classify, sleep=sleep
    )
    return BillApi(client, sleep=sleep), seen, pauses


def coded(code: str) -> list[dict[str, str]]:
    return [{"code": code, "message": "said"}]


async def all_rows(api: BillApi, *filters: Filter) -> list[dict[str, Any]]:
    return [row async for rows in api.pages(VENDORS, filters) for row in rows]


def test_filters_are_written_as_bill_reads_them() -> None:
    at = datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    assert str(Filter("updatedTime", "gte", at)) == 'updatedTime:gte:"2026-11-20T09:00:00.123Z"'
    assert str(Filter("vendorId", "in", ["009A", "009B"])) == 'vendorId:in:"009A,009B"'
    assert str(Filter("archived", "eq", False)) == "archived:eq:false"
    assert str(Filter("name", "eq", "A, B")) == 'name:eq:"A, B"'
    assert moment(datetime(2026, 11, 20, tzinfo=UTC)) == "2026-11-20T00:00:00.000Z"
    with pytest.raises(ValueError, match="quotation mark"):
        str(Filter("name", "eq", 'The "Best"'))


async def test_a_list_is_read_to_its_end(bill: Bill) -> None:
    for number in range(230):
        bill.vendor(f"Vendor {number}")
    assert len(await all_rows(bill.api)) == 230
    assert bill.calls("GET /v3/vendors") == 3


async def test_filters_reach_bill(bill: Bill) -> None:
    one, two = bill.vendor("One"), bill.vendor("Two")
    assert [row["id"] for row in await all_rows(bill.api, Filter("id", "in", [two]))] == [two]
    assert [row["id"] for row in await all_rows(bill.api, Filter("name", "eq", "One"))] == [one]
    later = bill.now() + timedelta(seconds=1)
    assert await all_rows(bill.api, Filter("updatedTime", "gte", later)) == []


async def test_a_filter_that_bill_does_not_have_is_known_as_one(bill: Bill) -> None:
    with pytest.raises(FilterRefused, match="shortName"):
        await all_rows(bill.api, Filter("shortName", "eq", "x"))


async def test_an_empty_page_is_not_the_end() -> None:
    api, seen, _ = answers(
        (200, {"results": [], "nextPage": "b"}), (200, {"results": [{"id": "1"}], "nextPage": None})
    )
    assert await all_rows(api) == [{"id": "1"}]
    assert [dict(request.params).get("page") for request in seen] == [None, "b"]
    assert [dict(request.params)["max"] for request in seen] == ["100", "100"]


async def test_a_token_that_comes_again_stops_the_read() -> None:
    api, _, _ = answers((200, {"results": [{"id": "1"}], "nextPage": "a"}))
    with pytest.raises(ContractChanged, match="leads back"):
        await all_rows(api)


@pytest.mark.parametrize("body", [{}, {"results": None}, {"results": [1]}, []])
async def test_a_list_of_another_shape_is_a_changed_contract(body: Any) -> None:
    api, _, _ = answers((200, body))
    with pytest.raises(ContractChanged):
        await all_rows(api)


async def test_a_missing_object_is_not_found(bill: Bill) -> None:
    with pytest.raises(NotFound):
        await bill.api.get(VENDORS, "00901UNKNOWN00000001")


async def test_too_many_at_once_is_tried_again_within_seconds() -> None:
    api, seen, pauses = answers(*[(422, coded("BDC_1322"))] * 4, (201, {"id": "009A"}))
    assert await api.create(VENDORS, {}) == {"id": "009A"}
    assert len(seen) == 5
    assert [0.5 * full <= pause <= 1.5 * full for pause, full in zip(pauses, (1, 2, 4, 8), strict=True)] == [
        True
    ] * 4


async def test_too_many_at_once_for_long_stops_the_flow() -> None:
    api, seen, _ = answers((429, coded("BDC_1322")))
    with pytest.raises(TooManyAtOnce) as caught:
        await api.create(VENDORS, {})
    assert (len(seen), caught.value.retry_after) == (5, 10)


async def test_the_spent_hour_stops_every_process(sandbox: Sandbox, state: Store) -> None:
    async with connected(sandbox, state) as one, connected(sandbox, state) as two:
        sandbox.faults.add(
            system="bill", kind="error", operation="GET /v3/vendors/{id}", code="BDC_1144", status=422
        )
        with pytest.raises(HourSpent):
            await one.get(VENDORS, "009X")
        before = sum(sandbox.calls.per_operation.values())
        for api in (one, two):
            with pytest.raises(RateLimited) as caught:
                await api.session()
            assert 0 < caught.value.retry_after <= 3603
        assert sum(sandbox.calls.per_operation.values()) == before


async def test_our_own_share_of_the_hour_is_kept(sandbox: Sandbox, state: Store) -> None:
    async with connected(sandbox, state, BillOptions(hourly_requests=100)) as api:
        for _ in range(99):  # the log-in was the first call
            await api.session()
        with pytest.raises(RateLimited, match="all 100 of this window"):
            await api.session()
    assert sandbox.bill.limits.used().popitem()[1] == 100


async def test_no_more_in_flight_than_bill_allows(sandbox: Sandbox, state: Store) -> None:
    async with connected(sandbox, state) as one, connected(sandbox, state) as two:
        await asyncio.gather(*(api.session() for api in (one, two) for _ in range(15)))
    assert sandbox.bill.limits.max_in_flight <= 3
    assert not sandbox.calls.per_status["bill 422"]


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("lost", {}),
        ("broken_gateway", {}),
        ("truncate", {}),
        ("cut_off", {}),
        ("html", {"status": 200}),
        ("error", {"status": 500}),
        ("error", {"code": "BDC_1001"}),
    ],
)
async def test_a_write_without_a_clear_answer_is_in_doubt_and_not_repeated(
    bill: Bill, kind: str, more: dict[str, Any]
) -> None:
    bill.fault(kind, "POST /v3/vendors", **more)
    with pytest.raises(InDoubt):
        await bill.api.create(VENDORS, vendor_body())
    assert bill.calls("POST /v3/vendors") == 1


@pytest.mark.parametrize("kind", ["lost", "broken_gateway", "error"])
async def test_reads_and_archiving_are_repeated(bill: Bill, kind: str) -> None:
    vendor = bill.vendor()
    for operation in ("GET /v3/vendors/{id}", "POST /v3/vendors/{id}/archive"):
        bill.fault(kind, operation, status=503)
    assert (await bill.api.get(VENDORS, vendor))["archived"] is False
    assert (await bill.api.archive(VENDORS, vendor))["archived"] is True


async def test_a_maintenance_page_is_an_outage(bill: Bill) -> None:
    bill.fault("html", "GET /v3/vendors/{id}", count=None)
    with pytest.raises(Unavailable):
        await bill.api.get(VENDORS, "009X")


async def test_a_wrong_path_is_a_wrong_setting(sandbox: Sandbox, state: Store) -> None:
    async with connected(sandbox, state, base_url=sandbox.bill_url + "/elsewhere") as api:
        with pytest.raises(ConfigurationError, match="host"):
            await api.session()


async def test_bulk_answers_are_unwrapped(bill: Bill) -> None:
    vendors = await bill.api.create_bulk(VENDORS, [vendor_body(1), vendor_body(2)])
    assert [row["name"] for row in vendors] == ["Vendor 1", "Vendor 2"]
    bills = await bill.api.create_bulk(BILLS, [bill_body(vendors[0]["id"])])
    assert bills[0]["invoice"]["invoiceNumber"] == "INV-1"
    bodies = [{"name": "A", "account": {"type": "EXPENSE", "number": "1"}}]
    accounts = await bill.api.create_bulk(ACCOUNTS, bodies)
    changed = await bill.api.patch_bulk(ACCOUNTS, [{"id": accounts[0]["id"], "name": "B"}])
    assert changed[0]["name"] == "B"


@pytest.mark.parametrize("body", [{}, {"vendors": None}, {"vendors": [1]}, []])
async def test_a_bulk_answer_of_another_shape_is_doubt(body: Any) -> None:
    api, _, _ = answers((201, body))
    bodies: Sequence[dict[str, Any]] = [{}, {}]
    if body == []:
        assert await api.create_bulk(BILLS, bodies) == []
    else:
        with pytest.raises(InDoubt):
            await api.create_bulk(VENDORS, bodies)


async def test_an_answer_that_names_no_object_is_doubt() -> None:
    api, _, _ = answers((201, {"name": "x"}))
    with pytest.raises(InDoubt):
        await api.create(VENDORS, {})


async def test_refusals_hide_what_was_sent(sandbox: Sandbox, state: Store) -> None:
    async with connected(sandbox, state) as api:
        secret = sandbox.bill_url and "01SANDBOXDEVKEY00001"
        sandbox.faults.add(
            system="bill",
            kind="error",
            operation="POST /v3/vendors",
            status=400,
            message=f"devKey: {secret} is odd",
        )
        with pytest.raises(Rejected) as caught:
            await api.create(VENDORS, vendor_body())
        assert secret not in str(caught.value) + caught.value.reason
