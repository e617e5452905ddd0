"""What a cell shows: `text`, `value` and the typed fields of its column type."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from . import people
from .kinds import KINDS
from .labels import Label
from .model import Column, Item, Stored

Reader = Callable[["Cell"], Any]


def moment(seconds: float) -> str:
    """As the API writes a moment."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Cell:
    """One column of one item, for one reader.

    Attributes:
        zone: name of the token user's time zone.
        items: all items of the account, by id.
    """

    __slots__ = ("column", "item", "items", "stored", "zone")

    def __init__(self, item: Item, column: Column, items: dict[int, Item], zone: str) -> None:
        self.item, self.column, self.items, self.zone = item, column, items, zone
        self.stored: Stored | None = item.values.get(column.id)

    def put(self, data: Any) -> None:
        """Show other data, such as what a lagging search still sees."""
        self.stored = None if data is None else Stored(data, 0.0)

    @property
    def graphql_type(self) -> str:
        """Name of its type in the schema."""
        return KINDS[self.column.type].graphql

    @property
    def data(self) -> Any:
        """What is stored."""
        return None if self.stored is None else self.stored.data

    @property
    def changed(self) -> str | None:
        """When it was last written."""
        return None if self.stored is None else moment(self.stored.at)

    @property
    def label(self) -> Label | None:
        """The label of a status."""
        labels = self.column.labels
        return None if self.stored is None or labels is None else labels.rows.get(self.stored.data)

    @property
    def linked(self) -> list[Item]:
        """The active items of a relation, or the subitems."""
        if self.column.type == "subtasks":
            found = self.item.subitems
        else:
            found = [self.items[item_id] for item_id in self.data or ()]
        return [item for item in found if item.state == "active"]

    @property
    def display(self) -> str:
        """`display_value`: names of linked items, or what a mirror shows of them."""
        match self.column.type:
            case "mirror":
                return self._mirrored()
            case "board_relation" | "subtasks":
                return ", ".join(item.name for item in self.linked)
        return ""

    def _mirrored(self) -> str:
        settings = self.column.settings
        relation = self.item.board.columns.get(str(settings.get("relation_column_id")))
        if relation is None:
            return ""
        shown = settings.get("displayed_linked_column_ids", [])
        linked = Cell(self.item, relation, self.items, self.zone).linked
        cells = (
            Cell(item, item.board.columns[name], self.items, self.zone)
            for item in linked
            for name in shown
            if name in item.board.columns
        )
        return ", ".join(text for cell in cells if (text := text_of(cell)))


def text_of(cell: Cell) -> str | None:
    """`text` of any cell."""
    text: str | None = TEXTS[cell.column.type](cell)
    return text


def value_of(cell: Cell) -> str | None:
    """`value`: JSON in a string, as it was always read; null for what is linked or computed."""
    reader = VALUES.get(cell.column.type)
    if reader is None or cell.stored is None:
        return None
    return json.dumps(reader(cell), separators=(",", ":"), ensure_ascii=False)


def _nothing(_: Cell) -> None:
    return None


def _plain(cell: Cell) -> str:
    return "" if cell.stored is None else cell.stored.data


def status_text(cell: Cell) -> str | None:
    """The label of a status."""
    return None if cell.label is None else cell.label.text


def _dropdown_text(cell: Cell) -> str | None:
    return ", ".join(row["label"] for row in options(cell)) or None


def options(cell: Cell) -> list[dict[str, Any]]:
    """The labels that a dropdown cell holds."""
    labels = {} if cell.column.labels is None else cell.column.labels.rows
    return [{"id": row, "label": labels[row].text} for row in cell.data or () if row in labels]


def _date_text(cell: Cell) -> str:
    if cell.data is None:
        return ""
    return " ".join(part for part in local(cell) if part)


def local(cell: Cell) -> tuple[str, str | None]:
    """Date and time of a date cell where the token's user lives; a mere date stays what it is."""
    day, time = cell.data
    if time is None:
        return day, None
    there = datetime.fromisoformat(f"{day}T{time}+00:00").astimezone(ZoneInfo(cell.zone))
    return there.date().isoformat(), there.strftime("%H:%M")


def _people_text(cell: Cell) -> str:
    return ", ".join(people.name_of(*entry) for entry in cell.data or ())


def _link_text(cell: Cell) -> str:
    if cell.data is None:
        return ""
    url, text = cell.data
    return url if text == url else f"{text} - {url}"


def _first(cell: Cell) -> str:
    return "" if cell.data is None else cell.data[0]


def _second(cell: Cell) -> str:
    return "" if cell.data is None else cell.data[1]


def _created(cell: Cell) -> str:
    return datetime.fromtimestamp(cell.item.created, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _updated(cell: Cell) -> str:
    return datetime.fromtimestamp(cell.item.updated, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _named(*names: str) -> Reader:
    def read(cell: Cell) -> dict[str, Any]:
        return dict(zip(names, cell.data, strict=True)) | {"changed_at": cell.changed}

    return read


def _date_value(cell: Cell) -> dict[str, Any]:
    day, time = cell.data
    return (
        {"date": day} | ({} if time is None else {"time": time}) | {"icon": None, "changed_at": cell.changed}
    )


def _people_value(cell: Cell) -> dict[str, Any]:
    rows = [{"id": entry_id, "kind": kind} for entry_id, kind in cell.data]
    return {"changed_at": cell.changed, "personsAndTeams": rows}


TEXTS: dict[str, Reader] = {
    "name": lambda cell: cell.item.name, "text": _plain, "long_text": _plain, "numbers": _plain,
    "status": status_text, "dropdown": _dropdown_text, "date": _date_text, "people": _people_text,
    "link": _link_text, "timeline": lambda cell: " - ".join(cell.data or ()), "board_relation": _nothing,
    "mirror": _nothing, "formula": _nothing, "subtasks": _nothing,
    "checkbox": lambda cell: "v" if cell.data else "", "email": _second, "phone": _first,
    "country": _second, "creation_log": _created, "last_updated": _updated,
}  # fmt: skip
VALUES: dict[str, Reader] = {
    "text": _plain, "numbers": _plain,
    "long_text": lambda cell: {"text": cell.data, "changed_at": cell.changed},
    "status": lambda cell: {"index": cell.data, "post_id": None, "changed_at": cell.changed},
    "dropdown": lambda cell: {"ids": list(cell.data)},
    "date": _date_value, "people": _people_value, "link": _named("url", "text"),
    "timeline": _named("from", "to"),
    "checkbox": lambda cell: {"checked": True, "changed_at": cell.changed},
    "email": _named("email", "text"), "phone": _named("phone", "countryShortName"),
    "country": _named("countryCode", "countryName"),
}  # fmt: skip
