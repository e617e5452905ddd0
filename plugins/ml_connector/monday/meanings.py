"""What monday.com's refusals mean, whatever form they come in.

The code decides, in either of its spellings, then the status, and the text last. monday.com answers most
refusals with HTTP 200, and some without a code
(developer.monday.com/api-reference/docs/error-handling, 2026-09-06).
"""

from __future__ import annotations

import re
from enum import Enum


class Meaning(Enum):
    """What a refusal says about what was asked."""

    RECORD = "one document was refused"
    WAIT = "not executed; later it will be"
    DAY = "not executed; the calls of the day are used up"
    COMPLEX = "not executed; it asks for too much at once"
    AUTHENTICATION = "not executed; the token was refused"
    ADDRESS = "not executed; calls from this machine's address are not admitted"
    ACCESS = "not executed; a right is missing"
    VERSION = "not executed; there is no such version of the API"
    DOCUMENT = "not executed; monday.com does not understand what was asked"
    HOST = "not executed; something else answered"
    BUSY = "a request with this key is being executed"
    OUTAGE = "nobody knows whether it was executed"
    UNKNOWN = "an error that the connector does not know"


UNSETTLED = frozenset({Meaning.BUSY, Meaning.OUTAGE, Meaning.UNKNOWN})
"""A write that was answered so may have been executed."""


_CODES: dict[Meaning, str] = {
    Meaning.AUTHENTICATION: "notauthenticated unauthorized",
    Meaning.ACCESS: "useraccessdenied missingrequiredpermissions userunauthorized",
    Meaning.VERSION: "invalidversion",
    Meaning.DAY: "dailylimitexceeded",
    Meaning.WAIT: (
        "minuteratelimitexceeded minutelimitrateexceeded maxconcurrencyexceeded concurrencylimitexceeded "
        "complexity complexitybudgetexhausted ipratelimitexceeded fieldminuteratelimitexceeded "
        "fieldlimitexceeded toomanyrequests ratelimitexceeded apitemporarilyblocked resourcelocked"
    ),
    Meaning.COMPLEX: "maxcomplexityexceeded",
    Meaning.OUTAGE: "timeoutexceeded internalservererror",
    Meaning.BUSY: "idempotencyconflict",
    Meaning.DOCUMENT: (
        "graphqlvalidationfailed graphqlparsefailed baduserinput maxdepthexceeded jsonparse badrequest "
        "undefinedfield undefinedtype argumentnotaccepted missingrequiredarguments selectionmismatch "
        "argumentliteralsincompatible variablemismatch variablenotdefined"
    ),
    Meaning.RECORD: (
        "columnvalue correctedvalue itemnametoolong itemslimitation resourcenotfound deletelastgroup "
        "recordinvalid datavalidationserror cursor"
    ),
}
_BY_CODE = {code: meaning for meaning, codes in _CODES.items() for code in codes.split()}

_BY_STATUS = {
    401: Meaning.AUTHENTICATION,
    403: Meaning.ACCESS,
    408: Meaning.OUTAGE,
    409: Meaning.BUSY,
    413: Meaning.COMPLEX,
    423: Meaning.WAIT,
    429: Meaning.WAIT,
}
_UNCODED = {400: Meaning.DOCUMENT, 404: Meaning.RECORD, 422: Meaning.RECORD}

_BY_TEXT = (
    (re.compile(r"\bip\b.* is restricted", re.IGNORECASE), Meaning.ADDRESS),
    (re.compile(r"daily limit|daily call", re.IGNORECASE), Meaning.DAY),
    (
        re.compile(
            r"rate limit|limit rate|concurrent requests|concurrency limit|complexity budget|too many requests"
            r"|call limit exceeded|currently locked|temporarily blocked",
            re.IGNORECASE,
        ),
        Meaning.WAIT,
    ),
    (re.compile(r"CursorExpired"), Meaning.RECORD),
    (re.compile(r"not authenticated|unauthenticated", re.IGNORECASE), Meaning.AUTHENTICATION),
    (
        re.compile(
            r"parse error|syntax error|doesn't exist on type|cannot query field|unknown (argument|type)"
            r"|doesn't accept argument|\bvariable\b.*(invalid value|type mismatch|not defined|declared by)",
            re.IGNORECASE,
        ),
        Meaning.DOCUMENT,
    ),
)
_FINER = {
    (Meaning.AUTHENTICATION, Meaning.ADDRESS),
    (Meaning.WAIT, Meaning.DAY),
    (Meaning.ACCESS, Meaning.ADDRESS),
}


def meaning_of(code: str, status: int | None, message: str) -> Meaning:
    """What an error says, from its code, its status (above 399, else None) and its text."""
    words = f"{code} {message}"
    text = next((meaning for pattern, meaning in _BY_TEXT if pattern.search(words)), None)
    found = _by_code(code) or by_status(status, coded=bool(code))
    if found is None or (text is not None and (found, text) in _FINER):
        return text or Meaning.UNKNOWN
    return found


def _by_code(code: str) -> Meaning | None:
    plain = re.sub("[^a-z0-9]", "", code.lower())
    short = plain.removesuffix("exception")
    found = _BY_CODE.get(short)
    if found is None and short != plain and short.startswith("invalid"):
        return Meaning.RECORD  # InvalidItemIdException and its many sisters
    return found


def by_status(status: int | None, *, coded: bool = False) -> Meaning | None:
    """What a status says by itself.

    Args:
        status: of HTTP, or ``extensions.status_code``.
        coded: an unknown code came with it, which could mean anything that the status does not settle.
    """
    if status is None or status < 400:
        return None
    if status >= 500:
        return Meaning.OUTAGE
    if coded:
        return _BY_STATUS.get(status) if status in {401, 403, 408, 423, 429} else None
    return _BY_STATUS.get(status) or {400: Meaning.DOCUMENT, 404: Meaning.RECORD, 422: Meaning.RECORD}.get(
        status
    )
