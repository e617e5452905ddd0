"""The inbound side before the simulator of Cleo with its trading partners, over REST."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from ml_connector.cleo.connect import Cleo, connect
from ml_connector.cleo.inbound.invoices import SupplierInvoices
from ml_connector.cleo.inbound.rounds import Round
from ml_connector.cleo.inbound.statuses import Statuses
from ml_connector.cleo.options import CleoOptions, Pace
from ml_connector.cleo.settings import CleoSettings, Login
from ml_connector.core.contract import Document, EventSource, Scan, Window
from ml_connector.core.ledger.exchange import outbound
from ml_connector.core.ledger.exchange.control_numbers import Address
from ml_connector.core.ledger.exchange.outbound import NewInterchange, NewSet
from ml_connector.core.state.store import Store
from sandbox import credentials
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.sandbox.cleo_client import Tenant, order_850

from .matching import FakeMatcher
from .support import Office

NUMBER = "US001-0000000007"
WHOLE = Window("cleo", Scan.FULL, "2026-01-01")


@dataclass
class Live:
    """One tenant before the sandbox."""

    office: Office
    cleo: Cleo
    partners: Tenant

    async def order(self, control: int = 231, number: str = NUMBER) -> None:
        """Send an order, and let Cleo and the partner do what they do."""
        content, name = order_850(number, control=control), f"850_{control:09d}.edi"
        store = self.office.store
        address = Address("demo", "test", "ZZ:PSFTUS001", "01:123456789")
        with store.write() as tx:
            document = self.office.ledger_row(tx, "cleo.purchase_orders", number.replace("-", "|"))
            one = NewSet(
                "850", "PO", control, "0001", flow="cleo.purchase_orders", document_id=document,
                key=number.replace("-", "|"), document_hash="h", reference=number,
            )  # fmt: skip
            route = {"folder": "upload/850"}
            (kept,) = outbound.keep(tx, NewInterchange(address, "acme", name, content, [one], control, route))
        await self.cleo.mailbox.upload("upload/850", name, content)
        with store.write() as tx:
            outbound.uploaded(tx, kept.interchange_id, answer_within=timedelta(hours=24))
        await self.partners.control("settle")

    def round(self) -> Round:
        return Round(self.cleo, self.office.context)

    async def run(self) -> list[str]:
        alerts = list((await self.round().run()).alerts)
        await self.partners.control("settle")
        return alerts

    async def statuses(self) -> list[Document]:
        return await self._read(Statuses(self.office.context, self.round().run, unit="cleo"))

    async def invoices(self, **matcher: Any) -> list[Document]:
        match = FakeMatcher(**matcher)
        source = SupplierInvoices(self.office.context, match, self.round().run, unit="cleo")
        return await self._read(source)

    @staticmethod
    async def _read(source: EventSource) -> list[Document]:
        return [one async for page in source.read(WHOLE) for one in page.documents]

    async def came_back(self) -> set[str]:
        """Codes of our 997s at the partner."""
        sent = await self.partners.control("sent", partner="ACME")
        return {code for row in sent for code in row["acknowledged"]}


@pytest.fixture
async def live(state: Store) -> AsyncIterator[Live]:
    async with Sandbox(Size(vouchers=60, suppliers=30)) as sandbox, aiohttp.ClientSession() as http:
        office = Office(state)
        state.now = sandbox.clock.now
        settings = CleoSettings(
            base_url=sandbox.cleo_url,
            admin=Login(credentials.CLEO_ADMIN, credentials.CLEO_ADMIN_PASSWORD),
            mailbox=Login(credentials.CLEO_MAILBOX, credentials.CLEO_MAILBOX_PASSWORD),
        )
        options = CleoOptions(pace=Pace(concurrent=4, per_task=2, per_second=500))
        async with connect(settings, options, state, clock=sandbox.clock.now) as cleo:
            yield Live(office, cleo, Tenant(http, sandbox))


async def test_an_order_goes_through_all_its_answers(live: Live) -> None:
    await live.order()
    assert await live.run() == []
    (status,) = await live.statuses()
    assert (status.payload["status"], status.payload["response"]) == ("acknowledged", "accepted")
    assert status.payload["delivered_at"] is not None
    (invoice,) = await live.invoices()
    assert invoice.key == f"acme|INV-{NUMBER}|{invoice.payload['date']}"
    assert (invoice.payload["match"], str(invoice.payload["total"])) == ("matched", "445.00")
    assert await live.run() == []
    assert len(await live.invoices()) == 1


@pytest.mark.parametrize(
    ("manner", "status", "alerts"),
    [
        ("errors", "acknowledged_with_errors", 0),
        ("reject", "rejected", 1),
        ("group_reject", "rejected", 1),
        ("without_ak2", "acknowledged", 0),
        ("contradicting", "rejected", 1),
        ("unknown_group", "delivered", 1),
        ("report_reject", "rejected", 1),
        ("accept twice", "acknowledged", 0),
        ("accept again", "acknowledged", 0),
        ("never", "delivered", 0),
    ],
)
async def test_acknowledgments_of_every_kind(live: Live, manner: str, status: str, alerts: int) -> None:
    await live.partners.control(
        "behave", partner="ACME", acknowledgment=manner, response="never", invoice="never"
    )
    await live.order()
    told = await live.run()
    assert [one.payload["status"] for one in await live.statuses()] == [status]
    assert len(told) == alerts, told
    assert await live.run() == []


@pytest.mark.parametrize(
    ("manner", "said"), [("change", "changed"), ("partial", "changed"), ("reject", "rejected")]
)
async def test_responses_of_every_kind(live: Live, manner: str, said: str) -> None:
    await live.partners.control("behave", partner="ACME", response=manner, invoice="never")
    await live.order()
    told = await live.run()
    assert [one.payload["response"] for one in await live.statuses()] == [said]
    assert len(told) == 1


@pytest.mark.parametrize("kind", ["errors", "reject"])
async def test_an_advice_about_an_order(live: Live, kind: str) -> None:
    await live.partners.control("behave", partner="ACME", response="never", invoice="never")
    await live.order()
    await live.partners.control("send", partner="ACME", kind="824", key=NUMBER, **{"as": kind})
    await live.run()
    said = {"errors": "changed", "reject": "rejected"}[kind]
    assert [one.payload["response"] for one in await live.statuses()] == [said]


@pytest.mark.parametrize(
    "words",
    ["exact", "freight tax discount", "credit", "lf", "bom", "unterminated", "pipe", "indented", "non_ascii",
     "two_interchanges", "mixed", "price", "part"],
)  # fmt: skip
async def test_sound_invoices_are_taken_whatever_their_form(live: Live, words: str) -> None:
    await live.partners.control("behave", partner="ACME", response="never", invoice=words)
    await live.order()
    assert await live.run() == []
    (invoice,) = await live.invoices()
    assert invoice.payload["match"] == "matched"
    assert await live.came_back() == {"A"}


@pytest.mark.parametrize("words", ["dollars", "bad_total", "header_only"])
async def test_invoices_that_do_not_add_up_are_held(live: Live, words: str) -> None:
    await live.partners.control("behave", partner="ACME", response="never", invoice=words)
    await live.order()
    await live.run()
    (invoice,) = await live.invoices()
    assert invoice.payload["match"] == ("header_only" if words == "header_only" else "total")


@pytest.mark.parametrize("words", ["each", "wrong_se", "wrong_ge", "wrong_iea", "no_se", "collapsed"])
async def test_broken_invoices_are_kept_told_and_never_taken(live: Live, words: str) -> None:
    await live.partners.control("behave", partner="ACME", response="never", invoice=words)
    await live.order()
    told = await live.run()
    assert len(told) == 1
    assert await live.invoices() == []
    assert len([row for row in live.office.rows() if row.status in {"taken", "refused", "quarantined"}]) == 2


async def test_an_invoice_that_comes_again_is_one_document(live: Live) -> None:
    await live.order()
    await live.run()
    for words in ("duplicate", "again"):
        await live.partners.control("send", partner="ACME", kind="810", order=NUMBER, **{"as": words})
    assert await live.run() == []
    found = await live.invoices()
    assert len({one.payload["number"] for one in found}) == len(found)


async def test_a_number_used_again_for_other_content_is_refused(live: Live) -> None:
    await live.order()
    await live.run()
    await live.partners.control("send", partner="ACME", kind="810", order=NUMBER, **{"as": "same_number"})
    (told,) = await live.run()
    assert "used before" in told
    assert "refused" in {row.status for row in live.office.rows()}
