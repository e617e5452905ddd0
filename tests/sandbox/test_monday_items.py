"""Items and subitems of the Monday.com simulator, alone and in batches."""

from __future__ import annotations

import json
from typing import Any

from sandbox.monday.people import ME

from .monday_client import CHANGE, Desk

ITEMS = (
    "query Items($i:[ID!],$a:Boolean,$l:Int=25){items(ids:$i,exclude_nonactive:$a,limit:$l)"
    "{id name state creator_id parent_item{id} subitems{id name state} board{id} group{id}}}"
)
SUBITEM = (
    "mutation Sub($p:ID!,$n:String!,$v:JSON){create_subitem(parent_item_id:$p,item_name:$n,column_values:$v)"
    "{id name board{id} parent_item{id}}}"
)


async def read(desk: Desk, *ids: int, **more: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await desk.ask(ITEMS, {"i": list(ids)} | more)).data["items"]
    return rows


async def test_an_item(desk: Desk) -> None:
    board = desk.board(ps_key="text")
    item = await desk.item(board, "INV-1", ps_key="US001|1")
    (row,) = await read(desk, item.id)
    assert row == {
        "id": str(item.id), "name": "INV-1", "state": "active", "creator_id": str(ME.id), "parent_item": None,
        "subitems": [], "board": {"id": str(board.id)}, "group": {"id": "topics"},
    }  # fmt: skip


async def test_names_have_1_to_255_characters(desk: Desk) -> None:
    board = desk.board()
    item = await desk.item(board, "x" * 255)
    for name in ("", "x" * 256):
        assert (await desk.create(board, name)).code == "ItemNameTooLongException"
        assert (await desk.change(item, {"name": name})).code == "ItemNameTooLongException"
    await desk.change(item, {"name": "INV-2"})
    assert item.name == "INV-2"
    await desk.simple(item, "name", "INV-3")
    assert item.name == "INV-3"
    assert len(board.items) == 1


async def test_new_items_stand_on_top_of_their_group(desk: Desk) -> None:
    board = desk.board()
    below = desk.state.store.add_group(board, "Below", place=1)
    for name in ("A", "B"):
        await desk.create(board, name)
    await desk.create(board, "C", g=below.id)
    assert await desk.find(board) == ["B", "A", "C"]
    query = "query G($b:[ID!],$g:[String]){boards(ids:$b){groups(ids:$g){items_page{items{name}}}}}"
    (found,) = (await desk.ask(query, {"b": [board.id], "g": [below.id]})).data["boards"]
    assert found["groups"][0]["items_page"]["items"] == [{"name": "C"}]
    assert (await desk.create(board, "D", g="none")).code == "InvalidGroupIdException"


async def test_a_move_goes_to_the_top(desk: Desk) -> None:
    board = desk.board()
    below = desk.state.store.add_group(board, "Below", place=1)
    item = await desk.item(board, "A")
    await desk.create(board, "B", g=below.id)
    query = "mutation M($i:ID!,$g:String!){move_item_to_group(item_id:$i,group_id:$g){group{title}}}"
    moved = (await desk.ask(query, {"i": item.id, "g": below.id})).data["move_item_to_group"]
    assert moved == {"group": {"title": "Below"}}
    assert await desk.find(board) == ["A", "B"]
    assert (await desk.ask(query, {"i": item.id, "g": "none"})).code == "InvalidGroupIdException"
    assert (await desk.ask(query, {"i": 1, "g": below.id})).code == "InvalidItemIdException"


async def test_subitems_live_on_another_board_with_columns_of_its_own(desk: Desk) -> None:
    board = desk.board(amount="numbers", lines="subtasks")
    parent = await desk.item(board)
    hidden = board.subitem_board
    assert hidden is not None
    assert (await desk.ask(SUBITEM, {"p": parent.id, "n": "Line", "v": '{"amount":"1"}'})).code == (
        "InvalidColumnIdException"
    )
    desk.column(hidden, "quantity", "numbers")
    made = (await desk.ask(SUBITEM, {"p": parent.id, "n": "Line 1", "v": '{"quantity":"2"}'})).data
    line = desk.state.store.items[int(made["create_subitem"]["id"])]
    assert made["create_subitem"]["board"] == {"id": str(hidden.id)}
    await desk.ask(SUBITEM, {"p": parent.id, "n": "Line 2"})
    (row,) = await read(desk, parent.id)
    assert [sub["name"] for sub in row["subitems"]] == ["Line 1", "Line 2"]
    assert await desk.find(board) == ["Item"], "subitems are no items of the parent board"
    cells = await desk.cells(parent, "text value ... on SubtasksValue{display_value subitems_ids}")
    assert cells["lines"]["display_value"] == "Line 1, Line 2"
    assert (cells["lines"]["text"], cells["lines"]["value"]) == (None, None)
    wrong = {"b": board.id, "i": line.id, "v": "{}"}
    assert (await desk.ask(CHANGE, wrong)).code == "InvalidItemIdException"
    assert (await desk.change(line, {"quantity": "3"})).data
    assert (await desk.create(hidden, "x")).code == "InvalidArgumentException"


