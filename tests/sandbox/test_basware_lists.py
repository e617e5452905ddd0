"""Pages, continuation tokens, pre-signed addresses, filters and attachments."""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

import pytest

from sandbox.basware import moments

from .basware_client import TOKEN, USER, Buyer, account, payment, transfer

LIST = "/v1/accountingDocuments"


def _ids(pages: list[list[dict[str, str]]]) -> list[str]:
    return [row["invoiceId"] for page in pages for row in page]


async def test_pages_with_a_token_in_the_header(buyer: Buyer) -> None:
    made = [buyer.invoice().id for _ in range(7)]
    pages = await buyer.pages(f"{LIST}?pageSize=3")
    assert [len(page) for page in pages] == [3, 3, 1]
    assert _ids(pages) == made
    first = await buyer.get(f"{LIST}?pageSize=3")
    ignored = await buyer.get(f"{LIST}?pageSize=3&continuationToken={first.token}")
    assert _ids([ignored.json["accountingDocuments"]]) == made[:3]


async def test_many_coding_rows_make_short_pages(buyer: Buyer) -> None:
    buyer.switch(page_coding_rows=5)
    made = [buyer.invoice(rows=[{}] * count).id for count in (2, 3, 1, 9, 2)]
    pages = await buyer.pages(LIST)
    assert [len(page) for page in pages] == [2, 1, 1, 1]
    assert _ids(pages) == made


@pytest.mark.parametrize(("cursor", "expected"), [("position", [0, 1, 2, 3, 4, 5]), ("offset", [0, 1, 4, 5])])
async def test_invoices_that_leave_the_filter_between_two_pages(
    buyer: Buyer, cursor: str, expected: list[int]
) -> None:
    buyer.switch(page_cursor=cursor)
    made = [buyer.invoice() for _ in range(6)]
    path, token, seen = f"{LIST}?ProcessingStatus=WaitingForTransfer&pageSize=2", None, []
    while True:
        reply = await buyer.get(path, token)
        page = [buyer.state.documents.find(row["invoiceId"]) for row in reply.json["accountingDocuments"]]
        seen += page
        for document in page:
            buyer.state.machine.acknowledge(document)
        if (token := reply.token) is None:
            break
        if cursor == "offset" and len(seen) == 4:
            break
    assert [made.index(document) for document in seen] == expected


async def test_a_token_belongs_to_its_query_and_ends(buyer: Buyer) -> None:
    for _ in range(3):
        buyer.invoice()
    token = (await buyer.get(f"{LIST}?pageSize=1")).token
    assert token is not None
    other = await buyer.get(f"{LIST}?pageSize=1&companyCode=US001", token)
    assert (other.status, other.codes) == (400, ["PARAMETER_VALIDATION_ERROR"])
    assert (await buyer.get(f"{LIST}?pageSize=1", token)).status == 200
    buyer.advance(301)
    assert (await buyer.get(f"{LIST}?pageSize=1", token)).status == 400
    assert (await buyer.get(f"{LIST}?pageSize=1", "invented")).status == 400


@pytest.mark.parametrize(
    ("switch", "on"), [("final", [False, True]), ("redirect", [True, False]), ("both", [True, True])]
)
async def test_where_the_token_stands(buyer: Buyer, switch: str, on: list[bool]) -> None:
    buyer.switch(continuation_on=switch)
    for _ in range(2):
        buyer.invoice()
    first = await buyer.first("GET", f"{LIST}?pageSize=1")
    buyer.location = first.headers["Location"]
    final = await buyer.fetch()
    assert (first.status, final.status) == (302, 200)
    assert [TOKEN in first.headers, TOKEN in final.headers] == on


async def test_a_pre_signed_address_takes_no_credentials(buyer: Buyer) -> None:
    buyer.invoice()
    first = await buyer.first("GET", LIST)
    assert (first.status, first.body) == (302, b"")
    buyer.location = first.headers["Location"]
    assert (await buyer.fetch(Authorization=USER)).status == 400
    assert (await buyer.fetch(**{TOKEN: "x"})).status == 400
    assert (await buyer.fetch()).status == 200
    assert (await buyer.fetch()).status == 200
    good, buyer.location = buyer.location, buyer.location[:-3]
    assert (await buyer.fetch()).status == 403
    buyer.location = good
    buyer.advance(880)
    assert (await buyer.fetch()).status == 200
    buyer.advance(21)
    expired = await buyer.fetch()
    assert (expired.status, b"Request has expired" in expired.body) == (403, True)


async def test_another_host_and_no_redirect_at_all(buyer: Buyer) -> None:
    buyer.switch(presigned_host="localhost")
    document = buyer.invoice()
    assert (await buyer.get(f"{LIST}/{document.id}")).status == 200
    assert urlsplit(buyer.location).hostname == "localhost"
    buyer.switch(presigned_host="https://files.example.com")
    elsewhere = await buyer.first("GET", LIST)
    assert elsewhere.headers["Location"].startswith("https://files.example.com/_presigned/")
    buyer.switch(redirects=False)
    direct = await buyer.first("GET", LIST)
    assert direct.status == 200
    assert _ids([direct.json["accountingDocuments"]]) == [document.id]


