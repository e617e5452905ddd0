"""The aiohttp transport against a real socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from ml_connector.core.errors import ConfigurationError
from ml_connector.core.http import AiohttpTransport, Client, Interrupted, NotSent, Request
from ml_connector.core.http.transport import tls_setting


class Server:
    """Echoes, hangs, breaks off, redirects."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.calls.append(f"{request.method} {request.raw_path}")
        match request.path.rsplit("/", 1)[-1]:
            case "hang":
                await asyncio.sleep(30)
            case "drop":
                assert request.transport is not None
                request.transport.abort()
            case "redirect":
                raise web.HTTPFound("/elsewhere", headers={"Set-Cookie": "a=b"})
            case "big":
                return web.Response(body=b"x" * 5000)
            case "zipped":
                answer = web.Response(body=b"y" * 5000)
                answer.enable_compression()
                return answer
        return web.json_response({"cookie": request.headers.get("Cookie"), "body": await request.text()})


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    served = Server()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", served.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield served
    await runner.cleanup()


async def test_the_query_arrives_as_it_was_encoded(server: Server) -> None:
    async with Client(server.url) as client:
        await client.send(Request("GET", "/a%2Fb", {"p": "x,y", "q": "ä +&%"}))
    assert server.calls == ["GET /a%2Fb?p=x,y&q=%C3%A4%20%2B%26%25"]


async def test_body_json_and_elapsed(server: Server) -> None:
    async with Client(server.url) as client:
        response = await client.send(Request("POST", "/x", body=b"hello"))
    assert response.json() == {"cookie": None, "body": "hello"}
    assert response.media_type == "application/json"
    assert response.elapsed > 0


async def test_redirects_are_not_followed_and_cookies_not_kept(server: Server) -> None:
    async with Client(server.url) as client:
        assert (await client.send(Request("GET", "/redirect"))).status == 302
        assert (await client.send(Request("GET", "/x"))).json()["cookie"] is None
    assert len(server.calls) == 2


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
async def test_a_dropped_connection_is_not_repeated_behind_our_back(server: Server, method: str) -> None:
    transport = AiohttpTransport()
    await transport.send(Request("GET", f"{server.url}/x"))  # a connection to be reused
    with pytest.raises(Interrupted) as caught:
        await transport.send(Request(method, f"{server.url}/drop"))
    assert caught.value.cause == "reset"
    assert server.calls.count(f"{method} /drop") == 1
    await transport.aclose()


async def test_a_late_answer(server: Server) -> None:
    transport = AiohttpTransport()
    with pytest.raises(Interrupted) as caught:
        await transport.send(Request("GET", f"{server.url}/hang", timeout=0.05))
    assert caught.value.cause == "timeout"
    await transport.aclose()


@pytest.mark.parametrize("path", ["big", "zipped"])
async def test_an_answer_beyond_the_limit_is_refused(server: Server, path: str) -> None:
    transport = AiohttpTransport(max_body=1000)
    with pytest.raises(Interrupted) as caught:
        await transport.send(Request("GET", f"{server.url}/{path}"))
    assert caught.value.cause == "too_large"
    await transport.aclose()


async def test_compressed_answers_are_unpacked(server: Server) -> None:
    async with Client(server.url) as client:
        assert (await client.send(Request("GET", "/zipped"))).body == b"y" * 5000


async def test_failures_before_sending_say_so() -> None:
    with socket.socket() as taken:  # bound but not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        transport = AiohttpTransport()
        with pytest.raises(NotSent) as caught:
            await transport.send(Request("GET", f"http://127.0.0.1:{port}/?password=hidden"))
    assert caught.value.cause == "refused"
    assert str(caught.value) == f"no connection to 127.0.0.1:{port}"
    await transport.aclose()


async def test_plain_http_where_tls_is_expected(server: Server) -> None:
    async with Client(server.url.replace("http:", "https:")) as client:
        with pytest.raises(ConfigurationError, match="verify"):
            await client.send(Request("GET", "/x"))
    assert server.calls == []


def test_the_ca_bundle_must_exist_and_hold_certificates(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        tls_setting(str(tmp_path / "none.pem"))
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    with pytest.raises(ConfigurationError, match="no CA certificates"):
        tls_setting(str(empty))
    assert tls_setting(str(tmp_path)) is not True
    assert tls_setting(False) is False
