"""Component interfaces of the simulated PeopleSoft: every call, fault and switch that differs by site."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.core.contract import Payload
from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    InDoubt,
    NotActivated,
    Rejected,
    Unavailable,
)
from ml_connector.core.http import Retry
from ml_connector.peoplesoft.settings import PeopleSoftSettings
from ml_connector.peoplesoft.soap import (
    ComponentInterfaces,
    Interface,
    InterfaceName,
    MemoryWsdlCache,
    make_client,
)
from sandbox import credentials
from sandbox.data import Size
from sandbox.server import Sandbox

VOUCHER = InterfaceName("AP_VOUCHER")
AMOUNT = Decimal("125.50")


@dataclass
class Site:
    """A sandbox and its vouchers' interface.

    Attributes:
        reopen: opens another connection, with changed fields.
    """

    sandbox: Sandbox
    vouchers: Interface
    reopen: Callable[..., Any]

    def switch(self, **values: Any) -> None:
        self.sandbox.peoplesoft.switches.change(values)

    def plan(self, kind: str, operation: str, **values: Any) -> None:
        self.sandbox.faults.add(system="peoplesoft", kind=kind, operation=f"SOAP {operation}", **values)

    def calls(self, operation: str) -> int:
        return self.sandbox.calls.count(f"peoplesoft {operation}")

    def values(self, invoice: str = "ML-4711", **changes: Any) -> Payload:
        distribution = {
            "DISTRIB_LINE_NUM": 1, "BUSINESS_UNIT_GL": "US001", "ACCOUNT": "641000", "DEPTID": "10200",
            "MERCHANDISE_AMT": AMOUNT,
        }  # fmt: skip
        line = {"VOUCHER_LINE_NUM": 1, "MERCHANDISE_AMT": AMOUNT, "DISTRIB_LINE": [distribution]}
        return {
            "BUSINESS_UNIT": "US001", "VOUCHER_ID": "NEXT", "INVOICE_ID": invoice, "INVOICE_DT": "2026-11-02",
            "VENDOR_ID": "0000000012", "GROSS_AMT": AMOUNT, "TXN_CURRENCY_CD": "USD",
            "VOUCHER_LINE": [line],
        } | changes  # fmt: skip

    def entered(self, invoice: str = "ML-4711") -> list[str]:
        vouchers = self.sandbox.peoplesoft.vouchers["US001"]
        return [str(row["VOUCHER_ID"]) for row in vouchers.starting("", invoice)]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Sandbox(Size(vouchers=10, suppliers=20), scenario="plain") as sandbox:
        cache = MemoryWsdlCache()

        @asynccontextmanager
        async def reopen(**extra: Any) -> AsyncIterator[ComponentInterfaces]:
            password = extra.pop("password", credentials.OPRID_PASSWORD)
            fields = {"node": credentials.NODE, "timeout": 5} | extra
            settings = PeopleSoftSettings.from_connection(
                host=sandbox.peoplesoft_url, login=credentials.OPRID, password=password, extra=fields
            )
            async with make_client(settings, retry=Retry(attempts=2, base=0.001)) as client:
                yield ComponentInterfaces(settings, client, cache)

        async with reopen() as interfaces:
            yield Site(sandbox, await interfaces.interface(VOUCHER), reopen)


async def test_a_voucher_is_created_read_found_and_changed(site: Site) -> None:
    created = await site.vouchers.create(site.values())
    keys = created.keys
    assert keys["BUSINESS_UNIT"] == "US001"
    assert site.entered() == [keys["VOUCHER_ID"]]
    found = await site.vouchers.get(keys)
    assert found is not None
    assert (found["INVOICE_ID"], found["GROSS_AMT"]) == ("ML-4711", AMOUNT)
    assert found["VOUCHER_LINE"][0]["DISTRIB_LINE"][0]["ACCOUNT"] == "641000"
    rows = await site.vouchers.find({"BUSINESS_UNIT": "US001", "INVOICE_ID": "ML-4711"})
    assert [row["VOUCHER_ID"] for row in rows] == [keys["VOUCHER_ID"]]
    await site.vouchers.update_data(keys | {"DESCR254_MIXED": "changed"})
    await site.vouchers.update(keys | {"ORIGIN": "WEB"})
    changed = await site.vouchers.get(keys)
    assert changed is not None
    assert (changed["DESCR254_MIXED"], changed["ORIGIN"]) == ("changed", "WEB")


@pytest.mark.parametrize("form", ["empty", "fault"])
async def test_what_is_not_there(site: Site, form: str) -> None:
    site.switch(get_missing=form)
    assert await site.vouchers.get({"BUSINESS_UNIT": "US001", "VOUCHER_ID": "99999999"}) is None
    assert await site.vouchers.find({"BUSINESS_UNIT": "US001", "INVOICE_ID": "NO SUCH"}) == []


async def test_a_duplicate_is_refused_in_the_words_of_peoplesoft(site: Site) -> None:
    await site.vouchers.create(site.values())
    with pytest.raises(Rejected, match="already on voucher") as caught:
        await site.vouchers.create(site.values())
    assert caught.value.code == "7030,101"
    assert len(site.entered()) == 1


async def test_warnings_are_kept(site: Site) -> None:
    site.switch(duplicate_vouchers="recycle")
    await site.vouchers.create(site.values())
    created = await site.vouchers.create(site.values())
    assert [(message.type, message.code) for message in created.messages] == [("Warning", "7030,101")]


async def test_every_error_of_a_voucher_is_told(site: Site) -> None:
    wrong = site.values()
    wrong["VOUCHER_LINE"][0]["DISTRIB_LINE"][0] |= {"ACCOUNT": "NONE", "DEPTID": "NONE"}
    with pytest.raises(Rejected) as caught:
        await site.vouchers.create(wrong)
    assert "Account NONE" in caught.value.reason
    assert "Department NONE" in caught.value.reason


@pytest.mark.parametrize("status", ["200", "500"])
@pytest.mark.parametrize(
    ("switches", "kind", "words"),
    [
        ({"inactive": ["CI_AP_VOUCHER_C"]}, NotActivated, "158,505"),
        ({"denied": ["CI_AP_VOUCHER_C"]}, NotActivated, "CI_AP_VOUCHER_C"),
        ({"soap_verification": "wsse"}, NotActivated, "set soap_auth"),
    ],
)
async def test_what_an_administrator_must_do(
    site: Site, status: str, switches: dict[str, Any], kind: type[ConnectorError], words: str
) -> None:
    site.switch(soap_fault_status=status, **switches)
    with pytest.raises(kind, match=words):
        await site.vouchers.create(site.values())
    assert site.entered() == []


async def test_both_ways_to_authenticate(site: Site) -> None:
    for way in ("basic", "wsse"):
        site.switch(soap_verification=way, wsdl_verification="basic")
        async with site.reopen(soap_auth=way) as interfaces:
            one = await interfaces.interface(VOUCHER)
            assert (await one.create(site.values(f"ML-{way}"))).keys["VOUCHER_ID"]


@pytest.mark.parametrize("way", ["basic", "wsse"])
async def test_a_wrong_password_does_not_lock_the_account(site: Site, way: str) -> None:
    site.switch(lock_after=2)
    async with site.reopen(password="wrong-password", soap_auth=way) as interfaces:
        one = await interfaces.interface(VOUCHER)
        for _ in range(5):
            with pytest.raises(AuthenticationError):
                await one.create(site.values())
    assert site.sandbox.peoplesoft.identity.failures == 1
    assert (await site.vouchers.create(site.values())).keys["VOUCHER_ID"]


@pytest.mark.parametrize("kind", ["lost", "reset", "truncate", "broken_gateway", "cut_off", "html"])
async def test_a_create_without_a_clear_answer_is_in_doubt(site: Site, kind: str) -> None:
    site.plan(kind, "CI_AP_VOUCHER_C")
    with pytest.raises(InDoubt):
        await site.vouchers.create(site.values())
    assert len(site.entered()) == (0 if kind in {"reset", "html"} else 1)
    assert site.calls("SOAP CI_AP_VOUCHER_C") == 1


async def test_a_late_commit_is_found_afterwards(site: Site) -> None:
    site.plan("late_commit", "CI_AP_VOUCHER_C", status=504, seconds=0.05)
    with pytest.raises(InDoubt):
        await site.vouchers.create(site.values())
    await until(lambda: len(site.entered()) == 1)
    found = await site.vouchers.find({"BUSINESS_UNIT": "US001", "INVOICE_ID": "ML-4711"})
    assert [row["VOUCHER_ID"] for row in found] == site.entered()


async def until(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.02)
    pytest.fail("it did not become true within 10 s")


async def test_a_time_out_is_in_doubt(site: Site) -> None:
    async with site.reopen(timeout="0.3") as interfaces:
        one = await interfaces.interface(VOUCHER)
        site.plan("timeout", "CI_AP_VOUCHER_C", seconds=2)
        with pytest.raises(InDoubt, match="no answer in time"):
            await one.create(site.values())
    assert len(site.entered()) == 1


@pytest.mark.parametrize("kind", ["reset", "error", "broken_gateway"])
async def test_a_look_up_is_repeated(site: Site, kind: str) -> None:
    created = await site.vouchers.create(site.values())
    site.plan(kind, "CI_AP_VOUCHER_G", status=503)
    assert await site.vouchers.get(created.keys) is not None
    site.plan(kind, "CI_AP_VOUCHER_G", status=503, count=None)
    with pytest.raises(Unavailable):
        await site.vouchers.get(created.keys)


async def test_a_contact_error_leaves_a_write_in_doubt(site: Site) -> None:
    """It may be about a call that the component made itself."""
    site.plan("error", "CI_AP_VOUCHER_C", code="158,10721", message="External System Contact Error")
    with pytest.raises(InDoubt, match="Contact Error"):
        await site.vouchers.create(site.values())
    assert (await site.vouchers.create(site.values())).keys["VOUCHER_ID"]


async def test_another_database_has_other_namespaces(site: Site) -> None:
    site.switch(database="EPTEST")
    async with site.reopen() as interfaces:  # with the description that was kept
        one = await interfaces.interface(VOUCHER)
        assert (await one.create(site.values())).keys["VOUCHER_ID"]
    assert len(site.entered()) == 1
    assert site.calls("SOAP CI_AP_VOUCHER_C") == 2
    assert site.calls("WSDL CI_AP_VOUCHER") == 2


async def test_an_address_inside_the_customer_s_network_is_not_called(site: Site) -> None:
    site.switch(soap_host="https://psoft.internal.example:8443", database="OTHER")
    async with site.reopen() as interfaces:
        one = await interfaces.interface(VOUCHER)
        assert (await one.create(site.values())).keys["VOUCHER_ID"]


async def test_names_of_the_site(site: Site) -> None:
    names = {"BUSINESS_UNIT": "KEYPROP_BUSINESS_UNIT", "VOUCHER_LINE": "COLL_VOUCHER_LINE"}
    changed = {"name": "Z_VCHR", "service": "Z_VOUCHERS", "version": "2", "properties": names}
    site.switch(interfaces={"AP_VOUCHER": changed})
    async with site.reopen() as interfaces:
        with pytest.raises(ConfigurationError, match=r"CI_AP_VOUCHER\.9"):
            await interfaces.interface(InterfaceName("AP_VOUCHER", version="9"))
        one = await interfaces.interface(InterfaceName("Z_VCHR", "Z_VOUCHERS", "2", names))
        created = await one.create(site.values())
        found = await one.get(created.keys)
    assert set(created.keys) == {"BUSINESS_UNIT", "VOUCHER_ID"}
    assert found is not None
    assert found["VOUCHER_LINE"][0]["MERCHANDISE_AMT"] == AMOUNT


async def test_the_wrong_node(site: Site) -> None:
    async with site.reopen(node="PSFT_HR") as interfaces:
        with pytest.raises(ConfigurationError, match="node"):
            await (await interfaces.interface(VOUCHER)).create(site.values())
