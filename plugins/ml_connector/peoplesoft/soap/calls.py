"""One call: values to a message, the answer to values or a failure.

Imported at the first call, since lxml is not worth the time of a task that calls nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml_connector.core.contract import Payload
from ml_connector.core.errors import ConfigurationError, ConnectorError, InDoubt
from ml_connector.core.http import Client, Redactor, Request, Response
from ml_connector.peoplesoft.settings import PeopleSoftSettings
from ml_connector.peoplesoft.soap import failures
from ml_connector.peoplesoft.soap.documents import UnusableWsdl, call_url
from ml_connector.peoplesoft.soap.failures import Call
from ml_connector.peoplesoft.soap.messages import Fault, Message
from ml_connector.peoplesoft.soap.names import InterfaceName, Role
from ml_connector.peoplesoft.soap.reply import Reply, read
from ml_connector.peoplesoft.soap.shape import Converter, Property, UnknownProperty
from ml_connector.peoplesoft.soap.xml import UnusableXml, local, text

if TYPE_CHECKING:
    from ml_connector.peoplesoft.soap.wsdl import Description, Operation

_ASIDE = ("notification", "detail")  # what an answer holds beside the object


class Stale(Exception):
    """A call failed in a way that an outdated description explains.

    Attributes:
        error: what to raise where a new description does not help.
        certain: nothing was executed, whatever the description.
    """

    def __init__(self, error: ConnectorError, *, certain: bool = True) -> None:
        super().__init__(str(error))
        self.error, self.certain = error, certain

    def mended(self, name: InterfaceName, role: Role, old: Description, new: Description) -> bool:
        """Whether to call again by the new description, without doing anything twice.

        A message that does not match a schema may also be PeopleSoft's own answer, after a save. It
        was ours for sure only where ours had a namespace that the database does not know.
        """
        if old.digest == new.digest:
            return False
        if self.certain or not role.writes:
            return True
        try:
            return new.operation(name, role).namespace != old.operation(name, role).namespace
        except UnusableWsdl:
            return False


@dataclass(frozen=True)
class Answer:
    """The answer of a call that worked; ``reply`` is None where a read found nothing."""

    name: InterfaceName
    operation: Operation
    reply: Reply | None

    @property
    def messages(self) -> tuple[Message, ...]:
        """What PeopleSoft says beside."""
        return self.reply.messages if self.reply is not None else ()

    def keys(self) -> dict[str, str]:
        """Keys of the object that was written."""
        found = self.reply.keys if self.reply is not None else None
        parts = [] if found is None else [part for part in found if not len(part)]
        return {self.name.ours("", local(part)): text(part) for part in parts}

    def payload(self) -> Payload | None:
        """The object of a Get."""
        if self.reply is None:
            return None
        payload = Converter(self.name).from_site(self.reply.root, self.operation.answers)
        for name in _ASIDE:
            payload.pop(name, None)
        return payload if any(payload.values()) else None

    def rows(self) -> list[Payload]:
        """The objects of a Find."""
        converter, shape = Converter(self.name), self.operation.answers
        parts = [] if self.reply is None else [part for part in self.reply.root if len(part)]
        return [
            converter.from_site(part, shape.get(local(part), Property("")).parts or {})
            for part in parts
            if local(part) not in _ASIDE
        ]


class Caller:
    """Calls over one connection.

    Args:
        settings: of the connection.
        client: sends.
        redactor: knows the connection's secrets.
    """

    def __init__(self, settings: PeopleSoftSettings, client: Client, redactor: Redactor) -> None:
        self._settings, self._client, self._redactor = settings, client, redactor
        self._worked: set[str] = set()

    async def call(
        self, name: InterfaceName, description: Description, role: Role, values: Payload
    ) -> Answer:
        """Call the operation for a role.

        Raises:
            Stale: another description may help.
            ConnectorError: see ``core.errors``.
        """
        try:
            operation = description.operation(name, role)
            request = self._request(name, description, operation, role, values)
        except (UnusableWsdl, UnknownProperty) as error:
            raise Stale(error) from None
        others_work = bool(self._worked - {operation.name})
        call = Call(operation.name, role.writes, self._redactor, others_work)
        try:
            response = await self._client.send(request)
        except InDoubt as error:
            raise InDoubt(f"{operation.name}: {error}") from None
        reply = _settled(call, operation, response)
        self._worked.add(operation.name)
        return Answer(name, operation, reply)

    def _request(
        self, name: InterfaceName, description: Description, operation: Operation, role: Role, values: Payload
    ) -> Request:
        converted = Converter(name).to_site(values, operation.takes)
        if not converted and not role.writes:
            raise ConfigurationError(f"{operation.name}: asked for nothing, which would answer everything")
        settings = self._settings
        credentials = (settings.login, settings.password) if settings.soap_auth == "wsse" else None
        headers = {
            "Content-Type": "text/xml; charset=UTF-8",
            "Accept": "text/xml",
            "SOAPAction": f'"{operation.action}"',
        }
        return Request(
            "POST",
            call_url(settings, description.address),
            headers=headers,
            body=description.message(operation, converted, credentials),
            idempotent=not role.writes,
        )


def _settled(call: Call, operation: Operation, response: Response) -> Reply | None:
    """What the answer holds: of a call that worked, or None where a read found nothing."""
    try:
        answer = read(response.body)
    except UnusableXml:
        raise failures.of_status(call, response) from None
    told = [answer] if isinstance(answer, Fault) else answer.messages
    if not call.writes and _is_refusal(answer) and failures.nothing_there(told):
        return None
    if isinstance(answer, Fault):
        error = failures.of_fault(call, answer)
        if failures.is_unrouted(answer):
            raise Stale(error)
        raise Stale(error, certain=False) if failures.is_invalid(answer) else error
    if _is_refusal(answer):
        raise failures.of_messages(call, answer.messages)
    if not _is_success(call, operation, answer):
        raise failures.missing_notification(call)
    return answer


def _is_success(call: Call, operation: Operation, answer: Reply) -> bool:
    """A write says so; of a read, the answer is the one that was described, lest another look empty."""
    if call.writes:
        return answer.notification == "1"
    described = local(answer.root).casefold() == operation.answer_root.casefold()
    silent = answer.notification is None and "notification" not in operation.answers
    return described and (answer.notification == "1" or silent)


def _is_refusal(answer: Reply | Fault) -> bool:
    return isinstance(answer, Fault) or answer.notification == "0"
