"""Lines below a document's item: on a board of their own, or as subitems."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.core.contract import Intent, Verdict
from ml_connector.core.planning.differences import changed_fields
from ml_connector.monday.items import Items
from ml_connector.monday.reading import in_order
from ml_connector.monday.template import KEY, LINK
from sandbox.monday.model import Item

from . import boards
from .boards import (
    Account,
    Steps,
    again,
    create,
    doubtful,
    invoices,
    key_of,
    line,
    loaded,
    results,
    update,
    verdict,
    written,
)

TITLES = {"board": "Invoice lines", "subitems": "Subitems of Invoices"}


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    async with boards.opened() as opened:
        yield opened


@pytest.fixture
async def impatient() -> AsyncIterator[Account]:
    """A client that does not ask for a lost answer again."""
    async with boards.opened({"replay_seconds": 0}) as opened:
        yield opened


@pytest.fixture(params=["board", "subitems"])
def into(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def below(account: Account, into: str, document: int = 1) -> dict[str, Item]:
    return account.lines(key_of(document), TITLES[into])


def amounts(account: Account, into: str, document: int = 1) -> dict[str, str]:
    return {key: item.data("ps_amount") for key, item in sorted(below(account, into, document).items())}


def parent_of(item: Item, into: str) -> list[str]:
    if into == "subitems":
        return [] if item.parent is None else [str(item.parent.id)]
    return [str(number) for number in item.data(LINK) or ()]


async def agrees(target: Items, intent: Intent, item: str) -> bool:
    """Whether a reconciliation finds what was sent."""
    (record,) = (await target.read_back([item])).records
    return changed_fields(intent.desired.body, record.body) == []


# ---- the plain way


async def test_lines_stand_below_their_document(account: Account, into: str) -> None:
    account.invoices(into)
    target = invoices(account, into)
    intents = [create(number, lines=3) for number in (1, 2)]
    items = await loaded(target, *intents)
    for number, item in enumerate(items, 1):
        found = below(account, into, number)
        assert sorted(found) == ["1-1", "2-1", "3-1"]
        assert {tuple(parent_of(one, into)) for one in found.values()} == {(item,)}
        assert {one.name for one in found.values()} == {"1 Paper", "2 Paper", "3 Paper"}
        assert await agrees(target, intents[number - 1], item)
    assert account.calls() == 2  # one for the items, one for all lines


async def test_a_document_without_lines_has_none(account: Account, into: str) -> None:
    account.invoices(into)
    target = invoices(account, into)
    (item,) = await loaded(target, intent := create(1))
    assert account.calls() == 1
    assert await agrees(target, intent, item)


async def test_an_item_is_noted_before_its_lines_leave(account: Account, into: str) -> None:
    account.invoices(into)
    steps = Steps(account)
    (outcome,) = await written(invoices(account, into), create(1, lines=2), steps=steps)
    assert steps.made == [(key_of(1), "item", outcome.target_id)]
    assert steps.writes == [1]  # after the item, before the lines
    assert len(account.keys) == 2


async def test_lines_that_people_sort_or_type_differently_are_the_same(account: Account, into: str) -> None:
    account.invoices(into)
    target = invoices(account, into)
    (item,) = await loaded(target, first := create(1, lines=[line(1), line(2, amount="5.250")]))
    second = update(first, item, lines=[line(2), line(1)])
    assert account.calls() == 2
    await loaded(target, second)
    assert account.calls() == 2  # nothing to write
    assert amounts(account, into) == {"1-1": "5.25", "2-1": "5.250"}


async def test_lines_are_created_changed_and_removed(account: Account, into: str) -> None:
    account.invoices(into)
    target = invoices(account, into)
    (item,) = await loaded(target, first := create(1, lines=3))
    before = below(account, into)
    second = update(first, item, lines=[line(1), line(2, amount="9.00", quantity=Decimal(3)), line(4)])
    await loaded(target, second)
    after = below(account, into)
    assert amounts(account, into) == {"1-1": "5.25", "2-1": "9.00", "4-1": "5.25"}
    assert (after["1-1"], after["2-1"]) == (before["1-1"], before["2-1"])
    assert before["3-1"].state == "archived"
    assert await agrees(target, second, item)


async def test_a_value_of_a_line_that_became_blank_is_emptied(account: Account, into: str) -> None:
    account.invoices(into)
    target = invoices(account, into)
    (item,) = await loaded(
        target, first := create(1, lines=[line(1, description="old", quantity=Decimal(2))])
    )
    await loaded(target, update(first, item, lines=[line(1)]))
    (left,) = below(account, into).values()
    assert set(left.values) <= {KEY, LINK, "ps_amount"}


async def test_all_lines_may_go(account: Account, into: str) -> None:
    account.invoices(into)
    target = invoices(account, into)
    (item,) = await loaded(target, first := create(1, lines=2))
    await loaded(target, gone := update(first, item))
    assert below(account, into) == {}
    assert await agrees(target, gone, item)
    await loaded(target, update(gone, item, lines=1))
    assert sorted(below(account, into)) == ["1-1"]


async def test_only_lines_change_and_the_item_is_left_alone(account: Account, into: str) -> None:
    account.invoices(into)
    target = invoices(account, into)
    (item,) = await loaded(target, first := create(1, lines=1))
    touched = account.item(item).updated
    await account.pass_time(10)
    await loaded(target, update(first, item, lines=[line(1, amount="6.00")]))
    assert amounts(account, into) == {"1-1": "6.00"}
    assert account.item(item).updated == touched


async def test_only_the_item_changes_and_lines_are_not_asked_for(account: Account, into: str) -> None:
    account.invoices(into)
    target = invoices(account, into)
    (item,) = await loaded(target, first := create(1, lines=1))
    asked = account.calls("query Matching") + account.calls("query Subitems")
    await loaded(target, update(first, item, lines=1, amount=Decimal("11.00")))
    assert account.calls("query Matching") + account.calls("query Subitems") == asked


async def test_lines_are_told_apart_by_their_document(account: Account, into: str) -> None:
    """Keys begin alike: US001|00000001 is no part of US001|000000010."""
    account.invoices(into)
    target = invoices(account, into)
    items = await loaded(target, *(intents := [create(number, lines=2) for number in (1, 10, 100)]))
    await loaded(target, update(intents[1], items[1], lines=[line(1)]))
    assert [sorted(below(account, into, number)) for number in (1, 10, 100)] == [
        ["1-1", "2-1"], ["1-1"], ["1-1", "2-1"],
    ]  # fmt: skip


async def test_ten_lines_come_back_in_the_order_of_their_numbers(account: Account, into: str) -> None:
    account.invoices(into)
    target = invoices(account, into)
    (item,) = await loaded(target, intent := create(1, lines=12))
    assert await agrees(target, intent, item)
    assert sorted(["10-1", "2-1", "1-10", "1-2"], key=in_order) == ["1-2", "1-10", "2-1", "10-1"]


async def test_more_lines_than_a_page_are_read(account: Account) -> None:
    account.invoices("board")
    target = invoices(account, "board")
    intents = [create(number, lines=60) for number in range(1, 10)]
    items = await loaded(target, *intents)
    records = {record.key: record for record in (await target.read_back(items)).records}
    assert [len(records[intent.key].body["lines"]) for intent in intents] == [60] * 9


# ---- what people do


async def test_lines_of_the_team_are_left_alone(account: Account, into: str) -> None:
    account.invoices(into)
    target = invoices(account, into)
    (item,) = await loaded(target, first := create(1, lines=2))
    for values in ({}, {KEY: "mine"}, {KEY: "US001|99999999|1-1"}):
        own(account, into, item, values)
    await loaded(target, second := update(first, item, lines=[line(2)]))
    titles = [one.name for one in account.items(TITLES[into])]
    assert titles.count("the team's") == 3
    assert sorted(below(account, into)) == ["2-1"]
    assert await agrees(target, second, item)


def own(account: Account, into: str, item: str, values: Mapping[str, Any]) -> str:
    """A person's line below an item."""
    if into == "subitems":
        parent = account.item(item)
        made = account.held.create_item(
            account.board_of(TITLES[into]), "the team's", dict(values), parent=parent
        )
        return str(made.id)
    link = {LINK: {"item_ids": [int(item)]}}
    return str(
        account.person("create", board=TITLES[into], name="the team's", values={**values, **link})["id"]
    )


