"""The sources in the stages of the core, with the mappings that the product ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from ml_connector.cleo.connect import Cleo
from ml_connector.cleo.inbound.invoices import SupplierInvoices
from ml_connector.cleo.inbound.rounds import Round
from ml_connector.cleo.inbound.statuses import Statuses
from ml_connector.core.config import find_dataset, find_mapping
from ml_connector.core.contract import EventSource
from ml_connector.core.ledger import staging
from ml_connector.core.mapping import compile_mapping
from ml_connector.core.stages.context import FlowContext, RunParams
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.transform import transform
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import Transaction

from .matching import FakeMatcher
from .support import Office, acknowledgment, file, group, invoice

MAPPINGS = (Path(__file__).parents[3] / "include" / "mappings",)

INVOICE = file(group("IN", 91, invoice()))


def context(office: Office, flow: str, dataset: str, mapping: str, source: EventSource) -> FlowContext:
    shape, rules = find_dataset("cleo", dataset, MAPPINGS), find_mapping("cleo", mapping, MAPPINGS)
    return FlowContext(
        office.config, flow, office.config.flow(flow), shape, compile_mapping(rules, shape, office.config),
        office.store, "test run", RunParams(), source, events_from="cleo",
    )  # fmt: skip


def rounds(office: Office) -> Round:
    return Round(Cleo(office.mailbox, None), office.context)


async def run(office: Office, matcher: FakeMatcher) -> FlowContext:
    """Take in, match, and map suppliers' invoices."""
    source = SupplierInvoices(office.context, matcher, rounds(office).run, unit="cleo")
    ctx = context(office, "cleo.supplier_invoices", "supplier_invoices", "vouchers", source)
    await extract(ctx)
    transform(ctx)
    return ctx


def rows(office: Office, flow: str) -> dict[str, Any]:
    with office.store.read() as connection:
        found = connection.execute(select(document).where(document.c.flow == flow)).all()
    return {row.key: row for row in found}


def staged(office: Office, row: Any) -> Any:
    with office.store.read() as connection:
        held = staging.load_payloads(Transaction(connection, office.store), [(row.id, row.staged_hash)])
    return held[row.id, row.staged_hash]["body"]


async def test_an_invoice_becomes_a_voucher_to_be(office: Office) -> None:
    office.drop(INVOICE)
    ctx = await run(office, FakeMatcher())
    (row,) = rows(office, "cleo.supplier_invoices").values()
    assert (row.status, row.label, row.reference) == ("ready", "INV-1001", "US001|0000000007")
    body = staged(office, row)
    assert (body["BUSINESS_UNIT"], body["INVOICE_ID"], str(body["GROSS_AMT"])) == (
        "US001",
        "INV-1001",
        "1250.00",
    )
    assert ctx.alerts == []
    assert [name for _, name, _ in office.mailbox.uploads] == ["997_acme_PSFTUS001_000000201_1_000000001.edi"]


async def test_what_does_not_match_is_held_until_it_does(office: Office) -> None:
    office.drop(INVOICE)
    matcher = FakeMatcher(received=0)
    await run(office, matcher)
    (row,) = rows(office, "cleo.supplier_invoices").values()
    assert (row.status, row.reason) == ("held", "receipt: line 1")
    matcher.received = 100
    office.later(hours=2)
    await run(office, matcher)
    (row,) = rows(office, "cleo.supplier_invoices").values()
    assert row.status == "ready"


async def test_what_a_person_may_release_is_made_ready_all_the_same(office: Office) -> None:
    office.drop(INVOICE)
    await run(office, FakeMatcher(received=0, releasable="true"))
    (row,) = rows(office, "cleo.supplier_invoices").values()
    assert row.status == "held"
    assert staged(office, row)["INVOICE_ID"] == "INV-1001"


async def test_runs_without_news_change_nothing(office: Office) -> None:
    office.drop(INVOICE)
    matcher = FakeMatcher()
    await run(office, matcher)
    before = rows(office, "cleo.supplier_invoices")
    office.later(hours=2)
    await run(office, matcher)
    assert rows(office, "cleo.supplier_invoices") == before
    assert len(office.mailbox.uploads) == 1


@pytest.mark.parametrize("status", ["sending", "accepted"])
async def test_our_own_voucher_does_not_change_the_match(office: Office, status: str) -> None:
    office.drop(INVOICE)
    matcher = FakeMatcher()
    await run(office, matcher)
    with office.store.write() as tx:
        tx.connection.execute(update(document).values(status=status))
    matcher.received = 0  # the voucher has used the receipt up
    office.later(hours=2)
    await run(office, matcher)
    (row,) = rows(office, "cleo.supplier_invoices").values()
    assert (row.status, staged(office, row)["INVOICE_ID"]) == (status, "INV-1001")
    assert not row.source_open
    assert len(matcher.asked) == 1


async def test_the_same_number_again_is_held_for_a_person(office: Office) -> None:
    office.drop(INVOICE)
    await run(office, FakeMatcher())
    other = invoice(total=62500, lines=["IT1*1*50*EA*12.5*PE*BP*10004"])
    office.drop(file(group("IN", 92, other), number=202))
    await run(office, FakeMatcher())
    found = rows(office, "cleo.supplier_invoices")
    assert {key: row.status for key, row in found.items()} == {
        "acme|INV-1001|2026-11-02": "ready", "acme|INV-1001|2026-11-02|2": "held",
    }  # fmt: skip
    assert "acme|INV-1001|2026-11-02" in found["acme|INV-1001|2026-11-02|2"].reason


async def test_a_total_in_dollars_is_held(office: Office) -> None:
    office.drop(file(group("IN", 91, invoice(total=1250))))
    await run(office, FakeMatcher())
    (row,) = rows(office, "cleo.supplier_invoices").values()
    assert row.status == "held"
    assert "instead of cents" in row.reason


async def test_alerts_of_a_round_reach_people(office: Office) -> None:
    office.drop(b"no X12")
    ctx = await run(office, FakeMatcher())
    assert len(ctx.alerts) == 1


async def test_a_status_becomes_a_record(office: Office) -> None:
    office.order()
    said = acknowledgment("PO", 57, "AK2*850*0001", "AK5*R*5", end="AK9*R*1*1*0")
    office.drop(file(group("FA", 9, said), number=9))
    source = Statuses(office.context, rounds(office).run, unit="cleo")
    ctx = context(office, "cleo.statuses", "statuses", "order_statuses", source)
    await extract(ctx)
    transform(ctx)
    (row,) = rows(office, "cleo.statuses").values()
    assert row.status == "ready"
    fields = staged(office, row)["fields"]
    keys = ("BUSINESS_UNIT", "EDI_DOC_TYPE", "EDI_DOC_ID", "EDI_STATUS", "EDI_REASON")
    assert [fields[name] for name in keys] == [
        "US001",
        "PO",
        "0000000007",
        "rejected",
        "it has segments in error",
    ]
