"""Labels of status and dropdown columns: reading all of them, and adding to them without losing one.

A change replaces the whole list: a label that is left out of it is deleted, with the value of every item
that has it. So each list holds everything that was there, deactivated labels too, and names the revision
of the column that it was made from; what somebody else changed meanwhile is read again first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ml_connector.core.errors import ConfigurationError, ContractChanged, Rejected, Unavailable
from ml_connector.monday import operations
from ml_connector.monday.api import MondayApi
from ml_connector.monday.board import Column, board_of, read_column
from ml_connector.monday.changes import Unclear, change

MOST_STATUS_LABELS, LONGEST_STATUS_LABEL = 40, 30
DROPDOWN, STATUS = "dropdown", "status"

_NAMES = [
    "working_orange", "done_green", "stuck_red", "dark_blue", "purple", "explosive", "grass_green",
    "bright_blue", "saladish", "egg_yolk", "blackish", "dark_red", "sofia_pink", "lipstick", "dark_purple",
    "bright_green", "chili_blue", "american_gray", "brown", "dark_orange",
    "sunset", "bubble", "peach", "berry", "winter", "river", "navy", "aquamarine", "indigo", "dark_indigo",
    "pecan", "lavender", "royal", "steel", "orchid", "lilac", "tan", "sky", "coffee", "teal",
]  # fmt: skip
COLOURS: dict[int, str] = dict(zip((*range(20), *range(101, 111), *range(151, 161)), _NAMES, strict=True))
"""Colours by id, which is the id of the label that was made with it as well."""

_GREENS = ("done_green", "grass_green", "bright_green")
_EMPTY = "explosive"
"""The grey of a status that is not set: a label of this colour would stand in every empty cell."""

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Label:
    """One label.

    Attributes:
        off: deactivated: items keep it, and nobody can choose it.
        raw: as the API shows it.
    """

    id: int
    text: str
    off: bool
    raw: Mapping[str, Any] = field(repr=False)


def labels_of(column: Column) -> list[Label]:
    """All labels of a column, deactivated ones too.

    Raises:
        ContractChanged: they stand there in a form that is not known; then none may be changed.
    """
    rows = column.settings.get("labels") or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
        raise ContractChanged(f"the labels of column {column.title!r} have a form that is not known")
    off = {str(number) for number in column.settings.get("deactivated_labels") or ()}
    return [
        Label(
            int(row["id"]), str(row.get("label") or row.get("name") or ""),
            bool(row.get("is_deactivated")) or str(row["id"]) in off, row,
        )
        for row in rows
    ]  # fmt: skip


def dropdown_settings(column: Column, changed: Mapping[int, Label], added: Iterable[str]) -> dict[str, Any]:
    """The settings of a dropdown column with some labels changed, by id, and some added."""
    labels: list[dict[str, Any]] = []
    for old in labels_of(column):
        label = changed.get(old.id, old)
        labels.append({"id": label.id, "label": label.text, "is_deactivated": label.off})
    labels += [{"label": text} for text in added]
    kept = {name: column.settings.get(name) for name in ("limit_select", "label_limit_count")}
    return {"labels": labels, **{name: value for name, value in kept.items() if value is not None}}


def new_status_labels(
    texts: Sequence[str], done: Iterable[str], *, taken: Iterable[str] = (), first: int = 0
) -> list[dict[str, Any]]:
    """Labels for a status column, each with a colour of its own.

    Args:
        done: those that mean that nothing is left to do.
        taken: colours that other labels have.
        first: place of the first one.

    Raises:
        Rejected: a text is too long, or there are too many.
    """
    if long := [text for text in texts if len(text) > LONGEST_STATUS_LABEL]:
        raise Rejected(f"{long[0]!r} is longer than the {LONGEST_STATUS_LABEL} characters of a status label")
    used, ready, made = {*taken, _EMPTY}, set(done), []
    for place, text in enumerate(texts, start=first):
        free = [colour for colour in COLOURS.values() if colour not in used]
        if not free:
            raise Rejected(f"a status column takes no more than {MOST_STATUS_LABELS} labels")
        wanted = [colour for colour in free if (colour in _GREENS) == (text in ready)] or free
        colour = wanted[0]
        used.add(colour)
        made.append({"label": text, "color": colour, "index": place, "is_done": text in ready})
    return made


def status_settings(column: Column, added: Sequence[str], done: Iterable[str]) -> dict[str, Any]:
    """The settings of a status column with some labels added behind the others.

    Raises:
        Rejected: there is no place for them, or a label has a colour that is not known.
    """
    kept = [_kept(column, label) for label in labels_of(column)]
    colours = [row["color"] for row in kept]
    behind = max((row["index"] for row in kept), default=-1) + 1
    return {"labels": kept + new_status_labels(added, done, taken=colours, first=behind)}


def _kept(column: Column, label: Label) -> dict[str, Any]:
    row = {
        "id": label.id, "label": label.text, "color": _colour(column, label),
        "index": int(label.raw.get("index") or 0), "is_done": bool(label.raw.get("is_done")),
        "is_deactivated": label.off,
    }  # fmt: skip
    return row | ({"description": label.raw["description"]} if label.raw.get("description") else {})


def _colour(column: Column, label: Label) -> str:
    """Shown as a number or as a name; an unknown one must not be guessed."""
    shown = str(label.raw.get("color", label.id))
    if shown in _NAMES:
        return shown
    if shown.isdecimal() and int(shown) in COLOURS:
        return COLOURS[int(shown)]
    raise Rejected(f"label {label.text!r} of column {column.title!r} has a colour that is not known: {shown}")


Change = Callable[[Column], dict[str, Any] | None]
"""The settings that a column is to have, from what it is now; None where nothing is left to do."""


async def update_labels(api: MondayApi, board_id: str, column_id: str, make: Change, attempt: str) -> Column:
    """Change the labels of a column.

    Args:
        make: asked again where somebody else changed the column meanwhile.
        attempt: see ``changes.change``.

    Returns:
        The column as it is then.

    Raises:
        Rejected: the change was refused.
        ConfigurationError: the column is gone.
        ContractChanged: labels were lost by it, or stand in an unknown form.
        ConnectorError: see ``changes.change``.
    """
    column = await live_column(api, board_id, column_id)
    for _ in range(_TRIES):
        settings = make(column)
        if settings is None:
            return column
        try:
            return await _set(api, board_id, column, settings, attempt)
        except (Rejected, Unclear):
            before, column = column, await live_column(api, board_id, column_id)
            if column.revision == before.revision:
                raise
    raise Unavailable(f"column {column.title!r} is being changed by others all the time; try again")


async def live_column(api: MondayApi, board_id: str, column_id: str) -> Column:
    """A column as it is now."""
    board = await board_of(api, board_id)
    found = [column for column in board.columns if column.id == column_id] if board is not None else []
    if not found:
        raise ConfigurationError(f"column {column_id} of board {board_id} is gone")
    return found[0]


async def _set(
    api: MondayApi, board_id: str, column: Column, settings: dict[str, Any], attempt: str
) -> Column:
    status = column.type == STATUS
    operation = operations.SET_STATUS_LABELS if status else operations.SET_DROPDOWN_LABELS
    name = "update_status_column" if status else "update_dropdown_column"
    variables = {
        "board": board_id, "column": column.id, "revision": column.revision, "settings": settings,
    }  # fmt: skip
    row = await change(api, operation, name, variables, attempt)
    if isinstance(row.get("settings"), dict) and row.get("revision"):
        shown = read_column({"id": column.id, "title": column.title, "type": column.type, **row})
        changed = replace(column, revision=shown.revision, labels=shown.labels, settings=shown.settings)
    else:
        changed = await live_column(api, board_id, column.id)
    lost = {label.id for label in labels_of(column)} - {label.id for label in labels_of(changed)}
    if lost:
        raise ContractChanged(
            f"labels of column {column.title!r} are gone after a change that kept them: ids "
            f"{', '.join(map(str, sorted(lost)))}. Look at the board before anything else is written to it"
        )
    return changed
