"""The states of an invoice: every order of acknowledge, transfer, re-transfer and payment."""

from __future__ import annotations

from decimal import Decimal

from .basware_client import Buyer, payment, transfer


async def test_the_way_of_an_invoice(buyer: Buyer) -> None:
    document = buyer.invoice(rows=[{"netTotal": Decimal("600.00"), "taxSum": Decimal("96.00")}])
    (row,) = (await buyer.get("/v1/accountingDocuments?ProcessingStatus=WaitingForTransfer")).json[
        "accountingDocuments"
    ]
    assert row["invoiceId"] == document.id
    assert row["grossSum"] == Decimal("696.00")
    assert (await buyer.act(document, "acknowledge")).json == "Document acknowledged."
    assert document.status == "TransferInProgress"
    assert (await buyer.get("/v1/accountingDocuments?ProcessingStatus=WaitingForTransfer")).status == 404
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
