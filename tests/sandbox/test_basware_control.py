"""What the control endpoint does in P2P, and what it lets one see."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest

from launcher.connections import sandbox_connections
from sandbox import credentials
from sandbox.basware.push.subscriptions import Subscription
from sandbox.basware.switches import BaswareSwitches
from sandbox.jsonio import decode

from .basware_client import Buyer, account, bank, vendor


async def test_an_invoice_has_sensible_defaults(buyer: Buyer) -> None:
    made = await buyer.control("invoice")
    assert len(made["invoiceId"]) == 32
    assert (made["processingStatus"], made["companyCode"], made["currencyCode"]) == (
        "WaitingForTransfer", "US001", "USD",
    )  # fmt: skip
    assert (made["netSum"], made["grossSum"], len(made["codingRows"])) == (100, 100, 1)
    other = await buyer.control(
        "invoice",
        {
            "values": {"invoiceId": "f" * 32, "invoiceNumber": "X", "grossSum": 12.34, "description": None},
            "rows": [{"netTotal": 10, "taxSum": 1.5, "dimCode1": "NW"}, {"netTotal": 0.1}],
        },
    )
    assert (other["invoiceId"], other["netSum"], other["taxSum1"]) == (
        "f" * 32,
        Decimal("10.1"),
        Decimal("1.5"),
    )
    assert other["grossSum"] == Decimal("12.34")
    assert [row["rowIndex"] for row in other["codingRows"]] == [1, 2]
    assert "description" not in other


@pytest.mark.parametrize(
    "body",
    [
        {"values": {"colour": "red"}}, {"rows": [{"colour": "red"}]},
        {"values": {"processingStatus": "Done"}},
        {"values": {"invoiceNumber": "x" * 101}}, {"attachments": [{"name": "a", "content": "%"}]},
    ],
)  # fmt: skip
async def test_an_invoice_that_cannot_be(buyer: Buyer, body: dict[str, Any]) -> None:
    await buyer.control("invoice", body, status=400)
    assert buyer.state.documents.rows == {}


async def test_the_same_id_twice(buyer: Buyer) -> None:
    await buyer.control("invoice", {"values": {"invoiceId": "a" * 32}})
    await buyer.control("invoice", {"values": {"invoiceId": "a" * 32}}, status=400)


async def test_looking_at_invoices(buyer: Buyer) -> None:
    made = await buyer.control("invoices", {"count": 2, "values": {"companyCode": "US002"}})
    first, second = made["invoiceIds"]
    buyer.state.machine.acknowledge(buyer.state.documents.find(first))
    assert [row["invoiceId"] for row in await buyer.control("documents")] == [first, second]
    (row,) = await buyer.control("documents", {"status": "WaitingForTransfer"})
    assert (row["invoiceId"], row["companyCode"], row["transferResponses"]) == (second, "US002", 0)
    whole = await buyer.control("document", {"invoiceId": first})
    assert whole["processingStatus"] == "TransferInProgress"
    await buyer.control("document", {"invoiceId": "nobody"}, status=400)


async def test_transferring_again_with_other_rows(buyer: Buyer) -> None:
    document = buyer.invoice(processingStatus="TransferInProgress")
    body = {"invoiceId": document.id, "rows": [{"netTotal": 7}]}
    await buyer.control("retransfer", body, status=400)
    again = await buyer.control("retransfer", body | {"force": True, "values": {"description": "new"}})
    assert (again["grossSum"], again["description"], again["processingStatus"]) == (
        7, "new", "WaitingForTransfer",
    )  # fmt: skip
    assert (await buyer.act(document, "acknowledge")).status == 200


async def test_second_stages_on_demand(buyer: Buyer) -> None:
    reply = await buyer.call("POST", "/v1/accounts", [account("1")])
    assert await buyer.control("process") == {"processed": 0}
    assert await buyer.control("process", {"all": True}) == {"processed": 1}
    (request,) = await buyer.control("requests", {"last": 5})
    assert (request["requestId"], request["requestStatus"]) == (reply.request_id, "Success")
    (record,) = await buyer.control("records", {"resource": "accounts"})
    assert (record["externalCode"], record["p2p"]["accountCode"]) == ("A-1", "1")
    await buyer.control("records", {"resource": "lists/ACC_LIST_99"}, status=400)


async def test_the_state_of_everything(buyer: Buyer) -> None:
    buyer.invoice()
    await buyer.call("POST", "/v1/accounts", [account("1")])
    url = buyer.sandbox.control_url
    counts = (await buyer.raw("GET", f"{url}/state")).json["basware"]
    assert counts == await buyer.control("counts")
    assert (counts["documents"], counts["records"], counts["p2p"]) == (1, {"accounts": 1}, {"accounts": 0})
    switched = await buyer.raw("POST", f"{url}/switches", {"basware": {"token_seconds": 5}})
    assert switched.json["basware"]["token_seconds"] == 5
    for wrong in ({"paid_on": "never"}, {"notification_retry_seconds": ["x"]}, {"colour": 1}):
        assert (await buyer.raw("POST", f"{url}/switches", {"basware": wrong})).status == 400
    await buyer.raw("POST", f"{url}/clock", {"advance": 61})
    assert (await buyer.control("counts"))["p2p"] == {"accounts": 1}
    await buyer.raw("POST", f"{url}/reset", {})
    counts = await buyer.control("counts")
    assert (counts["documents"], counts["records"], counts["requests"]) == (0, {}, 0)
    assert buyer.state.switches.token_seconds == 3600


async def test_what_is_documented_or_asked_for_is_the_default() -> None:
    values = BaswareSwitches().values()
    assert (values["processing_seconds"], values["expired_within_seconds"]) == (2, 1)
    assert (values["write_gap_seconds"], values["gap_strict"]) == (5, True)
    assert (values["token_seconds"], values["presigned_seconds"]) == (3600, 15 * 60)


async def test_nothing_secret_is_printed(buyer: Buyer) -> None:
    row = Subscription("RequestStatus", "All", "http://x", "hidden", buyer.sandbox.clock.now())
    assert "hidden" not in repr(row)
    refused = await buyer.call("POST", "/v1/vendors", [vendor(1, paymentMeans=bank("9" * 51))])
    assert "9999" not in refused.body.decode()


def test_the_demos_connection() -> None:
    addresses = dict.fromkeys(
        ("peoplesoft_url", "bill_url", "cleo_url", "cleo_provider_url", "monday_url"), "http://h:1"
    )
    made = sandbox_connections(addresses | {"basware_url": "http://h:2"})
    connection = decode(made["AIRFLOW_CONN_DEMO__BASWARE"].encode())
    assert (connection["conn_type"], connection["login"]) == ("basware", credentials.BASWARE_CLIENT_ID)
    assert connection["extra"]["token_url"] == "http://h:2/v1/tokens"
    assert "accountingDocuments.write" in connection["extra"]["scope"].split()
    assert ".delete" not in connection["extra"]["scope"].replace("subscriptions.delete", "")


async def test_many_invoices_and_vendors_are_cheap(buyer: Buyer) -> None:
    """Only a twentieth of what the largest tests use; generous, since other work runs beside it."""
    buyer.contract = None
    began = time.process_time()
    for _ in range(500):
        buyer.invoice()
    for first in range(0, 4_000, 200):
        records = [vendor(number, paymentMeans=bank(str(number))) for number in range(first, first + 200)]
        buyer.state.imports.post(buyer.state.store.table("vendors"), records, [])
    assert buyer.state.requests.work(everything=True) == 20
    pages = await buyer.pages("/v1/vendors?pageSize=500")
    assert sum(len(page) for page in pages) == 4_000
    assert len(await buyer.pages("/v1/accountingDocuments?ProcessingStatus=WaitingForTransfer")) == 5
    assert time.process_time() - began < 5