async def test_a_copied_line_is_taken_away_and_the_first_one_kept(account: Account, into: str) -> None:
    account.invoices(into)
    target = invoices(account, into)
    (item,) = await loaded(target, first := create(1, lines=2))
    kept = below(account, into)["1-1"]
    copy = own(account, into, item, {KEY: f"{key_of(1)}|1-1", "ps_amount": "5.25"})
    assert not await agrees(target, first, item)
    await loaded(target, update(first, item, lines=[line(1, amount="6.00"), line(2)]))
    assert below(account, into)["1-1"] is kept
    assert kept.data("ps_amount") == "6.00"
    assert account.item(copy).state == "archived"


async def test_a_line_that_somebody_changed_is_seen_and_written_again_where_the_tenant_wants_that(
    account: Account, into: str
) -> None:
    account.invoices(into)
    target = invoices(account, into, edits="write")
    (item,) = await loaded(target, first := create(1, lines=2))
    account.edit(str(below(account, into)["2-1"].id), ps_amount="99")
    account.person("archive", item=below(account, into)["1-1"].id)
    assert not await agrees(target, first, item)
    await loaded(target, update(first, item, lines=2))  # unchanged: to restore it
    assert amounts(account, into) == {"1-1": "5.25", "2-1": "5.25"}
    assert await agrees(target, first, item)


