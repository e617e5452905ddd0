"""A real process, killed at every point of a settlement: each payment is one journal, reversals included."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.flows.back import BACK, SETTLEMENT, BackHarness, Books, move, pay, unpaid
from tests.flows.test_kill import LEASE, LOAD_POINTS, SETTLE, Scene
from tests.flows.test_settlement import settled_world
from tests.flows.world import World

JOURNAL, VOUCHER = "CI_JOURNAL_ENTRY_C", "CI_AP_VOUCHER_UD"
READING = ["a page is staged, not committed", "a page is committed", "a chunk is mapped, not committed"]


@dataclass
class Settling:
    """A world in which payments wait to be settled, and the processes that settle them."""

    scene: Scene

    @property
    def world(self) -> World:
        return self.scene.world

    @property
    def books(self) -> Books:
        return Books(self.world)

    async def killed(self, point: str, **more: Any) -> None:
        """A process that kills itself at a point."""
        async with self.scene.worker(BACK, point=point, **more) as worker:
            assert await worker.says("reached") == f"reached {point}"
            assert await worker.ends() == -signal.SIGKILL

    async def recover(self) -> None:
        """Run at once, while the dead process's lease still holds, and again when it has ended."""
        harness = self.world.harness
        await harness.run(BACK, tolerant=True)
        self.world.sandbox.clock.advance(LEASE + SETTLE + 1)
        harness.errors.clear()
        await harness.run(BACK)
        assert not self.world.under_way(BACK)
        self.books.check()
        before = len(self.books.journals)
        await harness.run(BACK)
        assert len(self.books.journals) == before


@asynccontextmanager
async def settling(folder: Path, **settlement: Any) -> AsyncIterator[Settling]:
    values: dict[str, Any] = SETTLEMENT | {"settle_seconds": SETTLE} | settlement
    async with settled_world(folder, **values) as world:
        harness = world.harness
        assert isinstance(harness, BackHarness)
        order = {
            "peoplesoft_url": harness.peoplesoft_url, "bill_url": harness.bill_url,
            "database": f"sqlite:///{folder / 'state.db'}", "key": harness.key, "lease": LEASE,
            "settle": 0.0, "settlement": values, "folder": str(folder / "files"),
        }  # fmt: skip
        yield Settling(Scene(world, order))


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Settling]:
    async with settling(tmp_path) as made:
        yield made


@pytest.mark.parametrize("point", [*LOAD_POINTS, *READING])
async def test_killed_while_it_settles(scene: Settling, point: str) -> None:
    paid = [pay(scene.world, bill) for bill in unpaid(scene.world)[:4]]
    passes = 0 if "settle" in point or "claim" in point or point in READING else 2
    await scene.killed(point, passes=passes, writes_to=JOURNAL)
    await scene.recover()
    assert {key: len(rows) for key, rows in scene.books.per_payment().items()} == {
        row["id"]: 1 for row in paid
    }


@pytest.mark.parametrize("point", LOAD_POINTS)
async def test_killed_while_it_reverses(scene: Settling, point: str) -> None:
    paid = [pay(scene.world, bill) for bill in unpaid(scene.world)[:3]]
    await scene.world.harness.run(BACK)
    for payment in paid:
        move(scene.world, payment, "DISBURSEMENT_FAILED_ACTION_NEEDED")
    passes = 0 if "settle" in point or "claim" in point else 1
    await scene.killed(point, passes=passes, writes_to=JOURNAL)
    await scene.recover()
    assert {key: len(rows) for key, rows in scene.books.per_payment().items()} == {
        row["id"]: 2 for row in paid
    }


STEPS = ["a step is done, not recorded", "a step is recorded"]


@pytest.mark.parametrize("point", [*STEPS, "the request is about to leave", "the answer is here"])
@pytest.mark.parametrize("way", ["external", "hold"])
async def test_killed_while_it_closes_a_voucher(tmp_path: Path, point: str, way: str) -> None:
    async with settling(tmp_path, close_voucher=way) as scene:
        world = scene.world
        keys = {row.target_id: key for key, row in world.rows("bill.bills").items()}
        bills = unpaid(world)[:2]
        for bill in bills:
            pay(world, bill)
        await scene.killed(point, writes_to=VOUCHER)
        await scene.recover()
        for bill in bills:
            rows = world.voucher(keys[bill["id"]])["payments"]
            shown = {(row["PYMNT_SELCT_STATUS"], row["PYMNT_ACTION"], row["PYMNT_HOLD"]) for row in rows}
            assert shown == ({("E", "R", "N")} if way == "external" else {("N", "S", "Y")})


async def test_killed_while_peoplesoft_holds_its_answer(scene: Settling) -> None:
    world = scene.world
    for bill in unpaid(world)[:3]:
        pay(world, bill)
    world.fault("peoplesoft", "hold", f"SOAP {JOURNAL}", skip=1)
    async with scene.scene.worker(BACK) as worker:
        async with asyncio.timeout(60):
            await world.sandbox.faults.held.reach(1)
        worker.process.kill()
        assert await worker.ends() == -signal.SIGKILL
    world.sandbox.faults.release()
    await scene.recover()
    assert len(scene.books.journals) == 3


async def test_a_create_that_peoplesoft_commits_after_its_client_gave_up(scene: Settling) -> None:
    world = scene.world
    for bill in unpaid(world)[:3]:
        pay(world, bill)
    world.fault("peoplesoft", "late_commit", f"SOAP {JOURNAL}", seconds=SETTLE - 1, count=2)
    world.harness.patience = timedelta(0)
    await world.harness.run(BACK, tolerant=True)
    assert len(scene.books.journals) == 1
    assert len(world.under_way(BACK)[BACK]) == 2
    await scene.recover()
    assert len(scene.books.journals) == 3


@pytest.mark.parametrize(
    "point", [point for point in LOAD_POINTS if "request" not in point and "answer" not in point]
)
async def test_killed_while_it_stages_a_file(tmp_path: Path, point: str) -> None:
    async with settling(tmp_path, way="staged", csv_path=str(tmp_path / "files")) as scene:
        paid = [pay(scene.world, bill) for bill in unpaid(scene.world)[:3]]
        await scene.killed(point)
        harness = scene.world.harness
        await harness.run(BACK, tolerant=True)
        scene.world.sandbox.clock.advance(LEASE + SETTLE + 1)
        await harness.run(BACK)
        texts = [path.read_text("utf-8-sig") for path in (tmp_path / "files").rglob("*.csv")]
        lines = [line for text in texts for line in text.splitlines()]
        assert {row["id"]: sum(row["id"] in line for line in lines) for row in paid} == {
            row["id"]: 1 for row in paid
        }
