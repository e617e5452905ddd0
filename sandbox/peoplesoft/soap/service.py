"""Dispatch of a SOAP request: routing by SOAPAction, log-on, permission, schema, method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from lxml import etree

from sandbox import credentials
from sandbox.data.size import Record
from sandbox.peoplesoft.auth import LogOn, basic_pair
from sandbox.peoplesoft.state import PeopleSoftState

from . import buffer
from .components import COMPONENTS
from .envelope import Envelope, answer_envelope, element, read_envelope
from .interfaces import METHODS, Interface, of_site
from .messages import request_name, response_name
from .methods import Methods, Saved
from .outcome import BrokerFault, Notice, NotSaved
from .schema import NOTICE, validator
from .wsdl import soap_action


@dataclass(frozen=True)
class Route:
    """A service operation that answers to an alias."""

    interface: Interface
    method: str

    @property
    def operation(self) -> str:
        """Name of the service operation."""
        return self.interface.operation(self.method)


def routes(state: PeopleSoftState, action: str) -> list[Route]:
    """Service operations with this external alias; several may share an odd one."""
    switches = state.switches
    return [
        Route(interface, method)
        for interface in of_site(switches.interfaces)
        for method in METHODS
        if soap_action(interface, method, switches.aliases) == action
    ]


def answer(state: PeopleSoftState, action: str, authorization: str, text: bytes) -> str:
    """The answer to a SOAP request. Raises ``BrokerFault``."""
    envelope = read_envelope(text)
    route = _route(state, action, envelope)
    _log_on(state, authorization, envelope, route.operation)
    _authorize(state, route)
    try:
        given = _read(state, route, envelope.body)
    except NotSaved as error:
        given, refused = _keys_only(route.interface, envelope.body), error.notices
        if route.method in ("Get", "Find") or state.switches.invalid_body == "fault":
            raise BrokerFault.invalid(route.operation, refused[0].text) from error
        return _saved(state, route, given, refused, worked=False)
    return _run(state, route, given)


def _log_on(state: PeopleSoftState, authorization: str, envelope: Envelope, operation: str) -> None:
    """Check the UsernameToken or the Basic header; a call without either runs as ANONYMOUS."""
    wanted = state.switches.soap_verification
    scheme, _, value = authorization.partition(" ")
    pair: tuple[str, str | None] | None = None
    if envelope.token is not None and wanted in ("any", "wsse"):
        pair = (envelope.token.user, envelope.token.password)
    elif scheme.lower() == "basic" and wanted in ("any", "basic"):
        pair = basic_pair(value.strip()) or ("", None)
    if pair is None:
        raise BrokerFault.not_authorized("ANONYMOUS", operation)
    outcome = state.identity.log_on(*pair)
    if outcome is LogOn.UNKNOWN:
        raise BrokerFault.unknown_user(pair[0])
    if outcome is LogOn.WRONG_PASSWORD:
        raise BrokerFault.wrong_password()


def _route(state: PeopleSoftState, action: str, envelope: Envelope) -> Route:
    found = routes(state, action)
    if len(found) > 1:
        root = etree.QName(envelope.body).localname
        found = [route for route in found if route.interface.root(route.method) == root]
    inactive = set(state.switches.inactive)
    if not found or inactive & {found[0].operation, found[0].interface.service}:
        raise BrokerFault.no_routing(action)
    return found[0]


def _authorize(state: PeopleSoftState, route: Route) -> None:
    if {route.operation, route.interface.service} & set(state.switches.denied):
        raise BrokerFault.not_authorized(credentials.OPRID, route.operation)


def _read(state: PeopleSoftState, route: Route, body: Any) -> Record:
    """The given values. Raises ``NotSaved`` for what the schema refuses."""
    switches = state.switches
    message = request_name(switches.database, route.interface, route.method)
    if switches.check_namespaces:
        if etree.QName(body).namespace != message.namespace:
            reason = f"namespace {etree.QName(body).namespace} belongs to no message of this operation"
            raise BrokerFault.invalid(route.operation, reason)
    else:
        body = _moved(body, message.namespace)
    schema = validator(route.interface, route.method, message)
    if not schema.validate(body):
        raise NotSaved([Notice(str(error.message), 6) for error in schema.error_log])
    return buffer.Reader(route.interface, switches.unicode_database).read(body, route.interface.level)


def _moved(body: Any, namespace: str) -> Any:
    """The same body with every element in one namespace."""
    made = deepcopy(body)
    for part in made.iter():
        part.tag = f"{{{namespace}}}{etree.QName(part).localname}"
    return made


def _keys_only(interface: Interface, body: Any) -> Record:
    """The keys of a body that could not be read, as text."""
    texts = {etree.QName(part).localname: part.text or "" for part in body}
    return {name: texts.get(interface.tag(name), "") for name in interface.level.keys}


def _run(state: PeopleSoftState, route: Route, given: Record) -> str:
    methods = Methods(state, route.interface, COMPONENTS[route.interface.ci])
    if route.method == "Get":
        return _got(state, route, methods.get(given))
    if route.method == "Find":
        return _found(state, route, methods.find(given))
    try:
        saved = _save(methods, route.method, given)
    except NotSaved as error:
        return _saved(state, route, given, error.notices, worked=False)
    return _saved(state, route, saved.record, saved.warnings, worked=True)


def _save(methods: Methods, method: str, given: Record) -> Saved:
    if method == "Create":
        return methods.create(given)
    return methods.update(given, add=method == "Update")


def _answer(state: PeopleSoftState, route: Route, content: str) -> str:
    message = response_name(state.switches.database, route.interface, route.method)
    return answer_envelope(f"{route.interface.root(route.method)}Response", message.namespace, content)


def _got(state: PeopleSoftState, route: Route, record: Record | None) -> str:
    if record is None and state.switches.get_missing == "fault":
        raise BrokerFault(91, 1, "No rows exist for the specified keys.", route.interface.name)
    interface = route.interface
    content = "" if record is None else buffer.write(interface, interface.level, record)
    return _answer(state, route, content)


def _found(state: PeopleSoftState, route: Route, records: list[Record]) -> str:
    interface = route.interface
    rows = (buffer.write_fields(interface, interface.search, record) for record in records)
    return _answer(state, route, "".join(f"<m:{interface.name}>{row}</m:{interface.name}>" for row in rows))


def _saved(
    state: PeopleSoftState, route: Route, record: Mapping[str, Any], notices: list[Notice], *, worked: bool
) -> str:
    interface = route.interface
    keys = buffer.write_fields(interface, interface.level.keys, dict(record))
    entries = "".join(f"<m:messages>{''.join(_notice(notice))}</m:messages>" for notice in notices)
    detail = f"<m:detail><m:{interface.name}>{keys}</m:{interface.name}>{entries}</m:detail>"
    return _answer(state, route, f"<m:notification>{int(worked)}</m:notification>{detail}")


def _notice(notice: Notice) -> Iterator[str]:
    values = (notice.type, str(notice.set), str(notice.number), notice.text, notice.explain)
    return (element(name, value) for name, value in zip(NOTICE, values, strict=True))
