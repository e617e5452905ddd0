"""How Basware signs a notification, as far as it is known.

Known: HMAC-SHA256 over the body, keyed with the UTF-8 bytes of the subscription's token, in the header
``X-BWAPI-Signature-256``. Not published: how its 32 bytes are written, whether ``sha256=`` stands before
them, and whether a timestamp is signed along. So every way to write them is read, and the bytes compared.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ml_connector.basware.options import SignedMessage
from ml_connector.basware.settings import Encoding

HEADER = "x-bwapi-signature-256"

_PREFIX = "sha256="
_HEX = re.compile(r"[0-9a-fA-F]{64}")
_TIMED: SignedMessage = "timestamp_body"


@dataclass(frozen=True, slots=True)
class Written:
    """A signature as it was written in the header.

    Attributes:
        digest: its 32 bytes.
        encoding: of the bytes.
        prefixed: ``sha256=`` stood before them.
    """

    digest: bytes
    encoding: Literal["hex", "base64"]
    prefixed: bool


@dataclass(frozen=True, slots=True)
class Form:
    """One way to sign.

    Attributes:
        encoding: of the signature.
        prefixed: ``sha256=`` stands before it.
        message: what is signed.
        timestamp_header: where a delivery must name its time, in small letters; None where it need not.
    """

    encoding: Literal["hex", "base64"]
    prefixed: bool
    message: Literal["body", "timestamp_body"]
    timestamp_header: str | None = None

    def as_payload(self) -> dict[str, Any]:
        """The form that is stored."""
        return {
            "encoding": self.encoding,
            "prefixed": self.prefixed,
            "message": self.message,
            "timestamp_header": self.timestamp_header,
        }

    @classmethod
    def from_payload(cls, value: Mapping[str, Any]) -> Form:
        """Inverse of :meth:`as_payload`."""
        return cls(value["encoding"], value["prefixed"], value["message"], value["timestamp_header"])

    def __str__(self) -> str:
        prefix = f"{_PREFIX} and " if self.prefixed else ""
        signed = "the body" if self.message == "body" else "timestamp and body"
        return f"{prefix}{self.encoding} over {signed}, time in {self.timestamp_header or 'no header'}"


@dataclass(frozen=True, slots=True)
class Allowed:
    """Ways to sign that the settings allow.

    Attributes:
        encoding: ``auto`` for both.
        message: ``auto`` for both.
        timestamp_headers: candidates, in small letters.
        required: a notification must name its time in the one header there is.
    """

    encoding: Encoding = "auto"
    message: SignedMessage = "auto"
    timestamp_headers: Sequence[str] = ()
    required: bool = False

    def forms(self, written: Written, headers: Mapping[str, str]) -> Iterator[Form]:
        """Ways in which this signature may have been made, those with a signed time first."""
        if self.encoding not in ("auto", written.encoding):
            return
        present = [name for name in self.timestamp_headers if headers.get(name, "").strip()]
        if self.message != "body":
            for name in present:
                yield Form(written.encoding, written.prefixed, "timestamp_body", name)
        if self.message != _TIMED and (present or not self.required):
            yield Form(written.encoding, written.prefixed, "body", present[0] if self.required else None)


def read(text: str) -> Written | None:
    """The signature in a header's value; None where there is none."""
    value = text.strip()
    prefixed = value[: len(_PREFIX)].lower() == _PREFIX
    if prefixed:
        value = value[len(_PREFIX) :]
    if _HEX.fullmatch(value):
        return Written(bytes.fromhex(value), "hex", prefixed)
    try:
        digest = base64.b64decode(value.encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    if len(digest) != 32 or base64.b64encode(digest).decode() != value:
        return None
    return Written(digest, "base64", prefixed)


def is_signed(key: bytes, form: Form, written: Written, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the signature fits, in this form."""
    message = body
    if form.message == "timestamp_body":
        stamp = headers.get(form.timestamp_header or "", "").strip()
        message = stamp.encode("latin-1", errors="replace") + b"." + body
    return hmac.compare_digest(hmac.digest(key, message, hashlib.sha256), written.digest)
