"""What goes over the wire, and its signature.

Documented by secondary sources are the header and HMAC-SHA256 over the raw body with the token as
key; a token with an ``ö`` in the vendor's example says that its bytes are those of UTF-8. How the
digest is written, and whether a time stands beside it, are switches.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from sandbox.basware.switches import BaswareSwitches

HEADER = "X-BWAPI-Signature-256"


def sign(token: str, message: bytes, switches: BaswareSwitches) -> str:
    """The header's value."""
    digest = hmac.new(token.encode(), message, hashlib.sha256).digest()
    hexadecimal = switches.signature_encoding == "hex"
    text = digest.hex() if hexadecimal else base64.b64encode(digest).decode()
    return f"{switches.signature_prefix}{text}"


def headers(token: str, body: bytes, seconds: float, switches: BaswareSwitches) -> dict[str, str]:
    """All headers of a notification sent at this time, in seconds since the epoch."""
    stamp = str(int(seconds))
    message = f"{stamp}.".encode() + body if switches.signed_message == "ts.body" else body
    made = {"Content-Type": "application/json", HEADER: sign(token, message, switches)}
    return made | ({switches.timestamp_header: stamp} if switches.timestamp_header else {})
