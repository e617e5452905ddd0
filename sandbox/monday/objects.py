"""Resolvers of boards, groups, columns, items and cells."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from . import people
from .cells import Cell, moment, text_of, value_of
from .context import Call
from .errors import bad_argument
from .execute import Resolver
from .fields import FIELDS
from .kinds import KINDS
from .model import Board, Column, Group, Item
from .pages import Page
from .store import WORKSPACE

Args = dict[str, Any]
WIDTH = 65_536


def items_page(board: Board, group: Group | None, args: Args, call: Call) -> Page:
    """Active items of a board or of one of its groups."""
    query, cursor = args.get("query_params"), args.get("cursor")
    if cursor is not None:
        if query is not None:
            raise bad_argument("query_params cannot be used together with a cursor")
        return call.state.pages.next(cursor, args["limit"])
    rows = board.listed(group)
    found = list(rows) if query is None else call.rules(board).find(query, rows)
    return call.state.pages.first(found, args["limit"])


def _columns(board: Board, args: Args) -> list[Column]:
    ids, types = args.get("ids"), args.get("types")
    return [
        column
        for column in board.columns.values()
        if (ids is None or column.id in ids) and (types is None or column.type in types)
    ]


def _cells(item: Item, args: Args, call: Call) -> list[Cell]:
    items, zone = call.store.items, call.state.switches.time_zone
    if not args:
        return [
            Cell(item, column, items, zone) for column in item.board.columns.values() if column.type != "name"
        ]
    return [Cell(item, column, items, zone) for column in _columns(item.board, args) if column.type != "name"]


def settings(column: Column) -> dict[str, Any]:
    """A column's settings, labels included."""
    return column.settings if column.labels is None else {**column.settings, "labels": column.labels.shown()}


def _subitems(item: Item, _: Args, __: Call) -> list[Item] | None:
    return [row for row in item.subitems if row.state == "active"]


def _position(group: Group) -> str:
    return f"{(list(group.board.groups).index(group.id) + 1) * WIDTH}.0"


def _plain(read: Callable[[Any], Any]) -> Resolver:
    return lambda source, _, __: read(source)


def workspace(*_: Any) -> dict[str, Any]:
    """The one workspace."""
    return {
        "id": WORKSPACE,
        "name": "Main workspace",
        "kind": "open",
        "description": None,
        "state": "active",
        "is_default_workspace": True,
        "created_at": "2026-01-05T08:00:00Z",
    }


BOARD: Mapping[str, Resolver] = {
    "type": _plain(lambda board: "sub_items_board" if board.parent else "board"),
    "board_kind": _plain(lambda board: board.kind),
    "hierarchy_type": lambda *_: "classic",
    "access_level": lambda *_: "edit",
    "permissions": lambda *_: "everyone",
    "url": _plain(lambda board: f"https://sandbox.monday.com/boards/{board.id}"),
    "workspace": workspace,
    "created_at": _plain(lambda board: moment(board.created)),
    "updated_at": _plain(lambda board: moment(board.updated)),
    "items_count": _plain(lambda board: board.active),
    "items_limit": lambda _, __, call: call.store.items_limit,
    "groups": lambda board, args, _: [
        group for group in board.groups.values() if args.get("ids") is None or group.id in args["ids"]
    ],
    "columns": lambda board, args, _: _columns(board, args),
    "items_page": lambda board, args, call: items_page(board, None, args, call),
}
GROUP: Mapping[str, Resolver] = {
    "position": _plain(_position),
    "archived": lambda *_: False,
    "deleted": lambda *_: False,
    "items_page": lambda group, args, call: items_page(group.board, group, args, call),
}
COLUMN: Mapping[str, Resolver] = {
    "archived": lambda *_: False,
    "width": lambda *_: None,
    "settings": _plain(settings),
    "settings_str": _plain(lambda column: json.dumps(settings(column))),
}
ITEM: Mapping[str, Resolver] = {
    "url": lambda item, _, call: call.url(item),
    "relative_link": _plain(lambda item: f"/boards/{item.board.id}/pulses/{item.id}"),
    "creator_id": _plain(lambda item: str(item.creator_id)),
    "created_at": _plain(lambda item: moment(item.created)),
    "updated_at": _plain(lambda item: moment(item.updated)),
    "parent_item": _plain(lambda item: item.parent),
    "subitems": _subitems,
    "column_values": _cells,
}
USER: Mapping[str, Resolver] = {
    "account": lambda _, __, call: {
        "id": 9_000_001, "name": "Sandbox", "slug": "sandbox", "tier": call.state.switches.plan
    },
    "time_zone_identifier": lambda _, __, call: call.state.switches.time_zone,
}  # fmt: skip
_CELL: dict[str, Resolver] = {
    "id": _plain(lambda cell: cell.column.id),
    "type": _plain(lambda cell: cell.column.type),
    "column": _plain(lambda cell: cell.column),
    "is_leaf": lambda *_: True,
    "text": _plain(text_of),
    "value": _plain(value_of),
    "updated_at": _plain(lambda cell: cell.changed),
    "display_value": _plain(lambda cell: cell.display),
}
_VALUES = {kind.graphql for kind in KINDS.values()} | {"DependencyValue"}


def _value(name: str) -> dict[str, Resolver]:
    return _CELL | {field: _plain(read) for field, read in FIELDS.get(name, {}).items()}


OBJECTS: dict[str, Mapping[str, Resolver]] = {
    "Board": BOARD,
    "Group": GROUP,
    "Column": COLUMN,
    "Item": ITEM,
    "User": USER,
    **{name: _value(name) for name in _VALUES},
}


def me(*_: Any) -> people.Person:
    """The token's user."""
    return people.ME
