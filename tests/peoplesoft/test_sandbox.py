"""The reader against the simulated PeopleSoft: every fault and both sides of what is only inferred."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any

import pytest

from ml_connector.core.contract import Document, Page, Scan, Window
from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ContractChanged,
    NotActivated,
    Unavailable,
)
from ml_connector.core.http import Retry, TooHeavy
from ml_connector.peoplesoft.esettlements import ESettlements
from ml_connector.peoplesoft.pages import Backoff
from ml_connector.peoplesoft.probe import probe
from ml_connector.peoplesoft.query import QueryService, make_client
from ml_connector.peoplesoft.reader import PeopleSoftSource
from ml_connector.peoplesoft.settings import PeopleSoftSettings
from sandbox import credentials
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.peoplesoft.support import TENANT, no_sleep, pages_of, shipped

NAMES = (
    "gl_accounts",
    "departments",
    "payment_terms",
    "suppliers",
    "vouchers",
    "payments",
    "purchase_orders",
    "journals",
    "customer_invoices",
)


class Site:
    """A sandbox and a reader of it."""

    def __init__(self, sandbox: Sandbox, service: QueryService) -> None:
        self.sandbox = sandbox
        self.service = service

    def source(self, name: str, **page: int) -> PeopleSoftSource:
        dataset = shipped(name)
        if page:
            sizes = dataset.page.model_copy(update={"minimum": 1, **page})
            dataset = dataset.model_copy(update={"page": sizes})
        backoff = Backoff(no_sleep, lambda: 0.5)
        return PeopleSoftSource(dataset, TENANT, self.service, clock=self.sandbox.clock.now, backoff=backoff)

    def window(self, name: str, scan: Scan = Scan.FULL) -> Window:
        unit = "SHARE" if shipped(name).unit == "setid" else "US001"
        return Window(unit, scan, None if scan is Scan.OPEN else "2026-01-01")

    async def read(self, name: str, scan: Scan = Scan.FULL, **page: int) -> dict[str, Document]:
        pages = await pages_of(self.source(name, **page), self.window(name, scan))
        assert [item for found in pages for item in found.rejected] == []
        return by_key(pages)

    def plan(self, kind: str, query: str = "*", **values: Any) -> None:
        self.sandbox.faults.add(system="peoplesoft", kind=kind, operation=f"QAS {query}", **values)

    def switch(self, **values: Any) -> None:
        self.sandbox.peoplesoft.switches.change(values)


def by_key(pages: list[Page]) -> dict[str, Document]:
    return {item.key: item for found in pages for item in found.documents}


def connection(sandbox: Sandbox, **changes: Any) -> PeopleSoftSettings:
    fields: dict[str, Any] = {
        "host": sandbox.peoplesoft_url, "login": credentials.OPRID, "password": credentials.OPRID_PASSWORD,
    }  # fmt: skip
    extra = {"node": credentials.NODE} | changes.pop("extra", {})
    return PeopleSoftSettings.from_connection(**(fields | changes), extra=extra)


@asynccontextmanager
async def opened(**connected: Any) -> AsyncIterator[Site]:
    async with Sandbox(Size(vouchers=60), scenario="plain") as sandbox:
        settings = connection(sandbox, **connected)
        async with make_client(settings, retry=Retry(attempts=2, base=0.001)) as client:
            yield Site(sandbox, QueryService(client, settings.redactor()))


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with opened() as found:
        yield found


@pytest.mark.parametrize("name", NAMES)
async def test_every_dataset_is_read_and_found_again_by_key(site: Site, name: str) -> None:
    found = await site.read(name)
    assert found
    answer = await site.source(name).by_key([*found, "|".join("9" for _ in shipped(name).key)])
    assert {item.key: item for item in answer.documents} == found
    assert len(answer.absent) == 1


@pytest.mark.parametrize("name", ["suppliers", "vouchers", "payments", "purchase_orders", "journals"])
@pytest.mark.parametrize("rows", [1, 7, 40])
async def test_page_sizes_and_row_caps_change_nothing(site: Site, name: str, rows: int) -> None:
    whole = await site.read(name)
    assert await site.read(name, rows=rows) == whole
    site.switch(profile_rows=25)
    assert await site.read(name, rows=rows) == whole


async def test_the_open_scan_finds_open_vouchers_only(site: Site) -> None:
    whole = await site.read("vouchers")
    found = await site.read("vouchers", Scan.OPEN)
    assert set(found) == {key for key, item in whole.items() if item.open}
    assert 0 < len(found) < len(whole)


@pytest.mark.parametrize(
    "switches",
    [
        {"name_key": "queryname"},
        {
            "unprefixed": [
                "ML_AP_VOUCHERS",
                "ML_AP_SUPPLIERS",
                "ML_AP_PAYMENTS",
                "ML_PO_LINES",
                "ML_GL_JOURNALS",
            ]
        },
        {"translated": {"*": ["*"]}},
        {"maxrows_zero": "error"},
        {"effdt_auto": False},
        {"effdt_auto": False, "effdt_current": []},
        {"effdt_current": ["ML_GL_ACCOUNTS", "ML_GL_DEPTS", "ML_AP_SUPPLIERS"]},
        {"verification": "basic"},
        {"verification": "none"},
    ],
)
@pytest.mark.parametrize("name", NAMES)
async def test_what_sites_do_differently_changes_no_document(
    site: Site, name: str, switches: dict[str, Any]
) -> None:
    whole = await site.read(name)
    site.switch(**switches)
    assert await site.read(name) == whole


@pytest.mark.parametrize("name", NAMES)
async def test_blank_columns_may_be_left_out(site: Site, name: str) -> None:
    whole = await site.read(name)
    site.switch(blank_columns="absent")
    found = await site.read(name)
    assert {key: filled(item.payload) for key, item in found.items()} == {
        key: filled(item.payload) for key, item in whole.items()
    }


def filled(payload: Any) -> Any:
    if isinstance(payload, list):
        return [filled(item) for item in payload]
    if isinstance(payload, dict):
        return {name: filled(value) for name, value in payload.items() if value not in ("", [])}
    return payload


async def test_labels_are_named_in_the_dataset(site: Site) -> None:
    whole = await site.read("journals")
    site.switch(labels={"ML_GL_JOURNALS": {"A.JOURNAL_ID": "Journal No", "B.ACCOUNT": "ACCT"}})
    with pytest.raises(ContractChanged, match="JOURNAL_ID"):
        await site.read("journals")
    dataset = shipped("journals")
    lines = dataset.children["lines"].model_copy(update={"columns": {"ACCOUNT": "ACCT"}})
    own = dataset.model_copy(update={"columns": {"JOURNAL_ID": "Journal No"}, "children": {"lines": lines}})
    source = PeopleSoftSource(own, TENANT, site.service, clock=site.sandbox.clock.now)
    assert by_key(await pages_of(source, site.window("journals"))) == whole


async def test_without_last_update_dt_the_day_of_entry_is_the_stamp(site: Site) -> None:
    site.switch(last_update_dt=False)
    found = await site.read("vouchers")
    assert found
    assert all(item.stamp == item.payload["ENTERED_DT"] for item in found.values())
    assert "LAST_UPDATE_DT" not in next(iter(found.values())).payload


async def test_changes_since_a_day_and_by_time(site: Site) -> None:
    whole = await site.read("vouchers")
    since = (
        date.fromisoformat(max(item.stamp or "" for item in whole.values())) - timedelta(days=9)
    ).isoformat()
    found = by_key(await pages_of(site.source("vouchers"), Window("US001", Scan.CHANGES, since)))
    assert set(found) == {key for key, item in whole.items() if (item.stamp or "") >= since}
    orders = await site.read("purchase_orders")
    middle = sorted(item.stamp or "" for item in orders.values())[len(orders) // 2]
    recent = by_key(await pages_of(site.source("purchase_orders"), Window("US001", Scan.CHANGES, middle)))
    assert set(recent) == {key for key, item in orders.items() if (item.stamp or "") >= middle}


async def test_a_unit_without_access_reads_as_empty(site: Site) -> None:
    site.switch(no_access_units=["US001"])
    assert await site.read("vouchers") == {}
    answer = await site.source("vouchers").by_key(["US001|00000001"])
    assert answer.absent == ["US001|00000001"]


@pytest.mark.parametrize(
    ("fault", "values"),
    [
        ("error", {"status": 500, "skip": 1}),
        ("error", {"status": 503, "count": 2}),
        ("error", {"status": 504}),
        ("reset", {}),
        ("lost", {"skip": 1}),
        ("broken_gateway", {}),
        ("truncate", {"skip": 1}),
        ("cut_off", {}),
        ("row_cap", {"rows": 9, "skip": 1}),
        ("row_cap", {"rows": 30, "count": None}),
        ("repeat_rows", {"rows": 3, "skip": 1}),
        ("numrows", {"rows": 5, "count": None}),
    ],
)
async def test_faults_that_pass_lose_and_cut_nothing(site: Site, fault: str, values: dict[str, Any]) -> None:
    whole = await site.read("vouchers")
    site.plan(fault, "ML_AP_VOUCHERS", **values)
    assert await site.read("vouchers", rows=40) == whole
    assert all(rule.count is None for rule in site.sandbox.faults.rules)


@pytest.mark.parametrize(
    ("fault", "values", "failure"),
    [
        ("html", {}, Unavailable),
        ("html", {"status": 503, "count": None}, TooHeavy),
        ("status", {"value": "failure"}, Unavailable),
        ("error", {"status": 401}, AuthenticationError),
        ("error", {"status": 403}, NotActivated),
        ("error", {"status": 404}, ConfigurationError),
        ("error", {"status": 500, "message": "Query ML_AP_VOUCHERS does not exist"}, ConfigurationError),
        (
            "error",
            {"status": 500, "message": "UserName not defined in database. (158,55)"},
            AuthenticationError,
        ),
        ("vanish", {"column": "A.CLOSE_STATUS"}, ContractChanged),
        ("rename", {"column": "C.ACCOUNT", "value": "C.ALTACCT"}, ContractChanged),
    ],
)
async def test_faults_that_stop_the_read(
    site: Site, fault: str, values: dict[str, Any], failure: type[Exception]
) -> None:
    site.plan(fault, "ML_AP_VOUCHERS", **values)
    with pytest.raises(failure):
        await site.read("vouchers")


async def test_a_query_that_takes_too_long_is_asked_for_less() -> None:
    async with opened(extra={"timeout": 0.5}) as site:
        whole = await site.read("purchase_orders")
        site.plan("slow", "ML_PO_LINES", seconds=1.5, count=1)
        assert await site.read("purchase_orders") == whole


async def test_an_impossible_date_spoils_one_voucher(site: Site) -> None:
    whole = await site.read("vouchers")
    site.plan("set_value", "ML_AP_VOUCHERS", column="A.DUE_DT", value="20210431", rows=1)
    pages = await pages_of(site.source("vouchers"), site.window("vouchers"))
    (bad,) = [item for page in pages for item in page.rejected]
    assert (bad.field, bad.value, bad.expected) == ("DUE_DT", "20210431", "a date YYYY-MM-DD")
    assert set(by_key(pages)) == set(whole) - {bad.key}


async def test_text_that_people_append_is_data(site: Site) -> None:
    site.plan(
        "append_text", "ML_AP_VOUCHERS", column="A.INVOICE_ID", value="  4/15/22 AS - see copy", rows=50
    )
    found = await site.read("vouchers")
    assert next(iter(found.values())).payload["INVOICE_ID"].endswith("  4/15/22 AS - see copy")


@pytest.mark.parametrize(
    ("refusal", "failure"), [("401", AuthenticationError), ("403", NotActivated), ("500", TooHeavy)]
)
@pytest.mark.parametrize("switch", ["inactive", "denied"])
async def test_an_operation_that_is_off_or_not_granted(
    site: Site, switch: str, refusal: str, failure: type[Exception]
) -> None:
    site.switch(refusal=refusal, **{switch: ["QAS_EXECUTEQRY_REST_GET"]})
    with pytest.raises(failure, match="QAS_EXECUTEQRY_REST_GET"):
        await site.read("gl_accounts")


async def test_an_empty_500_for_one_query_only_is_configuration(site: Site) -> None:
    await site.read("gl_accounts")
    site.switch(refusal="500", denied=["ML_GL_DEPTS"])
    with pytest.raises(ConfigurationError, match="while query ML_GL_ACCOUNTS works: ML_GL_DEPTS"):
        await site.read("departments")


@pytest.mark.parametrize("form", ["404", "status", "500"])
async def test_a_query_that_does_not_exist(site: Site, form: str) -> None:
    await site.read("gl_accounts")
    site.switch(unknown_query=form)
    renamed = TENANT.model_copy(update={"queries": {"departments.full": "Z_NOT_THERE"}})
    dataset = shipped("departments").for_tenant(renamed)
    source = PeopleSoftSource(dataset, renamed, site.service, clock=site.sandbox.clock.now)
    with pytest.raises(ConfigurationError, match="Z_NOT_THERE"):
        await pages_of(source, site.window("departments"))


async def test_a_private_query(site: Site) -> None:
    site.switch(private_queries=["ML_GL_DEPTS"])
    dataset = shipped("departments")
    full = dataset.queries.full
    assert full is not None
    queries = dataset.queries.model_copy(update={"full": full.model_copy(update={"owner": "private"})})
    own = dataset.model_copy(update={"queries": queries})
    source = PeopleSoftSource(own, TENANT, site.service, clock=site.sandbox.clock.now)
    assert by_key(await pages_of(source, site.window("departments")))


async def test_duplicates_of_an_invoice_are_found(site: Site) -> None:
    voucher = next(iter((await site.read("vouchers")).values())).payload
    key = f"US001|{voucher['VENDOR_ID']}|{voucher['INVOICE_ID']}"
    answer = await site.source("vouchers_by_invoice").by_key([key, "US001|0000000001|NONE"])
    assert [item["VOUCHER_ID"] for item in answer.documents[0].payload["vouchers"]] == [voucher["VOUCHER_ID"]]
    assert answer.absent == ["US001|0000000001|NONE"]


OAUTH = {
    "auth": "oauth2",
    "client_id": credentials.OAUTH_CLIENT_ID,
    "client_secret": credentials.OAUTH_CLIENT_SECRET,
    "scope": credentials.OAUTH_SCOPE,
    "audience": credentials.OAUTH_AUDIENCE,
}  # fmt: skip


async def test_oauth2_logs_in_once_and_again_when_the_token_is_revoked() -> None:
    async with Sandbox(Size(vouchers=20), scenario="plain") as sandbox:
        sandbox.peoplesoft.switches.change({"verification": "oauth2"})
        extra = OAUTH | {"token_url": f"{sandbox.peoplesoft_url}/oauth2/token"}
        settings = connection(sandbox, extra=extra, login=None, password=None)
        async with make_client(settings) as client:
            site = Site(sandbox, QueryService(client, settings.redactor()))
            whole = await site.read("vouchers", rows=10)
            assert logins(sandbox) == 1
            sandbox.peoplesoft.identity.revoke_tokens()
            assert await site.read("vouchers", rows=10) == whole
            assert logins(sandbox) == 2


def logins(sandbox: Sandbox) -> int:
    return sum(1 for call in sandbox.calls.recent if call.operation == "TOKEN")


async def test_a_wrong_password_is_sent_once_and_does_not_lock_the_account() -> None:
    async with opened(password="wrong-one") as site:
        with pytest.raises(AuthenticationError):
            await site.source("vouchers").by_key([f"US001|{number:08d}" for number in range(1, 9)])
        assert site.sandbox.peoplesoft.identity.failures == 1
        assert not site.sandbox.peoplesoft.identity.locked


@pytest.mark.parametrize(
    ("changes", "good", "words"),
    [
        ({}, True, "Connected to node PSFT_EP as ML_CONNECTOR"),
        ({"password": "wrong-one"}, False, "Login or password"),
        ({"extra": {"node": "PSFT_HR"}}, False, "Wrong node"),
        ({"extra": {"gateway_path": "/WRONG"}}, False, "Wrong node or gateway path"),
        ({"host": "http://127.0.0.1:9"}, False, "no connection to 127.0.0.1:9"),
    ],
)
async def test_the_test_button(changes: dict[str, Any], good: bool, words: str) -> None:
    async with Sandbox(Size(vouchers=5), scenario="plain") as sandbox:
        found, text = await probe(connection(sandbox, **changes))
        assert found is good
        assert words in text


async def test_tls_where_the_gateway_speaks_none() -> None:
    async with Sandbox(Size(vouchers=5), scenario="plain") as sandbox:
        host = sandbox.peoplesoft_url.replace("http:", "https:")
        found, text = await probe(connection(sandbox, host=host))
        assert not found
        assert "TLS" in text


@pytest.mark.parametrize("rows", ["first", "list"])
async def test_esettlements(site: Site, rows: str) -> None:
    site.switch(inquiry_rows=rows)
    paid = next(
        item.payload for item in (await site.read("payments")).values() if item.payload["PYMNT_STATUS"] == "P"
    )
    client = make_client(connection(site.sandbox))
    async with client:
        service = ESettlements(client)
        assert await service.payment_status(paid["INVOICE_ID"]) == "Paid"
        assert await service.payment_status("NONE") is None
        day = date.fromisoformat(paid["PYMNT_DT"])
        found = await service.payments(day, day)
        assert found
        assert {item.status for item in found} <= {"Paid", "Not Selected for Payment"}
