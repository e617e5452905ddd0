"""JSON as the product uses it everywhere: decimals exact, keys sorted, and a hash over that form.

A document's payload consists of ``str``, ``int``, ``Decimal``, ``bool``, ``None``, lists and
dicts. Dates are ``YYYY-MM-DD`` strings, times ISO 8601 strings with an offset. There is no float:
money read from JSON becomes ``Decimal`` and is written back digit by digit.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_decoder = msgspec.json.Decoder(float_hook=Decimal)


def encode(value: Any) -> bytes:
    """Canonical JSON: the same value always gives the same bytes."""
    return _encoder.encode(value)


def decode(data: bytes | str) -> Any:
    """Parse JSON; numbers with a fraction or an exponent become ``Decimal``.

    Raises:
        ValueError: the text is not JSON.
    """
    return _decoder.decode(data)


def digest(value: Any) -> str:
    """SHA-256 of the canonical form, 64 hexadecimal digits."""
    return digest_of(_encoder.encode(value))


def digest_of(data: bytes) -> str:
    """SHA-256 of bytes that are canonical already."""
    return hashlib.sha256(data).hexdigest()
