"""Rules, look-ups and cursors of the Monday.com simulator, and what they are silent about."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.monday.people import ME

from .monday_client import BY_VALUES, FIND, NEXT, Desk


async def names(desk: Desk, kind: str, *values: Any, **rule: Any) -> list[str]:
    """Items called after their values, found by one rule."""
    board = desk.board(f"Board {len(desk.state.store.boards)}", it=kind)
    for value in values:
        await desk.create(board, str(value), {"it": value})
    return sorted(await desk.find(board, {"column_id": "it"} | rule))


async def test_texts_match_as_a_whole_and_in_any_case(desk: Desk) -> None:
    values = ("US001|1", "us001|1", "US001|10")
    found = await names(desk, "text", *values, compare_value=["us001|1"])
    assert found == ["US001|1", "us001|1"]
    assert await names(desk, "text", *values, compare_value="US001|10") == ["US001|10"]
    assert await names(desk, "text", *values, compare_value=["us001|1"], operator="not_any_of") == [
        "US001|10"
    ]
    assert await names(desk, "text", *values, compare_value=["|10"], operator="contains_text") == ["US001|10"]
    assert len(await names(desk, "text", *values, compare_value=["us0"], operator="starts_with")) == 3


async def test_status_is_found_by_label_id_only(desk: Desk) -> None:
    values: tuple[dict[str, str], ...] = ({"label": "Done"}, {"label": "Stuck"}, {})
    assert await names(desk, "status", *values, compare_value=[1, 2]) == [str(value) for value in values[:2]]
    assert await names(desk, "status", *values, compare_value=["Done"]) == []
    assert await names(desk, "status", *values, compare_value=["1"]) == []
    assert len(await names(desk, "status", *values, compare_value=["stu"], operator="contains_text")) == 1
    assert await names(desk, "status", *values, compare_value=["x"], operator="not_contains_text") == []
    assert await names(desk, "status", *values, compare_value=["D"], operator="starts_with") == []


async def test_links_are_found_by_numbers_only(desk: Desk) -> None:
    suppliers, board = desk.board("Suppliers"), desk.board()
    desk.column(board, "supplier", "board_relation", {"boardIds": [suppliers.id]})
    acme = await desk.item(suppliers, "ACME")
    await desk.create(board, "linked", {"supplier": {"item_ids": [acme.id]}})
    rule = {"column_id": "supplier"}
    assert await desk.find(board, rule | {"compare_value": [acme.id]}) == ["linked"]
    assert await desk.find(board, rule | {"compare_value": [str(acme.id)]}) == []
    assert await desk.find(board, rule | {"compare_value": ["acm"], "operator": "contains_text"}) == [
        "linked"
    ]


async def test_dates_amounts_and_people(desk: Desk) -> None:
    days = ("2026-11-19", "2026-11-20", "2026-11-21")
    assert await names(desk, "date", *days, compare_value=["EXACT", days[1]]) == [days[1]]
    assert await names(desk, "date", *days, compare_value=list(days[:2]), operator="between") == list(
        days[:2]
    )
    after = {"compare_value": ["EXACT", days[1]], "operator": "greater_than"}
    assert await names(desk, "date", *days, **after) == [days[2]]
    amounts = ("9.50", "10", "100")
    assert await names(desk, "numbers", *amounts, compare_value=["9.5", 10]) == ["10", "9.50"]
    assert await names(desk, "numbers", *amounts, compare_value=[10], operator="greater_than") == ["100"]
    me = {"personsAndTeams": [{"id": ME.id, "kind": "person"}]}
    assert len(await names(desk, "people", me, compare_value=[f"person-{ME.id}"])) == 1
    assert len(await names(desk, "people", me, compare_value=["assigned_to_me"])) == 1
    assert await names(desk, "people", me, compare_value=[ME.id]) == []


@pytest.mark.parametrize("kind", ["text", "numbers", "status", "date", "checkbox", "link"])
async def test_emptiness_takes_an_empty_list(desk: Desk, kind: str) -> None:
    values = {
        "text": "x",
        "numbers": "0",
        "status": {"index": 1},
        "date": "2026-11-20",
        "checkbox": {"checked": "true"},
    }
    filled = values.get(kind, {"url": "https://x.io"})
    board = desk.board(it=kind)
    await desk.create(board, "filled", {"it": filled})
    await desk.create(board, "empty")
    rule = {"column_id": "it", "compare_value": []}
    assert await desk.find(board, rule | {"operator": "is_empty"}) == ["empty"]
    assert await desk.find(board, rule | {"operator": "is_not_empty"}) == ["filled"]
    refused = await desk.refusal(board, column_id="it", compare_value=None, operator="is_empty")
    assert "problems" in refused.errors[0]["extensions"], "null is no compare_value"


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("numbers", {"operator": "between", "compare_value": [1, 2]}),
        ("text", {"operator": "ends_with", "compare_value": ["x"]}),
        ("formula", {"compare_value": ["x"]}),
        ("mirror", {"compare_value": ["x"]}),
        ("text", {"operator": "greater_than", "compare_value": ["x"]}),
        ("date", {"compare_value": ["2026-11-20"]}),
        ("numbers", {"operator": "greater_than", "compare_value": ["x"]}),
    ],
)
async def test_rules_that_are_refused(desk: Desk, kind: str, rule: dict[str, Any]) -> None:
    board = desk.board(it=kind)
    assert (await desk.refusal(board, column_id="it", **rule)).code == "InvalidArgumentException"
    assert (await desk.refusal(board, column_id="none", **rule)).code == "InvalidColumnIdException"


async def test_rules_are_joined_and_nested_and_sorted(desk: Desk) -> None:
    board = desk.board(unit="text", amount="numbers", seen="last_updated")
    for number, unit in enumerate(("US001", "US002", "US001")):
        await desk.create(board, f"{unit}-{number}", {"unit": unit, "amount": str(10 * number)})
    us001 = {"column_id": "unit", "compare_value": ["US001"]}
    much = {"column_id": "amount", "compare_value": [5], "operator": "greater_than"}
    assert await desk.find(board, us001, much) == ["US001-2"]
    assert len(await desk.find(board, us001, much, operator="or")) == 3
    assert await desk.find(board, much, groups=[{"rules": [us001]}]) == ["US001-2"]
    order = [{"column_id": "amount", "direction": "desc"}]
    assert await desk.find(board, order_by=order) == ["US001-2", "US002-1", "US001-0"]
    assert await desk.find(board, order_by=[{"column_id": "name"}]) == ["US001-0", "US001-2", "US002-1"]
    today = {"column_id": "seen", "compare_value": ["TODAY"], "compare_attribute": "UPDATED_AT"}
    desk.state.switches.change({"time_zone": "UTC"})
    assert len(await desk.find(board, today)) == 3
    ids = [next(iter(board.items))]
    assert await desk.find(board, ids=ids) == ["US001-0"]
    too_many = await desk.ask(FIND, {"b": [board.id], "q": {"ids": list(range(101))}})
    assert too_many.code == "InvalidArgumentException"


async def test_look_up_by_column_values(desk: Desk) -> None:
    board = desk.board(ps_key="text", unit="text", state="status", day="date", rate="formula")
    for number in (1, 2, 3):
        values = {
            "ps_key": f"K{number}",
            "unit": f"US00{number % 2}",
            "state": {"index": 1},
            "day": f"2026-11-0{number}",
        }
        await desk.create(board, f"Item {number}", values)
    assert sorted(await desk.by_values(board, ps_key=["k1", "K3", "none"])) == ["Item 1", "Item 3"]
    assert await desk.by_values(board, ps_key=["K1", "K2"], unit=["us000"]) == ["Item 2"]
    assert len(await desk.by_values(board, state=["Done"])) == 3
    assert await desk.by_values(board, day=["2026-11-02"]) == ["Item 2"]
    for column_id, code in (("rate", "InvalidArgumentException"), ("none", "InvalidColumnIdException")):
        given = {"b": board.id, "c": [{"column_id": column_id, "column_values": ["x"]}]}
        assert (await desk.ask(BY_VALUES, given)).code == code
    assert (await desk.ask(BY_VALUES, {"b": 1, "c": []})).code == "InvalidBoardIdException"


async def test_the_look_up_follows_every_change(desk: Desk) -> None:
    board = desk.board(ps_key="text")
    item = await desk.item(board, "A", ps_key="K1")
    assert await desk.by_values(board, ps_key=["K1"]) == ["A"]
    await desk.create(board, "B", {"ps_key": "K1"})
    assert len(await desk.by_values(board, ps_key=["K1"])) == 2
    await desk.change(item, {"ps_key": "K2"})
    assert await desk.by_values(board, ps_key=["K1"]) == ["B"]
    assert await desk.by_values(board, ps_key=["K2"]) == ["A"]
    desk.state.store.retire(item, "archived")
    assert await desk.by_values(board, ps_key=["K2"]) == []


async def test_a_search_may_lag_where_reading_does_not(desk: Desk) -> None:
    desk.state.switches.change({"search_lag_seconds": 30.0})
    board = desk.board(ps_key="text")
    item = await desk.item(board, "A", ps_key="K1")
    rule = {"column_id": "ps_key", "compare_value": ["K1"]}
    assert await desk.find(board) == ["A"]
    assert (await desk.cells(item))["ps_key"]["text"] == "K1"
    assert await desk.find(board, rule) == await desk.by_values(board, ps_key=["K1"]) == []
    desk.state.clock.advance(31)
    assert await desk.find(board, rule) == await desk.by_values(board, ps_key=["K1"]) == ["A"]
    await desk.change(item, {"ps_key": "K2"})
    assert await desk.find(board, rule) == await desk.by_values(board, ps_key=["K1"]) == ["A"]
    assert await desk.by_values(board, ps_key=["K2"]) == []
    desk.state.clock.advance(31)
    assert await desk.find(board, rule) == []
    assert await desk.by_values(board, ps_key=["K2"]) == ["A"]


async def pages(desk: Desk, limit: int = 2) -> tuple[str, list[str]]:
    board = desk.board(ps_key="text")
    for number in range(5):
        await desk.create(board, f"Item {number}", {"ps_key": "K"})
    data = (await desk.ask(FIND, {"b": [board.id], "l": limit})).data
    page = data["boards"][0]["items_page"]
    return page["cursor"], [item["name"] for item in page["items"]]


async def test_pages(desk: Desk) -> None:
    page: dict[str, Any] = {}
    page["cursor"], found = await pages(desk)
    while page["cursor"] is not None:
        page = (await desk.ask(NEXT, {"c": page["cursor"], "l": 2})).data["next_items_page"]
        assert len(page["items"]) <= 2
        found += [item["name"] for item in page["items"]]
    assert found == [f"Item {number}" for number in (4, 3, 2, 1, 0)]


async def test_a_cursor_lives_60_minutes_from_the_first_page(desk: Desk) -> None:
    cursor, _ = await pages(desk)
    desk.state.clock.advance(50 * 60)
    cursor = (await desk.ask(NEXT, {"c": cursor, "l": 2})).data["next_items_page"]["cursor"]
    desk.state.clock.advance(11 * 60)
    reply = await desk.ask(NEXT, {"c": cursor})
    assert (reply.status, reply.code) == (200, "CursorException")
    assert reply.errors[0]["message"].startswith("CursorExpiredError:")
    assert reply.json["data"] is None, "next_items_page may not be null"
    assert (await desk.ask(NEXT, {"c": "nonsense"})).code == "CursorException"


async def test_what_goes_along_with_a_cursor(desk: Desk) -> None:
    cursor, _ = await pages(desk)
    board = next(iter(desk.state.store.boards.values()))
    query = (
        "query C($b:[ID!],$c:String,$q:ItemsQuery){boards(ids:$b){items_page(cursor:$c,query_params:$q)"
        "{cursor items{id}}}}"
    )
    assert (await desk.ask(query, {"b": [board.id], "c": cursor, "q": {}})).code == "InvalidArgumentException"
    (rest,) = (await desk.ask(query, {"b": [board.id], "c": cursor})).data["boards"]
    assert len(rest["items_page"]["items"]) == 3
    both = "query B($b:ID!,$k:String){items_page_by_column_values(board_id:$b,cursor:$k,columns:[]){cursor}}"
    assert (await desk.ask(both, {"b": board.id, "k": cursor})).code == "InvalidArgumentException"
    for limit in (0, 501):
        assert (await desk.ask(FIND, {"b": [board.id], "l": limit})).code == "InvalidArgumentException"
        assert (await desk.ask(NEXT, {"c": cursor, "l": limit})).code == "InvalidArgumentException"
    assert await desk.control("expire-cursors") == {"ended": 1}
    assert (await desk.ask(NEXT, {"c": cursor})).code == "CursorException"


async def test_counts_and_sums(desk: Desk) -> None:
    board = desk.board(amount="numbers", state="status", note="text")
    for number in range(3):
        await desk.create(board, f"Item {number}", {"amount": "10.25", "state": {"index": number % 2}})
    query = (
        "query Sum($q:AggregateQueryInput!){aggregate(query:$q){results{entries{alias value{"
        "... on AggregateBasicAggregationResult{result} ... on AggregateGroupByResult{value}}}}}}"
    )

    def column(name: str, alias: str = "c") -> dict[str, Any]:
        return {"type": "COLUMN", "column": {"column_id": name}, "as": alias}

    def select(column_id: str) -> list[dict[str, Any]]:
        return [
            {"type": "FUNCTION", "function": {"function": "COUNT_ITEMS"}, "as": "n"},
            {"type": "FUNCTION", "function": {"function": "SUM", "params": [column(column_id)]}, "as": "sum"},
        ]

    async def results(**more: Any) -> Any:
        given = {"from": {"type": "TABLE", "id": board.id}, "select": select("amount")} | more
        data = (await desk.ask(query, {"q": given})).data["aggregate"]["results"]
        return [
            {row["alias"]: next(iter(row["value"].values())) for row in result["entries"]} for result in data
        ]

    assert await results() == [{"n": 3.0, "sum": 30.75}]
    done = {"rules": [{"column_id": "state", "compare_value": [1]}]}
    assert await results(query=done) == [{"n": 1.0, "sum": 10.25}]
    assert await results(query={"rules": [{"column_id": "state", "compare_value": [7]}]}) == [
        {"n": None, "sum": None}
    ]
    grouped = await results(
        group_by=[{"column_id": "state"}], select=[column("state", "state"), *select("amount")]
    )
    assert {row["state"]: row["n"] for row in grouped} == {"Working on it": 2.0, "Done": 1.0}
    wrong = {"from": {"type": "TABLE", "id": board.id}, "select": select("note")}
    assert (await desk.ask(query, {"q": wrong})).code == "InvalidArgumentException"
