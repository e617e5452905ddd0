"""mock-edi behind the sandbox's Cleo: a second opinion of what goes out and comes back."""

from __future__ import annotations

from mockedi.testing import Document

from sandbox.server import Sandbox
from tests.cleo.mock_partner import mock_partner

from .cleo_client import Tenant, order_850
from .soap_client import Site


async def test_an_order_comes_back_acknowledged_confirmed_and_billed(tenant: Tenant) -> None:
    with mock_partner() as partner:
        await tenant.control(
            "behave", partner="ACME", acknowledgment="never", response="never", invoice="never"
        )
        await tenant.order("US001-0000000007")
        answers = await partner.exchange(tenant.control)
        assert sorted(answer.kind for answer in answers) == ["810", "855", "997"]
        assert await partner.exchange(tenant.control) == [], "nothing is sent or answered again"
    for kind, segment, number, value in (
        ("997", "AK9", 1, "E"),
        ("855", "BAK", 3, "US001-0000000007"),
        ("810", "BIG", 4, "US001-0000000007"),
    ):
        (content,) = await tenant.received_by_us(kind)
        assert Document(content).find(segment).get(number) == value, kind
    (invoice,) = await tenant.received_by_us("810")
    assert Document(invoice).find("TDS").get(1) == "44500"
    assert Document(invoice).find("IT1").get(4) == "12.50"


async def test_its_behaviours_reach_us(tenant: Tenant) -> None:
    with mock_partner(behaviour="reject-all") as partner:
        await tenant.control(
            "behave", partner="ACME", acknowledgment="never", response="never", invoice="never"
        )
        await tenant.order("US001-0000000008")
        await partner.exchange(tenant.control)
    (response,) = await tenant.received_by_us("855")
    assert Document(response).find("BAK").get(2) == "RD"


def test_a_sandbox_in_another_thread(site: Site) -> None:
    with mock_partner() as partner:
        site.within(lambda sandbox: _put(sandbox, order_850()))
        answers = partner.exchange_at(site.sandbox.control_url)
        assert sorted(answer.kind for answer in answers) == ["810", "855", "997"]
        assert partner.exchange_at(site.sandbox.control_url) == []
    names = [file.folder.path for file in site.sandbox.cleo.files.files.values()]
    assert sorted(names) == ["download/810", "download/855", "download/997"]


def _put(sandbox: Sandbox, content: bytes) -> None:
    files = sandbox.cleo.files
    files.store(files.folders["upload/850"], "a.edi", content, owner="us")
