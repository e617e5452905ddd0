"""Whatever goes wrong between PeopleSoft and Monday.com: each document stands on its board once, with each
of its lines once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.flows.monday_scene import (
    A_MINUTE,
    BOARD,
    BULK,
    DIRECT,
    INVOICES,
    PAYMENTS,
    SENDING,
    SUBITEMS,
    SUPPLIERS,
    Scene,
    opened,
)

WRITE, START, FILE = "mutation WriteItems", "mutation StartImport", "PUT upload"
LABELS = "mutation SetDropdownLabels"
TRIES = 5
"""So often one call is sent while nobody knows what became of it."""

AN_HOUR, A_DAY = 3600.0, 86_400.0
WHERE = pytest.mark.parametrize("lines", [BOARD, SUBITEMS], ids=["board", "subitems"])
GONE: list[dict[str, Any]] = [{"do": "mark"}, {"do": "archive", "group": None}]
SEEDS = range(1, 3)
Make = Callable[..., AbstractAsyncContextManager[Scene]]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Opens scenes on SQLite."""

    def scene(**more: Any) -> AbstractAsyncContextManager[Scene]:
        return opened(tmp_path, f"sqlite:///{tmp_path / 'state.db'}", monkeypatch, **more)

    return scene


@pytest.fixture
async def scene(make: Make) -> AsyncIterator[Scene]:
    """Ten vouchers; their lines go to a board, everything in batches of four."""
    async with make() as made:
        yield made


def every_first_answer(scene: Scene, kind: str, operation: str, **more: Any) -> list[Any]:
    """Faults that strike each call once; what was executed is answered by its key, whatever is planned."""
    if kind != "error":
        return [scene.world.fault(kind, operation, count=None, **more)]
    return [scene.world.fault(kind, operation, skip=2 * number, **more) for number in range(60)]


def no_more(scene: Scene) -> None:
    """Everything is well again."""
    scene.world.sandbox.faults.clear()


# ---- answered by the repetition

LOST: list[tuple[str, dict[str, Any]]] = [
    ("lost", {}),
    ("timeout", {"seconds": 5.0}),
    ("broken_gateway", {}),
    ("cut_off", {}),
    ("late_commit", {"seconds": 3.0}),
    ("error", {"status": 503, "code": "TIMEOUT_EXCEEDED"}),
]


@pytest.mark.parametrize(("kind", "more"), [pytest.param(*one, id=one[0]) for one in LOST])
async def test_the_answer_of_every_write_is_lost_and_its_repetition_tells(
    scene: Scene, kind: str, more: dict[str, Any]
) -> None:
    rules = every_first_answer(scene, kind, WRITE, **more)
    async with scene.passing():
        await scene.run(INVOICES)
        await scene.run(PAYMENTS)
        scene.change()
        await scene.run(INVOICES)
        scene.cancel(scene.vouchers()[0])
        await scene.run(INVOICES)
    struck = sum(rule.struck for rule in rules)
    assert struck > 15
    no_more(scene)
    if kind not in ("error", "late_commit"):
        assert scene.world.sandbox.monday.keys.replayed == struck
    assert not scene.told("looked up")
    assert not scene.world.runner.errors
    await scene.check(INVOICES)


@pytest.mark.parametrize("operation", [START, FILE])
@pytest.mark.parametrize("kind", ["lost", "late_commit"])
async def test_an_import_whose_answers_are_lost_is_asked_for(make: Make, kind: str, operation: str) -> None:
    async with make(**BULK) as scene:
        rules = every_first_answer(scene, kind, operation, seconds=2.0)
        await scene.recover(INVOICES)
        scene.change()
        await scene.recover(INVOICES)
        assert sum(rule.struck for rule in rules) == 4
        no_more(scene)
        assert not scene.told("looked up")
        await scene.check(INVOICES)


async def test_a_lost_answer_to_a_change_of_labels_leaves_one_label_each(make: Make) -> None:
    column = {"board": None, "labels": {"board": "invoices", "column": "Supplier"}}
    async with make(suppliers=column, **DIRECT) as scene:
        scene.world.fault("lost", LABELS, count=TRIES)
        await scene.recover(SUPPLIERS)
        no_more(scene)
        columns = {one["title"]: one for one in scene.world.board("Invoices")["columns"]}
        texts = [label["label"] for label in columns["Supplier"]["settings"]["labels"]]
        assert len(texts) == len(set(texts)) == len(scene.world.statuses(SUPPLIERS))
        await scene.check(SUPPLIERS)


