"""What stands in the cell of a file, as the value that a mutation would have written."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sandbox.monday import people
from sandbox.monday.errors import MondayError
from sandbox.monday.model import Column
from sandbox.monday.writing import Write

Reader = Callable[[Write, Column, str], Any]
LINKED = 50
_LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<url>[^)]+)\)")
_EMAIL = re.compile(r"(?P<text>[^<]*)<(?P<email>[^>]+)>")
_TRUE = frozenset({"true", "yes", "y", "x", "checked", "1"})
_FALSE = frozenset({"false", "no", "n", "0", "unchecked"})


class Wrong(ValueError):
    """A cell that does not fit; the message is that of the report."""


def value(write: Write, column: Column, text: str) -> Any:
    """The value of one cell; None where the text says empty, such as an unchecked box.

    Raises:
        Wrong: the column does not take it.
    """
    try:
        found = _READERS[column.type](write, column, text)
        return None if found is None else write.value(column, found)
    except (MondayError, LookupError, ValueError) as error:
        kind = "Label" if column.type in {"status", "dropdown"} else "Value"
        message = f'[{column.id}]: {kind} "{text}" is invalid for column "{column.id}"'
        raise Wrong(message) from error


def _same(_: Write, __: Column, text: str) -> Any:
    return text


def _status(write: Write, column: Column, text: str) -> Any:
    # Labels are exact here, a number is a label's text like any other.
    return {"index": _label(write, column, text)}


def _label(write: Write, column: Column, text: str) -> int:
    found = write.labels(column).named(text)
    if found is None:
        raise Wrong(text)
    return found.id


def _dropdown(write: Write, column: Column, text: str) -> Any:
    return {"ids": [_label(write, column, part.strip()) for part in text.split(",")]}


def _date(_: Write, __: Column, text: str) -> Any:
    return {"date": text}


def _link(_: Write, __: Column, text: str) -> Any:
    found = _LINK.fullmatch(text)
    return {"url": text} if found is None else {"url": found["url"], "text": found["text"]}


def _email(_: Write, __: Column, text: str) -> Any:
    found = _EMAIL.fullmatch(text)
    return {"email": text} if found is None else {"email": found["email"], "text": found["text"].strip()}


def _phone(_: Write, __: Column, text: str) -> Any:
    return {"phone": text}


def _timeline(_: Write, __: Column, text: str) -> Any:
    begin, _slash, end = text.partition("/")
    return {"from": begin, "to": end or begin}


def _checkbox(_: Write, __: Column, text: str) -> Any:
    if text.casefold() in _TRUE:
        return {"checked": "true"}
    if text.casefold() in _FALSE:
        return None
    raise Wrong(text)


def _people(_: Write, __: Column, text: str) -> Any:
    return {"personsAndTeams": [_entity(part.strip()) for part in text.split(",")]}


def _entity(text: str) -> dict[str, Any]:
    kind, colon, name = text.partition(":")
    if not colon:
        kind, name = "user", text
    people_ids = {
        word: person.id
        for person in people.PEOPLE.values()
        for word in (str(person.id), person.name, person.email)
    }
    team_ids = {word: team_id for team_id, title in people.TEAMS.items() for word in (str(team_id), title)}
    if kind == "team":
        return {"id": team_ids[name], "kind": "team"}
    return {"id": people_ids[name], "kind": "person"}


def _relation(write: Write, column: Column, text: str) -> Any:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > LINKED:
        raise Wrong(text)
    return {"item_ids": [_linked(write, column, part) for part in parts]}


def _linked(write: Write, column: Column, text: str) -> int:
    digits = text.rpartition(":")[2]
    if digits.isdecimal():
        return int(digits)
    boards = column.settings.get("boardIds", [])
    found = [
        item.id
        for item in write.items.values()
        if item.name == text and item.board.id in boards and item.state == "active"
    ]
    return found[-1]


_READERS: dict[str, Reader] = {
    "text": _same,
    "long_text": _same,
    "numbers": _same,
    "status": _status,
    "dropdown": _dropdown,
    "date": _date,
    "link": _link,
    "email": _email,
    "phone": _phone,
    "timeline": _timeline,
    "checkbox": _checkbox,
    "people": _people,
    "board_relation": _relation,
}
