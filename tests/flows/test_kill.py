"""Real processes, killed and suspended at every point between a claim and its settlement.

Each test fails when its point was not reached. Afterwards BILL holds every object exactly once,
and the ledger says the same.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from ml_connector.bill.options import BillOptions
from ml_connector.core.ledger import flows
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.transform import transform
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.schema import crosswalk
from sandbox.control import peoplesoft
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.flows.harness import Harness
from tests.flows.processes import Worker
from tests.flows.worker import Order, worker
from tests.flows.world import World
from tests.state import migrated

LEASE = 60.0
SETTLE = 5.0
PATHS = {"bill.vendors": "vendors", "bill.bills": "bills"}
BEFORE = {"bill.vendors": (), "bill.bills": ("bill.accounts", "bill.departments", "bill.vendors")}


@dataclass
class Scene:
    """A world on disk that other processes can work in."""

    world: World
    order: dict[str, Any]

    def worker(self, flow: str, **more: Any) -> AbstractAsyncContextManager[Worker]:
        """A process that runs the flow."""
        return worker(Order(**{**self.order, "flow": flow, **more}))

    async def killed(self, flow: str, point: str, **more: Any) -> None:
        """A worker that kills itself at a point."""
        async with self.worker(flow, point=point, writes_to=PATHS.get(flow, ""), **more) as one:
            assert await one.says("reached") == f"reached {point}"
            assert await one.ends() == -signal.SIGKILL

    async def recover(self, flow: str) -> None:
        """Run at once, while the dead process's lease still holds, and again when it has ended."""
        await self.world.harness.run(flow, tolerant=True)
        self.world.sandbox.clock.advance(LEASE + SETTLE + 1)
        self.world.harness.errors.clear()
        await self.world.harness.run(flow)
        assert not self.world.under_way(flow)
        self.world.check(flow)
        written = self.world.writes()
        await self.world.harness.run(flow)
        assert self.world.writes() == written


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    database, key = migrated(tmp_path / "state.db"), Fernet.generate_key().decode()
    async with Sandbox(Size(vouchers=44, suppliers=9), scenario="plain") as sandbox:
        harness = Harness(
            sandbox.peoplesoft_url, sandbox.bill_url, database, cipher=Cipher([key]),
            clock=sandbox.clock.now, options=BillOptions(settle_seconds=SETTLE),
        )  # fmt: skip
        order = {
            "peoplesoft_url": sandbox.peoplesoft_url, "bill_url": sandbox.bill_url,
            "database": str(database.engine.url),
            "key": key, "lease": LEASE, "settle": SETTLE,
        }  # fmt: skip
        yield Scene(World(sandbox, harness), order)
    database.close()


async def prepare(world: World, flow: str) -> None:
    """What the flow's documents refer to is in BILL already."""
    if BEFORE[flow]:
        await world.harness.run(*BEFORE[flow])


LOAD_POINTS = [
    "the claim is written, not committed",
    "the claim is committed",
    "the request is about to leave",
    "the answer is here",
    "the settlement begins",
    "the settlement is written, not committed",
    "the settlement is committed",
]


@pytest.mark.parametrize("point", LOAD_POINTS)
@pytest.mark.parametrize(
    ("flow", "more"),
    [
        pytest.param("bill.vendors", {}, id="vendors"),
        pytest.param("bill.bills", {}, id="bills"),
        pytest.param("bill.bills", {"bulk": False, "small": 7}, id="bills-one-by-one"),
    ],
)
async def test_killed_between_claim_and_settlement(
    scene: Scene, flow: str, more: dict[str, Any], point: str
) -> None:
    await prepare(scene.world, flow)
    # One by one, the process dies in the middle of its work; the settlements are fewer than the requests.
    passes = 0 if "bulk" not in more or "settle" in point or "claim" in point else 3
    await scene.killed(flow, point, passes=passes, **more)
    await scene.recover(flow)


