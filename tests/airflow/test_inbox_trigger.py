"""The trigger that wakes the events DAGs: when it fires, and what it lives through."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from airflow.serialization.encoders import encode_trigger
from airflow.triggers.base import BaseEventTrigger
from airflow.triggers.shared_stream import SharedStreamManager
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from ml_connector.core.dag import inbox_trigger
from ml_connector.core.dag.inbox_trigger import (
    LOOK,
    PAUSE,
    REMIND,
    Alarm,
    InboxReader,
    InboxTrigger,
    Waiting,
    changes,
    inbox_asset,
)
from ml_connector.core.ledger import inbox
from ml_connector.core.state import schema
from ml_connector.core.state.database import Database
from ml_connector.core.state.migrate import migrate
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Event

ACME, BETA = ("shop", "acme"), ("shop", "beta")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def rings(*looks: tuple[float, int, int]) -> list[bool]:
    """Answers of an alarm to looks: time, highest id, count."""
    clock = Clock()
    alarm = Alarm(clock)
    found = []
    for clock.now, highest, count in looks:
        found.append(alarm.rings(highest, count))
    return found


def test_it_rings_once_for_new_rows_and_then_every_minute() -> None:
    assert rings((0, 3, 3), (1, 3, 3), (59, 3, 3), (60, 3, 3), (61, 3, 3), (119, 3, 3), (120, 3, 3)) == [
        True, False, False, True, False, False, True,
    ]  # fmt: skip


def test_it_never_rings_for_nothing() -> None:
    assert rings((0, 0, 0), (100, 0, 0), (1000, 0, 0)) == [False] * 3
    assert rings((0, 3, 3), (1, 0, 0), (100, 0, 0)) == [True, False, False]


def test_rows_that_a_run_takes_up_do_not_ring() -> None:
    assert rings((0, 9, 9), (1, 9, 5), (2, 9, 1), (3, 0, 0)) == [True, False, False, False]


def test_a_lower_id_that_was_committed_later_rings() -> None:
    assert rings((0, 9, 1), (1, 0, 0), (2, 8, 1), (3, 8, 1)) == [True, False, True, False]


def test_new_rows_ring_at_once_and_the_minute_begins_anew() -> None:
    assert rings((0, 1, 1), (30, 2, 2), (60, 2, 2), (89, 2, 2), (90, 2, 2)) == [
        True,
        True,
        False,
        False,
        True,
    ]


@given(st.lists(st.tuples(st.floats(0.1, 30), st.integers(0, 3), st.integers(0, 4)), max_size=60))
def test_whatever_happens(steps: list[tuple[float, int, int]]) -> None:
    """No ring for nothing, a ring for each new row, and no silence of more than a minute while rows wait."""
    clock = Clock()
    alarm, waiting, highest, rang_at = Alarm(clock), 0, 0, 0.0
    for pause, taken, arrived in steps:
        clock.now += pause
        waiting = max(0, waiting - taken) if not arrived else waiting + arrived
        highest += arrived
        rang = alarm.rings(highest if waiting else 0, waiting)
        assert rang <= (waiting > 0)
        assert rang or not arrived
        if rang:
            rang_at = clock.now
        assert not waiting or clock.now - rang_at < REMIND


class Ended(Exception):
    """The script is over."""


class Looks:
    """Answers looks by a script, and notes the pauses between them."""

    def __init__(self, *steps: Waiting | None) -> None:
        self.steps = list(steps)
        self.pauses: list[float] = []

    async def read(self) -> Waiting | None:
        if not self.steps:
            raise Ended
        return self.steps.pop(0)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


async def seen(looks: Looks) -> list[Waiting]:
    found: list[Waiting] = []

    async def collect() -> None:
        async for waiting in changes(looks.read, looks.sleep):
            found.append(waiting)  # noqa: PERF401 - the end of the script would lose a comprehension

    with pytest.raises(Ended):
        await collect()
    return found


async def test_what_is_empty_and_stays_empty_is_told_to_nobody() -> None:
    assert await seen(Looks({}, {}, {})) == []


async def test_what_waits_is_told_at_every_look_and_its_end_once() -> None:
    one: Waiting = {ACME: (1, 1)}
    looks = Looks({}, one, one, {}, {})
    assert await seen(looks) == [one, one, {}]
    assert looks.pauses == [LOOK] * 5


async def test_an_outage_is_waited_out() -> None:
    one: Waiting = {ACME: (1, 1)}
    looks = Looks(one, None, None, {}, None, one)
    assert await seen(looks) == [one, {}, one]
    assert looks.pauses == [LOOK, PAUSE, PAUSE, LOOK, PAUSE, LOOK]


async def _stream(*looks: Waiting) -> AsyncIterator[Waiting]:
    for waiting in looks:
        yield waiting


async def test_each_trigger_fires_for_its_own_tenant_only() -> None:
    looks: Sequence[Waiting] = ({ACME: (5, 2)}, {ACME: (5, 2), BETA: (6, 1)}, {BETA: (6, 1)}, {})
    fired = {
        pair: [event.payload async for event in InboxTrigger(*pair).filter_shared_stream(_stream(*looks))]
        for pair in (ACME, BETA, ("other", "acme"))
    }
    assert fired == {
        ACME: [{"system": "shop", "tenant": "acme", "highest": 5, "count": 2}],
        BETA: [{"system": "shop", "tenant": "beta", "highest": 6, "count": 1}],
        ("other", "acme"): [],
    }


async def test_it_reminds_while_rows_wait() -> None:
    clock = Clock()

    async def looks() -> AsyncIterator[Waiting]:
        for clock.now in (0, 30, 60, 90, 119, 120):
            yield {ACME: (1, 1)}

    trigger = InboxTrigger(*ACME)
    trigger.clock = clock
    fired = [clock.now async for _ in trigger.filter_shared_stream(looks())]
    assert fired == [0, 60, 120]


def test_it_survives_storage() -> None:
    trigger = InboxTrigger("bill", "demo")
    path, arguments = trigger.serialize()
    module, _, name = path.rpartition(".")
    again = getattr(importlib.import_module(module), name)(**arguments)
    assert isinstance(again, InboxTrigger)
    assert again.serialize() == trigger.serialize()
    assert BaseEventTrigger.hash(path, arguments) == BaseEventTrigger.hash(*again.serialize())


def test_all_tenants_share_one_look() -> None:
    keys = {
        InboxTrigger("bill", "demo").shared_stream_key(),
        InboxTrigger("basware", "x").shared_stream_key(),
    }
    assert len(keys) == 1
    assert None not in keys


def test_the_asset_watches_the_inbox() -> None:
    asset = inbox_asset("bill", "demo")
    assert asset.name == "ml-connector/inbox/bill/demo"
    (watcher,) = asset.watchers
    assert encode_trigger(watcher.trigger) == {
        "classpath": "ml_connector.core.dag.inbox_trigger.InboxTrigger",
        "kwargs": {"system": "bill", "tenant": "demo"},
    }
    assert inbox_asset("bill", "other").watchers[0].name != watcher.name


def put(store: Store, tenant: str, *names: str) -> None:
    with store.write() as tx:
        events = [Event(name, "t", {"id": name}) for name in names]
        inbox.put(tx, "shop", tenant, events, origin="webhook")


async def test_a_look_counts_what_no_run_has_taken_up(store: Store) -> None:
    reader = InboxReader(lambda: Database(store.database.engine.url.render_as_string(hide_password=False)))
    assert await reader() == {}
    put(store, "acme", "a", "b")
    put(store, "beta", "a")
    assert await reader() == {ACME: (2, 2), BETA: (3, 1)}
    with store.write() as tx:
        closed = update(schema.inbox).where(schema.inbox.c.tenant == "acme", schema.inbox.c.event_id == "b")
        tx.connection.execute(closed.values(closed_at=store.now()))
    assert await reader() == {ACME: (1, 1), BETA: (3, 1)}
    reader.close()


async def test_an_outage_is_logged_once_and_ends_by_itself(
    bare_database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The database has no tables yet: the scheduler may be started before ``init``."""
    caplog.set_level("INFO", inbox_trigger.__name__)
    reader = InboxReader(lambda: Database(bare_database_url))
    assert [await reader() for _ in range(3)] == [None] * 3
    database = Database(bare_database_url)
    migrate(database)
    database.close()
    assert [await reader() for _ in range(2)] == [{}, {}]
    ours = [record.getMessage() for record in caplog.records if record.name == inbox_trigger.__name__]
    assert len(ours) == 2
    assert "cannot be read" in ours[0]
    assert "can be read again" in ours[1]
    reader.close()


