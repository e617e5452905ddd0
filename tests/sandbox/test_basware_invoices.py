"""The states of an invoice: every order of acknowledge, transfer, re-transfer and payment."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .basware_client import Buyer, payment, transfer

WAITING = "/v1/accountingDocuments?ProcessingStatus=WaitingForTransfer"


async def test_the_way_of_an_invoice(buyer: Buyer) -> None:
    document = buyer.invoice(rows=[{"netTotal": Decimal("600.00"), "taxSum": Decimal("96.00")}])
    (row,) = (await buyer.get(WAITING)).json["accountingDocuments"]
    assert (row["invoiceId"], row["grossSum"]) == (document.id, Decimal("696.00"))
    assert (await buyer.act(document, "acknowledge")).json == "Document acknowledged."
    assert document.status == "TransferInProgress"
    assert (await buyer.get(WAITING)).status == 404
    buyer.settle()
    response = transfer(voucherNumber2="US001", paymentBlock=True)
    reply = await buyer.act(document, "transferResponses", response)
    assert (reply.status, reply.json) == (200, response)
    assert document.status == "TransferInProgress"
    assert await buyer.items(reply.request_id) == {response["externalCode"]: "InProgress"}
    buyer.settle()
    assert await buyer.items(reply.request_id) == {response["externalCode"]: "Success"}
    (row,) = (await buyer.get(f"/v1/accountingDocuments/{document.id}")).json["accountingDocuments"]
    assert row["processingStatus"] == "Transferred"
    assert (row["voucherNumber1"], row["voucherNumber2"], row["paymentBlock"]) == ("00004711", "US001", True)
    assert row["transferResponses"] == [response]
    assert (await buyer.act(document, "paymentResponses", payment())).status == 200
    buyer.settle()
    assert document.status == "Paid"


@pytest.mark.parametrize(
    ("status", "action", "expected"),
    [
        ("WaitingForTransfer", "acknowledge", (200, "TransferInProgress")),
        ("WaitingForPrebook", "acknowledge", (200, "PrebookInProgress")),
        ("WaitingForEnrichmentTransfer", "acknowledge", (200, "EnrichmentTransferInProgress")),
        *((status, "acknowledge", (405, status)) for status in (
            "TransferInProgress", "PrebookInProgress", "Transferred", "TransferFailed", "Paid", "Removed",
        )),
        ("WaitingForTransfer", "transferResponses", (200, "Transferred")),
        ("TransferInProgress", "transferResponses", (200, "Transferred")),
        *((status, "transferResponses", (400, status)) for status in (
            "Transferred", "TransferFailed", "Paid", "WaitingForPrebook",
        )),
        ("WaitingForPrebook", "prebookResponses", (200, "Prebooked")),
        ("PrebookInProgress", "prebookResponses", (200, "Prebooked")),
        ("Prebooked", "prebookResponses", (409, "Prebooked")),
        ("Transferred", "paymentResponses", (200, "Paid")),
        ("Paid", "paymentResponses", (200, "Paid")),
        *((status, "paymentResponses", (400, status)) for status in (
            "WaitingForTransfer", "TransferInProgress", "TransferFailed",
        )),
        ("EnrichmentTransferInProgress", "enrichmentResponses", (200, "EnrichmentTransferred")),
        ("WaitingForTransfer", "enrichmentResponses", (400, "WaitingForTransfer")),
    ],
)  # fmt: skip
async def test_what_each_state_allows(
    buyer: Buyer, status: str, action: str, expected: tuple[int, str]
) -> None:
    document = buyer.invoice(processingStatus=status)
    body: Any = None
    if action != "acknowledge":
        body = payment() if action == "paymentResponses" else transfer()
        for name in ("voucherNumber1", "paymentBlock") if action == "enrichmentResponses" else ():
            del body[name]
    reply = await buyer.act(document, action, body)
    buyer.settle()
    assert (reply.status, document.status) == expected


@pytest.mark.parametrize(
    ("status", "action", "after"),
    [
        ("TransferInProgress", "transferResponses", "TransferFailed"),
        ("PrebookInProgress", "prebookResponses", "PrebookFailed"),
        ("Transferred", "paymentResponses", "Transferred"),
    ],
)
async def test_a_response_without_success(buyer: Buyer, status: str, action: str, after: str) -> None:
    document = buyer.invoice(processingStatus=status)
    body = payment(success=False) if action == "paymentResponses" else transfer(success=False)
    assert (await buyer.act(document, action, body)).status == 200
    buyer.settle()
    assert document.status == after
    assert "voucherNumber1" not in document.values
    assert document.values["paymentBlock"] is False
    assert document.vouchers == []


async def test_a_failed_transfer_comes_again(buyer: Buyer) -> None:
    document = buyer.invoice()
    assert (await buyer.act(document, "acknowledge")).status == 200
    buyer.settle()
    refusal = transfer(success=False, responseMessage="No such account.")
    assert (await buyer.act(document, "transferResponses", refusal)).status == 200
    buyer.settle()
    assert (await buyer.act(document, "acknowledge")).status == 405
    again = await buyer.control("retransfer", {"invoiceId": document.id, "values": {"invoiceNumber": "X-2"}})
    assert (again["processingStatus"], again["generation"]) == ("WaitingForTransfer", 2)
    (row,) = (await buyer.get(WAITING)).json["accountingDocuments"]
    assert (row["invoiceId"], row["invoiceNumber"]) == (document.id, "X-2")
    assert (await buyer.act(document, "acknowledge")).status == 200
    buyer.settle()
    assert (await buyer.act(document, "transferResponses", refusal)).status == 400
    assert (await buyer.act(document, "transferResponses", transfer())).status == 200
    buyer.settle()
    assert document.status == "Transferred"
    assert [row["success"] for row in document.responses["transferResponses"]] == [False, True]


async def test_two_writes_to_one_invoice_keep_a_distance(buyer: Buyer) -> None:
    document = buyer.invoice()
    await buyer.act(document, "acknowledge")
    reply = await buyer.act(document, "transferResponses", transfer())
    assert (reply.status, reply.codes) == (409, ["CONFLICT_IN_POST"])
    buyer.advance(30)
    assert (await buyer.act(document, "transferResponses", transfer())).status == 409
    assert buyer.state.counts()["gap_violations_by"] == {"transferResponses": 2}
    buyer.advance(31)
    assert (await buyer.act(document, "transferResponses", transfer())).status == 200
    other = buyer.invoice()
    buyer.switch(gap_strict=False)
    await buyer.act(other, "acknowledge")
    assert (await buyer.act(other, "transferResponses", transfer())).status == 200
    buyer.switch(write_gap_seconds=0)
    assert (await buyer.act(other, "transferResponses", transfer())).status == 200
    assert buyer.state.counts()["gap_violations"] == 3


async def test_of_two_responses_in_a_row_p2p_takes_the_first(buyer: Buyer) -> None:
    buyer.switch(write_gap_seconds=0)
    document = buyer.invoice()
    first, second = transfer(), transfer(voucherNumber1="00009999")
    await buyer.act(document, "transferResponses", first)
    reply = await buyer.act(document, "transferResponses", second)
    buyer.settle()
    assert await buyer.items(reply.request_id) == {second["externalCode"]: "Error"}
    assert (document.status, document.values["voucherNumber1"]) == ("Transferred", "00004711")
    assert buyer.state.counts()["duplicates"] == [
        {"invoiceId": document.id, "vouchers": [["00004711", ""], ["00009999", ""]]}
    ]


async def test_an_external_code_is_used_once(buyer: Buyer) -> None:
    buyer.switch(write_gap_seconds=0, response_applies="at_once")
    document = buyer.invoice()
    response = transfer()
    await buyer.act(document, "transferResponses", response)
    assert document.status == "Transferred"
    reply = await buyer.act(document, "transferResponses", response)
    assert (reply.status, reply.codes) == (400, ["CONFLICT_IN_POST"])
    buyer.switch(repeated_transfer_status="409")
    assert (await buyer.act(document, "transferResponses", response)).status == 409
    paid = payment()
    assert (await buyer.act(document, "paymentResponses", paid)).status == 200
    assert (await buyer.act(document, "paymentResponses", paid)).status == 409
    assert len(document.responses["paymentResponses"]) == 1


async def test_only_the_latest_hundred_responses_are_kept(buyer: Buyer) -> None:
    buyer.switch(write_gap_seconds=0)
    document = buyer.invoice(processingStatus="Transferred")
    sent = [payment(paidTotal=number) for number in range(1, 103)]
    for body in sent:
        buyer.state.machine.respond(document, "paymentResponses", body)
    (row,) = (await buyer.get(f"/v1/accountingDocuments/{document.id}")).json["accountingDocuments"]
    assert [kept["paidTotal"] for kept in row["paymentResponses"]] == list(range(3, 103))
    assert (await buyer.act(document, "paymentResponses", sent[0])).status == 409


async def test_a_payment_clears_what_it_does_not_name(buyer: Buyer) -> None:
    buyer.switch(write_gap_seconds=0, paid_on="full_payment")
    document = buyer.invoice(processingStatus="Transferred")
    await buyer.act(
        document, "paymentResponses", payment(paidTotal=40, paymentMethod="ACH", paymentBlock=True)
    )
    buyer.settle()
    assert (document.status, document.values["paymentMethod"]) == ("Transferred", "ACH")
    await buyer.act(document, "paymentResponses", payment(paidTotal=Decimal("100.00"), paymentMessage="Done"))
    buyer.settle()
    assert document.status == "Paid"
    assert "paymentMethod" not in document.values
    assert (document.values["paymentMessage"], document.values["paymentBlock"]) == ("Done", False)
    kept = document.responses["paymentResponses"]
    assert all(row["paymentDate"].startswith(str(buyer.sandbox.clock.now().year)) for row in kept)
    void = payment(paidTotal=0, paymentReversalDocument="R-1")
    await buyer.act(document, "paymentResponses", void)
    buyer.settle()
    assert (document.status, document.values["paymentRevelsalDocument"]) == ("Transferred", "R-1")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"responseMessage": ""}, "responseMessage must have a length of 1 to 250"),
        ({"responseMessage": "x" * 251}, "responseMessage must have a length"),
        ({"voucherNumber1": "1" * 26}, "voucherNumber1 must have a length of 0 to 25"),
        ({"externalCode": "x" * 37}, "externalCode must have a length"),
        ({"success": "true"}, "success must be true or false"),
        ({"paymentBlock": None}, "paymentBlock may not be null"),
        ({"transferDate": "yesterday"}, "transferDate must be a date-time"),
        ({"paymentStatus": "PAID"}, "paymentStatus does not exist"),
    ],
)
async def test_a_response_is_checked(buyer: Buyer, changed: dict[str, Any], message: str) -> None:
    document = buyer.invoice()
    reply = await buyer.act(document, "transferResponses", transfer() | changed)
    assert reply.status == 400
    assert message in reply.messages
    assert set(reply.codes) == {"SCHEMA_VALIDATION_ERROR"}
    assert document.responses["transferResponses"] == []


async def test_unknown_and_unreadable(buyer: Buyer) -> None:
    document = buyer.invoice()
    for path in ("acknowledge", "transferResponses", "paymentResponses"):
        assert (await buyer.call("POST", f"/v1/accountingDocuments/nobody/{path}", {})).status == 404
    assert (await buyer.get("/v1/accountingDocuments/nobody")).status == 404
    assert (await buyer.act(document, "transferResponses", b"{")).status == 400
    assert (await buyer.act(document, "transferResponses", [transfer()])).status == 400
    assert document.status == "WaitingForTransfer"


async def test_every_write_moves_last_updated(buyer: Buyer) -> None:
    document = buyer.invoice()
    seen = [document.updated]
    buyer.settle()
    await buyer.act(document, "acknowledge")
    seen.append(document.updated)
    buyer.settle()
    await buyer.act(document, "transferResponses", transfer())
    seen.append(document.updated)
    buyer.settle()
    seen.append(document.updated)
    assert seen == sorted(set(seen))
    since = seen[1].isoformat().replace("+00:00", "Z")
    assert (await buyer.get(f"/v1/accountingDocuments?lastUpdated={since}")).status == 200
    since = seen[-1].isoformat().replace("+00:00", "Z")
    assert (await buyer.get(f"/v1/accountingDocuments?lastUpdated={since}")).status == 404


async def test_a_second_acknowledge_has_a_body_by_switch(buyer: Buyer) -> None:
    document = buyer.invoice(processingStatus="TransferInProgress")
    assert (await buyer.act(document, "acknowledge")).body == b""
    buyer.switch(acknowledge_error_body=True)
    assert (await buyer.act(document, "acknowledge")).codes == ["METHOD_NOT_ALLOWED"]
