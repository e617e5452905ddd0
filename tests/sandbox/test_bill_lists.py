"""BILL: the list dialect."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.server import Sandbox

from .clients import Answer, Payer, bill_body


async def names(payer: Payer, **params: str) -> list[str]:
    answer = await payer.get("/v3/vendors", **params)
    assert answer.status == 200, answer.body
    return [row["name"] for row in answer.json["results"]]


@pytest.fixture
async def vendors(payer: Payer, sandbox: Sandbox) -> list[dict[str, Any]]:
    made = []
    for name in ("Happy Ltd", "Harbor Inc", "Zeta, Co"):
        made.append(await payer.vendor(name))
        sandbox.clock.advance(10)
    return made


@pytest.mark.parametrize("size", ["0", "101", "-1", "x", ""])
async def test_max_is_1_to_100(payer: Payer, size: str) -> None:
    answer = await payer.get("/v3/vendors", max=size)
    assert (answer.status, answer.codes) == (400, [None])


async def test_default_is_twenty(payer: Payer) -> None:
    for number in range(21):
        await payer.vendor(f"Vendor {number}")
    answer = (await payer.get("/v3/vendors")).json
    assert len(answer["results"]) == 20
    assert "nextPage" in answer
    last = (await payer.get("/v3/vendors", page=answer["nextPage"])).json
    assert len(last["results"]) == 1
    assert "nextPage" not in last
    assert "prevPage" in last
    exact = (await payer.get("/v3/vendors", max="21")).json
    assert set(exact) == {"results"}


@pytest.mark.usefixtures("vendors")
async def test_filters(payer: Payer) -> None:
    assert await names(payer, filters="name:eq:Happy Ltd") == ["Happy Ltd"]
    assert await names(payer, filters='name:sw:"Ha"') == ["Happy Ltd", "Harbor Inc"]
    assert await names(payer, filters='name:eq:"Zeta, Co"') == ["Zeta, Co"]
    assert await names(payer, filters="archived:eq:true") == []
    assert await names(payer, filters='archived:eq:false,name:sw:"Z"') == ["Zeta, Co"]
    assert await names(payer, filters="address.country:eq:US", max="1") == ["Happy Ltd"]
    assert await names(payer, filters="billCurrency:ne:USD") == ["Happy Ltd", "Harbor Inc", "Zeta, Co"]


async def test_id_filters(payer: Payer, vendors: list[dict[str, Any]]) -> None:
    first, _, third = (row["id"] for row in vendors)
    assert await names(payer, filters=f'id:in:"{first},{third}"') == ["Happy Ltd", "Zeta, Co"]
    assert await names(payer, filters=f'id:nin:"{first},{third}"') == ["Harbor Inc"]


async def test_time_filters(payer: Payer, vendors: list[dict[str, Any]]) -> None:
    middle = vendors[1]["createdTime"].replace("+00:00", "Z")
    assert await names(payer, filters=f'createdTime:gte:"{middle}"') == ["Harbor Inc", "Zeta, Co"]
    assert await names(payer, filters=f'createdTime:gt:"{middle}"') == ["Zeta, Co"]
    both = f'updatedTime:gte:"2026-01-01",updatedTime:lt:"{middle}"'
    assert await names(payer, filters=both) == ["Happy Ltd"]
    await payer.call("PATCH", f"/v3/vendors/{vendors[0]['id']}", {"phone": "1"})
    assert await names(payer, filters=f'updatedTime:gt:"{middle}"') == ["Happy Ltd", "Zeta, Co"]


@pytest.mark.parametrize(
    "filters",
    [
        "shortName:eq:x", "accountNumber:eq:x", "email:eq:x", "name:gt:x", "name:like:x", "name:eq",
        "archived:eq:yes", "id:in:a,b", "createdTime:gte:2026-11-20T00:00:00.000Z",
        'createdTime:gte:"2026-11-20T00:00:00Z"', 'createdTime:gte:"yesterday"', "nonsense",
    ],
)  # fmt: skip
async def test_other_filters_are_refused(payer: Payer, filters: str) -> None:
    answer = await payer.get("/v3/vendors", filters=filters)
    assert (answer.status, answer.codes) == (400, [None])


@pytest.mark.parametrize(
    "filters", ["invoice.invoiceNumber:eq:1", "amount:eq:1", "approvalStatus:eq:X", "vendorId:ne:1"]
)
async def test_bills_have_no_filter_on_the_invoice_number(payer: Payer, filters: str) -> None:
    assert (await payer.get("/v3/bills", filters=filters)).status == 400


@pytest.mark.usefixtures("vendors")
async def test_sort(payer: Payer) -> None:
    assert await names(payer, sort="name:desc") == ["Zeta, Co", "Harbor Inc", "Happy Ltd"]
    assert await names(payer, sort="createdTime:desc,name:asc") == ["Zeta, Co", "Harbor Inc", "Happy Ltd"]
    for sort in ("name", "name:up", "phone:asc"):
        assert (await payer.get("/v3/vendors", sort=sort)).status == 400


@pytest.mark.usefixtures("vendors")
async def test_pages_belong_to_their_filter(payer: Payer) -> None:
    answer = (await payer.get("/v3/vendors", max="1", filters='name:sw:"Ha"')).json
    token = answer["nextPage"]
    assert await names(payer, max="1", filters='name:sw:"Ha"', page=token) == ["Harbor Inc"]
    assert (await payer.get("/v3/vendors", max="1", page=token)).status == 400
    assert (await payer.get("/v3/vendors", page="%%%")).status == 400


async def test_archived_rows_are_listed_unless_filtered(payer: Payer, vendors: list[dict[str, Any]]) -> None:
    await payer.post(f"/v3/vendors/{vendors[0]['id']}/archive")
    assert len(await names(payer)) == 3
    assert await names(payer, filters="archived:eq:false") == ["Harbor Inc", "Zeta, Co"]


async def test_bills_by_vendor_see_writes_at_once(payer: Payer, vendors: list[dict[str, Any]]) -> None:
    one, two = vendors[0]["id"], vendors[1]["id"]

    async def found(filters: str) -> Answer:
        return await payer.get("/v3/bills", filters=filters, max="100")

    await payer.bill(one)
    assert len((await found(f"vendorId:eq:{one}")).json["results"]) == 1
    await payer.post("/v3/bills/bulk", [bill_body(one, "2"), bill_body(two, "2")])
    rows = (await found(f"vendorId:eq:{one}")).json["results"]
    assert [row["invoice"]["invoiceNumber"] for row in rows] == ["INV-1", "2"]
    assert {row["vendorName"] for row in rows} == {"Happy Ltd"}
    assert len((await found(f'vendorId:in:"{one},{two}"')).json["results"]) == 3
    assert len((await found(f"vendorId:eq:{one},paymentStatus:eq:PAID")).json["results"]) == 0


async def test_search_lag_hides_what_is_new(payer: Payer, sandbox: Sandbox) -> None:
    sandbox.bill.switches.change({"search_lag_seconds": 60.0})
    made = await payer.vendor()
    assert await names(payer) == []
    assert (await payer.get(f"/v3/vendors/{made['id']}")).status == 200
    sandbox.clock.advance(61)
    assert await names(payer) == [made["name"]]


async def test_ignored_filters(payer: Payer, sandbox: Sandbox, vendors: list[dict[str, Any]]) -> None:
    sandbox.faults.add(system="bill", kind="ignore_filters", operation="GET /v3/vendors")
    assert len(await names(payer, filters="name:eq:Happy Ltd")) == len(vendors)
    assert await names(payer, filters="name:eq:Happy Ltd") == ["Happy Ltd"]
