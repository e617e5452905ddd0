"""Basic, and logins that yield tokens: shared, renewed in time, repeated once."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs

import pytest

from ml_connector.core import codec
from ml_connector.core.errors import AuthenticationError, InDoubt, RateLimited, Unavailable
from ml_connector.core.http import (
    BasicAuth,
    Client,
    HandlerTransport,
    Interrupted,
    MemoryTokenStore,
    OAuth2ClientCredentials,
    Request,
    Response,
    Token,
)
from tests.core.http.fakes import scripted

TOKEN_URL = "https://idp.example/token"
GET = Request("GET", "thing")


def token_answer(value: str = "tok-1", expires_in: int = 3600) -> Response:
    return Response(200, body=codec.encode({"access_token": value, "expires_in": expires_in}))


def oauth(store: MemoryTokenStore | None = None, now: float = 1000.0) -> OAuth2ClientCredentials:
    return OAuth2ClientCredentials(
        token_url=TOKEN_URL,
        client_id="me",
        client_secret="very secret",
        scope="read",
        store=store,
        clock=lambda: now,
    )


async def test_basic_is_sent_without_a_challenge() -> None:
    client, script, _ = scripted(Response(200), auth=BasicAuth("VP1", "pä:ss"))
    await client.send(GET)
    assert script.sent[0].headers["Authorization"] == "Basic VlAxOnDDpDpzcw=="


async def test_a_wrong_password_is_sent_once_even_by_parallel_calls() -> None:
    sent: list[Request] = []

    async def refuse(request: Request) -> Response:
        sent.append(request)
        await asyncio.sleep(0)
        return Response(401)

    client = Client("https://host", auth=BasicAuth("VP1", "wrong"), transport=HandlerTransport(refuse))
    answers = await asyncio.gather(*(client.send(GET) for _ in range(5)), return_exceptions=True)
    assert len(sent) == 1
    assert [getattr(a, "status", type(a)) for a in answers] == [401] + [AuthenticationError] * 4


async def test_once_the_password_is_proven_calls_run_in_parallel() -> None:
    together, sent = asyncio.Barrier(3), 0

    async def answer(request: Request) -> Response:
        nonlocal sent
        sent += 1
        if sent > 1:
            await together.wait()
        return Response(200)

    client = Client("https://host", auth=BasicAuth("VP1", "right"), transport=HandlerTransport(answer))
    async with asyncio.timeout(5):
        await asyncio.gather(*(client.send(GET) for _ in range(4)))
    assert sent == 4


async def test_oauth_logs_in_once_and_reuses_the_token() -> None:
    client, script, _ = scripted(token_answer(), Response(200), Response(200), auth=oauth())
    await client.send(GET)
    await client.send(GET)
    login, first, second = script.sent
    assert login.url == TOKEN_URL
    assert parse_qs((login.body or b"").decode()) == {"grant_type": ["client_credentials"], "scope": ["read"]}
    assert login.headers["Authorization"].startswith("Basic ")
    assert first.headers["Authorization"] == second.headers["Authorization"] == "Bearer tok-1"


async def test_workers_share_one_login_through_the_store() -> None:
    store, sent = MemoryTokenStore(), []

    async def answer(request: Request) -> Response:
        sent.append(request.url)
        await asyncio.sleep(0)
        return token_answer() if request.url == TOKEN_URL else Response(200)

    clients = [
        Client("https://host", auth=oauth(store), transport=HandlerTransport(answer)) for _ in range(4)
    ]
    await asyncio.gather(*(client.send(GET) for client in clients))
    assert sent.count(TOKEN_URL) == 1


async def test_a_401_logs_in_once_more_and_replays_once() -> None:
    client, script, _ = scripted(
        token_answer("old"), Response(401), token_answer("new"), Response(401), auth=oauth()
    )
    response = await client.send(GET)
    assert response.status == 401
    used = [request.headers["Authorization"] for request in script.sent if request.url != TOKEN_URL]
    assert used == ["Bearer old", "Bearer new"]


async def test_a_401_takes_the_token_that_another_worker_fetched_meanwhile() -> None:
    store = MemoryTokenStore()
    auth = oauth(store)
    client, script, _ = scripted(token_answer("old"), Response(200), auth=auth)
    await client.send(GET)
    await store.put(auth._name, Token("newer", renew_at=9e9))
    script.steps += [Response(401), Response(200)]
    await client.send(GET)
    assert [r.headers["Authorization"] for r in script.sent[2:]] == ["Bearer old", "Bearer newer"]


@pytest.mark.parametrize(("life", "usable_for"), [(3600, 3540), (120, 108)])
def test_a_token_is_renewed_before_it_expires(life: int, usable_for: float) -> None:
    assert Token.lasting("x", life, now=0).renew_at == usable_for


async def test_an_expiring_token_is_renewed_before_use() -> None:
    store = MemoryTokenStore()
    auth = oauth(store, now=1000.0)
    await store.put(auth._name, Token("stale", renew_at=999.0))
    client, script, _ = scripted(token_answer("fresh"), Response(200), auth=auth)
    await client.send(GET)
    assert script.sent[1].headers["Authorization"] == "Bearer fresh"


@pytest.mark.parametrize("status", [400, 401])
async def test_a_refused_client_is_never_tried_again(status: int) -> None:
    answer = Response(status, body=b'{"error":"invalid_client","error_description":"unknown client"}')
    client, script, _ = scripted(answer, auth=oauth())
    with pytest.raises(AuthenticationError, match="unknown client"):
        await client.send(GET)
    with pytest.raises(AuthenticationError, match="not tried again"):
        await client.send(GET)
    assert len(script.sent) == 1


@pytest.mark.parametrize(
    ("status", "failure"), [(503, Unavailable), (429, RateLimited), (200, AuthenticationError)]
)
async def test_other_answers_of_the_token_endpoint(status: int, failure: type[Exception]) -> None:
    client, _, _ = scripted(Response(status, body=b"<html>"), auth=oauth())
    with pytest.raises(failure):
        await client.send(GET)


async def test_a_login_that_breaks_off_leaves_a_write_safe() -> None:
    client, script, _ = scripted(Interrupted("reset", "broke"), auth=oauth())
    with pytest.raises(Unavailable, match="logging in failed"):
        await client.send(Request("POST", "thing"))
    client, script, _ = scripted(token_answer(), Interrupted("reset", "broke"), auth=oauth())
    with pytest.raises(InDoubt):
        await client.send(Request("POST", "thing"))
    assert len(script.sent) == 2


async def test_the_lock_is_free_again_after_a_failed_login() -> None:
    client, _, _ = scripted(Response(503), token_answer(), Response(200), auth=oauth())
    with pytest.raises(Unavailable):
        await client.send(GET)
    assert (await client.send(GET)).status == 200


async def test_errors_and_representations_hide_tokens_and_secrets() -> None:
    auth = oauth()
    body = b"tok-1 and very secret and very%20secret"
    client, _, _ = scripted(token_answer(), Response(500, body=body), auth=auth)
    with pytest.raises(Unavailable) as caught:
        await client.send(GET)
    assert str(caught.value).endswith("answered 500: *** and *** and ***")
    assert "very secret" not in repr(auth)
    assert "tok-1" not in repr(Token("tok-1", 0))


def test_a_token_survives_its_stored_form() -> None:
    token = Token("x", 12.5, {"org": "1"})
    assert Token.from_payload(codec.decode(codec.encode(token.as_payload()))) == token


async def test_credentials_in_the_body_where_the_provider_wants_them() -> None:
    auth = OAuth2ClientCredentials(
        token_url=TOKEN_URL,
        client_id="me",
        client_secret="s3cr3t",
        credentials_in="body",
    )
    client, script, _ = scripted(token_answer(), Response(200), auth=auth)
    await client.send(GET)
    form = parse_qs((script.sent[0].body or b"").decode())
    assert form["client_secret"] == ["s3cr3t"]
    assert "Authorization" not in script.sent[0].headers
