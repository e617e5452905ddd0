"""The shape of boards as a tenant's options need them: columns, labels, connections and groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml_connector.monday.board import Column, same
from ml_connector.monday.template import BOARDS, GONE, KEY, LINK, column_id
from ml_connector.monday.values import TYPES

WHERE = "integrations.monday.options.boards"
TITLES = {KEY: "PeopleSoft key", GONE: "Gone in PeopleSoft", LINK: "Document"}

RELATION = "board_relation"
_STRICT = frozenset({"numbers", "date", "checkbox"})
"""Types that take nothing but their own values; a text column takes everything."""


@dataclass(frozen=True, slots=True)
class WantedColumn:
    """One column that is written.

    Attributes:
        name: as the tenant names it: id or title.
        where: path in the tenant file.
        title: to make it under.
        type: to make it with.
        id: to make it under; None lets Monday choose.
        exact: only this very type will do.
        labels: texts that can be written.
        certain: they follow from the mapping; else they are the template's.
        done: those that mean that nothing is left to do.
        value_map: translates codes into labels.
        reference: name of the board that it connects with.
    """

    name: str
    where: str
    title: str
    type: str
    id: str | None = None
    exact: bool = False
    labels: tuple[str, ...] = ()
    certain: bool = True
    done: tuple[str, ...] = ()
    value_map: str | None = None
    reference: str | None = None

    def misfit(self, column: Column) -> str | None:
        """Why values cannot be written to a column; None where they can."""
        if self.exact:
            return None if column.type == self.type else f"a column of type {self.type}"
        if column.type not in TYPES or column.type == RELATION:
            return f"a column of type {self.type}, or another one that takes such values"
        if column.type in _STRICT and column.type != self.type:
            return f"a column of type {self.type} or text"
        return None

    def is_called(self, name: str) -> bool:
        """Whether a name in the tenant file means this column."""
        return any(same(name, known) for known in (self.name, self.title, self.id) if known is not None)


@dataclass(frozen=True, slots=True)
class WantedBoard:
    """One board, or the lines of one.

    Attributes:
        name: ``invoices`` or ``invoices.lines``.
        where: path in the tenant file.
        board: id or title; None for subitems.
        groups: paths with what the tenant names there, in the order in which they are made.
        template_groups: groups of a new board where the tenant names none.
        of: name of the board whose lines these are.
    """

    name: str
    where: str
    board: str | None
    workspace: str | None
    groups: tuple[tuple[str, str], ...]
    columns: tuple[WantedColumn, ...]
    template_groups: tuple[str, ...] = ()
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """All boards, those that others refer to first, and what the options contradict themselves in."""

    boards: Sequence[WantedBoard]
    faults: Sequence[str]


def own_id(name: str) -> str | None:
    """Ids of the product's own columns are fixed; any other name is taken for a title."""
    return name if name in _IDS else None


_IDS = frozenset(
    {KEY, GONE, LINK}
    | {column_id(name) for board in BOARDS.values() for name in (*board.columns, *board.lines)}
)
