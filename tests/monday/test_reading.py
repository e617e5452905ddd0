"""Finding items: by id, by key, below others, and page by page. Half an answer is none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from ml_connector.core.errors import ConnectorError, ContractChanged, RateLimited
from ml_connector.monday.items import Items
from ml_connector.monday.layout import Layout
from ml_connector.monday.reading import Item, Reader, folded, line_key
from ml_connector.monday.template import KEY, LINK
from sandbox.monday.rules import Rules

from . import boards
from .boards import Account, create, invoices, key_of, loaded


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    async with boards.opened() as opened:
        yield opened


class Filled:
    """A board with documents."""

    def __init__(self, account: Account, target: Items, layout: Layout) -> None:
        self.account, self.target, self.layout = account, target, layout
        self.reader = Reader(account.api)

    async def by_keys(self, *numbers: int) -> dict[str, list[Item]]:
        return await self.reader.by_keys(self.layout.items, [key_of(number) for number in numbers])


async def filled(account: Account, count: int, lines: str | None = None, each: int = 0) -> Filled:
    account.invoices(lines)
    target = invoices(account, lines)
    await loaded(target, *(create(number, lines=each) for number in range(1, count + 1)))
    return Filled(account, target, await target.layout())


# ---- by id


async def test_any_number_of_ids_is_asked_for_in_hundreds(account: Account) -> None:
    made = await filled(account, 230)
    ids = [str(item.id) for item in account.items()]
    found = await made.reader.by_ids([*ids, *ids, "4711"], [KEY])
    assert set(found) == set(ids)
    assert account.calls("query Items") == 3
    assert {item.text(KEY) for item in found.values()} == {key_of(number) for number in range(1, 231)}


async def test_removed_items_come_with_their_state(account: Account) -> None:
    made = await filled(account, 3)
    ids = [str(item.id) for item in account.items()]
    account.retire(ids[0], "archive")
    account.retire(ids[1], "delete")
    found = await made.reader.by_ids(ids, [])
    assert [found[one].active for one in ids] == [False, False, True]
    assert found[ids[2]].board == str(account.board_of("Invoices").id)
    assert found[ids[2]].values == {}


# ---- by key


async def test_keys_are_asked_for_once_each_and_compared_without_case(account: Account) -> None:
    made = await filled(account, 3)
    found = await made.reader.by_keys(
        made.layout.items, [key_of(1), key_of(1).lower(), f" {key_of(2)} ", "US001|99999999"]
    )
    assert {key: [item.name for item in items] for key, items in found.items()} == {
        folded(key_of(1)): ["INV-1"], folded(key_of(2)): ["INV-2"],
    }  # fmt: skip


async def test_every_copy_is_found(account: Account) -> None:
    made = await filled(account, 2)
    for _ in range(2):
        account.person("create", board="Invoices", name="copy", values={KEY: key_of(1).lower()})
    found = await made.by_keys(1, 2)
    assert [len(found[folded(key_of(number))]) for number in (1, 2)] == [3, 1]


async def test_copies_beyond_a_page_are_found(account: Account) -> None:
    made = await filled(account, 1)
    for _ in range(600):
        account.person("create", board="Invoices", name="copy", values={KEY: key_of(1)})
    assert len((await made.by_keys(1))[folded(key_of(1))]) == 601


async def test_an_answer_that_ignored_the_filter_is_compared_here(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await filled(account, 520)
    monkeypatch.setattr(Rules, "test", lambda *_: lambda _item: True)
    found = await made.by_keys(1, 519, 9999)
    assert sorted(item.name for items in found.values() for item in items) == ["INV-1", "INV-519"]


async def test_an_archived_item_has_no_key_any_more(account: Account) -> None:
    made = await filled(account, 1)
    account.retire(str(account.items()[0].id), "archive")
    assert await made.by_keys(1) == {}


async def test_the_number_of_keys_per_question_can_be_set(account: Account) -> None:
    made = await filled(account, 9)
    made.reader = Reader(account.api, per_lookup=4)
    assert len(await made.by_keys(*range(1, 10))) == 9
    assert account.calls("query Matching") == 3


# ---- below others


async def test_lines_are_found_by_the_ids_of_their_items(account: Account) -> None:
    made = await filled(account, 3, "board", 2)
    ids = [str(item.id) for item in account.items()]
    assert made.layout.lines is not None
    found = await made.reader.lines(made.layout.lines, [*ids[:2], "4711"])
    assert {parent: [item.text(KEY) for item in items] for parent, items in found.items()} == {
        ids[0]: [line_key(key_of(1), "2-1"), line_key(key_of(1), "1-1")],
        ids[1]: [line_key(key_of(2), "2-1"), line_key(key_of(2), "1-1")],
        "4711": [],
    }


async def test_ids_are_compared_as_numbers_since_texts_would_match_nothing(account: Account) -> None:
    made = await filled(account, 1, "board", 1)
    assert made.layout.lines is not None
    await made.reader.lines(made.layout.lines, [str(account.items()[0].id)])
    (rule,) = account.variables("Matching")[-1]["rules"]["rules"]
    assert rule["compare_value"] == [account.items()[0].id]


async def test_a_line_of_two_documents_stands_below_both(account: Account) -> None:
    made = await filled(account, 2, "board", 1)
    ids = [item.id for item in account.items()]
    (line, *_) = account.items("Invoice lines")
    account.edit(str(line.id), **{LINK: {"item_ids": ids}})
    assert made.layout.lines is not None
    found = await made.reader.lines(made.layout.lines, [str(one) for one in ids])
    assert [str(line.id) in {item.id for item in items} for items in found.values()] == [True, True]


async def test_removed_subitems_are_no_lines(account: Account) -> None:
    made = await filled(account, 1, "subitems", 3)
    (first, *_) = account.items("Subitems of Invoices")
    account.retire(str(first.id), "archive")
    assert made.layout.lines is not None
    (parent,) = [str(item.id) for item in account.items()]
    assert len((await made.reader.lines(made.layout.lines, [parent]))[parent]) == 2


# ---- page by page


async def pages(made: Filled) -> list[str]:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        items, cursor = await made.reader.page(made.layout.items, cursor)
        seen += [item.id for item in items]
        if cursor is None:
            return seen


async def test_all_items_come_page_by_page(account: Account) -> None:
    made = await filled(account, 1203)
    assert sorted(await pages(made)) == [str(item.id) for item in account.items()]
    assert (account.calls("query FirstPage"), account.calls("query NextPage")) == (1, 2)


async def test_a_cursor_that_has_expired_begins_with_the_first_page_again(account: Account) -> None:
    made = await filled(account, 600)
    first, cursor = await made.reader.page(made.layout.items, None)
    await account.pass_time(3601)  # it lives an hour from the first page on
    again, following = await made.reader.page(made.layout.items, cursor)
    assert [item.id for item in again] == [item.id for item in first]
    assert following not in {None, cursor}


async def test_a_search_whose_cursor_expires_on_the_way_shows_everything_once(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await filled(account, 700, "board", 1)
    assert made.layout.lines is not None
    parents = [str(item.id) for item in account.items()]
    account.fault("error", "query NextPage", status=429, code="COMPLEXITY_BUDGET_EXHAUSTED", seconds=30)
    original = account.api.query
    expired: list[Any] = []

    async def query(name: str, *arguments: Any, **more: Any) -> Any:
        if name == "NextPage" and not expired:
            expired.append(account.person("expire-cursors"))
        return await original(name, *arguments, **more)

    monkeypatch.setattr(account.api, "query", query)
    for item in account.items("Invoice lines"):
        account.edit(str(item.id), **{LINK: {"item_ids": [int(parents[0])]}})
    found = await made.reader.lines(made.layout.lines, parents[:1])
    ids = [item.id for item in found[parents[0]]]
    assert expired
    assert len(ids) == len(set(ids)) == 700


# ---- half an answer


@pytest.mark.parametrize(
    "fault",
    [{"code": "UserUnauthorizedException", "status": 403}, {"code": "ColumnValueException", "status": 200}],
)
async def test_a_part_that_was_refused_makes_the_answer_worthless(
    account: Account, fault: dict[str, Any]
) -> None:
    """A look-up that believed it would find nothing, and make everything a second time."""
    made = await filled(account, 3)
    account.fault("partial", "query Matching", value="boards", **fault)
    with pytest.raises(ConnectorError):
        await made.by_keys(1)


async def test_a_part_that_failed_for_the_moment_is_asked_for_again(account: Account) -> None:
    made = await filled(account, 3)
    account.fault("partial", "query Matching", value="boards", code="tooManyRequests", status=400)
    assert len(await made.by_keys(1, 2, 3)) == 3
    assert account.calls("query Matching") == 2


async def test_a_limit_that_lasts_is_told(account: Account) -> None:
    made = await filled(account, 3)
    account.fault("error", "query Matching", status=429, code="MINUTE_RATE_LIMIT_EXCEEDED", seconds=600)
    with pytest.raises(RateLimited) as raised:
        await made.by_keys(1)
    assert raised.value.retry_after == 600


async def test_a_board_that_vanished_is_no_empty_board(account: Account) -> None:
    made = await filled(account, 3)
    account.board_of("Invoices").state = "archived"
    for question in (made.by_keys(1), made.reader.page(made.layout.items, None)):
        with pytest.raises(ContractChanged, match="the board is gone"):
            await question


async def test_a_column_that_vanished_stops_the_flow(account: Account) -> None:
    made = await filled(account, 3)
    account.person("delete-column", board="Invoices", column=KEY)
    with pytest.raises(ContractChanged, match="InvalidColumnIdException"):
        await made.by_keys(1)
