"""BILL's refusals as the product's failures.

The code decides, whatever status carries it: BILL documents codes, not statuses. Only where there
is no code does the status decide, and the body's text comes last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
from ml_connector.core.http import Request, Response

SESSION_INVALID = "BDC_1109"
DUPLICATE = "BDC_1171"

_LOCK_WAIT = 600.0
_OUTAGE = frozenset({"BDC_1001", "BDC_1002"})
_PLACEHOLDER = re.compile(r"\s*:?\s*\$\{\w+\}\.?")
_ID_PREFIX = re.compile(r"^[0-9A-Za-z]{18,24}\s*:\s+")
_FIELD = re.compile(r"^([A-Za-z][\w.\[\]]*|\[\d+\][\w.\[\]]*):\s+(.+)$", re.DOTALL)
_INDEX = re.compile(r"\[(\d+)\]")


class NotFound(Rejected):
    """BILL has no object with this id."""


class TooManyAtOnce(RateLimited):
    """More requests in flight than BILL allows for the organization: worth another try in seconds."""


class HourSpent(RateLimited):
    """The developer key's calls of this clock hour are used up."""


class FilterRefused(ContractChanged):
    """BILL does not filter this list by what was asked."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of an error answer."""

    message: str
    code: str | None = None
    field: str | None = None


def problems(response: Response) -> list[Problem]:
    """The entries of an error answer, without repetitions; empty where the body is no such answer."""
    try:
        answer = response.json()
    except ValueError:
        return []
    if isinstance(answer, dict) and isinstance(answer.get("response_data"), dict):
        answer = answer["response_data"]  # the form of the v2 API
    entries = answer if isinstance(answer, list) else [answer]
    found: dict[tuple[str | None, str], Problem] = {}
    for entry in entries:
        problem = _problem(entry)
        if problem is not None:
            found.setdefault((problem.code, problem.message.casefold()), problem)
    return list(found.values())


def _problem(entry: Any) -> Problem | None:
    if not isinstance(entry, dict):
        return None
    code = entry.get("code") or entry.get("error_code")
    message = entry.get("message") or entry.get("error_message")
    if not isinstance(message, str) and not isinstance(code, str):
        return None
    text = _PLACEHOLDER.sub("", _ID_PREFIX.sub("", str(message or "no explanation").strip())).strip()
    field = None if code else _FIELD.match(text)
    if field:
        return Problem(field.group(2), None, field.group(1))
    return Problem(text, str(code) if code else None)


def indexes(refusal: Rejected) -> set[int]:
    """Positions in a bulk request that a refusal names."""
    text = f"{refusal.field or ''} {refusal.reason}"
    return {int(number) for number in _INDEX.findall(text)}


