"""A receiver of webhooks that remembers what came and answers as it is told, and a client to subscribe it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from aiohttp import web

from sandbox.gauge import Gauge
from sandbox.server import Sandbox

from .clients import Answer, Payer, request

KEY = "X-Idempotent-Key"
ALL = (
    "vendor.created", "vendor.updated", "vendor.archived", "vendor.restored", "bill.created", "bill.updated",
    "bill.archived", "bill.restored", "payment.updated", "payment.failed",
)  # fmt: skip


@dataclass(frozen=True)
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def type(self) -> str:
        return str(self.json["metadata"]["eventType"])

    @property
    def event_id(self) -> str:
        return str(self.json["metadata"]["eventId"])

    def signed_with(self, key: str, message: bytes | None = None) -> bool:
        """Whether the signature is that of the body, or of another message, computed here anew."""
        digest = hmac.new(key.encode(), message or self.body, hashlib.sha256).digest()
        return self.headers["x-bill-sha-signature"] == base64.b64encode(digest).decode()


class Receiver:
    """Listens on loopback; `answers` are used up one by one, then it answers 200."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.came = Gauge()
        self.answers: list[int] = []
        self.silent = asyncio.Event()
        self.silent.set()
        self.url = ""

    async def _take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(headers, await request.read()))
        self.came.change(1)
        await self.silent.wait()
        status = self.answers.pop(0) if self.answers else 200
        return web.Response(status=status, headers={"Location": self.url} if status == 302 else {})

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/bill"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.silent.set()
        await self._runner.cleanup()

    @property
    def types(self) -> list[str]:
        return [received.type for received in self.received]


@dataclass
class Hooks:
    """Webhook management with the session of a payer."""

    sandbox: Sandbox
    payer: Payer
    receiver: Receiver
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def center(self) -> Any:
        return self.sandbox.bill.webhooks

    def body(self, types: Sequence[str] = ALL, **changed: Any) -> dict[str, Any]:
        return {
            "name": "Settlement",
            "status": {"enabled": True},
            "events": [{"type": name, "version": "1"} for name in types],
            "notificationUrl": self.receiver.url,
        } | changed

    async def call(self, method: str, path: str, body: Any = None, key: str = "", **params: str) -> Answer:
        headers = {"devKey": self.payer.dev_key, "sessionId": self.payer.session_id}
        headers |= {KEY: key} if key else {}
        url = f"{self.sandbox.bill_events_url}{path}"
        return await request(self.payer.http, method, url, body, headers=headers, params=params)

    async def create(self, body: Any, key: str | None = None) -> Answer:
        return await self.call("POST", "/v3/subscriptions", body, key or str(uuid4()))

    async def subscribed(self, *events: str, **changed: Any) -> dict[str, Any]:
        answer = await self.create(self.body(events or ALL, **changed))
        assert answer.status == 200, answer.body
        made: dict[str, Any] = answer.json
        return made

    async def get(self, path: str, **params: str) -> Answer:
        return await self.call("GET", path, **params)

    async def history(self, subscription: dict[str, Any], **params: str) -> list[dict[str, Any]]:
        answer = await self.get(f"/v3/events/subscription/{subscription['id']}", **params)
        assert answer.status == 200, answer.body
        rows: list[dict[str, Any]] = answer.json["results"]
        return rows

    async def status(self, subscription: dict[str, Any]) -> dict[str, Any]:
        row: dict[str, Any] = (await self.get(f"/v3/subscriptions/{subscription['id']}")).json["status"]
        return row

    def quick(self, retries: int = 4) -> None:
        """Retries without waiting."""
        self.sandbox.bill.switches.change({"webhook_retry_seconds": [0] * retries})

    async def control(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        answer = await request(self.payer.http, method, f"{self.sandbox.control_url}{path}", body)
        assert answer.status == status, answer.body
        return answer.json