async def test_settings_that_cannot_be_read_are_an_outage_too() -> None:
    def wrong() -> Database:
        raise RuntimeError("no configuration")

    assert await InboxReader(wrong)() is None


async def test_airflows_own_manager_serves_all_triggers_with_one_look(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []

    def open_database(_: Any) -> Database:
        opened.append(Database(store.database.engine.url.render_as_string(hide_password=False)))
        return opened[-1]

    monkeypatch.setattr(inbox_trigger, "open_database", open_database)
    monkeypatch.setattr(inbox_trigger, "LOOK", 0.01)
    manager = SharedStreamManager()
    triggers = [InboxTrigger(*ACME), InboxTrigger(*BETA)]
    streams = [
        trigger.filter_shared_stream(
            manager.subscribe(trigger_id=number, trigger=trigger, key=trigger.shared_stream_key())
        )
        for number, trigger in enumerate(triggers)
    ]
    put(store, "beta", "a")
    put(store, "acme", "a", "b")
    events = await asyncio.wait_for(asyncio.gather(*(anext(stream) for stream in streams)), 20)
    assert [(event.payload["tenant"], event.payload["count"]) for event in events] == [
        ("acme", 2),
        ("beta", 1),
    ]
    assert len(opened) == 1
    await manager.stop_all()