def next_hour(now: datetime) -> datetime:
    """When the hour's calls are given anew.

    In an hour's first minute the refusal is still about the hour before, seen by a clock that is
    behind ours.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    first_minute = now - hour < timedelta(minutes=1)
    return hour + (timedelta(seconds=90) if first_minute else timedelta(hours=1, seconds=2))


def failure(request: Request, response: Response, now: datetime) -> ConnectorError:
    """What an answer that is no success means."""
    found = problems(response)
    for problem in found:
        made = _BY_CODE.get(problem.code or "")
        if made is not None:
            return made(_Case(request, response, problem, found, now))
    return _by_status(_Case(request, response, found[0] if found else None, found, now))


def login_failure(request: Request, response: Response, now: datetime) -> ConnectorError:
    """The same for a log-in, where a refusal without a known code is one of the credentials."""
    error = failure(request, response, now)
    unexplained = response.status == 401 and type(error) is Unavailable
    if unexplained or (isinstance(error, Rejected | NotActivated) and not isinstance(error, NotFound)):
        return AuthenticationError(f"BILL refused the log-in: {error}")
    if isinstance(error, InDoubt):
        return Unavailable(str(error))
    if isinstance(error, HourSpent):  # log-ins have an hour of their own, so this need not be everybody's
        return RateLimited(str(error), retry_after=error.retry_after)
    return error


@dataclass(frozen=True, slots=True)
class _Case:
    request: Request
    response: Response
    problem: Problem | None
    all: Sequence[Problem]
    now: datetime

    @property
    def said(self) -> str:
        """What BILL said, once."""
        texts = [f"{item.field}: {item.message}" if item.field else item.message for item in self.all]
        code = f"{self.problem.code}: " if self.problem and self.problem.code else ""
        return f"{code}{'; '.join(texts)}"

    @property
    def place(self) -> str:
        """Which call it was."""
        return f"{self.request.method} {self.request.path}"


def _authentication(advice: str) -> Callable[[_Case], ConnectorError]:
    return lambda case: AuthenticationError(f"BILL refused the log-in ({case.said}) {advice}")


def _configuration(advice: str) -> Callable[[_Case], ConnectorError]:
    return lambda case: ConfigurationError(f"{case.place}: {case.said} {advice}")


def _outage(case: _Case) -> ConnectorError:
    if case.request.idempotent:
        return Unavailable(f"{case.place}: {case.said}")
    return InDoubt(f"{case.place}: {case.said}; it may have been executed")


def _rejected(case: _Case) -> ConnectorError:
    problem = case.problem or Problem(f"HTTP {case.response.status}")
    if len(case.all) == 1:
        return Rejected(problem.message, field=problem.field, code=problem.code)
    return Rejected(case.said, code=problem.code)


def _not_found(case: _Case) -> ConnectorError:
    return NotFound(f"{case.place}: {case.said}", code="BDC_1205")


def _untrusted(case: _Case) -> ConnectorError:
    return NotActivated(
        f"{case.place}: {case.said} BILL asks for a session trusted by two-step verification; logging in "
        "again does not help. Vendors and bills need no such call: check the options of the flow",
        operation=case.place,
    )


def _hour_spent(case: _Case) -> ConnectorError:
    until = next_hour(case.now)
    return HourSpent(
        f"BILL's calls of this hour are used up ({case.said}); the developer key is shared by all who use it",
        retry_after=(until - case.now).total_seconds(),
    )


_BY_CODE: dict[str, Callable[[_Case], ConnectorError]] = {
    "BDC_1001": _outage,
    "BDC_1002": _outage,
    "BDC_1101": _authentication(
        "Check login and password of the connection; a sync token's name is the login, its value the password"
    ),
    "BDC_1102": _authentication(
        "Check dev_key, and that key, login and host belong to the same environment: sandbox and production "
        "share nothing, and BILL says 'developer key is invalid' when only the login is of the other one"
    ),
    "BDC_1103": _authentication("Have the developer key activated in BILL"),
    "BDC_1104": _authentication("Accept the developer terms in BILL"),
    "BDC_1105": _authentication("The organization has no API access; ask BILL for it"),
    "BDC_1107": lambda case: Unavailable(
        f"BILL has locked the organization for a while ({case.said}) after too many calls or failed log-ins",
        retry_after=_LOCK_WAIT,
    ),
    SESSION_INVALID: lambda case: Unavailable(
        f"{case.place}: BILL refused a session that it had just opened ({case.said})", retry_after=300.0
    ),
    "BDC_1110": _authentication("The login is locked; unlock it in BILL"),
    "BDC_1111": _authentication("The user is not active in this organization"),
    "BDC_1113": _authentication("Check login, password, organization_id and dev_key"),
    "BDC_1121": _configuration("Check the host of the connection: the address before /v3 is wrong"),
    "BDC_1123": _configuration("Check organization_id of the connection"),
    "BDC_1130": lambda case: FilterRefused(f"{case.place}: {case.said}"),
    "BDC_1131": lambda case: FilterRefused(f"{case.place}: {case.said}"),
    "BDC_1144": _hour_spent,
    DUPLICATE: _rejected,
    "BDC_1205": _not_found,
    "BDC_1322": lambda case: TooManyAtOnce(f"{case.place}: {case.said}", retry_after=10.0),
    "BDC_1361": _untrusted,
}

KNOWN_CODES = frozenset(_BY_CODE)
OUTAGE_CODES = _OUTAGE


def _redirected(case: _Case) -> ConnectorError:
    status = case.response.status
    return ConfigurationError(
        f"{case.place}: BILL redirects elsewhere (HTTP {status}); check the host", field="host"
    )


def _forbidden(case: _Case) -> ConnectorError:
    return NotActivated(
        f"{case.place}: {case.said or 'HTTP 403'}. The user or sync token lacks the permission; "
        "docs/bill.md lists those that are needed",
        operation=case.place,
    )


def _nothing_there(case: _Case) -> ConnectorError:
    if any(problem.code for problem in case.all):
        return _not_found(case)
    return ConfigurationError(
        f"{case.place}: nothing is served there (HTTP 404); check the host", field="host"
    )


_BY_STATUS: dict[int, Callable[[_Case], ConnectorError]] = {
    401: lambda case: Unavailable(
        f"{case.place}: BILL refused a fresh session ({case.said or 'HTTP 401'})", retry_after=300.0
    ),
    403: _forbidden,
    404: _nothing_there,
    408: _outage,
    413: _rejected,
    423: lambda case: Unavailable(f"{case.place}: {case.said or 'HTTP 423'}", retry_after=_LOCK_WAIT),
    429: lambda case: RateLimited(f"{case.place}: {case.said or 'HTTP 429'}", retry_after=60.0),
}


def _by_status(case: _Case) -> ConnectorError:
    status = case.response.status
    if status in _BY_STATUS:
        return _BY_STATUS[status](case)
    if not 400 <= status < 500:
        return _redirected(case) if status < 400 else _outage(case)
    if not case.all:
        return Unavailable(
            f"{case.place}: HTTP {status} from something other than BILL's API, probably a proxy"
        )
    if case.request.method == "GET" and status == 400 and "filters" in dict(case.request.params):
        return FilterRefused(f"{case.place}: {case.said}")
    return _rejected(case)
