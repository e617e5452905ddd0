"""Budgets of the Monday.com simulator: days, minutes, calls at once, complexity, locks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest

from sandbox.monday.model import Board

from .monday_client import CREATE, Desk, Reply

ME = "query Me{me{id}}"
COMPLEXITY = "query Cost{complexity{before query after reset_in_x_seconds}}"


def refused(reply: Reply, code: str) -> int:
    """The hint to wait."""
    (error,) = reply.json["errors"]
    assert (reply.status, error["extensions"]["code"]) == (429, code)
    assert list(reply.json) == ["errors", "extensions"]
    wait: int = error["extensions"]["retry_in_seconds"]
    assert reply.headers["Retry-After"] == str(wait)
    return wait


async def test_headers_of_a_plan(desk: Desk) -> None:
    desk.state.switches.change({"plan": "enterprise", "token_kind": "app"})
    reply = await desk.ask(ME)
    assert reply.headers["RateLimit-Policy"] == (
        '"minuteRate";q=5000;w=60, "concurrency";q=250;qu="concurrent-requests", '
        '"complexityMinute";q=5000000;w=60;qu="content-bytes"'
    )
    assert reply.headers["RateLimit"] == (
        '"minuteRate";r=4999, "concurrency";r=249, "complexityMinute";r=4999998;t=60'
    )


async def test_calls_per_minute(desk: Desk) -> None:
    desk.state.switches.change({"minute_requests": 2})
    for _ in range(2):
        assert (await desk.ask(ME)).status == 200
    reply = await desk.ask(ME)
    wait = refused(reply, "MINUTE_RATE_LIMIT_EXCEEDED")
    assert f'"minuteRate";r=0;t={wait}, "concurrency"' in reply.headers["RateLimit"]
    assert 50 < wait <= 60
    desk.state.clock.advance(wait)
    assert (await desk.ask(ME)).status == 200
    assert desk.state.budgets.used_today == 3.1, "what is refused costs a tenth"


async def test_calls_per_day(desk: Desk) -> None:
    now = desk.state.clock.now()
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    desk.state.clock.advance(((noon - now) % timedelta(days=1)).total_seconds())
    assert await desk.control("spend", calls=998) == {"calls_today": 998}
    usage = "query U{platform_api{daily_limit{base total} daily_analytics{by_day{day usage}}}}"
    data = (await desk.ask(usage)).data["platform_api"]
    assert data["daily_limit"] == {"base": 1000, "total": 1000}
    today = desk.state.clock.now().date().isoformat()
    assert data["daily_analytics"]["by_day"] == [{"day": today, "usage": 999}]
    assert (await desk.ask(ME)).status == 200
    assert refused(await desk.ask(ME), "DAILY_LIMIT_EXCEEDED") == 3599, "although midnight is hours away"
    desk.state.clock.advance(3600)
    refused(await desk.ask(ME), "DAILY_LIMIT_EXCEEDED")
    desk.state.clock.advance(11 * 3600)
    assert (await desk.ask(ME)).status == 200
    state = desk.state.counts()
    assert (state["calls_today"], state["refused"]) == (1, {"DAILY_LIMIT_EXCEEDED": 2})


async def test_what_a_call_costs(desk: Desk) -> None:
    spent = 0.0
    calls: list[tuple[str, dict[str, Any], float]] = [
        (ME, {}, 1.0),
        (COMPLEXITY, {}, 0.1),
        ("{nothing}", {}, 1.0),
        (CREATE, {"b": 1, "n": "x"}, 1.0),
        (CREATE, {}, 1.0),
    ]
    for query, variables, cost in calls:
        await desk.ask(query, variables)
        assert round(desk.state.budgets.used_today - spent, 1) == cost, query
        spent = desk.state.budgets.used_today


async def test_calls_at_once(desk: Desk) -> None:
    desk.state.switches.change({"concurrent_requests": 2})
    desk.sandbox.faults.add(system="monday", kind="hold_request", operation="query Me", count=2)
    held = [asyncio.create_task(desk.ask(ME)) for _ in range(2)]
    await desk.sandbox.faults.held.reach(2)
    reply = await desk.ask(ME)
    assert refused(reply, "MAX_CONCURRENCY_EXCEEDED") == 15
    assert '"concurrency";r=0' in reply.headers["RateLimit"]
    desk.sandbox.faults.release()
    assert [(await task).status for task in held] == [200, 200]
    assert (await desk.ask(ME)).status == 200
    assert desk.state.counts()["max_in_flight"] == 3


async def test_complexity_per_minute(desk: Desk) -> None:
    desk.state.switches.change({"minute_complexity": 25_000})
    board = desk.board()
    first = await desk.create(board)
    assert first.data
    assert (await desk.create(board)).data
    wait = refused(await desk.create(board), "COMPLEXITY_BUDGET_EXHAUSTED")
    assert len(board.items) == 2
    left = (await desk.ask(COMPLEXITY)).data["complexity"]
    assert (left["before"], left["before"] - left["after"]) == (5000, left["query"])
    assert left["reset_in_x_seconds"] <= wait
    desk.state.clock.advance(wait)
    assert (await desk.create(board)).data


async def test_an_app_reads_and_writes_from_two_budgets(desk: Desk) -> None:
    desk.state.switches.change({"minute_complexity": 10_000, "token_kind": "app"})
    board = desk.board()
    assert (await desk.create(board)).data
    refused(await desk.create(board), "COMPLEXITY_BUDGET_EXHAUSTED")
    assert (await desk.ask(ME)).status == 200
    desk.state.switches.change({"token_kind": "personal"})
    assert (await desk.create(board)).data
    refused(await desk.ask(ME), "COMPLEXITY_BUDGET_EXHAUSTED")


async def test_a_query_may_be_too_complex(desk: Desk) -> None:
    query = (
        "query Q($l:Int!){boards(limit:400){items_page(limit:$l){items{id column_values{id text value}}}}}"
    )
    reply = await desk.ask(query, {"l": 500})
    assert (reply.status, reply.code) == (200, "maxComplexityExceeded")
    assert (await desk.ask(query, {"l": 5})).data == {"boards": []}


async def test_pages_cost_by_their_limit(desk: Desk) -> None:
    board = desk.board()
    page = '{id items_page(limit:$l){items{id name column_values(ids:["a","b"]){id text}}}}'
    query = f"query P($b:[ID!],$l:Int!){{complexity{{query}} boards(ids:$b){page}}}"
    for limit, cost in ((10, 85), (500, 4005)):
        reply = await desk.ask(query, {"b": [board.id], "l": limit})
        assert reply.data["complexity"]["query"] == cost, "8 points per item, and some around them"


async def _held(desk: Desk, board: Board) -> Awaitable[Reply]:
    desk.sandbox.faults.add(system="monday", kind="hold_request", operation="mutation Create")
    task = asyncio.create_task(desk.create(board))
    await desk.sandbox.faults.held.reach(1)
    return task


@pytest.mark.parametrize(("switch", "status"), [("allowed", 200), ("locked", 423)])
async def test_one_writer_per_board(desk: Desk, switch: str, status: int) -> None:
    desk.state.switches.change({"concurrent_writes": switch})
    board, other = desk.board(), desk.board("Other")
    first = await _held(desk, board)
    reply = await desk.create(board)
    assert reply.status == status
    if status == 423:
        assert reply.errors[0]["message"] == "Resource is currently locked, please try again later"
    assert (await desk.create(other)).data
    assert (await desk.ask(ME)).data
    desk.sandbox.faults.release()
    assert (await first).data
    assert (await desk.create(board)).data


async def test_calls_may_take_their_time(desk: Desk) -> None:
    desk.state.switches.change({"latency_seconds": 5.0})
    task = asyncio.create_task(desk.ask(ME))
    await desk.state.clock.sleeping.reach(1)
    assert desk.state.budgets.in_flight.value == 1
    desk.state.clock.advance(6)
    assert (await task).data
