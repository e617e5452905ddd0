"""SOAP 1.1 envelopes: reading a request strictly, writing answers and faults in PeopleSoft's form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from .outcome import BrokerFault

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
PASSWORD_TEXT = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"
)
OPENING = (
    '<?xml version="1.0"?>\n<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" '
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
)
CLOSING = "</soapenv:Body></soapenv:Envelope>"


@dataclass(frozen=True)
class Token:
    """A WS-Security UsernameToken; `password` is None unless it came as plain text."""

    user: str
    password: str | None


@dataclass(frozen=True)
class Envelope:
    """A request: the one element of its body, and the token of its header."""

    body: Any
    token: Token | None


def parse_xml(text: bytes) -> Any:
    """Parse a document. Raises ``BrokerFault`` 159,5; a document type is refused, as it is no data."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(text, parser)
    except etree.XMLSyntaxError as error:
        raise BrokerFault.malformed(error.lineno or 0, error.offset or 0, error.msg or "no XML") from error
    if root.getroottree().docinfo.doctype:
        raise BrokerFault.malformed(1, 1, "document type declarations are not accepted")
    return root


def read_envelope(text: bytes) -> Envelope:
    """Read a SOAP request. Raises ``BrokerFault``."""
    root = parse_xml(text)
    body = root.find(f"{{{SOAP}}}Body")
    if root.tag != f"{{{SOAP}}}Envelope" or body is None or len(body) != 1:
        raise BrokerFault.malformed(1, 1, "a SOAP envelope with one element in its body was expected")
    return Envelope(body[0], _token(root.find(f"{{{SOAP}}}Header")))


def _token(header: Any) -> Token | None:
    found = header.find(f"{{{WSSE}}}Security/{{{WSSE}}}UsernameToken") if header is not None else None
    if found is None:
        return None
    password = found.find(f"{{{WSSE}}}Password")
    plain = password is not None and password.get("Type", PASSWORD_TEXT) == PASSWORD_TEXT
    return Token(
        (found.findtext(f"{{{WSSE}}}Username") or "").strip(), (password.text or "") if plain else None
    )


def answer_envelope(root: str, namespace: str, content: str) -> str:
    """An answer; `content` uses the prefix `m`."""
    return f'{OPENING}<m:{root} xmlns:m="{namespace}">{content}</m:{root}>{CLOSING}'


def element(name: str, text: str) -> str:
    """A leaf of an answer."""
    return f"<m:{name}>{escape(text)}</m:{name}>" if text else f"<m:{name}/>"


def ib_response(fault: BrokerFault) -> str:
    """What went wrong, as the Integration Broker puts it."""
    parameters = "".join(f"<Parameter>{_cdata(text)}</Parameter>" for text in fault.parameters)
    return (
        '<IBResponse xmlns="" type="error"><DefaultTitle>Integration Broker Response</DefaultTitle>'
        f"<StatusCode>20</StatusCode><MessageID>{fault.number}</MessageID>"
        f"<DefaultMessage>{_cdata(fault.message)}</DefaultMessage>"
        f"<MessageParameters>{parameters}</MessageParameters></IBResponse>"
    )


def fault_envelope(fault: BrokerFault) -> str:
    """A SOAP fault; its prefix differs from that of other answers."""
    return (
        f'<?xml version="1.0"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV="{SOAP}"><SOAP-ENV:Body><SOAP-ENV:Fault>'
        f"<faultcode>SOAP-ENV:Server</faultcode><faultstring>null</faultstring>"
        f"<detail>{ib_response(fault)}</detail></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )


def _cdata(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
