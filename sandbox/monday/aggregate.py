"""`aggregate`: counts and sums over the items of a board, minimal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .cells import Cell, text_of
from .context import Call
from .errors import bad_argument, no_column
from .model import Board, Column, Item


@dataclass(frozen=True)
class Result:
    """A number."""

    result: float
    graphql_type: str = "AggregateBasicAggregationResult"


@dataclass(frozen=True)
class Grouped:
    """The value of a group, or null where there are no items at all."""

    value: Any
    graphql_type: str = "AggregateGroupByResult"


def aggregate(_: Any, args: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Results by group; one group without `group_by`."""
    query = args["query"]
    board = call.store.board(query["from"]["id"])
    rows = list(board.listed())
    if query.get("query") is not None:
        rows = call.rules(board).find(query["query"], rows)
    columns = [_column(board, element["column_id"]) for element in query.get("group_by") or ()]
    groups = _groups(rows, columns, call)[: query.get("limit")]
    made = [_entries(query["select"], board, columns, key, items) for key, items in groups]
    return {"results": [{"entries": entries} for entries in made]}


def _groups(
    rows: Iterable[Item], columns: list[Column], call: Call
) -> list[tuple[tuple[Any, ...], list[Item]]]:
    if not columns:
        return [((), list(rows))]
    found: dict[tuple[Any, ...], list[Item]] = {}
    for item in rows:
        cells = (Cell(item, column, call.store.items, call.state.switches.time_zone) for column in columns)
        found.setdefault(tuple(text_of(cell) for cell in cells), []).append(item)
    return list(found.items())


def _entries(
    select: Iterable[Mapping[str, Any]],
    board: Board,
    columns: list[Column],
    key: tuple[Any, ...],
    items: list[Item],
) -> list[dict[str, Any]]:
    names = [column.id for column in columns]
    entries = []
    for element in select:
        if element["type"] == "COLUMN":
            column_id = (element.get("column") or {}).get("column_id")
            if column_id not in names:
                raise bad_argument("A selected column must be in group_by", column_id=column_id)
            value: Result | Grouped = Grouped(key[names.index(column_id)])
        else:
            value = _number(element, board, items) if items else Grouped(None)
        entries.append({"alias": element["as"], "value": value})
    return entries


def _number(element: Mapping[str, Any], board: Board, items: list[Item]) -> Result:
    function = element.get("function")
    if function is None:
        raise bad_argument("A function is needed")
    if function["function"] == "COUNT_ITEMS":
        return Result(float(len(items)))
    params = function.get("params") or [{}]
    column = _column(board, (params[0].get("column") or {}).get("column_id"))
    if column.type != "numbers":
        raise bad_argument("SUM needs a numbers column", column_id=column.id)
    return Result(float(sum(Decimal(item.data(column.id) or 0) for item in items)))


def _column(board: Board, column_id: Any) -> Column:
    column = board.columns.get(column_id)
    if column is None:
        raise no_column(column_id)
    return column
