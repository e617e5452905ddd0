"""Lists: the filter dialect, sorting, and pages by opaque tokens."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.clock import Clock

from .errors import invalid, timestamp
from .fields import Listing
from .table import Row, Table

PART = re.compile(r'\s*([A-Za-z.]+):([a-z]+):("(?:[^"]*)"|[^,]*)\s*(?:,|$)')
TIME_FORMS = (
    re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:?(\d\d)?)?"),
    re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?"),
    re.compile(r"\d{4}-\d\d-\d\d"),
)
TIME_FIELDS = ("createdTime", "updatedTime")


@dataclass(frozen=True)
class Condition:
    """One part of `filters`."""

    field: str
    op: str
    values: tuple[Any, ...]

    def holds(self, row: Row) -> bool:
        """Whether a row passes."""
        value = read(row, self.field)
        if self.op == "ne":
            return bool(value != self.values[0])
        if self.op == "nin":
            return value not in self.values
        if value is None:
            return False
        return OPERATORS[self.op](value, self.values)


OPERATORS: dict[str, Callable[[Any, tuple[Any, ...]], bool]] = {
    "eq": lambda value, wanted: value == wanted[0],
    "gt": lambda value, wanted: value > wanted[0],
    "gte": lambda value, wanted: value >= wanted[0],
    "lt": lambda value, wanted: value < wanted[0],
    "lte": lambda value, wanted: value <= wanted[0],
    "in": lambda value, wanted: value in wanted,
    "sw": lambda value, wanted: str(value).lower().startswith(wanted[0].lower()),
}
KNOWN_OPS = {*OPERATORS, "ne", "nin"}


def read(row: Mapping[str, Any], path: str) -> Any:
    """A value by dotted path."""
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def parse_filters(text: str, listing: Listing, *, strict: bool) -> list[Condition]:
    """The conditions of `filters`. Raises ``BillError`` with 400."""
    conditions: list[Condition] = []
    position = 0
    while position < len(text):
        match = PART.match(text, position)
        if match is None or match.end() == position:
            raise invalid(f"filters: cannot be read at {text[position:]!r}")
        field, op, raw = match.groups()
        conditions.append(_condition(field, op, raw, listing, strict=strict))
        position = match.end()
    return conditions


def _condition(field: str, op: str, raw: str, listing: Listing, *, strict: bool) -> Condition:
    allowed = listing.filters.get(field) or listing.filters.get(f"{field.partition('.')[0]}.*")
    if op not in KNOWN_OPS:
        raise invalid(f"filters: operator {op} is not supported")
    if allowed is None or (strict and op not in allowed):
        raise invalid(f"filters: field {field} cannot be filtered by {op}")
    quoted = raw.startswith('"')
    text = raw.strip('"')
    if op in ("in", "nin") and not quoted:
        raise invalid(f"filters: values of {op} must be quoted")
    texts = text.split(",") if op in ("in", "nin") else [text]
    return Condition(field, op, tuple(_typed(field, value.strip(), quoted) for value in texts))


def _typed(field: str, text: str, quoted: bool) -> Any:
    if field == "archived":
        if text not in ("true", "false"):
            raise invalid("filters: archived takes true or false")
        return text == "true"
    if field == "amount":
        try:
            return Decimal(text)
        except InvalidOperation as error:
            raise invalid(f"filters: {text} is no number") from error
    return _time(text, quoted) if field in TIME_FIELDS else text


def _time(text: str, quoted: bool) -> str:
    if not any(form.fullmatch(text) for form in TIME_FORMS) or (":" in text and not quoted):
        raise invalid(f"filters: {text} is no date-time in a documented form, in quotes")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(f"filters: {text} is no date-time") from error
    return timestamp((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC))


def parse_sort(text: str, listing: Listing) -> list[tuple[str, bool]]:
    """Pairs of field and descending. Raises ``BillError`` with 400."""
    pairs: list[tuple[str, bool]] = []
    for part in filter(None, text.split(",")):
        field, _, direction = part.strip().partition(":")
        if field not in listing.sorts or direction not in ("asc", "desc"):
            raise invalid(f"sort: {part} is not supported")
        pairs.append((field, direction == "desc"))
    return pairs


@dataclass
class _Kept:
    version: int
    ids: list[str]


class Lister:
    """Answers list requests on one table; unchanged tables are not searched again per page."""

    def __init__(self, table: Table, listing: Listing, clock: Clock) -> None:
        self.table, self.listing, self._clock = table, listing, clock
        self._kept: dict[tuple[str, str], _Kept] = {}

    def page(
        self, params: Mapping[str, str], *, strict: bool, ignore_filters: bool = False, repeat: int = 0
    ) -> tuple[list[Row], dict[str, str]]:
        """Rows of one page, and the tokens of its neighbours; `repeat` rows of the page before come again."""
        size = _size(params.get("max", "20"))
        filters, sort = params.get("filters", ""), params.get("sort", "")
        conditions = parse_filters(filters, self.listing, strict=strict)
        order = parse_sort(sort, self.listing)
        start = max(0, _start(params.get("page"), filters, sort) - repeat)
        ids = self._ids(filters, sort, [] if ignore_filters else conditions, order)
        rows = [self.table.rows[row_id] for row_id in ids[start : start + size]]
        links = {}
        if start + size < len(ids):
            links["nextPage"] = _token(start + size, filters, sort)
        if start > 0:
            links["prevPage"] = _token(max(0, start - size), filters, sort)
        return rows, links

    def _ids(
        self, filters: str, sort: str, conditions: Sequence[Condition], order: Sequence[tuple[str, bool]]
    ) -> list[str]:
        key = (filters if conditions else "", sort)
        kept = self._kept.get(key)
        lagging = bool(self.table.visible_from)
        if kept is not None and kept.version == self.table.version and not lagging:
            return kept.ids
        rows = [row for row in self._candidates(conditions) if all(item.holds(row) for item in conditions)]
        if lagging:
            rows = self._visible(rows)
        for field, descending in reversed(order):
            rows.sort(key=lambda row: str(row.get(field, "")), reverse=descending)
        if len(self._kept) >= 32:
            self._kept.clear()
        self._kept[key] = _Kept(self.table.version, [row["id"] for row in rows])
        return self._kept[key].ids

    def _candidates(self, conditions: Sequence[Condition]) -> Iterable[Row]:
        for condition in conditions:
            if condition.field == "createdTime" and condition.op in ("gt", "gte", "eq"):
                return self.table.created_since(condition.values[0])
            if condition.op not in ("eq", "in"):
                continue
            if condition.field == "id":
                return [row for value in condition.values if (row := self.table.get(value))]
            if self.table.indexed(condition.field):
                ids = [key for value in condition.values for key in self.table.ids(condition.field, value)]
                return [self.table.rows[key] for key in ids]
        return self.table

    def _visible(self, rows: list[Row]) -> list[Row]:
        now = self._clock.seconds()
        hidden = {key for key, since in self.table.visible_from.items() if since > now}
        self.table.visible_from = {key: self.table.visible_from[key] for key in hidden}
        return [row for row in rows if row["id"] not in hidden]


def _size(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise invalid("max: must be between 1 and 100")
    return int(text)


def _token(start: int, filters: str, sort: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([start, filters, sort]).encode()).decode().rstrip("=")


def _start(token: str | None, filters: str, sort: str) -> int:
    if token is None:
        return 0
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        start, used_filters, used_sort = json.loads(raw)
    except (binascii.Error, ValueError, TypeError) as error:
        raise invalid("page: is no page token") from error
    if (used_filters, used_sort) != (filters, sort):
        raise invalid("page: belongs to another filter or sort")
    return int(start)
