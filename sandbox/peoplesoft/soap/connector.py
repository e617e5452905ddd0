"""The PeopleSoft services listening connector: WSDL by both URL forms, SOAP by POST."""

from __future__ import annotations

import re

from aiohttp import web

from sandbox import credentials
from sandbox.peoplesoft.auth import LogOn, basic_pair
from sandbox.peoplesoft.state import PeopleSoftState

from .envelope import fault_envelope
from .interfaces import Interface, of_site
from .outcome import BrokerFault
from .service import answer, routes
from .wsdl import wsdl

FILE = re.compile(r"(?P<service>.+)\.(?P<version>[^.]+)\.wsdl")
NAME = re.compile(r"(?P<service>.+)\.(?P<version>[^.]+)")
CODE = re.compile(r"(\d+),(\d+)")


class SoapConnector:
    """Handlers over one state, at one path."""

    def __init__(self, state: PeopleSoftState, path: str) -> None:
        self.state, self.path = state, path

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the paths, with and without a node."""
        for path in (self.path, f"{self.path}/{{first}}", f"{self.path}/{{first}}/{{second}}"):
            router.add_route("GET", path, self.describe)
            router.add_route("POST", path, self.call)

    def operation(self, request: web.Request) -> str:
        """Name of a call for faults and counters: `SOAP CI_AP_VOUCHER_C`, `WSDL CI_AP_VOUCHER`."""
        if request.method == "GET":
            name = self._wanted(request)
            return f"WSDL {name.rpartition('.')[0]}" if name else "WSDL"
        action = _action(request)
        found = routes(self.state, action)
        return f"SOAP {found[0].operation if len(found) == 1 else action}"

    async def describe(self, request: web.Request) -> web.StreamResponse:
        """A WSDL."""
        if not self._node_is_right(request):
            return web.Response(status=404)
        if self.state.switches.wsdl_verification == "basic" and not self._basic(request):
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="PeopleSoft"'})
        interface = self._interface(self._wanted(request))
        if interface is None:
            return web.Response(status=404)
        switches = self.state.switches
        host = switches.soap_host.rstrip("/") or f"{request.scheme}://{request.host}"
        address = f"{host}{self.path}/{credentials.NODE}"
        text = wsdl(interface, switches.database, switches.aliases, address)
        return web.Response(text=text, content_type="text/xml", charset="utf-8")

    async def call(self, request: web.Request) -> web.StreamResponse:
        """A SOAP call; the path says no more than the node."""
        if not self._node_is_right(request):
            return web.Response(status=404)
        text = await request.read()
        try:
            body = answer(self.state, _action(request), request.headers.get("Authorization", ""), text)
        except BrokerFault as fault:
            return self.fault(fault)
        return web.Response(text=body, content_type="text/xml", charset="utf-8")

    def fault(self, fault: BrokerFault) -> web.Response:
        """A fault, with the status this site gives it."""
        status = int(self.state.switches.soap_fault_status)
        return web.Response(
            text=fault_envelope(fault), status=status, content_type="text/xml", charset="utf-8"
        )

    def planned(self, code: str, message: str) -> web.Response | None:
        """A planned fault whose code names a message, such as `158,10721`."""
        match = CODE.fullmatch(code)
        return self.fault(BrokerFault(int(match[1]), int(match[2]), message)) if match else None

    def _wanted(self, request: web.Request) -> str:
        """Service and version the URL names: `CI_AP_VOUCHER.1`."""
        if request.query.get("Operation") == "GetWSDL":
            return request.query.get("wsdl", "")
        path = request.match_info
        match = FILE.fullmatch(path.get("second", path.get("first", "")))
        return f"{match['service']}.{match['version']}" if match else ""

    def _node_is_right(self, request: web.Request) -> bool:
        first = request.match_info.get("first", credentials.NODE)
        alone = "second" not in request.match_info
        return first == credentials.NODE or (alone and FILE.fullmatch(first) is not None)

    def _interface(self, name: str) -> Interface | None:
        match = NAME.fullmatch(name)
        if match is None:
            return None
        for interface in of_site(self.state.switches.interfaces):
            if (interface.service, interface.version) == (match["service"], match["version"]):
                return interface
        return None

    def _basic(self, request: web.Request) -> bool:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        pair = basic_pair(value) if scheme.lower() == "basic" else None
        return pair is not None and self.state.identity.log_on(*pair) is LogOn.ACCEPTED


def _action(request: web.Request) -> str:
    return request.headers.get("SOAPAction", "").strip().strip('"')
