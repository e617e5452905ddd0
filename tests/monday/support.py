"""Building blocks of the client's tests: a clock that sleeping moves, and a scripted monday.com."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ml_connector.core.http import HandlerTransport, Interrupted, NotSent, Request, Response
from ml_connector.core.state.store import Store
from ml_connector.monday import connect as connecting
from ml_connector.monday.api import MondayApi
from ml_connector.monday.budgets import Budgets
from ml_connector.monday.limits import ApiLimits
from ml_connector.monday.session import PersonalToken
from ml_connector.monday.settings import MondaySettings

NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
TOKEN = "s3cret-api-token"
REFRESH = "s3cret-refresh-token"
CLIENT_SECRET = "s3cret-client-secret"
ECHO = {"API-Version": "2026-10"}

QUERY = "query Board($id: [ID!]) { boards(ids: $id) { id } }"
WRITE = 'mutation Create { c0: create_item(board_id: 1, item_name: "x") { id } }'


class Clock:
    """Stands still but for those who sleep on it."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now
        self.pauses: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)


Reply = Response | Exception | Callable[[Request], Response]


@dataclass
class Monday:
    """Answers with what it is given, in turn; the last answer again and again."""

    replies: list[Reply]
    seen: list[Request] = field(default_factory=list)

    async def __call__(self, request: Request) -> Response:
        self.seen.append(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        await asyncio.sleep(0)
        if isinstance(reply, Exception):
            raise reply
        return reply(request) if callable(reply) else reply

    @property
    def transport(self) -> HandlerTransport:
        return HandlerTransport(self)

    @property
    def keys(self) -> list[str | None]:
        return [request.headers.get("Idempotency-Key") for request in self.seen]

    @property
    def tokens(self) -> list[str | None]:
        return [request.headers.get("Authorization") for request in self.seen]


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, {**ECHO, **(headers or {})}, text)


def data(headers: Mapping[str, str] | None = None, **found: Any) -> Response:
    """A success."""
    return answer({"data": found, "extensions": {"request_id": "r-1"}}, headers=headers)


def error(
    code: str | None = None,
    message: str = "said",
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    found: Any = ...,
    path: list[str | int] | None = None,
    **extensions: Any,
) -> Response:
    """A refusal in today's form; ``found`` is its ``data``."""
    entry: dict[str, Any] = {"message": message, "extensions": extensions}
    if code is not None:
        entry["extensions"] = {"code": code, **extensions}
    if path is not None:
        entry["path"] = path
    body = {"errors": [entry], "extensions": {"request_id": "r-1"}}
    return answer(body if found is ... else {"data": found, **body}, status, headers)


LOST = Interrupted("reset", "the connection broke off")
LATE = Interrupted("timeout", "no answer in time")
UNSENT = NotSent("refused", "no connection to api.monday.com:443")


@dataclass
class Site:
    """A client, what it talks to, and its time."""

    monday: Monday
    clock: Clock
    api: MondayApi

    async def query(self, **more: Any) -> Any:
        return await self.api.query("Board", QUERY, {"id": ["1"]}, **more)

    async def write(self, key: str = "key-1", **more: Any) -> Any:
        return await self.api.mutate("Create", WRITE, {}, key=key, **more)


def site(*replies: Reply, limits: ApiLimits | None = None, **changed: Any) -> Site:
    """A client without shared state."""
    clock, monday = Clock(), Monday(list(replies))
    limits = limits or ApiLimits()
    parts = connecting._Parts(settings(**changed), limits, clock, clock.sleep, monday.transport)
    budgets = Budgets(limits.complexity_per_minute, clock=clock, sleep=clock.sleep)
    return Site(monday, clock, parts.api(PersonalToken(TOKEN), budgets=budgets))


def settings(**changed: Any) -> MondaySettings:
    return MondaySettings(**({"base_url": "https://api.monday.com", "api_token": TOKEN} | changed))


def app(**changed: Any) -> MondaySettings:
    values: dict[str, Any] = {
        "base_url": "https://api.monday.com",
        "auth": "oauth2",
        "client_id": "app-1",
        "client_secret": CLIENT_SECRET,
        "refresh_token": REFRESH,
    }
    return MondaySettings(**values | changed)


def connected(
    store: Store,
    monday: Monday,
    clock: Clock,
    *,
    limits: ApiLimits | None = None,
    settings: MondaySettings | None = None,
) -> AbstractAsyncContextManager[MondayApi]:
    """A client as tasks have it."""
    return connecting.connect(
        settings or MondaySettings("https://api.monday.com", api_token=TOKEN),
        limits or ApiLimits(),
        store,
        transport=monday.transport,
        clock=clock,
        sleep=clock.sleep,
    )


def jwt(expires: float, name: str = "a") -> str:
    """A token that says when it expires; nobody here looks at its signature."""
    claims = base64.urlsafe_b64encode(json.dumps({"exp": expires, "n": name}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{claims}.c2lnbmF0dXJl"
