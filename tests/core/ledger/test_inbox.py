"""The inbox: each event once, oldest first, closed by the run that took it up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from ml_connector.core.ledger import inbox as events
from ml_connector.core.ledger.retention import purge
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.schema import audit_event, inbox
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Event

SCOPE = Scope("demo", "test", "bill.payments")


def event(number: int) -> Event:
    return Event(f"e-{number}", "payment.updated", {"payment": {"id": f"stp{number}"}})


def put(store: Store, *numbers: int, tenant: str = "demo") -> int:
    with store.write() as tx:
        return events.put(tx, "bill", tenant, [event(number) for number in numbers], origin="webhook")


def waiting(store: Store, tenant: str = "demo") -> list[str]:
    with store.read() as connection:
        return [row.event_id for row in events.waiting(connection, "bill", tenant, 100)]


def test_an_event_is_stored_once(store: Store) -> None:
    assert put(store, 1, 2) == 2
    assert put(store, 2, 3, 3) == 1
    assert waiting(store) == ["e-1", "e-2", "e-3"]


def test_tenants_have_events_of_their_own(store: Store) -> None:
    put(store, 1)
    assert put(store, 1, tenant="other") == 1
    assert waiting(store, "other") == ["e-1"]


def test_a_body_is_sealed(store: Store) -> None:
    put(store, 1)
    with store.read() as connection:
        (row,) = events.waiting(connection, "bill", "demo", 10)
    assert b"stp1" not in row.body
    assert store.open(row.body) == {"payment": {"id": "stp1"}}


def test_a_run_closes_events_and_the_trail_says_so(store: Store) -> None:
    put(store, 1, 2)
    with store.write() as tx:
        rows = events.waiting(tx.connection, "bill", "demo", 1)
        events.close(tx, SCOPE, rows, run="run 1")
    assert waiting(store) == ["e-2"]
    assert put(store, 1) == 0, "a closed event that comes again is still known"
    with store.read() as connection:
        data = connection.scalars(select(audit_event.c.data).where(audit_event.c.kind == "event taken")).all()
    assert len(data) == 1


def test_what_waits_is_told_by_its_highest_id(store: Store) -> None:
    put(store, 1, 2)
    put(store, 3, tenant="other")
    with store.read() as connection:
        pending = events.pending(connection)
    assert {who: count for who, (_, count) in pending.items()} == {("bill", "demo"): 2, ("bill", "other"): 1}
    assert pending["bill", "other"][0] > pending["bill", "demo"][0]


def test_an_id_is_never_given_out_twice(store: Store) -> None:
    put(store, 1)
    with store.write() as tx:
        before = tx.connection.scalar(select(inbox.c.id))
        tx.connection.execute(inbox.delete())
    put(store, 2)
    with store.read() as connection:
        assert connection.scalar(select(inbox.c.id)) > before


def test_events_are_remembered_for_half_a_year(store: Store) -> None:
    put(store, 1, 2)
    now = datetime.now(UTC)
    with store.write() as tx:
        events.close(tx, SCOPE, events.waiting(tx.connection, "bill", "demo", 10), run="run 1")
        for name, days in (("e-1", 179), ("e-2", 181)):
            closed = inbox.update().where(inbox.c.event_id == name)
            tx.connection.execute(closed.values(closed_at=now - timedelta(days=days)))
    assert purge(store, timedelta(days=30))["events"] == 1
    assert put(store, 1) == 0
    assert put(store, 2) == 1
