"""The HTTP face of the Basware simulator: due work, faults, log-in, then the operation."""

from __future__ import annotations

from http import HTTPStatus
from inspect import isawaitable
from typing import Any
from uuid import uuid4

from aiohttp import web

from sandbox.calls import Calls
from sandbox.faults import Fault, FaultBook
from sandbox.faults.book import ALL
from sandbox.faults.middleware import recorder
from sandbox.faults.transport import SHAPE_FAULTS, Handler, Wire
from sandbox.jsonio import encode, json_response

from . import links, paging
from .call import Answer, Call
from .errors import BaswareError, Entry
from .identity import FORM
from .routing import PUSH, ROUTES, Route
from .state import BaswareState

SYSTEM = "basware"
TOKENS = "/v1/tokens"
LARGEST = 6 * 2**20
REQUEST_ID = "x-amzn-RequestId"
ENDINGS = frozenset({"expire_token", "expire_continuation", "expire_presigned"})
OTHERS = ALL - ENDINGS


class BaswareApp:
    """Handlers over one state."""

    def __init__(self, state: BaswareState, book: FaultBook, calls: Calls) -> None:
        self.state, self._book = state, book
        self.wire = Wire(book, state.clock, planned)
        record = recorder(SYSTEM, calls, operation)
        self.web = web.Application(middlewares=[record], client_max_size=64 * 2**20)  # type: ignore[list-item]
        add = self.web.router.add_route
        add("POST", TOKENS, self._served(self._token))
        add("GET", links.PATH, self._served(self._presigned))
        for route in ROUTES:
            add(route.method, route.path, self._served(self._work(route)))

    def _served(self, work: Handler) -> Handler:
        async def serve(request: web.Request) -> web.StreamResponse:
            self.state.work()
            name = operation(request)
            self._end(request, name)
            faults = self._book.take(SYSTEM, name, OTHERS)
            request[SHAPE_FAULTS] = faults
            self.state.enter()
            try:
                return await (self.wire.run(request, work, faults) if faults else work(request))
            finally:
                self.state.leave()

        return serve

    def _end(self, request: web.Request, name: str) -> None:
        """Let what the caller holds be over, where a fault says so."""
        for fault in self._book.take(SYSTEM, name, ENDINGS):
            match fault.kind:
                case "expire_token":
                    self.state.identity.end(request.headers.get("Authorization", ""))
                case "expire_continuation":
                    self.state.pages.expire()
                case "expire_presigned":
                    self.state.links.expire()

    async def _token(self, request: web.Request) -> web.Response:
        form = dict(await request.post()) if request.content_type == FORM else {}
        try:
            return json_response(self.state.identity.token(request.headers.get("Authorization", ""), form))
        except BaswareError as error:
            return error.response("")

    async def _presigned(self, request: web.Request) -> web.Response:
        return self.state.links.answer(request)

    def _work(self, route: Route) -> Handler:
        async def work(request: web.Request) -> web.StreamResponse:
            request_id = str(uuid4())
            try:
                self._check(request, route)
                answer = route.operation(await self._call(request))
                answer = await answer if isawaitable(answer) else answer
                response = self._response(request, answer)
                request_id = answer.request_id or request_id
            except BaswareError as error:
                response = _shaped(route, error, request_id)
            response.headers[REQUEST_ID] = request_id
            return response

        return work

    def _check(self, request: web.Request, route: Route) -> None:
        most = self.state.switches.concurrent_requests
        if most and self.state.in_flight > most:
            raise BaswareError(429, body={"message": "Too Many Requests"})
        self.state.identity.check(request.headers.get("Authorization", ""), route.scope)
        if (request.content_length or 0) > LARGEST:
            raise BaswareError(413, body={"message": "Request Too Long"})

    async def _call(self, request: web.Request) -> Call:
        raw = await request.read()
        if len(raw) > LARGEST:
            raise BaswareError(413, body={"message": "Request Too Long"})
        return Call(
            self.state,
            request.path,
            request.match_info,
            request.query,
            request.headers,
            raw,
            request.get(SHAPE_FAULTS, ()),
        )

    def _response(self, request: web.Request, answer: Answer) -> web.Response:
        body = encode(answer.value) if answer.content is None else answer.content
        token = {paging.ANSWERED: answer.token} if answer.token else {}
        switches = self.state.switches
        if not (answer.redirect and switches.redirects):
            return web.Response(body=body, status=answer.status, headers=answer.headers | token)
        final = {} if switches.continuation_on == "redirect" else token
        first = {} if switches.continuation_on == "final" else token
        base = f"{request.scheme}://{request.host}"
        location = self.state.links.put(base, body, answer.headers | final)
        return web.Response(status=302, headers={"Location": location} | first)


def _shaped(route: Route, error: BaswareError, request_id: str) -> web.Response:
    """The refusal; the push operations always say something about a wrong log-in."""
    if route in PUSH and error.status == 401:
        return json_response({"message": "Unauthorized"}, 401)
    if isinstance(error.body, dict) and "requestId" in error.body:
        return json_response(error.body | {"requestId": request_id}, error.status)
    return error.response(request_id)


def operation(request: web.Request) -> str:
    """The name under which a call is counted and faults are planned, e.g. `POST /v1/lists/{listKey}`."""
    resource = request.match_info.route.resource
    canonical = resource.canonical if resource is not None else "OTHER"
    return f"{request.method} {canonical}"


def planned(fault: Fault) -> web.Response:
    """The answer of an `error` fault; `value` or `seconds` is its Retry-After."""
    status = fault.status or 500
    message = fault.message or HTTPStatus(status).phrase
    if fault.code or status in {400, 409, 500}:
        kind = "TECHNICAL" if status >= 500 else "BUSINESS"
        entries = [Entry(None, kind, fault.code or "UNEXPECTED_ERROR", message)]
        answer = BaswareError(status, entries).response(str(uuid4()))
    else:
        body: Any = {"message": message}
        answer = json_response(body, status)
    if fault.value or fault.seconds:
        answer.headers["Retry-After"] = fault.value or str(int(fault.seconds))
    return answer
