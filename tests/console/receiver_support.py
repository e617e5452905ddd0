"""A sender of signed events, and a receiver whose installation a test makes up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography.fernet import Fernet
from fastapi import FastAPI
from sqlalchemy import select

from ml_connector.console.receiver import Limits, MakeVerifier, Receiver, create
from ml_connector.core import codec
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import AnyRow, Database
from ml_connector.core.state.migrate import migrate
from ml_connector.core.state.schema import inbox
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Delivery, Event, Refused

KEY = "sample-security-key-0001"
OTHER_KEY = "sample-security-key-0002"
SIGNATURE = "x-test-signature"
ADDRESS = "/webhooks/shop/acme"
TYPES = (None, "invoice.created")
"""Last parts of an address that the sender has; None for the address without one."""


def sign(body: bytes, key: str = KEY) -> str:
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def event_body(number: int = 1, **more: Any) -> bytes:
    return json.dumps(
        {"id": f"evt-{number:06d}", "type": "payment.updated", "amount": 228.99} | more
    ).encode()


def signed(body: bytes, key: str = KEY) -> dict[str, str]:
    return {"content-type": "application/json", SIGNATURE: sign(body, key)}


class SignedEvents:
    """Takes what is signed with one of its keys; the body is one event, or a list of them."""

    def __init__(self, *keys: str) -> None:
        self._keys = keys

    def accept(self, delivery: Delivery) -> Sequence[Event]:
        found = delivery.headers.get(SIGNATURE, "")
        if not any(hmac.compare_digest(sign(delivery.body, key), found) for key in self._keys):
            raise Refused("the signature does not fit", status=401)
        if delivery.type not in TYPES:
            raise Refused("there are no events of this type", status=404)
        try:
            decoded = codec.decode(delivery.body)
        except ValueError:
            raise Refused("the body is no JSON", status=400) from None
        items = decoded if isinstance(decoded, list) else [decoded]
        return [Event(item["id"], delivery.type or item["type"], item) for item in items]


@dataclass
class House:
    """An installation; counts what is read."""

    url: str
    key: str
    makers: dict[tuple[str, str], MakeVerifier] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def addresses(self) -> Mapping[tuple[str, str], MakeVerifier]:
        self.counts["listed"] += 1
        return dict(self.makers)

    def open_store(self) -> Store:
        self.counts["opened"] += 1
        return Store(Database(self.url), Cipher([self.key]), actor="webhooks")

    def sender(self, system: str, tenant: str, *keys: str) -> None:
        """Let a tenant's system deliver what is signed with one of these keys."""

        def make(_: Store) -> SignedEvents:
            self.counts[f"made {system}/{tenant}"] += 1
            return SignedEvents(*keys)

        self.makers[system, tenant] = make


def new_house(url: str) -> House:
    """An installation with an empty state database, and no senders yet."""
    database = Database(url)
    migrate(database)
    database.close()
    return House(url, Fernet.generate_key().decode())


def shop_house(url: str) -> House:
    """An installation of two tenants, both with the system ``shop``."""
    made = new_house(url)
    made.sender("shop", "acme", KEY)
    made.sender("shop", "beta", OTHER_KEY)
    return made


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Post:
    """Sends to a receiver in this process, as an ASGI server would call it."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.clock: Any = receiver._verifiers._clock
        self.app = FastAPI()
        self.app.include_router(create(receiver))

    async def __call__(
        self,
        body: Any,
        headers: Mapping[str, str] | None = None,
        address: str = ADDRESS,
        method: str = "POST",
    ) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://receiver") as client:
            return await client.request(method, address, content=body, headers=headers)

    async def event(self, number: int = 1, address: str = ADDRESS) -> httpx.Response:
        body = event_body(number)
        return await self(body, signed(body), address)


def receiver(house: House, **limits: Any) -> Receiver:
    return Receiver(house, Limits(**limits), Clock())


@asynccontextmanager
async def posts(house: House) -> AsyncIterator[Callable[..., Post]]:
    """Makes receivers with limits of their own, and closes them."""
    made: list[Post] = []

    def make(**limits: Any) -> Post:
        made.append(Post(receiver(house, **limits)))
        return made[-1]

    yield make
    for post in made:
        await post.receiver.close()


def rows(store: Store) -> list[AnyRow]:
    """The inbox, oldest first."""
    with store.read() as connection:
        return list(connection.execute(select(inbox).order_by(inbox.c.id)).all())


def ids(store: Store) -> list[str]:
    """Ids of the events in the inbox."""
    return [row.event_id for row in rows(store)]


def bodies(house: House) -> list[Any]:
    """The events in the inbox, oldest first."""
    with house.open_store() as store:
        return [store.open(row.body) for row in rows(store)]
