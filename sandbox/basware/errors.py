"""Refusals: the body that P2P operations use, and the other one of the push operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aiohttp import web

from sandbox.jsonio import json_response


@dataclass(frozen=True)
class Entry:
    """One error; names are those of the wire."""

    externalCode: str | None  # noqa: N815
    type: str
    code: str
    message: str
    info: str = ""


class BaswareError(Exception):
    """A call that is refused.

    Args:
        entries: what a P2P error body lists.
        body: another body instead; neither means an empty answer.
    """

    def __init__(self, status: int, entries: Sequence[Entry] = (), *, body: Any = None) -> None:
        self.status, self.entries, self.body = status, tuple(entries), body
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """What went wrong, in one line."""
        return "; ".join(entry.message for entry in self.entries) or str(self.body or self.status)

    def response(self, request_id: str) -> web.Response:
        """The answer."""
        if self.entries:
            listed = [asdict(entry) for entry in self.entries]
            return json_response({"requestId": request_id, "hasErrors": True, "errors": listed}, self.status)
        if self.body is not None:
            return json_response(self.body, self.status)
        return web.Response(status=self.status)


def invalid(*messages: str, code: str | None = None) -> BaswareError:
    """400 because the body is not what the schema says."""
    return BaswareError(400, [schema_entry(code, message) for message in messages])


def schema_entry(code: str | None, message: str) -> Entry:
    """One violation of a schema by one record."""
    return Entry(code, "VALIDATION", "SCHEMA_VALIDATION_ERROR", message)


def bad_parameter(message: str) -> BaswareError:
    """400 because of a query parameter or the continuation token."""
    return BaswareError(400, [Entry(None, "VALIDATION", "PARAMETER_VALIDATION_ERROR", message)])


def conflict(message: str, code: str | None, status: int = 409) -> BaswareError:
    """A write that collides with another one."""
    return BaswareError(status, [Entry(code, "BUSINESS", "CONFLICT_IN_POST", message)])


def not_allowed(message: str, code: str | None, status: int = 405) -> BaswareError:
    """What the state of the thing forbids."""
    return BaswareError(status, [Entry(code, "BUSINESS", "METHOD_NOT_ALLOWED", message)])


def not_found() -> BaswareError:
    """404, which has no body: an unknown id, or a list without a single record."""
    return BaswareError(404)


def push_invalid(*messages: str) -> BaswareError:
    """400 in the shape of the push operations; the request id is filled in by them."""
    listed = [
        {"type": "VALIDATION", "code": "SCHEMA_VALIDATION_ERROR", "message": message} for message in messages
    ]
    return BaswareError(400, body={"requestId": "", "hasError": True, "errorMessages": listed})


def push_unprocessable() -> BaswareError:
    """422 of the push operations."""
    return BaswareError(422, body={"message": "UnprocessableEntity"})


def push_not_found() -> BaswareError:
    """404 of the push operations."""
    return BaswareError(404, body={"detail": "Not Found"})
