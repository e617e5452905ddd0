"""Answers of monday.com's API: data and problems side by side, and what a refusal of the whole means.

HTTP 200 says nothing: data may be partial, and errors may name no code. The other way round, a gateway
answers in HTML, in cut-off JSON, or with nothing at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ml_connector.core.http import Response
from ml_connector.monday.errors import Problem
from ml_connector.monday.meanings import Meaning, by_status, meaning_of

Clean = Callable[[str], str]

_RESET = re.compile(r"reset in (\d+) second", re.IGNORECASE)
_LONGEST_TEXT = 500
_HALF = frozenset({Meaning.WAIT, Meaning.DAY, Meaning.COMPLEX, Meaning.OUTAGE})
"""Inside an answer to a query these leave a hole that must not be taken for an empty board."""

_REFUSED = frozenset({Meaning.AUTHENTICATION, Meaning.ADDRESS, Meaning.ACCESS})
_ORDER = (
    # what leaves a doubt comes first: the others say that nothing was executed
    Meaning.OUTAGE, Meaning.UNKNOWN, Meaning.BUSY, Meaning.AUTHENTICATION, Meaning.ADDRESS, Meaning.ACCESS,
    Meaning.VERSION, Meaning.DAY, Meaning.COMPLEX, Meaning.DOCUMENT, Meaning.HOST, Meaning.WAIT,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that may be used; data and problems do not exclude each other.

    An alias of a write with neither a value nor a problem of its own is in doubt. An answer with problems
    that was replayed is the first one again: what failed must be sent under a new key.

    Attributes:
        data: by alias; ``{}`` where the answer had none.
        problems: in monday.com's order.
        replayed: monday.com gave the answer that it had kept under the key (``Idempotency-Replayed``).
        cost: complexity points, where the document asked for ``complexity { query }``.
    """

    data: Mapping[str, Any] = field(repr=False)
    problems: tuple[Problem, ...]
    replayed: bool
    cost: int | None

    def problem(self, alias: str) -> Problem | None:
        """The first problem of this alias or of a field below it."""
        return next((found for found in self.problems if found.path[:1] == (alias,)), None)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one response says.

    Attributes:
        answer: data and problems.
        refusal: what became of the whole call; None where it was answered.
        said: monday.com's words about the refusal, without secrets.
        hint: seconds that the body asks to wait.
    """

    answer: Answer
    refusal: Meaning | None = None
    said: str = ""
    hint: float | None = None


def read(response: Response, *, writes: bool, clean: Clean) -> Reading:
    """Read a response.

    Args:
        response: of the API.
        writes: it answers a mutation. Of a query, a part that failed for the moment fails the whole.
        clean: takes secrets out of a text.
    """
    replayed = response.header("Idempotency-Replayed").strip().lower() == "true"
    body = _object(response)
    if body is None:
        said = f"HTTP {response.status} without JSON{_excerpt(response, clean)}"
        return Reading(Answer({}, (), replayed, None), _unreadable(response.status), said)
    data = body["data"] if isinstance(body.get("data"), dict) else {}
    entries = [_entry(raw, response.status, clean) for raw in _raw_entries(body)]
    answer = Answer(data, tuple(problem for problem, _ in entries), replayed, _cost(data))
    if not entries:
        refusal = None if data and (writes or response.status < 400) else _unreadable(response.status)
        said = f"HTTP {response.status} with neither data nor errors" if refusal else ""
        return Reading(answer, refusal, said)
    decisive = _decisive(entries, data, response.status, writes=writes)
    if decisive is None:
        return Reading(answer)
    problem, meaning = decisive
    return Reading(answer, meaning, _said(problem, len(entries), body, response), problem.retry_after)


Entry = tuple[Problem, Meaning]


def _decisive(entries: list[Entry], data: Mapping[str, Any], status: int, *, writes: bool) -> Entry | None:
    """The entry that decides about the whole call, if one does."""
    values = [name for name, value in data.items() if value is not None]
    if values in ([], ["complexity"]) and all(meaning in _REFUSED for _, meaning in entries):
        return entries[0]
    if writes and values:
        return None  # it was executed, in part at least
    found: list[Entry] = []
    for problem, meaning in entries:
        inside = bool(problem.path) and bool(data) and status < 500
        if meaning is not Meaning.RECORD and (not inside or (not writes and meaning in _HALF)):
            found.append((problem, meaning))
    return min(found, key=lambda entry: _ORDER.index(entry[1]), default=None)


def _unreadable(status: int) -> Meaning:
    """What an answer without data and errors means, from its status alone."""
    if status < 300:
        return Meaning.OUTAGE
    if status in {404, 405} or status < 400:
        return Meaning.HOST
    found = by_status(status)
    return Meaning.UNKNOWN if found is None or found is Meaning.RECORD else found


def _object(response: Response) -> dict[str, Any] | None:
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _raw_entries(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Error entries in today's form, whichever form they came in."""
    errors = body.get("errors")
    listed = errors if isinstance(errors, list) else []
    code, message = body.get("error_code"), body.get("error_message")
    if isinstance(code, str) or isinstance(message, str):  # the form until 2025-01; errors[] then repeats it
        extensions = {
            "code": code,
            "status_code": body.get("status_code"),
            "error_data": body.get("error_data"),
        }
        yield {"message": message, "extensions": extensions}
        listed = [entry for entry in listed if isinstance(entry, dict)]
    for entry in listed:
        yield entry if isinstance(entry, dict) else {"message": str(entry)}