async def test_archiving_and_deleting_take_subitems_along(desk: Desk) -> None:
    board = desk.board(lines="subtasks")
    first, second = await desk.item(board, "A"), await desk.item(board, "B")
    for parent in (first, second):
        await desk.ask(SUBITEM, {"p": parent.id, "n": "Line"})
    archive = "mutation A($i:ID!){archive_item(item_id:$i){id state}}"
    delete = "mutation D($i:ID!){delete_item(item_id:$i){id state}}"
    assert (await desk.ask(archive, {"i": first.id})).data["archive_item"]["state"] == "archived"
    assert (await desk.ask(delete, {"i": second.id})).data["delete_item"]["state"] == "deleted"
    assert [row["state"] for row in await read(desk, first.id, second.id)] == ["archived", "deleted"]
    assert await read(desk, first.id, second.id, a=True) == []
    assert await desk.find(board) == []
    line_ids = [first.subitems[0].id, second.subitems[0].id]
    assert [row["state"] for row in await read(desk, *line_ids)] == ["archived", "deleted"]
    for item in (first, second):
        assert (await desk.ask(archive, {"i": item.id})).code == "InvalidItemIdException"
        assert (await desk.change(item, {})).code == "InvalidItemIdException"
    assert (await desk.ask(delete, {"i": first.id})).data, "an archived item can still be deleted"
    assert first.subitems[0].state == "deleted"
    assert (await desk.ask(delete, {"i": first.id})).code == "InvalidItemIdException"


async def test_items_by_id_are_cut_silently_at_the_limit(desk: Desk) -> None:
    board = desk.board()
    ids = [desk.state.store.create_item(board, f"Item {number}").id for number in range(101)]
    assert len(await read(desk, *ids[:100])) == 25
    assert len(await read(desk, *ids[:100], l=100)) == 100
    for given in ({"i": ids}, {"i": ids[:1], "l": 101}, {"i": None}):
        assert (await desk.ask(ITEMS, given)).code == "InvalidArgumentException"
    assert await read(desk, 1) == []


async def test_a_batch_runs_in_order_and_is_not_atomic(desk: Desk) -> None:
    board = desk.board(ps_key="text")
    query = """
        mutation Batch($b: ID!, $v0: JSON, $v1: JSON, $v2: JSON) {
          complexity { before query after }
          c0: create_item(board_id: $b, item_name: "A", column_values: $v0) { id }
          c1: create_item(board_id: $b, item_name: "B", column_values: $v1) { id }
          c2: create_item(board_id: $b, item_name: "C", column_values: $v2) { id }
        }
    """
    values = {"v0": json.dumps({"ps_key": "a"}), "v1": json.dumps({"none": "b"}), "v2": None}
    reply = await desk.ask(query, {"b": board.id} | values)
    assert reply.status == 200
    assert reply.code == "InvalidColumnIdException"
    assert reply.errors[0]["path"] == ["c1"]
    data = reply.json["data"]
    assert list(data) == ["complexity", "c0", "c1", "c2"]
    assert data["c1"] is None
    assert int(data["c0"]["id"]) < int(data["c2"]["id"])
    assert data["complexity"]["query"] == 30_001
    assert data["complexity"]["before"] - data["complexity"]["after"] == 30_001
    assert await desk.find(board) == ["C", "A"]


async def test_a_full_board(desk: Desk) -> None:
    desk.state.switches.change({"items_limit": 1})
    board = desk.board()
    item = await desk.item(board)
    assert (await desk.create(board)).code == "ItemsLimitationException"
    count = "query C($b:[ID!]){boards(ids:$b){items_count items_limit}}"
    assert (await desk.ask(count, {"b": [board.id]})).data["boards"] == [{"items_count": 1, "items_limit": 1}]
    desk.state.store.retire(item, "archived")
    assert (await desk.create(board)).data


async def test_updates_are_comments(desk: Desk) -> None:
    item = await desk.item(desk.board())
    query = "mutation U($i:ID!,$t:String!){create_update(item_id:$i,body:$t){id body item_id}}"
    made = (await desk.ask(query, {"i": item.id, "t": "On hold"})).data["create_update"]
    assert made == {"id": made["id"], "body": "On hold", "item_id": str(item.id)}
    assert (await desk.ask(query, {"i": item.id, "t": " "})).code == "InvalidArgumentException"
    assert (await desk.ask(query, {"i": 1, "t": "x"})).code == "InvalidItemIdException"


async def test_many_archived_in_one_job(desk: Desk) -> None:
    desk.state.switches.change({"ingest_seconds": 10.0})
    board, other = desk.board(), desk.board("Other")
    items = [await desk.item(board), await desk.item(board), await desk.item(other)]
    start = "mutation B($b:ID!,$i:[ID!]!){bulk_archive_items(board_id:$b,item_ids:$i){job_id}}"
    look = "query J($j:ID!){job_status(job_id:$j){status error result{total succeeded failed details}}}"
    job = (await desk.ask(start, {"b": board.id, "i": [item.id for item in items]})).data[
        "bulk_archive_items"
    ]
    assert (await desk.ask(look, {"j": job["job_id"]})).data["job_status"]["status"] == "RUNNING"
    desk.state.clock.advance(11)
    done = (await desk.ask(look, {"j": job["job_id"]})).data["job_status"]
    assert done["status"] == "COMPLETED"
    assert done["result"] == {
        "total": 3, "succeeded": 2, "failed": 1, "details": {"failed_item_ids": [str(items[2].id)]}
    }  # fmt: skip
    assert [item.state for item in items] == ["archived", "archived", "active"]
