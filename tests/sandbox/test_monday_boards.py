"""Boards, groups, columns and labels of the Monday.com simulator."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.monday.labels import COLOUR_NAMES
from sandbox.monday.model import Board

from .monday_client import Desk, Reply

BOARD = (
    "mutation Board($n:String!,$e:Boolean,$w:ID){create_board(board_name:$n,board_kind:private,empty:$e,"
    "workspace_id:$w){id name groups{id title} columns{id type} items_page{items{name}}}}"
)
GROUP = (
    "mutation Group($b:ID!,$n:String!,$m:PositionRelative,$r:String){create_group(board_id:$b,group_name:$n,"
    "position_relative_method:$m,relative_to:$r){id title position}}"
)
COLUMN = (
    "mutation Column($b:ID!,$t:String!,$k:ColumnType!,$i:String,$d:JSON,$a:ID){create_column(board_id:$b,"
    "title:$t,column_type:$k,id:$i,defaults:$d,after_column_id:$a){id title type settings revision}}"
)
STATUS = (
    "mutation Status($b:ID!,$d:CreateStatusColumnSettingsInput){create_status_column(board_id:$b,"
    'title:"State",id:"state",defaults:$d){id settings revision}}'
)
DROPDOWN = (
    "mutation Dropdown($b:ID!,$d:CreateDropdownColumnSettingsInput){create_dropdown_column(board_id:$b,"
    'title:"Kind",id:"kind",defaults:$d){id settings revision}}'
)
UPDATE = (
    "mutation Update($b:ID!,$i:String!,$r:String!,$s:Update%sColumnSettingsInput){update_%s_column("
    "board_id:$b,id:$i,revision:$r,settings:$s){revision settings}}"
)
READ = "query Read($b:[ID!]){boards(ids:$b){groups{title position}}}"


async def column(desk: Desk, board: Board, kind: str = "text", **more: Any) -> Reply:
    given = {"b": board.id, "t": "Title", "k": kind} | more
    return await desk.ask(COLUMN, given)


async def test_a_board_begins_empty_or_as_usual(desk: Desk) -> None:
    assert (await desk.ask("{boards{id} workspaces{id name}}")).data == {
        "boards": [],
        "workspaces": [{"id": "6500001", "name": "Main workspace"}],
    }
    empty = (await desk.ask(BOARD, {"n": "Invoices", "e": True})).data["create_board"]
    assert empty["columns"] == [{"id": "name", "type": "name"}]
    assert [group["id"] for group in empty["groups"]] == ["topics"]
    assert int(empty["id"]) > 2**31
    usual = (await desk.ask(BOARD, {"n": "Other"})).data["create_board"]
    assert [row["id"] for row in usual["columns"]] == ["name", "person", "status", "date4"]
    assert [item["name"] for item in usual["items_page"]["items"]] == ["Item 1", "Item 2", "Item 3"]
    assert (await desk.ask(BOARD, {"n": "x", "w": "1"})).code == "InvalidArgumentException"


async def test_boards_are_listed_in_pages(desk: Desk) -> None:
    for number in range(30):
        desk.board(f"Board {number}")
    query = "query B($p:Int){boards(page:$p){name} all: boards(limit:100){id}}"
    data = (await desk.ask(query, {"p": 2})).data
    assert [row["name"] for row in data["boards"]] == [f"Board {number}" for number in range(25, 30)]
    assert len(data["all"]) == 30


async def test_new_groups_stand_on_top(desk: Desk) -> None:
    board = desk.board()
    group_ids = {}
    for title, more in (("A", {}), ("B", {}), ("C", {"m": "before_at"}), ("D", {"m": "after_at"})):
        group_ids[title] = (await desk.ask(GROUP, {"b": board.id, "n": title} | more)).data["create_group"][
            "id"
        ]
    await desk.ask(GROUP, {"b": board.id, "n": "E", "m": "after_at", "r": group_ids["A"]})
    await desk.ask(GROUP, {"b": board.id, "n": "F", "m": "before_at", "r": group_ids["A"]})
    groups = (await desk.ask(READ, {"b": [board.id]})).data["boards"][0]["groups"]
    assert [group["title"] for group in groups] == ["D", "B", "F", "A", "E", "Group Title", "C"]
    assert [float(group["position"]) for group in groups] == sorted(
        float(group["position"]) for group in groups
    )
    item = (await desk.create(board)).data["create_item"]
    assert item["group"]["id"] == group_ids["D"], "an item without a group lands in the top one"
    assert (await desk.ask(GROUP, {"b": board.id, "n": "G", "r": "none"})).code == "InvalidGroupIdException"
    assert (await desk.ask(GROUP, {"b": 1, "n": "G"})).code == "InvalidBoardIdException"


async def test_column_ids(desk: Desk) -> None:
    board = desk.board()
    made = (await column(desk, board, i="ps_key")).data["create_column"]
    assert (made["id"], made["title"], made["settings"]) == ("ps_key", "Title", {})
    by_itself = (await column(desk, board, "numbers")).data["create_column"]["id"]
    assert by_itself.startswith("numeric_")
    for wrong in ("PS_KEY", "1key", "ps key", "a" * 25, "ps_key", "name"):
        assert (await column(desk, board, i=wrong)).code == "InvalidArgumentException", wrong
    await column(desk, board, i="behind", a="name")
    assert list(board.columns) == ["name", "behind", "ps_key", by_itself]


async def test_the_id_of_a_deleted_column_stays_reserved(desk: Desk) -> None:
    board = desk.board(ps_key="text")
    item = await desk.item(board, ps_key="a")
    query = "mutation D($b:ID!,$c:String!){delete_column(board_id:$b,column_id:$c){id}}"
    assert (await desk.ask(query, {"b": board.id, "c": "ps_key"})).data == {"delete_column": None}
    assert (await desk.ask(query, {"b": board.id, "c": "ps_key"})).code == "InvalidColumnIdException"
    assert (await desk.ask(query, {"b": board.id, "c": "name"})).code == "InvalidArgumentException"
    assert await desk.cells(item) == {}
    assert (await column(desk, board, i="ps_key")).code == "InvalidArgumentException"


async def test_defaults_are_json_in_a_string_and_known_ones(desk: Desk) -> None:
    board, other = desk.board(), desk.board("Suppliers")
    unit = {"unit": {"symbol": "$", "direction": "left", "precision": 2}}
    made = (await column(desk, board, "numbers", d=json.dumps(unit))).data["create_column"]
    assert made["settings"] == unit
    link = {"boardIds": [other.id], "allowMultipleItems": False}
    made = (await column(desk, board, "board_relation", d=json.dumps(link))).data["create_column"]
    assert made["settings"]["boardIds"] == [other.id]
    for kind, wrong in (("numbers", {"settings": unit}), ("text", unit), ("status", {"labels": ["A"]})):
        assert (await column(desk, board, kind, d=json.dumps(wrong))).code == "InvalidArgumentException"
    missing = json.dumps({"boardIds": [1]})
    assert (await column(desk, board, "board_relation", d=missing)).code == "InvalidBoardIdException"
    assert (await column(desk, board, "dependency")).code == "InvalidArgumentException"


def label(text: str, color: str, index: int = 0, **more: Any) -> dict[str, Any]:
    return {"label": text, "color": color, "index": index} | more


async def test_a_status_label_has_the_id_of_its_colour(desk: Desk) -> None:
    board = desk.board()
    labels = [label("Paid", "done_green", 1, is_done=True), label("Open", "sunset", 0)]
    made = (await desk.ask(STATUS, {"b": board.id, "d": {"labels": labels}})).data["create_status_column"]
    assert made["settings"]["labels"] == [
        {"id": 101, "color": 101, "label": "Open", "index": 0, "is_done": False, "is_deactivated": False},
        {"id": 1, "color": 1, "label": "Paid", "index": 1, "is_done": True, "is_deactivated": False},
    ]
    usual = (await column(desk, board, "status")).data["create_column"]["settings"]["labels"]
    assert [(row["id"], row["label"]) for row in usual] == [(0, "Working on it"), (1, "Done"), (2, "Stuck")]


@pytest.mark.parametrize(
    "labels",
    [
        [label("A", "sky"), label("B", "sky")],
        [label("A", "sky"), label("A", "tan")],
        [label("x" * 31, "sky")],
        [label(" ", "sky")],
    ],
)
async def test_labels_that_no_status_has(desk: Desk, labels: list[Any]) -> None:
    reply = await desk.ask(STATUS, {"b": desk.board().id, "d": {"labels": labels}})
    assert reply.code == "InvalidArgumentException"


async def test_forty_status_labels_are_all(desk: Desk) -> None:
    board = desk.board()
    labels = [label(f"Label {number}", color, number) for number, color in enumerate(COLOUR_NAMES)]
    assert len((await desk.ask(STATUS, {"b": board.id, "d": {"labels": labels}})).data) == 1
    reply = await desk.create(board, values={"state": {"label": "One more"}}, labels=True)
    assert reply.code == "ColumnValueException"
    assert "40" in reply.errors[0]["message"]


async def _update(desk: Desk, board: Board, kind: str, revision: str, labels: list[Any]) -> Reply:
    query = UPDATE % (kind.title(), kind)
    column_id = "state" if kind == "status" else "kind"
    return await desk.ask(query, {"b": board.id, "i": column_id, "r": revision, "s": {"labels": labels}})


async def test_an_update_needs_the_current_revision(desk: Desk) -> None:
    board = desk.board()
    labels = [label("Open", "sky")]
    first = (await desk.ask(STATUS, {"b": board.id, "d": {"labels": labels}})).data["create_status_column"]
    more = [label("Opened", "sky", id=158), label("Paid", "done_green", 1)]
    second = (await _update(desk, board, "status", first["revision"], more)).data["update_status_column"]
    assert [(row["id"], row["label"]) for row in second["settings"]["labels"]] == [
        (158, "Opened"),
        (1, "Paid"),
    ]
    assert (await _update(desk, board, "status", first["revision"], more)).code == "InvalidArgumentException"
    await desk.create(board, values={"state": {"label": "Late"}}, labels=True)
    stale = await _update(desk, board, "status", second["revision"], more)
    assert stale.code == "InvalidArgumentException", "a label that a write brings moves the revision as well"


async def test_dropdown_labels_count_up_and_go_one_by_one(desk: Desk) -> None:
    board = desk.board()
    given = {"labels": [{"label": "A"}, {"label": "B"}, {"label": "C"}]}
    made = (await desk.ask(DROPDOWN, {"b": board.id, "d": given})).data["create_dropdown_column"]
    present = made["settings"]["labels"]
    assert [row["id"] for row in present] == [1, 2, 3]
    revision = made["revision"]
    kept = [{"id": row["id"], "label": row["label"]} for row in present]
    for wrong in (kept[:1], [*kept[:2], {"label": "D"}], [{"id": 9, "label": "X"}]):
        assert (await _update(desk, board, "dropdown", revision, wrong)).code == "InvalidArgumentException"
    made = (await _update(desk, board, "dropdown", revision, kept[:2])).data["update_dropdown_column"]
    added = [*kept[:2], {"label": "D"}]
    made = (await _update(desk, board, "dropdown", made["revision"], added)).data["update_dropdown_column"]
    assert [(row["id"], row["label"]) for row in made["settings"]["labels"]] == [(1, "A"), (2, "B"), (4, "D")]
    off = [{"id": 1, "label": "A", "is_deactivated": True}, *kept[1:2], {"id": 4, "label": "D"}]
    await _update(desk, board, "dropdown", made["revision"], off)
    assert (await desk.create(board, values={"kind": {"labels": ["A"]}})).code == "ColumnValueException"


async def test_subitems_need_their_column_first(desk: Desk) -> None:
    board = desk.board()
    parent = await desk.item(board)
    create = (
        'mutation S($p:ID!){create_subitem(parent_item_id:$p,item_name:"Line 1"){id board{id columns{id}}}}'
    )
    assert (await desk.ask(create, {"p": parent.id})).code == "InvalidArgumentException"
    settings = (await column(desk, board, "subtasks")).data["create_column"]["settings"]
    made = (await desk.ask(create, {"p": parent.id})).data["create_subitem"]
    assert made["board"]["id"] == str(settings["boardIds"][0]) != str(board.id)
    assert [row["id"] for row in made["board"]["columns"]] == ["name", "person", "status", "date0"]
    assert (await column(desk, board, "subtasks")).code == "InvalidArgumentException"
    listed = (await desk.ask("{boards{name type}}")).data["boards"]
    assert listed[1] == {"name": "Subitems of Invoices", "type": "sub_items_board"}


async def test_boards_per_minute(desk: Desk) -> None:
    desk.state.switches.change({"boards_per_minute": 2})
    for _ in range(2):
        assert (await desk.ask(BOARD, {"n": "x"})).status == 200
    reply = await desk.ask(BOARD, {"n": "x"})
    assert reply.status == 429
    assert reply.errors[0]["message"] == "Call limit exceeded for CreateBoard"
    assert int(reply.headers["Retry-After"]) <= 60
    desk.state.clock.advance(61)
    assert (await desk.ask(BOARD, {"n": "x"})).status == 200
