"""How the Monday.com simulator is reached: bodies, tokens, versions, headers."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from sandbox import credentials

from .clients import Answer, request
from .monday_client import Desk

ME = "query Me{me{id name email account{slug tier}}}"


async def test_who_i_am(desk: Desk) -> None:
    reply = await desk.ask(ME)
    assert reply.data["me"]["account"] == {"slug": "sandbox", "tier": "standard"}
    assert reply.json["extensions"]["request_id"] == reply.headers["x-request-id"]


@pytest.mark.parametrize("token", [credentials.MONDAY_TOKEN, f"Bearer {credentials.MONDAY_TOKEN}"])
async def test_the_token_comes_raw_or_as_bearer(desk: Desk, token: str) -> None:
    assert (await desk.ask(ME, Authorization=token)).status == 200


async def test_a_wrong_token(desk: Desk) -> None:
    for token in ("wrong", "Basic abc", ""):
        reply = await desk.ask(ME, Authorization=token)
        assert (reply.status, reply.code) == (401, "NOT_AUTHENTICATED")
        assert "RateLimit" not in reply.headers
    assert desk.state.budgets.used_today == 0


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("2026-10", "2026-10"), ("2026-07", "2026-07"), ("2027-01", "2027-01"), ("2030-04", "2026-10"),
        ("2024-10", "2025-04"), ("dev", "dev"),
    ],
)  # fmt: skip
async def test_versions(desk: Desk, asked: str, served: str) -> None:
    reply = await desk.ask("{version{value} versions{value kind}}", API_Version=asked)
    assert reply.headers["API-Version"] == reply.data["version"]["value"] == served
    kinds = {row["value"]: row["kind"] for row in reply.data["versions"]}
    assert kinds["2026-10"] == "current"


async def test_no_version_is_the_current_one_and_a_malformed_one_is_none(desk: Desk) -> None:
    del desk.headers["API-Version"]
    assert (await desk.ask(ME)).headers["API-Version"] == "2026-10"
    reply = await desk.ask(ME, API_Version="2023")
    assert (reply.status, reply.code) == (200, "InvalidVersionException")


async def test_old_versions_have_no_bulk_import(desk: Desk) -> None:
    query = "query J($j:ID!){job_status(job_id:$j){id}}"
    reply = await desk.ask(query, {"j": "1"}, API_Version="2026-04")
    assert (reply.status, reply.code) == (400, "GRAPHQL_VALIDATION_FAILED")
    assert (await desk.ask(query, {"j": "1"}, API_Version="2026-07")).code == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"query": ""}, "Bad request"),
        ({"variables": {}}, "Bad request"),
        ([], "Bad request"),
        ({"query": ME, "variables": "{}"}, "Bad request"),
        ({"query": ME, "operationName": "Other"}, "Bad request"),
        ({"query": f"{ME} query Two{{version{{value}}}}"}, "Bad request"),
        ({"query": "{me{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{me{salary}}"}, "GRAPHQL_VALIDATION_FAILED"),
        (
            {"query": "query Q($i:Int!){items(ids:[$i]){id}}", "variables": {"i": 1}},
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ],
)
async def test_bodies_that_are_none(desk: Desk, body: Any, code: str) -> None:
    reply = await desk.post(body)
    assert (reply.status, reply.code) == (400, code)
    assert reply.headers["x-request-id"] == reply.json["extensions"]["request_id"]


async def test_no_json_and_no_json_content_type(desk: Desk) -> None:
    url = f"{desk.sandbox.monday_url}/v2"
    for text, kind, code in (
        ("{", "application/json", "JsonParseException"),
        ('{"query":"{me{id}}"}', "text/plain", "Bad request"),
    ):
        async with desk.http.post(url, data=text, headers=desk.headers | {"Content-Type": kind}) as response:
            assert response.status == 400
            assert (await response.json())["errors"][0]["extensions"]["code"] == code
    async with desk.http.get(url, headers=desk.headers) as response:
        assert response.status == 405


@pytest.mark.parametrize(
    ("value", "explanation"),
    [("not-json", "Syntax error in JSON input"), ({"a": 1}, "Could not coerce"), (5, "Could not coerce")],
)
async def test_json_arguments_are_strings_that_hold_json(desk: Desk, value: Any, explanation: str) -> None:
    query = 'mutation M($b:ID!,$v:JSON){create_item(board_id:$b,item_name:"x",column_values:$v){id}}'
    reply = await desk.ask(query, {"b": 1, "v": value})
    (error,) = reply.errors
    assert reply.status == 200
    assert error["message"] == "Variable $v of type JSON was provided invalid value"
    assert "code" not in error["extensions"]
    assert explanation in error["extensions"]["problems"][0]["explanation"]


@pytest.mark.parametrize(
    ("variables", "path"),
    [({}, []), ({"b": None}, []), ({"b": {"rules": [{"column_id": "x"}]}}, ["rules", 0, "compare_value"])],
)
async def test_variables_are_checked(desk: Desk, variables: dict[str, Any], path: list[Any]) -> None:
    query = "query V($b:ItemsQuery!){boards(limit:1){items_page(query_params:$b){cursor}}}"
    (error,) = (await desk.ask(query, variables)).errors
    assert error["extensions"]["problems"][0] == {
        "path": path,
        "explanation": "Expected value to not be null",
    }


async def test_directives_defaults_fragments_and_aliases(desk: Desk) -> None:
    board = desk.board(ps_key="text")
    await desk.item(board, ps_key="a")
    query = """
        query Q($with: Boolean!, $limit: Int = 1) {
          first: boards(limit: $limit) { ...B items_page { items { id @skip(if: $with) name } } }
          boards { __typename id @include(if: $with) ... on Board { name } ... { name } }
        }
        fragment B on Board { name columns(ids: ["ps_key"]) { type } }
    """
    data = (await desk.ask(query, {"with": True})).data
    assert data["first"] == [
        {"name": "Invoices", "columns": [{"type": "text"}], "items_page": {"items": [{"name": "Item"}]}}
    ]
    assert data["boards"] == [{"__typename": "Board", "id": str(board.id), "name": "Invoices"}]
    assert (await desk.ask("{__schema{types{name}}}")).code == "InvalidArgumentException"


async def _token(desk: Desk, form: dict[str, str], *, as_json: bool = False) -> Answer:
    url = f"{desk.sandbox.monday_url}/oauth_ms/oauth/token"
    if as_json:
        return await request(desk.http, "POST", url, form)
    async with desk.http.post(url, data=form) as response:
        return Answer(response.status, dict(response.headers), await response.read())


def _form(refresh: str = credentials.MONDAY_REFRESH_TOKEN, **more: str) -> dict[str, str]:
    return {
        "grant_type": "refresh_token", "client_id": credentials.MONDAY_CLIENT_ID,
        "client_secret": credentials.MONDAY_CLIENT_SECRET, "refresh_token": refresh,
    } | more  # fmt: skip


@pytest.mark.parametrize("as_json", [False, True])
async def test_refresh_tokens_rotate(desk: Desk, as_json: bool) -> None:
    answer = await _token(desk, _form(), as_json=as_json)
    assert answer.status == 200, answer.body
    token = answer.json["access_token"]
    claims = token.split(".")[1]
    end = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"]
    assert answer.json["expires_in"] == 3600
    assert abs(end - desk.state.clock.seconds() - 3600) < 5
    assert (await desk.ask(ME, Authorization=f"Bearer {token}")).status == 200
    again = await _token(desk, _form())
    assert (again.status, again.json["error"]) == (400, "invalid_grant")
    assert (await _token(desk, _form(answer.json["refresh_token"]))).status == 200
    desk.state.clock.advance(3601)
    assert (await desk.ask(ME, Authorization=f"Bearer {token}")).status == 401


async def test_tokens_are_refused_and_revoked(desk: Desk) -> None:
    assert (await _token(desk, _form(client_secret="wrong"))).status == 401
    assert (await _token(desk, _form(grant_type="password"))).status == 400
    token = (await _token(desk, _form())).json["access_token"]
    assert await desk.control("revoke-tokens") == {"ended": 1}
    assert (await desk.ask(ME, Authorization=f"Bearer {token}")).status == 401
