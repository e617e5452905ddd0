"""A small client of the Monday.com simulator, and a board to work on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec
from multidict import CIMultiDict

from sandbox import credentials
from sandbox.monday.model import Board, Item
from sandbox.server import Sandbox

from .clients import Answer, request

CREATE = (
    "mutation Create($b:ID!,$n:String!,$g:String,$v:JSON,$l:Boolean){create_item(board_id:$b,group_id:$g,"
    "item_name:$n,column_values:$v,create_labels_if_missing:$l){id name group{id}}}"
)
CHANGE = (
    "mutation Change($b:ID!,$i:ID!,$v:JSON!,$l:Boolean){change_multiple_column_values(board_id:$b,item_id:$i,"
    "column_values:$v,create_labels_if_missing:$l){id}}"
)
SIMPLE = (
    "mutation Simple($b:ID!,$i:ID!,$c:String!,$v:String){change_simple_column_value(board_id:$b,item_id:$i,"
    "column_id:$c,value:$v){id}}"
)
ONE = (
    "mutation One($b:ID!,$i:ID!,$c:String!,$v:JSON!){change_column_value(board_id:$b,item_id:$i,"
    "column_id:$c,value:$v){id}}"
)
FIND = (
    "query Find($b:[ID!],$q:ItemsQuery,$l:Int=25){boards(ids:$b){items_page(limit:$l,query_params:$q)"
    "{cursor items{id name}}}}"
)
BY_VALUES = (
    "query ByValues($b:ID!,$c:[ItemsPageByColumnValuesQuery!],$l:Int=25){items_page_by_column_values("
    "board_id:$b,columns:$c,limit:$l){cursor items{id name}}}"
)
NEXT = "query Next($c:String!,$l:Int=25){next_items_page(cursor:$c,limit:$l){cursor items{id name}}}"


@dataclass
class Reply(Answer):
    """An answer of GraphQL."""

    @property
    def data(self) -> Any:
        assert self.status == 200, self.body
        assert "errors" not in self.json, self.body
        return self.json["data"]

    @property
    def errors(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json["errors"]
        return found

    @property
    def code(self) -> str | None:
        """The code of the only error."""
        (error,) = self.errors
        code: str | None = error["extensions"].get("code")
        return code


class Desk:
    """Calls the API and the control endpoint of one sandbox."""

    def __init__(self, http: aiohttp.ClientSession, sandbox: Sandbox) -> None:
        self.http, self.sandbox = http, sandbox
        self.state = sandbox.monday
        self.headers = {"Authorization": credentials.MONDAY_TOKEN, "API-Version": "2026-10"}

    async def post(self, body: Any, **headers: str) -> Reply:
        given = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await request(self.http, "POST", f"{self.sandbox.monday_url}/v2", body, headers=given)
        return Reply(answer.status, CIMultiDict(answer.headers), answer.body)

    async def ask(self, query: str, variables: dict[str, Any] | None = None, **headers: str) -> Reply:
        return await self.post({"query": query, "variables": variables or {}}, **headers)

    async def control(self, operation: str, expected: int = 200, /, **body: Any) -> Any:
        url = f"{self.sandbox.control_url}/monday/{operation}"
        answer = await request(self.http, "POST", url, body)
        assert answer.status == expected, answer.body
        return msgspec.json.decode(answer.body)

    def board(self, name: str = "Invoices", **columns: str) -> Board:
        """A board made behind the API's back: column ids and types."""
        store = self.state.store
        board = store.create_board(name, "private")
        for column_id, kind in columns.items():
            self.column(board, column_id, kind)
        return board

    def column(self, board: Board, column_id: str, kind: str, defaults: Any = None) -> None:
        from sandbox.monday.boards import create_column
        from sandbox.monday.context import Call

        args = {"board_id": board.id, "title": column_id.title(), "column_type": kind, "id": column_id}
        create_column(None, args | {"defaults": defaults}, Call(self.state, "", ""))

    async def create(
        self, board: Board, name: str = "Item", values: Any = None, *, labels: bool = False, **more: Any
    ) -> Reply:
        text = None if values is None else json.dumps(values)
        return await self.ask(CREATE, {"b": board.id, "n": name, "v": text, "l": labels} | more)

    async def item(self, board: Board, name: str = "Item", **values: Any) -> Item:
        reply = await self.create(board, name, values)
        return self.state.store.items[int(reply.data["create_item"]["id"])]

    async def change(self, item: Item, values: Any, *, labels: bool = False) -> Reply:
        given = {"b": item.board.id, "i": item.id, "v": json.dumps(values), "l": labels}
        return await self.ask(CHANGE, given)

    async def simple(self, item: Item, column: str, value: str | None) -> Reply:
        return await self.ask(SIMPLE, {"b": item.board.id, "i": item.id, "c": column, "v": value})

    async def cells(self, item: Item, fields: str = "text value") -> dict[str, Any]:
        """The cells of an item, as the API shows them, by column id."""
        query = "query Cells($i:[ID!]){items(ids:$i){column_values{id %s}}}" % fields  # noqa: UP031
        (found,) = (await self.ask(query, {"i": [item.id]})).data["items"]
        return {cell.pop("id"): cell for cell in found["column_values"]}

    async def find(self, board: Board, *rules: dict[str, Any], **query: Any) -> list[str]:
        """Names of the items that rules find."""
        reply = await self.ask(FIND, {"b": [board.id], "q": {"rules": list(rules)} | query, "l": 500})
        return [item["name"] for item in reply.data["boards"][0]["items_page"]["items"]]

    async def refusal(self, board: Board, **rule: Any) -> Reply:
        return await self.ask(FIND, {"b": [board.id], "q": {"rules": [rule]}})

    async def by_values(self, board: Board, **columns: list[str]) -> list[str]:
        given = [{"column_id": name, "column_values": values} for name, values in columns.items()]
        reply = await self.ask(BY_VALUES, {"b": board.id, "c": given, "l": 100})
        return [item["name"] for item in reply.data["items_page_by_column_values"]["items"]]
