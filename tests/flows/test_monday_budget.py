"""What an account may ask for: calls of the day, and requests, points and requests at once of the minute.

The sandbox holds to the limits of a plan and refuses what is beyond them. All time is the sandbox's: whoever
waits moves its clock, so that neither minutes nor days really pass.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from launcher.connections import sandbox_connections
from ml_connector.core.errors import GuardTripped, RateLimited
from ml_connector.core.state.crypto import Cipher
from sandbox.data import Size
from tests.flows.monday import Make, MondayWorld
from tests.flows.monday_worker import Order, worker
from tests.flows.sandbox_time import SandboxTime, wait_by

FLOW = "invoices"
BOARDS: dict[str, Any] = {
    "suppliers": None, "gl_accounts": None, "purchase_orders": None, "invoices": {"lines": None},
}  # fmt: skip
UNLIMITED = {"plan": "enterprise", "minute_complexity": 10**9, "minute_requests": 10**6}
STANDARD = {"plan": "standard", "minute_complexity": 0, "minute_requests": 0}
ALL_MAY_CHANGE = {"max_changes": {"percent": 100}}
LEASE = 7200.0
"""Seconds by the sandbox's clock, which every process moves by a minute at once."""

MANY, SOME = 5000, 240
KEY = Fernet.generate_key().decode()


@asynccontextmanager
async def on_the_board(
    make_monday: Make, vouchers: int, patch: pytest.MonkeyPatch, **options: Any
) -> AsyncIterator[MondayWorld]:
    """So many invoices stand on their board since yesterday; whoever waits moves the clock."""
    size = Size(vouchers=vouchers, suppliers=3, closed_percent=0)
    more = {"lease": timedelta(seconds=LEASE), "patience": timedelta(0)}
    async with make_monday(size=size, provisioned=False, **more) as world:
        world.switch(**UNLIMITED)
        world.options(boards=BOARDS, limits={"plan": "enterprise"})
        world.flow(FLOW, **ALL_MAY_CHANGE)
        world.runner.cipher = Cipher([KEY])

        async def sleep(seconds: float) -> None:
            world.sandbox.clock.advance(seconds)
            await asyncio.sleep(0)

        wait_by(sleep, patch.setattr)
        await world.provision()
        await world.run(FLOW)
        assert set(world.statuses(FLOW).values()) <= {"loaded", "excluded"}
        world.options(limits={"plan": "standard"}, **options)
        world.switch(**STANDARD)
        tomorrow(world)
        world.sandbox.monday.budgets.refused.clear()
        world.sandbox.calls.clear()
        yield world


def tomorrow(world: MondayWorld, hours: float = 1.0) -> None:
    """Some hours after the next midnight in UTC."""
    world.sandbox.clock.advance(until_midnight(world) + 3600 * hours)


def until_midnight(world: MondayWorld) -> float:
    """Seconds until the account's calls are given anew."""
    now = world.sandbox.clock.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight - now).total_seconds()


def change_all(world: MondayWorld) -> dict[str, Decimal]:
    """Every voucher gets another amount; what must stand on the board then."""
    wanted = {}
    for key in world.items("Invoices"):
        unit, number = key.split("|")
        row = world.sandbox.peoplesoft.voucher(unit, number)
        assert row is not None
        wanted[key] = row["GROSS_AMT"] + Decimal("0.01")
        world.sandbox.peoplesoft.change_voucher(unit, number, {"GROSS_AMT": wanted[key]})
    return wanted


def amounts(world: MondayWorld) -> dict[str, Decimal]:
    """What stands on the board; each key once."""
    return {key: Decimal(item["values"]["ps_amount"]) for key, item in world.items("Invoices").items()}


def arrived(world: MondayWorld, wanted: dict[str, Decimal]) -> int:
    """How many show their new amount."""
    found = amounts(world)
    assert set(found) == set(wanted)
    return sum(found[key] == amount for key, amount in wanted.items())


async def stopped_until_midnight(world: MondayWorld, work: Callable[[], Awaitable[object]]) -> RateLimited:
    """The work stops, and says that it makes sense again just after midnight."""
    with pytest.raises(RateLimited) as caught:
        await work()
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after - until_midnight(world) < 5
    return caught.value


