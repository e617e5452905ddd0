"""The HTTP face of the Cleo simulator: due work, log-in, faults, then the operation."""

from __future__ import annotations

import re
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from sandbox.calls import Calls
from sandbox.faults import Fault, FaultBook
from sandbox.faults.book import ALL
from sandbox.faults.middleware import recorder
from sandbox.faults.transport import Wire
from sandbox.jsonio import decode, json_response

from .errors import CleoError, not_found
from .handlers import ROUTES, Call, Download
from .handlers import Handler as Operation
from .state import CleoState

SYSTEM = "cleo"
OWN = frozenset({"expire_token", "vanish_file"})
TOKEN, PROVIDER = "POST /authentication", "POST provider"
FORM = "application/x-www-form-urlencoded"
TABLE = [
    (method, template, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)), operation)
    for (method, template), operation in ROUTES.items()
]


class CleoApp:
    """Handlers over one state. The API's path is a switch, so the routes are found by hand."""

    def __init__(self, state: CleoState, book: FaultBook, calls: Calls) -> None:
        self.state, self._book = state, book
        self.wire = Wire(book, state.clock, self._planned_error)
        record = recorder(SYSTEM, calls, self.operation)
        self.web = web.Application(middlewares=[record], client_max_size=64 * 2**20)  # type: ignore[list-item]
        self.web.router.add_route("*", "/{path:.*}", self.serve)

    def operation(self, request: web.Request) -> str:
        """The name under which a call is counted and faults are planned, e.g. `GET /files/{id}`."""
        prefix, provider = self.state.switches.api_prefix, self.state.switches.provider_path
        if request.path.startswith(f"{provider}/"):
            return f"{request.method} provider"
        if not request.path.startswith(f"{prefix}/"):
            return f"{request.method} OTHER"
        path = request.path.removeprefix(prefix)
        if path == "/authentication":
            return f"{request.method} {path}"
        names = (template for _, template, pattern, _ in TABLE if pattern.fullmatch(path))
        return f"{request.method} {next(names, 'OTHER')}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Every request."""
        name = self.operation(request)
        self.state.work()
        try:
            if self._book.take(SYSTEM, name, {"expire_token"}):
                self.state.identity.end(request.headers.get("Authorization", ""))
            if self._book.take(SYSTEM, name, {"vanish_file"}):
                self._vanish(request)
        except CleoError as error:
            return error.response()
        faults = self._book.take(SYSTEM, name, ALL - OWN)
        return await (self.wire.run(request, self._answer, faults) if faults else self._answer(request))

    def _vanish(self, request: web.Request) -> None:
        parts = request.path.removeprefix(f"{self.state.switches.api_prefix}/files/").split("/")
        self.state.files.remove(self.state.files.file(parts[0]))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        try:
            match self.operation(request):
                case "POST /authentication":
                    return await self._token(request)
                case "POST provider":
                    return self._provided(request, raw)
            return self._operate(request, raw)
        except CleoError as error:
            return error.response()

    async def _token(self, request: web.Request) -> web.Response:
        if request.content_type != FORM:
            raise CleoError(415, f"Content-Type is not {FORM}.")
        return json_response(self.state.identity.token(await request.post()))

    def _provided(self, request: web.Request, raw: bytes) -> web.Response:
        endpoint = request.path.removeprefix(f"{self.state.switches.provider_path}/")
        header = request.headers.get("Authorization", "")
        posted = self.state.provider.take(endpoint, header, request.content_type, raw)
        answer = {"id": str(posted.number), "status": "accepted"}
        return json_response(answer, self.state.switches.provider_status)

    def _operate(self, request: web.Request, raw: bytes) -> web.StreamResponse:
        if not request.path.startswith(f"{self.state.switches.api_prefix}/"):
            raise not_found()
        principal = self.state.identity.of(request.headers.get("Authorization", ""))
        operation, path = self._route(request)
        binary = request.path.endswith("/contents")
        body = None if binary else _json(request, raw)
        call = Call(self.state, principal, path, request.query, request.headers, body, raw)
        status, value = operation(call)
        self.state.work()
        if isinstance(value, Download):
            return web.Response(
                body=value.file.content,
                content_type="application/octet-stream",
                headers={"Content-Disposition": f'attachment; filename="{value.file.name}"'},
            )
        return web.Response(status=status) if value is None else json_response(value, status)

    def _route(self, request: web.Request) -> tuple[Operation, dict[str, str]]:
        path = request.path.removeprefix(self.state.switches.api_prefix)
        matches = [(method, found, work) for method, _, p, work in TABLE if (found := p.fullmatch(path))]
        for method, found, work in matches:
            if method == request.method:
                return work, found.groupdict()
        raise CleoError(405, "Method not allowed.") if matches else not_found()

    def _planned_error(self, fault: Fault) -> web.Response:
        status = fault.status or 500
        answer = CleoError(status, fault.message or f"Planned answer {status}.").response()
        if fault.value == "date":
            moment = self.state.clock.now() + timedelta(seconds=fault.seconds)
            answer.headers["Retry-After"] = format_datetime(moment, usegmt=True)
        elif fault.value:
            answer.headers["Retry-After"] = fault.value
        return answer


def _json(request: web.Request, raw: bytes) -> Any:
    if not raw:
        return None
    if request.content_type != "application/json":
        raise CleoError(415, "Content-Type is not application/json.")
    try:
        return decode(raw)
    except ValueError as error:
        raise CleoError(400, "The request body is not JSON.") from error
