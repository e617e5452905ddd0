"""Old exchanges lose their content once nothing waits for them; numbers, hashes and keys stay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from ml_connector.core.ledger.exchange import answers, outbound, received
from ml_connector.core.ledger.exchange.outbound import Exchange
from ml_connector.core.ledger.retention import purge
from ml_connector.core.state.database import Database
from ml_connector.core.state.exchange_schema import interchange, transaction_set
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import Store
from tests.core.ledger.exchange.support import FLOW, NOON, Clock, again, build, sent
from tests.core.ledger.exchange.test_received import FLOW as INVOICES
from tests.core.ledger.exchange.test_received import invoice, take

KEEP = timedelta(days=400)


def ledger(store: Store, document_id: int, status: str, flow: str = FLOW, key: str | None = None) -> None:
    values = {
        "id": document_id, "tenant": "demo", "environment": "test", "flow": flow,
        "key": key or f"US001|{document_id:010}", "unit": "US001", "status": status, "since": NOON,
        "selected": True, "source_open": False, "unmapped": False, "staged_absent": False, "lookups": 0,
        "attempts": 0,
    }  # fmt: skip
    with store.write() as tx:
        tx.connection.execute(insert(document).values(values))


def has_content(store: Store, interchange_id: int) -> bool:
    with store.read() as connection:
        statement = select(interchange.c.content).where(interchange.c.id == interchange_id)
        return connection.scalar(statement) is not None


def answered(store: Store, status: str) -> Exchange:
    one = sent(store)
    with store.write() as tx:
        answers.acknowledge(tx, one.set_id, status, None, {"code": "A"})
    return one


def test_a_closed_exchange_keeps_only_its_numbers(database: Database) -> None:
    clock = Clock()
    with Store(database, clock=clock) as store:
        one = answered(store, "acknowledged")
        ledger(store, 7, "loaded")
        assert purge(store, KEEP)["interchanges"] == 0, "it is not old"
        clock.move(KEEP + timedelta(days=1))
        assert purge(store, KEEP)["interchanges"] == 1
        assert purge(store, KEEP)["interchanges"] == 0
        after = again(store, one)
        assert not has_content(store, one.interchange_id)
        assert (after.data, after.content_hash, after.number) == ({}, one.content_hash, one.number)


@pytest.mark.parametrize("status", ["sent", "unclear"])
def test_what_is_not_answered_keeps_its_bytes(database: Database, status: str) -> None:
    clock = Clock()
    with Store(database, clock=clock) as store:
        one = sent(store) if status == "sent" else answered(store, status)
        clock.move(KEEP * 2)
        assert purge(store, KEEP)["interchanges"] == 0
        assert has_content(store, one.interchange_id)


def test_a_document_that_is_open_keeps_its_bytes(database: Database) -> None:
    clock = Clock()
    with Store(database, clock=clock) as store:
        one = answered(store, "rejected")
        ledger(store, 7, "rejected")
        clock.move(KEEP * 2)
        assert purge(store, KEEP)["interchanges"] == 0
        assert has_content(store, one.interchange_id)


def test_what_was_never_uploaded_keeps_its_bytes(database: Database) -> None:
    clock = Clock()
    with Store(database, clock=clock) as store:
        with store.write() as tx:
            one = build(tx, None, set_code="997")
        clock.move(KEEP * 2)
        assert purge(store, KEEP)["interchanges"] == 0
        assert outbound.content(store, one.interchange_id)


@pytest.mark.parametrize(("status", "removed"), [("loaded", 1), ("held", 0), ("waiting", 0)])
def test_an_invoice_received_is_kept_until_it_is_done(database: Database, status: str, removed: int) -> None:
    clock = Clock()
    key = "acme|INV-1|2026-11-02"
    with Store(database, clock=clock) as store:
        take(store)
        ledger(store, 9, status, INVOICES, key)
        clock.move(KEEP * 2)
        assert purge(store, KEEP)["interchanges"] == removed
        with store.read() as connection:
            one = received.by_keys(connection, store, "demo", INVOICES, [key])[key]
            sealed = connection.scalar(select(transaction_set.c.data))
        assert one.business_key == key
        assert (sealed is None) == bool(removed)


def test_an_invoice_that_no_flow_took_over_is_kept_whole(database: Database) -> None:
    """The flow may have been off all the time."""
    clock = Clock()
    with Store(database, clock=clock) as store:
        interchange_id = take(store)
        assert interchange_id is not None
        clock.move(KEEP * 2)
        assert purge(store, KEEP)["interchanges"] == 0
        assert has_content(store, interchange_id)


def test_what_an_invoice_used_up_stays_and_its_text_goes(database: Database) -> None:
    clock = Clock()
    key = "acme|INV-1|2026-11-02"
    line = {"LINE_NBR": "1", "SCHED_NBR": "1", "QTY_VCHR": 100, "MERCHANDISE_AMT": 1250}
    of_order = {"result": "matched", "BUSINESS_UNIT_PO": "US001", "PO_ID": "0000000007"}
    match = {**of_order, "reason": None, "lines": [{**line, "description": "bolts", "distributions": [{}]}]}
    read = {"freight": 5, "terms": "call Jane", "lines": [{"description": "bolts"}]}
    data = {"invoice": read, "content": "c0ffee", "fault": None, "duplicate_of": None, "match": match}
    with Store(database, clock=clock) as store:
        take(store, b"ISA*1~", invoice(data=data))
        ledger(store, 9, "loaded", INVOICES, key)
        clock.move(KEEP * 2)
        assert purge(store, KEEP)["interchanges"] == 1
        assert purge(store, KEEP)["interchanges"] == 0
        with store.read() as connection:
            one = received.by_keys(connection, store, "demo", INVOICES, [key])[key]
    assert not one.whole
    assert one.data == {
        "invoice": {"freight": 5, "lines": []}, "content": "c0ffee", "duplicate_of": None,
        "match": {**of_order, "lines": [line]}, "purged": True,
    }  # fmt: skip
