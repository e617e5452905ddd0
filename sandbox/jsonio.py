"""JSON of the sandbox: numbers with a fraction are ``Decimal`` on both ways, never float."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from aiohttp import web

_numbers = msgspec.json.Encoder(decimal_format="number")
_strings = msgspec.json.Encoder(decimal_format="string")
_decoder = msgspec.json.Decoder(float_hook=Decimal)


def encode(value: Any, *, money_as_text: bool = False) -> bytes:
    """JSON bytes; amounts are JSON numbers digit by digit, or strings on demand."""
    return (_strings if money_as_text else _numbers).encode(value)


def decode(body: bytes) -> Any:
    """Parse JSON. Raises ``ValueError`` when it is none."""
    try:
        return _decoder.decode(body)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error


def json_response(value: Any, status: int = 200, *, money_as_text: bool = False) -> web.Response:
    """An ``application/json`` answer."""
    body = encode(value, money_as_text=money_as_text)
    return web.Response(body=body, status=status, content_type="application/json")
