"""Basware's refusals as the product's failures.

The code of an entry decides, whatever status carries it; only where there is none does the status
decide. Three forms of body are documented, and for many refusals none at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    ContractChanged,
    InDoubt,
    NotActivated,
    RateLimited,
    Rejected,
    Unavailable,
)
from ml_connector.core.http import Request, Response, parse_retry_after

CONFLICT = "CONFLICT_IN_POST"
NOT_ALLOWED = "METHOD_NOT_ALLOWED"
NOT_FOUND = "ENTITY_NOT_FOUND"

OUTAGES = frozenset({"UNEXPECTED_ERROR", "SNS_PUBLISH_ERROR", "SQS_PUBLISH_ERROR"})
_REFUSALS = frozenset(
    {
        "SCHEMA_VALIDATION_ERROR", "DATA_VALIDATION_FAILED", "PARAMETER_VALIDATION_ERROR",
        "EXTERNAL_CODE_MISMATCH", "DATA_ORIGIN_VALIDATION_ERROR",
    }
)  # fmt: skip
_CREDENTIALS = frozenset({"ACCESS_TOKEN_VALIDATION_ERROR", "CREDENTIAL_VALIDATION_ERROR"})
DECIDING = _REFUSALS | _CREDENTIALS | {CONFLICT, NOT_ALLOWED, NOT_FOUND}
"""Codes that say what happened, so that the status adds nothing."""

_WAIT = 30.0
_LONGEST = 500
_THERE = r"(?:duplicate|already|unique|exist|in use)"
_EXISTS = re.compile(rf"(?i){_THERE}.*external\s*code|external\s*code.*{_THERE}")
_FIELD = re.compile(r"(?i)\bfield '?([A-Za-z][\w.\[\]]*)'?|^'?([A-Za-z][\w.\[\]]*)'? field (?:is )?required")


class PagingExpired(ConnectorError):
    """The token of the next page is taken no longer: reading begins again at the first page.

    Args:
        status: with which Basware answered. 404 may also be the end of the list.
    """

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class Throttled(RateLimited):
    """Basware answered 429. The request was not executed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of an error answer."""

    message: str
    code: str | None = None
    external_code: str | None = None

    @property
    def field(self) -> str | None:
        """The field that the message names, if it names one."""
        match = _FIELD.search(self.message)
        return (match.group(1) or match.group(2)) if match else None

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.code else self.message


class ApiRefusal(Rejected):
    """Basware says no. ``problems`` are its words, and may name the records at fault."""

    def __init__(
        self,
        reason: str,
        *,
        code: str | None = None,
        field: str | None = None,
        problems: Sequence[Problem] = (),
    ) -> None:
        super().__init__(reason, code=code, field=field)
        self.problems = tuple(problems)


class NotFound(ApiRefusal):
    """Basware has no such object."""


class NotAllowed(ApiRefusal):
    """The object's state does not permit the call: an invoice that is acknowledged already."""


class Conflict(ApiRefusal):
    """Somebody writes to the same record at the same time, or it is there already."""


class Duplicate(Conflict):
    """A response with this external code is there already: it has arrived earlier."""


class TooLarge(ApiRefusal):
    """The body is larger than Basware takes."""


def problems(response: Response) -> list[Problem]:
    """The entries of an error answer; empty where the body is no such answer."""
    try:
        answer = response.json()
    except ValueError:
        return []
    if not isinstance(answer, dict):
        return []
    entries = answer.get("errors") or answer.get("errorMessages")
    if isinstance(entries, list):
        return [found for entry in entries if (found := _problem(entry))]
    detail = answer.get("detail")
    if isinstance(detail, list):
        return [Problem(_validation(entry)) for entry in detail if isinstance(entry, dict)]
    for name in ("message", "detail", "error_description", "error"):
        if isinstance(answer.get(name), str) and answer[name]:
            return [Problem(answer[name][:_LONGEST])]
    return []


def _problem(entry: Any) -> Problem | None:
    if not isinstance(entry, dict):
        return None
    code, name = entry.get("code"), entry.get("externalCode")
    texts = [entry.get("message"), entry.get("info")]
    said = "; ".join(text.strip() for text in texts if isinstance(text, str) and text.strip())
    if not said and not isinstance(code, str):
        return None
    return Problem(
        said[:_LONGEST] or "no explanation",
        code if isinstance(code, str) and code else None,
        name if isinstance(name, str) and name else None,
    )


def _validation(entry: dict[str, Any]) -> str:
    """One entry of the form that FastAPI gives: ``{"loc": ["body", "scope"], "msg": ...}``."""
    place = entry.get("loc")
    where = ".".join(str(part) for part in place) if isinstance(place, list) else ""
    return f"{where}: {entry.get('msg', 'invalid')}"[:_LONGEST]


def hides_failure(answer: Any) -> bool:
    """A success whose body says that it is none."""
    return isinstance(answer, dict) and (answer.get("hasErrors") is True or answer.get("hasError") is True)


