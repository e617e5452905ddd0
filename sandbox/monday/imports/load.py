"""Loading the rows of a file: match, check, create or update, and say what became of each."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.monday.model import Board, Column, Group, Item
from sandbox.monday.rules import Rules
from sandbox.monday.store import NAME_CHARACTERS, Store
from sandbox.monday.writing import Write

from . import text
from .sheet import Sheet

CLEAR = "<NULL>"


@dataclass
class Fate:
    """What became of one row."""

    status: str
    item_id: int | None = None
    error: str = ""
    count: str = ""


@dataclass
class Change:
    """What is to be written; `item` is the match, if there is one."""

    name: str
    values: dict[str, Any]
    item: Item | None


@dataclass(repr=False)
class Load:
    """One load.

    Attributes:
        room: items that the account may still create or update within this hour.
        lagging: the search for matches is as late as any other.
    """

    store: Store
    board: Board
    group: Group
    sheet: Sheet
    match: str | None
    behaviour: str
    room: int
    lagging: bool
    counts: Counter[str] = field(default_factory=Counter)
    fates: list[Fate] = field(default_factory=list)

    def run(self) -> None:
        """All rows; nothing is loaded when the board cannot take them.

        Raises:
            MondayError: too many new items for the board.
        """
        column = None if self.match is None else self.board.columns[self.match]
        present = {} if column is None else dict(self._present(column))
        last = {} if column is None else self._last(column)
        planned = []
        for number, row in enumerate(self.sheet.rows):
            key = self._key(column, row)
            if key is not None and last[key] != number:
                fate: Fate | Change = Fate("skipped", error="A later row has the same key")
            else:
                fate = self._plan(row, None if key is None else present.get(key))
            planned.append(fate)
        new = sum(isinstance(step, Change) and step.item is None for step in planned)
        self.store.check_room(self.board, new)
        for step in planned:
            self._note(self._apply(step) if isinstance(step, Change) else step)

    def _present(self, column: Column) -> Iterator[tuple[Any, Item]]:
        """Items by key; of several the most recently created one counts, which comes last."""
        rules = Rules(self.store, self.board)
        for item in sorted(self.board.listed(), key=lambda item: item.id):
            if self.lagging and not rules.seen(item):
                continue
            data = rules.late(item, column.id) if self.lagging else _data(item, column)
            if data is not None:
                yield _comparable(column, data), item

    def _last(self, column: Column) -> dict[Any, int]:
        keys = ((self._key(column, row), number) for number, row in enumerate(self.sheet.rows))
        return {key: number for key, number in keys if key is not None}

    def _key(self, column: Column | None, row: list[str]) -> Any:
        if column is None:
            return None
        cell = row[self.sheet.headers.index(column.id)].strip()
        if not cell or cell == CLEAR:
            return None
        if column.type == "name":
            return cell
        try:
            return _comparable(column, text.value(Write(self.board, self.store.items), column, cell))
        except text.Wrong:
            return None

    def _plan(self, row: list[str], found: Item | None) -> Fate | Change:
        name, *cells = row
        try:
            values = self._values(cells)
            self._check_name(name, found)
        except text.Wrong as wrong:
            return Fate("validation_error", error=str(wrong))
        if found is not None and self.behaviour == "SKIP":
            return Fate("skipped", found.id)
        return Change(name.strip(), values, found)

    def _check_name(self, name: str, found: Item | None) -> None:
        missing = not name.strip() and found is None
        if missing or name == CLEAR or len(name) > NAME_CHARACTERS:
            raise text.Wrong(f'[name]: Value "{name[:50]}" is invalid for column "name"')

    def _values(self, cells: list[str]) -> dict[str, Any]:
        """Values by column id; None clears, an empty cell is left out."""
        write, made, wrong = Write(self.board, self.store.items), {}, []
        for header, cell in zip(self.sheet.headers[1:], cells, strict=True):
            if not cell.strip():
                continue
            try:
                column = self.board.columns[header]
                made[header] = None if cell == CLEAR else text.value(write, column, cell)
            except text.Wrong as error:
                wrong.append(str(error))
        if wrong:
            raise text.Wrong("; ".join(wrong))
        return made

    def _apply(self, change: Change) -> Fate:
        if self.room <= 0:
            return Fate("failed", error="The account's hourly limit of imported items is reached")
        self.room -= 1
        item = change.item
        if item is None:
            item = self.store.create_item(self.board, change.name, group=self.group)
            self.store.change(item, change.values)
            return Fate("success", item.id, count="created")
        self.store.change(item, change.values, change.name or None)
        return Fate("success", item.id, count="updated")

    def _note(self, fate: Fate) -> None:
        names = {"validation_error": "invalid", "success": fate.count}
        self.counts[names.get(fate.status, fate.status)] += 1
        self.fates.append(fate)

    def report(self) -> bytes:
        """The report file."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["serialNo", "status", "itemId", "error", *self.sheet.headers])
        for number, (fate, row) in enumerate(zip(self.fates, self.sheet.rows, strict=True), 1):
            writer.writerow([number, fate.status, fate.item_id or "", fate.error, *row])
        return out.getvalue().encode()


def _data(item: Item, column: Column) -> Any:
    return item.name if column.type == "name" else item.data(column.id)


def _comparable(column: Column, data: Any) -> Any:
    match column.type:
        case "numbers":
            return Decimal(data).normalize()
        case "date" | "email" | "link" | "phone":
            return data[0]
    return data
