"""The HTTP face of the control endpoint. Bodies and answers are JSON; a wrong request is a 400."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, cast

from aiohttp import web

from sandbox.basware.errors import BaswareError
from sandbox.bill.errors import BillError
from sandbox.cleo.errors import CleoError
from sandbox.data import scenario
from sandbox.jsonio import decode, json_response
from sandbox.monday.errors import MondayError
from sandbox.switches import Switches

from . import basware, bill, cleo, monday, peoplesoft, webhooks

if TYPE_CHECKING:
    from sandbox.server import Sandbox

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ControlApp:
    """Handlers over one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.web = web.Application(middlewares=[_readable_errors])
        routes: dict[tuple[str, str], Callable[[web.Request, Any], Any]] = {
            ("GET", "/state"): self.state,
            ("GET", "/calls"): self.calls,
            ("GET", "/faults"): lambda _, __: sandbox.faults.as_json(),
            ("POST", "/faults"): self.add_faults,
            ("DELETE", "/faults"): self.clear_faults,
            ("GET", "/switches"): lambda _, __: self.switches(),
            ("POST", "/switches"): self.set_switches,
            ("GET", "/clock"): lambda _, __: self.clock(),
            ("POST", "/clock"): self.move_clock,
            ("GET", "/scenario"): lambda _, __: scenario.keys(),
            ("POST", "/scenario/changes"): lambda _, __: scenario.change(sandbox.peoplesoft),
            ("POST", "/release"): lambda _, __: {"released": sandbox.faults.release()},
            ("POST", "/reset"): self.reset,
            ("POST", "/peoplesoft/{operation}"): self.peoplesoft,
            ("POST", "/bill/{operation}"): self.bill,
            ("POST", "/bill/webhooks/{operation}"): self.webhooks,
            ("GET", "/bill/webhooks/{operation}"): self.look_at_webhooks,
            ("POST", "/cleo/{operation}"): self.cleo,
            ("POST", "/monday/{operation}"): self.monday,
            ("POST", "/basware/{operation}"): self.basware,
        }
        for (method, path), work in routes.items():
            self.web.router.add_route(method, path, _served(work))

    def state(self, _: web.Request, __: Any) -> Any:
        sandbox = self.sandbox
        return {
            "peoplesoft": sandbox.peoplesoft.counts(),
            "bill": {name: store.counts() for name, store in sandbox.bill.organizations.items()},
            "cleo": sandbox.cleo.counts(),
            "monday": sandbox.monday.counts(),
            "basware": sandbox.basware.counts(),
            "duplicates": {
                name: found
                for name, store in sandbox.bill.organizations.items()
                if (found := store.duplicates())
            },
            "calls": sandbox.calls.summary(),
            "bill_max_in_flight": sandbox.bill.limits.max_in_flight,
            "bill_logins": sandbox.bill.sessions.logins,
            "bill_requests_this_hour": sandbox.bill.limits.used(),
            "bill_webhooks": sandbox.bill.webhooks.counts(),
            "held": sandbox.faults.held.value,
        }

    def calls(self, request: web.Request, _: Any) -> Any:
        last = int(request.query.get("last", "200"))
        return [asdict(call) for call in list(self.sandbox.calls.recent)[-last:]]

    def add_faults(self, _: web.Request, body: Any) -> Any:
        planned = body if isinstance(body, list) else [body]
        return [asdict(self.sandbox.faults.add_from(item)) for item in planned]

    def clear_faults(self, _: web.Request, __: Any) -> Any:
        self.sandbox.faults.clear()
        return []

    def switches(self) -> dict[str, Any]:
        return {
            "peoplesoft": self.sandbox.peoplesoft.switches.values(),
            "bill": self.sandbox.bill.switches.values(),
            "cleo": self.sandbox.cleo.switches.values(),
            "monday": self.sandbox.monday.switches.values(),
            "basware": self.sandbox.basware.switches.values(),
        }

    def set_switches(self, _: web.Request, body: Mapping[str, Mapping[str, Any]]) -> Any:
        sandbox = self.sandbox
        sets: dict[str, Switches] = {
            "peoplesoft": sandbox.peoplesoft.switches,
            "bill": sandbox.bill.switches,
            "cleo": sandbox.cleo.switches,
            "monday": sandbox.monday.switches,
            "basware": sandbox.basware.switches,
        }
        for system, values in body.items():
            sets[system].change(values)
        return self.switches()

    def clock(self) -> dict[str, Any]:
        clock = self.sandbox.clock
        return {"now": clock.now().isoformat(), "offset": clock.offset}

    def move_clock(self, _: web.Request, body: Any) -> Any:
        self.sandbox.clock.advance(float(body["advance"]))
        self.sandbox.cleo.work()
        self.sandbox.basware.work()
        return self.clock()

    def reset(self, _: web.Request, __: Any) -> Any:
        self.sandbox.reset()
        return {"reset": True}

    def peoplesoft(self, request: web.Request, body: Any) -> Any:
        work = peoplesoft.OPERATIONS[request.match_info["operation"]]
        return work(self.sandbox.peoplesoft, body or {})

    def bill(self, request: web.Request, body: Any) -> Any:
        work = bill.OPERATIONS[request.match_info["operation"]]
        return work(self.sandbox.bill, body or {})

    def cleo(self, request: web.Request, body: Any) -> Any:
        self.sandbox.cleo.work()
        work = cleo.OPERATIONS[request.match_info["operation"]]
        return work(self.sandbox.cleo, body or {})

    def monday(self, request: web.Request, body: Any) -> Any:
        work = monday.OPERATIONS[request.match_info["operation"]]
        return work(self.sandbox.monday, body or {})

    def basware(self, request: web.Request, body: Any) -> Any:
        work = basware.OPERATIONS[request.match_info["operation"]]
        return work(self.sandbox.basware, body or {})

    def webhooks(self, request: web.Request, body: Any) -> Any:
        work = webhooks.OPERATIONS[request.match_info["operation"]]
        return work(self.sandbox.bill.webhooks, body or {})

    def look_at_webhooks(self, request: web.Request, _: Any) -> Any:
        work = webhooks.VIEWS[request.match_info["operation"]]
        return work(self.sandbox.bill.webhooks, request.query)


def _served(work: Callable[[web.Request, Any], Any]) -> Handler:
    async def serve(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        answer = work(request, decode(raw) if raw else None)
        return json_response(await answer if isawaitable(answer) else answer)

    return serve


async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except BillError as error:
        return json_response({"error": [entry["message"] for entry in error.entries]}, 400)
    except (BaswareError, CleoError, MondayError) as error:
        return json_response({"error": error.message}, 400)
    except (KeyError, ValueError, TypeError) as error:
        return json_response({"error": f"{type(error).__name__}: {error}"}, 400)


_readable_errors = cast("Any", web.middleware(_errors))
