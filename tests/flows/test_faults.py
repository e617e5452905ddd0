"""Every fault the sandbox knows: alone, and many at once. Nothing lost, nothing doubled, the rest arrives."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ml_connector.bill.options import BillOptions
from sandbox.data import Size
from sandbox.faults.book import SHAPE, TRANSPORT
from tests.flows.conftest import MakeWorld
from tests.flows.world import World

SMALL = Size(vouchers=70, suppliers=8)
LARGE = Size(vouchers=2200, suppliers=110)

CREATES = ("POST /v3/classifications/*", "POST /v3/vendors*", "POST /v3/bills*")
LISTS = ("GET /v3/classifications/*", "GET /v3/vendors", "GET /v3/bills")
QUERIES = ("QAS ML_GL_*", "QAS ML_AP_SUPPLIERS", "QAS ML_AP_VOUCHERS")

Alone = tuple[str, str, tuple[str, ...], dict[str, Any]]

BILL_ALONE: list[Alone] = [
    ("error 1001", "error", (*CREATES, *LISTS), {"status": 500, "code": "BDC_1001"}),
    ("error 500", "error", CREATES, {"status": 500}),
    ("error 503", "error", (*CREATES, *LISTS), {"status": 503}),
    ("error 429", "error", CREATES, {"status": 429}),
    ("hour spent", "error", CREATES, {"status": 422, "code": "BDC_1144"}),
    ("too many at once", "error", CREATES, {"status": 422, "code": "BDC_1322"}),
    ("session refused", "error", CREATES, {"status": 401, "code": "BDC_1109"}),
    ("organization locked", "error", LISTS, {"status": 423, "code": "BDC_1107"}),
    ("error in v2 form", "error", LISTS, {"status": 400, "code": "BDC_1002"}),
    ("html page", "html", (*CREATES, *LISTS), {}),
    ("maintenance page", "html", (*CREATES, *LISTS), {"status": 503}),
    ("reset", "reset", (*CREATES, *LISTS), {"count": 2}),
    ("slow", "slow", CREATES, {"seconds": 0.3}),
    ("late commit", "late_commit", CREATES, {"seconds": 0.6}),
    ("lost", "lost", (*CREATES, *LISTS), {}),
    ("timeout", "timeout", CREATES, {"seconds": 2.5}),
    ("hold request", "hold_request", CREATES, {}),
    ("hold", "hold", CREATES, {}),
    ("broken gateway", "broken_gateway", (*CREATES, *LISTS), {}),
    ("truncate", "truncate", (*CREATES, *LISTS), {}),
    ("cut off", "cut_off", (*CREATES, *LISTS), {}),
    ("session expires", "expire_session", (*CREATES, *LISTS), {}),
    ("filters ignored", "ignore_filters", LISTS, {}),
    ("page repeated", "repeat_page", LISTS, {"rows": 3}),
]
PEOPLESOFT_ALONE: list[Alone] = [
    ("error 500", "error", QUERIES, {"status": 500}),
    ("error 503", "error", QUERIES, {"status": 503, "count": 5}),
    ("html page", "html", QUERIES, {}),
    ("reset", "reset", QUERIES, {"count": 2}),
    ("slow", "slow", QUERIES, {"seconds": 0.3}),
    ("late commit", "late_commit", QUERIES, {"seconds": 0.1}),
    ("lost", "lost", QUERIES, {"count": 2}),
    ("timeout", "timeout", QUERIES, {"seconds": 0.2, "count": 2}),
    ("hold request", "hold_request", QUERIES, {}),
    ("hold", "hold", QUERIES, {}),
    ("broken gateway", "broken_gateway", QUERIES, {}),
    ("truncate", "truncate", QUERIES, {}),
    ("cut off", "cut_off", QUERIES, {}),
    ("row cap", "row_cap", QUERIES, {"rows": 7, "count": 2}),
    ("rows repeated", "repeat_rows", QUERIES, {"rows": 3, "skip": 1}),
    ("wrong row count", "numrows", QUERIES, {"rows": 2}),
    ("failing status", "status", QUERIES, {"value": "error"}),
    ("impossible date", "set_value", QUERIES[2:], {"column": "A.DUE_DT", "value": "20210431"}),
    ("text appended", "append_text", QUERIES[2:], {"column": "A.INVOICE_ID", "value": " user text"}),
    ("column vanished", "vanish", QUERIES[2:], {"column": "A.DUE_DT"}),
    ("column renamed", "rename", QUERIES[2:], {"column": "A.GROSS_AMT", "value": "A.GROSS"}),
]


def named(alone: list[Alone]) -> list[Any]:
    return [pytest.param(*rest, id=name.replace(" ", "-")) for name, *rest in alone]


def test_every_kind_of_fault_is_tried() -> None:
    of_others = {
        "expire_token", "vanish_file",  # tried in test_cleo_never_twice
        "partial", "subfield", "version", "html_429",  # tried in test_monday_never_twice, test_monday_days
        "verdict", "process_later", "short_page", "expire_continuation", "expire_presigned",  # Basware's
    }  # fmt: skip
    assert {kind for _, kind, _, _ in BILL_ALONE + PEOPLESOFT_ALONE} == set(TRANSPORT | SHAPE) - of_others


@asynccontextmanager
async def letting_go(world: World) -> AsyncIterator[None]:
    """Releases whatever the sandbox holds back, as soon as it does."""

    async def release() -> None:
        while True:
            await world.sandbox.faults.held.reach(1)
            world.sandbox.faults.release()
            await asyncio.sleep(0)

    task = asyncio.create_task(release())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def strike(
    world: World, system: str, kind: str, operations: tuple[str, ...], more: dict[str, Any]
) -> None:
    rules = [world.fault(system, kind, operation, **more) for operation in operations]
    async with letting_go(world):
        await world.settle_down()
        world.sandbox.faults.clear()
        await world.settle_down()
    world.check()
    unused = [rule.operation for rule in rules if not rule.struck]
    assert not unused, f"never struck: {unused}"


@pytest.mark.parametrize(("kind", "operations", "more"), named(BILL_ALONE))
async def test_one_fault_of_bill(
    make_world: MakeWorld, kind: str, operations: tuple[str, ...], more: dict[str, Any]
) -> None:
    # A commit is late by less than the settle time, and a time-out strikes after the client's own.
    settle = 1.0 if kind in ("late_commit", "timeout") else 0.0
    options = BillOptions(settle_seconds=settle, timeout_seconds=1 if kind == "timeout" else 60)
    async with make_world(SMALL, options=options) as world:
        await strike(world, "bill", kind, operations, more)


@pytest.mark.parametrize(("kind", "operations", "more"), named(PEOPLESOFT_ALONE))
async def test_one_fault_of_peoplesoft(
    make_world: MakeWorld, kind: str, operations: tuple[str, ...], more: dict[str, Any]
) -> None:
    async with make_world(SMALL) as world:
        await strike(world, "peoplesoft", kind, operations, more)


def plan_mix(world: World, seed: int) -> None:
    """Rules that strike now and then, as long as they stand in the book."""
    chance = random.Random(seed)
    world.sandbox.faults._seed = seed
    world.sandbox.faults.clear()
    for system, alone in (("bill", BILL_ALONE), ("peoplesoft", PEOPLESOFT_ALONE)):
        for _, kind, operations, more in alone:
            if kind == "timeout":
                continue  # the client's own time-out is for small cases
            for operation in operations:
                values = {"seconds": 0.3} if "seconds" in more else {}
                probability = chance.uniform(0.005, 0.04)
                world.fault(
                    system, kind, operation, **{**more, "count": None, "probability": probability} | values
                )


@pytest.mark.parametrize("seed", [1, 2])
async def test_many_faults_at_once(make_world: MakeWorld, seed: int) -> None:
    async with make_world(LARGE, options=BillOptions(settle_seconds=0.6)) as world:
        plan_mix(world, seed)
        async with letting_go(world):
            for _ in range(4):
                await world.harness.run(tolerant=True)
                world.sandbox.clock.advance(3700)
                await world.sandbox.settled()
            struck = {rule.kind for rule in world.sandbox.faults.rules if rule.struck}
            world.sandbox.faults.clear()
            await world.settle_down()
        world.check()
        assert len(world.rows("bill.bills")) == LARGE.vouchers
        assert len(struck) > 12
