"""Whatever becomes of an answer between the product and Basware: each invoice is one voucher, told once.

Writes to one invoice are kept apart as in life, and the simulator refuses those that are not.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.flows.basware_scene import BACK, Scene, opened

Make = Callable[..., AbstractAsyncContextManager[Scene]]

DOCUMENTS = "/v1/accountingDocuments"
ONE = f"{DOCUMENTS}/{{invoiceId}}"
ACKNOWLEDGE, TRANSFER, PAY = (
    f"POST {ONE}/{name}" for name in ("acknowledge", "transferResponses", "paymentResponses")
)
LISTS, STATUS = f"GET {DOCUMENTS}", "GET /v1/requestStatus/{requestId}"
READS = [LISTS, f"GET {ONE}", "GET /_presigned/{id}", STATUS, "GET /v1/requestStatus"]
AN_HOUR, A_DAY = 3600.0, 86_400.0


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Opens scenes in which a call that is late arrives within half a minute."""
    return lambda **more: opened(tmp_path, monkeypatch, transit=0.0, settle=30.0, **more)


@pytest.fixture
async def scene(make: Make) -> AsyncIterator[Scene]:
    async with make() as made:
        yield made


async def settle(scene: Scene, *, hours: int = 1) -> None:
    """Runs of both DAGs, until nothing is under way and nobody waits."""
    scene.world.sandbox.faults.clear()
    for seconds in (20.0, 20.0, 45.0, 20.0, 20.0, 330.0, 20.0, 20.0, *[AN_HOUR, 20.0, 20.0] * hours):
        scene.advance(seconds)
        scene.world.runner.errors.clear()
        await scene.run(*BACK)
        await scene.run("payments", events=False)
        if not scene.under_way(*BACK, "payments") and not waiting(scene):
            break
    assert not scene.world.runner.errors, scene.world.runner.errors


async def some_runs(scene: Scene) -> None:
    """What is planned strikes on."""
    for _ in range(3):
        await scene.run(*BACK)
        scene.advance(20)


def waiting(scene: Scene) -> list[str]:
    """Invoices for which Basware waits."""
    states = ("WaitingForTransfer", "TransferInProgress")
    shown = scene.world.p2p("documents")
    return [one["invoiceId"] for one in shown if one["processingStatus"] in states]


def ids(scene: Scene) -> list[str]:
    return [one["invoiceId"] for one in scene.world.p2p("documents")]


def pay_all(scene: Scene) -> None:
    """PeopleSoft pays every voucher."""
    for voucher in list(scene.world.vouchers()):
        scene.world.peoplesoft("pay", key=[voucher["BUSINESS_UNIT"], voucher["VOUCHER_ID"]])


def keeps_no_distance(scene: Scene) -> None:
    """What is carried out long after its answer may meet the next write: nobody knows when it arrives."""
    scene.world.sandbox.basware.pace.violations.clear()


# ---- writes whose answer is lost, or says to come again

