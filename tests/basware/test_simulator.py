"""The whole client against the simulator, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from ml_connector.basware.api import Acknowledgment, Duplicate
from ml_connector.basware.options import BaswareOptions, WebhookOptions
from ml_connector.basware.upkeep import Upkeep
from ml_connector.basware.webhook import make_verifier
from ml_connector.core.errors import AuthenticationError, ConfigurationError, Rejected
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Delivery, Event
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.sandbox.receiver import Receiver

from .simulator import connected, operate, settings

INVOICES = "/v1/accountingDocuments"
OFFERED = {"ProcessingStatus": "WaitingForTransfer", "pageSize": "100"}
SCOPE = Scope("demo", "test", "basware.invoices")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(Size(vouchers=1, suppliers=1), scenario="plain") as running:
        yield running


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as running:
        yield running


def account(code: str, company: str | None = None, **changed: Any) -> dict[str, Any]:
    return {
        "externalCode": code,
        "accountCode": code[:25],
        "accountNames": [{"language": "en-US", "translation": f"Account {code}"}],
        "companies": [{"companyCode": company or "US001", "inherit": True, "active": True}],
    } | changed


@pytest.mark.parametrize("where", ["final", "redirect", "both"])
@pytest.mark.parametrize("redirects", [True, False])
async def test_every_offered_invoice_is_read_once(
    sandbox: Sandbox, state: Store, where: str, redirects: bool
) -> None:
    sandbox.basware.switches.change({"continuation_on": where, "redirects": redirects})
    offered = operate(sandbox, "invoices", count=250, notify=False)["invoiceIds"]
    async with connected(sandbox, state) as api:
        found = [row["invoiceId"] async for rows in api.pages(INVOICES, OFFERED) for row in rows]
    assert sorted(found) == sorted(offered)


async def test_pages_that_expire_are_read_from_the_beginning(sandbox: Sandbox, state: Store) -> None:
    offered = operate(sandbox, "invoices", count=250, notify=False)["invoiceIds"]
    found: set[str] = set()
    async with connected(sandbox, state) as api:
        ended = 0
        async for rows in api.pages(INVOICES, OFFERED):
            found |= {row["invoiceId"] for row in rows}
            if not ended:
                ended = operate(sandbox, "expire-continuations")["ended"]
    assert (found, ended > 0) == (set(offered), True)


async def test_an_invoice_from_offer_to_payment(sandbox: Sandbox, state: Store) -> None:
    invoice = operate(sandbox, "invoice", notify=False)["invoiceId"]
    response = {
        "externalCode": "a" * 32,
        "success": True,
        "responseMessage": "Voucher 1",
        "paymentBlock": False,
    }
    async with connected(sandbox, state) as api:
        shown = await api.one(f"{INVOICES}/{invoice}")
        assert shown is not None
        assert shown["invoiceId"] == invoice
        assert await api.acknowledge(invoice) is Acknowledgment.DONE
        assert await api.acknowledge(invoice) is Acknowledgment.ALREADY
        assert await api.acknowledge("0" * 32) is Acknowledgment.UNKNOWN
        receipt = await api.respond(invoice, "transferResponses", response)
        operate(sandbox, "process", all=True)
        found = await api.request_status(receipt.request_id)
        assert found is not None
        item = found.items["a" * 32]
        assert (found.entity_type, item.status, item.parent) == ("TransferResponse", "Success", invoice)
        with pytest.raises(Rejected):
            await api.respond(invoice, "transferResponses", response)
        paid = response | {"externalCode": "b" * 32, "paidTotal": 10, "paymentNumber": "1"}
        receipt = await api.respond(invoice, "paymentResponses", paid)
        operate(sandbox, "process", all=True)
        with pytest.raises(Duplicate):
            await api.respond(invoice, "paymentResponses", paid)
    assert operate(sandbox, "document", invoiceId=invoice)["processingStatus"] == "Paid"


async def test_records_are_imported_and_decided_later(sandbox: Sandbox, state: Store) -> None:
    async with connected(sandbox, state) as api:
        wrong = account("C", accountNames=[{"language": "en-US", "translation": "x"}])
        imported = await api.import_records("/v1/accounts", [account("A"), account("B", "NOWHERE"), wrong])
        assert set(imported.refused) == {"C"}
        request = imported.request_ids["A"]
        under_way = await api.request_status(request)
        assert under_way is not None
        assert not under_way.decided
        operate(sandbox, "process", all=True)
        found = await api.request_status(request)
        assert found is not None
        assert (found.items["A"].status, found.items["B"].status) == ("Success", "Error")
        assert found.items["B"].errors[0].category == "DataValidation"
        again = await api.import_records("/v1/accounts", [account("A")])
        operate(sandbox, "process", all=True)
        repeated = await api.request_status(again.request_ids["A"])
        assert repeated is not None
        assert repeated.items["A"].status == "NotProcessed"
        errors = [one.request_id async for page in api.request_statuses(status="Error") for one in page]
        assert errors == [request]


async def test_the_simulator_counts_no_two_writes_within_the_gap(sandbox: Sandbox, state: Store) -> None:
    invoices = operate(sandbox, "invoices", count=5, notify=False)["invoiceIds"]
    async with connected(sandbox, state) as api:
        for number in range(3):
            for invoice in invoices:
                await api.acknowledge(invoice)
            await api.import_records("/v1/accounts", [account(code, text1=str(number)) for code in "AB"])
    assert sandbox.basware.pace.violations.total() == 0


async def test_an_ended_token_is_renewed(sandbox: Sandbox, state: Store) -> None:
    async with connected(sandbox, state) as api:
        await api.page("/v1/vendors", {})
        operate(sandbox, "revoke-tokens")
        await api.page("/v1/vendors", {})
    assert sandbox.basware.identity.issued == 2


async def test_wrong_credentials(sandbox: Sandbox, state: Store) -> None:
    async with connected(sandbox, state, password="s3cret-wrong") as api:
        with pytest.raises(AuthenticationError, match="login"):
            await api.page("/v1/vendors", {})


async def test_a_storage_that_is_not_allowed(sandbox: Sandbox, state: Store) -> None:
    operate(sandbox, "invoice", notify=False)
    sandbox.basware.switches.change({"presigned_host": "files.example.com"})
    async with connected(sandbox, state) as api:
        with pytest.raises(ConfigurationError, match=r"files\.example\.com"):
            await api.page(INVOICES, OFFERED)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"signature_prefix": ""},
        {"signature_encoding": "base64"},
        {"timestamp_header": "X-BWAPI-Timestamp", "signed_message": "ts.body"},
        {"timestamp_header": "X-BWAPI-Request-Timestamp", "signature_encoding": "base64"},
    ],
)
async def test_notifications_in_every_form(
    sandbox: Sandbox, state: Store, receiver: Receiver, how: dict[str, str]
) -> None:
    sandbox.basware.switches.change(how)
    verifier = make_verifier(settings(sandbox), BaswareOptions(), state, "demo")
    verifier._now = sandbox.clock.now
    async with connected(sandbox, state) as api:
        upkeep = Upkeep(settings(sandbox), WebhookOptions(), api, state, SCOPE, address=receiver.url)
        found = await upkeep.run()
        assert (found.alerts, found.events) == ([], [])
        tried = len(receiver.received)
        assert tried >= 1
        invoice = operate(sandbox, "invoice")["invoiceId"]
        await receiver.came.reach(tried + 1)
        events: list[Event] = []
        for one in receiver.received:
            headers = {name.lower(): value for name, value in one.headers.items()}
            events += verifier.accept(Delivery(headers, one.body))
        assert [(event.type, event.body["documentId"]) for event in events] == [
            ("AccountingDocuments/WaitingForTransfer", invoice)
        ]
