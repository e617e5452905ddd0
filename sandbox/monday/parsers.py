"""What each column type takes, and what it becomes in the cell; None is an empty cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from . import people
from .errors import invalid
from .model import Column

if TYPE_CHECKING:
    from .writing import Write

Parser = Callable[["Write", Column, Any], Any]
LONG_TEXT = 2000
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+?[\d\s().-]{3,}")


def fields(column: Column, raw: Any, *names: str) -> Mapping[str, Any]:
    """An object with no other members than these."""
    if not isinstance(raw, dict) or raw.keys() - set(names):
        raise invalid(column, raw)
    return raw


def whole(column: Column, raw: Any) -> int:
    """A whole number, or its digits."""
    if isinstance(raw, bool) or not isinstance(raw, int | str) or not str(raw).isdecimal():
        raise invalid(column, raw)
    return int(raw)


def _text(_: Write, column: Column, raw: Any) -> str | None:
    if not isinstance(raw, str):
        raise invalid(column, raw)
    return raw or None


def _long_text(_: Write, column: Column, raw: Any) -> str | None:
    text = fields(column, raw, "text").get("text") if isinstance(raw, dict) else raw
    if not isinstance(text, str):
        raise invalid(column, raw)
    if len(text) > LONG_TEXT:
        raise invalid(column, text[:50], f"The text has more than {LONG_TEXT} characters")
    return text or None


def _numbers(_: Write, column: Column, raw: Any) -> str:
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        raise invalid(column, raw)
    text = str(raw).strip() or "0"
    if not _NUMBER.fullmatch(text):
        raise invalid(column, raw)
    return text.removeprefix("+")


def _status(write: Write, column: Column, raw: Any) -> int | None:
    given = fields(column, raw, "label", "index")
    if not given:
        return None
    if len(given) > 1:
        raise invalid(column, raw)
    if "label" in given and isinstance(given["label"], str):
        text = given["label"]
        if not text.isdecimal():
            return write.label(column, text, raw).id
        # A label that looks like a number is read as the id of one, however it is called.
        return write.label_by_id(column, int(text), raw).id
    return write.label_by_id(column, whole(column, given.get("index")), raw).id


def _dropdown(write: Write, column: Column, raw: Any) -> tuple[int, ...] | None:
    given = fields(column, raw, "labels", "ids")
    if not given:
        return None
    (name, rows), *more = given.items()
    if more or not isinstance(rows, list):
        raise invalid(column, raw)
    if name == "ids":
        found = [write.label_by_id(column, whole(column, row), raw).id for row in rows]
    else:
        if not all(isinstance(row, str) for row in rows):
            raise invalid(column, raw)
        found = [write.label(column, row, raw).id for row in rows]
    return _chosen(column, found, raw)


def _chosen(column: Column, ids: list[int], raw: Any) -> tuple[int, ...] | None:
    limit = column.settings.get("label_limit_count") if column.settings.get("limit_select") else None
    if limit is not None and len(ids) > limit:
        raise invalid(column, raw, f"At most {limit} labels can be selected")
    return tuple(dict.fromkeys(ids)) or None


def _date(_: Write, column: Column, raw: Any) -> tuple[str, str | None] | None:
    given = fields(column, raw, "date", "time", "icon", "changed_at")
    if not given.get("date"):
        return None
    day, moment = given["date"], given.get("time") or None
    if not isinstance(day, str) or not isinstance(moment, str | None):
        raise invalid(column, raw)
    try:
        made = date.fromisoformat(day).isoformat() if len(day) == 10 else None
        clock = None if moment is None else time.fromisoformat(moment).isoformat("seconds")
    except ValueError as error:
        raise invalid(column, raw) from error
    if made is None or (moment is not None and clock != moment):
        raise invalid(column, raw)
    return made, clock


def _people(_: Write, column: Column, raw: Any) -> tuple[tuple[int, str], ...] | None:
    rows = fields(column, raw, "personsAndTeams", "changed_at").get("personsAndTeams", [])
    if not isinstance(rows, list):
        raise invalid(column, raw)
    found = []
    for row in rows:
        given = fields(column, row, "id", "kind")
        entry = (whole(column, given.get("id")), given.get("kind"))
        if entry not in people.KNOWN:
            raise invalid(column, raw, "This person cannot be assigned", "invalidPersonAssignment")
        found.append((entry[0], str(entry[1])))
    return tuple(found) or None


def _link(_: Write, column: Column, raw: Any) -> tuple[str, str] | None:
    given = fields(column, raw, "url", "text", "changed_at")
    url, text = given.get("url"), given.get("text", "")
    if not isinstance(url, str) or not isinstance(text, str):
        raise invalid(column, raw)
    if not url:
        return None
    if not url.startswith(("http://", "https://")):
        raise invalid(column, raw, "The URL must begin with http:// or https://")
    return url, text or url


def _timeline(_: Write, column: Column, raw: Any) -> tuple[str, str] | None:
    given = fields(column, raw, "from", "to", "changed_at")
    if not given:
        return None
    try:
        begin, end = (date.fromisoformat(str(given[name])).isoformat() for name in ("from", "to"))
    except (KeyError, ValueError) as error:
        raise invalid(column, raw) from error
    if end < begin:
        raise invalid(column, raw, "The timeline ends before it begins")
    return begin, end


def _relation(write: Write, column: Column, raw: Any) -> tuple[int, ...] | None:
    given = fields(column, raw, "item_ids")  # never linkedPulseIds, which is how values used to be read
    rows = given.get("item_ids")
    if not isinstance(rows, list):
        raise invalid(column, raw)
    ids = tuple(dict.fromkeys(whole(column, row) for row in rows))
    if len(ids) > 1 and not column.settings.get("allowMultipleItems", True):
        raise invalid(column, raw, "Only one item can be linked", "linkedItemsLimitExceeded")
    boards = column.settings.get("boardIds", [])
    for item_id in ids:
        item = write.items.get(item_id)
        if item is None or item.state != "active":
            raise invalid(column, raw, f"Item {item_id} is not active", "inactiveItems")
        if item.board.id not in boards:
            raise invalid(
                column, raw, f"Item {item_id} is on a board that is not connected", "itemsNotInBoards"
            )
    return ids or None


def _checkbox(_: Write, column: Column, raw: Any) -> bool | None:
    checked = fields(column, raw, "checked", "changed_at").get("checked")
    if checked not in ("true", "false", True, False, None):
        raise invalid(column, raw)
    return True if checked in ("true", True) else None


def _email(_: Write, column: Column, raw: Any) -> tuple[str, str] | None:
    given = fields(column, raw, "email", "text", "changed_at")
    email, text = given.get("email"), given.get("text", "")
    if not isinstance(email, str) or not isinstance(text, str):
        raise invalid(column, raw)
    if not email:
        return None
    if not _EMAIL.fullmatch(email):
        raise invalid(column, raw, "This is not an e-mail address")
    return email, text or email


def _phone(_: Write, column: Column, raw: Any) -> tuple[str, str] | None:
    given = fields(column, raw, "phone", "countryShortName", "changed_at")
    phone, country = given.get("phone"), given.get("countryShortName", "")
    if not isinstance(phone, str) or not isinstance(country, str):
        raise invalid(column, raw)
    if not phone:
        return None
    if not _PHONE.fullmatch(phone) or (country and not re.fullmatch("[A-Z]{2}", country)):
        raise invalid(column, raw)
    return phone, country


def _country(_: Write, column: Column, raw: Any) -> tuple[str, str] | None:
    given = fields(column, raw, "countryCode", "countryName", "changed_at")
    code, name = given.get("countryCode"), given.get("countryName")
    if not given:
        return None
    if (
        not isinstance(code, str)
        or not isinstance(name, str)
        or not re.fullmatch("[A-Z]{2}", code)
        or not name
    ):
        raise invalid(column, raw)
    return code, name


PARSERS: dict[str, Parser] = {
    "text": _text, "long_text": _long_text, "numbers": _numbers, "status": _status, "dropdown": _dropdown,
    "date": _date, "people": _people, "link": _link, "timeline": _timeline, "board_relation": _relation,
    "checkbox": _checkbox, "email": _email, "phone": _phone, "country": _country,
}  # fmt: skip
