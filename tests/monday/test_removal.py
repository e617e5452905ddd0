"""Documents that are cancelled or deleted: items are marked, archived or deleted, and come back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.core.contract import Intent, Verdict
from ml_connector.monday.template import GONE, KEY, LINK

from . import boards
from .boards import (
    Account,
    again,
    create,
    doubtful,
    invoices,
    key_of,
    loaded,
    removal,
    results,
    update,
    values_of,
    verdict,
    written,
)

CHECKBOX: dict[str, Any] = {}
LABEL: dict[str, Any] = {"column": "state", "label": "Cancelled"}
GROUP: dict[str, Any] = {"group": "Cancelled"}


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    async with boards.opened() as opened:
        yield opened


@pytest.fixture
async def impatient() -> AsyncIterator[Account]:
    async with boards.opened({"replay_seconds": 0}) as opened:
        yield opened


def prepared(account: Account, lines: str | None = None) -> None:
    """A board with a status column of the team, besides the checkbox."""
    board = account.invoices(lines)
    account.column(board, "state", "State", "status", ("Live", "Cancelled"))


def gone(intent: Intent, item: str) -> Intent:
    return removal(intent, item)


def back(intent: Intent, item: str, **changed: Any) -> Intent:
    """The document is there again."""
    revived = update(intent, item, **changed)
    revived.previous = removal(intent, item).desired
    return revived


# ---- marking


async def test_a_checkbox_marks_what_is_gone_and_nothing_else_changes(account: Account) -> None:
    prepared(account)
    target = invoices(account)
    (item,) = await loaded(target, intent := create(1))
    before = account.shown(item)
    assert await loaded(target, gone(intent, item)) == [item]
    after = account.shown(item)
    assert after["values"] == before["values"] | {GONE: "v"}
    assert (after["state"], after["group"], after["name"]) == ("active", "Open", "INV-1")
    assert set(values_of(account.variables("WriteItems")[-1])) == {GONE}


async def test_a_label_marks_what_is_gone(account: Account) -> None:
    prepared(account)
    target = invoices(account, gone=LABEL)
    (item,) = await loaded(target, intent := create(1))
    await loaded(target, gone(intent, item))
    assert account.shown(item)["values"]["state"] == "Cancelled"
    assert account.shown(item)["values"][GONE] == ""


@pytest.mark.parametrize("how", [GROUP, GROUP | LABEL])
async def test_what_is_gone_moves_to_its_group(account: Account, how: dict[str, Any]) -> None:
    prepared(account)
    target = invoices(account, gone=how)
    (item,) = await loaded(target, intent := create(1))
    calls = account.calls()
    await loaded(target, gone(intent, item))
    assert account.shown(item)["group"] == "Cancelled"
    assert account.calls() == calls + 1  # mark and move in one call


@pytest.mark.parametrize("how", [CHECKBOX, LABEL, GROUP])
async def test_what_is_marked_reads_back_as_gone(account: Account, how: dict[str, Any]) -> None:
    prepared(account)
    target = invoices(account, gone=how)
    items = await loaded(target, intent := create(1), create(2))
    await loaded(target, gone(intent, items[0]))
    marked, live = (await target.read_back(items)).records
    assert (marked.state, marked.absent) == ("gone", True)
    assert (live.state, live.absent) == ("active", False)
    assert await verdict(target, doubtful(gone(intent, items[0]), account)) is Verdict.EQUAL
    assert await verdict(target, doubtful(gone(create(2), items[1]), account, ago=60.0)) is Verdict.DIFFERENT


@pytest.mark.parametrize("how", [CHECKBOX, LABEL, GROUP, GROUP | LABEL])
async def test_what_was_marked_comes_back_with_its_new_content(account: Account, how: dict[str, Any]) -> None:
    prepared(account)
    target = invoices(account, gone=how)
    (item,) = await loaded(target, intent := create(1))
    await loaded(target, gone(intent, item))
    assert await loaded(target, revived := back(intent, item, amount=Decimal("12.00"))) == [item]
    shown = account.shown(item)
    assert (shown["group"], shown["values"]["ps_amount"]) == ("Open", "12.00")
    assert not shown["values"][GONE]
    assert not shown["values"]["state"]
    (record,) = (await target.read_back([item])).records
    assert (record.state, len(account.items())) == ("active", 1)
    assert await verdict(target, revived) is Verdict.EQUAL


async def test_the_mark_may_be_a_mapped_column(account: Account) -> None:
    """The status of the approval is written by the mapping as well: then its value counts."""
    board = account.invoices()
    account.person("delete-column", board=board.id, column="ps_approval")
    account.column(board, "ps_approval", "Approval", "status", ("Approved", "Void"))
    target = invoices(account, gone={"column": "ps_approval", "label": "Void"})
    (item,) = await loaded(target, intent := create(1))
    await loaded(target, gone(intent, item))
    assert account.shown(item)["values"]["ps_approval"] == "Void"
    await loaded(target, back(intent, item))
    assert account.shown(item)["values"]["ps_approval"] == "Approved"


async def test_a_status_column_of_the_team_keeps_its_value_while_a_document_is_there(
    account: Account,
) -> None:
    prepared(account)
    target = invoices(account, gone=LABEL)
    (item,) = await loaded(target, intent := create(1))
    account.edit(item, state={"label": "Live"})
    await loaded(target, update(intent, item, amount=Decimal(1)))
    assert account.shown(item)["values"]["state"] == "Live"


# ---- archiving and deleting


@pytest.mark.parametrize(("do", "state"), [("archive", "archived"), ("delete", "deleted")])
@pytest.mark.parametrize("lines", [None, "board", "subitems"])
async def test_an_item_goes_with_its_lines(account: Account, do: str, state: str, lines: str | None) -> None:
    prepared(account, lines)
    target = invoices(account, lines, gone={"do": do})
    items = await loaded(target, *(intents := [create(number, lines=2) for number in (1, 2)]))
    await loaded(target, gone(intents[0], items[0]))
    assert [account.item(item).state for item in items] == [state, "active"]
    if lines is not None:
        title = "Invoice lines" if lines == "board" else "Subitems of Invoices"
        assert (account.lines(key_of(1), title), len(account.lines(key_of(2), title))) == ({}, 2)
    assert (await target.read_back(items[:1])).records == []


async def test_lines_of_the_team_go_with_the_item_that_they_belong_to(account: Account) -> None:
    prepared(account, "board")
    target = invoices(account, "board", gone={"do": "archive"})
    (item,) = await loaded(target, intent := create(1, lines=1))
    own = account.person(
        "create", board="Invoice lines", name="own", values={LINK: {"item_ids": [int(item)]}}
    )
    await loaded(target, gone(intent, item))
    assert account.item(own["id"]).state == "archived"


@pytest.mark.parametrize("do", ["archive", "delete"])
@pytest.mark.parametrize("lines", [None, "board", "subitems"])
async def test_what_was_taken_away_comes_back_as_an_item_of_its_own(
    account: Account, do: str, lines: str | None
) -> None:
    prepared(account, lines)
    target = invoices(account, lines, gone={"do": do})
    count = 2 if lines else 0
    (item,) = await loaded(target, intent := create(1, lines=count))
    await loaded(target, gone(intent, item))
    (made,) = await loaded(target, revived := back(intent, item, lines=count))
    assert made != item
    assert [str(one.id) for one in account.items()] == [made]
    revived.target_id = made
    assert await verdict(target, revived) is Verdict.EQUAL


async def test_what_a_person_restored_meanwhile_is_not_made_once_more(account: Account) -> None:
    prepared(account)
    target = invoices(account, gone={"do": "archive"})
    (item,) = await loaded(target, intent := create(1))
    await loaded(target, gone(intent, item))
    restored = account.person("create", board="Invoices", name="restored", values={KEY: key_of(1)})["id"]
    assert await loaded(target, back(intent, item)) == [restored]
    assert [one.name for one in account.items()] == ["INV-1"]


async def test_two_that_a_person_restored_are_for_a_person(account: Account) -> None:
    prepared(account)
    target = invoices(account, gone={"do": "archive"})
    (item,) = await loaded(target, intent := create(1))
    await loaded(target, gone(intent, item))
    for _ in range(2):
        account.person("create", board="Invoices", name="restored", values={KEY: key_of(1)})
    (outcome,) = await written(target, back(intent, item))
    assert outcome.result == "conflict"
    assert "2 items have this key" in (outcome.reason or "")


async def test_a_revival_whose_answer_was_lost_is_found_by_its_key(impatient: Account) -> None:
    account = impatient
    prepared(account)
    target = invoices(account, gone={"do": "delete"})
    (item,) = await loaded(target, intent := create(1))
    await loaded(target, gone(intent, item))
    account.fault("lost")
    (outcome,) = await written(target, revived := back(intent, item))
    assert outcome.result == "in_doubt"
    (found,) = await target.find([doubtful(revived, account)])
    assert (found.verdict, found.target_id) == (Verdict.EQUAL, str(account.items()[0].id))


async def test_a_revival_that_never_arrived_is_sent_again(impatient: Account) -> None:
    account = impatient
    prepared(account)
    target = invoices(account, gone={"do": "delete"})
    (item,) = await loaded(target, intent := create(1))
    await loaded(target, gone(intent, item))
    account.fault("reset")
    (outcome,) = await written(target, revived := back(intent, item))
    assert outcome.result == "in_doubt"
    assert await verdict(target, doubtful(revived, account)) is Verdict.UNSURE
    await account.pass_time(target.limits.settle)
    assert await verdict(target, revived) is Verdict.DIFFERENT
    await loaded(target, again(revived))
    assert len(account.items()) == 1


# ---- what is gone already, and what fails


@pytest.mark.parametrize("do", ["mark", "archive", "delete"])
@pytest.mark.parametrize("how", ["archive", "delete", "move"])
async def test_what_somebody_removed_before_is_removed(account: Account, do: str, how: str) -> None:
    prepared(account)
    target = invoices(account, gone={"do": do})
    items = await loaded(target, intent := create(1), create(2))
    if how == "move":
        account.move_away(items[0], account.board("Elsewhere"))
    else:
        account.retire(items[0], how)
    outcomes = await written(target, gone(intent, items[0]), gone(create(2), items[1]))
    assert results(outcomes) == {"loaded": 2}


async def test_an_item_that_was_moved_to_another_board_is_not_taken_from_there_by_a_mark(
    account: Account,
) -> None:
    prepared(account)
    target = invoices(account)
    (item,) = await loaded(target, intent := create(1))
    account.move_away(item, account.board("Elsewhere"))
    await loaded(target, gone(intent, item))
    assert GONE not in account.item(item).values


async def test_a_document_that_was_never_sent_needs_no_call(account: Account) -> None:
    prepared(account)
    (outcome,) = await written(invoices(account), removal(create(1), None))
    assert (outcome.result, outcome.target_id, account.calls()) == ("loaded", None, 0)


async def test_one_that_cannot_be_removed_does_not_hold_back_the_others(account: Account) -> None:
    prepared(account)
    target = invoices(account, gone=GROUP)
    items = await loaded(target, *(intents := [create(number) for number in (1, 2, 3)]))
    account.fault(
        "partial", value="a3", code="ColumnValueException", status=200, message="no"
    )  # the 2nd's move
    outcomes = await written(target, *map(gone, intents, items))
    assert [outcome.result for outcome in outcomes] == ["loaded", "rejected", "loaded"]
    assert outcomes[1].target_id == items[1]
    await loaded(target, gone(intents[1], items[1]))
    assert {account.shown(item)["group"] for item in items} == {"Cancelled"}


async def test_a_removal_whose_answer_was_lost_is_looked_up(impatient: Account) -> None:
    account = impatient
    prepared(account)
    target = invoices(account)
    (item,) = await loaded(target, intent := create(1))
    account.fault("lost")
    (outcome,) = await written(target, removed := gone(intent, item))
    assert (outcome.result, outcome.target_id) == ("in_doubt", item)
    assert await verdict(target, doubtful(removed, account)) is Verdict.EQUAL


async def test_a_mark_that_somebody_took_away_is_seen(account: Account) -> None:
    prepared(account)
    target = invoices(account, edits="write")
    (item,) = await loaded(target, intent := create(1))
    await loaded(target, removed := gone(intent, item))
    account.edit(item, **{GONE: None})
    (record,) = (await target.read_back([item])).records
    assert not record.absent
    await loaded(target, again(removed))
    assert (await target.read_back([item])).records[0].absent
