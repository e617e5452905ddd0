"""Orders to the sandbox's trading partners, as the demo's partner files have them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ml_connector.cleo.connect import connect
from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.partners.directory import Directory
from ml_connector.cleo.partners.files import load_folder
from ml_connector.cleo.settings import CleoSettings, Login
from ml_connector.core.ledger.exchange import answers
from ml_connector.core.stages.outcomes import Settler
from ml_connector.core.stages.reconcile import confirm
from ml_connector.core.state.store import Store
from sandbox import credentials
from sandbox.data import Size
from sandbox.server import Sandbox

from .support import InvoiceSite, Site, invoice, order, order_line

PARTNERS = Path(__file__).parents[3] / "include" / "tenants" / "demo" / "partners"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(Size(vouchers=1, suppliers=1), scenario="plain") as running:
        yield running


def demo(site: Site) -> Site:
    profiles = [file.profile for file in load_folder(PARTNERS) if file.profile]
    assert len(profiles) == 4
    site.directory = Directory(profiles)
    return site


async def run(site: Site, sandbox: Sandbox) -> dict[str, Any]:
    settings = CleoSettings(
        base_url=sandbox.cleo_url,
        admin=Login(credentials.CLEO_ADMIN, credentials.CLEO_ADMIN_PASSWORD),
        mailbox=Login(credentials.CLEO_MAILBOX, credentials.CLEO_MAILBOX_PASSWORD),
        api_provider_url=sandbox.addresses["cleo_provider_url"],
        api_provider_token=credentials.CLEO_API_TOKEN,
    )
    options = CleoOptions.model_validate({"pace": {"per_second": 500}})
    async with connect(settings, options, site.store, clock=sandbox.clock.now) as cleo:
        site.cleo = cleo
        counts = await site.run()
    sandbox.cleo.settle(within=0.0)
    return counts


async def acknowledged(site: Site) -> None:
    """The 997 has come, where one was to come."""
    sent = site.sent("1")[-1]
    if sent.set_status == "sent":
        with site.store.write() as tx:
            answers.acknowledge(tx, sent.set_id, "acknowledged")
        ctx = site.context
        await confirm(ctx, Settler(ctx))
    assert site.row("1").status == "loaded"


@pytest.mark.parametrize("partner", ["acme", "globex", "initech", "northwind"])
async def test_a_partner_takes_order_change_and_cancellation(
    state: Store, sandbox: Sandbox, partner: str
) -> None:
    site = demo(Site(state))
    site.clock.now = sandbox.clock.now()
    site.put("1", order(partner))
    await run(site, sandbox)
    received = sandbox.cleo.partners.received
    assert [(row.status, row.reasons) for row in received] == [("accepted", [])]
    await acknowledged(site)
    site.put("1", order(partner, lines=[order_line("1", "10001", "3", "2.50")]))
    await run(site, sandbox)
    (held,) = sandbox.cleo.partners.orders.values()
    assert [str(line.quantity) for line in held.lines.values()] == ["3"]
    await acknowledged(site)
    site.put("1", {}, absent=True)
    await run(site, sandbox)
    assert held.cancelled
    assert {row.status for row in sandbox.cleo.partners.received} == {"accepted"}


async def test_invoices_go_as_x12_and_as_json(state: Store, sandbox: Sandbox) -> None:
    site = demo(InvoiceSite(state))
    site.clock.now = sandbox.clock.now()
    site.put("1", invoice("globex", terms="N30"))
    site.put("2", invoice("initech", "INV2"))
    counts = await run(site, sandbox)
    assert (counts["accepted"], counts["created"]) == (1, 1)
    (received,) = sandbox.cleo.partners.received
    assert (received.kind, received.status, received.reasons) == ("810", "accepted", [])
    (posted,) = sandbox.cleo.provider.posted
    assert (posted.endpoint, posted.payload["number"]) == ("invoices", "INV2")
