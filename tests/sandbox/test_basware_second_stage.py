"""What P2P makes of imports, and how requestStatus and errorFeedbacks tell it."""

from __future__ import annotations

from typing import Any

import pytest

from .basware_client import Buyer, account, bank, list_item, terms, transfer, vendor


async def _import(buyer: Buyer, path: str, *records: Any) -> str:
    reply = await buyer.call("POST", path, list(records))
    assert reply.status == 200, reply.body
    return reply.request_id


async def _verdicts(buyer: Buyer, path: str, *records: Any) -> dict[str, str]:
    request = await _import(buyer, path, *records)
    buyer.settle()
    return await buyer.items(request)


async def test_the_verdict_comes_later(buyer: Buyer) -> None:
    request = await _import(buyer, "/v1/accounts", account("1"), account("2", "US009"))
    (found,) = (await buyer.get(f"/v1/requestStatus/{request}")).json["requestStatus"]
    assert (found["requestStatus"], found["systems"][0]["systemStatus"]) == ("InProgress", "InProgress")
    assert {item["status"] for item in found["systems"][0]["items"]} == {"InProgress"}
    assert buyer.state.store.table("accounts").p2p == {}
    buyer.advance(61)
    (found,) = (await buyer.get(f"/v1/requestStatus/{request}?system=P2P")).json["requestStatus"]
    assert (found["requestStatus"], found["operationType"]) == ("Error", "POST")
    good, bad = found["systems"][0]["items"]
    assert (good["status"], good["errors"]) == ("Success", [])
    assert bad["errors"] == [
        {
            "type": "Error",
            "message": "Record skipped due to wrong or missing CompanyCode",
            "category": "DataValidation",
        }
    ]
    assert set(buyer.state.store.table("accounts").p2p) == {"A-1"}


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("vendors", vendor(1, companies=[]), "wrong or missing CompanyCode"),
    ("vendors", vendor(1, paymentTerms={"paymentTermCode": "N99"}), "Payment term N99 does not exist"),
    ("vendors", vendor(1, paymentMeans=bank("5", currencyCode="SEK")), "Currency SEK is not active"),
    ("vendors", vendor(1, paymentMeans=bank("5" * 33)), "longer than 32"),
    ("vendors", vendor(1, identifiers=[{"id": "1", "schemeId": "GLN"}]), "scheme GLN is not configured"),
    ("vendors", vendor(1, vendorClass="VIP"), "Vendor class VIP is not configured"),
    ("paymentTerms", terms(dueDateEom=13), "dueDateEom is more than 12"),
    ("lists/ACC_LIST_1", list_item(1, companies=[{"companyCode": "X", "active": True}]), "CompanyCode"),
    ("accounts", account("1", "US001", "US009"), "CompanyCode"),
]


@pytest.mark.parametrize(("path", "record", "message"), REFUSED, ids=[row[2] for row in REFUSED])
async def test_p2p_refuses(buyer: Buyer, path: str, record: dict[str, Any], message: str) -> None:
    request = await _import(buyer, f"/v1/{path}", record)
    buyer.settle()
    assert await buyer.items(request) == {record["externalCode"]: "Error"}
    (feedback,) = (await buyer.get(f"/v1/errorFeedbacks/{request}")).json["errorList"]
    assert message in feedback["errors"][0]
    assert buyer.state.store.table(path).p2p == {}
    assert set(buyer.state.store.table(path).rows) == {record["externalCode"]}


async def test_payment_terms_come_before_vendors(buyer: Buyer) -> None:
    record = vendor(1, paymentTerms={"paymentTermCode": "N30"})
    assert await _verdicts(buyer, "/v1/vendors", record) == {"V-1": "Error"}
    assert await _verdicts(buyer, "/v1/paymentTerms", terms()) == {"T-N30": "Success"}
    assert await _verdicts(buyer, "/v1/vendors", record) == {"V-1": "NotProcessed"}
    assert await _verdicts(buyer, "/v1/vendors", record | {"description": "again"}) == {"V-1": "Success"}
    inactive = terms(companies=[{"companyCode": "US001", "inherit": True, "active": False}])
    assert await _verdicts(buyer, "/v1/paymentTerms", inactive) == {"T-N30": "Success"}
    assert await _verdicts(buyer, "/v1/vendors", record) == {"V-1": "Error"}


