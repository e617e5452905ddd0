"""The HTTP face of the PeopleSoft simulator: listening connectors and the token endpoint."""

from __future__ import annotations

from email.utils import format_datetime
from functools import partial

from aiohttp import web

from sandbox import credentials
from sandbox.calls import Calls
from sandbox.faults import Fault, FaultBook
from sandbox.faults.middleware import injector, recorder
from sandbox.faults.transport import SHAPE_FAULTS, Handler, Wire
from sandbox.jsonio import decode, json_response

from .ask import Ask, QueryRefused, UnknownQuery, read_ask
from .build.connector import OPERATION as VOUCHER_BUILD
from .build.connector import BuildConnector
from .build.process import run_what_is_due
from .esettlements import SERVICES
from .execute import execute
from .render import as_json, as_webrowset, as_xmlp
from .shape import distort
from .soap.connector import SoapConnector
from .state import PeopleSoftState

SYSTEM = "peoplesoft"
QAS = "QAS_EXECUTEQRY_REST_GET"
BODY_LIMIT = 16 * 1024 * 1024


def operation(request: web.Request, soap: SoapConnector) -> str:
    """The name under which a call is counted and faults are planned."""
    path = request.match_info
    if request.path.startswith(soap.path):
        return soap.operation(request)
    if request.path.endswith("/HttpListeningConnector"):
        return f"IB {VOUCHER_BUILD}"
    if request.path.endswith("/VoucherBuild.v1"):
        return "POST VoucherBuild"
    if "query" in path:
        return f"QAS {path['query']}"
    if "resource" in path:
        return f"POST {path['resource']}"
    return "TOKEN" if request.path == "/oauth2/token" else "OTHER"


class PeopleSoftApp:
    """Handlers over one state."""

    def __init__(self, state: PeopleSoftState, book: FaultBook, calls: Calls, gateway: str) -> None:
        self.state = state
        self.wire = Wire(book, state.clock, self._planned_error)
        self.build = BuildConnector(state)
        self.soap = SoapConnector(state, f"{gateway}/PeopleSoftServiceListeningConnector")
        name = partial(operation, soap=self.soap)
        layers = [self._dated, recorder(SYSTEM, calls, name), injector(SYSTEM, book, self.wire, name)]
        self.web = web.Application(
            middlewares=layers,  # type: ignore[arg-type]
            client_max_size=BODY_LIMIT,
        )
        rest = f"{gateway}/RESTListeningConnector/{{node}}"
        route = self.web.router.add_route
        route("GET", f"{rest}/ExecuteQuery.v1/{{owner}}/{{query}}/{{type}}/{{format}}", self.query)
        route("POST", f"{rest}/{{service}}.v1/{{resource}}", self.service)
        route("POST", f"{rest}/VoucherBuild.v1", self.voucher_build)
        route("POST", f"{gateway}/HttpListeningConnector", self.build.receive)
        route("POST", "/oauth2/token", self.token)
        self.soap.add_to(self.web.router)

    @web.middleware
    async def _dated(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        run_what_is_due(self.state)
        response = await handler(request)
        if not response.prepared:
            response.headers["Date"] = format_datetime(self.state.clock.now(), usegmt=True)
        return response

    async def voucher_build(self, request: web.Request) -> web.StreamResponse:
        """The REST twin of VOUCHER_BUILD, where the customer has built one."""
        if not self.state.switches.voucher_build_rest:
            return web.Response(status=404)
        refused = self._gate(request, f"{VOUCHER_BUILD}_POST", "VoucherBuild")
        return refused or await self.build.receive_json(request)

    async def token(self, request: web.Request) -> web.StreamResponse:
        """The identity provider's token endpoint."""
        return await self.state.identity.token(request)

    async def query(self, request: web.Request) -> web.StreamResponse:
        """`ExecuteQuery.v1`."""
        path = request.match_info
        if refused := self._gate(request, QAS, path["query"]):
            return refused
        try:
            ask = read_ask(path, request.query, self.state.switches)
            return self._answer(ask, request.get(SHAPE_FAULTS, []))
        except UnknownQuery as error:
            return self._error(self.state.switches.unknown_query, str(error))
        except QueryRefused as error:
            return self._error(self.state.switches.query_error, str(error))

    def _answer(self, ask: Ask, faults: list[Fault]) -> web.Response:
        state = self.state
        found = execute(state, ask)
        rows, numrows, status = found, len(found), "success"
        if faults:
            rows, numrows, status = distort(found, faults, state.last_rows.get(ask.name, []))
        state.last_rows[ask.name] = found[-50:]
        if ask.result == "xmlp":
            return as_xmlp(ask.name, rows, numrows)
        if ask.result == "webrowset":
            return as_webrowset(rows)
        return as_json(ask.name, rows, numrows, status, state.switches.name_key)

    async def service(self, request: web.Request) -> web.StreamResponse:
        """An application service of eSettlements."""
        path = request.match_info
        service = SERVICES.get(path["resource"])
        if service is None or path["service"] != path["resource"]:
            return web.Response(status=404)
        if refused := self._gate(request, path["resource"], path["resource"]):
            return refused
        try:
            body = decode(await request.read() or b"{}")
        except ValueError:
            return self._error(self.state.switches.query_error, "the body is no JSON")
        if not isinstance(body, dict):
            return self._error(self.state.switches.query_error, "the body is no JSON object")
        return json_response(service(self.state, body))

    def _gate(self, request: web.Request, service_operation: str, name: str) -> web.Response | None:
        if request.match_info["node"] != credentials.NODE:
            return web.Response(status=404)
        if not self.state.identity.allows(request.headers.get("Authorization", "")):
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="PeopleSoft"'})
        switches = self.state.switches
        names = {service_operation, name}
        if names & {*switches.inactive, *switches.denied}:
            return web.Response(status=int(switches.refusal))
        return None

    def _error(self, form: str, message: str) -> web.Response:
        if form == "status":
            return json_response({"status": "error", "data": {"message": message}})
        if form == "text":
            return web.Response(status=500, text=message)
        return web.Response(status=int(form))

    def _planned_error(self, fault: Fault) -> web.Response:
        face = self.build if fault.operation.startswith("IB ") else self.soap
        planned = face.planned(fault.code or "", fault.message or "")
        return planned or web.Response(status=fault.status or 500, text=fault.message or "")