def says_it_exists(problem: Problem) -> bool:
    """Whether a refusal means that the external code is there already."""
    return problem.code == CONFLICT or bool(_EXISTS.search(problem.message))


def scope_of(request: Request) -> str:
    """The scope that a call needs: ``vendors.write``."""
    parts = [part for part in request.path.split("/") if part]
    names = [part for at, part in enumerate(parts) if at and parts[at - 1] in {"v1", "v2"}]
    verb = {"GET": "read", "DELETE": "delete"}.get(request.method, "write")
    return f"{names[0] if names else parts[-1]}.{verb}"


def failure(request: Request, response: Response) -> ConnectorError:
    """What an answer that is no success means."""
    case = _Case(request, response, problems(response))
    for problem in case.all:
        if problem.code in DECIDING or problem.code in OUTAGES:
            return _by_code(case, problem.code or "")
    return _by_status(case)


@dataclass(frozen=True, slots=True)
class _Case:
    request: Request
    response: Response
    all: Sequence[Problem]

    @property
    def said(self) -> str:
        """What Basware said, and under which number it can look it up."""
        texts = "; ".join(dict.fromkeys(str(problem) for problem in self.all))
        return texts[:_LONGEST] or f"HTTP {self.response.status}"

    @property
    def place(self) -> str:
        """Which call it was."""
        return f"{self.request.method} {self.request.path}"

    @property
    def traced(self) -> str:
        """With the id by which Basware's support finds the call."""
        known = self.response.header("x-amzn-RequestId")
        return f"{self.place}: {self.said}" + (f" [request {known}]" if known else "")


def _by_code(case: _Case, code: str) -> ConnectorError:
    if code in OUTAGES:
        return _outage(case)
    if code in _CREDENTIALS:
        return _unauthorized(case)
    makers: dict[str, Callable[[_Case], ConnectorError]] = {
        CONFLICT: _conflict, NOT_ALLOWED: _not_allowed, NOT_FOUND: _not_found,
    }  # fmt: skip
    return makers.get(code, _rejected)(case)


def _by_status(case: _Case) -> ConnectorError:
    status = case.response.status
    makers: dict[int, Callable[[_Case], ConnectorError]] = {
        401: _unauthorized, 403: _forbidden, 404: _not_found, 405: _not_allowed, 408: _outage,
        409: _conflict, 413: _too_large, 429: _throttled,
    }  # fmt: skip
    if status in makers:
        return makers[status](case)
    if 300 <= status < 400:
        return ConfigurationError(
            f"{case.place}: Basware redirects this call (HTTP {status}); check the host", field="host"
        )
    return _rejected(case) if 400 <= status < 500 or status < 300 else _outage(case)


def _rejected(case: _Case) -> ConnectorError:
    first = case.all[0] if case.all else Problem(f"HTTP {case.response.status} without an explanation")
    if len(case.all) > 1:
        return ApiRefusal(case.said, code=first.code, problems=case.all)
    return ApiRefusal(first.message, code=first.code, field=first.field, problems=case.all)


def _conflict(case: _Case) -> ConnectorError:
    return Conflict(f"{case.place}: {case.said}", code=CONFLICT, problems=case.all)


def _not_allowed(case: _Case) -> ConnectorError:
    return NotAllowed(f"{case.place}: {case.said}", code=NOT_ALLOWED, problems=case.all)


def _not_found(case: _Case) -> ConnectorError:
    if case.response.media_type == "text/html":
        return ConfigurationError(
            f"{case.place}: a web page answers there, and not Basware's API; check the host", field="host"
        )
    return NotFound(f"{case.place}: {case.said}", code=NOT_FOUND, problems=case.all)


def _too_large(case: _Case) -> ConnectorError:
    return TooLarge(f"{case.place}: {case.said}", code="TOO_LARGE", problems=case.all)


def _throttled(case: _Case) -> ConnectorError:
    wait = parse_retry_after(case.response.header("Retry-After"))
    return Throttled(case.traced, retry_after=_WAIT if wait is None else wait)


def _outage(case: _Case) -> ConnectorError:
    if case.request.idempotent:
        return Unavailable(case.traced)
    return InDoubt(f"{case.traced}; it may have been executed")


def _unauthorized(case: _Case) -> ConnectorError:
    return AuthenticationError(
        f"Basware refused the credentials for {case.traced}. Check login and password of the connection, and "
        f"the scope {scope_of(case.request)}: the connection must ask for it, and Basware have granted it"
    )


def _forbidden(case: _Case) -> ConnectorError:
    scope = scope_of(case.request)
    return NotActivated(
        f"{case.traced}. Have Basware grant the client the scope {scope}, and check that the connection's "
        "scope asks for it",
        operation=scope,
    )


def unreadable(request: Request, said: str) -> ConnectorError:
    """A success whose body is not what was agreed."""
    if request.idempotent:
        return ContractChanged(f"{request.method} {request.path}: {said}")
    return InDoubt(f"{request.method} {request.path}: {said}; it was probably executed")
