"""Signed notifications, in every form in which Basware may sign them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from ml_connector.basware.signature import HEADER
from ml_connector.core.webhooks import Delivery

from .support import NOON, TOKEN

TIME = "x-bwapi-timestamp"
STAMP = str(int(NOON.timestamp()))

NOTIFICATION: dict[str, Any] = {
    "taskId": "eb9ea3fa-69de-4a5a-8a1a-f4347cd18626",
    "taskStatus": "New",
    "taskType": "AccountingDocuments",
    "taskSubType": "WaitingForTransfer",
    "documentId": "138e7d94997847aebe7432e521b3dac9",
    "expirationTime": "2026-12-18T10:21:45Z",
}
CONNECTION_TEST = {
    "taskId": "00000000-0000-4000-8000-000000000000",
    "taskStatus": "New",
    "taskType": "ConnectionTest",
    "taskSubType": "All",
    "documentId": "ConnectionTest",
}


def body_of(**changed: Any) -> bytes:
    return json.dumps(NOTIFICATION | changed, separators=(",", ":")).encode()


BODY = body_of()


def signature(message: bytes, token: str = TOKEN, encoding: str = "hex", prefix: str = "sha256=") -> str:
    digest = hmac.new(token.encode(), message, hashlib.sha256).digest()
    return prefix + (digest.hex() if encoding == "hex" else base64.b64encode(digest).decode())


def sent(body: bytes = BODY, given: str | None = None, **headers: str) -> Delivery:
    """A delivery signed over its body; underscores of header names become hyphens."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    own = {"content-type": "application/json", HEADER: signature(body) if given is None else given}
    return Delivery(own | named, body)


def timed(body: bytes = BODY, stamp: str = STAMP, header: str = TIME, **how: Any) -> Delivery:
    """A delivery signed over timestamp, full stop and body."""
    message = stamp.encode() + b"." + body
    return sent(body, signature(message, **how), **{header: stamp})


def with_time(stamp: str) -> Delivery:
    """A delivery with a time that is not signed along; without one where it is empty."""
    delivery = sent()
    return Delivery({**delivery.headers, TIME: stamp} if stamp else delivery.headers, delivery.body)


def stamped(at: datetime) -> str:
    return str(int(at.timestamp()))
