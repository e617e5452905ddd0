"""Labels of status and dropdown columns: ids, colours, limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from .errors import bad_argument

COLOUR_NAMES = (
    "working_orange", "done_green", "stuck_red", "dark_blue", "purple", "explosive", "grass_green",
    "bright_blue", "saladish", "egg_yolk", "blackish", "dark_red", "sofia_pink", "lipstick", "dark_purple",
    "bright_green", "chili_blue", "american_gray", "brown", "dark_orange", "sunset", "bubble", "peach",
    "berry", "winter", "river", "navy", "aquamarine", "indigo", "dark_indigo", "pecan", "lavender", "royal",
    "steel", "orchid", "lilac", "tan", "sky", "coffee", "teal",
)  # fmt: skip
COLOURS = dict(zip(COLOUR_NAMES, (*range(20), *range(101, 111), *range(151, 161)), strict=True))
"""Colour ids by name. A status label's id is that of its colour, which is why a colour comes once."""
STATUS_LABELS, STATUS_TEXT = 40, 30
EMPTY = COLOURS["explosive"]
"""The grey of a status that is not set."""


@dataclass(frozen=True)
class Label:
    """One label; `index` is its place on the screen, never what a write calls index."""

    id: int
    text: str
    index: int = 0
    is_done: bool = False
    is_deactivated: bool = False


class Labels:
    """The labels of one column, by id."""

    def __init__(self, kind: str, labels: Iterable[Label] = (), last: int = 0) -> None:
        self.kind = kind
        self.rows: dict[int, Label] = {}
        self._last = last  # a dropdown never uses the id of a deleted label again
        for label in labels:
            self.add(label)

    def copy(self) -> Self:
        """Labels to change and perhaps to throw away."""
        return type(self)(self.kind, self.rows.values(), self._last)

    def add(self, label: Label) -> Label:
        """One more label, checked."""
        if any(row.text == label.text for row in self.rows.values()):
            raise bad_argument(f"Label {label.text!r} appears twice")
        if not label.text.strip():
            raise bad_argument("A label needs a text")
        if self.kind == "status":
            if len(label.text) > STATUS_TEXT:
                raise bad_argument(f"A status label has at most {STATUS_TEXT} characters")
            if len(self.rows) >= STATUS_LABELS:
                raise bad_argument(f"A status column has at most {STATUS_LABELS} labels")
            if label.id in self.rows:
                raise bad_argument("Each colour can be used once per status column")
        self.rows[label.id] = label
        self._last = max(self._last, label.id)
        return label

    def new(self, text: str) -> Label:
        """A label that a write or an update brings: the next id, or the next free colour."""
        index = max((row.index for row in self.rows.values()), default=-1) + 1
        if self.kind == "dropdown":
            return self.add(Label(self._last + 1, text, index))
        free = (colour for colour in COLOURS.values() if colour not in self.rows and colour != EMPTY)
        return self.add(Label(next(free, EMPTY), text, index))

    def named(self, text: str) -> Label | None:
        """The usable label with exactly this text."""
        found = (row for row in self.rows.values() if row.text == text and not row.is_deactivated)
        return next(found, None)

    def usable(self, label_id: int) -> Label | None:
        """The label with this id unless it is switched off."""
        label = self.rows.get(label_id)
        return None if label is None or label.is_deactivated else label

    def shown(self) -> list[dict[str, Any]]:
        """As in a column's settings."""
        if self.kind == "dropdown":
            return [
                {"id": row.id, "label": row.text, "is_deactivated": row.is_deactivated}
                for row in self.rows.values()
            ]
        return [
            {"id": row.id, "color": row.id, "label": row.text, "index": row.index, "is_done": row.is_done,
             "is_deactivated": row.is_deactivated}
            for row in sorted(self.rows.values(), key=lambda row: row.index)
        ]  # fmt: skip


def status_labels(rows: Iterable[Mapping[str, Any]]) -> Labels:
    """From the typed input of `create_status_column`."""
    return Labels("status", (_status(row, COLOURS[row["color"]]) for row in rows))


def _status(row: Mapping[str, Any], label_id: int) -> Label:
    done = bool(row.get("is_done"))
    return Label(label_id, row["label"], row["index"], done, bool(row.get("is_deactivated")))


def dropdown_labels(texts: Iterable[str]) -> Labels:
    """From the typed input of `create_dropdown_column`; ids count up from 1."""
    return Labels("dropdown", (Label(place + 1, text, place) for place, text in enumerate(texts)))


def updated_status(labels: Labels, rows: list[Mapping[str, Any]]) -> Labels:
    """The list replaces the old one; a row with an id keeps that label's id, whatever its colour."""
    made = Labels("status")
    for row in rows:
        label_id = row.get("id")
        if label_id is not None and label_id not in labels.rows:
            raise bad_argument(f"There is no label with id {label_id}")
        made.add(_status(row, COLOURS[row["color"]] if label_id is None else label_id))
    return made


def updated_dropdown(labels: Labels, rows: list[Mapping[str, Any]]) -> Labels:
    """The same for a dropdown, which deletes one label per call and never while it adds some."""
    kept = {row["id"] for row in rows if row.get("id") is not None}
    if unknown := kept - labels.rows.keys():
        raise bad_argument(f"There is no label with id {min(unknown)}")
    removed, added = len(labels.rows) - len(kept), sum(row.get("id") is None for row in rows)
    if removed > 1:
        raise bad_argument("At most one label can be deleted per call")
    if removed and added:
        raise bad_argument("Labels cannot be added and deleted in the same call")
    made = labels.copy()
    for label_id in labels.rows.keys() - kept:
        del made.rows[label_id]
    for row in rows:
        if row.get("id") is None:
            made.new(row["label"])
        else:
            _rename(made, row)
    return made


def _rename(labels: Labels, row: Mapping[str, Any]) -> None:
    present = labels.rows.pop(row["id"])
    off = present.is_deactivated if row.get("is_deactivated") is None else row["is_deactivated"]
    labels.add(replace(present, text=row["label"], is_deactivated=off))