async def test_a_bank_account_belongs_to_one_vendor(buyer: Buyer) -> None:
    assert await _verdicts(buyer, "/v1/vendors", vendor(1, paymentMeans=bank("77"))) == {"V-1": "Success"}
    second = vendor(2, paymentMeans=bank("77"))
    assert await _verdicts(buyer, "/v1/vendors", second) == {"V-2": "Error"}
    assert await _verdicts(buyer, "/v1/vendors", vendor(1, paymentMeans=bank("78"))) == {"V-1": "Success"}
    assert await _verdicts(buyer, "/v1/vendors", second | {"description": "x"}) == {"V-2": "Success"}


async def test_a_business_code_belongs_to_one_record_of_a_company(buyer: Buyer) -> None:
    assert await _verdicts(buyer, "/v1/accounts", account("1")) == {"A-1": "Success"}
    assert await _verdicts(buyer, "/v1/accounts", account("1", externalCode="B")) == {"B": "Error"}
    other = account("1", "US002", externalCode="C")
    assert await _verdicts(buyer, "/v1/accounts", other) == {"C": "Success"}


async def test_warnings(buyer: Buyer) -> None:
    record = vendor(1, deliveryTerm={"deliveryTermCode": "XXX"}, paymentMeans=bank("1", default=False))
    assert await _verdicts(buyer, "/v1/vendors", record) == {"V-1": "Warning"}
    buyer.switch(unknown_company="warning")
    assert await _verdicts(buyer, "/v1/accounts", account("1", "US001", "US009")) == {"A-1": "Warning"}
    assert await _verdicts(buyer, "/v1/accounts", account("2", "US009")) == {"A-2": "Error"}
    assert set(buyer.state.store.table("vendors").p2p) == {"V-1"}


async def test_an_identical_record_is_not_processed_even_if_p2p_lost_it(buyer: Buyer) -> None:
    record = account("1")
    assert await _verdicts(buyer, "/v1/accounts", record) == {"A-1": "Success"}
    body = {"resource": "accounts", "externalCode": "A-1"}
    assert await buyer.control("forget", body) == {"forgotten": True}
    assert await buyer.control("forget", body) == {"forgotten": False}
    assert await _verdicts(buyer, "/v1/accounts", record | {"text1": None}) == {"A-1": "NotProcessed"}
    (shown,) = await buyer.control("records", body)
    assert (shown["api"]["accountCode"], shown["p2p"]) == ("1", None)
    assert await _verdicts(buyer, "/v1/accounts", record | {"text1": "1"}) == {"A-1": "Success"}


async def test_of_two_posts_within_a_second_the_older_expires(buyer: Buyer) -> None:
    first = await _import(buyer, "/v1/accounts", account("1"))
    second = await _import(buyer, "/v1/accounts", account("1", text1="newer"))
    buyer.settle()
    assert await buyer.items(first) == {"A-1": "RecordExpired"}
    assert await buyer.items(second) == {"A-1": "Success"}
    assert buyer.state.store.table("accounts").p2p["A-1"]["text1"] == "newer"
    third = await _import(buyer, "/v1/accounts", account("1", text1="third"))
    buyer.advance(31)
    fourth = await _import(buyer, "/v1/accounts", account("1", text1="fourth"))
    buyer.settle()
    assert [await buyer.items(request) for request in (third, fourth)] == [{"A-1": "Success"}] * 2
    assert buyer.state.counts()["gap_violations_by"] == {"accounts": 2}


