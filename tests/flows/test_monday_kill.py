"""Real processes, killed and suspended at every point between a document and its settlement.

Each test fails when its point was not reached. Afterwards every board holds each natural key once, items
and lines alike, and what stands there is what PeopleSoft has.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from sandbox.data import Size
from tests.flows.monday_scene import (
    A_MINUTE,
    BOARD,
    BULK,
    DIRECT,
    INVOICES,
    PAYMENTS,
    SUBITEMS,
    SUPPLIERS,
    Scene,
    opened,
)

Make = Callable[..., AbstractAsyncContextManager[Scene]]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Opens scenes on SQLite."""

    def scene(**more: Any) -> AbstractAsyncContextManager[Scene]:
        return opened(tmp_path, f"sqlite:///{tmp_path / 'state.db'}", monkeypatch, **more)

    return scene


# ---- batches

BATCHES = [
    ("the claim is committed", 0),
    ("a batch is about to leave", 1),
    ("a batch is answered", 1),
    ("items are about to be noted", 0),
    ("items are noted", 0),
    ("a batch is about to leave", 4),
    ("a batch is answered", 4),
    ("the settlement begins", 0),
    ("the settlement is written, not committed", 0),
]


@pytest.mark.parametrize(("point", "passes"), BATCHES)
async def test_killed_while_batches_go(make: Make, point: str, passes: int) -> None:
    async with make() as scene:
        await scene.killed(INVOICES, point, passes=passes)
        await scene.recover(INVOICES)
        await scene.check(INVOICES)


@pytest.mark.parametrize(
    ("point", "passes"), [("a batch is answered", 1), ("items are noted", 0), ("a batch is answered", 4)]
)
async def test_killed_while_subitems_go(make: Make, point: str, passes: int) -> None:
    async with make(lines=SUBITEMS) as scene:
        await scene.killed(INVOICES, point, passes=passes)
        await scene.recover(INVOICES)
        await scene.check(INVOICES)


# ---- bulk imports

IMPORTS = [
    ("an import is started", 0),
    ("an import is noted", 0),
    ("a file is about to leave", 0),
    ("a file is sent", 0),
    ("an import is asked for", 0),
    ("an import is started", 1),
    ("an import is noted", 1),
    ("a file is sent", 1),
    ("an import is asked for", 1),
    ("the settlement begins", 0),
]


@pytest.mark.parametrize(("point", "passes"), IMPORTS)
async def test_killed_while_imports_go(make: Make, point: str, passes: int) -> None:
    async with make(**BULK) as scene:
        await scene.killed(INVOICES, point, passes=passes)
        await scene.recover(INVOICES)
        await scene.check(INVOICES)


@pytest.mark.parametrize("lag", [0.0, 50.0])
@pytest.mark.parametrize("from_items", [2, 20], ids=["items", "lines"])
async def test_an_import_outlives_its_process_and_ends_between_two_questions(
    make: Make, from_items: int, lag: float
) -> None:
    """Whoever takes over writes in batches, and a search does not show yet what the import made."""
    async with make(**BULK) as scene:
        scene.world.options(bulk={"from_items": from_items})
        scene.world.switch(ingest_seconds=3000.0, search_lag_seconds=lag)
        await scene.killed(INVOICES, "a file is sent")
        (job,) = scene.world.sandbox.monday.imports.jobs.values()
        job.due = scene.world.sandbox.clock.seconds() + 1.9 * A_MINUTE
        scene.world.options(bulk={"from_items": 0})
        await scene.recover(INVOICES)
        await scene.check(INVOICES)


# ---- what was accepted


@pytest.mark.parametrize(
    ("point", "passes"),
    [
        ("an import is asked for", 0),
        ("the settlement begins", 0),
        ("the settlement is written, not committed", 0),
    ],
)
async def test_killed_while_it_confirms(make: Make, point: str, passes: int) -> None:
    async with make(**BULK) as scene:
        await scene.accepted()
        await scene.killed(INVOICES, point, passes=passes, stages=("load", "reconcile"))
        await scene.recover(INVOICES)
        await scene.check(INVOICES)


