from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable
from datetime import datetime, timedelta
from multiprocessing.sharedctypes import Synchronized
from typing import Any

import pytest

from ml_connector.core.errors import RateLimited
from ml_connector.core.limits import ClockWindow, Gate, Quota, Slots
from ml_connector.core.state.database import Database
from ml_connector.core.state.store import utc_now


async def most_at_once(slots: Slots, requests: int) -> int:
    now, most = 0, 0

    async def request() -> None:
        nonlocal now, most
        async with slots.use():
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.01)
            now -= 1

    await asyncio.gather(*(request() for _ in range(requests)))
    return most


async def test_a_task_uses_no_more_than_it_wants(database: Database) -> None:
    slots = Slots(database, "bill", total=3, wanted=2)
    assert await most_at_once(slots, 8) == 2
    await slots.aclose()


async def test_a_second_task_gets_what_is_left(database: Database) -> None:
    first, second = (Slots(database, "bill", total=3, wanted=2) for _ in range(2))
    async with first.use():
        assert await most_at_once(second, 4) == 1
    await first.aclose()
    await second.aclose()


async def test_no_database_call_per_request(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    slots = Slots(database, "bill", total=3, wanted=2)
    async with slots.use():
        pass
    calls = 0
    original = Database.write

    def counted(self: Database) -> Any:
        nonlocal calls
        calls += 1
        return original(self)

    monkeypatch.setattr(Database, "write", counted)
    await most_at_once(slots, 20)
    assert calls == 0
    await slots.aclose()


async def test_waiting_ends_with_a_sentence(database: Database) -> None:
    first = Slots(database, "bill:org", total=1)
    second = Slots(database, "bill:org", total=1, wait=0.2)
    async with first.use():
        with pytest.raises(RateLimited, match="all 1 requests in flight that are allowed for bill:org"):
            async with second.use():
                pytest.fail("there was no free slot")
    await first.aclose()


async def test_a_slot_given_back_goes_to_who_waits(database: Database) -> None:
    first, second = (Slots(database, "bill", total=1) for _ in range(2))
    entered = asyncio.Event()

    async def wait_for_it() -> None:
        async with second.use():
            entered.set()

    async with first.use():
        waiting = asyncio.create_task(wait_for_it())
        await asyncio.sleep(0.1)
        assert not entered.is_set()
    await first.aclose()
    await asyncio.wait_for(waiting, 10)
    await second.aclose()


async def until(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.02)
    pytest.fail("it did not become true within 10 s")


def ahead(seconds: float) -> Callable[[], datetime]:
    return lambda: utc_now() + timedelta(seconds=seconds)


async def test_a_slot_is_taken_over_only_after_its_lease(database: Database) -> None:
    crashed = Slots(database, "bill", total=1, lease=300)
    async with crashed.use():
        pass
    early = Slots(database, "bill", total=1, wait=0.0, clock=ahead(302))
    with pytest.raises(RateLimited):
        async with early.use():
            pytest.fail("the lease and the grace had not ended")
    late = Slots(database, "bill", total=1, wait=0.0, clock=ahead(306))
    async with late.use() as number:
        assert number == 0
    await late.aclose()
    await crashed.aclose()


async def test_no_request_starts_on_a_lease_that_was_lost(database: Database) -> None:
    now = utc_now()
    sleeper = Slots(database, "bill", total=1, wait=0.0, clock=lambda: now)
    async with sleeper.use():
        pass
    now += timedelta(seconds=400)  # the machine was asleep, nothing was renewed
    thief = Slots(database, "bill", total=1, wait=0.0, clock=lambda: now)
    async with thief.use():
        with pytest.raises(RateLimited):
            async with sleeper.use():
                pytest.fail("the slot belongs to another task now")
    await thief.aclose()
    async with sleeper.use():
        pass
    await sleeper.aclose()


async def test_a_lease_is_renewed_while_the_task_lives(database: Database) -> None:
    slots = Slots(database, "bill", total=1, lease=0.5, margin=0.1)
    async with slots.use():
        before = slots._held[0]
        await asyncio.sleep(0.3)
        assert slots._held[0] > before
    await slots.aclose()


async def test_a_task_asks_again_for_the_slots_that_were_taken(database: Database) -> None:
    first = Slots(database, "bill", total=2, wanted=2)
    async with first.use():
        pass
    await first.aclose()
    holder = Slots(database, "bill", total=2, wanted=1)
    async with holder.use():
        slots = Slots(database, "bill", total=2, wanted=2, lease=0.5, margin=0.1)
        assert await most_at_once(slots, 3) == 1
    await holder.aclose()
    await until(lambda: len(slots._held) == 2)
    assert await most_at_once(slots, 4) == 2
    await slots.aclose()


async def test_slots_that_are_not_used_are_given_back(database: Database) -> None:
    pausing = Slots(database, "bill", total=1, idle=0.1)
    async with pausing.use():
        await asyncio.sleep(0.3)
        assert pausing._held  # a request under way keeps its slot
    await until(lambda: not pausing._held)
    other = Slots(database, "bill", total=1, wait=5)
    async with other.use():
        pass
    await other.aclose()
    assert await most_at_once(pausing, 3) == 1
    await pausing.aclose()


async def test_a_cancelled_request_gives_its_slot_back(database: Database) -> None:
    slots = Slots(database, "bill", total=1)

    async def forever() -> None:
        async with slots.use():
            await asyncio.Event().wait()

    task = asyncio.create_task(forever())
    await until(lambda: bool(slots._held))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await most_at_once(slots, 2) == 1
    await slots.aclose()


async def test_a_refused_call_gives_its_slot_back(database: Database) -> None:
    slots = Slots(database, "bill", total=1)
    gate = Gate(slots, [Quota(database, "bill", ClockWindow(capacity=1))])
    async with gate():
        pass
    for _ in range(3):
        with pytest.raises(RateLimited):
            async with gate():
                pytest.fail("the window was spent")
    assert await most_at_once(slots, 2) == 1
    await gate.aclose()


def test_impossible_numbers_are_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="lease outlasts"):
        Slots(database, "x", total=1, lease=10, margin=10)
    with pytest.raises(ValueError, match="1 to `total`"):
        Slots(database, "x", total=1, wanted=2)


def _worker(url: str, now: Synchronized[int], most: Synchronized[int], done: Synchronized[int]) -> None:
    database = Database(url)
    loop: asyncio.AbstractEventLoop
    deadline: float

    async def request(slots: Slots) -> None:
        async with slots.use():
            with now.get_lock():
                now.value += 1
                most.value = max(most.value, now.value)
            while most.value < 3 and loop.time() < deadline:  # noqa: ASYNC110 - what changes is in other processes
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.01)
            with now.get_lock():
                now.value -= 1
                done.value += 1

    async def work() -> None:
        nonlocal loop, deadline
        loop = asyncio.get_running_loop()
        deadline = loop.time() + 30
        for _ in range(3):  # taking and giving back is where a race would show
            slots = Slots(database, "bill:org", total=3, wanted=2, wait=60)
            await asyncio.gather(*(request(slots) for _ in range(10)))
            await slots.aclose()

    asyncio.run(work())
    database.close()


def test_processes_together_never_exceed_the_total(database: Database, database_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    now, most, done = (context.Value("i", 0) for _ in range(3))
    workers = [context.Process(target=_worker, args=(database_url, now, most, done)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert (now.value, done.value) == (0, 120)
    assert most.value == 3
