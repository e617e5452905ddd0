"""Simple strings, as `change_simple_column_value` takes them and column_values tolerates them.

Each becomes the JSON that the column type takes; types that are not here take JSON only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _status(text: str) -> Any:
    return {"label": text} if text else {}


def _dropdown(text: str) -> Any:
    parts = _parts(text)
    numbers = bool(parts) and all(part.isdecimal() for part in parts)
    return {"ids": parts} if numbers else {"labels": parts}


def _date(text: str) -> Any:
    day, _, moment = text.partition(" ")
    return {"date": day, "time": moment}


def _people(text: str) -> Any:
    return {"personsAndTeams": [{"id": part, "kind": "person"} for part in _parts(text)]}


def _link(text: str) -> Any:
    url, _, label = text.partition(" ")
    return {"url": url, "text": label}


def _email(text: str) -> Any:
    email, _, label = text.partition(" ")
    return {"email": email, "text": label}


def _phone(text: str) -> Any:
    phone, _, country = text.rpartition(" ")
    named = re.fullmatch("[A-Z]{2}", country) is not None
    return {"phone": phone, "countryShortName": country} if named else {"phone": text}


FORMS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "long_text": str,
    "numbers": str,
    "status": _status,
    "dropdown": _dropdown,
    "date": _date,
    "people": _people,
    "link": _link,
    "checkbox": lambda text: {"checked": text or None},
    "email": _email,
    "phone": _phone,
}
