"""Lost answers, idempotency keys and planned faults of the Monday.com simulator."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from sandbox.server import Sandbox

from .monday_client import CREATE, Desk, Reply

CUT = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientPayloadError)
ME = "query Me{me{id}}"
BATCH = (
    'mutation Batch($b:ID!){complexity{query} c0:create_item(board_id:$b,item_name:"A"){id name updated_at}'
    ' c1:create_item(board_id:$b,item_name:"B"){id name updated_at}'
    ' c2:create_item(board_id:$b,item_name:"C"){id name updated_at}}'
)


async def keyed(desk: Desk, key: str, name: str = "A", board_id: int | None = None) -> Reply:
    board = board_id or next(iter(desk.state.store.boards.values()), None) or desk.board()
    given = {"b": getattr(board, "id", board), "n": name}
    return await desk.ask(CREATE, given, Idempotency_Key=key)


def items(desk: Desk) -> list[str]:
    return [item.name for item in desk.state.store.items.values()]


async def test_a_key_gets_the_first_answer_for_30_minutes(desk: Desk) -> None:
    first = await keyed(desk, "k1")
    assert "Idempotency-Replayed" not in first.headers
    again = await keyed(desk, "k1")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.body == first.body
    assert again.headers["x-request-id"] == first.headers["x-request-id"]
    assert (await keyed(desk, "k2")).body != first.body
    assert (await keyed(desk, "")).body != first.body, "an empty key is none"
    desk.state.clock.advance(31 * 60)
    assert (await keyed(desk, "k1")).body != first.body
    assert len(items(desk)) == 4


async def test_errors_are_kept_as_well(desk: Desk) -> None:
    desk.board()
    first = await keyed(desk, "k", name="")
    assert first.code == "ItemNameTooLongException"
    desk.state.switches.change({"plan": "pro"})
    assert (await keyed(desk, "k", name="")).body == first.body


async def test_a_key_with_another_body(desk: Desk) -> None:
    first = await keyed(desk, "k")
    assert (await keyed(desk, "k", "B")).body == first.body
    desk.state.switches.change({"idempotency_mismatch": "error"})
    other = await keyed(desk, "k", "B")
    assert (other.status, other.code) == (422, "IDEMPOTENCY_KEY_MISMATCH")
    assert (await keyed(desk, "k")).body == first.body
    assert items(desk) == ["A"]


async def test_keys_mean_nothing_to_queries(desk: Desk) -> None:
    replies = [await desk.ask(ME, Idempotency_Key="k") for _ in range(2)]
    assert replies[0].body != replies[1].body
    assert "Idempotency-Replayed" not in replies[1].headers


async def test_a_key_whose_call_still_runs(desk: Desk, sandbox: Sandbox) -> None:
    desk.board()
    sandbox.faults.add(system="monday", kind="hold_request")
    first = asyncio.create_task(keyed(desk, "k"))
    await sandbox.faults.held.reach(1)
    busy = await keyed(desk, "k")
    assert (busy.status, busy.code) == (409, "IDEMPOTENCY_CONFLICT")
    assert busy.headers["Retry-After"] == "1"
    sandbox.faults.release()
    assert (await keyed(desk, "k")).body == (await first).body
    assert items(desk) == ["A"]


async def test_an_answer_that_is_too_large_is_not_kept(desk: Desk) -> None:
    board = desk.board(note="text")
    for number in range(40):
        desk.state.store.create_item(board, f"Item {number}", {"note": "x" * 60_000})
    query = 'mutation Big($b:ID!){create_group(board_id:$b,group_name:"x"){id} %s}' % " ".join(  # noqa: UP031
        f'm{number}:change_simple_column_value(board_id:$b,item_id:{item_id},column_id:"name",value:"x")'
        "{column_values{text}}"
        for number, item_id in enumerate(board.items)
    )
    bodies = {(await desk.ask(query, {"b": board.id}, Idempotency_Key="k")).body for _ in range(2)}
    assert len(bodies) == 2
    assert len(board.groups) == 3


@pytest.mark.parametrize("kind", ["lost", "timeout", "cut_off"])
async def test_a_lost_answer_is_found_by_its_key(desk: Desk, sandbox: Sandbox, kind: str) -> None:
    desk.board()
    sandbox.faults.add(system="monday", kind=kind, operation="mutation Create")
    with pytest.raises(CUT):
        await keyed(desk, "k")
    reply = await keyed(desk, "k")
    assert reply.headers["Idempotency-Replayed"] == "true"
    assert items(desk) == ["A"]
    await desk.create(next(iter(desk.state.store.boards.values())), "A")
    assert items(desk) == ["A", "A"], "without a key it would be there twice"


async def test_committed_then_503(desk: Desk, sandbox: Sandbox) -> None:
    desk.board()
    sandbox.faults.add(system="monday", kind="broken_gateway", status=503)
    reply = await keyed(desk, "k")
    assert (reply.status, reply.body) == (503, b"")
    assert (await keyed(desk, "k")).data
    assert items(desk) == ["A"]


async def test_committed_long_after_the_answer(desk: Desk, sandbox: Sandbox) -> None:
    desk.board()
    sandbox.faults.add(system="monday", kind="late_commit", seconds=30)
    assert (await keyed(desk, "k")).status == 504
    assert (await keyed(desk, "k")).status == 409
    assert items(desk) == []
    await desk.state.clock.sleeping.reach(1)
    sandbox.clock.advance(31)
    await sandbox.settled()
    assert (await keyed(desk, "k")).headers["Idempotency-Replayed"] == "true"
    assert items(desk) == ["A"]


async def test_a_refused_call_leaves_its_key_free(desk: Desk, sandbox: Sandbox) -> None:
    desk.board()
    sandbox.faults.add(system="monday", kind="error", status=503, code="TIMEOUT_EXCEEDED")
    sandbox.faults.add(system="monday", kind="html_429", skip=1, seconds=12)
    sandbox.faults.add(system="monday", kind="html", status=502, skip=2)
    replies = [await keyed(desk, "k") for _ in range(4)]
    assert [reply.status for reply in replies] == [503, 429, 502, 200]
    assert replies[0].code == "TIMEOUT_EXCEEDED"
    assert replies[1].headers["Retry-After"] == "12"
    assert replies[1].body.startswith(b"<html>")
    assert "Idempotency-Replayed" not in replies[3].headers
    assert ["API-Version" in reply.headers for reply in replies] == [True, False, False, True]
    desk.state.switches.change({"minute_requests": 1})
    assert (await keyed(desk, "k2")).status == 429
    desk.state.switches.change({"minute_requests": 0})
    assert (await keyed(desk, "k2")).status == 200


async def test_a_planned_error_has_the_documented_body(desk: Desk, sandbox: Sandbox) -> None:
    planned: dict[str, Any] = {"system": "monday", "kind": "error", "operation": "query Me"}
    sandbox.faults.add(
        **planned,
        status=429,
        code="MINUTE_RATE_LIMIT_EXCEEDED",
        message="Minute rate limit exceeded",
        seconds=58,
    )
    reply = await desk.ask(ME)
    assert reply.errors == [
        {"message": "Minute rate limit exceeded",
         "extensions": {"code": "MINUTE_RATE_LIMIT_EXCEEDED", "retry_in_seconds": 58}}
    ]  # fmt: skip
    assert reply.headers["Retry-After"] == "58"
    assert reply.headers["x-request-id"] == reply.json["extensions"]["request_id"]
    assert "RateLimit" in reply.headers
    sandbox.faults.add(**planned, status=200, code="tooManyRequests")
    assert ((await desk.ask(ME)).status, (await desk.ask(ME)).status) == (200, 200)
    sandbox.faults.add(**planned, status=423, message="Resource is currently locked, please try again later")
    assert (await desk.ask("{me{id}}")).status == 200, "another operation"
    assert (await desk.ask(ME)).status == 423


async def test_single_aliases_fail(desk: Desk, sandbox: Sandbox) -> None:
    board = desk.board()
    sandbox.faults.add(
        system="monday",
        kind="partial",
        operation="mutation Batch",
        value="c1",
        code="tooManyRequests",
        status=400,
    )
    sandbox.faults.add(system="monday", kind="partial", rows=2, skip=1)
    sandbox.faults.add(system="monday", kind="partial", skip=2)
    failed = []
    for _ in range(3):
        reply = await desk.ask(BATCH, {"b": board.id})
        failed.append([error["path"][0] for error in reply.errors])
        assert reply.status == 200
        assert [key for key, row in reply.json["data"].items() if row is None] == failed[-1]
    assert failed == [["c1"], ["c1"], ["c0", "c1", "c2"]]
    assert len(board.items) == 4


async def test_a_field_of_what_was_written_fails(desk: Desk, sandbox: Sandbox) -> None:
    board = desk.board()
    sandbox.faults.add(system="monday", kind="subfield", value="c1", column="updated_at")
    sandbox.faults.add(system="monday", kind="subfield", column="id", skip=1)
    reply = await desk.ask(BATCH, {"b": board.id})
    assert reply.errors[0]["path"] == ["c1", "updated_at"]
    assert reply.errors[0]["extensions"]["status_code"] == 500
    row = reply.json["data"]["c1"]
    assert (row["name"], row["updated_at"]) == ("B", None)
    assert (await desk.ask(BATCH, {"b": board.id})).json["data"]["c0"] is None
    assert len(board.items) == 6, "all were written"


async def test_another_version_may_serve_a_call(desk: Desk, sandbox: Sandbox) -> None:
    sandbox.faults.add(system="monday", kind="version", value="2025-04")
    assert [(await desk.ask(ME)).headers["API-Version"] for _ in range(2)] == ["2025-04", "2026-10"]


async def test_calls_are_counted_by_name(desk: Desk, sandbox: Sandbox) -> None:
    board = desk.board()
    await desk.ask(BATCH, {"b": board.id})
    await desk.ask("{me{id}}")
    await desk.ask("{me{")
    counts = sandbox.calls.per_operation
    assert counts["monday mutation Batch"] == counts["monday query me"] == counts["monday query OTHER"] == 1
    sandbox.faults.add(system="monday", kind="error", operation="POST token", status=503)
    async with desk.http.post(f"{sandbox.monday_url}/oauth_ms/oauth/token", data={}) as response:
        assert response.status == 503
