"""A write to the cells of one item: what stands under the column ids, checked as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import MondayError, bad_argument, invalid, no_column, refused
from .kinds import READ_ONLY
from .labels import Label, Labels
from .model import Board, Column, Item
from .parsers import PARSERS
from .simple import FORMS

ROOM = 65_536
"""Bytes of column values per item, about."""


class Write:
    """One write to one item. Labels that it brings wait in `pending` until all of it is right."""

    def __init__(self, board: Board, items: Mapping[int, Item], *, create_labels: bool = False) -> None:
        self.board, self.items, self.create_labels = board, items, create_labels
        self.pending: dict[str, Labels] = {}

    def labels(self, column: Column) -> Labels:
        """The column's labels, those of this write included."""
        return self.pending.get(column.id) or column.labels or Labels(column.type)

    def label(self, column: Column, text: str, raw: Any) -> Label:
        """The label of this text, made on demand."""
        found = self.labels(column).named(text)
        if found is None and self.create_labels:
            self.pending.setdefault(column.id, self.labels(column).copy())
            try:
                found = self.pending[column.id].new(text)
            except MondayError as error:
                raise invalid(column, raw, error.message) from error
        if found is None:
            raise self.missing(column, raw)
        return found

    def label_by_id(self, column: Column, label_id: int, raw: Any) -> Label:
        """The label of this id."""
        found = self.labels(column).usable(label_id)
        if found is None:
            raise self.missing(column, raw)
        return found

    def missing(self, column: Column, raw: Any) -> MondayError:
        """The refusal of a label that is not there."""
        labels = ", ".join(f"{row.id}: {row.text}" for row in self.labels(column).rows.values())
        text = f"This {column.type} label doesn't exist, possible {column.type}es are: {{{labels}}}"
        return invalid(column, raw, text, "missingLabel")

    def column(self, column_id: str) -> Column:
        """A column of the board that can be written."""
        column = self.board.columns.get(column_id)
        if column is None:
            raise no_column(column_id)
        if column.type in READ_ONLY:
            raise invalid(column, "", f"Column type {column.type} cannot be changed through the API")
        return column

    def value(self, column: Column, raw: Any) -> Any:
        """What JSON under a column id becomes; None clears."""
        if raw is None:
            return None
        if isinstance(raw, str):
            return self.simple(column, raw)
        return PARSERS[column.type](self, column, raw)

    def simple(self, column: Column, text: str) -> Any:
        """What a simple string becomes."""
        form = FORMS.get(column.type)
        if form is None:
            raise refused(
                "CorrectedValueException",
                f"Column {column.id} of type {column.type} takes JSON, not a simple string",
                column_id=column.id,
            )
        return PARSERS[column.type](self, column, form(text))


def room(values: Mapping[str, Any]) -> None:
    """Refuse more values than an item holds."""
    if sum(len(text) for text in values.values() if isinstance(text, str)) > ROOM:
        raise bad_argument("The column values of the item are too large")
