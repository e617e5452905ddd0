"""An integration gateway that refuses whatever is not exactly right."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from lxml import etree

from ml_connector.core.contract import Payload
from ml_connector.core.http import Retry
from ml_connector.peoplesoft.settings import PeopleSoftSettings
from ml_connector.peoplesoft.soap import (
    ComponentInterfaces,
    Interface,
    InterfaceName,
    MemoryWsdlCache,
    make_client,
)
from tests.peoplesoft.soap.wsdls import Wsdl

NODE, LOGIN, PASSWORD = "PSFT_EP", "INTUSER", 'open<&"sesame'
CONNECTOR = "/proxy/PSIGW/PeopleSoftServiceListeningConnector"
_ENVELOPE = "{http://schemas.xmlsoap.org/soap/envelope/}"
_WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
THING = InterfaceName("THING")

Answer = web.Response | Callable[[web.Request], Awaitable[web.StreamResponse]]


def envelope(content: str) -> str:
    """An ordinary answer, with the prefix that PeopleSoft uses for it."""
    return (
        '<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<soapenv:Body>{content}</soapenv:Body></soapenv:Envelope>"
    )


def ib_response(message: str, kind: str = "error") -> str:
    """An error of the Integration Broker."""
    return (
        f'<IBResponse xmlns="" type="{kind}"><DefaultTitle>Integration Broker Response</DefaultTitle>'
        f"<StatusCode>20</StatusCode><MessageID>0</MessageID><DefaultMessage><![CDATA[{message}]]>"
        "</DefaultMessage></IBResponse>"
    )


def fault(message: str, status: int = 500, prefix: str = "SOAP-ENV") -> web.Response:
    """A fault as captured: with another prefix than answers."""
    space = f'xmlns:{prefix}="http://schemas.xmlsoap.org/soap/envelope/"'
    text = (
        f"<{prefix}:Envelope {space}><{prefix}:Body><{prefix}:Fault><faultcode>{prefix}:Server</faultcode>"
        f"<faultstring>null</faultstring><detail>{ib_response(message)}</detail></{prefix}:Fault>"
        f"</{prefix}:Body></{prefix}:Envelope>"
    )
    return web.Response(status=status, text=text, content_type="text/xml")


def xml(content: str, status: int = 200) -> web.Response:
    """An answer of the services listening connector."""
    return web.Response(status=status, text=envelope(content), content_type="text/xml")


def notified(notification: str, *messages: tuple[str, str, str, str]) -> str:
    """What a write answers: notification, and messages as type, set, number and text."""
    names = ("type", "messagesetnumber", "messagenumber", "messagetext")
    parts = []
    for message in messages:
        texts = [f"<m:{name}>{text}</m:{name}>" for name, text in zip(names, message, strict=True)]
        parts.append(f"<m:messages>{''.join(texts)}</m:messages>")
    return f"<m:notification>{notification}</m:notification><m:detail>{''.join(parts)}</m:detail>"


@dataclass
class Gateway:
    """Serves one service; what is posted must be valid by its schema and carry the credentials.

    Attributes:
        wsdl: as it is served; a change of it takes effect at once.
        posted: content of each call's body.
        answers: used up one by one; afterwards the call is refused by the test.
        gets: paths that were fetched.
    """

    wsdl: Wsdl = field(default_factory=Wsdl)
    wsse: bool = False
    path_form: bool = True
    query_form: bool = True
    description: Answer | None = None
    posted: list[etree._Element] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    gets: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    password: str = PASSWORD
    url: str = ""

    def app(self) -> web.Application:
        """The routes of the gateway, behind a path of a proxy."""
        app = web.Application()
        app.router.add_get(CONNECTOR, self._by_query)
        app.router.add_get(f"{CONNECTOR}/{NODE}/{{file}}", self._by_path)
        app.router.add_post(f"{CONNECTOR}/{NODE}", self._call)
        return app

    def settings(self, **extra: Any) -> PeopleSoftSettings:
        """A connection to this gateway."""
        fields = {"node": NODE, "soap_auth": "wsse" if self.wsse else "basic", "timeout": 20} | extra
        return PeopleSoftSettings.from_connection(
            host=f"{self.url}/proxy", login=LOGIN, password=PASSWORD, extra=fields
        )

    def says(self, root: str, content: str = "", status: int = 200) -> None:
        """Plan an answer with this root element."""
        space = self.wsdl.namespace(root)
        self.answers.append(xml(f'<m:{root} xmlns:m="{space}">{content}</m:{root}>', status))

    def saved(
        self, verb: str = "Create", keys: str = "<m:SETID>SHARE</m:SETID><m:THING_ID>0007</m:THING_ID>"
    ) -> None:
        """Plan a write that works."""
        root = f"{verb}__CompIntfc__{self.wsdl.ci}Response"
        ci = self.wsdl.ci
        self.says(root, f"<m:notification>1</m:notification><m:detail><m:{ci}>{keys}</m:{ci}></m:detail>")

    async def _by_query(self, request: web.Request) -> web.StreamResponse:
        self.gets.append(request.path_qs.removeprefix(CONNECTOR))
        wanted = {"Operation": "GetWSDL", "wsdl": f"{self.wsdl.service}.1"}
        if not self.query_form or dict(request.query) != wanted:
            return web.Response(status=404)
        return await self._described(request)

    async def _by_path(self, request: web.Request) -> web.StreamResponse:
        self.gets.append(request.path_qs.removeprefix(CONNECTOR))
        file = request.match_info["file"]
        schemas = self.wsdl.schemas()
        if file.endswith(".xsd") and file.removesuffix(".xsd") in schemas:
            return web.Response(text=schemas[file.removesuffix(".xsd")], content_type="text/xml")
        if not self.path_form or request.query_string or file != f"{self.wsdl.service}.1.wsdl":
            return web.Response(status=404)
        return await self._described(request)

    async def _described(self, request: web.Request) -> web.StreamResponse:
        if self.description is not None:
            return await _answer(self.description, request)
        return web.Response(text=self.wsdl.text(), content_type="text/xml")

    async def _call(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(dict(request.headers))
        self.paths.append(request.path)
        root = etree.fromstring(await request.read())
        (content,) = root.find(f"{_ENVELOPE}Body")
        refusal = self._refusal(request, root, content)
        if refusal is not None:
            return refusal
        self.posted.append(content)
        if not self.answers:
            return self._complain("unexpected call")
        return await _answer(self.answers.pop(0), request)

    def _refusal(
        self, request: web.Request, root: etree._Element, content: etree._Element
    ) -> web.Response | None:
        name = etree.QName(content)
        action = request.headers.get("SOAPAction", "").strip('"')
        if self.wsdl.operations.get(action) != name.localname:
            return fault("Unable to find a Routing corresponding to the incoming request message. (158,505)")
        if not self._identified(request, root):
            return fault("User password failed. (158,45)")
        if request.headers["Content-Type"] != "text/xml; charset=UTF-8" or request.query_string:
            return self._complain("content type or query are wrong")
        if name.namespace != self.wsdl.namespace(name.localname):
            return fault("XML parser error: no such element in this database (159,5)")
        schema = etree.XMLSchema(etree.fromstring(self.wsdl.schemas()[name.namespace.rpartition("/")[2]]))
        return None if schema.validate(content) else self._complain(str(schema.error_log))

    def _identified(self, request: web.Request, root: etree._Element) -> bool:
        basic = request.headers.get("Authorization", "")
        if not self.wsse:
            pair = base64.b64encode(f"{LOGIN}:{self.password}".encode()).decode()
            return basic == f"Basic {pair}" and root.find(f"{_ENVELOPE}Header") is None
        security = root.find(f"{_ENVELOPE}Header/{_WSSE}Security")
        if basic or security is None or security.get(f"{_ENVELOPE}mustUnderstand") != "1":
            return False
        token = security.find(f"{_WSSE}UsernameToken")
        password = token.find(f"{_WSSE}Password")
        given = (token.findtext(f"{_WSSE}Username"), password.text)
        return given == (LOGIN, self.password) and password.get("Type", "").endswith("#PasswordText")

    def _complain(self, text: str) -> web.Response:
        self.complaints.append(text)
        return web.Response(status=400, text=text)


async def _answer(answer: Answer, request: web.Request) -> web.StreamResponse:
    return answer if isinstance(answer, web.StreamResponse) else await answer(request)


@asynccontextmanager
async def serving(gateway: Gateway) -> AsyncIterator[Gateway]:
    """The gateway on a port; what it complained about fails the test."""
    server = TestServer(gateway.app())
    await server.start_server()
    gateway.url = str(server.make_url("/")).rstrip("/")
    try:
        yield gateway
    finally:
        await server.close()
    assert gateway.complaints == []


@asynccontextmanager
async def connected(
    gateway: Gateway, cache: MemoryWsdlCache | None = None, **extra: Any
) -> AsyncIterator[ComponentInterfaces]:
    """A connection without state database and without repetitions."""
    settings = gateway.settings(**extra)
    async with make_client(settings, retry=Retry(attempts=1)) as client:
        yield ComponentInterfaces(settings, client, cache or MemoryWsdlCache())


async def thing(interfaces: ComponentInterfaces, name: InterfaceName = THING) -> Interface:
    """The service's interface."""
    return await interfaces.interface(name)


def plain(element: etree._Element) -> Payload:
    """An element as names and texts, collections as lists, for comparing."""
    found: Payload = {}
    for part in element:
        name = str(etree.QName(part).localname)
        if len(part):
            found.setdefault(name, []).append(plain(part))
        else:
            found[name] = part.text or ""
    return found
