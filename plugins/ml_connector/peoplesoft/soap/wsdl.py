"""What a service description says, read by zeep: operations, their properties, and messages to send.

zeep is slow to import, so this module is imported when the first description is at hand. It reads
and writes XML only; requests are sent by the product's own client, and zeep has no way to send any.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import zeep
from lxml import etree
from zeep.exceptions import Error as ZeepError
from zeep.transports import Transport
from zeep.wsdl import Document
from zeep.wsdl.bindings.soap import Soap11Binding
from zeep.wsse.username import UsernameToken
from zeep.xsd.types.builtins import Decimal, Integer
from zeep.xsd.types.collection import UnionType
from zeep.xsd.types.complex import ComplexType

from ml_connector.peoplesoft.soap.documents import Documents, UnusableWsdl
from ml_connector.peoplesoft.soap.names import InterfaceName, Role
from ml_connector.peoplesoft.soap.shape import Property, Shape

_ROOT = re.compile(r"([A-Za-z]+)__CompIntfc__(\w+)")
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_SECURITY = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}Security"
_DEPTH = 6  # a component has four levels; a type that holds itself has no end


@dataclass(frozen=True)
class Operation:
    """One operation of a component interface.

    Attributes:
        name: of the service operation; permission lists are granted on it.
        action: the SOAPAction, as the description states it.
        namespace: of a message; it holds a number that each database has for itself.
        root: local name of the input element.
        answer_root: local name of the answer's element.
        takes: properties of a message.
        answers: properties of the answer.
    """

    name: str
    action: str
    namespace: str
    root: str
    answer_root: str
    takes: Shape
    answers: Shape


@dataclass(frozen=True)
class Description:
    """A service as its description says.

    Attributes:
        digest: of the documents it was read from; another one means that something changed.
        address: where calls go, as the description says.
        operations: every operation with a SOAP 1.1 binding.
    """

    digest: str
    address: str
    operations: tuple[Operation, ...]
    client: Any

    def operation(self, name: InterfaceName, role: Role) -> Operation:
        """The operation for a role: by the verb of its input element, else by its suffix.

        Raises:
            UnusableWsdl: there is none; the text names the service operation that is missing.
        """
        for found in self.operations:
            parts = _ROOT.fullmatch(found.root)
            if parts and parts[1].lower() == role.verb:
                return found
        for found in self.operations:
            if found.name.upper().endswith(role.suffix) and not _ROOT.fullmatch(found.root):
                return found
        there = ", ".join(operation.name for operation in self.operations) or "none"
        raise UnusableWsdl(
            f"service {name.file} has no operation to {role.verb} (it has: {there}). Ask the PeopleSoft "
            f"administrator to add method {role.verb.capitalize()} of component interface {name.name} to the "
            f"service ({name.service_name}{role.suffix}, Integration Broker, CI-Based Services), to grant it "
            "to the integration user, and to provide the WSDL again"
        )

    def message(
        self, operation: Operation, values: Mapping[str, Any], credentials: tuple[str, str] | None
    ) -> bytes:
        """The envelope to send.

        Args:
            operation: one of ours.
            values: under the site's names, as :meth:`Converter.to_site` makes them.
            credentials: login and password for a UsernameToken; None leaves the header out.

        Raises:
            UnusableWsdl: the values do not fit the description.
        """
        try:
            envelope = self.client.create_message(self.client.service, operation.name, **values)
        except (ZeepError, TypeError, ValueError) as error:
            raise UnusableWsdl(f"{operation.name}: no message fits its description: {error}") from None
        if credentials is not None:
            UsernameToken(*credentials).apply(envelope, {})
            security = next(envelope.iter(_SECURITY))
            security.set(f"{{{_ENVELOPE}}}mustUnderstand", "1")
        content: bytes = etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
        return content


class _Given(Transport):  # type: ignore[misc]  # zeep has no types
    """Hands zeep the documents that were fetched; it has no session, so zeep cannot send."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._close_session = False
        self.cache = None

    def load(self, url: str) -> bytes:
        content = self._documents.contents.get(url)
        if content is None:
            raise UnusableWsdl(f"the description refers to {url.partition('?')[0]}, which was not fetched")
        return content


# What zeep raises for descriptions that are not as it expects, beside its own errors.
_UNREADABLE = (
    ZeepError,
    etree.LxmlError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    NotImplementedError,
)


@lru_cache(maxsize=32)
def parse(content: bytes) -> Description:
    """Read packed documents; the same content is read once in a process.

    Raises:
        UnusableWsdl: no description that zeep can use.
    """
    try:
        documents = Documents.unpack(content)
        settings = zeep.Settings(forbid_dtd=True, forbid_entities=True, force_https=False)
        transport = _Given(documents)
        document = Document(documents.location, transport, settings=settings)
        port = _port(document)
        operations = tuple(_operation(found) for found in port.binding.all().values() if _answers(found))
    except _UNREADABLE as error:
        raise UnusableWsdl(f"the service description cannot be read: {error}") from None
    service = next(one for one in document.services.values() if port in one.ports.values())
    client = zeep.Client(document, transport=transport, service_name=service.name, port_name=port.name)
    address = str(port.binding_options.get("address") or "")
    return Description(hashlib.sha256(content).hexdigest(), address, operations, client)


def _port(document: Any) -> Any:
    """The first port with a SOAP 1.1 binding: what PeopleSoft provides, and all captured calls use."""
    for service in document.services.values():
        for port in service.ports.values():
            if isinstance(port.binding, Soap11Binding):
                return port
    raise UnusableWsdl("the service description has no service with a SOAP 1.1 binding")


def _answers(found: Any) -> bool:
    """Whether an operation takes a message and answers one; methods of a site's own need not."""
    return all(side is not None and side.body is not None for side in (found.input, found.output))


def _operation(found: Any) -> Operation:
    taken, answered = found.input.body, found.output.body
    return Operation(
        found.name,
        str(found.soapaction or ""),
        str(taken.qname.namespace),
        str(taken.qname.localname),
        str(answered.qname.localname),
        _shape(taken.type),
        _shape(answered.type),
    )


def _shape(kind: Any, depth: int = 0) -> Shape:
    if depth > _DEPTH:
        raise UnusableWsdl("a type of the service description holds itself")
    return {str(element.name): _property(element, depth) for _, element in _elements(kind)}


def _elements(kind: Any) -> Iterable[tuple[str, Any]]:
    """Elements below a type; those of simple content hold the text and are none."""
    if not isinstance(kind, ComplexType):
        return []
    return [(name, element) for name, element in kind.elements if name != "_value_1"]


def _property(element: Any, depth: int) -> Property:
    below = _elements(element.type)
    return Property(
        name=str(element.name),
        required=not element.is_optional and not element.nillable,
        many=bool(element.accepts_multiple),
        decimal=not below and _is_decimal(element.type),
        wrapped=isinstance(element.type, ComplexType),
        parts=_shape(element.type, depth + 1) if below else None,
    )


def _is_decimal(kind: Any) -> bool:
    """Whether values are decimals; PeopleSoft writes decimals that may be blank as a union."""
    if isinstance(kind, ComplexType):
        return any(_is_decimal(element.type) for _, element in kind.elements)
    if isinstance(kind, UnionType):
        return any(_is_decimal(item) for item in kind.item_types)
    return isinstance(kind, Decimal) and not isinstance(kind, Integer)
