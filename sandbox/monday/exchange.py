"""One GraphQL request: may it run, then its execution with the faults around it, then the answer."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from sandbox.faults import Fault, FaultBook
from sandbox.faults.book import ALL
from sandbox.faults.transport import Wire
from sandbox.jsonio import encode, json_response

from . import faults, versions
from .budgets import CALL, PART
from .coercion import variables
from .context import Call
from .cost import Cost
from .documents import Asked, Document, Invalid, schema
from .errors import MondayError
from .execute import Bubble, Execution, Field
from .mutations import MUTATIONS
from .objects import OBJECTS
from .queries import QUERIES
from .state import MondayState

SYSTEM = "monday"
RESOLVERS = {"Query": QUERIES, "Mutation": MUTATIONS, **OBJECTS}


def new_id() -> str:
    """A request id."""
    return str(uuid.uuid4())


class Exchange:
    """One request on its way."""

    def __init__(
        self, state: MondayState, book: FaultBook, wire: Wire, request: web.Request, asked: Asked
    ) -> None:
        self._state, self._book, self._wire = state, book, wire
        self._request, self._asked = request, asked
        self._id, self._version, self._kind = new_id(), state.switches.current_version, "personal"
        self._key = request.headers.get("Idempotency-Key", "") if asked.writes else ""
        self._boards: set[int] = set()
        self._running = False

    async def answer(self) -> web.StreamResponse:
        """The answer; the call counts as in flight until it leaves."""
        budgets = self._state.budgets
        budgets.in_flight.change(1)
        budgets.most_in_flight = max(budgets.most_in_flight, budgets.in_flight.value)
        try:
            return await self._answer()
        finally:
            budgets.in_flight.change(-1)

    async def _answer(self) -> web.StreamResponse:
        raw = await self._request.read()
        try:
            document = self._admit()
            if self._key and (kept := self._state.keys.begin(self._key, raw)) is not None:
                self._state.budgets.spend(CALL)
                answer = web.Response(body=kept.body, status=kept.status, content_type="application/json")
                answer.headers["Idempotency-Replayed"] = "true"
                return self._headed(answer, kept.request_id)
            self._running = bool(self._key)
            execution, fields = self._prepare(document)
        except MondayError as error:
            self._end()
            return self._refusal(error)
        except Invalid as invalid:
            return self._headed(json_response(self._body({"errors": list(invalid.problems)}), 400))
        return await self._run(raw, execution, fields)

    def _admit(self) -> Document:
        state, headers, asked = self._state, self._request.headers, self._asked
        self._kind = state.identity.of(headers.get("Authorization"))
        self._version = versions.served(headers.get("API-Version"), state.switches)
        state.budgets.admit()
        try:
            if self._request.content_type != "application/json":
                raise MondayError("Bad request", "Content-Type must be application/json", http=400)
            return asked.checked(self._version)
        except (MondayError, Invalid):
            state.budgets.spend(CALL)
            raise

    def _prepare(self, document: Document) -> tuple[Execution, list[Field]]:
        state, asked = self._state, self._asked
        try:
            operation = document.operation(asked.operation_name)
            given = variables(schema(), operation, asked.variables)
            points = Cost(schema(), document.fragments, given).of(operation)
            if points > state.switches.query_complexity:
                message = f"Query cost {points} exceeds the limit of {state.switches.query_complexity}"
                raise MondayError("maxComplexityExceeded", message, status=200)
            left = state.budgets.charge(points, self._kind, writes=asked.writes)
            base = f"{self._request.scheme}://{self._request.host}"
            call = Call(state, self._version, base, points, *left)
            execution = Execution(schema(), RESOLVERS, document.fragments, given, call)
            fields = execution.plan_operation(operation)
            self._lock(fields)
        except MondayError as error:
            state.budgets.spend(0 if error.http == 429 else CALL)
            raise
        state.budgets.spend(PART if asked.only_complexity else CALL)
        return execution, fields

    def _lock(self, fields: Sequence[Field]) -> None:
        state = self._state
        if not self._asked.writes or state.switches.concurrent_writes == "allowed":
            return
        boards = {board for field in fields if (board := state.store.board_of(field.args)) is not None}
        if boards & state.locked:
            message = "Resource is currently locked, please try again later"
            raise MondayError(None, message, status=423, http=423)
        self._boards = boards
        state.locked |= boards

    async def _run(self, raw: bytes, execution: Execution, fields: list[Field]) -> web.StreamResponse:
        struck = self._book.take(SYSTEM, self._asked.name, ALL)
        for fault in struck:
            if fault.kind == "html_429":
                self._end()
                return faults.html_429(fault)
            if fault.kind == "version":
                self._version = fault.value
        faults.strike(execution, fields, struck)

        async def handle(_: web.Request) -> web.StreamResponse:
            try:
                if self._state.switches.latency_seconds:
                    await self._state.clock.sleep(self._state.switches.latency_seconds)
                return self._execute(raw, execution, fields)
            finally:
                self._end()

        rest = [fault for fault in struck if fault.kind not in faults.OWN]
        try:
            answer = await self._wire.run(self._request, handle, rest)
        finally:
            if not any(fault.kind == "late_commit" for fault in rest):
                self._end()
        return self._headed(answer) if isinstance(answer, web.Response) else answer

    def _execute(self, raw: bytes, execution: Execution, fields: list[Field]) -> web.Response:
        try:
            data: Any = execution.run(fields, None)
        except Bubble:
            data = None
        made = {"data": data} | ({"errors": execution.errors} if execution.errors else {})
        body, status = encode(self._body(made)), execution.http
        if self._key:
            self._state.keys.keep(self._key, raw, body, status, self._id)
        answer = web.Response(body=body, status=status, content_type="application/json")
        if execution.after is not None:
            answer.headers["Retry-After"] = str(execution.after)
        return answer

    def _end(self) -> None:
        if self._running:
            self._state.keys.end(self._key)
            self._running = False
        self._state.locked -= self._boards
        self._boards = set()

    def _body(self, made: dict[str, Any]) -> dict[str, Any]:
        return made | {"extensions": {"request_id": self._id}}

    def _refusal(self, error: MondayError) -> web.Response:
        answer = json_response(self._body({"errors": [error.entry()]}), error.http)
        if error.after is not None:
            answer.headers["Retry-After"] = str(error.after)
        return self._headed(answer)

    def _headed(self, answer: web.Response, request_id: str = "") -> web.Response:
        if answer.content_type != "application/json":
            return answer  # of a proxy in front, which knows nothing of all this
        answer.headers.setdefault("x-request-id", request_id or self._id)
        answer.headers["API-Version"] = self._version
        if answer.status != 401:
            answer.headers.update(self._state.budgets.headers(self._kind, writes=self._asked.writes))
        return answer


def planned(fault: Fault) -> web.Response:
    """The answer of an `error` fault."""
    return faults.planned(fault, new_id())
