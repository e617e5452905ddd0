"""Payloads as tables: one line for each field, what is private hidden, what differs marked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ml_connector.core.contract import Payload
from ml_connector.core.ledger.privacy import MASK, is_private, plain
from ml_connector.core.planning.differences import equal

_GONE = object()


@dataclass(frozen=True, slots=True)
class Line:
    """One field with its value, as people may see it."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One field on both sides; None where a side does not have it."""

    field: str
    there: str | None
    wanted: str | None
    differs: bool


def lines(payload: Payload) -> list[Line]:
    """All fields, in the payload's own order."""
    return [Line(path, _shown(path, value)) for path, value in _leaves("", payload)]


def pairs(there: Payload | None, wanted: Payload | None) -> list[Pair]:
    """Both sides field by field; compared before anything is hidden."""
    left, right = dict(_leaves("", there or {})), dict(_leaves("", wanted or {}))
    fields = [*right, *(field for field in left if field not in right)]
    return [_pair(field, left.get(field, _GONE), right.get(field, _GONE)) for field in fields]


def _pair(field: str, there: Any, wanted: Any) -> Pair:
    left, right = (None if side is _GONE else side for side in (there, wanted))
    return Pair(
        field,
        None if there is _GONE else _shown(field, there),
        None if wanted is _GONE else _shown(field, wanted),
        not equal(left, right),
    )


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _leaves(f"{path}.{name}" if path else name, item)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(f"{path}[{index}]", item)
    elif path:
        yield path, value


def _shown(path: str, value: Any) -> str:
    if value in (None, "", [], {}):
        return ""
    names = (part.partition("[")[0] for part in path.split("."))
    if any(is_private(name) for name in names):
        return MASK
    return str(value).lower() if isinstance(value, bool) else str(plain(value))