# ---- the outage lasts longer than the repetitions


Doubt = tuple[str, int, float, dict[str, Any]]
ITEMS, LINES = 0, 3
"""Calls of the other kind that come first."""

CREATIONS: list[Doubt] = [
    ("lost", ITEMS, 0.0, BOARD),
    ("lost", ITEMS, 50.0, BOARD),
    ("lost", LINES, 0.0, BOARD),
    ("lost", LINES, 50.0, BOARD),
    ("lost", LINES, 50.0, SUBITEMS),
    ("reset", ITEMS, 30.0, BOARD),
    ("reset", LINES, 30.0, SUBITEMS),
    ("late_commit", ITEMS, 30.0, SUBITEMS),
    ("late_commit", LINES, 30.0, BOARD),
    ("late_commit", LINES, 30.0, SUBITEMS),
]
CHANGES: list[Doubt] = [
    ("lost", ITEMS, 50.0, BOARD),
    ("lost", LINES, 50.0, BOARD),
    ("reset", LINES, 0.0, SUBITEMS),
    ("late_commit", ITEMS, 0.0, SUBITEMS),
    ("late_commit", LINES, 0.0, BOARD),
    ("late_commit", LINES, 0.0, SUBITEMS),
]
"""Kind of the outage, where it begins, seconds by which a search is late, where the lines go."""

LATE = 25.0
"""Seconds until a call that was answered as lost is executed; a search shows it within the minute."""


def named(doubts: list[Doubt]) -> list[Any]:
    return [
        pytest.param(*one, id=f"{one[0]}-{'lines' if one[1] else 'items'}-{one[2]:.0f}-{one[3]['into']}")
        for one in doubts
    ]


@pytest.mark.parametrize(("kind", "skip", "lag", "lines"), named(CREATIONS))
async def test_a_creation_in_doubt_is_found_or_sent_again(
    make: Make, kind: str, skip: int, lag: float, lines: dict[str, Any]
) -> None:
    async with make(lines=lines) as scene:
        scene.world.switch(search_lag_seconds=lag)
        scene.world.options(limits={"replay_seconds": 0})
        rule = scene.world.fault(kind, WRITE, skip=skip, count=None, seconds=LATE)
        await scene.run(INVOICES, stages=SENDING)
        assert rule.struck
        assert "sending" in scene.world.statuses(INVOICES).values()
        no_more(scene)
        await scene.recover(INVOICES)
        await scene.check(INVOICES)


@pytest.mark.postgres
async def test_a_creation_in_doubt_is_found_with_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    async with opened(tmp_path, postgres_url, monkeypatch, **DIRECT) as scene:
        scene.world.switch(search_lag_seconds=50.0)
        scene.world.options(limits={"replay_seconds": 0})
        scene.world.fault("lost", WRITE, skip=3)
        await scene.run(INVOICES, stages=SENDING)
        await scene.recover(INVOICES)
        await scene.check(INVOICES)


@pytest.mark.parametrize(("kind", "skip", "lag", "lines"), named(CHANGES))
async def test_a_change_in_doubt_is_found_or_sent_again(
    make: Make, kind: str, skip: int, lag: float, lines: dict[str, Any]
) -> None:
    async with make(lines=lines) as scene:
        await scene.run(INVOICES, stages=SENDING)
        scene.advance(A_MINUTE)
        scene.world.switch(search_lag_seconds=lag)
        scene.world.options(limits={"replay_seconds": 0})
        scene.change()
        rule = scene.world.fault(kind, WRITE, skip=skip, count=None, seconds=45.0)
        await scene.run(INVOICES, stages=SENDING)
        assert rule.struck
        no_more(scene)
        await scene.let_pass(10.0)
        scene.change(text="changed once more")  # the late one must not come after this
        await scene.recover(INVOICES)
        scene.advance(A_MINUTE)
        await scene.world.sandbox.settled()
        await scene.check(INVOICES)


async def test_a_removal_in_doubt_is_found_or_sent_again(scene: Scene) -> None:
    """Three are marked, of the fourth the move was not executed any more."""
    await scene.run(INVOICES, stages=SENDING)
    scene.world.options(batch=7, limits={"replay_seconds": 0})
    scene.cancel()
    scene.world.fault("lost", WRITE)
    await scene.run(INVOICES, stages=SENDING)
    assert set(scene.world.statuses(INVOICES).values()) == {"sending", "ready"}
    await scene.recover(INVOICES)
    items = scene.world.items("Invoices").values()
    assert {(item["group"], item["values"]["ps_gone"]) for item in items} == {("Cancelled", "v")}
    await scene.check(INVOICES)