# ---- the day


async def test_a_small_plan_takes_5000_changes_in_two_processes_and_a_restart(
    make_monday: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1,000 calls a day: one call an invoice would take five days."""
    async with on_the_board(make_monday, MANY, monkeypatch, bulk={"batch": 1000}) as world:
        wanted = change_all(world)
        assert len(wanted) > 0.98 * MANY
        world.flow(FLOW)
        with pytest.raises(GuardTripped, match="more updates and removals"):
            await world.run(FLOW)
        assert world.calls() == 0
        world.flow(FLOW, **ALL_MAY_CHANGE)
        world.switch(ingest_seconds=20.0)
        time = SandboxTime(world.sandbox.control_url, tmp_path / "clock")
        time.moved(world.sandbox.clock.offset)
        order = order_of(world, time, tmp_path)
        doomed = Order(**vars(order) | {"point": "a file is sent", "stages": ("load",)})
        async with worker(order) as first, worker(doomed) as second:
            await first.says("claimed")
            await second.says("claimed")
            assert await second.ends() == -signal.SIGKILL
            assert await first.ends() == 0, first.said
        done = arrived(world, wanted)
        assert 1000 <= done < len(wanted), "what was claimed by the dead process waits for its lease"
        await asyncio.to_thread(time.advance, LEASE)
        async with worker(order) as third:
            assert await third.ends() == 0, third.said
        assert arrived(world, wanted) == len(wanted)
        assert set(world.statuses(FLOW).values()) <= {"loaded", "excluded"}
        counts = world.sandbox.monday.counts()
        assert (counts["refused"], counts["duplicates"]) == ({}, [])
        assert world.sandbox.calls.per_operation["monday mutation StartImport"] == 5
        assert counts["calls_today"] == world.calls() < MANY / 20, "150 when this was written"


def order_of(world: MondayWorld, time: SandboxTime, folder: Path) -> Order:
    """A process that runs the whole flow, on this world's ledger and clock."""
    return Order(
        sandbox_connections(world.sandbox.addresses), world.runner.tenant,
        str(world.runner.database.engine.url), KEY, FLOW,
        stages=("extract", "transform", "load", "reconcile"), lease=LEASE,
        control_url=world.sandbox.control_url, clock=str(folder / "clock"),
    )  # fmt: skip


DIRECT: dict[str, Any] = {"batch": 4, "bulk": {"from_items": 0}}
"""Sixty calls for the changes of ``SOME`` invoices."""


@pytest.mark.parametrize("known", [True, False], ids=["to the options", "to Monday.com alone"])
async def test_what_a_day_leaves_is_done_the_next_day(
    make_monday: Make, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    async with on_the_board(make_monday, SOME, monkeypatch, **DIRECT) as world:
        wanted = change_all(world)
        if known:
            world.options(limits={"daily_calls": 40})
        else:
            world.switch(daily_calls=40)
        told = await stopped_until_midnight(world, lambda: world.run(FLOW))
        refused = {} if known else {"DAILY_LIMIT_EXCEEDED": 1}
        assert world.sandbox.monday.budgets.refused == refused
        done, calls = arrived(world, wanted), world.calls()
        assert calls == 40 + len(refused)
        assert 4 * 36 < done <= 4 * 38, "two calls look for the board"
        assert sorted(set(world.statuses(FLOW).values())) == ["excluded", "loaded", "ready"]
        for _ in range(2):  # whoever comes on the same day asks nothing
            await stopped_until_midnight(world, lambda: world.run(FLOW))
        assert (world.calls(), arrived(world, wanted)) == (calls, done)
        assert told.retry_after is not None
        world.sandbox.clock.advance(told.retry_after)
        result = await world.run(FLOW)
        assert result[FLOW]["load"]["updated"] == len(wanted) - done
        assert arrived(world, wanted) == len(wanted)
        assert world.sandbox.monday.counts()["duplicates"] == []
        assert world.sandbox.monday.budgets.refused == refused


async def test_reading_back_waits_for_the_next_day(
    make_monday: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_the_board(make_monday, SOME, monkeypatch) as world:
        change_all(world)
        await world.run(FLOW)
        enough = world.calls()
        tomorrow(world)
        wanted = change_all(world)
        world.options(limits={"daily_calls": enough - 1})
        told = await stopped_until_midnight(world, lambda: world.run(FLOW))
        assert arrived(world, wanted) == len(wanted), "one import, and a call too few to see all of it again"
        assert set(world.statuses(FLOW).values()) == {"excluded", "loaded"}
        assert told.retry_after is not None
        world.sandbox.clock.advance(told.retry_after)
        result = await world.run(FLOW, stages=("reconcile",))  # the task again, as Airflow repeats it
        assert result[FLOW]["reconcile"]["checked"] == len(wanted)
        assert world.sandbox.monday.budgets.refused == {}


# ---- the minute


@pytest.mark.parametrize("known", [True, False], ids=["to the options", "to Monday.com alone"])
async def test_requests_of_the_minute_are_waited_for(
    make_monday: Make, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    async with on_the_board(make_monday, SOME, monkeypatch, **DIRECT) as world:
        wanted = change_all(world)
        world.switch(minute_requests=20)
        if known:
            world.options(limits={"minute_requests": 20})
        began = world.sandbox.clock.seconds()
        await world.run(FLOW)
        minutes = (world.sandbox.clock.seconds() - began) / 60
        assert arrived(world, wanted) == len(wanted)
        assert world.sandbox.monday.budgets.refused == {}
        assert world.calls() / 20 - 2 < minutes < 2 * world.calls() / 20


async def test_points_of_the_minute_are_waited_for(
    make_monday: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred writes a minute, as the answers say and the options do not."""
    async with on_the_board(make_monday, SOME, monkeypatch, batch=25, bulk={"from_items": 0}) as world:
        wanted = change_all(world)
        world.switch(minute_complexity=1_000_000)
        began = world.sandbox.clock.seconds()
        await world.run(FLOW)
        minutes = (world.sandbox.clock.seconds() - began) / 60
        assert arrived(world, wanted) == len(wanted)
        assert world.sandbox.monday.budgets.refused == {}
        assert 2 <= minutes < 4.5


async def test_what_reading_takes_is_learned(make_monday: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody documents what a page of items costs: the first one tells."""
    async with on_the_board(make_monday, 4 * SOME, monkeypatch) as world:
        wanted = change_all(world)
        world.switch(minute_complexity=50_000)
        began = world.sandbox.clock.seconds()
        await world.run(FLOW)
        assert arrived(world, wanted) == len(wanted)
        assert world.sandbox.monday.budgets.refused == {}
        assert world.sandbox.clock.seconds() - began > 60


async def test_two_tasks_share_requests_at_once_and_of_the_minute(
    make_monday: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both go by the state database, so that neither is refused anything."""
    async with on_the_board(make_monday, SOME, monkeypatch, **DIRECT) as world:
        wanted = change_all(world)
        world.switch(minute_requests=30, concurrent_requests=1)
        world.options(limits={"minute_requests": 30, "concurrent_requests": 1})
        await world.run(FLOW, stages=("extract", "transform"))
        await asyncio.gather(*(world.runner.run(FLOW, stages=("load",)) for _ in range(2)))
        assert arrived(world, wanted) == len(wanted)
        budgets = world.sandbox.monday.budgets
        assert (budgets.refused, budgets.most_in_flight) == ({}, 1)


async def test_two_tasks_learn_of_each_others_points_from_the_answers(
    make_monday: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another one spent since the last answer nobody knows: so much is refused once, and sent again."""
    async with on_the_board(make_monday, SOME, monkeypatch, batch=10, bulk={"from_items": 0}) as world:
        wanted = change_all(world)
        world.switch(minute_complexity=500_000)
        await world.run(FLOW, stages=("extract", "transform"))
        began = world.sandbox.clock.seconds()
        await asyncio.gather(*(world.runner.run(FLOW, stages=("load",)) for _ in range(2)))
        minutes = (world.sandbox.clock.seconds() - began) / 60
        assert arrived(world, wanted) == len(wanted)
        refused = world.sandbox.monday.budgets.refused
        assert set(refused) <= {"COMPLEXITY_BUDGET_EXHAUSTED"}
        assert sum(refused.values()) <= minutes + 1, "not more than one a minute"
