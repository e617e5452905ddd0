"""Mutations of items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .boards import BOARD_MUTATIONS
from .cells import moment
from .context import Call
from .errors import bad_argument, invalid, no_column, no_item
from .execute import Resolver
from .model import Item
from .objects import Args
from .people import ME
from .store import check_name, number
from .writing import Write


def create_item(_: Any, args: Args, call: Call) -> Item:
    """On top of the named group, or of the first one."""
    store = call.store
    board = store.board(args["board_id"])
    if board.parent is not None:
        raise bad_argument("Items of a subitem board are made with create_subitem", board_id=board.id)
    group = None if args.get("group_id") is None else store.group(board, args["group_id"])
    labels = bool(args.get("create_labels_if_missing"))
    return store.create_item(
        board, args["item_name"], _object(args.get("column_values")), group=group, create_labels=labels
    )


def _object(values: Any) -> Mapping[str, Any]:
    if not isinstance(values, dict | None):
        raise bad_argument("column_values must be a JSON object")
    return values or {}


def create_subitem(_: Any, args: Args, call: Call) -> Item:
    """On the hidden board, which comes into being with the parent board's subtasks column."""
    store = call.store
    parent = store.item(args["parent_item_id"])
    board = parent.board.subitem_board
    if board is None:
        raise bad_argument("The board has no subitems column", board_id=parent.board.id)
    labels = bool(args.get("create_labels_if_missing"))
    return store.create_item(
        board, args["item_name"], _object(args.get("column_values")), parent=parent, create_labels=labels
    )


def change_column_value(_: Any, args: Args, call: Call) -> Item:
    """One column, from JSON."""
    item, column_id = _item(args, call), args["column_id"]
    column = item.board.columns.get(column_id)
    if column is not None and column.type == "board_relation":
        raise invalid(column, args["value"], "Use change_multiple_column_values for connected boards")
    if column is None or column_id == "name":
        raise no_column(column_id)
    call.store.write(
        item, {column_id: args["value"]}, create_labels=bool(args.get("create_labels_if_missing"))
    )
    return item


def change_simple_column_value(_: Any, args: Args, call: Call) -> Item:
    """One column from a plain string; "" and null clear."""
    item, column_id, text = _item(args, call), args["column_id"], args.get("value")
    store = call.store
    if column_id == "name":
        check_name(text)
        store.change(item, {}, text)
        return item
    write = Write(item.board, store.items, create_labels=bool(args.get("create_labels_if_missing")))
    column = write.column(column_id)
    # Unlike in column_values, "" clears a number here.
    data = write.simple(column, text or "")
    store.keep_labels(item.board, write.pending)
    store.change(item, {column_id: data if text else None})
    return item


def change_multiple_column_values(_: Any, args: Args, call: Call) -> Item:
    """Several columns and perhaps the name; all or none."""
    item, values = _item(args, call), args["column_values"]
    if not isinstance(values, dict):
        raise bad_argument("column_values must be a JSON object")
    call.store.write(item, values, create_labels=bool(args.get("create_labels_if_missing")))
    return item


def _item(args: Args, call: Call) -> Item:
    if args.get("item_id") is None:
        raise bad_argument("item_id is required")
    return call.store.on_board(args["board_id"], args["item_id"])


def move_item_to_group(_: Any, args: Args, call: Call) -> Item:
    """Within its board."""
    item = call.store.item(args.get("item_id"))
    call.store.move(item, call.store.group(item.board, args["group_id"]))
    return item


def archive_item(_: Any, args: Args, call: Call) -> Item:
    """With its subitems."""
    item = call.store.item(args.get("item_id"))
    call.store.retire(item, "archived")
    return item


def delete_item(_: Any, args: Args, call: Call) -> Item:
    """With its subitems; an archived item can go as well."""
    item = call.store.items.get(number(args.get("item_id")))
    if item is None or item.state == "deleted":
        raise no_item(args.get("item_id"))
    call.store.retire(item, "deleted")
    return item


def create_update(_: Any, args: Args, call: Call) -> dict[str, Any]:
    """A comment under an item."""
    item, body = call.store.item(args.get("item_id")), args["body"]
    if not body.strip():
        raise bad_argument("An update needs a body")
    now = moment(call.state.clock.seconds())
    row = {
        "id": call.store.next_id(), "body": body, "text_body": body, "creator_id": str(ME.id),
        "item_id": str(item.id), "created_at": now, "updated_at": now,
    }  # fmt: skip
    call.state.updates.append(row)
    return row


MUTATIONS: Mapping[str, Resolver] = {
    **BOARD_MUTATIONS,
    "complexity": lambda _, __, call: call.complexity(),
    "create_item": create_item,
    "create_subitem": create_subitem,
    "change_column_value": change_column_value,
    "change_simple_column_value": change_simple_column_value,
    "change_multiple_column_values": change_multiple_column_values,
    "move_item_to_group": move_item_to_group,
    "archive_item": archive_item,
    "delete_item": delete_item,
    "create_update": create_update,
    "ingest_items": lambda _, args, call: call.state.imports.start(
        args["board_id"], args["group_id"], args.get("on_match"), call.base
    ),
    "bulk_archive_items": lambda _, args, call: call.state.bulk.start(args["board_id"], args["item_ids"]),
}
