"""The HTTP face of the Monday.com simulator: GraphQL, the token endpoint, files of bulk imports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiohttp import web

from sandbox.calls import Calls
from sandbox.faults import FaultBook
from sandbox.faults.book import ALL
from sandbox.faults.middleware import recorder
from sandbox.faults.transport import Wire
from sandbox.jsonio import json_response

from . import documents, faults
from .documents import Asked
from .exchange import SYSTEM, Exchange, planned
from .identity import TokenError
from .state import MondayState

ASKED = web.RequestKey("monday_asked", Asked)
LARGEST = 160 * 2**20
TOKEN = "/oauth_ms/oauth/token"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class MondayApp:
    """Handlers over one state."""

    def __init__(self, state: MondayState, book: FaultBook, calls: Calls) -> None:
        self.state, self._book = state, book
        self.wire = Wire(book, state.clock, planned)
        middlewares: Any = [_read, recorder(SYSTEM, calls, operation)]
        self.web = web.Application(middlewares=middlewares, client_max_size=LARGEST)
        self.web.router.add_post("/v2", self.serve)
        self.web.router.add_post(TOKEN, self._struck(self.token))
        self.web.router.add_put("/upload/{job}/{signature}", self._struck(self.upload))
        self.web.router.add_get("/report/{job}/{end}/{signature}", self._struck(self.report))

    def _struck(self, work: Handler) -> Handler:
        async def serve(request: web.Request) -> web.StreamResponse:
            self.state.work()
            planned_faults = self._book.take(SYSTEM, operation(request), ALL - faults.OWN)
            return await self.wire.run(request, work, planned_faults)

        return serve

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Every GraphQL request."""
        self.state.work()
        return await Exchange(self.state, self._book, self.wire, request, request[ASKED]).answer()

    async def token(self, request: web.Request) -> web.Response:
        """The token endpoint, which takes forms and JSON."""
        try:
            form = await (request.json() if request.content_type == "application/json" else request.post())
            return json_response(self.state.identity.token(dict(form)))
        except TokenError as error:
            return json_response({"error": error.error, "error_description": error.description}, error.status)
        except (TypeError, ValueError):
            return json_response({"error": "invalid_request", "error_description": "No form, no JSON"}, 400)

    async def upload(self, request: web.Request) -> web.Response:
        """The file of an import, as storage behind a signed address takes it."""
        job, signature = request.match_info["job"], request.match_info["signature"]
        return self.state.imports.upload(job, signature, request.headers, await request.read())

    async def report(self, request: web.Request) -> web.Response:
        """The report of an import."""
        match = request.match_info
        return self.state.imports.report(match["job"], match["end"], match["signature"])


def operation(request: web.Request) -> str:
    """The name under which a call is counted and faults are planned, e.g. `mutation CreateItem`."""
    if (asked := request.get(ASKED)) is not None:
        return str(asked.name)
    part = "token" if request.path == TOKEN else request.path.split("/")[1]
    return f"{request.method} {part if part in {'token', 'upload', 'report'} else 'OTHER'}"


async def _with_body(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.path == "/v2" and request.method == "POST":
        request[ASKED] = documents.read(await request.read())
    return await handler(request)


_read = cast("Any", web.middleware(_with_body))