@pytest.mark.parametrize("kind", ["lost", "reset", "late_commit"])
async def test_payments_in_doubt_are_found_or_sent_again(scene: Scene, kind: str) -> None:
    """And what is voided meanwhile is open at the end."""
    await scene.run(INVOICES)
    await scene.run(PAYMENTS)
    scene.world.options(limits={"replay_seconds": 0})
    first, *others = scene.vouchers()
    for key in (first, *others):
        scene.world.peoplesoft("pay", key=key)
    rule = scene.world.fault(kind, WRITE, count=None, seconds=LATE)
    await scene.run(PAYMENTS, stages=SENDING)
    assert rule.struck
    no_more(scene)
    scene.world.peoplesoft("void", key=first)
    await scene.recover(PAYMENTS)
    scene.advance(A_MINUTE)
    await scene.world.sandbox.settled()
    shown = {
        key: (item["group"], item["values"]["ps_payment_status"])
        for key, item in scene.world.items("Invoices").items()
    }
    assert shown["|".join(first)] == ("Open", "Not paid")
    assert {shown["|".join(key)] for key in others} <= {("Paid", "Paid"), ("Open", "Partly paid")}
    await scene.check(INVOICES, PAYMENTS)


@pytest.mark.parametrize("ends", [False, True], ids=["executed", "refused"])
async def test_what_a_change_left_half_done_is_undone_where_the_document_goes_back(
    scene: Scene, ends: bool
) -> None:
    """The items are changed, their lines are not; then PeopleSoft has again what was loaded before."""
    await scene.run(INVOICES)
    scene.world.options(limits={"replay_seconds": 0})
    before = {tuple(key): scene.voucher(key) for key in scene.vouchers()}
    scene.change()
    if ends:
        scene.world.fault("partial", WRITE, skip=3, count=None, code="ColumnValueException", status=200)
    else:
        scene.world.fault("lost", WRITE, count=1)
        scene.world.fault("reset", WRITE, skip=1, count=None)
    await scene.run(INVOICES, stages=SENDING)
    no_more(scene)
    for key, row in before.items():
        scene.edit(key, DESCR254_MIXED=row["DESCR254_MIXED"], lines=row["lines"])
    await scene.recover(INVOICES)
    await scene.check(INVOICES)
    items = scene.world.items("Invoices").values()
    assert "changed" not in {item["values"]["ps_description"] for item in items}


# ---- half an hour


@pytest.mark.parametrize(("minutes", "replayed"), [(28.9, 1), (31.0, 0)])
async def test_an_answer_is_waited_for_under_its_key_for_half_an_hour(
    scene: Scene, minutes: float, replayed: int
) -> None:
    """Afterwards the same key would be a new write, so the board is asked."""
    clock, monday = scene.world.sandbox.clock, scene.world.sandbox.monday
    scene.world.fault("timeout", WRITE, seconds=minutes * 60.0)
    running = asyncio.create_task(scene.run(INVOICES, stages=SENDING))
    async with asyncio.timeout(60):
        await clock.sleeping.reach(1)
    scene.advance(minutes * 60.0)
    await running
    assert monday.keys.replayed == replayed
    await scene.recover(INVOICES)
    assert bool(scene.told("looked up")) is not bool(replayed)
    await scene.check(INVOICES)


@pytest.mark.parametrize("minutes", [10.0, 31.0])
async def test_who_takes_over_asks_first_whether_or_not_the_key_is_still_known(
    scene: Scene, minutes: float
) -> None:
    await scene.killed(INVOICES, "a batch is answered", passes=1)
    scene.advance(minutes * 60.0)
    await scene.recover(INVOICES)
    assert scene.told("looked up")
    assert scene.world.sandbox.monday.keys.replayed == 0
    await scene.check(INVOICES)


# ---- some of a call fails


