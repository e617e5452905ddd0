"""Pre-signed addresses, from which larger answers are fetched without any credentials."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4

from aiohttp import web

from sandbox.clock import Clock

from .switches import BaswareSwitches

PATH = "/_presigned/{id}"


@dataclass(frozen=True)
class Link:
    """What lies at an address until it expires."""

    signature: str
    end: float
    body: bytes
    headers: dict[str, str]


class Links:
    """All addresses that were handed out and live."""

    def __init__(self, switches: BaswareSwitches, clock: Clock) -> None:
        self._switches, self._clock = switches, clock
        self._links: dict[str, Link] = {}

    def put(self, base: str, body: bytes, headers: dict[str, str]) -> str:
        """The address of an answer."""
        now, link_id, signature = self._clock.seconds(), uuid4().hex, secrets.token_hex(32)
        self._forget(now)
        life = self._switches.presigned_seconds
        self._links[link_id] = Link(signature, now + life, body, headers)
        parameters = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires={life}&X-Amz-Signature={signature}"
        return f"{self._base(base)}{PATH.format(id=link_id)}?{parameters}"

    def _forget(self, now: float) -> None:
        """They end in the order in which they were made, unless the switch was changed in between."""
        for link_id, link in list(self._links.items()):
            if link.end + self._switches.presigned_seconds > now:
                break
            del self._links[link_id]

    def _base(self, base: str) -> str:
        """The caller's own address, another name of this host, or another place altogether."""
        parts, host = urlsplit(base), self._switches.presigned_host
        if "://" in host:
            return host
        return f"{parts.scheme}://{host}:{parts.port}" if host else base

    def answer(self, request: web.Request) -> web.Response:
        """Serve an address, which takes no `Authorization` and no `x-amz-` header."""
        names = [name.lower() for name in request.headers]
        if "authorization" in names:
            return _refused(400, "InvalidArgument", "Only one auth mechanism allowed")
        if any(name.startswith("x-amz-") for name in names):
            return _refused(400, "InvalidRequest", "Headers present in the request were not signed")
        link = self._links.get(request.match_info["id"])
        if link is None or request.query.get("X-Amz-Signature") != link.signature:
            return _refused(403, "SignatureDoesNotMatch", "The signature is not that of the address")
        if link.end <= self._clock.seconds():
            return _refused(403, "AccessDenied", "Request has expired")
        return web.Response(body=link.body, headers=link.headers)

    def expire(self) -> int:
        """Let all addresses be over; returns how many there were."""
        ended, now = len(self._links), self._clock.seconds()
        self._links = {
            link_id: Link(link.signature, now, link.body, link.headers)
            for link_id, link in self._links.items()
        }
        return ended


def _refused(status: int, code: str, message: str) -> web.Response:
    text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return web.Response(text=text, status=status, content_type="application/xml")
