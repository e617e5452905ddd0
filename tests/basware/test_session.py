from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs

import pytest

from ml_connector.basware.options import BaswareOptions
from ml_connector.basware.settings import SCOPES
from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    ContractChanged,
    InDoubt,
    RateLimited,
    Unavailable,
)
from ml_connector.core.http import Interrupted, NotSent, Response
from ml_connector.core.state.store import Store

from .support import BASE, SECRET, Basware, answer, connected, granted, settings, written

EMPTY = answer(None, 404)
UNAUTHORIZED = answer({"message": "Unauthorized"}, 401)


async def read(basware: Basware, state: Store, times: int = 1, **changed: Any) -> None:
    async with connected(basware, state, **changed) as api:
        for _ in range(times):
            await api.page("/v1/vendors", {})


async def test_a_token_is_asked_for_as_the_vendor_says(state: Store) -> None:
    basware = Basware([EMPTY])
    await read(basware, state, password="s3cret/with+signs:ä")
    (request,) = basware.tokens
    form = parse_qs((request.body or b"").decode())
    pair = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
    assert (request.method, request.url, pair) == (
        "POST",
        f"{BASE}/v1/tokens",
        "client-1:s3cret/with+signs:ä",
    )
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert form == {"grant_type": ["client_credentials"], "scope": [" ".join(SCOPES)]}
    assert basware.authorizations() == ["Bearer s3cret-token-1"]


async def test_one_token_serves_many_calls_and_workers(state: Store) -> None:
    basware = Basware([EMPTY])
    await read(basware, state, times=3)
    await read(basware, state)
    assert (len(basware.tokens), len(basware.seen)) == (1, 4)


@pytest.mark.parametrize(
    ("seconds", "life"),
    [(3600, 2880), ("3600", 2880), (86_400, 69_120), (300, 240), (120, 60), (60, 30), (5, 2.5), (None, 2880)],
)
async def test_a_token_is_renewed_in_good_time(state: Store, seconds: object, life: float) -> None:
    basware = Basware([EMPTY], token_reply=lambda number: granted(f"s3cret-token-{number}", seconds))
    await read(basware, state)
    basware.clock.advance(life - 0.5)
    await read(basware, state)
    assert len(basware.tokens) == 1
    basware.clock.advance(1)
    await read(basware, state)
    assert len(basware.tokens) == 2


async def test_the_margin_can_be_longer(state: Store) -> None:
    basware = Basware([EMPTY])
    options = BaswareOptions(renew_margin_seconds=1800)
    async with connected(basware, state, options) as api:
        await api.page("/v1/vendors", {})
        basware.clock.advance(1801)
        await api.page("/v1/vendors", {})
    assert len(basware.tokens) == 2


async def test_a_refused_token_is_renewed_once(state: Store) -> None:
    basware = Basware([UNAUTHORIZED, EMPTY])
    await read(basware, state)
    assert basware.authorizations() == ["Bearer s3cret-token-1", "Bearer s3cret-token-2"]


async def test_a_second_refusal_names_the_scope_and_ends_it(state: Store) -> None:
    basware = Basware([UNAUTHORIZED])
    with pytest.raises(AuthenticationError, match=r"GET .*/v1/vendors: Unauthorized.*scope vendors\.read"):
        await read(basware, state)
    assert (len(basware.tokens), len(basware.seen)) == (2, 2)


async def test_a_write_is_sent_again_after_a_refused_token(state: Store) -> None:
    basware = Basware([UNAUTHORIZED, written()])
    async with connected(basware, state) as api:
        await api.acknowledge("1")
    assert len(basware.seen) == 2


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (answer({"error": "invalid_client"}, 401), AuthenticationError, "refused client client-1: inval"),
        (answer({"error": "invalid_scope"}, 400), ConfigurationError, "scope: .*refuses the scopes"),
        (
            answer({"detail": [{"loc": ["body", "scope"], "msg": "field required"}]}, 422),
            ConfigurationError, r"body\.scope: field required",
        ),
        (answer({"error": "invalid_request", "error_description": "grant_type field required"}, 400),
         AuthenticationError, "grant_type field required"),
        (answer({"error": SECRET}, 401), AuthenticationError, "refused client"),
        (Response(404, {"Content-Type": "text/html"}, b"<html>"), ConfigurationError, "token_url: no tokens"),
        (Response(302, {"Location": "https://elsewhere"}), ConfigurationError, "token_url"),
        (answer({"message": "slow"}, 429, Retry_After="7"), RateLimited, "asks to wait"),
        (Response(503), Unavailable, "503"),
        (answer({"token": "x"}), ContractChanged, "holds no access token"),
        (Response(200, {}, b"no json"), ContractChanged, "holds no access token"),
    ],
)  # fmt: skip
async def test_what_the_token_service_may_say(
    state: Store, reply: Response, kind: type[ConnectorError], words: str
) -> None:
    basware = Basware([written()], token_reply=lambda _: reply)
    with pytest.raises(kind, match=words) as caught:
        async with connected(basware, state) as api:
            await api.acknowledge("1")
    assert not isinstance(caught.value, InDoubt)
    assert "s3cret" not in str(caught.value)
    assert basware.seen == []


async def test_refused_credentials_are_not_tried_again(state: Store) -> None:
    basware = Basware([EMPTY], token_reply=lambda _: answer({"error": "invalid_client"}, 401))
    async with connected(basware, state) as api:
        for _ in range(3):
            with pytest.raises(AuthenticationError):
                await api.one("/v1/vendors/1")
    assert len(basware.tokens) == 1


async def test_a_token_service_elsewhere(state: Store) -> None:
    basware = Basware([EMPTY])
    await read(basware, state, token_url="https://login.example.com/v1/tokens")
    assert basware.tokens[0].url == "https://login.example.com/v1/tokens"


async def test_the_user_of_an_api_account_needs_no_token(state: Store) -> None:
    basware = Basware([EMPTY])
    await read(basware, state, auth="basic")
    pair = base64.b64encode(f"client-1:{SECRET}".encode()).decode()
    assert (basware.tokens, basware.authorizations()) == ([], [f"Basic {pair}"])


async def test_a_wrong_password_is_tried_once(state: Store) -> None:
    basware = Basware([UNAUTHORIZED])
    async with connected(basware, state, auth="basic") as api:
        for _ in range(3):
            with pytest.raises(AuthenticationError):
                await api.one("/v1/vendors/1")
    assert len(basware.seen) == 1


@pytest.mark.parametrize("failure", [NotSent("refused", "no connection"), Interrupted("reset", "broke off")])
async def test_a_broken_log_in_proves_that_the_write_never_left(state: Store, failure: Exception) -> None:
    def fail(_: int) -> Response:
        raise failure

    basware = Basware([written()], token_reply=fail)
    async with connected(basware, state) as api:
        with pytest.raises(Unavailable):
            await api.acknowledge("1")


def test_nothing_shows_the_secret() -> None:
    from ml_connector.basware.connect import authentication
    from ml_connector.core.state.store import utc_now

    for auth in ("oauth2", "basic"):
        made = authentication(settings(auth=auth), BaswareOptions(), None, utc_now)
        assert "s3cret" not in repr(made)
        assert SECRET in set(made.secrets())
