"""BILL's own deliveries through the receiver: its signature, its forms of a body, its repetitions."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ml_connector.bill.webhook import SIGNATURE, BillVerifier
from tests.console.receiver_support import House, Post, bodies, new_house, receiver, sign

ORGANIZATION = "00801SIMORGAAAAAA001"
OLD, KEY = "sample-security-key-0001", "sample-security-key-0002"
ADDRESS = "/webhooks/bill/demo"


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = new_house(f"sqlite:///{tmp_path / 'state.db'}")
    made.makers["bill", "demo"] = lambda _: BillVerifier([KEY, OLD], ORGANIZATION)
    return made


@pytest.fixture
async def post(house: House) -> AsyncIterator[Post]:
    made = Post(receiver(house))
    yield made
    await made.receiver.close()


def event(event_id: str = "625947c4-8e6b-48f0-ae72-ea9c93750023", **more: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "eventId": event_id, "subscriptionId": "f6d06930-e3e2-4509-be37-4dbda29efc61",
            "organizationId": ORGANIZATION, "eventType": "payment.updated", "version": "1",
        },
        "payment": {
            "id": "stp01SIMPAYMENTAA001", "billIds": ["00n01SIMBILLAAAAA001"], "status": "CLEARED",
            "funding": {"amount": 228.90, "currency": "USD"}, "vendor": {"name": 'Café \u2028 "Ü"'},
        },
    } | more  # fmt: skip


def minified(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def event_ids(house: House) -> list[str]:
    return [body["metadata"]["eventId"] for body in bodies(house)]


async def deliver(post: Post, body: bytes, key: str = KEY, signature: str | None = None) -> int:
    headers = {"content-type": "application/json", SIGNATURE: signature or sign(body, key)}
    return (await post(body, headers, ADDRESS)).status_code


@pytest.mark.parametrize("key", [KEY, OLD])
async def test_both_keys_of_a_rotation_sign(post: Post, house: House, key: str) -> None:
    assert await deliver(post, minified(event()), key) == 200
    assert event_ids(house) == [event()["metadata"]["eventId"]]


async def test_repeated_and_out_of_order_deliveries_are_stored_once_each(post: Post, house: House) -> None:
    for name in ("c", "a", "c", "b", "a", "c"):
        assert await deliver(post, minified(event(name))) == 200
    assert event_ids(house) == ["c", "a", "b"]


async def test_every_changed_byte_of_a_body_is_noticed(post: Post, house: House) -> None:
    body = minified(event())
    signature = sign(body, KEY)
    for at in range(len(body)):
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        assert await deliver(post, changed, signature=signature) == 401
    assert event_ids(house) == []


async def test_every_changed_letter_of_a_signature_is_noticed(post: Post, house: House) -> None:
    body = minified(event())
    signature = sign(body, KEY)
    for at, letter in enumerate(signature):
        changed = signature[:at] + ("A" if letter != "A" else "B") + signature[at + 1 :]
        assert await deliver(post, body, signature=changed) == 401
    for changed in (signature.lower(), signature[:-1], signature + "=", f"sha256={signature}"):
        assert await deliver(post, body, signature=changed) == 401
    assert event_ids(house) == []


async def test_a_signature_over_the_minified_body_is_genuine(post: Post, house: House) -> None:
    body = json.dumps(event(), indent=2, ensure_ascii=False).encode()
    assert await deliver(post, body, signature=sign(minified(event()), KEY)) == 200
    assert len(event_ids(house)) == 1


async def test_an_event_of_another_organization_is_refused(post: Post, house: House) -> None:
    metadata = event()["metadata"] | {"organizationId": "00801OTHERORG0000001"}
    assert await deliver(post, minified(event(metadata=metadata))) == 403
    assert event_ids(house) == []


async def test_the_stored_body_is_the_event(post: Post, house: House) -> None:
    assert await deliver(post, minified(event())) == 200
    assert bodies(house)[0]["payment"]["vendor"] == {"name": 'Café \u2028 "Ü"'}


@pytest.mark.parametrize(
    "body",
    [
        b'"' + b'\\"' * 500_000,
        b'"' * 1_000_000,
        b" " * 1_000_000,
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b'"' + b"\\" * 1_000_000,
        b'"a\\' + b'\n"\\' * 300_000,
    ],
    ids=["escapes", "quotes", "blanks", "lists", "objects", "backslashes", "broken escapes"],
)
async def test_no_forged_body_takes_long_to_refuse(post: Post, house: House, body: bytes) -> None:
    """The event loop and its lock are those of Airflow's UI: checking must cost no more than reading."""
    began = time.process_time()
    assert await deliver(post, body, signature="AAAA") == 401
    assert time.process_time() - began < 2
    assert await deliver(post, body) == 400
    assert event_ids(house) == []
