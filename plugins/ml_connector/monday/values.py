"""Values of columns: how each type is written, cleared, put into a CSV, and read again.

A value of ours is a text, a number, a yes or no, or a date ``YYYY-MM-DD``; a reference is the id of an
item, or of a label. What the API makes of a value is in docs/monday.md, each rule with its source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from ml_connector.core import codec
from ml_connector.core.errors import Rejected
from ml_connector.monday.board import Column

NAME_LENGTH = 255
LONG_TEXT_LENGTH = 2000
CLEAR_CELL = "<NULL>"
"""A cell that empties the column of a matched item; an empty cell leaves it as it is."""

Raw = Mapping[str, Any]
"""One entry of ``column_values`` as it was read."""


@dataclass(frozen=True, slots=True)
class Type:
    """How values of a column type travel.

    Attributes:
        write: the fragment under the column's id in ``column_values``.
        read: our value from what the API shows; None where the column is empty.
        cell: the text of a CSV cell, or None for a value that no CSV can hold; None itself where the bulk
            import does not take the type.
    """

    write: Callable[[Any, Column], Any]
    read: Callable[[Raw, Column], Any]
    cell: Callable[[Any, Column], str | None] | None


def plain(value: Any) -> str:
    """A value as text; numbers without an exponent."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _text(raw: Raw, _: Column) -> str | None:
    """Without blanks behind it, as texts come from PeopleSoft; those before it are part of a text."""
    text = str(raw.get("text") or "").rstrip()
    return text if text.strip() else None


def _inside(raw: Raw) -> Any:
    """The ``value`` of a column: JSON inside a string."""
    value = raw.get("value")
    if not isinstance(value, str):
        return value
    try:
        return codec.decode(value)
    except ValueError:
        return None


def _status(raw: Raw, column: Column) -> str | None:
    """A cell that is not set shows the text of the grey label, where somebody gave that one a text."""
    return None if _inside(raw) is None else _text(raw, column)


def _long_text(value: Any, column: Column) -> dict[str, str]:
    text = plain(value)
    if len(text) > LONG_TEXT_LENGTH:
        raise Rejected(f"is longer than {LONG_TEXT_LENGTH} characters", field=column.id)
    return {"text": text}


def _number(raw: Raw, _: Column) -> Decimal | None:
    """Exact: ``value`` is the number as text, where ``number`` would be a binary fraction."""
    inside = _inside(raw)
    text = inside if isinstance(inside, str) else raw.get("text")
    try:
        return Decimal(str(text)) if text not in (None, "") else None
    except InvalidOperation:
        return None


def _date(raw: Raw, _: Column) -> str | None:
    """From ``value``, which is in UTC; ``text`` is in the time zone of the token's user."""
    inside = _inside(raw)
    return inside.get("date") if isinstance(inside, dict) else None


def _check(value: Any, column: Column) -> dict[str, str] | None:
    if not isinstance(value, bool):
        raise Rejected(f"a checkbox is true or false, not {plain(value)!r}", field=column.id)
    return {"checked": "true"} if value else None


def _country(value: Any, column: Column) -> dict[str, str]:
    code = plain(value)
    if len(code) != 2:
        raise Rejected(
            f"{code!r} is no country code of two letters; translate it in a mapping of your own, or take a "
            "text column",
            field=column.id,
        )
    return {"countryCode": code, "countryName": code}


def _checked(raw: Raw, _: Column) -> bool | None:
    inside = _inside(raw)
    checked = inside.get("checked") if isinstance(inside, dict) else inside
    return str(checked).lower() == "true"


def _from(name: str) -> Callable[[Raw, Column], str | None]:
    def read(raw: Raw, _: Column) -> str | None:
        inside = _inside(raw)
        return (inside.get(name) or None) if isinstance(inside, dict) else None

    return read


def _dropdown(value: Any, column: Column) -> dict[str, list[int]]:
    """By id, so that a label that looks like a number, or holds a comma, is what it is."""
    return {"ids": [int(column.label_id(plain(value)))]}


def _dropdown_cell(value: Any, column: Column) -> str | None:
    """A comma would make two labels of one."""
    text = column.labels[column.label_id(plain(value))]
    return None if "," in text else text


