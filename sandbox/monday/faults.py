"""Faults that change what an answer of Monday says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from sandbox.faults import Fault
from sandbox.jsonio import json_response

from .errors import MondayError
from .execute import Bubble, Execution, Field

OWN = frozenset({"partial", "subfield", "html_429", "version"})
PAGE = "<html><head><title>Too many requests</title></head><body><h1>429 Too Many Requests</h1></body></html>"


def strike(execution: Execution, fields: list[Field], faults: Iterable[Fault]) -> None:
    """Let aliases and sub-fields of this execution fail."""
    aliases = [field for field in fields if field.name != "complexity"]
    for fault in faults:
        if fault.kind == "partial":
            chosen = (
                [field for field in aliases if field.key == fault.value]
                if fault.value
                else aliases[fault.rows - 1 :: fault.rows]
            )
            for field in chosen:
                field.resolve = _refuse(fault)
        elif fault.kind == "subfield":
            for field in aliases:
                if field.key == fault.value or not fault.value:
                    _break(execution, field, fault)
                    break


def _refuse(fault: Fault) -> Any:
    def resolve(*_: Any) -> Any:
        code, status = fault.code or "INTERNAL_SERVER_ERROR", fault.status or 500
        raise MondayError(code, fault.message or "Internal server error", status=status)

    return resolve


def _break(execution: Execution, field: Field, fault: Fault) -> None:
    complete = field.complete

    def broken(value: Any, path: tuple[Any, ...]) -> Any:
        made = complete(value, path)
        name = fault.column or next((key for key in made if key != "id"), "id")
        if name in made:
            error = MondayError(fault.code or "INTERNAL_SERVER_ERROR", "Internal server error", status=500)
            execution.errors.append(error.entry() | {"path": [*path, name], "locations": field.location})
            if name == "id":
                raise Bubble
            made[name] = None
        return made

    field.complete = broken


def html_429(fault: Fault) -> web.Response:
    """What a proxy in front says, which is no JSON."""
    headers = {"Retry-After": str(int(fault.seconds) or 30)}
    return web.Response(text=PAGE, content_type="text/html", status=429, headers=headers)


def planned(fault: Fault, request_id: str) -> web.Response:
    """The answer of an `error` fault: `status`, `code`, `message`, and `seconds` as the hint to wait."""
    status = fault.status or 500
    wait = int(fault.seconds) or None
    error = MondayError(fault.code, fault.message or f"Planned answer {status}.", http=status, retry=wait)
    body = {"errors": [error.entry()], "extensions": {"request_id": request_id}}
    answer = json_response(body, status)
    answer.headers["x-request-id"] = request_id
    if fault.value or wait:
        answer.headers["Retry-After"] = fault.value or str(wait)
    return answer
