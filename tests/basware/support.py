"""Building blocks of the client's tests: a clock that sleeping moves, and a scripted Basware."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from ml_connector.basware.api import BaswareApi
from ml_connector.basware.connect import connect
from ml_connector.basware.options import BaswareOptions
from ml_connector.basware.settings import BaswareSettings
from ml_connector.core.contract import Payload
from ml_connector.core.http import HandlerTransport, Request, Response
from ml_connector.core.state.store import Store

NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
BASE = "https://api.basware.com"
SECRET = "s3cret-client-secret"
TOKEN = "s3cret-webhook-wöbtoken"
STORAGE = (
    "https://bucket.s3.eu-west-1.amazonaws.com/answer?X-Amz-Signature=s3cret-signature&X-Amz-Expires=900"
)


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


def answer(value: Any = None, status: int = 200, **headers: str) -> Response:
    """A JSON answer; underscores of header names become hyphens."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    body = b"" if value is None else json.dumps(value).encode()
    return Response(status, {"Content-Type": "application/json", **named}, body)


def written(value: Any = "ok", request_id: str = "request-1") -> Response:
    return answer(value, x_amzn_RequestId=request_id)


def refusal(status: int, *entries: Mapping[str, Any]) -> Response:
    return answer({"requestId": "r", "hasErrors": True, "errors": list(entries)}, status)


def redirect(url: str = STORAGE, token: str = "") -> Response:
    headers = {"Location": url} | ({"X-Amz-Meta-ContinuationToken": token} if token else {})
    return Response(302, headers)


@dataclass
class Basware:
    """Answers with what it is given, in turn; the last answer again and again. It issues tokens by itself."""

    replies: list[Reply]
    clock: Clock = field(default_factory=Clock)
    seen: list[Request] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    tokens: list[Request] = field(default_factory=list)
    token_reply: Callable[[int], Response] | None = None

    async def __call__(self, request: Request) -> Response:
        await asyncio.sleep(0)
        if request.path.endswith("/v1/tokens"):
            return self._token(request)
        self.seen.append(request)
        self.times.append(self.clock())
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply(request) if callable(reply) else reply

    def _token(self, request: Request) -> Response:
        self.tokens.append(request)
        if self.token_reply is not None:
            return self.token_reply(len(self.tokens))
        return granted(f"s3cret-token-{len(self.tokens)}")

    @property
    def transport(self) -> HandlerTransport:
        return HandlerTransport(self)

    @property
    def calls(self) -> list[str]:
        return [f"{request.method} {urlsplit(request.url).path}" for request in self.seen]

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.body) if request.body else None for request in self.seen]

    def authorizations(self) -> list[str | None]:
        return [request.headers.get("Authorization") for request in self.seen]

    def codes(self) -> list[list[str]]:
        """External codes of the records of each call that sent some."""
        return [[record["externalCode"] for record in body] for body in self.bodies if isinstance(body, list)]


def granted(value: str = "s3cret-token-1", seconds: Any = 3600, scope: str = "vendors.read") -> Response:
    return answer({"access_token": value, "expires_in": seconds, "scope": scope, "token_type": "Bearer"})


def settings(**changed: Any) -> BaswareSettings:
    values: dict[str, Any] = {
        "base_url": BASE, "login": "client-1", "password": SECRET, "webhook_token": TOKEN,
    }  # fmt: skip
    return BaswareSettings(**values | changed)


def connected(
    basware: Basware, store: Store, options: BaswareOptions | None = None, **changed: Any
) -> AbstractAsyncContextManager[BaswareApi]:
    return connect(
        settings(**changed),
        options or BaswareOptions(),
        store,
        transport=basware.transport,
        clock=basware.clock,
        sleep=basware.clock.sleep,
    )


def records(*codes: str) -> list[Payload]:
    return [{"externalCode": code, "vendorCode": code, "name": f"Vendor {code}"} for code in codes]


class Validating:
    """Behaves as Basware may where a record is wrong: it refuses the whole array.

    Args:
        wrong: external codes of records that it does not take.
        naming: the refusal names them.
        limit: records that it takes at once.
    """

    def __init__(self, *wrong: str, naming: bool = True, limit: int = 10_000) -> None:
        self.wrong, self.naming, self.limit = set(wrong), naming, limit
        self.taken: Counter[str] = Counter()
        self.requests = 0

    def __call__(self, request: Request) -> Response:
        sent = [record["externalCode"] for record in json.loads(request.body or b"[]")]
        if len(sent) > self.limit:
            return answer({"message": "Request Too Long"}, 413)
        bad = [code for code in sent if code in self.wrong]
        if bad:
            return refusal(400, *(self._entry(code) for code in bad))
        self.requests += 1
        self.taken.update(sent)
        return written(None, f"request-{self.requests}")

    def _entry(self, code: str) -> dict[str, Any]:
        entry = {"type": "VALIDATION", "code": "SCHEMA_VALIDATION_ERROR", "message": "name field required"}
        return entry | ({"externalCode": code} if self.naming else {})
