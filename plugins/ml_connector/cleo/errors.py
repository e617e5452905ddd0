"""Cleo's refusals as the product's failures.

Cleo publishes little of its errors: a status and a JSON object with ``message``. So the status
decides, also where a web page comes with it: servers answer so at paths that they do not know. Any
other web page instead of data is of something that stands before Cleo.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    InDoubt,
    NotActivated,
    Rejected,
    Unavailable,
)
from ml_connector.core.http import Request, Response

_TOKEN_REFUSED_WAIT = 300.0


class NotFound(Rejected):
    """Cleo has nothing at this address."""


class Taken(Rejected):
    """Something of this name is there already, or is at work (HTTP 409)."""


class NotOffered(ConfigurationError):
    """This Cleo knows no such call."""


class WebPage(Unavailable):
    """A web page came instead of data, and nothing was executed.

    Args:
        status: that came with it.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


TELLING = frozenset({403, 404, 405, 410, 501})
"""What a status says of a path or a right, whatever stands in the answer."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call and its answer, with what a person should know about it.

    Attributes:
        what: the call in words, such as "listing the connections".
        right: the right that the user needs for it.
        said: what Cleo said, without secrets.
    """

    request: Request
    response: Response
    what: str
    right: str
    said: str

    @property
    def text(self) -> str:
        """Words, call and answer."""
        said = self.said or f"HTTP {self.response.status}"
        if is_page(self.response):
            said += " with a web page: it may come from a proxy or firewall before Cleo"
        return f"{self.what} ({self.request.method} {self.request.path}): {said}"


def message(response: Response) -> str:
    """What Cleo says in an answer; nothing where it is a web page."""
    if is_page(response):
        return ""
    try:
        answer = response.json()
    except ValueError:
        return response.text(500).strip()
    if not isinstance(answer, dict):
        return ""
    parts = [answer.get("message") or answer.get("error_description") or answer.get("error")]
    parts += _details(answer.get("errors"))
    return "; ".join(str(part).strip() for part in parts if isinstance(part, str) and part.strip())


def _details(errors: Any) -> list[Any]:
    items = errors if isinstance(errors, list) else []
    return [item.get("message") if isinstance(item, dict) else item for item in items[:5]]


def is_page(response: Response) -> bool:
    """Whether the answer is a web page: of a proxy, a sign-in, or maintenance."""
    if response.media_type in {"text/html", "application/xhtml+xml"}:
        return True
    if response.media_type == "application/octet-stream":
        return False
    return response.body[:64].lstrip().lower().startswith((b"<!doctype html", b"<html"))


def page_failure(request: Request, response: Response, what: str) -> ConnectorError:
    """A web page came instead of data."""
    text = (
        f"{what} ({request.method} {request.path}): a web page came back (HTTP {response.status}) instead of "
        "data. Something stands before Cleo: maintenance, a proxy or a sign-in page, or the host of the "
        "connection is another one's"
    )
    if request.idempotent or response.status == 503 or 300 <= response.status < 500:
        return WebPage(text, response.status)
    return InDoubt(f"{text}; the call may have been executed")


def failure(call: Call) -> ConnectorError:
    """The failure of an answer that is no success; 429 and other web pages are not for here."""
    return _BY_STATUS.get(call.response.status, _other)(call)


def login_failure(request: Request, response: Response, said: str) -> ConnectorError:
    """The failure of a log-in. A refusal is never repeated: Cleo locks accounts after five."""
    status = response.status
    if is_page(response):
        return page_failure(request, response, "logging in to Cleo")
    if status in {404, 405} or 300 <= status < 400:
        return ConfigurationError(
            f"nothing issues tokens at {request.path} (HTTP {status}); check host and token_path",
            field="token_path", expected="/api/authentication",
        )  # fmt: skip
    if status >= 500 or status == 408:
        return Unavailable(f"logging in to Cleo: {said or f'HTTP {status}'}")
    return AuthenticationError(
        f"Cleo refused the log-in ({said or f'HTTP {status}'}). Check login, password and token_path; that "
        "the account is not locked, its password not too old (60 days unless Cleo is set otherwise), and "
        "that no second factor and no IP list stand in the way"
    )


def _fresh_token_refused(call: Call) -> ConnectorError:
    return Unavailable(
        f"{call.text}. Cleo refused a token that it had just issued; in a cluster, its nodes may not share "
        "tokens",
        retry_after=_TOKEN_REFUSED_WAIT,
    )


def _forbidden(call: Call) -> ConnectorError:
    return NotActivated(
        f"{call.text}. The user lacks a right in Cleo: {call.right}. Have it granted; docs/cleo.md lists all",
        operation=call.right,
    )


def _too_large(call: Call) -> ConnectorError:
    return Rejected(f"{call.text}: larger than Cleo takes", code="413")


def _wrong_type(call: Call) -> ConnectorError:
    return Rejected(
        f"{call.text}. The mailbox takes only the file types that its Allowed File Types names; have the "
        "pattern of this file added there",
        code="415",
    )


def _not_offered(call: Call) -> ConnectorError:
    return NotOffered(
        f"{call.text}. This Cleo does not offer the call (HTTP {call.response.status})",
        field="integrations.cleo.options.paths",
        expected="the paths of this Cleo, as its administrator knows them",
    )


def _other(call: Call) -> ConnectorError:
    status = call.response.status
    if status < 400:
        return ConfigurationError(
            f"{call.what}: Cleo redirects elsewhere (HTTP {status}); check the host", field="host"
        )
    if status < 500:
        return Rejected(call.text, code=str(status))
    if call.request.idempotent or status == 503:
        return Unavailable(call.text)
    return InDoubt(f"{call.text}; it may have been executed")


_BY_STATUS: dict[int, Callable[[Call], ConnectorError]] = {
    401: _fresh_token_refused,
    403: _forbidden,
    404: lambda call: NotFound(call.text, code="404"),
    405: _not_offered,
    501: _not_offered,
    410: lambda call: NotFound(call.text, code="410"),
    408: lambda call: (
        Unavailable(call.text)
        if call.request.idempotent
        else InDoubt(f"{call.text}; it may have been executed")
    ),
    409: lambda call: Taken(call.text, code="409"),
    413: _too_large,
    415: _wrong_type,
}
