from __future__ import annotations

import asyncio
import multiprocessing
from datetime import UTC, datetime, timedelta

import pytest

from ml_connector.core.errors import RateLimited
from ml_connector.core.limits import ClockWindow, Quota, RollingWindow
from ml_connector.core.state.database import Database

HALF_PAST = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


class Clock:
    def __init__(self, now: datetime = HALF_PAST) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


async def taken(quota: Quota, most: int = 1000) -> int:
    for count in range(most):
        try:
            await quota.take()
        except RateLimited:
            return count
    return most


async def test_a_spent_hour_says_how_long_it_lasts(database: Database) -> None:
    clock = Clock()
    quota = Quota(database, "bill", ClockWindow(capacity=10, block=4), clock=clock, what="BILL")
    for _ in range(10):
        await quota.take()
    with pytest.raises(RateLimited, match=r"BILL: all 10 of this window are used") as caught:
        await quota.take()
    assert caught.value.retry_after == 1801.0


async def test_the_next_hour_is_a_new_window(database: Database) -> None:
    clock = Clock()
    quota = Quota(database, "bill", ClockWindow(capacity=5, block=5), clock=clock)
    assert await taken(quota) == 5
    clock.now += timedelta(minutes=30)
    assert await taken(quota) == 5


async def test_what_was_reserved_in_an_hour_is_not_used_in_the_next(database: Database) -> None:
    clock = Clock()
    mine = Quota(database, "bill", ClockWindow(capacity=10, block=10), clock=clock)
    await mine.take()
    clock.now += timedelta(minutes=30)
    other = Quota(database, "bill", ClockWindow(capacity=10, block=10), clock=clock)
    assert await taken(other) == 10
    assert await taken(mine) == 0


async def test_two_users_share_one_window(database: Database) -> None:
    clock = Clock()
    window = ClockWindow(capacity=20, block=6)
    first, second = (Quota(database, "bill", window, clock=clock) for _ in range(2))
    await first.take()
    assert await taken(second) == 14
    assert await taken(first) == 5


async def test_names_are_apart(database: Database) -> None:
    clock = Clock()
    one = Quota(database, "one", ClockWindow(capacity=3), clock=clock)
    two = Quota(database, "two", ClockWindow(capacity=3), clock=clock)
    assert (await taken(one), await taken(two)) == (3, 3)


async def test_closing_gives_back_what_was_not_used(database: Database) -> None:
    clock = Clock()
    window = ClockWindow(capacity=10, block=10)
    first = Quota(database, "bill", window, clock=clock)
    await first.take()
    await first.aclose()
    assert await taken(Quota(database, "bill", window, clock=clock)) == 9


async def test_a_crash_loses_at_most_a_block(database: Database) -> None:
    clock = Clock()
    window = ClockWindow(capacity=10, block=4)
    crashed = Quota(database, "bill", window, clock=clock)
    await crashed.take()
    assert await taken(Quota(database, "bill", window, clock=clock)) == 6


async def test_once_the_other_side_closes_the_window_nobody_calls(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    window = ClockWindow(capacity=100, block=50)
    first, second = (Quota(database, "bill", window, clock=clock) for _ in range(2))
    await second.take()
    await first.exhaust(clock.now + timedelta(minutes=30))
    assert await taken(first) == 0
    monkeypatch.setattr("ml_connector.core.limits.quota._RECHECK", 0.0001)
    await asyncio.sleep(0.001)
    assert await taken(second) == 0
    clock.now += timedelta(minutes=30)
    monkeypatch.undo()
    assert await taken(second, most=10) == 10


async def test_a_returned_block_does_not_reopen_a_closed_window(database: Database) -> None:
    clock = Clock()
    window = ClockWindow(capacity=100, block=50)
    first, second = (Quota(database, "bill", window, clock=clock) for _ in range(2))
    await second.take()
    await first.exhaust(clock.now + timedelta(minutes=30))
    await second.aclose()
    assert await taken(first) == 0


async def test_no_sixty_seconds_hold_more_than_sixty_calls(database: Database) -> None:
    clock = Clock()
    window = RollingWindow(capacity=60, seconds=60, burst=10)
    quota = Quota(database, "cin7", window, clock=clock, sleep=clock.sleep)
    times = []
    for number in range(150):
        if number == 70:
            clock.now += timedelta(seconds=45)  # a pause saves up no more than a burst
        await quota.take()
        times.append(clock.now)
    busiest = max(
        sum(1 for other in times if start <= other < start + timedelta(seconds=60)) for start in times
    )
    assert 50 < busiest <= 60


async def test_a_rolling_window_fails_rather_than_wait_for_long(database: Database) -> None:
    clock = Clock()
    window = RollingWindow(capacity=10, seconds=600, burst=5, patience=1.0)
    quota = Quota(database, "slow", window, clock=clock, sleep=clock.sleep)
    assert await taken(quota) == 5
    with pytest.raises(RateLimited) as caught:
        await quota.take()
    assert caught.value.retry_after == pytest.approx(window.cell)


async def test_a_closed_rolling_window_opens_at_the_moment_named(database: Database) -> None:
    clock = Clock()
    window = RollingWindow(capacity=60, seconds=60, patience=0.0)
    quota = Quota(database, "cin7", window, clock=clock, sleep=clock.sleep)
    await quota.exhaust(clock.now + timedelta(seconds=30))
    with pytest.raises(RateLimited) as caught:
        await quota.take()
    assert caught.value.retry_after == pytest.approx(30)
    clock.now += timedelta(seconds=30)
    await quota.take()


def _take_all(url: str, count: multiprocessing.managers.ValueProxy[int]) -> None:
    database = Database(url)
    quota = Quota(database, "shared", ClockWindow(capacity=200, block=7), clock=lambda: HALF_PAST)
    count.value = asyncio.run(taken(quota))
    database.close()


def test_processes_together_never_exceed_the_window(database: Database, database_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        counts = [manager.Value("i", 0) for _ in range(3)]
        workers = [context.Process(target=_take_all, args=(database_url, count)) for count in counts]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
        assert sum(count.value for count in counts) == 200


async def test_many_are_counted_at_once_or_not_at_all(database: Database) -> None:
    clock = Clock()
    quota = Quota(database, "imported", ClockWindow(capacity=100), clock=clock)
    other = Quota(database, "imported", ClockWindow(capacity=100), clock=clock)
    assert await quota.try_take(70)
    assert not await other.try_take(31)
    assert await other.try_take(30)
    assert not await quota.try_take(1)
    clock.now += timedelta(minutes=30)
    assert await quota.try_take(100)


async def test_only_a_window_of_the_clock_has_room_that_is_known(database: Database) -> None:
    with pytest.raises(TypeError):
        await Quota(database, "imported", RollingWindow(100, 60)).try_take(1)