async def test_filters(buyer: Buyer) -> None:
    first = buyer.invoice(companyCode="US001")
    buyer.advance(1)
    second = buyer.invoice(companyCode="US002", processingStatus="Paid")
    third = buyer.invoice(
        p2pProcessingMode="InvoiceEnrichment", processingStatus="WaitingForEnrichmentTransfer"
    )
    found = {
        query: _ids(await buyer.pages(f"{LIST}?{query}"))
        for query in (
            "", "companyCode=US002", "processingstatus=waitingfortransfer", "ProcessingStatus=Paid",
            "p2pProcessingMode=InvoiceEnrichment", f"lastUpdated={moments.written(first.updated)}",
            "lastUpdated=2020-01-01",
        )
    }  # fmt: skip
    assert list(found.values()) == [
        [first.id, second.id], [second.id], [first.id], [second.id], [third.id], [second.id],
        [first.id, second.id],
    ]  # fmt: skip
    assert (await buyer.get(f"{LIST}?ProcessingStatus=WaitingForEnrichmentTransfer")).status == 404


@pytest.mark.parametrize(
    "query",
    [
        "pageSize=0",
        "pageSize=101",
        "pageSize=x",
        "ProcessingStatus=Done",
        "lastUpdated=x",
        "p2pProcessingMode=x",
    ],
)
async def test_bad_parameters(buyer: Buyer, query: str) -> None:
    buyer.invoice()
    reply = await buyer.get(f"{LIST}?{query}")
    assert (reply.status, reply.codes) == (400, ["PARAMETER_VALIDATION_ERROR"])


async def test_nothing_is_found_without_a_body(buyer: Buyer) -> None:
    for path in (
        LIST,
        "/v1/vendors",
        "/v1/accounts?companyCode=X",
        "/v1/requestStatus",
        "/v1/lists/ACC_LIST_99",
    ):
        reply = await buyer.get(path)
        assert (reply.status, reply.body) == (404, b"")


async def test_attachments_come_after_the_transfer(buyer: Buyer) -> None:
    buyer.switch(write_gap_seconds=0, response_applies="at_once")
    content = base64.b64encode(b"%PDF-1.7 \xff").decode()
    made = await buyer.control(
        "invoice", {"attachments": [{"name": "a.pdf", "content": content, "type": "application/pdf"}]}
    )
    (listed,) = made["attachments"]
    document = buyer.state.documents.find(made["invoiceId"])
    path = f"{LIST}/{document.id}/attachments/{listed['externalCode']}"
    assert (await buyer.get(path)).status == 404
    await buyer.act(document, "transferResponses", transfer())
    reply = await buyer.get(path)
    assert (reply.body, reply.headers["Content-Type"]) == (b"%PDF-1.7 \xff", "application/pdf")
    assert urlsplit(buyer.location).path.startswith("/_presigned/")
    assert (await buyer.get(f"{LIST}/{document.id}/attachments/other")).status == 404
    await buyer.act(document, "paymentResponses", payment())
    assert (await buyer.get(path)).status == 200
    buyer.switch(attachments_enabled=False)
    assert (await buyer.get(path)).status == 404
    (row,) = (await buyer.get(f"{LIST}/{document.id}")).json["accountingDocuments"]
    assert "attachments" not in row


async def test_the_status_operation_has_to_be_enabled(buyer: Buyer) -> None:
    document = buyer.invoice(invoiceNumber="N-1", processingStatus="Transferred", grossSum=12)
    path = f"{LIST}/status?companyCode=US001&invoiceNumber=N-1&invoiceDate=2026-11-08"
    assert (await buyer.get(path)).status == 404
    buyer.switch(status_enabled=True)
    (row,) = (await buyer.get(f"{path}&grossSum=12")).json
    assert (row["invoiceId"], row["status"]) == (document.id, "ReadyForPayment")
    assert (await buyer.get(f"{path}&grossSum=13")).status == 404
    assert (await buyer.get(f"{LIST}/status?companyCode=US001")).status == 400


async def test_lists_of_coding_data_do_not_redirect(buyer: Buyer) -> None:
    body = [account("1"), account("2", "US002"), account("3", "US001", "US002")]
    assert (await buyer.call("POST", "/v1/accounts", body)).status == 200
    first = await buyer.first("GET", "/v1/accounts?pageSize=2")
    assert (first.status, len(first.json["accounts"]), first.token is not None) == (200, 2, True)
    rows = await buyer.pages("/v1/accounts?companyCode=US002&pageSize=1")
    assert [row["accountCode"] for page in rows for row in page] == ["2", "3"]
