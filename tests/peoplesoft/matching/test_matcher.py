"""The matcher against the sandbox's orders and receipts, opened as a task opens it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Connection
from pydantic import BaseModel

from ml_connector.core.config import TenantConfig, find_dataset
from ml_connector.core.contract import Document, KeyAnswer, Payload, Unreadable
from ml_connector.core.errors import ConfigurationError, Unavailable
from ml_connector.core.http import Retry
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.hook import PeopleSoftHook
from ml_connector.peoplesoft.matching.flows import open_matcher
from ml_connector.peoplesoft.matching.matcher import OrderMatcher
from ml_connector.peoplesoft.matching.options import MatchingOptions
from ml_connector.peoplesoft.query import QueryService, make_client
from ml_connector.peoplesoft.reader import PeopleSoftSource
from sandbox import credentials
from sandbox.control import peoplesoft as control
from sandbox.data import Size, order_cases
from sandbox.server import Sandbox
from tests.contract.peoplesoft import connection

from .support import D, invoice, invoice_line, options, order

MAPPINGS = Path(__file__).parents[3] / "include" / "mappings"
TENANT = TenantConfig.model_validate({
    "tenant": "acme", "environment": "test", "time_zone": "America/New_York", "start": "2026-01-01",
    "connections": {"peoplesoft": "acme__peoplesoft"}, "business_units": ["US001", "US002"],
    "setids": ["SHARE"],
})  # fmt: skip
KEYS = order_cases.keys()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(Size(vouchers=1, suppliers=8)) as running:
        yield running


@asynccontextmanager
async def matcher(sandbox: Sandbox, **chosen: Any) -> AsyncIterator[OrderMatcher]:
    settings = connection(sandbox)
    async with make_client(settings, retry=Retry(attempts=1)) as client:
        service = QueryService(client, settings.redactor())
        dataset = find_dataset("peoplesoft", "purchase_orders", [MAPPINGS])
        source = PeopleSoftSource(dataset, TENANT, service, clock=sandbox.clock.now)
        yield OrderMatcher(TENANT, options(**chosen), source.by_key)


def about(name: str, *lines: Payload, partner: str = "acme", **changed: Any) -> Payload:
    """An invoice of the whole planted order, or of some lines."""
    unit, _, po_id = KEYS[name].partition("|")
    items = order_cases.ITEMS
    rows = list(lines) or [invoice_line(str(at), price=price) for at, (_, price) in enumerate(items, 1)]
    named = {"vendors": [f"SHARE|{order_cases.PARTNERS[partner]}"], "partner": partner} | changed
    return invoice(*rows, order=f"{unit}-{po_id}", business_unit=unit, **named)


async def results(sandbox: Sandbox, *invoices: Payload, **chosen: Any) -> list[str]:
    async with matcher(sandbox, **chosen) as opened:
        return [match["result"] for match in await opened.match(invoices)]


async def test_the_planted_orders(sandbox: Sandbox) -> None:
    service = invoice_line("1", None, None, amount=D("2500.00"))
    invoices = [
        about("acme_us001"),
        about("acme_us002"),
        about("globex_us001", partner="globex"),
        about("not_received"),
        about("partly_received", partner="globex"),
        about("partly_received", *(invoice_line(str(at), "6", price) for at, (_, price) in
              enumerate(order_cases.ITEMS, 1)), partner="globex"),
        about("two_accounts", partner="northwind"),
        about("amount_only", service, partner="initech"),
        about("gets_dispatched", partner="initech"),
        about("acme_us001", partner="globex"),
        invoice(order="US001-0000999999"),
        invoice(order=None),
    ]  # fmt: skip
    assert await results(sandbox, *invoices) == [
        "matched", "matched", "matched", "receipt", "receipt", "matched", "matched", "matched",
        "closed_order", "other_supplier", "unknown_order", "no_order",
    ]  # fmt: skip


async def test_an_amount_goes_to_the_accounts_as_the_orders_does(sandbox: Sandbox) -> None:
    async with matcher(sandbox) as opened:
        (match,) = await opened.match([about("two_accounts", partner="northwind")])
    parts = [row["distributions"] for row in match["lines"]]
    assert [[part["MERCHANDISE_AMT"] for part in row] for row in parts] == [
        [D("4.17"), D("4.17"), D("4.16")], [D("28.00")] * 3, [D("249.98"), D("249.98"), D("249.99")],
    ]  # fmt: skip
    assert [part["ACCOUNT"] for part in parts[0]] == ["641000", "636000", "637000"]


async def test_what_happens_to_an_order_is_seen_at_the_next_match(sandbox: Sandbox) -> None:
    state, key = sandbox.peoplesoft, KEYS["not_received"].split("|")
    given = about("not_received")
    assert await results(sandbox, given) == ["receipt"]
    for line in (1, 2, 3):
        control.receive_order(state, {"key": key, "line": line})
    assert await results(sandbox, given) == ["matched"]
    control.change_order(state, {"key": key, "line": 2, "price": "8.30"})
    assert await results(sandbox, given) == ["price"]
    assert await results(sandbox, given, price_amount="0.10") == ["matched"]
    control.cancel_order(state, {"key": key, "line": 2})
    assert await results(sandbox, given) == ["closed_line"]
    control.cancel_order(state, {"key": key})
    assert await results(sandbox, given) == ["closed_order"]
    control.dispatch_order(state, {"key": key})
    assert await results(sandbox, given) == ["closed_line"]


async def test_orders_are_read_once_for_all_invoices(sandbox: Sandbox) -> None:
    one = [invoice_line(quantity="1")]
    invoices = [about("acme_us001", *one, number=str(number)) for number in range(10)]
    assert set(await results(sandbox, *invoices)) == {"matched"}
    assert sandbox.calls.count("peoplesoft QAS ML_PO_KEY") == 1


async def test_what_matches_first_uses_the_order_up_however_its_number_is_written(sandbox: Sandbox) -> None:
    first, second = about("acme_us001"), about("acme_us001", number="INV-2")
    second["order"] = KEYS["acme_us001"].partition("|")[2]
    assert await results(sandbox, first, second) == ["matched", "quantity"]
    part = about("acme_us001", invoice_line(quantity="4"), number="INV-3")
    assert await results(sandbox, about("acme_us001", vendors=[]), part) == ["other_supplier", "matched"]


async def test_a_number_without_zeros_or_unit_is_understood(sandbox: Sandbox) -> None:
    number = KEYS["acme_us002"].partition("|")[2]
    for written in (number, number.lstrip("0")):
        given = about("acme_us002")
        given["order"] = written
        assert await results(sandbox, given) == ["matched"]


async def test_an_outage_is_no_unknown_order(sandbox: Sandbox) -> None:
    sandbox.faults.add(system="peoplesoft", kind="error", status=503, operation="QAS ML_PO_KEY", count=None)
    with pytest.raises(Unavailable):
        await results(sandbox, about("acme_us001"))


# ---- answers that are no orders


def reading(*documents: Document, rejected: Sequence[Unreadable] = ()) -> Any:
    async def read(keys: Sequence[str]) -> KeyAnswer:
        return KeyAnswer(documents, [], rejected)

    return read


async def test_an_order_that_cannot_be_read_is_told() -> None:
    broken = Unreadable("US001|0000000007", "US001", "DUE_DT", "20210431", "a date")
    (match,) = await OrderMatcher(TENANT, options(), reading(rejected=[broken])).match([invoice()])
    assert match == {
        "result": "unreadable_order", "releasable": "false",
        "reason": "Order US001|0000000007 cannot be read: DUE_DT is '20210431', expected a date.",
        "BUSINESS_UNIT": "US001", "VENDOR_SETID": "SHARE", "VENDOR_ID": "0000000002", "lines": [],
    }  # fmt: skip


async def test_required_receipts_need_a_query_that_shows_them() -> None:
    held = order()
    del held["lines"][0]["schedules"][0]["receipts"]
    del held["VENDOR_SETID"]
    read = reading(Document("US001|0000000007", "US001", held))
    with pytest.raises(ConfigurationError, match="does not show them"):
        await OrderMatcher(TENANT, options(), read).match([invoice()])
    (match,) = await OrderMatcher(TENANT, options(receipts="if_any"), read).match([invoice()])
    assert (match["result"], match["VENDOR_SETID"]) == ("matched", "SHARE")


async def test_nothing_to_match_asks_nothing() -> None:
    async def read(_: Sequence[str]) -> KeyAnswer:
        raise AssertionError("nothing was to be read")

    opened = OrderMatcher(TENANT, options(), read)
    assert await opened.match([]) == []
    assert [match["result"] for match in await opened.match([invoice(order=None)])] == ["no_order"]


# ---- opened by a task


class Other(BaseModel):
    """Options of another integration."""


class Options(BaseModel):
    matching: MatchingOptions = MatchingOptions()


async def test_a_task_opens_it(sandbox: Sandbox, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def get(conn_id: str) -> Connection:
        return Connection(
            conn_id=conn_id, conn_type="peoplesoft", host=sandbox.peoplesoft_url, login=credentials.OPRID,
            password=credentials.OPRID_PASSWORD, extra=json.dumps({"node": credentials.NODE}),
        )  # fmt: skip

    monkeypatch.setattr(PeopleSoftHook, "get_connection", staticmethod(get))
    async with open_matcher(TENANT, store, Options()) as opened:
        assert [match["result"] for match in await opened.match([about("acme_us001")])] == ["matched"]


def test_other_options_are_a_mistake_of_ours(store: Store) -> None:
    with pytest.raises(TypeError, match="matching"):
        open_matcher(TENANT, store, Other())
