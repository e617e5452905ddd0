"""The first stage of imports: what is refused, what is overwritten, what is kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .basware_client import Buyer, account, bank, list_item, names, terms, vendor


async def _post(buyer: Buyer, path: str, *records: Any) -> Any:
    return await buyer.call("POST", path, list(records))


async def test_an_import_is_echoed_with_its_time(buyer: Buyer) -> None:
    sent = vendor(1, paymentMeans=bank("123"), buvid=None, processingStatus={"active": True})
    reply = await _post(buyer, "/v1/vendors", sent)
    (row,) = reply.json
    assert reply.status == 200
    assert row.pop("lastUpdated").endswith("Z")
    assert row == {name: value for name, value in sent.items() if value is not None}
    assert reply.request_id in buyer.state.requests.rows
    assert (await buyer.get("/v1/vendors/V-1")).json["vendorCode"] == "0000000001"
    assert (await buyer.get("/v1/vendors/V-2")).status == 404


async def test_a_post_overwrites_and_a_patch_keeps(buyer: Buyer) -> None:
    await _post(buyer, "/v1/accounts", account("1", text1="one", text2="two"))
    await _post(buyer, "/v1/accounts", account("1", text1="other"))
    found = (await buyer.get("/v1/accounts/A-1")).json
    assert (found["text1"], "text2" in found) == ("other", False)
    patched = await buyer.call("PATCH", "/v1/accounts/A-1", {"text2": "two", "text1": None})
    assert patched.status == 200
    found = (await buyer.get("/v1/accounts/A-1")).json
    assert (found["text1"], found["text2"], found["accountCode"]) == ("other", "two", "1")
    buyer.settle()
    assert await buyer.items(patched.request_id) == {"A-1": "Success"}
    assert buyer.state.store.table("accounts").p2p["A-1"]["text2"] == "two"


async def test_patches_that_are_refused(buyer: Buyer) -> None:
    await _post(buyer, "/v1/accounts", account("1"))
    assert (await buyer.call("PATCH", "/v1/accounts/A-2", {"text1": "x"})).status == 404
    wrong = await buyer.call("PATCH", "/v1/accounts/A-1", {"externalCode": "A-2"})
    assert (wrong.status, wrong.codes) == (400, ["EXTERNAL_CODE_MISMATCH"])
    assert (await buyer.call("PATCH", "/v1/accounts/A-1", {"text1": "x" * 251})).status == 400
    assert (await buyer.call("PATCH", "/v1/accounts/A-1", [{}])).status == 400
    buyer.switch(partial_patches=False)
    assert (await buyer.call("PATCH", "/v1/accounts/A-1", {"text1": "x"})).status == 400


WRONG: list[tuple[str, Any, str]] = [
    ("accounts", account("1", accountNames=[]), "accountNames must have at least 1"),
    ("accounts", account("1", accountNames=names("x")), "translation must have a length of 2 to 2000"),
    ("accounts", account("1", companies=[{"companyCode": "US001", "active": True}]), "inherit is required"),
    ("accounts", account("1", externalCode="x" * 37), "externalCode must have a length"),
    ("accounts", account("1", externalCode=7), "externalCode must be a string"),
    ("accounts", account("1", text_1="x"), "text_1 does not exist"),
    ("accounts", account("1", accountCode=None), "accountCode may not be null"),
    ("accounts", "A-1", "must be an object"),
    ("paymentTerms", terms(validTo="soon"), "validTo must be a date-time"),
    ("paymentTerms", terms(dueDateCalc=2), "dueDateCalc must be between 0 and 1"),
    ("paymentTerms", terms(cashDueDateCalc=2), "cashDueDateCalc is 2"),
    ("paymentTerms", terms(moveDueDatesTo="3"), "moveDueDatesTo has a wrong form"),
    ("vendors", vendor(1, paymentTerms=[{"paymentTermCode": "N30"}]), "paymentTerms must be an object"),
    ("vendors", vendor(1, companies=[{"companyCode": "US001", "active": True}]), "active does not exist"),
    ("vendors", vendor(1, contacts=[{"name": "x", "role": "Boss"}]), "role must be one of"),
    ("vendors", vendor(1, addresses=[{"externalCode": "1", "name": "x", "countryId": "USA"}]), "countryId"),
    ("vendors", vendor(1, orderingDetails={"orderEmail": "nobody"}), "orderEmail has a wrong form"),
    ("lists/ACC_LIST_1", list_item(1, text_6="x"), "text_6 does not exist"),
    ("lists/ACC_LIST_1", list_item(1, text_5="x" * 251), "text_5 must have a length of 0 to 250"),
    ("lists/ACC_LIST_11", list_item(1, text_5="x" * 51), "text_5 must have a length of 0 to 50"),
    ("lists/ACC_LIST_20", list_item(1, dateValue_1="2026-01-01"), "dateValue_1 does not exist"),
    ("lists/INV_LIST_1", list_item(1, number_1=1), "number_1 does not exist"),
    ("lists/ACC_LIST_31", list_item(1, number_1="1"), "number_1 must be a number"),
    ("lists/ACC_LIST_1", list_item(1, listContent="Nothing"), "listContent must be one of"),
]


@pytest.mark.parametrize(("path", "record", "message"), WRONG, ids=[row[2] for row in WRONG])
async def test_a_wrong_record_fails_the_whole_array(
    buyer: Buyer, path: str, record: Any, message: str
) -> None:
    good = {"accounts": account("9"), "vendors": vendor(9), "paymentTerms": terms()}.get(path, list_item(9))
    reply = await _post(buyer, f"/v1/{path}", good, record)
    assert reply.status == 400
    assert message in reply.messages
    code = record.get("externalCode") if isinstance(record, dict) else None
    assert {entry["externalCode"] for entry in reply.json["errors"]} == {
        code if isinstance(code, str) else None
    }
    assert buyer.state.store.table(path).rows == {}


@pytest.mark.parametrize(
    ("key", "texts", "numbers", "dates"),
    [("ACC_LIST_10", 5, 3, 0), ("ACC_LIST_21", 10, 5, 5), ("ACC_LIST_35", 25, 10, 10),
     ("INV_LIST_20", 10, 5, 5), ("CUST_RESOLVER_5", 15, 15, 15)],
)  # fmt: skip
async def test_the_columns_of_each_list(buyer: Buyer, key: str, texts: int, numbers: int, dates: int) -> None:
    record = list_item(1) | {f"text_{number}": "x" for number in range(1, texts + 1)}
    record |= {f"number_{number}": Decimal("1.5") for number in range(1, numbers + 1)}
    record |= {f"dateValue_{number}": "2026-11-18T10:21:44.507Z" for number in range(1, dates + 1)}
    assert (await _post(buyer, f"/v1/lists/{key}", record)).status == 200
    more = {f"text_{texts + 1}": "x", f"number_{numbers + 1}": 1, f"dateValue_{dates + 1}": "2026-11-18"}
    for name, value in more.items():
        assert (await _post(buyer, f"/v1/lists/{key}", record | {name: value})).status == 400
    (request,) = (await buyer.get("/v1/requestStatus?system=P2P")).json["requestStatus"]
    assert (request["entityType"], request["genericListKey"]) == ("GenericList", key)


async def test_other_resources(buyer: Buyer) -> None:
    companies = [{"companyCode": "US001", "active": True}]
    valid = {"validFrom": "2026-01-01T00:00:00Z", "validUntil": "2026-12-31"}
    rate = {"externalCode": "R", "rate": Decimal("1.1"), "currencyCodeFrom": "EUR", "currencyCodeTo": "USD"}
    project = {
        "externalCode": "P",
        "projectCode": "P1",
        "projectName": "Roof",
        "companies": companies,
    } | valid
    center = {"externalCode": "C", "costCenterCode": "10100", "costCenterNames": names("Administration")}
    tax = {"externalCode": "X", "taxCode": "T16", "taxCodeNames": names("Sixteen"), "taxPercentage": 16}
    inherited = [{"companyCode": "US001", "active": True, "inherit": False}]
    for path, record in (
        ("/v1/exchangeRates", rate | {"validFrom": "2026-01-01", "companies": companies}),
        ("/v2/projects", project),
        ("/v1/costCenters", center | {"companies": companies, "int1": 7, "date1": "2026-01-01"}),
        ("/v1/taxCodes", tax | {"companies": inherited}),
        ("/v1/paymentTerms", terms(dueDateCalc=1, dueDateDays=30)),
    ):
        reply = await _post(buyer, path, record)
        assert reply.status == 200, reply.body
        buyer.settle()
        assert await buyer.items(reply.request_id) == {record["externalCode"]: "Success"}
        assert (await buyer.get(path)).status == 200


async def test_how_much_fits(buyer: Buyer) -> None:
    assert (await buyer.call("POST", "/v1/vendors", [vendor(number) for number in range(200)])).status == 200
    assert (await buyer.call("POST", "/v1/vendors", [vendor(number) for number in range(201)])).status == 400
    assert (await buyer.call("POST", "/v1/accounts", [account("1")] * 501)).status == 400
    assert (await buyer.call("POST", "/v1/accounts", [])).status == 400
    assert (await buyer.call("POST", "/v1/accounts", account("1"))).status == 400
    assert (await buyer.call("POST", "/v1/accounts", b"not json")).status == 400
    huge = await buyer.call("POST", "/v1/accounts", b"[" + b" " * (6 * 2**20) + b"]")
    assert (huge.status, huge.json) == (413, {"message": "Request Too Long"})
    assert (await buyer.call("POST", "/v1/lists/ACC_LIST_36", [list_item(1)])).status == 400


async def test_twins_in_one_array(buyer: Buyer) -> None:
    reply = await _post(buyer, "/v1/accounts", account("1"), account("1", text1="x"))
    assert (reply.status, reply.codes) == (409, ["CONFLICT_IN_POST"])
    assert buyer.state.store.table("accounts").rows == {}


async def test_switches_of_strictness(buyer: Buyer) -> None:
    buyer.contract = None
    buyer.switch(unknown_fields="ignore")
    reply = await _post(buyer, "/v1/accounts", account("1", colour="red"))
    assert reply.status == 200
    assert "colour" not in reply.json[0]
    buyer.switch(partial_batches=True, unknown_fields="refuse")
    reply = await _post(buyer, "/v1/accounts", account("2", colour="red"), account("3"))
    assert (reply.status, [entry["externalCode"] for entry in reply.json["errors"]]) == (400, ["A-2"])
    assert set(buyer.state.store.table("accounts").rows) == {"A-1", "A-3"}
    assert await buyer.items(reply.request_id) == {"A-3": "InProgress"}


async def test_the_wrapper_of_vendors_is_a_switch(buyer: Buyer) -> None:
    await _post(buyer, "/v1/vendors", vendor(1))
    assert set((await buyer.get("/v1/vendors")).json) == {"vendorEntities"}
    buyer.contract = None
    buyer.switch(vendors_wrapper="array")
    assert [row["externalCode"] for row in (await buyer.get("/v1/vendors")).json] == ["V-1"]


async def test_deletions_stay_in_the_api_layer(buyer: Buyer) -> None:
    await _post(buyer, "/v1/accounts", account("1"), account("2"), account("3"))
    buyer.settle()
    assert (await buyer.call("DELETE", "/v1/accounts", {"externalCode": "A-1"})).status == 200
    assert (await buyer.get("/v1/accounts/A-1")).status == 404
    everything = await buyer.call("DELETE", "/v1/accounts", {"lastUpdated": "0001-01-01T00:00:00Z"})
    assert everything.status == 202
    state = await buyer.raw(
        "GET",
        f"{buyer.sandbox.basware_url}{everything.json['statusApiLink']}",
        Authorization=buyer.authorization,
    )
    assert (state.json["taskStatus"], state.json["recordCount"]) == ("Success", 2)
    assert (await buyer.get("/v1/accounts")).status == 404
    assert set(buyer.state.store.table("accounts").p2p) == {"A-1", "A-2", "A-3"}
    assert (await buyer.call("DELETE", "/v1/accounts", {})).status == 400
