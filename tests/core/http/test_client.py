"""What the client repeats, what it refuses to repeat, and which failure it names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ml_connector.core.errors import ConfigurationError, InDoubt, RateLimited, Unavailable
from ml_connector.core.http import (
    Action,
    Client,
    Interrupted,
    NotSent,
    Redactor,
    Request,
    Response,
    Retry,
    TooHeavy,
)
from tests.core.http.fakes import scripted

OK = Response(200, body=b"ok")
GET = Request("GET", "thing")
POST = Request("POST", "thing", body=b"x")


@pytest.mark.parametrize("step", [Response(502), Response(503), Response(504), Interrupted("reset", "broke")])
async def test_a_read_is_repeated_with_growing_waits(step: Response | Exception) -> None:
    client, script, sleeps = scripted(step, step, OK)
    assert (await client.send(GET)).status == 200
    assert len(script.sent) == 3
    assert sleeps.seconds == [0.375, 0.75]


async def test_repetition_ends_and_names_the_last_failure() -> None:
    client, script, _ = scripted(*[Response(503, body=b"down for maintenance")] * 3, retry=Retry(attempts=3))
    with pytest.raises(Unavailable, match=r"GET https://host.example/base/thing: answered 503: down for"):
        await client.send(GET)
    assert len(script.sent) == 3


@pytest.mark.parametrize(
    "step", [Response(500), Response(503), Interrupted("reset", "broke"), Interrupted("timeout", "late")]
)
async def test_a_write_that_may_have_arrived_is_in_doubt_and_never_repeated(
    step: Response | Exception,
) -> None:
    client, script, sleeps = scripted(step)
    with pytest.raises(InDoubt):
        await client.send(POST)
    assert len(script.sent) == 1
    assert sleeps.seconds == []


async def test_a_write_that_never_left_is_unavailable_and_not_repeated() -> None:
    client, script, _ = scripted(NotSent("refused", "no connection"))
    with pytest.raises(Unavailable):
        await client.send(POST)
    assert len(script.sent) == 1


async def test_a_write_declared_idempotent_is_repeated() -> None:
    client, script, _ = scripted(Response(503), OK)
    await client.send(Request("POST", "search", idempotent=True))
    assert len(script.sent) == 2


async def test_a_late_answer_to_a_read_is_too_heavy_at_once() -> None:
    client, script, _ = scripted(Interrupted("timeout", "no answer in time"))
    with pytest.raises(TooHeavy):
        await client.send(GET)
    assert len(script.sent) == 1


async def test_a_500_to_a_read_is_unavailable_without_repetition() -> None:
    client, script, _ = scripted(Response(500))
    with pytest.raises(Unavailable):
        await client.send(GET)
    assert len(script.sent) == 1


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 409, 422])
async def test_other_answers_are_the_hooks_to_read(status: int) -> None:
    client, _, _ = scripted(Response(status))
    assert (await client.send(POST)).status == status


@pytest.mark.parametrize(("header", "seconds"), [("60 Seconds", 60.0), ("7", 7.0), ("", 60.0)])
async def test_429_is_rate_limited_with_the_wait(header: str, seconds: float) -> None:
    client, _, _ = scripted(Response(429, {"Retry-After": header} if header else {}))
    with pytest.raises(RateLimited) as caught:
        await client.send(POST)
    assert caught.value.retry_after == seconds


async def test_a_short_retry_after_is_waited_out_a_long_one_ends_the_call() -> None:
    client, _, sleeps = scripted(Response(503, {"Retry-After": "4"}), OK)
    await client.send(GET)
    assert sleeps.seconds == [4.0]
    client, _, sleeps = scripted(Response(503, {"retry-after": "600"}))
    with pytest.raises(Unavailable) as caught:
        await client.send(GET)
    assert caught.value.retry_after == 600.0
    assert sleeps.seconds == []


async def test_classify_may_return_repeat_or_raise() -> None:
    def classify(request: Request, response: Response) -> Action:
        if response.body == b"busy":
            return Action.RETRY
        if response.body == b"mine":
            return Action.RETURN
        if response.body == b"bad":
            raise ConfigurationError("said so")
        return Action.DEFAULT

    client, script, _ = scripted(Response(200, body=b"busy"), Response(500, body=b"mine"), classify=classify)
    assert (await client.send(GET)).status == 500
    assert len(script.sent) == 2
    client, _, _ = scripted(Response(200, body=b"busy"), classify=classify)
    with pytest.raises(InDoubt):
        await client.send(POST)
    client, _, _ = scripted(Response(200, body=b"bad"), classify=classify)
    with pytest.raises(ConfigurationError, match="said so"):
        await client.send(GET)


async def test_gate_and_hook_see_every_physical_request() -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def gate(request: Request) -> AsyncIterator[None]:
        seen.append("in")
        yield
        seen.append("out")

    async def hook(request: Request) -> None:
        seen.append(request.path)

    client, _, _ = scripted(Response(503), OK, gate=gate, before_send=hook)
    await client.send(GET)
    assert seen == ["in", "https://host.example/base/thing", "out"] * 2


async def test_no_error_shows_query_credentials_or_much_of_a_body() -> None:
    body = b'{"detail": "user secret-pass failed", "access_token": "abcdef", "x": "' + b"y" * 5000 + b'"}'
    client, _, _ = scripted(Response(500, body=body), redactor=Redactor(["secret-pass"]))
    with pytest.raises(Unavailable) as caught:
        await client.send(Request("GET", "thing?key=hidden", params={"token": "hidden2"}))
    text = str(caught.value)
    assert "secret-pass" not in text
    assert "hidden" not in text
    assert "abcdef" not in text
    assert "user *** failed" in text
    assert len(text) < 450


async def test_a_foreign_origin_gets_no_credentials() -> None:
    client, script, _ = scripted()
    for url in ("https://evil.example/x", "https://host.example.evil/x", "http://host.example/x"):
        with pytest.raises(ConfigurationError, match="lies outside"):
            await client.send(Request("GET", url))
    assert script.sent == []


async def test_an_absolute_url_of_the_same_origin_is_kept_and_a_prefix_is_used() -> None:
    client, script, _ = scripted(OK, OK)
    await client.send(Request("GET", "https://host.example/next?page=2"))
    await client.send(Request("GET", "/a/b", params=[("p", "1,2"), ("q", "a b&c")]))
    assert [request.target for request in script.sent] == [
        "https://host.example/next?page=2",
        "https://host.example/base/a/b?p=1,2&q=a%20b%26c",
    ]


@pytest.mark.parametrize("url", ["host.example", "ftp://host", "https://", ""])
def test_a_base_url_must_be_http(url: str) -> None:
    with pytest.raises(ConfigurationError, match="no http"):
        Client(url)


def test_representations_show_no_secret() -> None:
    request = Request("POST", "/x", {"key": "s3cret"}, {"Authorization": "s3cret"}, b"s3cret")
    response = Response(200, {"Set-Cookie": "s3cret"}, b"s3cret")
    assert "s3cret" not in f"{request!r}{response!r}"
