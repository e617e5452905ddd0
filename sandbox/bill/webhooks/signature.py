"""What goes over the wire, and its signature."""

from __future__ import annotations

import base64
import hashlib
import hmac

import msgspec

from sandbox.bill.switches import BillSwitches
from sandbox.jsonio import encode

HEADER = "x-bill-sha-signature"


def sign(key: str, message: bytes) -> str:
    """HMAC-SHA256 in base64; the key is its text in UTF-8, not what that text decodes to."""
    digest = hmac.new(key.encode(), message, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def wire(payload: str, key: str, switches: BillSwitches) -> tuple[bytes, str]:
    """Body and signature of a delivery.

    Where BILL is set to sign the minified payload the body itself is not minified: otherwise the
    two could not be told apart.
    """
    minified = payload.encode()
    signs_minified = switches.signed_body == "minified"
    text = msgspec.json.format(minified, indent=2) if signs_minified else minified
    body = encode(text.decode()) if switches.body_form == "string" else text
    return body, sign(key, minified if signs_minified else body)
