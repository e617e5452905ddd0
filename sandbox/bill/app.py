"""The HTTP face of the BILL simulator: sessions, limits, faults, then the operation."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox import credentials
from sandbox.calls import Calls
from sandbox.faults import Fault, FaultBook
from sandbox.faults.book import ALL
from sandbox.faults.middleware import recorder
from sandbox.faults.transport import Handler, Wire
from sandbox.jsonio import decode, json_response

from .context import Context
from .errors import BillError, core, invalid
from .handlers import ROUTES
from .handlers import Handler as Operation
from .session import Session
from .state import BillState
from .webhooks.routes import HEALTH, WebhookRoutes

SYSTEM = "bill"
JUST_EXPIRE = frozenset({"expire_session"})
OTHERS = ALL - JUST_EXPIRE


class BillApp:
    """Handlers over one state.

    Args:
        prefix: path of the API.
        events_prefix: path of webhook management.
    """

    def __init__(
        self, state: BillState, book: FaultBook, calls: Calls, prefix: str, events_prefix: str
    ) -> None:
        self.state, self._book, self._prefixes = state, book, (prefix, events_prefix)
        self.wire = Wire(book, state.clock, self._planned_error)
        record = recorder(SYSTEM, calls, self.operation)
        self.web = web.Application(middlewares=[record], client_max_size=8 * 2**20)  # type: ignore[list-item]
        route = self.web.router.add_route
        for (method, path), operation in ROUTES.items():
            route(method, f"{prefix}{path}", self._served(operation))
        for (method, path), operation in WebhookRoutes(state.webhooks).table().items():
            route(method, f"{events_prefix}{path}", self._served(operation))
        route("GET", f"{events_prefix}/v3/health", self.health)
        route("POST", f"{prefix}/v3/login", self.login)
        route("GET", f"{prefix}/v3/login/session", self._served(None))
        route("POST", f"{prefix}/v3/logout", self._served(None))
        route("*", "/{other:.*}", self.unknown)

    def operation(self, request: web.Request) -> str:
        """The name under which a call is counted and faults are planned, e.g. `GET /v3/bills/{id}`."""
        resource = request.match_info.route.resource
        canonical = resource.canonical if resource is not None else "OTHER"
        for prefix in self._prefixes:
            if canonical.startswith(f"{prefix}/v3/"):
                return f"{request.method} {canonical.removeprefix(prefix)}"
        return f"{request.method} {canonical}"

    async def unknown(self, request: web.Request) -> web.StreamResponse:
        """A path or method BILL does not have."""
        return core("BDC_1121").response(self.state.clock.now())

    async def health(self, _: web.Request) -> web.StreamResponse:
        """`GET /v3/health` of webhook management; needs no session."""
        return json_response(HEALTH)

    async def login(self, request: web.Request) -> web.StreamResponse:
        """`POST /v3/login`."""
        faults = self._book.take(SYSTEM, "POST /v3/login")
        return await self.wire.run(request, self._login, faults)

    async def _login(self, request: web.Request) -> web.StreamResponse:
        try:
            body = _json(await request.read())
            dev_key = str(body.get("devKey", "")) if isinstance(body, dict) else ""
            self.state.limits.count_request(dev_key)
            self.state.limits.count_login(dev_key)
            session = self.state.sessions.login(body)
        except BillError as error:
            return error.response(self.state.clock.now())
        return json_response(
            {
                "sessionId": session.id,
                "organizationId": session.organization,
                "userId": credentials.BILL_USER_ID,
                "trusted": session.trusted,
            }
        )

    def _served(self, operation: Operation | None) -> Handler:
        """A handler for an operation of the table, or for the session itself."""

        async def serve(request: web.Request) -> web.StreamResponse:
            name = self.operation(request)
            dev_key = request.headers.get("devKey", "")
            limits = self.state.limits  # a reset puts others in their place
            slot: tuple[str, str] | None = None
            try:
                limits.count_request(dev_key)
                session = self._session(request, name, dev_key)
                limits.enter((dev_key, session.organization))
                slot = (dev_key, session.organization)
                faults = self._book.take(SYSTEM, name, OTHERS)
                work = self._work(operation, session, faults)
                return await (self.wire.run(request, work, faults) if faults else work(request))
            except BillError as error:
                return error.response(self.state.clock.now())
            finally:
                if slot is not None:
                    limits.leave(slot)

        return serve

    def _session(self, request: web.Request, name: str, dev_key: str) -> Session:
        session_id = request.headers.get("sessionId", "")
        if request.path.startswith(f"{self._prefixes[1]}/v3/"):
            _check_headers(request)
        if self._book.take(SYSTEM, name, JUST_EXPIRE):
            self.state.sessions.close(session_id)
        return self.state.sessions.find(session_id, dev_key)

    def _work(self, operation: Operation | None, session: Session, faults: list[Fault]) -> Handler:
        async def work(request: web.Request) -> web.StreamResponse:
            if operation is None:
                return self._session_call(request, session)
            try:
                context = Context(
                    store=self.state.organizations[session.organization],
                    switches=self.state.switches,
                    session=session,
                    body=_json(await request.read()),
                    path=request.match_info,
                    params=request.query,
                    faults=faults,
                    headers=request.headers,
                )
                status, value = operation(context)
            except BillError as error:
                return error.response(self.state.clock.now())
            if value is None:
                return web.Response(status=status)
            return json_response(value, status, money_as_text=self.state.switches.money_as_text)

        return work

    def _session_call(self, request: web.Request, session: Session) -> web.Response:
        if request.path.endswith("/logout"):
            self.state.sessions.close(session.id)
            return web.Response()
        return json_response(
            {
                "organizationId": session.organization,
                "userId": credentials.BILL_USER_ID,
                "mfaStatus": "ENABLED" if session.trusted else "DISABLED",
                "mfaBypass": False,
            }
        )

    def _planned_error(self, fault: Fault) -> web.Response:
        now = self.state.clock.now()
        if fault.code:
            values = (self.state.switches.requests_per_hour,)
            return core(fault.code, *values, status=fault.status, message=fault.message).response(now)
        if fault.status is not None and fault.status < 500:
            error = invalid(fault.message or "request: is not acceptable")
            return BillError(fault.status, error.entries).response(now)
        return web.Response(status=fault.status or 500, text=fault.message or "")


def _check_headers(request: web.Request) -> None:
    """Webhook management tells a missing header from a wrong one."""
    if missing := [name for name in ("devKey", "sessionId") if not request.headers.get(name)]:
        raise invalid(*(f"{name}: must not be null" for name in missing))


def _json(body: bytes) -> Any:
    if not body:
        return None
    try:
        return decode(body)
    except ValueError as error:
        raise core("BDC_1122") from error
