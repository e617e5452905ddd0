"""The control endpoint's view of Monday.com, and Monday.com in the sandbox as a program."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from sandbox import credentials
from sandbox.server import Sandbox

from .clients import request
from .monday_client import Desk

ROOT = Path(__file__).resolve().parents[2]


async def control(desk: Desk, method: str, path: str, body: Any = None) -> Any:
    answer = await request(desk.http, method, desk.sandbox.control_url + path, body)
    assert answer.status == 200, answer.body
    return answer.json


async def test_what_a_team_does_by_hand(desk: Desk) -> None:
    board = desk.board(ps_key="text", amount="numbers", state="status", lines="subtasks")
    item = await desk.item(board, "INV-1", ps_key="K1", amount="5", state={"index": 1})
    sub = 'mutation S($p:ID!){create_subitem(parent_item_id:$p,item_name:"Line 1"){id}}'
    await desk.ask(sub, {"p": item.id})
    assert (await desk.control("edit", board="Invoices", key="K1", values={"amount": "6"}))["id"] == str(
        item.id
    )
    await desk.control("edit", item=str(item.id), values={"state": {"label": "Ask Ann"}})
    await desk.control("rename", item=item.id, name="INV-1 (checked)")
    column = await desk.control("add-column", board=board.id, title="Remark", id="remark")
    assert column == {"id": "remark", "title": "Remark", "type": "text", "settings": {}}
    made = await desk.control(
        "create", board="Invoices", name="Copy", values={"ps_key": "K1", "remark": "mine"}
    )
    desk.state.store.add_group(board, "Disputes", place=1)
    moved = await desk.control("move", item=made["id"], group="Disputes")
    assert moved["group"] == "Disputes"
    shown = await desk.control("board", board="Invoices")
    assert [row["title"] for row in shown["columns"]] == [
        "Name",
        "Ps_Key",
        "Amount",
        "State",
        "Lines",
        "Remark",
    ]
    assert [(row["title"], row["items"]) for row in shown["groups"]] == [("Group Title", 1), ("Disputes", 1)]
    assert shown["items"][0] | {"subitems": []} == {
        "id": str(item.id),
        "name": "INV-1 (checked)",
        "state": "active",
        "group": "Group Title",
        "subitems": [],
        "values": {"ps_key": "K1", "amount": "6", "state": "Ask Ann", "lines": "Line 1", "remark": ""},
    }
    assert [row["name"] for row in shown["items"][0]["subitems"]] == ["Line 1"]
    state = await control(desk, "GET", "/state")
    assert state["monday"]["duplicates"] == [{"board": "Invoices", "key": "K1", "items": 2}]
    assert (await desk.control("archive", item=made["id"]))["state"] == "archived"
    assert (await desk.control("delete", item=item.id))["state"] == "deleted"
    assert (await desk.control("board", board=str(board.id)))["items"] == []
    assert len((await desk.control("board", board="Invoices", state="all"))["items"]) == 2
    assert await desk.control("delete-column", board="Invoices", column="remark") == {"deleted": True}
    boards = await desk.control("boards")
    assert [(row["name"], row["hidden"]) for row in boards] == [
        ("Invoices", False),
        ("Subitems of Invoices", True),
    ]


async def test_wrong_requests_say_so(desk: Desk) -> None:
    board = desk.board(ps_key="text")
    for operation, body in (
        ("board", {"board": "None"}),
        ("edit", {"item": 1, "values": {}}),
        ("edit", {"board": board.id, "key": "K1", "values": {}}),
        ("create", {"board": board.id, "name": "x", "values": {"none": "x"}}),
        ("move", {"item": 1, "group": "x"}),
        ("nothing", {}),
    ):
        assert "error" in await desk.control(operation, 400, **body)


async def test_state_holds_no_secret_and_reset_begins_anew(desk: Desk, sandbox: Sandbox) -> None:
    board = desk.board(ps_key="text")
    await desk.create(board)
    await desk.ask("query Me{me{id}}", Authorization="wrong")
    state = await control(desk, "GET", "/state")
    assert state["monday"] == {
        "boards": 1,
        "items": 1,
        "subitems": 0,
        "archived": 0,
        "deleted": 0,
        "updates": 0,
        "imports": 0,
        "duplicates": [],
        "calls_today": 1,
        "refused": {},
        "max_in_flight": 1,
        "replayed": 0,
        "tokens_refreshed": 0,
    }
    assert state["calls"]["per_operation"]["monday mutation Create"] == 1
    assert state["calls"]["per_status"] == {"monday 200": 1, "monday 401": 1}
    calls = await control(desk, "GET", "/calls")
    assert credentials.MONDAY_TOKEN not in json.dumps([state, calls])
    await control(desk, "POST", "/switches", {"monday": {"plan": "pro"}})
    await control(desk, "POST", "/reset")
    assert sandbox.monday.switches.plan == "standard"
    assert (await control(desk, "GET", "/state"))["monday"]["boards"] == 0


async def test_monday_in_the_program(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox",
        "--vouchers",
        "10",
        "--ready-file",
        str(ready),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        addresses = json.loads(await process.stdout.readline())
        import aiohttp

        async with aiohttp.ClientSession() as http:
            headers = {"Authorization": f"Bearer {credentials.MONDAY_TOKEN}"}
            answer = await request(
                http, "POST", f"{addresses['monday_url']}/v2", {"query": "{me{name}}"}, headers=headers
            )
            assert answer.json["data"]["me"]["name"]
    finally:
        process.terminate()
        await process.wait()
