"""Faults on the wire, the same for every system, as a wrapper around a request handler."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from sandbox.clock import Clock

from .book import Fault, FaultBook

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ErrorMaker = Callable[[Fault], web.Response]

SHAPE_FAULTS = web.RequestKey("shape_faults", list[Fault])

PAGE = (
    "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Site maintenance</h1>"
    "<form action='signin'><input name='userid'></form></body></html>"
)


class Wire:
    """Applies the transport faults of one system around its handlers."""

    def __init__(self, book: FaultBook, clock: Clock, error: ErrorMaker) -> None:
        self._book, self._clock, self._error = book, clock, error
        self._late: set[asyncio.Task[None]] = set()

    async def run(
        self, request: web.Request, handler: Handler, faults: Sequence[Fault]
    ) -> web.StreamResponse:
        """Call the handler with these faults around it."""
        for fault in faults:
            early = await self._before(request, handler, fault)
            if early is not None:
                return early
        response = await handler(request)
        for fault in faults:
            response = await self._after(request, response, fault)
        return response

    async def _before(
        self, request: web.Request, handler: Handler, fault: Fault
    ) -> web.StreamResponse | None:
        match fault.kind:
            case "slow":
                await self._clock.sleep(fault.seconds)
            case "hold_request":
                await self._book.hold()
            case "error":
                return self._error(fault)
            case "html":
                return web.Response(text=PAGE, content_type="text/html", status=fault.status or 200)
            case "reset":
                return cut(request)
            case "late_commit":
                await request.read()
                task = asyncio.create_task(self._commit_later(request, handler, fault.seconds))
                self._late.add(task)
                task.add_done_callback(self._late.discard)
                return web.Response(status=fault.status or 504)
        return None

    async def _commit_later(self, request: web.Request, handler: Handler, seconds: float) -> None:
        await self._clock.sleep(seconds)
        await handler(request)

    async def _after(
        self, request: web.Request, response: web.StreamResponse, fault: Fault
    ) -> web.StreamResponse:
        match fault.kind:
            case "lost":
                return cut(request)
            case "timeout":
                await self._clock.sleep(fault.seconds)
                return cut(request)
            case "hold":
                await self._book.hold()
            case "broken_gateway":
                return web.Response(status=fault.status or 502)
            case "truncate":
                return web.Response(
                    body=half(response), status=response.status, content_type=response.content_type
                )
            case "cut_off":
                return await cut_off(request, response)
        return response

    async def settled(self) -> None:
        """Wait for the commits that are still to come."""
        await asyncio.gather(*self._late)

    async def close(self) -> None:
        """Drop commits that are still to come."""
        for task in list(self._late):
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)


def half(response: web.StreamResponse) -> bytes:
    """The first half of a finished answer's body."""
    body = response.body if isinstance(response, web.Response) else b""
    data = body if isinstance(body, bytes) else b""
    return data[: len(data) // 2]


def cut(request: web.Request) -> web.Response:
    """Reset the connection; the returned answer never reaches the caller."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    answer = web.Response()
    answer.headers["X-Sandbox"] = "cut"
    return answer


async def cut_off(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Announce the whole body, send half of it, then close."""
    part = half(response)
    answer = web.StreamResponse(status=response.status, headers={"Content-Length": str(len(part) * 2 + 1)})
    answer.content_type = response.content_type
    await answer.prepare(request)
    await answer.write(part)
    if request.transport is not None:
        request.transport.close()
    return answer
