"""Compares what the tenant maps with the live account, before a run meets what does not fit.

Every finding is told, each with the place in the tenant file.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel

from ml_connector.core.config import TenantConfig
from ml_connector.core.dag.settings import read_settings
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.state.store import Store
from ml_connector.monday import operations
from ml_connector.monday.api import MondayApi
from ml_connector.monday.board import Board, Column, Listing, board_of, listing, titled
from ml_connector.monday.connect import connect
from ml_connector.monday.fields import monday_options
from ml_connector.monday.hook import MondayHook
from ml_connector.monday.labelled import DROPDOWN, LONGEST_STATUS_LABEL, MOST_STATUS_LABELS, STATUS
from ml_connector.monday.layout import subitem_board
from ml_connector.monday.limits import Plan
from ml_connector.monday.options import MondayOptions
from ml_connector.monday.shape import Wanted, WantedBoard, WantedColumn
from ml_connector.monday.wanted import mappings_of, wanted

NEARLY_FULL = 0.9
PROVISION = "`airflow ml-connector provision` makes what is missing"

_LIMITS = "integrations.monday.options.limits"
_PLANS = get_args(Plan)

Found = TypeVar("Found")


def inspect(tenant: TenantConfig, store: Store, options: BaseModel) -> Coroutine[Any, Any, Sequence[str]]:
    """What a tenant's boards do not fit in; see ``core.dag.definition.Inspect``.

    Raises:
        ConfigurationError: the connection is missing or wrong, or a mapping has mistakes.
        ConnectorError: when awaited, where the account cannot be asked.
    """
    checked = monday_options(options)
    needs = wanted(tenant, checked, mappings_of(tenant, checked, read_settings().mappings_paths))
    settings = MondayHook(monday_conn_id=tenant.connections["monday"]).settings

    async def found() -> Sequence[str]:
        async with connect(settings, checked.limits, store) as api:
            return await compare(api, checked, needs)

    return found()


async def compare(api: MondayApi, options: MondayOptions, needs: Wanted) -> list[str]:
    """All findings about an account."""
    findings = [*needs.faults, *await _account(api, options)]
    boards = await _live(api, needs.boards, findings)
    for board in needs.boards:
        live = boards.get(board.name)
        if live is not None:
            findings += board_findings(board, live, boards)
    return findings


# ---- the account


async def _account(api: MondayApi, options: MondayOptions) -> list[str]:
    """A plan that the options take for larger than it is: budgets would be overdrawn."""
    answer = await api.query(operations.ACCOUNT.name, operations.ACCOUNT.document, {})
    account = (answer.data.get("me") or {}).get("account") or {}
    daily = (answer.data.get("platform_api") or {}).get("daily_limit") or {}
    return list(plan_findings(options, account.get("tier"), daily.get("total") or daily.get("base")))


def plan_findings(options: MondayOptions, tier: str | None, daily: int | None) -> Iterator[str]:
    """Findings about the plan; what the account does not tell is not compared."""
    plan, calls = options.limits.plan, options.limits.calls_per_day
    if tier in _PLANS and _PLANS.index(plan) > _PLANS.index(tier):
        yield f"{_LIMITS}.plan: the account's plan is {tier}, and the tenant file says {plan}"
    if isinstance(daily, int) and calls > daily:
        yield (
            f"{_LIMITS}.daily_calls: the account has {daily:,} calls a day, and {calls:,} follow from the "
            f"tenant file; name {daily} or fewer"
        )


# ---- finding the boards


async def _live(api: MondayApi, needs: Sequence[WantedBoard], findings: list[str]) -> dict[str, Board]:
    found: dict[str, Board] = {}
    boards = await listing(api) if any(not (need.board or "0").isdigit() for need in needs) else ()
    for need in needs:
        try:
            live = await _board(api, need, boards, found)
        except ConfigurationError as error:
            findings.append(str(error))
        else:
            if live is not None:
                found[need.name] = live
    return found


async def _board(
    api: MondayApi, need: WantedBoard, boards: Listing, found: Mapping[str, Board]
) -> Board | None:
    """A board; None where it is told already that the one above it is missing."""
    if need.board is None:
        above = found.get(need.of or "")
        return await subitem_board(api, above, need.where) if above is not None else None
    ids = [need.board] if need.board.isdigit() else titled(boards, need.board, need.workspace)
    live = await board_of(api, ids[0]) if len(ids) == 1 else None
    if live is not None:
        return live
    where, several = f"{need.where}.board", len(ids) > 1
    if several:
        message = f"{len(ids)} boards have the title {need.board!r}: {', '.join(ids)}"
        raise ConfigurationError(message, field=where, expected="the id of one, or its workspace")
    hint = "a board that the token's user may see" + ("" if need.board.isdigit() else f"; {PROVISION}")
    raise ConfigurationError(f"there is no board {need.board!r}", field=where, expected=hint)


# ---- one board


def board_findings(need: WantedBoard, live: Board, boards: Mapping[str, Board]) -> list[str]:
    """What does not fit on one board.

    Args:
        boards: live ones by the name in the options, for columns that connect with them.
    """
    findings = list(_of_board(need, live))
    columns: dict[str, WantedColumn] = {}
    for path, name in need.groups:
        _told(findings, live.group, name, path)
    for column in need.columns:
        there = _told(findings, live.column, column.name, column.where)
        if there is None:
            continue
        if (other := columns.setdefault(there.id, column)) is not column:
            findings.append(
                f"{column.where}: column {there.title!r} is {other.where}'s already; each field needs its own"
            )
            continue
        findings += column_findings(column, there, live, boards)
    return findings


def _told(findings: list[str], find: Callable[[str, str], Found], name: str, where: str) -> Found | None:
    try:
        return find(name, where)
    except ConfigurationError as error:
        findings.append(str(error))
        return None


def _of_board(need: WantedBoard, live: Board) -> Iterator[str]:
    where = f"{need.where}.board"
    if live.hierarchy not in {None, "classic"}:
        yield (
            f"{where}: board {live.name!r} is of type {live.hierarchy}, which cannot be written to; name a "
            "classic board"
        )
    if live.access == "view":
        yield (
            f"{where}: the token's user may only view board {live.name!r}; the user must be able to edit it"
        )
    if not live.groups and need.board is not None:
        yield f"{where}: board {live.name!r} has no group; add one"
    count, limit = live.items_count or 0, live.items_limit or 0
    if limit and count >= NEARLY_FULL * limit:
        yield (
            f"{where}: board {live.name!r} holds {count:,} of {limit:,} items; archive items, or name a new "
            "board before it is full"
        )


def column_findings(
    need: WantedColumn, column: Column, live: Board, boards: Mapping[str, Board]
) -> Iterator[str]:
    """What does not fit on one column."""
    at = f"{need.where}: column {column.title!r} of board {live.name!r}"
    if (expected := need.misfit(column)) is not None:
        yield f"{at} is of type {column.type}; name {expected}"
        return
    if need.reference is not None and need.reference in boards:
        other = boards[need.reference]
        if other.id not in column.boards:
            leads = ", ".join(column.boards) or "none"
            yield f"{at} connects with board {leads}; name one that connects with {other.name!r} ({other.id})"
    if need.certain and column.type in {STATUS, DROPDOWN}:
        yield from _label_findings(need, column, at)


def _label_findings(need: WantedColumn, column: Column, at: str) -> Iterator[str]:
    there: Any = column.labels.values()
    missing = [text for text in need.labels if text not in there]
    if missing:
        translate = f", or translate with value_maps.{need.value_map}" if need.value_map else ""
        texts = ", ".join(map(repr, missing))
        yield f"{at} has no label {texts}; add it on the board{translate}; {PROVISION}"
    if column.type != STATUS:
        return
    for text in (text for text in need.labels if len(text) > LONGEST_STATUS_LABEL):
        yield f"{at}: {text!r} is longer than the {LONGEST_STATUS_LABEL} characters of a status label"
    if len(there) + len(missing) > MOST_STATUS_LABELS:
        yield f"{at} would need more than the {MOST_STATUS_LABELS} labels of a status column; name a dropdown"
