"""Tokens with their scopes and lives, and user and password instead."""

from __future__ import annotations

import base64
import json

import pytest

from .basware_client import CLIENT, TOKEN, USER, Buyer, basic

LIST = "/v1/accountingDocuments"


async def test_a_token_opens_what_its_scope_says(buyer: Buyer) -> None:
    buyer.switch(token_seconds=300)
    reply = await buyer.token("accountingDocuments.read vendors.read")
    assert reply.status == 200
    assert (reply.json["expires_in"], reply.json["token_type"]) == (300, "Bearer")
    assert reply.json["scope"] == "accountingDocuments.read vendors.read"
    part = reply.json["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert claims["exp"] - claims["iat"] == 300
    document = buyer.invoice()
    assert (await buyer.get(LIST)).status == 200
    assert (await buyer.act(document, "acknowledge")).status == 401
    buyer.switch(missing_scope="403", unauthorized_body="message")
    refused = await buyer.act(document, "acknowledge")
    assert (refused.status, refused.json) == (403, {"message": "Forbidden"})
    assert document.status == "WaitingForTransfer"
    buyer.advance(301)
    assert (await buyer.get(LIST)).status == 401


async def test_tokens_that_are_over(buyer: Buyer) -> None:
    buyer.invoice()
    await buyer.token()
    assert (await buyer.control("revoke-tokens"))["ended"] == 1
    assert (await buyer.get(LIST)).body == b""
    assert (await buyer.get("/v1/tasks")).json == {"message": "Unauthorized"}
    await buyer.token()
    assert (await buyer.get(LIST)).status == 200
    buyer.sandbox.faults.add(system="basware", kind="expire_token", operation=f"GET {LIST}")
    assert (await buyer.get(LIST)).status == 401


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Basic x", CLIENT, basic("basware-api-user", "")]
)
async def test_nobody_else_gets_in(buyer: Buyer, header: str) -> None:
    buyer.invoice()
    buyer.authorization = header
    assert (await buyer.get(LIST)).status == 401


async def test_user_and_password_do_without_a_token(buyer: Buyer) -> None:
    buyer.invoice()
    buyer.authorization = USER
    assert (await buyer.get(LIST)).status == 200
    assert buyer.state.identity.issued == 0


@pytest.mark.parametrize(
    ("header", "form", "status", "body"),
    [
        (CLIENT, {"scope": "a.read"}, 400, {"error": "invalid_request"}),
        (CLIENT, {"grant_type": "password", "scope": "a"}, 400, {"error": "unsupported_grant_type"}),
        (CLIENT, {"grant_type": "client_credentials", "scope": "p2p:read"}, 400, {"error": "invalid_scope"}),
        (USER, {"grant_type": "client_credentials", "scope": "tasks.read"}, 401, {"error": "invalid_client"}),
    ],
)
async def test_a_token_is_refused(
    buyer: Buyer, header: str, form: dict[str, str], status: int, body: dict[str, str]
) -> None:
    url = f"{buyer.sandbox.basware_url}/v1/tokens"
    async with buyer.http.post(url, data=form, headers={"Authorization": header}) as answer:
        found = await answer.json()
    assert (answer.status, found["error"]) == (status, body["error"])


@pytest.mark.parametrize("missing", ["scope", "authorization"])
async def test_a_token_request_is_incomplete(buyer: Buyer, missing: str) -> None:
    url = f"{buyer.sandbox.basware_url}/v1/tokens"
    form = {"grant_type": "client_credentials"} | ({} if missing == "scope" else {"scope": "tasks.read"})
    headers = {} if missing == "authorization" else {"Authorization": CLIENT}
    async with buyer.http.post(url, data=form, headers=headers) as answer:
        assert answer.status == 422
        (entry,) = (await answer.json())["detail"]
    assert entry["loc"][1] == missing


async def test_a_wrong_method_or_path(buyer: Buyer) -> None:
    url = buyer.sandbox.basware_url
    headers = {"Authorization": USER, TOKEN: ""}
    assert (await buyer.raw("PATCH", f"{url}{LIST}", {}, **headers)).status == 405
    assert (await buyer.raw("GET", f"{url}/v1/genericLists", None, **headers)).status == 404
