"""The way back as a whole: what a run of the events DAG reads, and how a DAG file opens it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from ml_connector.bill import flows
from ml_connector.bill.bills import Bills
from ml_connector.bill.options import BillOptions
from ml_connector.core.config.mapping import Mapping
from ml_connector.core.config.tenant import TenantConfig
from ml_connector.core.contract import CaughtUp, EventSource
from ml_connector.core.errors import ConfigurationError, Unavailable
from ml_connector.core.ledger import staging, watermarks
from ml_connector.core.mapping import compile_mapping
from ml_connector.core.stages.context import FlowContext, RunParams
from ml_connector.core.stages.extract import extract
from ml_connector.core.state.schema import audit_event, document, inbox
from ml_connector.core.state.store import Store, Transaction
from sandbox import credentials
from sandbox.data import Size
from sandbox.server import Sandbox, SandboxThread
from tests.sandbox.receiver import Receiver

from .back import Back, dataset, delivery, documents, tenant
from .support import Bill, Steps, bill_body, connected, intent, paid

MAPPING = Mapping.model_validate(
    {
        "mapping": "payments", "flow": "bill.payments", "dataset": "payments", "label": "{id}",
        "states": [{"state": "seen"}], "fields": {"id": {"from": "id"}},
    }
)  # fmt: skip


def context(back: Back, source: EventSource, **params: Any) -> FlowContext:
    shape, config = dataset(), tenant()
    return FlowContext(
        config, "bill.payments", config.flow("bill.payments"), shape, compile_mapping(MAPPING, shape, config),
        back.store, "test run", RunParams(**params), source, events_from="bill",
    )  # fmt: skip


async def run(back: Back, url: str = "https://connector.example.com/x", **params: Any) -> dict[str, Any]:
    """Extract once; with what people were told."""
    async with back.source(url=url) as source:
        ctx = context(back, source, **params)
        return await extract(ctx) | {"alerts": ctx.alerts}


def ledger(back: Back) -> dict[str, str]:
    """Status of each payment as it was last read."""
    found = {}
    with back.store.read() as connection:
        rows = connection.execute(select(document).where(document.c.flow == "bill.payments")).all()
        held = staging.load_payloads(
            Transaction(connection, back.store), [(row.id, row.source_hash) for row in rows]
        )
    for row in rows:
        found[row.key] = held[row.id, row.source_hash]["singleStatus"]
    return found


def waiting(back: Back) -> int:
    with back.store.read() as connection:
        return len(connection.execute(select(inbox).where(inbox.c.closed_at.is_(None))).all())


async def test_the_first_run_reads_everything_and_the_next_what_changed(back_on_both: Back) -> None:
    back = back_on_both
    vendor = back.vendor()
    old = back.payment(vendor)
    back.sandbox.clock.advance(3600)
    first = await run(back)
    back.sandbox.clock.advance(3600)
    back.silent()
    new = back.payment(vendor)
    second = await run(back)
    assert (first["new"], second["new"], second["missed"]) == (1, 1, 1)
    assert second["unchanged"] == 2  # the new one once more, and the old one: the last stamp is read again
    assert set(ledger(back)) == {old, new}


async def test_a_status_that_goes_back_is_read_again(back: Back) -> None:
    payment_id = back.payment(back.vendor())
    await run(back)
    back.sandbox.clock.advance(3600)
    back.move(payment_id, singleStatus="DISBURSEMENT_FAILED_ACTION_NEEDED")
    counts = await run(back)
    assert (counts["changed"], ledger(back)) == (1, {payment_id: "DISBURSEMENT_FAILED_ACTION_NEEDED"})


async def test_a_read_that_broke_off_goes_on(back: Back) -> None:
    vendor = back.vendor()
    made = []
    for _ in range(250):
        made.append(back.payment(vendor))
        back.sandbox.clock.advance(1)
    back.fault("error", "GET /v3/payments", status=503, count=None, skip=1)
    with pytest.raises(Unavailable):
        await run(back)
    assert 0 < len(ledger(back)) < 250
    back.sandbox.faults.clear()
    counts = await run(back)
    assert counts["new"] == 250 - 100
    assert set(ledger(back)) == set(made)


async def test_a_clock_that_is_behind_reads_more_and_one_ahead_hides_nothing(back: Back) -> None:
    payment_id = back.payment(back.vendor())
    await run(back)
    for minutes in (-10, 10):
        back.sandbox.clock.advance(3600)
        status = f"SENT{minutes}"
        back.move(payment_id, singleStatus=status)
        back.store.now = lambda by=timedelta(minutes=minutes): back.sandbox.clock.now() + by  # type: ignore[misc]
        await run(back)
        assert ledger(back) == {payment_id: status}


async def test_events_three_times_and_out_of_order_read_the_payment_as_it_is(
    back: Back, receiver: Receiver
) -> None:
    await run(back, receiver.url)
    back.fault("reorder", "WEBHOOK *", rows=9, count=None)
    back.fault("duplicate", "WEBHOOK *", rows=3, count=None)
    payment_id = back.payment(back.vendor())
    for status in ("SENT", "DISBURSEMENT_FAILED_ACTION_NEEDED"):
        back.move(payment_id, singleStatus=status)
    await receiver.came.reach(9)
    verifier = back.verifier()
    stored = [back.take(tuple(verifier.accept(delivery(one)))) for one in receiver.received]
    assert sum(stored) == 3
    counts = await run(back, receiver.url)
    assert (counts["events"], counts["new"], waiting(back)) == (3, 1, 0)
    assert ledger(back) == {payment_id: "DISBURSEMENT_FAILED_ACTION_NEEDED"}


async def test_events_missed_while_switched_off_are_caught_up(back: Back, receiver: Receiver) -> None:
    back.quick()
    await run(back, receiver.url)
    receiver.answers = [503] * 5
    payment_id = back.payment(back.vendor())
    await back.sandbox.bill.webhooks.disabled.reach()
    counts = await run(back, receiver.url)
    assert (counts["missed"], counts["events"], len(counts["alerts"])) == (1, 1, 1)
    assert set(ledger(back)) == {payment_id}
    assert (await run(back, receiver.url))["alerts"] == []


async def test_webhook_trouble_stops_no_payment(back: Back) -> None:
    payment_id = back.payment(back.vendor())
    for operation in ("GET /v3/subscriptions", "POST /v3/subscriptions"):
        back.fault("error", operation, status=400, message="no", count=None)
    counts = await run(back)
    assert len(counts["alerts"]) == 1
    assert set(ledger(back)) == {payment_id}


async def test_what_people_must_know_of_the_subscription_stands_in_the_trail(back: Back) -> None:
    """In every run, for the one that was to tell them may have been killed before it did."""
    back.fault("error", "GET /v3/subscriptions", status=400, message="no such luck", count=None)
    for _ in range(2):
        await run(back)
    with back.store.read() as connection:
        kind = audit_event.c.kind == "caught up"
        rows = connection.scalars(select(audit_event.c.data).where(kind).order_by(audit_event.c.number)).all()
    first, second = (str(row) for row in rows)
    assert "no such luck" in first
    assert "told already" in second
    assert "no such luck" in second


async def test_the_watermark_is_never_beyond_the_clock(back: Back) -> None:
    payment_id = back.payment(back.vendor())
    back.held.payments.replace(
        back.held.payments.rows[payment_id] | {"updatedTime": "2099-01-01T00:00:00.000+00:00"}, touch=False
    )
    await run(back)
    with back.store.read() as connection:
        mark = watermarks.get(connection, context(back, None).scope, "payments", "bill", "changes")  # type: ignore[arg-type]
    assert watermarks.moment(str(mark.value)) <= back.store.now()


async def test_a_payment_that_we_recorded_comes_back_as_ours(back: Back) -> None:
    """From the bill that the connector makes and pays, through BILL, and back."""
    async with connected(back.sandbox, back.store) as api:
        bill, steps = Bill(back.sandbox, back.store, api), Steps()
        body = bill_body(bill.vendor())
        (created,) = await Bills(api).write([intent(body)], steps)
        made = {"processDate": "2026-11-19", "syncReference": "0000012345"}
        wanted = paid(str(created.target_id), made)
        (outcome,) = await Bills(api).write([wanted], steps)
    assert outcome.result == "loaded"
    back.voucher(str(created.target_id), body=wanted.desired.body)
    async with back.source() as source:
        (found,) = (await documents(source)).values()
    assert (found.payload["onlinePayment"], found.payload["recorded"]) == ("false", "ours")


# ---- as a DAG file opens it


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with SandboxThread(lambda: Sandbox(Size(vouchers=1, suppliers=1), scenario="plain")) as sandbox:
        connection = {
            "conn_type": "bill", "host": sandbox.bill_url, "login": credentials.BILL_USERNAME,
            "password": credentials.BILL_PASSWORD,
            "extra": {"organization_id": credentials.BILL_ORGANIZATION, "dev_key": credentials.BILL_DEV_KEY},
        }  # fmt: skip
        monkeypatch.setenv("AIRFLOW_CONN_ACME__BILL", json.dumps(connection))
        yield sandbox


def caught_up(config: TenantConfig, state: Store, base_url: str, options: BillOptions) -> CaughtUp:
    async def catch_up() -> CaughtUp:
        async with flows.payments(lambda: base_url)(config, dataset(), state, options) as source:
            return await source.catch_up()

    return asyncio.run(catch_up())


def test_the_receiver_of_this_airflow_is_subscribed(running: Sandbox, state: Store) -> None:
    caught = caught_up(tenant(), state, "https://airflow.example.com/ops/", BillOptions())
    (row,) = running.bill.webhooks.rows(credentials.BILL_ORGANIZATION)
    assert row.url == "https://airflow.example.com/ops/ml-connector/webhooks/bill/acme"
    assert caught.alerts == []
    verifier = flows.verifier(tenant(), state)
    assert verifier._keys == [row.key.encode()]  # type: ignore[attr-defined]


def test_or_the_address_that_the_tenant_names(running: Sandbox, state: Store) -> None:
    options = BillOptions.model_validate({"webhooks": {"url": "https://hooks.example.com/a"}})
    caught_up(tenant(), state, "https://airflow.example.com", options)
    (row,) = running.bill.webhooks.rows(credentials.BILL_ORGANIZATION)
    assert row.url == "https://hooks.example.com/a"


def test_the_verifier_reads_its_options(running: Sandbox, state: Store) -> None:
    values = tenant().model_dump(mode="json", by_alias=True)
    values["integrations"]["bill"]["options"] = {
        "webhooks": {"minified_signatures": False}, "settlement": {"way": "journal"},
    }  # fmt: skip
    assert not flows.verifier(TenantConfig.model_validate(values), state)._minified  # type: ignore[attr-defined]


def test_a_wrong_connection_is_told_on_opening(state: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ACME__BILL", json.dumps({"conn_type": "bill", "login": "x"}))
    with pytest.raises(ConfigurationError, match="password"):
        flows.payments(lambda: "https://x")(tenant(), dataset(), state, BillOptions())
    with pytest.raises(ConfigurationError, match="password"):
        flows.verifier(tenant(), state)
