"""Deliveries that arrive together are committed together, and none suffers from its neighbour."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from ml_connector.console.receiver.writer import Writer
from ml_connector.core.state.schema import inbox as table
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Event
from tests.console.receiver_support import ids


class Gate:
    """Stands in for the commit: counts, can be closed, and can fail."""

    def __init__(self, writer: Writer) -> None:
        self.groups: list[list[str]] = []
        self.fail: Exception | None = None
        self.inside, self.open = threading.Event(), threading.Event()
        self.open.set()
        self._commit = writer._commit

    def __call__(self, group: Any) -> None:
        self.groups.append([event.event_id for entry in group for event in entry.events])
        self.inside.set()
        assert self.open.wait(20)
        if self.fail is not None:
            raise self.fail
        self._commit(group)


@pytest.fixture
def writer(store: Store) -> Iterator[Writer]:
    made = Writer(lambda: store, group=100)
    yield made
    made.close()


@pytest.fixture
def gate(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> Gate:
    made = Gate(writer)
    monkeypatch.setattr(writer, "_commit", made)
    return made


def one(name: str, body: Any = None) -> list[Event]:
    return [Event(name, "t", {"id": name} if body is None else body)]


def put(writer: Writer, name: str, body: Any = None) -> asyncio.Task[None]:
    return asyncio.create_task(writer.put("shop", "acme", one(name, body)))


async def behind_a_commit(writer: Writer, gate: Gate) -> asyncio.Task[None]:
    """Have a first commit begin and not end, so that what follows gathers behind it."""
    gate.open.clear()
    gate.inside.clear()
    first = put(writer, "first")
    assert await asyncio.to_thread(gate.inside.wait, 20)
    return first


async def test_what_arrives_during_a_commit_shares_the_next(writer: Writer, gate: Gate, store: Store) -> None:
    first = await behind_a_commit(writer, gate)
    rest = [put(writer, f"{number:03d}") for number in range(250)]
    await asyncio.sleep(0)
    assert not first.done()
    gate.open.set()
    await asyncio.gather(first, *rest)
    assert [len(group) for group in gate.groups] == [1, 100, 100, 50]
    assert len(ids(store)) == 251


async def test_nobody_is_told_before_the_own_commit(writer: Writer, gate: Gate, store: Store) -> None:
    first = await behind_a_commit(writer, gate)
    second = put(writer, "second")
    await asyncio.sleep(0)
    assert ids(store) == []
    assert not first.done()
    gate.open.set()
    await first
    assert "first" in ids(store)
    await second
    assert ids(store) == ["first", "second"]


async def test_the_same_event_twice_in_one_commit_is_one_row(
    writer: Writer, gate: Gate, store: Store
) -> None:
    first = await behind_a_commit(writer, gate)
    same = [put(writer, "same") for _ in range(5)]
    await asyncio.sleep(0)
    gate.open.set()
    await asyncio.gather(first, *same)
    assert ids(store) == ["first", "same"]


async def test_one_that_cannot_be_written_does_not_keep_the_others_away(
    writer: Writer, gate: Gate, store: Store
) -> None:
    first = await behind_a_commit(writer, gate)
    good = [put(writer, "a"), put(writer, "z")]
    bad = put(writer, "m", body={"of": object()})
    await asyncio.sleep(0)
    gate.open.set()
    await asyncio.gather(first, *good)
    with pytest.raises(TypeError):
        await bad
    assert sorted(ids(store)) == ["a", "first", "z"]


async def test_an_outage_is_told_to_all_of_the_group_and_tried_once(
    writer: Writer, gate: Gate, store: Store
) -> None:
    gate.fail = OperationalError("INSERT", {}, Exception("database is locked"))
    first = await behind_a_commit(writer, gate)
    rest = [put(writer, "a"), put(writer, "b")]
    await asyncio.sleep(0)
    gate.open.set()
    results = await asyncio.gather(first, *rest, return_exceptions=True)
    assert [type(result) for result in results] == [OperationalError] * 3
    assert gate.groups == [["first"], ["a", "b"]]
    gate.fail = None
    await put(writer, "a")
    assert ids(store) == ["a"]


async def test_whoever_has_given_up_is_not_written(writer: Writer, gate: Gate, store: Store) -> None:
    first = await behind_a_commit(writer, gate)
    gone, stays = put(writer, "gone"), put(writer, "stays")
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    gate.open.set()
    await asyncio.gather(first, stays)
    assert ids(store) == ["first", "stays"]


async def test_giving_up_during_the_commit_harms_nobody(writer: Writer, gate: Gate, store: Store) -> None:
    first = await behind_a_commit(writer, gate)
    first.cancel()
    other = put(writer, "other")
    await asyncio.sleep(0)
    gate.open.set()
    await other
    assert ids(store) == ["first", "other"]


async def test_events_are_written_in_the_same_order_everywhere(
    writer: Writer, gate: Gate, store: Store
) -> None:
    first = await behind_a_commit(writer, gate)
    tenants = ("b", "a", "b", "a")
    rest = [
        asyncio.create_task(writer.put("shop", tenant, one(name)))
        for tenant, name in zip(tenants, "9318", strict=True)
    ]
    await asyncio.sleep(0)
    gate.open.set()
    await asyncio.gather(first, *rest)
    with store.read() as connection:
        rows = connection.execute(select(table.c.tenant, table.c.event_id).order_by(table.c.id)).all()
    assert [tuple(row) for row in rows[1:]] == [("a", "3"), ("a", "8"), ("b", "1"), ("b", "9")]
