"""Resolvers of the root queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import versions
from .aggregate import aggregate
from .budgets import CALL
from .cells import Cell, moment, text_of
from .context import Call
from .errors import bad_argument, no_column
from .execute import Resolver
from .kinds import KINDS
from .model import Board, Column, Item
from .objects import Args, me, workspace
from .pages import Page
from .people import name_of
from .store import WORKSPACE, number, numbers

ITEMS = 100


def boards(_: Any, args: Args, call: Call) -> list[Board]:
    """Boards by page; without ids the hidden boards of subitems come along, as they do at monday."""
    ids = None if args.get("ids") is None else set(numbers(args["ids"]))
    spaces = None if args.get("workspace_ids") is None else {number(row) for row in args["workspace_ids"]}
    state, kind = args.get("state") or "active", args.get("board_kind")
    found = [
        board
        for board in call.store.boards.values()
        if (ids is None or board.id in ids)
        and (spaces is None or board.workspace_id in spaces)
        and (kind is None or board.kind == kind)
        and state in {"all", board.state}
    ]
    return _page(found, args)


def _page(rows: list[Any], args: Args) -> list[Any]:
    limit, page = args.get("limit") or 25, args.get("page") or 1
    if limit < 1 or page < 1:
        raise bad_argument("limit and page begin at 1")
    return rows[(page - 1) * limit : page * limit]


def items(_: Any, args: Args, call: Call) -> list[Item]:
    """Items by id, in any state; without ids there are none since the root query was cut down."""
    ids, limit = args.get("ids"), args.get("limit") or 25
    if ids is None:
        raise bad_argument("ids is required")
    if len(ids) > ITEMS or not 1 <= limit <= ITEMS:
        raise bad_argument(f"items takes at most {ITEMS} ids and a limit of at most {ITEMS}")
    found = [item for row in numbers(ids) if (item := call.store.items.get(row)) is not None]
    if args.get("exclude_nonactive"):
        found = [item for item in found if item.state == "active"]
    found.sort(key=lambda item: item.created, reverse=bool(args.get("newest_first")))
    return _page(found, args)


def by_values(_: Any, args: Args, call: Call) -> Page:
    """Items whose columns hold one of the values each."""
    columns, cursor = args.get("columns"), args.get("cursor")
    if cursor is not None:
        if columns is not None:
            raise bad_argument("columns cannot be used together with a cursor")
        return call.state.pages.next(cursor, args["limit"])
    board = call.store.board(args["board_id"])
    if not columns:
        raise bad_argument("columns or cursor is required")
    found = _candidates(board, columns, call)
    for wanted in columns:
        test = _matcher(_searchable(board, wanted["column_id"]), wanted["column_values"], call)
        found = [item for item in found if test(item)]
    return call.state.pages.first(found, args["limit"])


def _searchable(board: Board, column_id: str) -> Column:
    column = board.columns.get(column_id)
    if column is None:
        raise no_column(column_id)
    if not KINDS[column.type].by_values:
        raise bad_argument(f"Column type {column.type} is not supported by this query", column_id=column_id)
    return column


def _candidates(board: Board, columns: list[Args], call: Call) -> list[Item]:
    """A text column's index where there is no lag, else every item that a search knows."""
    rules = call.rules(board)
    first = board.columns.get(columns[0]["column_id"])
    texts = [str(value or "").casefold() for value in columns[0]["column_values"]]
    if (
        first is not None
        and first.type == "text"
        and not call.state.switches.search_lag_seconds
        and all(texts)
    ):
        index = board.index(first.id)
        found = {key: item for text in texts for key, item in index.get(text, {}).items()}
        return [found[key] for key in sorted(found, reverse=True)]
    return [item for item in board.listed() if rules.seen(item)]


def _matcher(column: Column, values: list[str | None], call: Call) -> Callable[[Item], bool]:
    rules, zone = call.rules(column.board), call.state.switches.time_zone
    wanted = {str(value or "").casefold() for value in values}

    def text(item: Item) -> str:
        cell = Cell(item, column, call.store.items, zone)
        if column.id in item.past:
            cell.put(rules.late(item, column.id))
        return _compared(cell).casefold()

    match column.type:
        case "dropdown" | "phone":
            (part,) = wanted if len(wanted) == 1 else ("\0",)
            return lambda item: part in text(item)
        case "people":
            return lambda item: not wanted.isdisjoint(_people(item, column))
        case "checkbox":
            checked = str(values[-1] or "").casefold() in {"true", "1", "t"} if values else False
            return lambda item: bool(rules.late(item, column.id)) == checked
        case "text" | "long_text" | "name":
            return lambda item: (rules.late(item, column.id) or "").casefold() in wanted
    return lambda item: text(item) in wanted


def _people(item: Item, column: Column) -> set[str]:
    entries = item.data(column.id) or ()
    return {str(entry).casefold() for entry, _ in entries} | {name_of(*entry).casefold() for entry in entries}


def _compared(cell: Cell) -> str:
    if cell.data is None:
        return ""
    match cell.column.type:
        case "date" | "timeline":
            return str(cell.data[0])
        case "link":
            return str(cell.data[1])
        case "country":
            return str(cell.data[1])
    return text_of(cell) or ""


def platform_api(_: Any, __: Args, call: Call) -> dict[str, Any]:
    """The day's calls; the platform's own count, which a client's should agree with."""
    budgets = call.state.budgets
    days = [{"day": day, "usage": -(-used // CALL)} for day, used in sorted(budgets.days.items())]
    return {
        "daily_limit": {"base": budgets.daily_limit, "total": budgets.daily_limit},
        "daily_analytics": {"last_updated": moment(call.state.clock.seconds()), "by_day": days},
    }


def workspaces(_: Any, args: Args, __: Call) -> list[dict[str, Any]]:
    """There is one."""
    ids = args.get("ids")
    return [] if ids is not None and WORKSPACE not in numbers(ids) else [workspace()]


QUERIES: Mapping[str, Resolver] = {
    "me": me,
    "version": lambda _, __, call: versions.shown(call.version, call.state.switches),
    "versions": lambda _, __, call: [versions.shown(name, call.state.switches) for name in versions.KNOWN],
    "complexity": lambda _, __, call: call.complexity(),
    "platform_api": platform_api,
    "workspaces": workspaces,
    "boards": boards,
    "items": items,
    "next_items_page": lambda _, args, call: call.state.pages.next(args["cursor"], args["limit"]),
    "items_page_by_column_values": by_values,
    "aggregate": aggregate,
    "fetch_job_status": lambda _, args, call: call.state.imports.status(args["job_id"], call.base),
    "job_status": lambda _, args, call: call.state.bulk.status(args["job_id"]),
}