async def test_a_line_that_somebody_removed_before_we_did_needs_no_removal(
    account: Account, into: str
) -> None:
    account.invoices(into)
    target = invoices(account, into)
    (item,) = await loaded(target, first := create(1, lines=2))
    account.fault("partial", value="a0", code="InvalidItemIdException", status=200)
    await loaded(target, update(first, item, lines=[line(1)]))


async def test_a_line_that_vanishes_while_it_is_written_is_tried_again(account: Account, into: str) -> None:
    account.invoices(into)
    target = invoices(account, into)
    (item,) = await loaded(target, first := create(1, lines=2))
    account.fault("partial", value="a0", code="InvalidItemIdException", status=200)
    (outcome,) = await written(target, update(first, item, lines=[line(1, amount="6.00"), line(2)]))
    assert (outcome.result, outcome.target_id, outcome.stands) == ("failed", item, True)


async def test_a_line_without_its_connection_is_connected_again_and_not_made_twice(account: Account) -> None:
    account.invoices("board")
    target = invoices(account, "board")
    (item,) = await loaded(target, first := create(1, lines=2))
    lost = account.lines(key_of(1))["1-1"]
    account.edit(str(lost.id), **{LINK: None})
    assert not await agrees(target, first, item)
    await loaded(target, update(first, item, lines=[line(1, amount="6.00"), line(2)]))
    assert account.lines(key_of(1))["1-1"] is lost
    assert (parent_of(lost, "board"), lost.data("ps_amount")) == ([item], "6.00")


async def test_a_line_without_its_connection_goes_when_it_is_no_more(account: Account) -> None:
    account.invoices("board")
    target = invoices(account, "board")
    (item,) = await loaded(target, first := create(1, lines=2))
    lost = account.lines(key_of(1))["1-1"]
    account.edit(str(lost.id), **{LINK: None})
    await loaded(target, update(first, item, lines=[line(2)]))
    assert lost.state == "archived"
    assert sorted(account.lines(key_of(1))) == ["2-1"]


async def test_lines_of_a_removed_item_go_when_they_are_no_more(account: Account) -> None:
    account.invoices("board")
    target = invoices(account, "board", edits="write")
    (item,) = await loaded(target, first := create(1, lines=3))
    account.retire(item, "delete")
    await loaded(target, update(first, item, lines=[line(2), line(4)]))
    assert sorted(account.lines(key_of(1))) == ["2-1", "4-1"]
    assert len(account.items("Invoice lines")) == 2


@pytest.mark.parametrize("how", ["archive", "delete"])
async def test_lines_of_a_removed_item_go_over_to_the_item_made_in_its_place(
    account: Account, how: str
) -> None:
    """Monday.com leaves the lines on their board, connected with nothing."""
    account.invoices("board")
    target = invoices(account, "board", edits="write")
    (item,) = await loaded(target, create(1, lines=2))
    before = account.lines(key_of(1))
    account.retire(item, how)
    later = invoices(account, "board", edits="write")
    (made,) = await loaded(later, anew := create(1, lines=2))
    assert account.lines(key_of(1)) == before
    assert {tuple(parent_of(one, "board")) for one in before.values()} == {(made,)}
    assert await agrees(later, anew, made)