@pytest.mark.parametrize("lines", [BOARD, SUBITEMS], ids=["board", "subitems"])
async def test_killed_while_lines_follow_what_was_accepted(make: Make, lines: dict[str, Any]) -> None:
    """The items are not written once more: that import might be accepted again, and so for ever."""
    async with make(lines=lines, **BULK) as scene:
        await scene.accepted()
        await scene.run(INVOICES, stages=("reconcile",))
        scene.world.options(bulk={"from_items": 0})
        before = scene.written()
        await scene.killed(INVOICES, "a batch is answered", passes=1)
        await scene.recover(INVOICES)
        assert scene.written() == before
        await scene.check(INVOICES)


# ---- changes, removals, payments, labels


@pytest.mark.parametrize(("passes", "options"), [(0, DIRECT), (2, DIRECT), (4, DIRECT)])
async def test_killed_while_changes_go(make: Make, passes: int, options: dict[str, Any]) -> None:
    async with make(**options) as scene:
        await scene.run(INVOICES)
        scene.change()
        await scene.killed(INVOICES, "a batch is answered", passes=passes)
        await scene.recover(INVOICES)
        assert {body["columns"]["description"] for body in scene.bodies(INVOICES).values()} == {"changed"}
        await scene.check(INVOICES)


@pytest.mark.parametrize("point", ["a batch is about to leave", "a batch is answered"])
@pytest.mark.parametrize("gone", [{"do": "mark"}, {"do": "archive", "group": None}], ids=["mark", "archive"])
async def test_killed_while_removals_go(make: Make, gone: dict[str, Any], point: str) -> None:
    """A call ends between the two writes of one document."""
    async with make(batch=3, bulk={"from_items": 0}) as scene:
        scene.world.options(boards={"invoices": {"gone": gone}})
        await scene.run(INVOICES)
        scene.cancel()
        await scene.killed(INVOICES, point, passes=1)
        await scene.recover(INVOICES)
        items = scene.world.items("Invoices").values()
        if gone["do"] == "mark":
            assert {(item["group"], item["values"]["ps_gone"]) for item in items} == {("Cancelled", "v")}
        else:
            assert not items
            assert not scene.world.items("Invoice lines")
        assert set(scene.world.statuses(INVOICES).values()) == {"loaded"}


@pytest.mark.parametrize("point", ["a batch is about to leave", "a batch is answered"])
async def test_killed_while_payments_go(make: Make, point: str) -> None:
    """A call ends between the columns of an item and its move."""
    async with make(batch=3, bulk={"from_items": 0}) as scene:
        await scene.run(INVOICES)
        await scene.run(PAYMENTS)
        for key in scene.vouchers():
            scene.world.peoplesoft("pay", key=key)
        await scene.killed(PAYMENTS, point, passes=1)
        await scene.recover(PAYMENTS)
        items = scene.world.items("Invoices").values()
        shown = {(item["group"], item["values"]["ps_payment_status"]) for item in items}
        assert shown == {("Paid", "Paid"), ("Open", "Partly paid")}
        await scene.check(INVOICES, PAYMENTS)


@pytest.mark.parametrize("point", ["labels are about to leave", "labels are changed"])
async def test_killed_while_labels_go(make: Make, point: str) -> None:
    column = {"board": None, "labels": {"board": "invoices", "column": "Supplier"}}
    async with make(suppliers=column, **DIRECT) as scene:
        await scene.killed(SUPPLIERS, point)
        await scene.recover(SUPPLIERS)
        columns = {one["title"]: one for one in scene.world.board("Invoices")["columns"]}
        texts = [label["label"] for label in columns["Supplier"]["settings"]["labels"]]
        assert len(texts) == len(set(texts)) == len(scene.world.statuses(SUPPLIERS))
        await scene.check(SUPPLIERS)