@pytest.mark.parametrize("flow", ["bill.vendors", "bill.bills"])
@pytest.mark.parametrize("bulk", [True, False])
async def test_killed_while_the_answer_is_under_way(scene: Scene, flow: str, bulk: bool) -> None:
    world = scene.world
    await prepare(world, flow)
    world.fault("bill", "hold", f"POST /v3/{PATHS[flow]}*", skip=0 if bulk else 3)
    async with scene.worker(flow, bulk=bulk) as one:
        async with asyncio.timeout(60):
            await world.sandbox.faults.held.reach(1)
        one.process.kill()
        assert await one.ends() == -signal.SIGKILL
    world.sandbox.faults.release()
    await scene.recover(flow)


@pytest.mark.parametrize(
    ("flow", "point", "passes"),
    [
        ("bill.bills", "a page is staged, not committed", 1),
        ("bill.bills", "a page is committed", 1),
        ("bill.bills", "a chunk is mapped, not committed", 1),
        ("bill.bills", "a chunk is mapped and committed", 1),
        ("bill.vendors", "a page is staged, not committed", 0),
        ("bill.vendors", "a page is committed", 0),
        ("bill.vendors", "a chunk is mapped and committed", 1),
    ],
)
async def test_killed_while_reading_or_mapping(scene: Scene, flow: str, point: str, passes: int) -> None:
    await prepare(scene.world, flow)
    await scene.killed(flow, point, passes=passes, small=6)
    await scene.recover(flow)


# ---- documents of several calls


def first_active(world: World) -> tuple[str, dict[str, Any]]:
    """A voucher that BILL holds a bill of."""
    rows = world.rows("bill.bills")
    key = next(key for key, row in rows.items() if row.status == "loaded" and not row.loaded_absent)
    return key, world.voucher(key)


@pytest.mark.parametrize("point", ["a step is done, not recorded", "a step is recorded"])
@pytest.mark.parametrize("passes", [0, 1])
async def test_killed_between_two_steps_of_a_bill_that_comes_back_changed(
    scene: Scene, point: str, passes: int
) -> None:
    world = scene.world
    await world.harness.run()
    key, voucher = first_active(world)
    world.change(key, APPR_STATUS="D")
    await world.harness.run("bill.bills")
    assert world.rows("bill.bills")[key].loaded_absent
    due = "2027-01-31"
    world.change(key, APPR_STATUS="A", DUE_DT=due)
    await scene.killed("bill.bills", point, passes=passes)
    await scene.recover("bill.bills")
    (bill,) = [
        row for row in world.held("bill.bills") if row["invoice"]["invoiceNumber"] == voucher["INVOICE_ID"]
    ]
    assert bill["dueDate"] == due


@pytest.mark.parametrize(
    "point", ["a step is done, not recorded", "a step is recorded", "the answer is here"]
)
async def test_killed_while_a_payment_is_recorded(scene: Scene, point: str) -> None:
    world = scene.world
    await world.harness.run()
    key, voucher = first_active(world)
    for payment in voucher["payments"]:
        body = {"key": key.split("|"), "count": payment["PYMNT_CNT"]}
        peoplesoft.pay(world.sandbox.peoplesoft, body)
    await scene.killed("bill.bills", point)
    await scene.recover("bill.bills")
    row = world.rows("bill.bills")[key]
    bill = world.bill.bills.rows[row.target_id]
    assert (row.status, bill["paymentStatus"], bill["dueAmount"]) == ("loaded", "PAID", 0)
    recorded = [payment for payment in world.bill.payments if payment["vendorId"] == bill["vendorId"]]
    assert sum(payment["amount"] for payment in recorded) == voucher["GROSS_AMT"]


# ---- two at once, twice, and too late


@pytest.mark.parametrize(
    ("flow", "more"),
    [
        pytest.param("bill.vendors", {"bulk": False, "small": 4}, id="vendors"),
        pytest.param("bill.bills", {"bulk": False, "small": 5}, id="bills"),
    ],
)
async def test_two_processes_load_the_same_flow(scene: Scene, flow: str, more: dict[str, Any]) -> None:
    world = scene.world
    await prepare(world, flow)
    async with world.harness.connected(flow) as ctx:
        await extract(ctx)
        transform(ctx)
    world.fault("bill", "hold", f"POST /v3/{PATHS[flow]}*", count=None)
    async with (
        scene.worker(flow, stages=("load",), **more) as one,
        scene.worker(flow, stages=("load",), **more) as other,
    ):
        await asyncio.gather(one.says("claimed"), other.says("claimed"))
        async with asyncio.timeout(60):
            await world.sandbox.faults.held.reach(3)
        world.sandbox.faults.clear()
        world.sandbox.faults.release()
        assert (await one.ends(), await other.ends()) == (0, 0)
    world.check(flow)
    assert world.sandbox.calls.max_in_flight["bill"] <= 3


