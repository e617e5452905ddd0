"""What the receiver takes, what it refuses, and that a refused delivery leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from ml_connector.core.errors import ConfigurationError
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.migrate import migrate
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Delivery, Event
from tests.console.receiver_support import (
    ADDRESS,
    KEY,
    SIGNATURE,
    House,
    Post,
    SignedEvents,
    event_body,
    ids,
    posts,
    receiver,
    rows,
    shop_house,
    sign,
    signed,
)

BIG = 1024 * 1024


@pytest.fixture
def house(tmp_path: Path) -> House:
    return shop_house(f"sqlite:///{tmp_path / 'state.db'}")


@pytest.fixture
async def make_post(house: House) -> AsyncIterator[Callable[..., Post]]:
    async with posts(house) as make:
        yield make


@pytest.fixture
def post(make_post: Callable[..., Post]) -> Post:
    return make_post()


@pytest.fixture
def store(house: House) -> Iterator[Store]:
    """The state database as a run sees it."""
    with house.open_store() as opened:
        yield opened


async def test_the_type_of_the_address_reaches_the_verifier(post: Post, store: Store) -> None:
    assert (await post.event(address=f"{ADDRESS}/invoice.created")).status_code == 200
    assert rows(store)[0].type == "invoice.created"


async def test_a_delivery_replayed_to_another_tenant_is_refused(post: Post, store: Store) -> None:
    body = event_body()
    assert (await post(body, signed(body), "/webhooks/shop/beta")).status_code == 401
    assert ids(store) == []


@pytest.mark.parametrize(
    "signature", [None, "", "AAAA", sign(event_body(), "guessed"), sign(event_body(2)), sign(b"")]
)
async def test_a_forged_delivery_is_refused(post: Post, store: Store, signature: str | None) -> None:
    headers = {"content-type": "application/json"} | ({SIGNATURE: signature} if signature is not None else {})
    answer = await post(event_body(), headers)
    assert (answer.status_code, answer.json()) == (401, {"detail": "Unauthorized"})
    assert ids(store) == []


async def test_a_delivery_tampered_with_anywhere_is_refused(post: Post, store: Store) -> None:
    body = event_body(note="ä\n", none=None, list=[1, True])
    headers = signed(body)
    changed = [
        body[:at] + bytes([body[at] ^ bit]) + body[at + 1 :] for at in range(len(body)) for bit in (1, 128)
    ]
    changed += [body + b" ", body + b"\0", b" " + body, body[:-1], body[1:], body.replace(b", ", b",")]
    assert {(await post(one, headers)).status_code for one in changed} == {401}
    for at, letter in enumerate(headers[SIGNATURE]):
        other = "A" if letter != "A" else "B"
        forged = headers[SIGNATURE][:at] + other + headers[SIGNATURE][at + 1 :]
        assert (await post(body, headers | {SIGNATURE: forged})).status_code == 401
    assert ids(store) == []
    assert (await post(body, headers)).status_code == 200


async def test_a_declared_length_above_the_limit_is_refused_unread(post: Post, store: Store) -> None:
    taken = []

    async def body() -> AsyncIterator[bytes]:
        taken.append("piece")
        yield b"x"

    headers = {"content-type": "application/json", "content-length": str(BIG + 1)}
    answer = await post(body(), headers)
    assert (answer.status_code, taken) == (413, [])
    assert answer.headers["connection"] == "close"
    assert ids(store) == []


async def test_a_chunked_body_is_read_up_to_the_limit_only(post: Post, store: Store) -> None:
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 100_000
            yield b" " * 100_000

    answer = await post(body(), {"content-type": "application/json", SIGNATURE: "x"})
    assert answer.status_code == 413
    assert BIG < sent <= BIG + 200_000
    assert ids(store) == []


async def test_a_body_of_exactly_the_limit_is_taken(post: Post, store: Store) -> None:
    body = event_body(note="")
    body = event_body(note="n" * (BIG - len(body)))
    assert len(body) == BIG
    assert (await post(body, signed(body))).status_code == 200
    assert (await post(body + b" ", signed(body + b" "))).status_code == 413
    assert len(ids(store)) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "application/json; charset=utf-8"}, 200),
        ({"content-type": "Application/JSON"}, 200),
        ({"content-type": "application/cloudevents+json"}, 200),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/jsonp"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-type": ""}, 415),
        ({}, 415),
        ({"content-type": "application/json", "content-encoding": "gzip"}, 415),
        ({"content-type": "application/json", "content-length": "many"}, 400),
    ],
)
async def test_content_types(post: Post, store: Store, headers: dict[str, str], status: int) -> None:
    body = event_body()
    answer = await post(body, {SIGNATURE: sign(body)} | headers)
    assert answer.status_code == status
    assert len(ids(store)) == (status == 200)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"{'id': 1}", b"null,"])
async def test_what_is_no_json_is_refused_although_it_is_signed(
    post: Post, store: Store, body: bytes
) -> None:
    assert (await post(body, signed(body))).status_code == 400
    assert ids(store) == []


@pytest.mark.parametrize("event_id", ["", "x" * 129, "a\x00b", "a\nb", "\u202e"])
async def test_an_event_without_a_usable_id_is_refused(post: Post, store: Store, event_id: str) -> None:
    body = json.dumps({"id": event_id, "type": "t"}).encode()
    assert (await post(body, signed(body))).status_code == 400
    assert ids(store) == []


@pytest.mark.parametrize(
    "address",
    [
        "/webhooks/shop/nobody",
        "/webhooks/nothing/acme",
        "/webhooks/acme/shop",
        "/webhooks/shop/acme%20",
        "/webhooks/shop/ACME",
        "/webhooks/shop/nobody/type",
        "/webhooks/shop/acme/unknown.type",
        "/webhooks/shop/acme/type/more",
        "/webhooks/shop",
    ],
)
async def test_unknown_addresses_all_look_the_same(post: Post, store: Store, address: str) -> None:
    answer = await post.event(address=address)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
    assert ids(store) == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("address", [ADDRESS, f"{ADDRESS}/type", "/webhooks/shop/nobody"])
async def test_nothing_but_post_is_allowed(post: Post, method: str, address: str) -> None:
    assert (await post(None, address=address, method=method)).status_code == 405


async def test_a_slow_sender_is_told_so(make_post: Callable[..., Post], store: Store) -> None:
    post = make_post(read=0.05)

    async def body() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    assert (await post(body(), {"content-type": "application/json"})).status_code == 408
    assert (await post.event()).status_code == 200
    assert len(ids(store)) == 1


async def test_a_sender_that_goes_away_leaves_nothing_behind(
    post: Post, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": event_body()[:9], "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(name.encode(), value.encode()) for name, value in signed(event_body()).items()]
    scope = {
        "type": "http", "method": "POST", "path": ADDRESS, "raw_path": ADDRESS.encode(), "query_string": b"",
        "headers": headers, "http_version": "1.1", "scheme": "http", "root_path": "", "asgi": {},
    }  # fmt: skip
    await post.app(scope, receive, send)
    assert sent[0]["status"] == 400
    assert ids(store) == []
    assert caplog.text == ""


async def test_only_so_many_deliveries_at_once(make_post: Callable[..., Post], store: Store) -> None:
    post = make_post(deliveries=2)
    there = [asyncio.Event(), asyncio.Event()]
    go = asyncio.Event()

    async def slow(number: int) -> AsyncIterator[bytes]:
        there[number].set()
        await go.wait()
        yield event_body(number)

    first = [asyncio.create_task(post(slow(number), signed(event_body(number)))) for number in range(2)]
    await asyncio.gather(*(event.wait() for event in there))
    assert (await post.event(7)).status_code == 503
    go.set()
    assert [answer.status_code for answer in await asyncio.gather(*first)] == [200, 200]
    assert (await post.event(7)).status_code == 200
    assert sorted(ids(store)) == ["evt-000000", "evt-000001", "evt-000007"]


async def test_bodies_in_progress_have_so_much_memory_and_no_more(
    make_post: Callable[..., Post], store: Store
) -> None:
    post = make_post(memory=1000)
    there, go = asyncio.Event(), asyncio.Event()
    body = event_body(1, note="n" * 700)

    async def slow() -> AsyncIterator[bytes]:
        yield body[:600]
        there.set()
        await go.wait()
        yield body[600:]

    first = asyncio.create_task(post(slow(), signed(body)))
    await there.wait()
    other = event_body(2, note="n" * 700)
    assert (await post(other, signed(other))).status_code == 503
    go.set()
    assert (await first).status_code == 200
    assert (await post(other, signed(other))).status_code == 200
    assert len(ids(store)) == 2


async def test_made_up_addresses_do_not_flood_the_log_of_a_busy_receiver(
    make_post: Callable[..., Post], caplog: pytest.LogCaptureFixture
) -> None:
    post = make_post(deliveries=0)
    for number in range(30):
        assert (await post.event(address=f"/webhooks/made/up{number}")).status_code == 503
    assert len(caplog.records) == 1


class Broken:
    """A verifier with a bug, which knows what must not be told."""

    def accept(self, delivery: Delivery) -> Sequence[Event]:
        raise KeyError(delivery.body, delivery.headers)


async def test_a_bug_shows_neither_outside_nor_in_the_log_what_was_sent(
    post: Post, house: House, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    house.makers["shop", "acme"] = lambda _: Broken()
    answer = await post.event()
    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal Server Error"})
    assert "KeyError in" in caplog.text
    assert "test_receiver.py" in caplog.text
    for secret in ("evt-000001", sign(event_body()), "Traceback"):
        assert secret not in caplog.text
    assert ids(store) == []


async def test_a_tenant_without_a_key_is_told_in_the_log_and_tried_again(
    make_post: Callable[..., Post], house: House, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    keys: list[str] = []

    def make(_: Store) -> SignedEvents:
        if not keys:
            raise ConfigurationError("there is no key", field="webhook_security_key")
        return SignedEvents(*keys)

    house.makers["shop", "acme"] = make
    post = make_post()
    assert [(await post.event()).status_code for _ in range(2)] == [503, 503]
    assert caplog.text.count("webhook_security_key: there is no key") == 1
    keys.append(KEY)
    post.clock.now += 6
    assert (await post.event()).status_code == 200
    assert len(ids(store)) == 1


async def test_forged_deliveries_do_not_flood_the_log(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    body = event_body()
    for number in range(50):
        await post(body, signed(body, f"guess {number}"))
        await post.event(address=f"/webhooks/made/up{number}")
    assert len(caplog.records) == 2
    post.clock.now += 61
    await post(body, signed(body, "guess"))
    assert caplog.records[-1].levelno == logging.WARNING
    assert caplog.records[-1].getMessage() == (
        "A webhook to shop/acme was answered with 401: the signature does not fit "
        "(49 more like it since the last line)"
    )


async def test_a_database_that_comes_late_is_answered_with_503_and_nothing_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(f"sqlite:///{tmp_path}/empty.db", Fernet.generate_key().decode())
    house.sender("shop", "acme", KEY)
    post = Post(receiver(house))
    answer = await post.event()
    assert (answer.status_code, answer.json()) == (503, {"detail": "Service Unavailable"})
    assert "airflow ml-connector init" in caplog.text
    migrate(Database(house.url))
    post.clock.now += 6
    assert (await post.event()).status_code == 200
    with Store(Database(house.url), Cipher([house.key])) as store:
        assert ids(store) == ["evt-000001"]
    await post.receiver.close()


async def test_the_application_closes_the_receiver(post: Post) -> None:
    async with post.app.router.lifespan_context(post.app):
        assert (await post.event()).status_code == 200
        assert post.receiver._store._store is not None
    assert post.receiver._store._store is None
