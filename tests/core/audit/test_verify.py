"""The audit trail shows every kind of tampering, and four processes can write it at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from ml_connector.core.audit.trail import STALE
from ml_connector.core.audit.verify import Verification, verify
from ml_connector.core.ledger.retention import purge
from ml_connector.core.state.database import Database
from ml_connector.core.state.schema import audit_chain, audit_event, audit_head
from ml_connector.core.state.store import Store
from tests.core.stages.support import Clock


def write_chain(database: Database, events: int, actor: str = "writer", clock: Any = None) -> str:
    store = Store(database, actor=actor, **({"clock": clock} if clock else {}))
    for number in range(events):
        with store.write() as tx:
            tx.record("polled", {"number": number}, tenant="acme", flow="shop.orders", document_id=number + 1)
    with store.database.write() as connection:
        return store.trail.close(connection)


def check(database: Database, anchors: tuple[str, ...] = ()) -> Verification:
    with database.read() as connection:
        return verify(connection, anchors)


def test_an_honest_trail_is_sound(database: Database) -> None:
    heads = tuple(write_chain(database, count) for count in (3, 1, 5))
    result = check(database, heads)
    assert result.sound
    assert (result.chains, result.events, result.open_chains) == (3, 9, 0)


def change(row: Any) -> Any:
    where = (audit_event.c.chain == row.chain, audit_event.c.number == row.number)
    return update(audit_event).where(*where).values(data=b'{"number":99}')


def relabel(row: Any) -> Any:
    where = (audit_event.c.chain == row.chain, audit_event.c.number == row.number)
    return update(audit_event).where(*where).values(document_id=77)


def remove(row: Any) -> Any:
    return delete(audit_event).where(audit_event.c.chain == row.chain, audit_event.c.number == row.number)


@pytest.mark.parametrize("tamper", [change, relabel, remove])
def test_a_changed_or_removed_event_is_named(database: Database, tamper: Callable[[Any], Any]) -> None:
    write_chain(database, 2)
    write_chain(database, 5)
    with database.write() as connection:
        chain = connection.scalars(select(audit_chain.c.chain).order_by(audit_chain.c.number)).all()[-1]
        row = connection.execute(
            select(audit_event).where(audit_event.c.chain == chain, audit_event.c.number == 3)
        ).one()
        connection.execute(tamper(row))
    result = check(database)
    assert [(fault.chain, fault.number) for fault in result.faults] == [(chain, 3)]


def test_swapped_events_are_found(database: Database) -> None:
    write_chain(database, 4)
    with database.write() as connection:
        rows = connection.execute(select(audit_event).order_by(audit_event.c.number)).all()
        for one, other in ((rows[1], rows[2]), (rows[2], rows[1])):
            where = (audit_event.c.chain == one.chain, audit_event.c.number == one.number)
            connection.execute(update(audit_event).where(*where).values(data=other.data, kind=other.kind))
    assert [fault.number for fault in check(database).faults] == [2]


def test_an_inserted_event_is_found(database: Database) -> None:
    write_chain(database, 3)
    with database.write() as connection:
        row = connection.execute(select(audit_event).where(audit_event.c.number == 3)).one()
        connection.execute(insert(audit_event).values(dict(row._mapping) | {"number": 4}))
    assert [fault.number for fault in check(database).faults] == [4]


def test_an_inserted_chain_is_found(database: Database) -> None:
    write_chain(database, 1)
    with database.write() as connection:
        row = connection.execute(select(audit_event)).one()
        connection.execute(insert(audit_event).values(dict(row._mapping) | {"chain": "f" * 32}))
    assert {fault.chain for fault in check(database).faults} == {"f" * 32}


def test_a_cut_off_tail_is_found(database: Database) -> None:
    write_chain(database, 5)
    with database.write() as connection:
        connection.execute(delete(audit_event).where(audit_event.c.number > 3))
    (fault,) = check(database).faults
    assert "cut off" in fault.text
    assert fault.number == 3


def test_a_tail_cut_off_with_its_head_still_disagrees_with_the_closing_link(database: Database) -> None:
    write_chain(database, 5)
    with database.write() as connection:
        connection.execute(delete(audit_event).where(audit_event.c.number > 3))
        third = connection.execute(select(audit_event.c.hash).where(audit_event.c.number == 3)).scalar_one()
        connection.execute(update(audit_head).values(events=3, head=third))
    assert not check(database).sound


def test_a_chain_removed_with_all_its_links_is_found_by_its_anchor(database: Database) -> None:
    write_chain(database, 2)
    head = write_chain(database, 2)
    chain = head.split(":", 1)[0]
    with database.write() as connection:
        for table in (audit_event, audit_head, audit_chain):
            connection.execute(delete(table).where(table.c.chain == chain))
    assert check(database).sound
    assert not check(database, (head,)).sound


def test_a_changed_register_link_is_found(database: Database) -> None:
    write_chain(database, 2)
    write_chain(database, 2)
    with database.write() as connection:
        connection.execute(update(audit_chain).where(audit_chain.c.number == 2).values(actor="someone else"))
    assert [fault.text for fault in check(database).faults] == ["link 2 of the register was changed"]


def _write_from_process(url: str, events: int) -> None:
    write_chain(Database(url), events)


def test_four_processes_write_at_once(database: Database, database_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write_from_process, args=(database_url, 25)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    result = check(database)
    assert result.sound, [str(fault) for fault in result.faults]
    assert (result.chains, result.events) == (4, 100)
    with database.write() as connection:
        connection.execute(
            remove(connection.execute(select(audit_event).where(audit_event.c.number == 9)).first())
        )
    assert [fault.number for fault in check(database).faults] == [9]


def test_an_orphan_is_closed_by_the_next_session(database: Database) -> None:
    clock = Clock()
    orphan = Store(database, actor="killed", clock=clock)
    with orphan.write() as tx:
        tx.record("polled")
    assert check(database).open_chains == 1
    clock.move(seconds=STALE.total_seconds() + 60)
    write_chain(database, 1, clock=clock)
    result = check(database)
    assert result.sound
    assert result.open_chains == 0


def test_a_session_that_was_silent_for_hours_begins_a_new_chain(database: Database) -> None:
    clock = Clock()
    store = Store(database, actor="slow", clock=clock)
    with store.write() as tx:
        tx.record("polled")
    clock.move(seconds=STALE.total_seconds() * 0.75)
    with store.write() as tx:
        tx.record("polled")
    result = check(database)
    assert result.sound
    assert (result.chains, result.open_chains) == (2, 1)


def test_a_rolled_back_transaction_leaves_no_gap(database: Database) -> None:
    store = Store(database, actor="unlucky")
    with store.write() as tx:
        tx.record("first")

    def fail() -> None:
        with store.write() as tx:
            tx.record("never")
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        fail()
    with store.write() as tx:
        tx.record("second")
    assert check(database).sound


def test_purged_chains_leave_a_checkpoint(database: Database) -> None:
    clock = Clock()
    old = write_chain(database, 3, clock=clock)
    clock.move(days=400)
    recent = write_chain(database, 2, clock=clock)
    with Store(database, actor="purge", clock=clock) as store:
        assert purge(store, timedelta(days=365))["audit_chains"] == 1
    result = check(database, (old, recent))
    assert result.sound, [str(fault) for fault in result.faults]
    assert result.purged_chains == 1
