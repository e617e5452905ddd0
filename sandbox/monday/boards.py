"""Mutations that shape a board: boards, groups, columns and their labels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .context import Call
from .errors import bad_argument, no_column
from .execute import Resolver
from .kinds import CREATABLE, KINDS
from .labels import (
    Label,
    Labels,
    dropdown_labels,
    status_labels,
    updated_dropdown,
    updated_status,
)
from .model import Board, Column, Group
from .objects import Args
from .store import WORKSPACE, Store, number

COLUMN_ID = re.compile(r"[a-z_][a-z0-9_]{0,23}")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
USUAL = (Label(0, "Working on it", 0), Label(1, "Done", 1, is_done=True), Label(2, "Stuck", 2))
UNIT = {"symbol", "direction", "precision", "custom_unit"}
DEFAULTS: dict[str, set[str]] = {
    "numbers": {"unit", "function"},
    "status": {"labels"},
    "dropdown": {"labels", "limit_select", "label_limit_count"},
    "board_relation": {"boardIds", "allowMultipleItems", "allowCreateReflectionColumn"},
    "mirror": {"mirrorType", "relation_column_id", "displayed_linked_column_ids"},
    "formula": {"formula"},
    "date": {"hide_footer", "time"},
    "people": {"max_people_allowed"},
}


def create_board(_: Any, args: Args, call: Call) -> Board:
    """A board; `empty` leaves out the columns and items that a new board usually has."""
    call.state.budgets.board()
    store = call.store
    if args.get("workspace_id") is not None and number(args["workspace_id"]) != WORKSPACE:
        raise bad_argument("The workspace does not exist", workspace_id=args["workspace_id"])
    board = store.create_board(args["board_name"], args["board_kind"], description=args.get("description"))
    if not args["empty"]:
        usual(
            store,
            board,
            {"Person": ("people", "person"), "Status": ("status", "status"), "Date": ("date", "date4")},
        )
        for number_ in (3, 2, 1):
            store.create_item(board, f"Item {number_}")
    return board


def usual(store: Store, board: Board, columns: Mapping[str, tuple[str, str]]) -> None:
    """Columns that the service adds by itself."""
    for title, (kind, column_id) in columns.items():
        labels = Labels("status", USUAL) if kind == "status" else None
        store.add_column(board, Column(column_id, title, kind, board, "", labels=labels))


def create_group(_: Any, args: Args, call: Call) -> Group:
    """A group: on top, unless it is placed beside another one."""
    store = call.store
    board = store.board(args["board_id"])
    title, color = args["group_name"], args.get("group_color") or "#579bfc"
    if not title.strip():
        raise bad_argument("A group needs a name")
    if not COLOUR.fullmatch(color):
        raise bad_argument("group_color must be a hex colour", group_color=color)
    method, beside = args.get("position_relative_method"), args.get("relative_to")
    place = 0
    if beside is not None:
        place = list(board.groups).index(store.group(board, beside).id) + (method != "before_at")
    elif method == "before_at":
        place = len(board.groups)
    return store.add_group(board, title, color=color, place=place)


def create_column(_: Any, args: Args, call: Call) -> Column:
    """A column of any type; `defaults` is JSON in a string."""
    kind, given = args["column_type"], args.get("defaults")
    if kind not in CREATABLE or kind == "dependency":
        raise bad_argument(f"Columns of type {kind} cannot be created here")
    if not isinstance(given, dict | None):
        raise bad_argument("defaults must be a JSON object")
    rest = dict(given or {})
    if unknown := rest.keys() - DEFAULTS.get(kind, set()):
        raise bad_argument(f"defaults of {kind} have no {min(unknown)}")
    labels = _labels(kind, rest.pop("labels", None))
    if kind == "board_relation":
        rest = _relation(call.store, rest)
    column = _add(args, call, kind, rest, labels)
    if kind == "subtasks":
        _subitem_board(call.store, column)
    return column


def _labels(kind: str, given: Any) -> Labels | None:
    if kind not in {"status", "dropdown"}:
        return None
    if given is None:
        return Labels(kind, USUAL if kind == "status" else ())
    if kind == "dropdown":
        rows = given if isinstance(given, list) else []
        if (
            not all(isinstance(row, dict) and isinstance(row.get("label"), str) for row in rows)
            or rows != given
        ):
            raise bad_argument("labels must be a list of objects with a label")
        return dropdown_labels(row["label"] for row in rows)
    if isinstance(given, dict):
        if not all(key.isdecimal() and isinstance(text, str) for key, text in given.items()):
            raise bad_argument("labels must be texts by label id")
        return Labels(
            "status", (Label(int(key), text, place) for place, (key, text) in enumerate(given.items()))
        )
    raise bad_argument("labels must be texts by label id")


def _relation(store: Store, rest: Args) -> Args:
    ids = rest.get("boardIds", [])
    if not isinstance(ids, list):
        raise bad_argument("boardIds must be a list")
    boards = [store.board(board_id).id for board_id in ids]
    return {"allowMultipleItems": True, "allowCreateReflectionColumn": False, **rest, "boardIds": boards}


def _add(args: Args, call: Call, kind: str, settings: Args, labels: Labels | None) -> Column:
    store = call.store
    board, column_id, after = store.board(args["board_id"]), args.get("id"), args.get("after_column_id")
    if column_id is None:
        column_id = KINDS[kind].prefix + store.code()
    elif not COLUMN_ID.fullmatch(column_id):
        raise bad_argument(
            "A column id has lower-case letters, digits and underscores, at most 24", id=column_id
        )
    if column_id in board.reserved:
        raise bad_argument("The column id is or was in use on this board", id=column_id)
    if not args["title"].strip():
        raise bad_argument("A column needs a title")
    if after is not None and after not in board.columns:
        raise no_column(after)
    if kind == "subtasks" and board.subitem_board is not None:
        raise bad_argument("The board has subitems already")
    column = Column(column_id, args["title"], kind, board, "", args.get("description"), settings, labels)
    return store.add_column(board, column, after)


def _subitem_board(store: Store, column: Column) -> None:
    """Subitems live on a hidden board of their own, whose columns have ids of their own."""
    parent, now = column.board, store.clock.seconds()
    board = Board(store.next_id(), f"Subitems of {parent.name}", parent.kind, now, now)
    board.workspace_id, board.parent = parent.workspace_id, parent
    store.boards[board.id] = board
    store.add_column(board, Column("name", "Name", "name", board, ""))
    usual(
        store,
        board,
        {"Owner": ("people", "person"), "Status": ("status", "status"), "Date": ("date", "date0")},
    )
    store.add_group(board, "Subitems", group_id="topics")
    parent.subitem_board = board
    column.settings = {"boardIds": [board.id], "allowMultipleItems": True}


def create_status_column(_: Any, args: Args, call: Call) -> Column:
    """Labels with fixed ids: those of their colours."""
    given = args.get("defaults")
    labels = Labels("status", USUAL) if given is None else status_labels(given["labels"])
    return _add(args, call, "status", {}, labels)


def create_dropdown_column(_: Any, args: Args, call: Call) -> Column:
    """Labels numbered from 1."""
    given = dict(args.get("defaults") or {"labels": []})
    labels = dropdown_labels(row["label"] for row in given.pop("labels"))
    return _add(args, call, "dropdown", given, labels)


def _present(args: Args, call: Call, kind: str) -> Column:
    column = call.store.board(args["board_id"]).columns.get(args["id"])
    if column is None:
        raise no_column(args["id"])
    if column.type != kind:
        raise bad_argument(f"The column is of type {column.type}", id=column.id)
    if column.revision != args["revision"]:
        raise bad_argument("The column was changed since: read its revision again", revision=column.revision)
    return column


def update_status_column(_: Any, args: Args, call: Call) -> Column:
    """Title, description and the whole list of labels, for whoever knows the current revision."""
    column = _present(args, call, "status")
    if args.get("settings") is not None and column.labels is not None:
        column.labels = updated_status(column.labels, args["settings"]["labels"])
    return _updated(column, args, call)


def update_dropdown_column(_: Any, args: Args, call: Call) -> Column:
    """The same for a dropdown."""
    column, given = _present(args, call, "dropdown"), dict(args.get("settings") or {})
    if given and column.labels is not None:
        column.labels = updated_dropdown(column.labels, given.pop("labels"))
        column.settings = {**column.settings, **given}
    return _updated(column, args, call)


def _updated(column: Column, args: Args, call: Call) -> Column:
    column.title = args.get("title") or column.title
    column.description = args.get("description", column.description)
    call.store.touch_column(column)
    return column


def delete_column(_: Any, args: Args, call: Call) -> None:
    """Answers null even when it worked."""
    column = call.store.board(args["board_id"]).columns.get(args["column_id"])
    if column is None:
        raise no_column(args["column_id"])
    if column.type == "name":
        raise bad_argument("The name column cannot be deleted")
    call.store.drop_column(column)


BOARD_MUTATIONS: Mapping[str, Resolver] = {
    "create_board": create_board,
    "create_group": create_group,
    "create_column": create_column,
    "create_status_column": create_status_column,
    "create_dropdown_column": create_dropdown_column,
    "update_status_column": update_status_column,
    "update_dropdown_column": update_dropdown_column,
    "delete_column": delete_column,
}