@WHERE
@pytest.mark.parametrize("skip", [ITEMS, LINES], ids=["items", "lines"])
async def test_what_is_refused_is_rejected_alone_and_goes_once_when_it_is_mended(
    make: Make, skip: int, lines: dict[str, Any]
) -> None:
    async with make(lines=lines) as scene:
        scene.world.switch(search_lag_seconds=30.0)
        message, code = "invalid value", "ColumnValueException"
        scene.world.fault("partial", WRITE, skip=skip, rows=3, code=code, message=message, status=200)
        await scene.run(INVOICES, stages=SENDING)
        rejected = [key for key, status in scene.world.statuses(INVOICES).items() if status == "rejected"]
        assert 1 <= len(rejected) <= 2
        assert set(scene.world.statuses(INVOICES).values()) == {"loaded", "rejected"}
        assert {one["code"] for one in scene.told("rejected")} == {code}
        assert {one["reason"] for one in scene.told("rejected")} == {message}
        for key in rejected:
            scene.world.replay(INVOICES, key)
        await scene.recover(INVOICES)
        await scene.check(INVOICES)


@pytest.mark.parametrize(
    ("skip", "code", "status"), [(ITEMS, "INTERNAL_SERVER_ERROR", 500), (LINES, "SomethingNew", 200)]
)
async def test_an_error_that_says_nothing_leaves_its_document_in_doubt(
    scene: Scene, skip: int, code: str, status: int
) -> None:
    scene.world.fault("partial", WRITE, skip=skip, rows=3, code=code, status=status)
    await scene.run(INVOICES, stages=SENDING)
    assert "sending" in scene.world.statuses(INVOICES).values()
    await scene.recover(INVOICES)
    await scene.check(INVOICES)


async def test_a_field_of_the_answer_that_fails_is_no_failure_of_the_write(scene: Scene) -> None:
    rule = scene.world.fault("subfield", WRITE, count=None, column="name")
    await scene.run(INVOICES)
    assert rule.struck
    assert not scene.told("looked up")
    await scene.check(INVOICES)


# ---- what changes meanwhile


@WHERE
async def test_a_document_changes_while_its_item_is_written(make: Make, lines: dict[str, Any]) -> None:
    """The newer version follows at once, and what a lagging search does not show yet is not made twice."""
    async with make(lines=lines) as scene:
        scene.world.switch(search_lag_seconds=30.0)
        scene.world.fault("hold", WRITE, skip=2)
        faults = scene.world.sandbox.faults
        running = asyncio.create_task(scene.run(INVOICES, stages=SENDING))
        async with asyncio.timeout(60):
            await faults.held.reach(1)
        scene.change()
        await scene.run(INVOICES, stages=("extract", "transform"))
        faults.release()
        await running
        await scene.recover(INVOICES)
        assert {body["columns"]["description"] for body in scene.bodies(INVOICES).values()} == {"changed"}
        await scene.check(INVOICES)


@pytest.mark.parametrize("removed", [False, True], ids=["changed", "cancelled"])
async def test_a_document_changes_while_its_import_runs(make: Make, removed: bool) -> None:
    async with make(**BULK) as scene:
        scene.world.switch(ingest_seconds=30.0)
        await scene.run(INVOICES)
        first, *_ = scene.vouchers()
        scene.cancel(first) if removed else scene.change(first)
        await scene.recover(INVOICES)
        item = scene.world.items("Invoices")["|".join(first)]
        assert (item["values"]["ps_gone"], item["values"]["ps_description"]) == (
            ("v", "") if removed else ("", "changed")
        )
        await scene.check(INVOICES)


# ---- an item that somebody deleted


@pytest.mark.parametrize(
    ("noticed", "options", "lines"),
    [
        pytest.param(False, DIRECT, BOARD, id="changed, batches, board"),
        pytest.param(False, DIRECT, SUBITEMS, id="changed, batches, subitems"),
        pytest.param(False, BULK, BOARD, id="changed, imports, board"),
        pytest.param(True, DIRECT, BOARD, id="read back, batches, board"),
        pytest.param(True, BULK, SUBITEMS, id="read back, imports, subitems"),
    ],
)
async def test_a_deleted_item_is_made_anew_once(
    make: Make, noticed: bool, options: dict[str, Any], lines: dict[str, Any]
) -> None:
    """By the reading back, or by the next change of its document."""
    async with make(lines=lines, **options) as scene:
        scene.world.options(boards={"invoices": {"edits": "write"}})
        await scene.recover(INVOICES)
        old = scene.delete(2)
        if noticed:
            scene.advance(A_DAY + AN_HOUR)
        else:
            scene.change()
        await scene.recover(INVOICES)
        await scene.recover(INVOICES)
        assert set(scene.world.items("Invoices")) == set(old["Invoices"])
        await scene.check(INVOICES)
        scene.advance(A_DAY + AN_HOUR)
        before = scene.world.writes()
        await scene.run(INVOICES)
        assert scene.world.writes() == before