async def test_an_item_made_anew_has_its_lines_though_only_the_item_changed(
    account: Account, into: str
) -> None:
    account.invoices(into)
    target = invoices(account, into, edits="write")
    (item,) = await loaded(target, first := create(1, lines=2))
    account.retire(item, "delete")
    changed = update(first, item, lines=2, amount=Decimal("11.00"))
    (made,) = await loaded(target, changed)
    assert made != item
    assert sorted(below(account, into)) == ["1-1", "2-1"]
    assert await agrees(target, changed, made)


@pytest.mark.parametrize("how", ["archive", "delete"])
async def test_new_lines_of_an_item_that_somebody_removed_are_not_lost_unnoticed(
    account: Account, into: str, how: str
) -> None:
    account.invoices(into)
    target = invoices(account, into)
    (item,) = await loaded(target, first := create(1, lines=1))
    account.retire(item, how)
    (outcome,) = await written(target, update(first, item, lines=2))
    assert (outcome.result, outcome.target_id) == ("conflict", item)
    assert "is gone from the board" in (outcome.reason or "")


async def test_new_lines_of_a_removed_item_make_it_anew_where_the_tenant_wants_that(
    account: Account, into: str
) -> None:
    account.invoices(into)
    target = invoices(account, into, edits="write")
    (item,) = await loaded(target, first := create(1, lines=1))
    account.retire(item, "delete")
    (made,) = await loaded(target, second := update(first, item, lines=2))
    assert made != item
    assert await agrees(target, second, made)


async def test_lines_of_an_item_that_vanishes_meanwhile_are_not_lost_unnoticed(account: Account) -> None:
    account.invoices("subitems")
    target = invoices(account, "subitems")
    account.fault("partial", skip=1, value="a0", code="InvalidItemIdException", status=200)
    (outcome,) = await written(target, create(1, lines=2))
    assert outcome.result == "conflict"
    assert str(account.items()[0].id) in (outcome.reason or "")


# ---- something goes wrong in the middle


async def test_lines_that_fail_leave_the_item_to_its_document(account: Account, into: str) -> None:
    account.invoices(into)
    target = invoices(account, into)
    intents = [create(number, lines=2) for number in (1, 2)]
    account.fault("partial", skip=1, value="a1", code="ColumnValueException", status=200, message="no")
    first, second = await written(target, *intents)
    assert (first.result, first.stands, first.reason) == ("rejected", True, "no")
    assert (second.result, second.stands) == ("loaded", False)
    (item, _) = account.items()
    assert first.target_id == str(item.id)
    assert await loaded(target, again(intents[0], first)) == [str(item.id)]
    assert sorted(below(account, into)) == ["1-1", "2-1"]
    assert len(account.items()) == 2


async def test_a_line_that_the_board_cannot_hold_is_refused_before_anything_is_made(
    account: Account, into: str
) -> None:
    account.invoices(into)
    wrong = line(2) | {"name": "n" * 256}
    (outcome,) = await written(invoices(account, into), create(1, lines=[line(1), wrong]))
    assert (outcome.result, outcome.local, outcome.stands) == ("rejected", True, False)
    assert (account.items(), account.calls()) == ([], 0)


async def test_a_line_without_a_name_is_called_by_its_number(account: Account, into: str) -> None:
    account.invoices(into)
    await loaded(invoices(account, into), create(1, lines=[line(1) | {"name": ""}, {"key": "2-1"}]))
    assert sorted(one.name for one in below(account, into).values()) == ["1-1", "2-1"]


async def test_a_limit_between_item_and_lines_stops_the_flow_and_the_next_run_goes_on(
    account: Account, into: str
) -> None:
    account.invoices(into)
    target = invoices(account, into)
    account.fault("error", skip=1, status=429, code="DAILY_LIMIT_EXCEEDED", seconds=600)
    intents = [create(number, lines=2) for number in (1, 2)]
    outcomes = await written(target, *intents)
    assert results(outcomes) == {"unsent": 2}
    assert {outcome.stands for outcome in outcomes} == {True}
    await loaded(target, *(again(one, done) for one, done in zip(intents, outcomes, strict=True)))
    assert len(account.items()) == 2
    assert sorted(below(account, into)) == sorted(below(account, into, 2)) == ["1-1", "2-1"]