@pytest.mark.parametrize("flow", ["bill.vendors", "bill.bills"])
async def test_a_cleared_task_runs_again_and_sends_nothing_twice(scene: Scene, flow: str) -> None:
    world = scene.world
    await prepare(world, flow)
    for _ in range(2):
        async with scene.worker(flow) as one:
            assert await one.ends() == 0
    world.check(flow)
    written = world.writes()
    async with scene.worker(flow, stages=("load",)) as one:
        assert await one.ends() == 0
    assert world.writes() == written


def adopted(world: World, flow: str) -> None:
    """The flow has been live for long: no look-up before its creates comes to anybody's help."""
    with world.harness.store("setup") as store, store.write() as tx:
        flows.put(tx, world.harness.context(flow, store).scope, adopted_at=store.now())


def everything(world: World, flow: str) -> tuple[Any, ...]:
    """What a late settlement could change: rows of the ledger and entries of the crosswalk."""
    store = world.harness.store("look")
    with store.read() as connection:
        entries = connection.execute(select(crosswalk).order_by(crosswalk.c.name, crosswalk.c.key)).all()
    return tuple(sorted(world.rows(flow).items())), tuple(entries)


@pytest.mark.parametrize("flow", ["bill.vendors", "bill.bills"])
@pytest.mark.parametrize(
    "point",
    [
        "the claim is committed",
        "the request is about to be prepared",
        "the answer is here",
        "the settlement begins",
    ],
)
async def test_a_lease_is_taken_over_while_its_owner_still_lives(scene: Scene, flow: str, point: str) -> None:
    world = scene.world
    await prepare(world, flow)
    adopted(world, flow)
    # One request at a time: another one that is just leaving cannot be called back by anybody.
    async with scene.worker(
        flow, point=point, writes_to=PATHS[flow], stop="STOP", lease=1.0, settle=0.0, bulk=False, small=6,
        concurrency=1,
    ) as owner:  # fmt: skip
        assert await owner.says("reached") == f"reached {point}"
        await owner.stands_still()
        world.sandbox.clock.advance(LEASE)
        world.harness.options = BillOptions(settle_seconds=0)
        await asyncio.sleep(1.5)  # the owner's own clock has to pass its lease
        await world.harness.run(flow)
        world.check(flow)
        before = everything(world, flow)
        os.kill(owner.process.pid or 0, signal.SIGCONT)
        status = await owner.ends()
    world.check(flow)
    assert everything(world, flow) == before, owner.said
    assert status in (0, 3), owner.said


async def test_the_owner_that_was_suspended_knows_nothing_of_what_came_after(scene: Scene) -> None:
    """Meanwhile the vendor was even archived: the late answer must not bring it back."""
    world, flow = scene.world, "bill.vendors"
    async with scene.worker(
        flow, point="the settlement begins", stop="STOP", lease=1.0, settle=0.0, bulk=False, small=6,
        concurrency=1,
    ) as owner:  # fmt: skip
        await owner.says("reached")
        await owner.stands_still()
        world.sandbox.clock.advance(LEASE)
        world.harness.options = BillOptions(settle_seconds=0)
        await world.harness.run(flow)
        for record in list(world.sandbox.peoplesoft.suppliers):
            world.sandbox.peoplesoft.suppliers.put({**record, "VENDOR_STATUS": "I"})
        await world.harness.run(flow)
        before = everything(world, flow)
        assert not world.held(flow)
        os.kill(owner.process.pid or 0, signal.SIGCONT)
        await owner.ends()
    assert everything(world, flow) == before
    assert not world.held(flow)