ANSWERS: dict[str, dict[str, Any]] = {
    "lost": {"kind": "lost"},
    "late": {"kind": "timeout", "seconds": 0.05},
    "cut off": {"kind": "cut_off"},
    "truncated": {"kind": "truncate"},
    "500 after it was done": {"kind": "broken_gateway", "status": 500},
    "502 after it was done": {"kind": "broken_gateway"},
    "done after the answer": {"kind": "late_commit", "seconds": 10.0},
    "500": {"kind": "error", "status": 500},
    "503": {"kind": "error", "status": 503},
    "429": {"kind": "error", "status": 429},
    "429 for a moment": {"kind": "error", "status": 429, "seconds": 3.0},
    "429 for long": {"kind": "error", "status": 429, "seconds": 120.0},
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_to_a_write(scene: Scene, name: str) -> None:
    rules = [scene.world.fault(operation=one, skip=1, **ANSWERS[name]) for one in (ACKNOWLEDGE, TRANSFER)]
    await scene.run(*BACK)
    await scene.run(*BACK)
    assert all(rule.struck for rule in rules)
    await settle(scene)
    await scene.check()
    assert scene.world.numbers() == ["BW-1", "BW-2", "BW-3"]
    pay_all(scene)
    rule = scene.world.fault(operation=PAY, skip=1, **ANSWERS[name])
    await scene.run("payments", events=False)
    assert rule.struck
    await settle(scene)
    for invoice in ids(scene):
        (paid,) = scene.world.invoice(invoice)["paymentResponses"]
        assert paid["paidTotal"] == Decimal(100)


@pytest.mark.parametrize("name", ["lost", "truncated", "done after the answer", "503", "429"])
async def test_the_same_again_and_again(scene: Scene, name: str) -> None:
    for operation in (ACKNOWLEDGE, TRANSFER):
        scene.world.fault(operation=operation, count=7, **ANSWERS[name])
    for _ in range(4):
        await scene.run(*BACK)
        scene.advance(45)
    await settle(scene)
    keeps_no_distance(scene)
    await scene.check()


async def test_basware_answers_only_after_we_stopped_waiting(scene: Scene) -> None:
    """And carries out later what we no longer waited for."""
    scene.world.options(timeout_seconds=0.3)
    rules = [scene.world.fault("slow", one, skip=1, seconds=4.0) for one in (ACKNOWLEDGE, TRANSFER)]
    await scene.run(*BACK)
    scene.advance(10)
    await scene.run(*BACK)
    assert all(rule.struck for rule in rules)
    scene.world.options(timeout_seconds=60)
    await settle(scene)
    keeps_no_distance(scene)
    await scene.check()


@pytest.mark.parametrize("status", [400, 409])
async def test_a_repetition_is_refused_in_either_way(scene: Scene, status: int) -> None:
    """The first one arrives between our look and our repetition."""
    scene.world.switch(repeated_transfer_status=str(status))
    scene.world.fault("late_commit", TRANSFER, seconds=31.0)
    await scene.run(*BACK)
    scene.advance(30.5)
    await scene.run(*BACK)
    await settle(scene)
    await scene.check()


# ---- reads


@pytest.mark.parametrize("kind", ["reset", "truncate", "cut_off", "503", "500", "429", "html"])
@pytest.mark.parametrize("count", [1, 40], ids=["once", "for long"])
async def test_reads_that_fail(scene: Scene, kind: str, count: int) -> None:
    what = {"kind": "error", "status": int(kind)} if kind.isdigit() else {"kind": kind}
    for operation in READS:
        scene.world.fault(operation=operation, count=count, **what)
    await scene.run(*BACK)
    if count == 1:
        assert not [one for one in scene.world.sandbox.faults.rules if one.operation == LISTS]
    await settle(scene)
    await scene.check()
    assert scene.world.numbers() == ["BW-1", "BW-2", "BW-3"]


@pytest.mark.parametrize("on", ["final", "redirect", "both"])
async def test_pages_are_short_and_their_tokens_end(make: Make, on: str) -> None:
    async with make(invoices=7) as scene:
        scene.world.switch(continuation_on=on)
        scene.world.fault("short_page", LISTS, rows=2, count=None)
        scene.world.fault("expire_continuation", LISTS, skip=2)
        scene.world.fault("expire_presigned", "GET /_presigned/{id}", skip=1, count=2)
        await scene.run(*BACK)
        assert len(scene.world.numbers()) == 7
        await settle(scene)
        await scene.check()


async def test_tokens_end_all_the_time(scene: Scene) -> None:
    """The log-in is renewed, and what it interrupted is done once."""
    scene.world.fault("expire_token", "POST /v1/accountingDocuments*", count=4)
    scene.world.fault("expire_token", "GET /v1/*", count=6)
    await scene.run(*BACK)
    await settle(scene)
    await scene.check()


async def test_the_status_moves_while_the_list_is_read(make: Make) -> None:
    """Pages by position lose rows when some leave the list: they are in the next run's."""
    async with make(invoices=6) as scene:
        scene.world.switch(page_cursor="offset")
        scene.world.fault("short_page", LISTS, rows=2, count=None)
        await scene.run("invoices")
        await settle(scene)
        await scene.check()
        assert len(scene.world.numbers()) == 6


# ---- what P2P decides later


async def test_the_verdict_comes_minutes_later(scene: Scene) -> None:
    scene.world.fault("process_later", TRANSFER, seconds=900.0, count=None)
    for _ in range(8):
        await scene.run(*BACK)
        scene.advance(100)
    assert set(scene.world.statuses("transfers").values()) == {"accepted"}
    asked = scene.world.sandbox.calls.per_operation[f"basware {STATUS}"]
    assert asked < 3 * 7, "it is asked for less and less often"
    await settle(scene)
    await scene.check()


async def test_no_verdict_comes_for_a_day_and_people_hear_of_it_once(make: Make) -> None:
    async with make(invoices=1) as scene:
        scene.world.fault("process_later", TRANSFER, seconds=3 * A_DAY)
        await scene.run(*BACK)
        for _ in range(6):
            scene.advance(A_DAY / 4)
            await scene.run(*BACK)
        told = [alert for alert in scene.world.runner.alerts if "decided nothing" in alert]
        assert len(told) == 1, scene.world.runner.alerts
        scene.advance(3 * A_DAY)
        await settle(scene)
        await scene.check()


async def test_p2p_refuses_an_answer_and_people_are_told(make: Make) -> None:
    """The invoice waits there: nothing is repeated until a person has seen to it."""
    async with make(invoices=1) as scene:
        world = scene.world
        world.fault("verdict", TRANSFER, message="voucherNumber1 is used by another invoice")
        await some_runs(scene)
        (invoice,) = ids(scene)
        assert world.statuses("transfers") == {invoice: "rejected"}
        assert "used by another" in (world.rows("transfers")[invoice].reason or "")
        scene.advance(A_DAY)
        await some_runs(scene)
        assert len([alert for alert in world.runner.alerts if "used by another" in alert]) == 1
        assert len(world.invoice(invoice)["transferResponses"]) == 1
        world.replay("transfers", invoice)
        await settle(scene)
        assert world.statuses("transfers") == {invoice: "loaded"}
        first, second = world.invoice(invoice)["transferResponses"]
        assert first["externalCode"] != second["externalCode"]
        world.in_step()


@pytest.mark.parametrize(
    "verdict",
    [
        {"code": "Technical", "message": "queue is full"},
        {"value": "RecordExpired"},
        {"value": "NotProcessed"},
        {"value": "Unpublished"},
    ],
)
async def test_p2p_could_not_process_an_answer_and_it_is_sent_again(
    make: Make, verdict: dict[str, Any]
) -> None:
    async with make(invoices=2) as scene:
        rule = scene.world.fault("verdict", TRANSFER, **verdict)
        await some_runs(scene)
        assert rule.struck
        await settle(scene, hours=3)
        assert not scene.under_way(*BACK)
        scene.world.in_step()
        told = sorted(len(scene.world.invoice(one)["transferResponses"]) for one in ids(scene))
        assert told == [1, 2]


async def test_a_warning_is_told_and_the_answer_stands(make: Make) -> None:
    async with make(invoices=1) as scene:
        await settle(scene)
        pay_all(scene)
        scene.world.fault("verdict", PAY, value="Warning", message="term is not known")
        for _ in range(3):
            await scene.run("payments", events=False)
            scene.advance(20)
        assert any("term is not known" in alert for alert in scene.world.runner.alerts)
        (invoice,) = ids(scene)
        assert set(scene.world.statuses("payments").values()) <= {"loaded", "excluded"}
        assert len(scene.world.invoice(invoice)["paymentResponses"]) == 1