async def test_what_a_crash_left_half_done_is_finished_however_much_it_is(make: Make) -> None:
    """The guard against many changes is for what stands there already."""
    async with make(size=Size(vouchers=130, suppliers=3), batch=100, bulk={"batch": 2500}) as scene:
        await scene.killed(INVOICES, "items are noted")
        await scene.recover(INVOICES)
        await scene.check(INVOICES)


# ---- two at once


async def at_once(scene: Scene) -> None:
    """Documents are read by one, and sent by two together."""
    await scene.run(INVOICES, stages=("extract", "transform"))
    faults = scene.world.sandbox.faults
    faults.add(system="monday", kind="hold", operation="mutation *", count=None)
    load = {"stages": ("load",), "small": 1}
    async with scene.worker(INVOICES, **load) as one, scene.worker(INVOICES, **load) as other:
        await asyncio.gather(one.says("claimed"), other.says("claimed"))
        async with asyncio.timeout(60):
            await faults.held.reach(2)
        faults.clear()
        faults.release()
        assert (await one.ends(), await other.ends()) == (0, 0), (one.said, other.said)
    await scene.check(INVOICES)


@pytest.mark.parametrize("options", [DIRECT, BULK], ids=["batches", "imports"])
async def test_two_processes_send_the_same_documents(make: Make, options: dict[str, Any]) -> None:
    async with make(**options) as scene:
        scene.world.options(batch=1, bulk={"batch": 2})
        await at_once(scene)


@pytest.mark.postgres
async def test_two_processes_send_the_same_documents_with_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    async with opened(tmp_path, postgres_url, monkeypatch, batch=1, bulk={"from_items": 0}) as scene:
        await at_once(scene)


@pytest.mark.postgres
@pytest.mark.parametrize("options", [DIRECT, BULK], ids=["batches", "imports"])
async def test_killed_between_items_and_lines_with_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str, options: dict[str, Any]
) -> None:
    async with opened(tmp_path, postgres_url, monkeypatch, **options) as scene:
        await scene.killed(INVOICES, "items are noted")
        await scene.recover(INVOICES)
        await scene.check(INVOICES)


# ---- suspended, and awake again when everything is done


async def outlived(scene: Scene, flow: str, point: str, passes: int, **more: Any) -> None:
    """A process sleeps past its lease; another one does the work; then it wakes up."""
    async with scene.worker(flow, point=point, passes=passes, stop="STOP", lease=2.0, **more) as owner:
        assert await owner.says("reached") == f"reached {point}"
        await owner.stands_still()
        await asyncio.sleep(2.1)  # its own clock has to pass its lease
        await scene.recover(flow)
        state, writes = scene.state(), scene.world.writes()
        os.kill(owner.process.pid or 0, signal.SIGCONT)
        status = await owner.ends()
    assert status in (0, 3), owner.said
    assert scene.state() == state, owner.said
    assert scene.world.writes() == writes
    await scene.check(flow)


@pytest.mark.parametrize(
    ("point", "passes"),
    [
        ("the claim is committed", 0),
        ("a batch is about to be prepared", 1),
        ("a batch is answered", 1),
        ("items are noted", 0),
        ("a batch is about to be prepared", 4),
        ("the settlement begins", 0),
    ],
)
async def test_suspended_while_batches_go(make: Make, point: str, passes: int) -> None:
    async with make() as scene:
        await outlived(scene, INVOICES, point, passes)


@pytest.mark.parametrize("point", ["an import is noted", "a file is sent", "an import is asked for"])
async def test_suspended_while_imports_go(make: Make, point: str) -> None:
    async with make(**BULK) as scene:
        await outlived(scene, INVOICES, point, 0)


async def test_suspended_while_it_confirms(make: Make) -> None:
    async with make(lines=SUBITEMS, **BULK) as scene:
        await scene.accepted()
        await outlived(scene, INVOICES, "an import is asked for", 0, stages=("load", "reconcile"))
