"""`query_params` of items_page: which items match, with the silences of the real service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from .cells import Cell, text_of
from .errors import bad_argument, no_column
from .kinds import KINDS
from .model import Board, Column, Item
from .people import ME
from .store import Store, numbers

Test = Callable[[Item], bool]
Compare = Callable[[Any, Any], bool]
BLANK = "$$$blank$$$"
_COMPARE: dict[str, Compare] = {
    "greater_than": lambda a, b: a > b,
    "greater_than_or_equals": lambda a, b: a >= b,
    "lower_than": lambda a, b: a < b,
    "lower_than_or_equal": lambda a, b: a <= b,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "contains_text": lambda text, wanted: wanted in text,
    "not_contains_text": lambda text, wanted: wanted not in text,
    "starts_with": lambda text, wanted: text.startswith(wanted),
    "contains_terms": lambda text, wanted: all(term in text for term in wanted.split()),
}
IDS = 100
_KEYWORDS = {"TODAY": 0, "YESTERDAY": -1, "TOMORROW": 1}


@dataclass
class Rules:
    """Builds tests over one board as a search sees it, perhaps some seconds late."""

    store: Store
    board: Board

    def find(self, query: Mapping[str, Any], items: Iterable[Item]) -> list[Item]:
        """The items that match, in order."""
        test = self.test(query)
        ids = query.get("ids")
        if ids is not None and len(ids) > IDS:
            raise bad_argument(f"ids takes at most {IDS} ids")
        wanted = None if ids is None else set(numbers(ids))
        late = bool(query.get("rules") or query.get("groups"))
        found = [
            item
            for item in items
            if (wanted is None or item.id in wanted) and (not late or self.seen(item)) and test(item)
        ]
        for order in reversed(query.get("order_by") or ()):
            found.sort(key=self._key(order["column_id"]), reverse=order.get("direction") == "desc")
        return found

    def seen(self, item: Item) -> bool:
        """Whether a search knows the item yet."""
        return item.created <= self.store.clock.seconds() - self.store.switches.search_lag_seconds

    def late(self, item: Item, column_id: str) -> Any:
        """What a search takes a cell to hold."""
        lag = self.store.switches.search_lag_seconds
        if not lag or column_id not in item.past:
            return item.name if column_id == "name" else item.data(column_id)
        until = self.store.clock.seconds() - lag
        known = [stored for stored in item.past[column_id] if stored.at <= until]
        return known[-1].data if known else item.past[column_id][0].data

    def test(self, query: Mapping[str, Any]) -> Test:
        """Rules and nested groups, joined by `operator`."""
        tests = [self._rule(rule) for rule in query.get("rules") or ()]
        tests += [self.test(group) for group in query.get("groups") or ()]
        join = any if query.get("operator") == "or" and tests else all
        return tests[0] if len(tests) == 1 else lambda item: join(test(item) for test in tests)

    def _key(self, column_id: str) -> Callable[[Item], Any]:
        if column_id == "__creation_log__":
            return lambda item: item.created
        if column_id == "__last_updated__":
            return lambda item: item.updated
        column = self.column(column_id)
        if column.type == "numbers":
            return lambda item: (item.data(column.id) is not None, Decimal(item.data(column.id) or 0))
        return lambda item: self._text(item, column)

    def column(self, column_id: str) -> Column:
        """A column of the board."""
        if column_id not in self.board.columns:
            raise no_column(column_id)
        return self.board.columns[column_id]

    def _text(self, item: Item, column: Column) -> str:
        cell = Cell(item, column, self.store.items, "UTC")
        if column.id in item.past:
            cell.put(self.late(item, column.id))
        return (text_of(cell) or cell.display).casefold()

    def _rule(self, rule: Mapping[str, Any]) -> Test:
        column, operator = self.column(rule["column_id"]), rule.get("operator") or "any_of"
        if operator not in KINDS[column.type].rules:
            raise bad_argument(f"Operator {operator} is not supported for column type {column.type}")
        given = rule["compare_value"]
        values = given if isinstance(given, list) else [given]
        if operator in {"is_empty", "is_not_empty"}:
            filled = operator == "is_not_empty"
            return lambda item: (self.late(item, column.id) is not None) == filled
        if operator in {"any_of", "not_any_of"}:
            found, wanted = self._any_of(column, values), operator == "any_of"
            return lambda item: found(item) == wanted
        if operator in _TEXTS:
            return self._texts(column, operator, values)
        return self._compare(column, operator, values)

    def _texts(self, column: Column, operator: str, values: list[Any]) -> Test:
        if column.type == "status" and operator in {"not_contains_text", "starts_with"}:
            return _never  # accepted, and never true
        wanted, holds = " ".join(map(str, values)).casefold(), _TEXTS[operator]
        return lambda item: holds(self._text(item, column), wanted)

    def _any_of(self, column: Column, values: list[Any]) -> Test:
        makers: dict[str, Callable[[Column, list[Any]], Test]] = {
            **dict.fromkeys(("name", "text", "long_text"), self._same_text),
            **dict.fromkeys(("email", "link", "phone", "country"), self._same_shown),
            **dict.fromkeys(("status", "dropdown", "board_relation"), self._same_ids),
            **dict.fromkeys(("date", "last_updated"), self._same_days),
            "numbers": self._same_amounts,
            "people": self._same_people,
        }
        return makers[column.type](column, values) if column.type in makers else _never

    def _same_text(self, column: Column, values: list[Any]) -> Test:
        wanted = {value.casefold() for value in values if isinstance(value, str)}
        return lambda item: (self.late(item, column.id) or "").casefold() in wanted

    def _same_shown(self, column: Column, values: list[Any]) -> Test:
        wanted = {value.casefold() for value in values if isinstance(value, str)}
        return lambda item: self._text(item, column) in wanted

    def _same_ids(self, column: Column, values: list[Any]) -> Test:
        # Only numbers count: labels and ids as text match nothing, and nobody is told.
        ids = {value for value in values if isinstance(value, int) and not isinstance(value, bool)}
        return lambda item: not ids.isdisjoint(_several(self.late(item, column.id)))

    def _same_amounts(self, column: Column, values: list[Any]) -> Test:
        amounts, blank = {Decimal(str(value)) for value in values if _numeric(value)}, BLANK in values
        return lambda item: (
            blank if (data := self.late(item, column.id)) is None else Decimal(data) in amounts
        )

    def _same_people(self, column: Column, values: list[Any]) -> Test:
        wanted = {f"person-{ME.id}" if value == "assigned_to_me" else str(value) for value in values}
        return lambda item: any(
            f"{kind}-{entry}" in wanted for entry, kind in self.late(item, column.id) or ()
        )

    def _same_days(self, column: Column, values: list[Any]) -> Test:
        blank = BLANK in values
        if values and values[0] == "EXACT":
            days = set(map(str, values[1:]))
        elif unknown := [value for value in values if value not in _KEYWORDS and value != BLANK]:
            raise bad_argument('A date rule takes ["EXACT", "YYYY-MM-DD"] or a keyword', value=unknown[0])
        else:
            today = self.store.clock.now().astimezone(ZoneInfo(self.store.switches.time_zone)).date()
            days = {
                (today + timedelta(days=_KEYWORDS[value])).isoformat() for value in values if value != BLANK
            }
        return lambda item: blank if (day := self._day(item, column)) is None else day in days

    def _day(self, item: Item, column: Column) -> str | None:
        if column.type == "last_updated":
            return datetime.fromtimestamp(item.updated, UTC).date().isoformat()
        data = self.late(item, column.id)
        return None if data is None else str(data[0])

    def _compare(self, column: Column, operator: str, values: list[Any]) -> Test:
        if column.type == "board_relation" or not values:
            return _never
        if column.type == "numbers":
            if not _numeric(values[0]):
                raise bad_argument("A number is needed", value=values[0])
            limit, exceeds = Decimal(str(values[0])), _COMPARE[operator]
            return lambda item: (
                (data := self.late(item, column.id)) is not None and exceeds(Decimal(data), limit)
            )
        low, high = str(values[0]), str(values[-1])
        if operator == "between":
            return lambda item: (day := self._day(item, column)) is not None and low <= day <= high
        holds = _COMPARE[operator]
        return lambda item: (day := self._day(item, column)) is not None and holds(day, high)


def _never(_: Item) -> bool:
    return False


def _several(data: Any) -> tuple[Any, ...]:
    if data is None:
        return ()
    return data if isinstance(data, tuple) else (data,)


def _numeric(value: Any) -> bool:
    try:
        return Decimal(str(value)).is_finite()
    except ArithmeticError:
        return False
