"""The account's boards and items, and every change to them."""

from __future__ import annotations

import random
import string
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

from sandbox.clock import Clock

from . import people
from .errors import bad_argument, no_board, no_group, no_item, refused
from .labels import Labels
from .model import Board, Column, Group, Item, Stored
from .switches import MondaySwitches
from .writing import Write, room

WORKSPACE = 6_500_001
"""Id of the one workspace."""
ITEMS_LIMIT = {"standard": 10_000, "pro": 10_000, "enterprise": 100_000}
NAME_CHARACTERS = 255


class Store:
    """Boards by id, items of every state by id."""

    def __init__(self, switches: MondaySwitches, clock: Clock) -> None:
        self.switches, self.clock = switches, clock
        self.boards: dict[int, Board] = {}
        self.items: dict[int, Item] = {}
        self._ids = count(9_100_000_001)
        self._chance = random.Random(7)

    def code(self, length: int = 8) -> str:
        """Letters and digits for ids that the service makes up."""
        return "".join(self._chance.choices(string.ascii_lowercase + string.digits, k=length))

    def next_id(self) -> int:
        """Boards, items and updates count together; the numbers do not fit 32 bits."""
        return next(self._ids)

    @property
    def items_limit(self) -> int:
        """Active items that a board holds."""
        return self.switches.items_limit or ITEMS_LIMIT[self.switches.plan]

    def board(self, board_id: Any) -> Board:
        """An active board."""
        board = self.boards.get(number(board_id))
        if board is None or board.state != "active":
            raise no_board(board_id)
        return board

    def item(self, item_id: Any) -> Item:
        """An active item."""
        item = self.items.get(number(item_id))
        if item is None or item.state != "active":
            raise no_item(item_id)
        return item

    def board_of(self, args: Mapping[str, Any]) -> int | None:
        """The board that a mutation with these arguments writes to."""
        if "board_id" in args:
            return number(args["board_id"])
        item = self.items.get(number(args.get("parent_item_id", args.get("item_id"))))
        return None if item is None else item.board.id

    def on_board(self, board_id: Any, item_id: Any) -> Item:
        """An active item of this very board; a subitem's is the hidden one."""
        board, item = self.board(board_id), self.item(item_id)
        if item.board is not board:
            raise refused("InvalidItemIdException", "The item is not on this board", item_id=item_id)
        return item

    def create_board(self, name: str, kind: str, **more: Any) -> Board:
        """A board with one group and its name column."""
        if not name.strip():
            raise bad_argument("A board needs a name")
        now = self.clock.seconds()
        board = Board(self.next_id(), name, kind, now, now, workspace_id=WORKSPACE, **more)
        self.boards[board.id] = board
        self.add_column(board, Column("name", "Name", "name", board, ""))
        self.add_group(board, "Group Title", group_id="topics")
        return board

    def add_group(
        self, board: Board, title: str, *, color: str = "#579bfc", place: int = 0, group_id: str = ""
    ) -> Group:
        """A group, on top unless `place` says otherwise."""
        group = Group(group_id or f"group_{self.code()}", title, color, board)
        rows = list(board.groups.values())
        rows.insert(place, group)
        board.groups = {row.id: row for row in rows}
        return group

    def add_column(self, board: Board, column: Column, after: str | None = None) -> Column:
        """A column at the end, or after another one."""
        rows = list(board.columns.values())
        place = len(rows) if after is None else 1 + list(board.columns).index(after)
        rows.insert(place, column)
        board.columns = {row.id: row for row in rows}
        board.reserved.add(column.id)
        self.touch_column(column)
        return column

    def touch_column(self, column: Column) -> None:
        """A new revision: whoever read the old one may not update any more."""
        column.revision = self.code(16)
        column.board.updated = self.clock.seconds()

    def drop_column(self, column: Column) -> None:
        """A column goes with its values; its id stays reserved."""
        board = column.board
        board.indexes.pop(column.id, None)
        del board.columns[column.id]
        for item in board.items.values():
            item.values.pop(column.id, None)

    def check_room(self, board: Board, more: int = 1) -> None:
        """Refuse items that a full board has no place for."""
        if board.active + more > self.items_limit:
            raise refused("ItemsLimitationException", f"The board holds at most {self.items_limit} items")

    def create_item(
        self, board: Board, name: str, values: Mapping[str, Any] | None = None, *,
        group: Group | None = None, parent: Item | None = None, create_labels: bool = False,
    ) -> Item:  # fmt: skip
        """An item on top of its group, or a subitem at the end; nothing is made unless all is right."""
        check_name(name)
        self.check_room(board)
        write = Write(board, self.items, create_labels=create_labels)
        parsed = parse(write, values or {})
        room(parsed)
        now = self.clock.seconds()
        item = Item(
            self.next_id(), name, board, group or board.top_group, people.ME.id, now, now, parent=parent
        )
        self.keep_labels(board, write.pending)
        item.values = {key: Stored(data, now) for key, data in parsed.items() if data is not None}
        self.items[item.id] = board.items[item.id] = item.group.items[item.id] = item
        board.active += 1
        board.remember(item)
        if parent is not None:
            parent.subitems.append(item)
        return item

    def keep_labels(self, board: Board, pending: Mapping[str, Labels]) -> None:
        """Labels that a write brought along."""
        for column_id, labels in pending.items():
            column = board.columns[column_id]
            column.labels = labels
            self.touch_column(column)

    def change(self, item: Item, parsed: Mapping[str, Any], name: str | None = None) -> None:
        """Set checked values; None clears."""
        now, board = self.clock.seconds(), item.board
        board.forget(item)
        if name is not None:
            item.name = name
        for column_id, data in parsed.items():
            if self.switches.search_lag_seconds:
                old = item.values.get(column_id, Stored(None, item.created))
                item.past.setdefault(column_id, [old]).append(Stored(data, now))
            if data is None:
                item.values.pop(column_id, None)
            else:
                item.values[column_id] = Stored(data, now)
        item.updated = now
        board.remember(item)

    def write(self, item: Item, values: Mapping[str, Any], *, create_labels: bool = False) -> None:
        """`change_multiple_column_values`: JSON per column id, and perhaps `name`."""
        write = Write(item.board, self.items, create_labels=create_labels)
        rest = dict(values)
        name = rest.pop("name", None)
        if "name" in values:
            check_name(name)
        parsed = parse(write, rest)
        room({key: stored.data for key, stored in item.values.items()} | parsed)
        self.keep_labels(item.board, write.pending)
        self.change(item, parsed, name)

    def move(self, item: Item, group: Group) -> None:
        """To the top of another group of the same board."""
        del item.group.items[item.id]
        item.group = group
        group.items[item.id] = item
        item.updated = self.clock.seconds()

    def retire(self, item: Item, state: str) -> None:
        """Archive or delete an item, its subitems too."""
        for row in (item, *item.subitems):
            if row.state == "deleted":
                continue
            if row.state == "active":
                row.board.forget(row)
                row.board.active -= 1
                del row.group.items[row.id]
            row.state, row.updated = state, self.clock.seconds()

    def group(self, board: Board, group_id: Any) -> Group:
        """A group of the board."""
        group = board.groups.get(str(group_id))
        if group is None:
            raise no_group(group_id)
        return group


def parse(write: Write, values: Any) -> dict[str, Any]:
    """What the JSON of `column_values` becomes."""
    if not isinstance(values, Mapping):
        raise bad_argument("column_values must be a JSON object")
    return {column_id: write.value(write.column(column_id), raw) for column_id, raw in values.items()}


def check_name(name: Any) -> None:
    """Names have 1 to 255 characters."""
    if not isinstance(name, str) or not 1 <= len(name) <= NAME_CHARACTERS:
        message = f"The item name must have 1 to {NAME_CHARACTERS} characters"
        raise refused("ItemNameTooLongException", message)


def number(text: Any) -> int:
    """An id as it comes; what is none matches nothing."""
    return int(text) if isinstance(text, int | str) and str(text).isdecimal() else -1


def numbers(ids: Iterable[Any]) -> list[int]:
    """Ids as they come, each once."""
    return list(dict.fromkeys(map(number, ids)))