async def test_the_list_shows_errors_unless_it_is_asked_for_more(buyer: Buyer) -> None:
    good = await _import(buyer, "/v1/accounts", account("1"))
    bad = await _import(buyer, "/v1/vendors", vendor(1), vendor(2, companies=[{"companyCode": "X"}]))
    buyer.settle()
    fresh = await _import(buyer, "/v1/accounts", account("3"))

    async def found(query: str) -> list[str]:
        reply = await buyer.get(f"/v1/requestStatus?{query}")
        return [row["requestId"] for row in reply.json["requestStatus"]] if reply.status == 200 else []

    assert await found("") == [bad]
    assert await found("system=P2P") == [good, bad, fresh]
    assert await found("entityType=Account") == [good, fresh]
    assert await found("status=INPROGRESS") == [fresh]
    assert await found("entityType=Account&status=Error") == []
    assert await found("system=Network") == []
    for path in ("?ignoreSuccessfullItems=true", f"/{bad}?ignoreSuccessfulItems=true"):
        (row,) = (await buyer.get(f"/v1/requestStatus{path}")).json["requestStatus"]
        assert [item["externalCode"] for item in row["systems"][0]["items"]] == ["V-2"]
    (row,) = (await buyer.get("/v1/requestStatus?ignoreSuccessfulItems=true")).json["requestStatus"]
    assert len(row["systems"][0]["items"]) == 2
    assert (await buyer.get("/v1/requestStatus?status=Done")).status == 400
    assert (await buyer.get("/v1/requestStatus/nothing")).status == 404


async def test_acknowledging_requests(buyer: Buyer) -> None:
    path = "/v1/requestStatus/acknowledge"
    good = await _import(buyer, "/v1/accounts", account("1"))
    assert (await buyer.call("POST", path, {"requestIds": [good]})).status == 400
    buyer.settle()
    assert (await buyer.call("POST", path, {"requestIds": [good, "unknown"]})).status == 404
    assert (await buyer.call("POST", path, {"requestIds": [good]})).json == "Acknowledged."
    (row,) = (await buyer.get(f"/v1/requestStatus/{good}")).json["requestStatus"]
    assert row["requestStatus"] == "AcknowledgedSuccess"
    again = await buyer.call("POST", path, {"requestIds": [good]})
    assert (again.status, again.codes) == (405, ["METHOD_NOT_ALLOWED"])
    assert (await buyer.call("POST", path, {})).status == 400


async def test_responses_name_their_invoice(buyer: Buyer) -> None:
    document = buyer.invoice()
    reply = await buyer.act(document, "transferResponses", transfer())
    buyer.settle()
    (row,) = (await buyer.get(f"/v1/requestStatus/{reply.request_id}")).json["requestStatus"]
    assert (row["entityType"], row["entityVersion"]) == ("TransferResponse", "TransferResponseV1")
    assert row["systems"][0]["items"][0]["parentExternalCode"] == document.id


async def test_error_feedbacks(buyer: Buyer) -> None:
    request = await _import(buyer, "/v1/accounts", account("7", "X"))
    buyer.settle()
    (row,) = (await buyer.get("/v1/errorFeedbacks?entityType=Account")).json["errorList"]
    assert (row["requestId"], row["externalCode"], row["targetSystem"]) == (request, "A-7", "P2P")
    assert '"AccountCode":"7"' in row["errorEntity"]
    assert (await buyer.get("/v1/errorFeedbacks/Account/A-7")).json["errorList"] == [row]
    assert (await buyer.get("/v1/errorFeedbacks/Account/A-8")).status == 404
    assert (await buyer.get("/v1/errorFeedbacks?entityType=Vendor")).status == 404


async def test_the_second_stage_happens_also_when_nobody_calls(buyer: Buyer) -> None:
    buyer.switch(processing_seconds=600)
    await _import(buyer, "/v1/accounts", account("1"))
    buyer.switch(processing_seconds=60)
    await _import(buyer, "/v1/accounts", account("2"))
    await buyer.sandbox.clock.sleeping.reach(1)
    buyer.sandbox.clock.advance(61)
    await buyer.state.processed.reach(1)
    assert set(buyer.state.store.table("accounts").p2p) == {"A-2"}
    await buyer.sandbox.clock.sleeping.reach(1)
    buyer.sandbox.clock.advance(600)
    await buyer.state.processed.reach(2)


async def test_the_configuration_can_be_changed(buyer: Buyer) -> None:
    shown = await buyer.control("configure", {"companies": ["DE001"], "currencies": ["SEK"]})
    assert shown["companies"] == {"DE001": "Sandbox company DE001"}
    record = vendor(1, companies=[{"companyCode": "DE001"}], paymentMeans=bank("5", currencyCode="SEK"))
    record["paymentMeans"][0]["currencyCode"] = "SEK"
    assert await _verdicts(buyer, "/v1/vendors", record) == {"V-1": "Success"}
    await buyer.control("configure", {"colours": []}, status=400)
    await buyer.control("configure", {"currencies": "SEK"}, status=400)
