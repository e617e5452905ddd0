"""Takes in the body of a delivery, before anybody knows whether it is genuine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fastapi import Request

from ml_connector.console.receiver.limits import Limits
from ml_connector.core.webhooks import Refused

Hold = Callable[[int], None]
"""Counts bytes against the memory that all deliveries share, until the delivery is answered."""


class Room:
    """What deliveries in progress occupy in this process. Used on the event loop only."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._deliveries = self._bytes = 0

    @contextmanager
    def delivery(self) -> Iterator[Hold]:
        """Room for one delivery.

        Raises:
            Refused: 503, there is none; the sender comes again.
        """
        if self._deliveries >= self._limits.deliveries:
            raise Refused(f"{self._deliveries} deliveries are in progress already", status=503)
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            if self._bytes + size > self._limits.memory:
                raise Refused(f"deliveries in progress fill {self._bytes} bytes already", status=503)
            self._bytes += size
            held += size

        self._deliveries += 1
        try:
            yield hold
        finally:
            self._deliveries -= 1
            self._bytes -= held


def check_headers(request: Request, limits: Limits) -> None:
    """Refuse by the headers alone what cannot be an event.

    Raises:
        Refused: 415 for what is no JSON, 413 for a declared length above the limit, 400 for none at all.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise Refused(f"the content type is {media_type[:80]!r}, not JSON", status=415)
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refused("the body is compressed, and signatures are made over plain bodies", status=415)
    declared = request.headers.get("content-length")
    try:
        length = None if declared is None else int(declared)
    except ValueError:
        raise Refused("the content length is no number", status=400) from None
    if length is not None and length > limits.body:
        raise Refused(f"the body has {length} bytes, allowed are {limits.body}", status=413)


async def read_body(request: Request, hold: Hold, limits: Limits) -> bytes:
    """The body, of which no more is read than the limit allows, whatever its headers say.

    Raises:
        Refused: 413 where it is longer, 408 where it does not arrive in time, 400 where it is empty.
        ClientDisconnect: the sender has gone.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(limits.read):
            async for piece in request.stream():
                if len(body) + len(piece) > limits.body:
                    raise Refused(f"the body has more than {limits.body} bytes", status=413)
                hold(len(piece))
                body += piece
    except TimeoutError:
        raise Refused(f"the body did not arrive within {limits.read:.0f} s", status=408) from None
    if not body:
        raise Refused("the body is empty", status=400)
    return bytes(body)
