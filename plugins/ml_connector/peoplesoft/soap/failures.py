"""The failure behind a refusal: message number first, HTTP status second, text last."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    ContractChanged,
    InDoubt,
    NotActivated,
    Rejected,
    Unavailable,
)
from ml_connector.core.http import Redactor, Response, parse_retry_after
from ml_connector.peoplesoft.answers import grant_text
from ml_connector.peoplesoft.soap.messages import Fault, Message

_OPERATION = re.compile(r"service operation\s+([A-Z0-9_]+)", re.IGNORECASE)
_QUICK = 5.0  # seconds; a refusal comes quickly, a server that is overloaded does not
_XML_REFUSED = "159"  # message set of the XML parser: what it refuses was not executed
_NO_ROUTING = "158,505"
_NOT_GRANTED = "158,536"
_CONTACT_ERROR = "158,10721"
_CI_SECURITY = "90,6"  # "Not Authorized": the permission list lacks the component interface or a method

# A Get of keys that do not exist: the text that Application Designer puts into generated clients,
# and the number under which PeopleTools is said to raise it (inferred).
_NO_ROWS = "91,50"
_INVALID_TEXT = re.compile(r"\b(schema|namespace)\b", re.IGNORECASE)
_NO_ROWS_TEXT = re.compile(r"no rows exist|no matching (rows|values)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Call:
    """What was called, for the words of an error.

    Attributes:
        operation: the service operation.
        writes: it may have changed something.
        redactor: knows the secrets of the connection.
        others_work: other operations were answered over the same connection a moment ago.
    """

    operation: str
    writes: bool
    redactor: Redactor
    others_work: bool = False

    def open_end(self, what: str, *, retry_after: float | None = None) -> ConnectorError:
        """No answer that settles the call."""
        said = self.redactor(f"{self.operation}: {what}")
        if self.writes:
            return InDoubt(f"{said}. It may have been executed: it is looked up before anything is repeated")
        return Unavailable(said, retry_after=retry_after)


def nothing_there(messages: Sequence[Message | Fault]) -> bool:
    """Whether PeopleSoft says that there is no such object."""
    return any(one.code == _NO_ROWS or _NO_ROWS_TEXT.search(one.text) for one in messages)


def is_unrouted(fault: Fault) -> bool:
    """Whether our message found no operation: it was not executed, and our description may be out of date."""
    return fault.code == _NO_ROUTING


def is_invalid(fault: Fault) -> bool:
    """Whether a message, ours or one that the component sent itself, could not be read or matched no schema.

    There is no documented number for the latter.
    """
    if fault.code.startswith(f"{_XML_REFUSED},"):
        return True
    return fault.code not in _BY_CODE and _INVALID_TEXT.search(fault.text) is not None


def of_fault(call: Call, fault: Fault) -> ConnectorError:
    """A refusal by the Integration Broker."""
    said = call.redactor.excerpt(fault.text)
    if call.writes and _may_come_from_inside(call, fault):
        return call.open_end(f"PeopleSoft answered with a fault: {said}")
    known = _BY_CODE.get(fault.code)
    if known is not None:
        return known(call, said)
    if fault.code.startswith(f"{_XML_REFUSED},"):
        return Rejected(f"{call.operation}: PeopleSoft could not read our XML: {said}", code=fault.code)
    return call.open_end(f"PeopleSoft answered with a fault: {said}")


def _may_come_from_inside(call: Call, fault: Fault) -> bool:
    """Whether a fault may be about a call that the component made itself, after it had saved.

    Documented for calls that go out of PeopleSoft: contact errors, and refusals that name another
    operation than ours.
    """
    named = _OPERATION.search(fault.text)
    others = named is not None and named[1].upper() != call.operation.upper()
    return fault.code == _CONTACT_ERROR or (fault.code == _NOT_GRANTED and others)


def of_messages(call: Call, messages: Sequence[Message]) -> ConnectorError:
    """Notification 0: the component refused, in its own words; nothing was saved."""
    errors = [message for message in messages if message.is_error]
    first = next(iter(errors or messages), None)
    if first is None:
        return Rejected(f"{call.operation}: PeopleSoft refused and gave no reason")
    reason = call.redactor("; ".join(dict.fromkeys(message.text for message in messages)))
    if first.code == _CI_SECURITY:
        return _no_ci_permission(call, reason)
    return Rejected(reason, code=first.code or None)


def of_status(call: Call, response: Response) -> ConnectorError:
    """An answer that is no XML of the SOAP connector."""
    status = response.status
    said = f"PeopleSoft answered {status}"
    known = _BY_STATUS.get(status)
    if known is not None:
        return known(call, said)
    if 300 <= status < 400:
        place = response.header("Location").partition("?")[0]
        return ConfigurationError(
            f"{call.operation}: {said}, a redirect to {place}: use the address behind it, or let the proxy "
            "in front pass the path of the integration gateway"
        )
    if 400 <= status < 500 and status != 408:
        return ConfigurationError(f"{call.operation}: {said}: {_shown(call, response)}")
    return _unsettled(call, response, said)


def missing_notification(call: Call) -> ConnectorError:
    """The answer does not say whether it worked."""
    if call.writes:
        return call.open_end("the answer has no notification")
    return ContractChanged(f"{call.operation}: the answer is not the one that its WSDL describes")


def _unsettled(call: Call, response: Response, said: str) -> ConnectorError:
    """A server error, a page, or a part of an answer.

    With Service System Status "Production" every framework error is a 500 without text (documented
    under fault messages of REST service operations). So a quick, empty 500 to a read, while other
    operations work, is configuration and no outage.
    """
    if response.status == 500 and not response.body.strip():
        if not call.writes and call.others_work and response.elapsed < _QUICK:
            return _not_activated(call.operation, f"{said} without text, while other operations work")
        said = (
            f"{said} without text: an outage, or with Service System Status 'Production' also a missing "
            f"permission. If it stays: {grant_text(call.operation)}"
        )
    elif response.status < 300:
        said = f"{said} with {_kind(response)}"
    return call.open_end(said, retry_after=parse_retry_after(response.header("Retry-After")))


def _kind(response: Response) -> str:
    start = response.body[:2000].lower()
    if b"<html" in start or b"<!doctype html" in start:
        return "a web page: maintenance, or a proxy with a sign-in of its own in front of the gateway"
    if not start.strip():
        return "nothing"
    return f"{len(response.body)} bytes that are no complete answer"


def _not_activated(operation: str, said: str) -> NotActivated:
    return NotActivated(f"{operation}: {said.rstrip('.')}. {grant_text(operation)}.", operation=operation)


def _no_ci_permission(call: Call, said: str) -> NotActivated:
    return NotActivated(
        f"{call.operation}: {said}. Ask the PeopleSoft administrator to add the component interface with all "
        "its methods to a permission list of the integration user (Permission Lists, Component Interfaces)",
        operation=call.operation,
    )


def _shown(call: Call, response: Response) -> str:
    return call.redactor.excerpt(response.text(8000)) or "no text"


def _wrong_password(call: Call, said: str) -> ConnectorError:
    return AuthenticationError(f"{call.operation}: PeopleSoft refuses the password: {said}")


def _unknown_user(call: Call, said: str) -> ConnectorError:
    return AuthenticationError(
        f"{call.operation}: PeopleSoft does not know the user, or it is locked: {said}. The default user of "
        "the ANONYMOUS node gives the same message when it is locked"
    )


def _not_granted(call: Call, said: str) -> ConnectorError:
    named = _OPERATION.search(said)
    if "ANONYMOUS" in said.upper():
        said = (
            f"{said.rstrip('.')}. The call ran as ANONYMOUS, so PeopleSoft did not take our credentials: set "
            "soap_auth of the connection to the other of basic and wsse"
        )
    return _not_activated(named[1] if named else call.operation, said)


def _no_application_server(call: Call, said: str) -> ConnectorError:
    return Unavailable(f"{call.operation}: the gateway does not reach the application server: {said}")


def _unauthorized(call: Call, said: str) -> ConnectorError:
    return AuthenticationError(
        f"{call.operation}: {said}. Login or password are wrong, the account is locked, or the operation "
        "wants another way to authenticate (soap_auth of the connection: basic or wsse)"
    )


def _nowhere(call: Call, said: str) -> ConnectorError:
    return ConfigurationError(
        f"{call.operation}: {said}. Wrong gateway path or node, or the services listening connector is not "
        "deployed or not let through by a proxy"
    )


_Known = Mapping[str | int, Callable[[Call, str], ConnectorError]]

_BY_CODE: _Known = {
    "158,45": _wrong_password,
    "158,55": _unknown_user,
    _NOT_GRANTED: _not_granted,
    _NO_ROUTING: lambda call, said: _not_activated(call.operation, said),
    _CONTACT_ERROR: _no_application_server,
    _CI_SECURITY: _no_ci_permission,
}

_BY_STATUS: _Known = {
    401: _unauthorized,
    403: lambda call, said: _not_activated(call.operation, said),
    404: _nowhere,
    413: lambda call, said: Rejected(f"{call.operation}: {said}: the message is too large for a proxy"),
}
