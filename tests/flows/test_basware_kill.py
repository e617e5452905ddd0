"""Real processes, killed and suspended at every point between an approved invoice and its answer.

Each test fails when its point was not reached. Afterwards no invoice waits in Basware, each has one
voucher, and each was answered once.
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

from tests.flows.basware_scene import BACK, Scene, opened

Make = Callable[..., AbstractAsyncContextManager[Scene]]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Opens scenes on SQLite."""
    return lambda **more: opened(tmp_path, monkeypatch, **more)


POINTS = [
    ("a page is committed", 0),
    ("an acknowledgment is about to leave", 0),
    ("an acknowledgment is answered", 1),
    ("acknowledgments are noted", 0),
    ("the claim is committed", 0),
    ("a voucher is about to leave", 1),
    ("a voucher is made", 1),
    ("the settlement begins", 0),
    ("the settlement is written, not committed", 0),
    ("the claim is committed", 1),
    ("codes are about to be stored", 0),
    ("codes are stored", 0),
    ("a response is about to leave", 1),
    ("a response is answered", 1),
]


@pytest.mark.parametrize(("point", "passes"), POINTS)
async def test_killed_between_an_invoice_and_its_answer(make: Make, point: str, passes: int) -> None:
    async with make() as scene:
        await scene.killed(point, passes=passes)
        await scene.recover()
        await scene.check()
        assert scene.world.numbers() == ["BW-1", "BW-2", "BW-3"]


@pytest.mark.parametrize(
    "point",
    ["verdicts are known", "the settlement is written, not committed", "the settlement is committed"],
)
async def test_killed_while_it_asks_what_became_of_its_answers(make: Make, point: str) -> None:
    async with make() as scene:
        await scene.run(*BACK)
        assert set(scene.world.statuses("transfers").values()) == {"accepted"}
        scene.advance(20)
        await scene.killed(point, flows=("transfers",), stages=("reconcile",))
        await scene.recover()
        await scene.check()


@pytest.mark.parametrize("point", ["codes are stored", "a response is answered"])
async def test_killed_while_it_refuses(make: Make, point: str) -> None:
    """The invoice is transferred again before the next run, which must not repeat the old answer."""
    async with make(invoices=0) as scene:
        world = scene.world
        invoice = world.approve("X" * 40)
        await scene.killed(point)
        if point == "a response is answered":
            scene.advance(20)
            world.p2p("process")
            world.p2p("retransfer", invoiceId=invoice, values={"invoiceNumber": "SHORT"})
        await scene.recover()
        if world.invoice(invoice)["processingStatus"] == "TransferFailed":
            world.p2p("retransfer", invoiceId=invoice, values={"invoiceNumber": "SHORT"})
            await scene.recover()
        await scene.check()
        assert world.numbers() == ["SHORT"]


@pytest.mark.parametrize("point", ["codes are stored", "a payment is answered"])
async def test_killed_while_it_tells_of_payments(make: Make, point: str) -> None:
    async with make() as scene:
        await scene.recover()
        for voucher in list(scene.world.vouchers()):
            scene.world.peoplesoft("pay", key=[voucher["BUSINESS_UNIT"], voucher["VOUCHER_ID"]])
        await scene.killed(point, flows=("payments",), events=False)
        await scene.recover("payments", events=False)
        await scene.check()
        for short in scene.world.p2p("documents"):
            (paid,) = scene.world.invoice(short["invoiceId"])["paymentResponses"]
            assert paid["paidTotal"] == 100


# ---- two at once


@pytest.mark.parametrize(
    ("flow", "operation", "held"),
    [
        ("invoices", "SOAP CI_AP_VOUCHER_C", "peoplesoft"),
        ("transfers", "POST /v1/accountingDocuments/{invoiceId}/transferResponses", "basware"),
    ],
)
async def test_two_processes_send_the_same_documents(
    make: Make, flow: str, operation: str, held: str
) -> None:
    async with make(invoices=6) as scene:
        scene.world.options(vouchers={"concurrency": 1})
        await scene.run("invoices", stages=("extract", "transform"))
        if flow == "transfers":
            await scene.run("invoices")
            await scene.run("transfers", stages=("extract", "transform"))
        faults = scene.world.sandbox.faults
        faults.add(system=held, kind="hold", operation=operation, count=None)
        load: dict[str, Any] = {"flows": (flow,), "stages": ("load",), "small": 1}
        async with scene.worker(**load) as one, scene.worker(**load) as other:
            await asyncio.gather(one.says("claimed"), other.says("claimed"))
            async with asyncio.timeout(60):
                await faults.held.reach(2)
            faults.clear()
            faults.release()
            assert (await one.ends(), await other.ends()) == (0, 0), (one.said, other.said)
        await scene.recover()
        await scene.check()


async def test_two_whole_runs_at_once(make: Make) -> None:
    async with make(invoices=6) as scene, scene.worker() as one, scene.worker() as other:
        assert (await one.ends(), await other.ends()) == (0, 0), (one.said, other.said)
        await scene.recover()
        await scene.check()


# ---- suspended, and awake again when everything is done


@pytest.mark.parametrize(
    "point",
    [
        "an acknowledgment is about to be prepared",
        "a voucher is about to be prepared",
        "codes are stored",
        "a response is answered",
    ],
)
async def test_suspended_beyond_its_lease(make: Make, point: str) -> None:
    async with make() as scene:
        # One call at a time: another one that is just leaving cannot be called back by anybody.
        scene.world.options(concurrency=1, vouchers={"concurrency": 1})
        async with scene.worker(point=point, stop="STOP", lease=1.0) as owner:
            assert await owner.says("reached") == f"reached {point}"
            await owner.stands_still()
            await asyncio.sleep(1.1)  # its own clock has to pass its lease
            await scene.recover()
            state = scene.state()
            os.kill(owner.process.pid or 0, signal.SIGCONT)
            status = await owner.ends()
        assert status in (0, 3), owner.said
        await scene.recover()
        assert scene.state() == state, owner.said
        await scene.check()
