"""Validation of request bodies from tables of fields, with the messages BILL's gateway gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from .errors import BillError, invalid

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Field:
    """One field of a body.

    Attributes:
        kind: text, money, integer, boolean, date, object or list.
        required: must be there and not null.
        low: shortest text.
        high: longest text.
        choices: allowed words.
        of: fields of an object or of a list's members.
        members: `text` for a list of texts.
    """

    kind: str = "text"
    required: bool = False
    low: int = 0
    high: int = 0
    choices: tuple[str, ...] = ()
    of: Mapping[str, Field] | None = None
    pattern: str = ""


Fields = Mapping[str, Field]


def _number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _date(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(DATE.fullmatch(value)) and bool(date.fromisoformat(value))
    except ValueError:
        return False


KINDS: dict[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "money": _number,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "date": _date,
    "object": lambda value: isinstance(value, dict),
    "list": lambda value: isinstance(value, list),
}


class MalformedBody(Exception):
    """A value of the wrong JSON type: the gateway cannot even build the object."""


def validate(
    body: Any, fields: Fields, *, partial: bool = False, refuse_unknown: bool = False
) -> BillError | None:
    """Check a body; returns the refusal or None.

    Args:
        body: the decoded JSON.
        fields: what is allowed, in the order in which BILL reports.
        partial: PATCH: top-level fields may be missing.
        refuse_unknown: report fields that are not in the table.
    """
    try:
        found = list(_object(body, fields, "", partial=partial, refuse_unknown=refuse_unknown))
    except MalformedBody as error:
        return invalid(str(error))
    return invalid(*found) if found else None


def _object(body: Any, fields: Fields, path: str, *, partial: bool, refuse_unknown: bool) -> list[str]:
    if not isinstance(body, dict):
        raise MalformedBody(f"Cannot construct instance of `{path or 'request'}`: not an object")
    found: list[str] = []
    for name, field in fields.items():
        value = body.get(name)
        if value is None:
            if field.required and not (partial and name not in body):
                found.append(f"{path}{name}: must not be null")
            continue
        if not KINDS[field.kind](value):
            raise MalformedBody(f"Cannot construct instance of `{path}{name}`: {field.kind} expected")
        found += _value(value, field, f"{path}{name}", refuse_unknown)
    if refuse_unknown:
        found += [f"{path}{name}: unrecognized field" for name in body if name not in fields and name != "id"]
    return found


def _value(value: Any, field: Field, path: str, refuse_unknown: bool) -> list[str]:
    if field.kind == "text":
        return _text(value, field, path)
    if field.kind == "object" and field.of is not None:
        return _object(value, field.of, f"{path}.", partial=False, refuse_unknown=refuse_unknown)
    if field.kind == "list":
        if not value and field.required:
            return [f"{path}: must not be empty"]
        return [
            message
            for position, member in enumerate(value)
            for message in _object(
                member, field.of or {}, f"{path}[{position}].", partial=False, refuse_unknown=refuse_unknown
            )
        ]
    if field.kind == "money" and Decimal(value) != round(Decimal(value), 2) and field.high == 0:
        return [f"{path}: numeric value out of bounds (2 digits expected)"]
    return []


def _text(value: str, field: Field, path: str) -> list[str]:
    if field.low and not value.strip():
        return [f"{path}: must not be blank"]
    if field.high and not field.low <= len(value) <= field.high:
        return [f"{path}: size must be between {field.low} and {field.high}"]
    if field.choices and value not in field.choices:
        known = "a supported code" if len(field.choices) > 20 else f"one of {', '.join(field.choices)}"
        return [f"{path}: must be {known}"]
    if field.pattern and not re.fullmatch(field.pattern, value):
        return [f"{path}: must match {field.pattern}"]
    return []
