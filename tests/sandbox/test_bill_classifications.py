"""BILL: chart of accounts, departments, locations, accounting classes and vendor credits."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.bill.classifications import KINDS
from sandbox.server import Sandbox

from .clients import Payer

BASE = "/v3/classifications"
ACCOUNTS = f"{BASE}/chart-of-accounts"


@pytest.mark.parametrize("path", list(KINDS))
async def test_every_kind_has_every_verb(payer: Payer, path: str) -> None:
    base, key = f"{BASE}/{path}", KINDS[path].bulk_key
    made = await payer.create(base, {"name": "First", "description": "x"})
    assert (await payer.get(f"{base}/{made['id']}")).json == made
    patched = await payer.call("PATCH", f"{base}/{made['id']}", {"name": "Renamed"})
    assert (patched.status, patched.json["name"], patched.json["description"]) == (200, "Renamed", "x")
    bulk = await payer.post(f"{base}/bulk", [{"name": "Second"}, {"name": "Third"}])
    assert (bulk.status, [row["name"] for row in bulk.json[key]]) == (201, ["Second", "Third"])
    ids = [made["id"], *(row["id"] for row in bulk.json[key])]
    edits = [{"id": row_id, "description": "same"} for row_id in ids]
    assert {row["description"] for row in (await payer.call("PATCH", f"{base}/bulk", edits)).json[key]} == {
        "same"
    }
    for verb, archived in (("archive", True), ("archive", True), ("restore", False)):
        answer = await payer.post(f"{base}/bulk/{verb}", ids=",".join(ids))
        assert [row["archived"] for row in answer.json[key]] == [archived] * 3
    assert (await payer.post(f"{base}/{ids[0]}/archive")).json["archived"] is True
    assert (await payer.post(f"{base}/{ids[0]}/restore")).json["archived"] is False
    assert len((await payer.get(base)).json["results"]) == 3
    assert (await payer.get(f"{base}/unknown")).codes == ["BDC_1205"]


async def test_names_and_account_numbers_are_unique(payer: Payer, sandbox: Sandbox) -> None:
    made = await payer.account("Office", "641000")
    for name, number in (("Office", "1"), ("Other", "641000")):
        body = {"name": name, "account": {"type": "EXPENSE", "number": number}}
        assert (await payer.post(ACCOUNTS, body)).status == 422
    twice = [{"name": "Twice"}, {"name": "Twice"}]
    assert (await payer.post(f"{ACCOUNTS}/bulk", twice)).status == 422
    await payer.post(f"{ACCOUNTS}/{made['id']}/archive")
    await payer.account("Office", "641000")
    assert (await payer.post(f"{ACCOUNTS}/{made['id']}/restore")).status == 422
    sandbox.bill.switches.change({"unique_classifications": False})
    assert (await payer.post(ACCOUNTS, {"name": "Office"})).status == 201


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "name: must not be null"),
        ({"name": "x", "account": {"type": "COST"}}, "account.type: must be one of UNSPECIFIED"),
        ({"name": "x" * 101}, "name: size must be between 1 and 100"),
    ],
)
async def test_field_validation(payer: Payer, body: dict[str, Any], message: str) -> None:
    answer = await payer.post(ACCOUNTS, body)
    assert answer.status == 400
    assert answer.messages[0].startswith(message)


async def test_bulk_limits_and_atomicity(payer: Payer, sandbox: Sandbox) -> None:
    bodies = [{"name": f"Account {number}"} for number in range(51)]
    assert (await payer.post(f"{ACCOUNTS}/bulk", bodies)).status == 400
    assert (await payer.post(f"{ACCOUNTS}/bulk", [*bodies[:3], {}])).status == 400
    assert len(sandbox.bill.store.accounts) == 0
    made = (await payer.post(f"{ACCOUNTS}/bulk", bodies[:50])).json["chartOfAccounts"]
    edits = [{"id": made[0]["id"], "description": "x"}, {"id": "unknown", "description": "x"}]
    assert (await payer.call("PATCH", f"{ACCOUNTS}/bulk", edits)).status == 404
    assert "description" not in (await payer.get(f"{ACCOUNTS}/{made[0]['id']}")).json
    assert (await payer.post(f"{ACCOUNTS}/bulk/archive")).status == 400
    assert (await payer.post(f"{ACCOUNTS}/bulk/archive", ids=f"{made[0]['id']},unknown")).status == 404
    assert (await payer.get(f"{ACCOUNTS}/{made[0]['id']}")).json["archived"] is False


async def test_parents_must_exist(payer: Payer) -> None:
    made = await payer.create(ACCOUNTS, {"name": "Parent"})
    assert (await payer.create(ACCOUNTS, {"name": "Child", "parentId": made["id"]}))["parentId"] == made["id"]
    assert (await payer.post(ACCOUNTS, {"name": "Orphan", "parentId": "unknown"})).status == 422


def credit(vendor_id: str, number: str = "CR-1", **changed: Any) -> dict[str, Any]:
    return {
        "vendorId": vendor_id,
        "referenceNumber": number,
        "creditDate": "2026-11-18",
        "vendorCreditLineItems": [{"amount": 14.99}, {"amount": 50}],
    } | changed


async def test_vendor_credits(payer: Payer) -> None:
    vendor = await payer.vendor()
    made = await payer.create("/v3/vendor-credits", credit(vendor["id"]))
    assert (str(made["amount"]), made["appliedAmount"]) == ("64.99", 0)
    path = f"/v3/vendor-credits/{made['id']}"
    line = made["vendorCreditLineItems"][0]["id"]
    patched = await payer.call("PATCH", path, {"vendorCreditLineItems": [{"id": line, "amount": 20}]})
    assert patched.json["amount"] == 70
    replaced = await payer.call("PUT", path, credit(vendor["id"], vendorCreditLineItems=[{"amount": 5}]))
    assert replaced.json["amount"] == 5
    bulk = await payer.post("/v3/vendor-credits/bulk", [credit(vendor["id"], "2"), credit(vendor["id"], "3")])
    assert len(bulk.json["vendorCredits"]) == 2
    second, third = bulk.json["vendorCredits"]
    edits = [{"id": second["id"], "description": "x"}, {"id": "unknown"}]
    assert (await payer.call("PATCH", "/v3/vendor-credits/bulk", edits)).status == 404
    assert "description" not in (await payer.get(f"/v3/vendor-credits/{second['id']}")).json
    assert (await payer.call("PATCH", "/v3/vendor-credits/bulk", edits[:1])).status == 200
    archived = await payer.post("/v3/vendor-credits/bulk/archive", ids=f"{second['id']},{third['id']}")
    assert {row["archived"] for row in archived.json["vendorCredits"]} == {True}
    listed = (await payer.get("/v3/vendor-credits", filters=f"vendorId:eq:{vendor['id']}")).json["results"]
    assert [row["referenceNumber"] for row in listed] == ["CR-1", "2", "3"]


async def test_an_archived_credit_stays_archived(payer: Payer) -> None:
    made = await payer.create("/v3/vendor-credits", credit((await payer.vendor())["id"]))
    path = f"/v3/vendor-credits/{made['id']}"
    for _ in range(2):
        assert (await payer.post(f"{path}/archive")).json["archived"] is True
    assert (await payer.post(f"{path}/restore")).codes == ["BDC_1121"]
    assert (await payer.call("PATCH", path, {"description": "x"})).status == 422


async def test_credit_refusals(payer: Payer, sandbox: Sandbox) -> None:
    vendor = await payer.vendor()
    for body, status in (
        (credit("unknown"), 422),
        (credit(vendor["id"], vendorCreditLineItems=[{"amount": -5}]), 422),
        (credit(vendor["id"], creditDate=None), 400),
    ):
        assert (await payer.post("/v3/vendor-credits", body)).status == status
    many = [credit(vendor["id"], str(number)) for number in range(51)]
    assert (await payer.post("/v3/vendor-credits/bulk", many)).status == 400
    assert len(sandbox.bill.store.credits) == 0


async def test_a_credit_is_used_on_a_bill(payer: Payer) -> None:
    vendor = await payer.vendor()
    made = await payer.create("/v3/vendor-credits", credit(vendor["id"]))
    bill = await payer.bill(vendor["id"], vendorCredits=[{"id": made["id"], "amount": 60}])
    assert (bill["creditAmount"], str(bill["dueAmount"])) == (60, "168.99")
    used = (await payer.get(f"/v3/vendor-credits/{made['id']}")).json
    assert used["appliedAmount"] == 60
    over = {"vendorCredits": [{"id": made["id"], "amount": 5}]}
    body = {**over, "vendorId": vendor["id"], "dueDate": "2026-12-01", "billLineItems": [{"amount": 9}]}
    body["invoice"] = {"invoiceNumber": "2", "invoiceDate": "2026-11-18"}
    assert (await payer.post("/v3/bills", body)).status == 422
