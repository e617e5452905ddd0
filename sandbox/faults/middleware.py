"""The outermost layer of every simulator: record the call, plan its faults, run it."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from aiohttp import web

from sandbox.calls import Calls

from .book import SHAPE, FaultBook
from .transport import SHAPE_FAULTS, Handler, Wire

OperationName = Callable[[web.Request], str]


def recorder(system: str, calls: Calls, operation: OperationName) -> Callable[..., object]:
    """Middleware that counts and remembers calls."""

    @web.middleware
    async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
        call = calls.begin(system, request.method, request.path_qs, operation(request))
        status = 0
        try:
            response = await handler(request)
            status = 0 if "X-Sandbox" in response.headers else response.status
            return response
        except web.HTTPException as refused:
            status = refused.status
            raise
        finally:
            calls.end(call, status)

    return cast(Callable[..., object], record)


def injector(system: str, book: FaultBook, wire: Wire, operation: OperationName) -> Callable[..., object]:
    """Middleware that lets planned faults strike."""

    @web.middleware
    async def inject(request: web.Request, handler: Handler) -> web.StreamResponse:
        faults = book.take(system, operation(request))
        if not faults:
            return await handler(request)
        request[SHAPE_FAULTS] = [fault for fault in faults if fault.kind in SHAPE]
        return await wire.run(request, handler, [fault for fault in faults if fault.kind not in SHAPE])

    return cast(Callable[..., object], inject)
