"""Gaps between writes, over tasks, processes and restarts."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event, func, select

from ml_connector.core.ledger.spacing import Spacing
from ml_connector.core.state.database import Database
from ml_connector.core.state.schema import record_write

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Clock:
    """Stands still but for those who sleep on it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @property
    def passed(self) -> float:
        return (self.now - NOON).total_seconds()


def spacing(database: Database, clock: Clock, gap: float = 5.0, name: str = "basware:1") -> Spacing:
    return Spacing(database, name, gap, clock=clock, sleep=clock.sleep)


def rows(database: Database) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(record_write)) or 0


async def test_the_second_write_waits(database: Database) -> None:
    clock = Clock()
    one = spacing(database, clock)
    await one.before(["a"])
    assert clock.passed == 0
    await one.before(["a"])
    assert clock.passed == 5
    await one.before(["b"])
    assert clock.passed == 5


async def test_a_restart_forgets_nothing(database: Database) -> None:
    clock = Clock()
    await spacing(database, clock).before(["a"])
    clock.now += timedelta(seconds=2)
    await spacing(database, clock).before(["a"])
    assert clock.passed == 5


async def test_several_records_wait_for_the_latest(database: Database) -> None:
    clock = Clock()
    one = spacing(database, clock)
    await one.before(["a"])
    clock.now += timedelta(seconds=3)
    await one.before(["b"])
    clock.now += timedelta(seconds=1)
    await one.before(["c", "a", "b", "a"])
    assert clock.passed == 8
    await one.before(["c"])
    assert clock.passed == 13


async def test_the_gap_begins_when_a_write_has_ended(database: Database) -> None:
    clock = Clock()
    one = spacing(database, clock)
    async with one.apart(["a"]):
        clock.now += timedelta(seconds=30)
    await one.before(["a"])
    assert clock.passed == 35


async def test_a_second_write_waits_for_the_end_of_the_first(database: Database) -> None:
    clock = Clock()
    one = spacing(database, clock)
    first_began, first_may_end, order = asyncio.Event(), asyncio.Event(), list[str]()

    async def write(name: str, records: list[str], until: asyncio.Event | None = None) -> None:
        async with one.apart(records):
            order.append(f"{name} begins")
            first_began.set()
            if until is not None:
                await until.wait()
                clock.now += timedelta(seconds=30)
            order.append(f"{name} ends")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(write("first", ["a", "b"], first_may_end))
        await first_began.wait()
        tasks.create_task(write("second", ["b", "c"]))
        await tasks.create_task(write("other", ["d"]))
        first_may_end.set()
    assert order == [
        "first begins",
        "other begins",
        "other ends",
        "first ends",
        "second begins",
        "second ends",
    ]
    assert clock.passed == 35


async def test_a_failed_write_is_one_too(database: Database) -> None:
    clock = Clock()
    one = spacing(database, clock)

    async def fail() -> None:
        async with one.apart(["a"]):
            clock.now += timedelta(seconds=1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    await one.before(["a"])
    assert clock.passed == 6


async def test_ending_does_not_take_back_what_another_has_reserved(database: Database) -> None:
    clock, other = Clock(), Clock()
    first, second = spacing(database, clock), spacing(database, other)
    await first.before(["a"])
    await second.before(["a"])
    assert other.passed == 5
    await first.after(["a"])
    await second.before(["a"])
    assert other.passed == 10


async def test_names_are_apart(database: Database) -> None:
    clock = Clock()
    await spacing(database, clock).before(["a"])
    await spacing(database, clock, name="basware:2").before(["a"])
    assert clock.passed == 0


async def test_no_gap_asks_nobody(database: Database) -> None:
    clock = Clock()
    one = spacing(database, clock, gap=0)
    async with one.apart(["a"]):
        pass
    await one.before([])
    assert rows(database) == 0


async def test_many_tasks_share_the_moments_out(database: Database) -> None:
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    one = Spacing(database, "basware:1", 5.0, clock=lambda: NOON, sleep=note)
    await asyncio.gather(*(one.before(["a"]) for _ in range(6)))
    assert sorted(waits) == [5, 10, 15, 20, 25]


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: Any, _x: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


async def test_five_hundred_records_take_two_statements(database: Database, statements: list[str]) -> None:
    clock = Clock()
    one = spacing(database, clock)
    await one.before(["first"])
    statements.clear()
    await one.before([f"/v1/vendors/{number:036d}" for number in range(500)])
    assert len(statements) == 2
    assert rows(database) == 501


async def test_more_records_than_a_statement_has_room_for(database: Database) -> None:
    clock = Clock()
    one = spacing(database, clock)
    await one.before([str(number) for number in range(12_000)])
    await one.before(["11999"])
    assert (clock.passed, rows(database)) == (5, 12_000)


async def test_what_keeps_nobody_waiting_is_removed(database: Database) -> None:
    clock = Clock()
    await spacing(database, clock).before(["a", "b"])
    await spacing(database, clock, name="basware:2").before(["a"])
    clock.now += timedelta(minutes=5)
    await spacing(database, clock).before(["c"])
    assert rows(database) == 4
    clock.now += timedelta(minutes=6)
    await spacing(database, clock).before(["d"])
    assert rows(database) == 3


def _write(url: str, start: Any, results: Any) -> None:
    """One process that writes to the same record three times."""
    database = Database(url)
    one = Spacing(database, "basware:1", 0.3)
    start.wait()
    times = []
    for _ in range(3):
        asyncio.run(one.before(["shared", "own"]))
        times.append(time.time())
    results.put(times)
    database.close()


def test_two_processes_keep_the_gap(database: Database, database_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    start, results = context.Event(), context.Queue()
    workers = [context.Process(target=_write, args=(database_url, start, results)) for _ in range(2)]
    for worker in workers:
        worker.start()
    start.set()
    times = sorted(moment for _ in workers for moment in results.get(timeout=60))
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert min(gaps) > 0.2
    assert len(times) == 6