def _entry(raw: Mapping[str, Any], http: int, clean: Clean) -> Entry:
    extensions = raw.get("extensions")
    extensions = extensions if isinstance(extensions, dict) else {}
    code = extensions.get("code")
    code = code if isinstance(code, str) else ""
    data = _data(extensions.get("error_data"), clean)
    message = clean(str(raw.get("message") or "no explanation"))[:_LONGEST_TEXT]
    path = raw.get("path")
    problem = Problem(
        message=message,
        code=code,
        path=tuple(path) if isinstance(path, list) else (),
        data=data,
        retry_after=_hint(extensions, data, message),
    )
    own = extensions.get("status_code")
    status = own if isinstance(own, int) and own >= 400 else http
    return problem, meaning_of(code, status, message)


def _data(value: Any, clean: Clean) -> Mapping[str, Any]:
    cleaned = _cleaned(value, clean)
    if isinstance(cleaned, dict):
        return cleaned
    return {"validations": cleaned} if isinstance(cleaned, list) else {}


def _cleaned(value: Any, clean: Clean) -> Any:
    """A JSON value without secrets: it may repeat what was sent."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {key: _cleaned(item, clean) for key, item in value.items()}
    return [_cleaned(item, clean) for item in value] if isinstance(value, list) else value


def _hint(extensions: Mapping[str, Any], data: Mapping[str, Any], message: str) -> float | None:
    """Seconds to wait, from the first place that names them."""
    seconds = number(extensions.get("retry_in_seconds"))
    if seconds is None:
        milliseconds = number(extensions.get("retryAfterMs"))
        seconds = None if milliseconds is None else milliseconds / 1000
    if seconds is None:
        seconds = number(data.get("retry_in_seconds"))
    if seconds is None:
        match = _RESET.search(message)
        seconds = float(match.group(1)) if match else None
    return seconds


def number(value: Any) -> float | None:
    """A number of JSON that is not negative."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return float(value) if value >= 0 else None


def _cost(data: Mapping[str, Any]) -> int | None:
    complexity = data.get("complexity")
    cost = complexity.get("query") if isinstance(complexity, dict) else None
    return cost if isinstance(cost, int) else None


def _said(problem: Problem, count: int, body: Mapping[str, Any], response: Response) -> str:
    reason = problem.data.get("failure_reason")
    more = f" ({reason})" if isinstance(reason, str) else ""
    others = f", and {count - 1} more" if count > 1 else ""
    extensions = body.get("extensions")
    known = extensions.get("request_id") if isinstance(extensions, dict) else None
    request_id = known or response.header("x-request-id")
    status = f"HTTP {response.status}, " if response.status >= 400 else ""
    return f"{status}{problem}{more}{others}" + (f" [request {request_id}]" if request_id else "")


def _excerpt(response: Response, clean: Clean) -> str:
    text = " ".join(clean(response.text(4096)).split())
    return f": {text[:200]}" if text else ""
