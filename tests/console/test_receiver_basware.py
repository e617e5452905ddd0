"""Basware's own deliveries through the receiver."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ml_connector.basware.options import BaswareOptions
from ml_connector.basware.settings import BaswareSettings
from ml_connector.basware.signature import HEADER
from ml_connector.basware.webhook import make_verifier
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Verifier
from tests.basware.notifications import CONNECTION_TEST, body_of, signature
from tests.console.receiver_support import House, Post, bodies, new_house, receiver

TOKEN = "s3cret-webhook-wöbtoken"
ADDRESS = "/webhooks/basware/demo"
BODY = body_of(expirationTime=None)


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = new_house(f"sqlite:///{tmp_path / 'state.db'}")
    settings = BaswareSettings("https://api.basware.com", "client-1", "s3cret", webhook_token=TOKEN)

    def make(store: Store) -> Verifier:
        return make_verifier(settings, BaswareOptions(), store, "demo")

    made.makers["basware", "demo"] = make
    return made


@pytest.fixture
async def post(house: House) -> AsyncIterator[Post]:
    made = Post(receiver(house))
    yield made
    await made.receiver.close()
    await asyncio.to_thread(settled)


def settled() -> None:
    """Wait for what is written beside the event loop."""
    for thread in threading.enumerate():
        if thread.name == "ml-connector-basware-signature":
            thread.join()


async def deliver(
    post: Post, body: bytes, given: str | None = None, content_type: str = "application/json"
) -> int:
    headers = {"content-type": content_type}
    if given != "":
        headers[HEADER] = given or signature(body)
    return (await post(body, headers, ADDRESS)).status_code


def ids(house: House) -> list[str]:
    return [body["taskId"] for body in bodies(house)]


async def test_a_notification_is_stored_before_it_is_answered(post: Post, house: House) -> None:
    assert await deliver(post, BODY) == 200
    assert bodies(house) == [json.loads(BODY)]


async def test_repeated_and_out_of_order_notifications_are_stored_once_each(post: Post, house: House) -> None:
    for name in ("c", "a", "c", "b", "a", "c"):
        assert await deliver(post, body_of(taskId=name, expirationTime=None)) == 200
    assert ids(house) == ["c", "a", "b"]


async def test_the_call_that_tries_a_subscription_out_is_answered_and_not_stored(
    post: Post, house: House
) -> None:
    assert await deliver(post, json.dumps(CONNECTION_TEST).encode()) == 200
    assert ids(house) == []


@pytest.mark.parametrize(
    ("body", "given", "content_type", "status"),
    [
        (BODY + b" ", signature(BODY), "application/json", 401),
        (BODY, signature(BODY, "s3cret-another-token"), "application/json", 401),
        (BODY, "", "application/json", 401),
        (b'{"taskId":"\xff"}', None, "application/json", 400),
        (b"{", None, "application/json", 400),
        (b"[]", None, "application/json", 400),
        (BODY, None, "text/plain", 415),
        (body_of(expirationTime="2020-01-01T00:00:00Z"), None, "application/json", 401),
        (b" " * 10_000_000, None, "application/json", 413),
    ],
    ids=["tampered", "key", "unsigned", "utf-8", "json", "list", "type", "expired", "10 MB"],
)
async def test_what_is_refused(
    post: Post,
    house: House,
    caplog: pytest.LogCaptureFixture,
    body: bytes,
    given: str | None,
    content_type: str,
    status: int,
) -> None:
    assert await deliver(post, body, given, content_type) == status
    assert ids(house) == []
    assert "s3cret" not in caplog.text


async def test_an_old_timestamp_is_refused(post: Post, house: House) -> None:
    stamp = "1700000000"
    headers = {
        "content-type": "application/json", "X-BWAPI-Timestamp": stamp,
        HEADER: signature(stamp.encode() + b"." + BODY),
    }  # fmt: skip
    assert (await post(BODY, headers, ADDRESS)).status_code == 401
    assert ids(house) == []


async def test_the_form_is_learned_by_all_receivers(post: Post, house: House) -> None:
    assert await deliver(post, BODY, signature(BODY, prefix="")) == 200
    await asyncio.to_thread(settled)
    other = Post(receiver(house))
    assert await deliver(other, body_of(taskId="b", expirationTime=None)) == 401
    body = body_of(taskId="c", expirationTime=None)
    assert await deliver(other, body, signature(body, prefix="")) == 200
    await other.receiver.close()
    assert len(ids(house)) == 2


async def test_learning_does_not_wait_for_the_database(post: Post, house: House) -> None:
    """The answer comes although the form cannot be written yet."""
    tried = json.dumps(CONNECTION_TEST).encode()
    with house.open_store() as store:
        with store.database.write():
            assert await deliver(post, tried, signature(tried, prefix="")) == 200
        await asyncio.to_thread(settled)
    other = Post(receiver(house))
    assert await deliver(other, tried) == 401
    await other.receiver.close()
