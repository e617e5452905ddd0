"""Boards, groups, columns and items as they lie in memory.

They know one another in circles, hence `repr=False`: what a failed test prints would never end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .labels import Labels


class Stored(NamedTuple):
    """A value in a cell, and when it came there."""

    data: Any
    at: float


@dataclass(slots=True, eq=False, repr=False)
class Group:
    """A group of a board; new items stand on top, so `items` is read backwards."""

    id: str
    title: str
    color: str
    board: Board
    items: dict[int, Item] = field(default_factory=dict)


@dataclass(slots=True, eq=False, repr=False)
class Column:
    """A column. `labels` is there for status and dropdown only."""

    id: str
    title: str
    type: str
    board: Board
    revision: str
    description: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    labels: Labels | None = None


@dataclass(slots=True, eq=False, repr=False)
class Item:
    """An item or a subitem. `past` keeps what a lagging search still sees, per column id."""

    id: int
    name: str
    board: Board
    group: Group
    creator_id: int
    created: float
    updated: float
    state: str = "active"
    parent: Item | None = None
    subitems: list[Item] = field(default_factory=list)
    values: dict[str, Stored] = field(default_factory=dict)
    past: dict[str, list[Stored]] = field(default_factory=dict)

    def data(self, column_id: str) -> Any:
        """What a cell holds; None when it is empty."""
        stored = self.values.get(column_id)
        return None if stored is None else stored.data


@dataclass(slots=True, eq=False, repr=False)
class Board:
    """A board; `items` holds archived and deleted ones as well."""

    id: int
    name: str
    kind: str
    created: float
    updated: float
    description: str | None = None
    workspace_id: int = 0
    state: str = "active"
    parent: Board | None = None
    subitem_board: Board | None = None
    groups: dict[str, Group] = field(default_factory=dict)
    columns: dict[str, Column] = field(default_factory=dict)
    reserved: set[str] = field(default_factory=set)
    items: dict[int, Item] = field(default_factory=dict)
    active: int = 0
    indexes: dict[str, dict[str, dict[int, Item]]] = field(default_factory=dict)

    @property
    def top_group(self) -> Group:
        """Where items land that name no group."""
        return next(iter(self.groups.values()))

    def listed(self, group: Group | None = None) -> Iterator[Item]:
        """Active items in the order of the board."""
        for part in (group,) if group is not None else tuple(self.groups.values()):
            yield from reversed(part.items.values())

    def index(self, column_id: str) -> dict[str, dict[int, Item]]:
        """Active items by the lower-case text in a text column; built when it is first asked for."""
        if column_id not in self.indexes:
            self.indexes[column_id] = {}
            for item in self.listed():
                self._note(column_id, item)
        return self.indexes[column_id]

    def _note(self, column_id: str, item: Item) -> None:
        if text := item.data(column_id):
            self.indexes[column_id].setdefault(text.casefold(), {})[item.id] = item

    def forget(self, item: Item) -> None:
        """Take an item out of all indexes: it goes, or its values change."""
        for column_id, index in self.indexes.items():
            if text := item.data(column_id):
                index.get(text.casefold(), {}).pop(item.id, None)

    def remember(self, item: Item) -> None:
        """Put an active item into all indexes."""
        for column_id in self.indexes:
            self._note(column_id, item)
