"""The WSDL of a service: document style, one port, message names and namespaces of this database."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

from .interfaces import METHODS, Interface
from .messages import MessageName, request_name, response_name
from .schema import XSD, request_schema, response_schema

SERVICES = "http://xmlns.oracle.com/Enterprise/Tools/services"
WSDL = "http://schemas.xmlsoap.org/wsdl/"
SOAP = "http://schemas.xmlsoap.org/wsdl/soap/"
HTTP = "http://schemas.xmlsoap.org/soap/http"

Pair = tuple[MessageName, MessageName]


def soap_action(interface: Interface, method: str, aliases: Mapping[str, str]) -> str:
    """External alias of a service operation: its name and version unless the site chose another."""
    operation = interface.operation(method)
    return aliases.get(operation, f"{operation}.V{interface.version}")


def wsdl(interface: Interface, database: str, aliases: Mapping[str, str], address: str) -> str:
    """The whole document."""
    name = f"{interface.service}.{interface.version}"
    pairs = {
        method: (request_name(database, interface, method), response_name(database, interface, method))
        for method in METHODS
    }
    prefixes = "".join(
        f' xmlns:{message.name}="{message.namespace}"' for pair in pairs.values() for message in pair
    )
    target = f"{SERVICES}/{name}"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<wsdl:definitions name="{name}" targetNamespace="{target}" '
        f'xmlns:{name}="{target}" xmlns:soap="{SOAP}" xmlns:wsdl="{WSDL}" xmlns:xsd="{XSD}"{prefixes}>'
        f"<wsdl:types>{_schemas(interface, pairs)}</wsdl:types>{_messages(interface, pairs)}"
        f"{_port_type(interface, name, pairs)}{_binding(interface, name, pairs, aliases)}"
        f'<wsdl:service name="{interface.service}"><wsdl:port binding="{name}:{interface.service}_Binding" '
        f'name="{interface.service}_Port"><soap:address location={quoteattr(address)}/></wsdl:port>'
        "</wsdl:service></wsdl:definitions>"
    )


def _schemas(interface: Interface, pairs: Mapping[str, Pair]) -> str:
    return "".join(
        request_schema(interface, method, asked) + response_schema(interface, method, answered)
        for method, (asked, answered) in pairs.items()
    )


def _messages(interface: Interface, pairs: Mapping[str, Pair]) -> str:
    return "".join(
        _message(asked, interface.root(method)) + _message(answered, f"{interface.root(method)}Response")
        for method, (asked, answered) in pairs.items()
    )


def _message(message: MessageName, root: str) -> str:
    part = f'<wsdl:part name="parameter" element="{message.name}:{root}"/>'
    return f'<wsdl:message name="{message.name}">{part}</wsdl:message>'


def _port_type(interface: Interface, name: str, pairs: Mapping[str, Pair]) -> str:
    operations = "".join(
        f'<wsdl:operation name="{interface.operation(method)}">'
        f"<wsdl:documentation>{method}</wsdl:documentation>"
        f'<wsdl:input message="{name}:{asked.name}" name="{asked.name}"/>'
        f'<wsdl:output message="{name}:{answered.name}" name="{answered.name}"/></wsdl:operation>'
        for method, (asked, answered) in pairs.items()
    )
    return f'<wsdl:portType name="{interface.service}_PortType">{operations}</wsdl:portType>'


def _binding(interface: Interface, name: str, pairs: Mapping[str, Pair], aliases: Mapping[str, str]) -> str:
    operations = "".join(
        f'<wsdl:operation name="{interface.operation(method)}">'
        f'<soap:operation soapAction={quoteattr(soap_action(interface, method, aliases))} style="document"/>'
        f'<wsdl:input name="{asked.name}"><soap:body use="literal"/></wsdl:input>'
        f'<wsdl:output name="{answered.name}"><soap:body use="literal"/></wsdl:output></wsdl:operation>'
        for method, (asked, answered) in pairs.items()
    )
    return (
        f'<wsdl:binding name="{interface.service}_Binding" type="{name}:{interface.service}_PortType">'
        f'<soap:binding style="document" transport="{HTTP}"/>{operations}</wsdl:binding>'
    )