@pytest.mark.parametrize("options", [DIRECT, BULK], ids=["batches", "imports"])
@pytest.mark.parametrize("noticed", [False, True], ids=["changed", "read back"])
async def test_a_deleted_item_is_reported_and_not_made_anew(
    make: Make, noticed: bool, options: dict[str, Any]
) -> None:
    async with make(**options) as scene:
        await scene.recover(INVOICES)
        old = scene.delete(2)
        if noticed:
            scene.advance(A_DAY + AN_HOUR)
        else:
            scene.change()
        for _ in range(3):
            await scene.run(INVOICES)
            scene.advance(A_MINUTE)
        gone = {key for key, status in scene.world.statuses(INVOICES).items() if status != "loaded"}
        assert gone == set(old["Invoices"]) - set(scene.world.items("Invoices"))
        assert {scene.world.statuses(INVOICES)[key] for key in gone} == {"drifted" if noticed else "conflict"}
        assert len(gone) == 2
        assert scene.world.sandbox.monday.duplicates() == []


# ---- many at once

MIX: list[tuple[str, str, dict[str, Any]]] = [
    *((kind, WRITE, more) for kind, more in LOST),
    ("reset", WRITE, {}),
    ("late_commit", WRITE, {"seconds": LATE}),
    ("partial", WRITE, {"rows": 3, "code": "INTERNAL_SERVER_ERROR"}),
    ("subfield", WRITE, {}),
    ("html_429", WRITE, {"seconds": 5.0}),
    ("error", WRITE, {"status": 429, "code": "COMPLEXITY_BUDGET_EXHAUSTED", "seconds": 20}),
    ("error", WRITE, {"status": 423, "message": "Resource is currently locked"}),
    ("lost", START, {}),
    ("reset", START, {}),
    ("lost", FILE, {}),
    ("reset", FILE, {}),
    ("late_commit", FILE, {"seconds": LATE}),
    ("error", "GET report", {"status": 503}),
    ("reset", "query *", {}),
    ("error", "query *", {"status": 500, "code": "INTERNAL_SERVER_ERROR"}),
    ("html", "query *", {"status": 502}),
]


def disturb(scene: Scene, chance: random.Random) -> None:
    """What people do in PeopleSoft meanwhile."""
    for key in chance.sample(scene.vouchers(), 4):
        match chance.randrange(5):
            case 0:
                scene.cancel(key)
            case 1:
                scene.edit(key, ENTRY_STATUS="P")
            case 2:
                scene.edit(key, lines=scene.voucher(key)["lines"][:1])
            case _:
                scene.change(key, text=f"changed {chance.randrange(1000)}")


@WHERE
@pytest.mark.parametrize("seed", [1, 2])
async def test_many_faults_at_once(make: Make, seed: int, lines: dict[str, Any]) -> None:
    chance = random.Random(seed)
    bulk = {"from_items": chance.choice([0, 3, 8]), "wait_seconds": chance.choice([0, 30])}
    async with make(lines=lines, batch=chance.choice([3, 4, 7]), bulk=bulk) as scene:
        scene.world.switch(
            search_lag_seconds=chance.choice([0.0, 30.0]), ingest_seconds=chance.choice([0.0, 20.0, 100.0]),
            ingest_lags=True,
        )  # fmt: skip
        scene.world.options(limits={"replay_seconds": chance.choice([0, 1740])})
        scene.world.options(boards={"invoices": {"gone": chance.choice(GONE)}})
        scene.world.sandbox.faults._seed = seed
        no_more(scene)
        rules = [
            scene.world.fault(
                kind, operation, **{"count": None, "probability": chance.uniform(0.03, 0.12), **more}
            )
            for kind, operation, more in MIX
        ]
        async with scene.passing():
            for _ in range(6):
                await scene.run(INVOICES)
                disturb(scene, chance)
                await scene.let_pass(chance.choice([1.0, 20.0, A_MINUTE, 400.0]))
        assert sum(rule.struck > 0 for rule in rules) > 5
        no_more(scene)
        await scene.let_pass(A_MINUTE)
        scene.advance(AN_HOUR)
        for key in scene.vouchers():
            if scene.world.statuses(INVOICES)["|".join(key)] in ("failed", "dead", "conflict"):
                scene.world.replay(INVOICES, "|".join(key))
        await scene.recover(INVOICES)
        await scene.check(INVOICES)