async def test_a_question_about_lines_that_fails_leaves_the_items_that_were_made(account: Account) -> None:
    account.invoices("board")
    account.person("create", board="Invoice lines", name="x")
    target = invoices(account, "board")
    account.fault("error", "query Matching", status=429, code="DAILY_LIMIT_EXCEEDED", seconds=600)
    (outcome,) = await written(target, intent := create(1, lines=2))
    assert (outcome.result, outcome.stands) == ("unsent", True)
    await loaded(target, again(intent, outcome))
    assert (len(account.items()), sorted(below(account, "board"))) == (1, ["1-1", "2-1"])


async def test_a_worker_that_dies_behind_the_item_leaves_enough_to_go_on(account: Account, into: str) -> None:
    account.invoices(into)
    target = invoices(account, into)

    class Dying(Steps):
        async def steps(self, done: Any, name: str) -> None:
            await super().steps(done, name)
            raise KeyboardInterrupt

    intent = create(1, lines=2)
    with pytest.raises(KeyboardInterrupt):
        await target.write([intent], Dying(account))
    assert (len(account.items()), below(account, into)) == (1, {})
    intent.attempted_at = account.now()
    await account.pass_time(target.limits.settle)
    (found,) = await target.find([intent])
    assert (found.verdict, found.target_id) == (Verdict.DIFFERENT, str(account.items()[0].id))
    await loaded(target, again(intent))
    assert (len(account.items()), sorted(below(account, into))) == (1, ["1-1", "2-1"])


async def test_unanswered_lines_are_looked_up_and_those_that_lack_are_made(
    impatient: Account, into: str
) -> None:
    account = impatient
    account.invoices(into)
    target = invoices(account, into, batch=2)
    account.fault("lost", skip=1)
    (outcome,) = await written(target, intent := create(1, lines=3))
    assert (outcome.result, outcome.stands) == ("in_doubt", True)
    assert len(below(account, into)) == 2  # made, and nobody was told
    intent.attempted_at = account.now()
    await account.pass_time(target.limits.settle)
    assert await verdict(target, intent) is Verdict.DIFFERENT
    await loaded(target, again(intent, outcome))
    assert sorted(below(account, into)) == ["1-1", "2-1", "3-1"]


async def test_lines_that_a_lagging_search_does_not_show_are_not_made_twice(impatient: Account) -> None:
    account = impatient
    account.invoices("board")
    account.switches.search_lag_seconds = 30
    target = invoices(account, "board")
    account.fault("lost", skip=1)
    (outcome,) = await written(target, intent := create(1, lines=3))
    assert outcome.result == "in_doubt"
    found = (await target.find([doubtful(intent, account)]))[0]
    assert found.verdict is Verdict.UNSURE
    assert "may not be found yet" in (found.reason or "")
    await account.pass_time(target.limits.settle)
    assert await verdict(target, intent) is Verdict.EQUAL
    assert len(account.items("Invoice lines")) == 3


async def test_a_change_right_behind_the_load_waits_until_a_search_shows_its_lines(account: Account) -> None:
    account.invoices("board")
    account.switches.search_lag_seconds = 30
    target = invoices(account, "board")
    (item,) = await loaded(target, first := create(1, lines=2))
    later = invoices(account, "board")
    began = account.now()
    await loaded(later, update(first, item, lines=[line(1, amount="6.00"), line(2), line(3)]))
    assert sorted(below(account, "board")) == ["1-1", "2-1", "3-1"]
    assert len(account.items("Invoice lines")) == 3
    assert (account.now() - began).total_seconds() >= later.limits.settle


async def test_new_lines_alone_are_no_reason_to_wait(account: Account) -> None:
    account.invoices("board")
    target = invoices(account, "board")
    (item,) = await loaded(target, first := create(1, lines=2))
    began = account.now()
    await loaded(target, update(first, item, lines=[line(2), line(3)]))
    assert (account.now() - began).total_seconds() < 30


async def test_subitems_that_are_missing_may_still_come_for_a_while(impatient: Account) -> None:
    account = impatient
    account.invoices("subitems")
    target = invoices(account, "subitems")
    account.fault("reset", skip=1)
    (outcome,) = await written(target, intent := create(1, lines=3))
    assert outcome.result == "in_doubt"
    intent.target_id = outcome.target_id
    assert await verdict(target, doubtful(intent, account)) is Verdict.UNSURE
    assert await verdict(target, doubtful(intent, account, ago=60.0)) is Verdict.DIFFERENT
