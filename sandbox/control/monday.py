"""Operations on the Monday.com simulator: what people do on the boards with their own hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import ceil
from typing import Any, TypeVar

from sandbox.monday.boards import create_column
from sandbox.monday.cells import Cell, text_of
from sandbox.monday.context import Call
from sandbox.monday.errors import no_board
from sandbox.monday.model import Board, Group, Item
from sandbox.monday.objects import settings
from sandbox.monday.state import KEY, MondayState
from sandbox.monday.store import check_name

Body = Mapping[str, Any]
Shown = dict[str, Any]
T = TypeVar("T")


def _board(state: MondayState, name: Any) -> Board:
    """A board by title or id."""
    for board in state.store.boards.values():
        if board.state == "active" and str(name) in {board.name, str(board.id)}:
            return board
    raise no_board(name)


def _item(state: MondayState, body: Body) -> Item:
    """`{item}` by id, or `{board, key}` by the key column."""
    if "item" in body:
        return state.store.item(body["item"])
    board = _board(state, body["board"])
    return _first((item for item in board.listed() if item.data(KEY) == body["key"]), body["key"])


def _group(board: Board, name: str) -> Group:
    """A group by title or id."""
    return _first((row for row in board.groups.values() if name in {row.id, row.title}), name)


def _first(found: Iterator[T], what: Any) -> T:
    for row in found:
        return row
    raise KeyError(what)


def _shown(state: MondayState, item: Item) -> Shown:
    zone = state.switches.time_zone
    cells = (
        Cell(item, column, state.store.items, zone)
        for column in item.board.columns.values()
        if column.type != "name"
    )
    return {
        "id": str(item.id),
        "name": item.name,
        "state": item.state,
        "group": item.group.title,
        "values": {cell.column.id: text_of(cell) if cell.display == "" else cell.display for cell in cells},
    }


def board(state: MondayState, body: Body) -> Shown:
    """One board: `{board: title or id, state?: "all"}` with its groups, columns, items and subitems."""
    found = _board(state, body["board"])
    rows = found.items.values() if body.get("state") == "all" else found.listed()
    return {
        "id": str(found.id),
        "name": found.name,
        "groups": [
            {"id": group.id, "title": group.title, "items": len(group.items)}
            for group in found.groups.values()
        ],
        "columns": [
            {"id": column.id, "title": column.title, "type": column.type, "settings": settings(column)}
            for column in found.columns.values()
        ],
        "items": [
            _shown(state, item) | {"subitems": [_shown(state, row) for row in item.subitems]} for item in rows
        ],
    }


def boards(state: MondayState, _: Body) -> list[Shown]:
    """All boards: id, name, number of active items."""
    return [
        {"id": str(found.id), "name": found.name, "items": found.active, "hidden": found.parent is not None}
        for found in state.store.boards.values()
    ]


def create(state: MondayState, body: Body) -> Shown:
    """Type an item in: `{board, name, values?, group?}`, values as in column_values."""
    found = _board(state, body["board"])
    group = _group(found, body["group"]) if "group" in body else None
    return _shown(state, state.store.create_item(found, body["name"], body.get("values"), group=group))


def edit(state: MondayState, body: Body) -> Shown:
    """Change cells: `{item or board and key, values}`, null clears; missing labels are made."""
    item = _item(state, body)
    state.store.write(item, body["values"], create_labels=True)
    return _shown(state, item)


def rename(state: MondayState, body: Body) -> Shown:
    """Another name: `{item or board and key, name}`."""
    item = _item(state, body)
    check_name(body["name"])
    state.store.change(item, {}, body["name"])
    return _shown(state, item)


def move(state: MondayState, body: Body) -> Shown:
    """Into another group: `{item or board and key, group: title or id}`."""
    item = _item(state, body)
    state.store.move(item, _group(item.board, body["group"]))
    return _shown(state, item)


def _retire(to: str) -> Callable[[MondayState, Body], Shown]:
    def retire(state: MondayState, body: Body) -> Shown:
        item = _item(state, body)
        state.store.retire(item, to)
        return _shown(state, item)

    return retire


def add_column(state: MondayState, body: Body) -> Shown:
    """A column of the team's own: `{board, title, type: "text", id?, defaults?}`."""
    args = {
        "board_id": _board(state, body["board"]).id, "title": body["title"],
        "column_type": body.get("type", "text"), "id": body.get("id"), "defaults": body.get("defaults"),
    }  # fmt: skip
    column = create_column(None, args, Call(state, "", ""))
    return {"id": column.id, "title": column.title, "type": column.type, "settings": settings(column)}


def delete_column(state: MondayState, body: Body) -> dict[str, bool]:
    """`{board, column}`."""
    state.store.drop_column(_board(state, body["board"]).columns[body["column"]])
    return {"deleted": True}


def imports(state: MondayState, _: Body) -> list[Shown]:
    """Import jobs: id, board, state, counts, reason."""
    state.work()
    return [
        {
            "id": job.id,
            "board": job.board.name,
            "status": job.status,
            "counts": job.counts,
            "reason": job.reason,
        }
        for job in state.imports.jobs.values()
    ]


def spend(state: MondayState, body: Body) -> dict[str, int]:
    """Use up daily calls: `{calls}`."""
    state.budgets.spend(round(float(body["calls"]) * 10))
    return {"calls_today": ceil(state.budgets.used_today)}


OPERATIONS: dict[str, Callable[[MondayState, Body], Any]] = {
    "board": board,
    "boards": boards,
    "create": create,
    "edit": edit,
    "rename": rename,
    "move": move,
    "archive": _retire("archived"),
    "delete": _retire("deleted"),
    "add-column": add_column,
    "delete-column": delete_column,
    "imports": imports,
    "spend": spend,
    "revoke-tokens": lambda state, _: {"ended": state.identity.revoke()},
    "expire-cursors": lambda state, _: {"ended": state.pages.expire()},
}
