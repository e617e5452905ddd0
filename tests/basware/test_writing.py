"""Acknowledgments and responses, and what P2P made of them later."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest

from ml_connector.basware.api import Acknowledgment, Duplicate, ItemError, NotFound, Receipt
from ml_connector.basware.options import BaswareOptions
from ml_connector.basware.request_status import status_of
from ml_connector.core.errors import InDoubt, Rejected
from ml_connector.core.http import Response
from ml_connector.core.state.store import Store

from .support import Basware, answer, connected, refusal, written

BODY = {"externalCode": "9c85", "success": True, "responseMessage": "Voucher 1", "paymentBlock": False}


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (answer("ok"), Acknowledgment.DONE),
        (Response(200), Acknowledgment.DONE),
        (answer(None, 405), Acknowledgment.ALREADY),
        (
            refusal(405, {"code": "METHOD_NOT_ALLOWED", "message": "already acknowledged"}),
            Acknowledgment.ALREADY,
        ),
        (
            refusal(400, {"code": "METHOD_NOT_ALLOWED", "message": "already acknowledged"}),
            Acknowledgment.ALREADY,
        ),
        (answer(None, 404), Acknowledgment.UNKNOWN),
    ],
)
async def test_an_acknowledgment(state: Store, reply: Response, found: Acknowledgment) -> None:
    basware = Basware([reply])
    async with connected(basware, state) as api:
        assert await api.acknowledge("138e") is found
    assert basware.calls == ["POST /v1/accountingDocuments/138e/acknowledge"]
    assert basware.bodies == [None]


async def test_an_invoice_id_cannot_leave_its_place(state: Store) -> None:
    basware = Basware([answer("ok")])
    async with connected(basware, state) as api:
        await api.acknowledge("../vendors?x")
    assert basware.seen[0].url.endswith("/v1/accountingDocuments/..%2Fvendors%3Fx/acknowledge")


@pytest.mark.parametrize("kind", ["transferResponses", "paymentResponses"])
async def test_a_response_keeps_the_id_of_its_request(
    state: Store, kind: Literal["transferResponses", "paymentResponses"]
) -> None:
    basware = Basware([answer([BODY], X_AMZN_REQUESTID="06ca6901")])
    async with connected(basware, state) as api:
        assert await api.respond("138e", kind, BODY) == Receipt("06ca6901")
    assert basware.calls == [f"POST /v1/accountingDocuments/138e/{kind}"]
    assert basware.bodies == [BODY]


@pytest.mark.parametrize(
    "reply",
    [
        answer(None, 409),
        refusal(409, {"code": "CONFLICT_IN_POST", "message": "Duplicate externalCode."}),
        refusal(400, {"code": "CONFLICT_IN_POST", "message": "no"}),
        refusal(400, {"code": "DATA_VALIDATION_FAILED", "message": "ExternalCode 9c85 already exists"}),
        answer({"message": "A response with the same external code exists."}, 400),
        answer({"message": "duplicate externalCode"}, 400),
    ],
)
async def test_a_response_that_is_there_already(state: Store, reply: Response) -> None:
    async with connected(Basware([reply]), state) as api:
        with pytest.raises(Duplicate):
            await api.respond("138e", "transferResponses", BODY)


@pytest.mark.parametrize(
    ("reply", "kind", "field"),
    [
        (answer({"message": "Transfer response is not allowed"}, 400), Rejected, None),
        (answer({"message": "Invoice is already transferred"}, 400), Rejected, None),
        (refusal(400, {"code": "SCHEMA_VALIDATION_ERROR", "message": "responseMessage field required"}),
         Rejected, "responseMessage"),
        (answer(None, 404), NotFound, None),
    ],
)  # fmt: skip
async def test_a_response_that_is_not_taken(
    state: Store, reply: Response, kind: type[Rejected], field: str | None
) -> None:
    async with connected(Basware([reply]), state) as api:
        with pytest.raises(kind) as caught:
            await api.respond("138e", "transferResponses", BODY)
    assert not isinstance(caught.value, Duplicate)
    assert caught.value.field == field


async def test_an_answer_without_the_id_of_the_request_leaves_a_doubt(state: Store) -> None:
    async with connected(Basware([answer([BODY])]), state) as api:
        with pytest.raises(InDoubt, match="x-amzn-RequestId"):
            await api.respond("138e", "transferResponses", BODY)


async def test_writes_to_one_invoice_lie_apart(state: Store) -> None:
    basware = Basware([written()])
    async with connected(basware, state) as api:
        await api.acknowledge("1")
        await api.respond("1", "transferResponses", BODY)
        await api.acknowledge("2")
        await api.respond("1", "paymentResponses", BODY)
    first, second, other, third = basware.times
    assert (second - first).total_seconds() == 5
    assert (other - second).total_seconds() == 0
    assert (third - second).total_seconds() == 5


async def test_a_failed_write_counts_like_another(state: Store) -> None:
    basware = Basware([answer(None, 500), written()])
    async with connected(basware, state) as api:
        with pytest.raises(InDoubt):
            await api.acknowledge("1")
        await api.acknowledge("1")
    assert (basware.times[1] - basware.times[0]).total_seconds() == 5


async def test_the_gap_can_be_switched_off(state: Store) -> None:
    basware = Basware([written()])
    async with connected(basware, state, BaswareOptions(write_gap_seconds=0)) as api:
        await api.acknowledge("1")
        await api.acknowledge("1")
    assert basware.times[0] == basware.times[1]


# ---- what P2P made of it


async def test_a_request_that_is_not_known(state: Store) -> None:
    async with connected(Basware([answer(None, 404)]), state) as api:
        assert await api.request_status("r") is None


async def test_what_became_of_each_record(state: Store, facts: Path) -> None:
    body = json.loads((facts / "samples" / "requestStatus_get_200_mixed.json").read_text())
    basware = Basware([answer(body)])
    async with connected(basware, state) as api:
        found = await api.request_status("06ca6901-f728-489b-a827-704f5048858c")
    assert found is not None
    assert (found.status, found.entity_type, found.decided) == ("Error", "Vendor", True)
    assert {code: item.status for code, item in found.items.items()} == {
        "PS-SHARE-0000012345-US001": "Success",
        "PS-SHARE-0000012346-US009": "Error",
        "PS-SHARE-0000012347-US001": "NotProcessed",
        "PS-SHARE-0000012348-US001": "RecordExpired",
    }
    said = "Record skipped due to wrong or missing CompanyCode"
    assert found.items["PS-SHARE-0000012346-US009"].errors == (ItemError("Error", "DataValidation", said),)
    assert dict(basware.seen[0].params) == {"system": "P2P", "ignoreSuccessfulItems": "false"}


async def test_a_request_under_way(state: Store, facts: Path) -> None:
    body = json.loads((facts / "samples" / "requestStatus_get_200_inprogress.json").read_text())
    async with connected(Basware([answer(body)]), state) as api:
        found = await api.request_status("r")
    assert found is not None
    assert (found.status, found.decided) == ("InProgress", False)


async def test_a_response_names_its_invoice(state: Store, facts: Path) -> None:
    body = json.loads((facts / "samples" / "requestStatus_get_200_transferResponse.json").read_text())
    async with connected(Basware([answer(body)]), state) as api:
        found = await api.request_status("r")
    assert found is not None
    assert [item.parent for item in found.items.values()] == ["138e7d94997847aebe7432e521b3dac9"]


@pytest.mark.parametrize(
    ("statuses", "one"),
    [
        (("Success", "InProgress"), "InProgress"),
        (("NotProcessed", "Success"), "Success"),
        (("Success", "Error"), "Error"),
        (("Warning", "Success"), "Warning"),
        (("SomethingNew", "Success"), "SomethingNew"),
    ],
)
def test_a_record_that_passes_several_modules(statuses: tuple[str, str], one: str) -> None:
    systems: list[dict[str, Any]] = [
        {"system": "P2P", "items": [{"externalCode": "A", "status": status}]} for status in statuses
    ]
    systems.append({"system": "Network", "items": [{"externalCode": "A", "status": "Error"}]})
    assert status_of({"systems": systems}, "r").items["A"].status == one


@pytest.mark.parametrize(
    "row", [{}, {"systems": None}, {"systems": [None, {"items": [{}, None, {"externalCode": None}]}]}]
)
def test_what_is_missing_is_not_decided(row: dict[str, Any]) -> None:
    found = status_of(row, "r")
    assert (found.request_id, found.status, dict(found.items), found.decided) == (
        "r",
        "InProgress",
        {},
        False,
    )


async def test_a_list_of_requests(state: Store) -> None:
    rows = {"requestStatus": [{"requestId": "a", "requestStatus": "Error", "entityType": "Vendor"}]}
    basware = Basware([answer(rows, X_amz_meta_continuationToken="t"), answer(None, 404), answer(rows)])
    async with connected(basware, state) as api:
        pages = api.request_statuses(status="Error", entity_type="Vendor", since="2026-11-20T00:00:00Z")
        found = [one.request_id async for page in pages for one in page]
    assert found == ["a", "a"]
    assert dict(basware.seen[0].params) == {
        "status": "Error", "entityType": "Vendor", "lastUpdated": "2026-11-20T00:00:00Z", "system": "P2P",
        "ignoreSuccessfullItems": "true", "pageSize": "500",
    }  # fmt: skip