def _linked_cell(value: Any, column: Column) -> str | None:
    """Where a column leads to several boards, a cell must name the item's, which nobody knows here."""
    return plain(value) if len(column.boards) == 1 else None


def _linked(raw: Raw, _: Column) -> str | None:
    """``value`` and ``text`` of a connecting column are always empty."""
    return ",".join(str(item) for item in raw.get("linked_item_ids") or ()) or None


def _mail(value: Any, _: Column) -> dict[str, str]:
    return {"email": plain(value), "text": plain(value)}


def _link(value: Any, column: Column) -> dict[str, str]:
    if not plain(value).startswith(("http://", "https://")):
        raise Rejected("a link begins with http:// or https://", field=column.id)
    return {"url": plain(value), "text": plain(value)}


def _cell(value: Any, _: Column) -> str:
    return plain(value)


TYPES: dict[str, Type] = {
    "text": Type(lambda value, _: plain(value), _text, _cell),
    "long_text": Type(_long_text, _text, lambda value, column: _long_text(value, column)["text"]),
    "numbers": Type(lambda value, _: plain(value), _number, _cell),
    # `index` is the label's id: a label such as "2026" would be taken for one.
    "status": Type(lambda value, column: {"index": int(column.label_id(plain(value)))}, _status,
                   lambda value, column: column.labels[column.label_id(plain(value))]),
    "dropdown": Type(_dropdown, _text, _dropdown_cell),
    "date": Type(lambda value, _: {"date": plain(value)}, _date, _cell),
    "checkbox": Type(_check, _checked, lambda value, column: "true" if _check(value, column) else ""),
    "board_relation": Type(lambda value, _: {"item_ids": [int(plain(value))]}, _linked, _linked_cell),
    "link": Type(_link, _from("url"), lambda value, column: _link(value, column)["url"]),
    "email": Type(_mail, _from("email"), _cell),
    "phone": Type(lambda value, _: {"phone": plain(value), "countryShortName": ""}, _from("phone"), _cell),
    "country": Type(_country, _from("countryCode"), None),
}  # fmt: skip
"""Every type that can be mapped."""


def written(value: Any, column: Column, *, reference: bool = False) -> Any:
    """The fragment for ``column_values``; None empties the column, where "" would make a number 0.

    Args:
        reference: the value is the id of a label, where the column has labels.

    Raises:
        Rejected: the column does not take the value.
    """
    if value is None:
        return None
    return TYPES[column.type].write(_named(value, column) if reference else value, column)


def cell(value: Any, column: Column, *, reference: bool = False) -> str | None:
    """The same for a CSV; None where none can hold it, so that its document goes in another way.

    Raises:
        Rejected: the column does not take the value.
    """
    make = TYPES[column.type].cell
    if value is None or make is None:
        return CLEAR_CELL
    text = make(_named(value, column) if reference else value, column)
    if text is None or text.strip() == CLEAR_CELL:
        return None
    return text if text.strip() else CLEAR_CELL


def _named(value: Any, column: Column) -> Any:
    """The label that a reference means by its id; another label's text may look like that id."""
    if column.type != "dropdown":
        return value
    text = column.labels.get(plain(value))
    if text is None:
        raise Rejected(
            f"column {column.title!r} has no label with id {plain(value)} any more", field=column.id
        )
    return text


def read(raw: Raw, column: Column, *, reference: bool = False, number: bool = False) -> Any:
    """Our value from what was read.

    Args:
        reference: the value is the id of a label, where the column has labels.
        number: the value is a number, whatever the column's type.
    """
    value = TYPES[column.type].read(raw, column)
    if reference and column.type == "dropdown" and value is not None:
        return next((label_id for label_id, text in column.labels.items() if text == value), value)
    return _as_number(value) if number and isinstance(value, str) else value


def _as_number(text: str) -> Decimal | str:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return text  # somebody wrote something else there
    return found if found.is_finite() else text


def checked_name(name: Any) -> str:
    """An item's name.

    Raises:
        Rejected: it is empty, or longer than Monday takes.
    """
    text = plain(name or "").rstrip()
    length = len(text) if text.strip() else 0
    if not 1 <= length <= NAME_LENGTH:
        raise Rejected(f"an item's name has 1 to {NAME_LENGTH} characters, this one {length}", field="name")
    return text
