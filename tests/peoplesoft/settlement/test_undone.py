"""What people undo in PeopleSoft counts no more; what is not shown in full is not judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from ml_connector.core.contract import Payload
from ml_connector.core.errors import InDoubt, Unavailable
from ml_connector.core.ledger import actions
from ml_connector.core.ledger.settlements import REVERSED, SETTLED, UNDONE
from ml_connector.peoplesoft.folders import LocalFolder
from ml_connector.peoplesoft.settlement.books import JournalKey, Seen

from .support import World, body, lost, options

V = "US001|00000001"
FREE, HELD = [(False, "")], [(True, "OTH")]


@pytest.fixture
def closing(world: World) -> World:
    world.choices = options(close_voucher="hold")
    world.ap.add(V, "228.99")
    return world


def kinds(world: World) -> list[tuple[int, str]]:
    return [(row.entry, row.kind) for row in world.rows.of_references(["stp01"])["stp01"]]


def nothing_is_settled(world: World) -> bool:
    sums = world.rows.settled([V]).get(V, {})
    return not any(sums.values()) and world.rows.booked(["stp01"]).standing == frozenset()


def delete(world: World) -> None:
    world.gl.journals[0]["JRNL_HDR_STATUS"] = "D"


def unpost(world: World) -> None:
    world.gl.unpost(world.gl.journals[0])


def purge(world: World) -> None:
    world.gl.journals.clear()


@pytest.mark.parametrize("undo", [delete, unpost])
async def test_what_people_undid_counts_no_more_once_bill_takes_it_back(
    closing: World, undo: Callable[[World], None]
) -> None:
    world = closing
    await world.put(body())
    assert world.ap.holds(V) == HELD
    undo(world)
    calls = len(world.gl.calls)
    await world.put(body(), absent=True)
    assert (len(world.gl.calls), kinds(world)) == (calls, [(1, UNDONE)])
    assert nothing_is_settled(world)
    assert world.rows.booked(["stp01"]).known == {"stp01"}
    assert world.ap.holds(V) == FREE
    assert await world.reconcile() == {}


@pytest.mark.parametrize("undo", [delete, unpost, purge])
@pytest.mark.parametrize("anew", [True, False])
async def test_what_was_booked_anew_is_settled_once(
    closing: World, undo: Callable[[World], None], anew: bool
) -> None:
    world = closing
    await world.put(body())
    undo(world)
    await world.reconcile()
    if anew:
        world.decide(actions.create_anew, "US001|stp01")
    else:
        world.replay("stp01")
    await world.settle_down()
    assert kinds(world) == [(1, UNDONE), (2, SETTLED)]
    assert world.rows.settled([V]) == {V: {"USD": Decimal("228.99")}}
    assert world.ap.holds(V) == HELD
    await world.put(body(), absent=True)
    assert kinds(world) == [(1, UNDONE), (2, SETTLED), (3, REVERSED)]
    assert nothing_is_settled(world)
    assert world.ap.holds(V) == FREE


async def test_a_journal_that_is_gone_counts_until_a_person_decided(closing: World) -> None:
    world = closing
    await world.put(body())
    purge(world)
    await world.put(body(), absent=True)
    assert (world.ledger()["stp01"].status, kinds(world)) == ("conflict", [(1, SETTLED)])
    assert world.ap.holds(V) == HELD
    world.decide(actions.create_anew, "US001|stp01")
    await world.settle_down()
    assert (world.ledger()["stp01"].status, kinds(world)) == ("loaded", [(1, UNDONE)])
    assert nothing_is_settled(world)
    assert world.ap.holds(V) == FREE


async def test_an_entry_that_stands_again_counts_again(closing: World) -> None:
    world = closing
    await world.put(body())
    unpost(world)
    await world.put(body(), absent=True)
    assert kinds(world) == [(1, UNDONE)]
    world.gl.journals[0]["JRNL_HDR_STATUS"] = "P"
    await world.put(body())
    assert kinds(world) == [(1, SETTLED)]
    assert world.ap.holds(V) == HELD


async def test_what_people_undid_is_settled_by_a_file_after_the_way_changed(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    await world.put(body())
    delete(world)
    await world.put(body(), absent=True)
    path = tmp_path_factory.mktemp("files")
    world.folder = LocalFolder(path)
    world.choices = options(way="staged", csv_path=str(path))
    await world.put(body())
    assert kinds(world) == [(1, UNDONE), (2, SETTLED)]


# ---- the header's own status


async def test_what_was_posted_again_is_reversed(world: World) -> None:
    await world.put(body())
    unpost(world)
    world.gl.journals[0]["JRNL_HDR_STATUS"] = "P"
    await world.put(body(), absent=True)
    assert world.titles() == ["BILL stp01", "BILL stp01", "BILL stp01 REV"]


@pytest.mark.parametrize(
    ("status", "sibling", "reversed_too"), [("U", False, False), ("", True, False), ("", False, True)]
)
async def test_the_second_header_says_unposted_only_where_there_is_no_status(
    world: World, status: str, sibling: bool, reversed_too: bool
) -> None:
    await world.put(body())
    if sibling:
        unpost(world)
    world.gl.journals[0]["JRNL_HDR_STATUS"] = status
    await world.put(body(), absent=True)
    assert (world.titles()[-1] == "BILL stp01 REV") is reversed_too


# ---- what is not shown in full


def without_lines(lines: list[Payload]) -> list[Payload]:
    return []


def without_currency(lines: list[Payload]) -> list[Payload]:
    return [{**line, "CURRENCY_CD": ""} for line in lines]


@pytest.mark.parametrize("hide", [without_lines, without_currency])
async def test_a_lost_answer_is_not_judged_by_what_is_not_shown(
    world: World, hide: Callable[[list[Payload]], list[Payload]]
) -> None:
    world.gl.faults = [lost]
    await world.put(body())
    (journal,) = world.gl.journals
    lines = journal["JRNL_LN"]
    journal["JRNL_LN"] = hide(lines)
    await world.settle_down()
    assert world.titles() == ["BILL stp01"]
    assert world.ledger()["stp01"].status != "loaded"
    journal["JRNL_LN"] = lines
    await world.settle_down()
    assert world.titles() == ["BILL stp01"]
    assert world.ledger()["stp01"].status == "loaded"


async def test_an_entry_without_lines_is_not_taken_back(world: World) -> None:
    await world.put(body())
    world.gl.journals[0]["JRNL_LN"] = []
    await world.put(body(), absent=True)
    row = world.ledger()["stp01"]
    assert (row.status, world.titles()) == ("held", ["BILL stp01"])
    assert "PeopleSoft does not show the lines of journal" in row.reason


async def test_lines_that_the_journal_edit_added_change_nothing(world: World) -> None:
    world.gl.faults = [lost]
    await world.put(body())
    (journal,) = world.gl.journals
    first = journal["JRNL_LN"][0]
    for number, amount in ((3, "5"), (4, "-5")):
        added = {"JOURNAL_LINE": number, "ACCOUNT": "130000", "LINE_DESCR": "balancing"}
        journal["JRNL_LN"] = [*journal["JRNL_LN"], {**first, **added, "MONETARY_AMOUNT": Decimal(amount)}]
    await world.settle_down()
    assert (world.titles(), world.ledger()["stp01"].status) == (["BILL stp01"], "loaded")
    assert await world.reconcile() == {}


@pytest.mark.parametrize("deleted", [True, False])
async def test_a_lost_answer_whose_journal_says_something_else_is_for_people(
    world: World, *, deleted: bool
) -> None:
    def half(values: Payload, carry_out: Callable[[], object]) -> object:
        carry_out()
        for line in world.gl.journals[0]["JRNL_LN"]:
            line["MONETARY_AMOUNT"] /= 2
        raise InDoubt("connection reset")

    world.gl.faults = [half]
    await world.put(body())
    await world.settle_down()
    row = world.ledger()["stp01"]
    assert (row.status, world.titles()) == ("conflict", ["BILL stp01"])
    assert "by a call whose answer was lost" in row.reason
    if deleted:
        delete(world)
    else:
        for line in world.gl.journals[0]["JRNL_LN"]:
            line["MONETARY_AMOUNT"] *= 2
    world.replay("stp01")
    await world.settle_down()
    assert world.titles() == ["BILL stp01"] * (2 if deleted else 1)
    assert world.ledger()["stp01"].status == "loaded"


async def test_nothing_is_called_gone_while_the_look_up_is_in_doubt(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def headers(keys: list[JournalKey]) -> dict[JournalKey, Seen]:
        return {key: Seen([], "the query lost a criterion") for key in keys}

    await world.put(body())
    with monkeypatch.context() as patch:
        patch.setattr(world.gl, "headers", headers)
        await world.put(body(), absent=True)
        assert isinstance(world.error, Unavailable)
        assert world.ledger()["stp01"].status == "ready"
    await world.run()
    assert world.titles() == ["BILL stp01", "BILL stp01 REV"]


async def test_what_is_unclear_about_one_payment_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.put(body())
    (journal,) = world.gl.journals
    known = world.gl.headers

    async def headers(keys: list[JournalKey]) -> dict[JournalKey, Seen]:
        return {
            key: replace(seen, headers=[], unclear="it cannot be read")
            if key[1] == journal["JOURNAL_ID"]
            else seen
            for key, seen in (await known(keys)).items()
        }

    monkeypatch.setattr(world.gl, "headers", headers)
    world.offer(body(), absent=True)
    world.offer(body("stp02"))
    await world.run()
    assert {key: row.status for key, row in world.ledger().items()} == {"stp01": "held", "stp02": "loaded"}
