"""How VOUCHER_BUILD arrives: as IBRequest at the HTTP listening connector, or as JSON by REST.

A 200 says that the message was received, and nothing about what is in it.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox import credentials
from sandbox.data.size import Record
from sandbox.jsonio import decode, json_response
from sandbox.peoplesoft.soap.envelope import ib_response, parse_xml
from sandbox.peoplesoft.soap.outcome import BrokerFault
from sandbox.peoplesoft.state import PeopleSoftState

from .process import run_what_is_due
from .rowset import NotStaged, from_json, from_xml

OPERATION, ALIAS = "VOUCHER_BUILD", "VOUCHER_BUILD.VERSION_1"
RECEIVED = (
    '<?xml version="1.0"?>\n<IBResponse type="success">'
    "<DefaultTitle>Integration Broker Response</DefaultTitle><StatusCode>0</StatusCode></IBResponse>"
)


class BuildConnector:
    """Handlers over one state."""

    def __init__(self, state: PeopleSoftState) -> None:
        self.state = state

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """`POST HttpListeningConnector`."""
        try:
            content = self._content(parse_xml(await request.read()))
        except BrokerFault as fault:
            return _refused(fault)
        try:
            self._stage(from_xml(content, unicode=self.state.switches.unicode_database))
        except NotStaged as error:
            self.state.staging.note(str(error))
        return _xml(RECEIVED)

    async def receive_json(self, request: web.Request) -> web.StreamResponse:
        """`POST VoucherBuild.v1`: a business failure is a field of a 200."""
        try:
            body = decode(await request.read())
            self._stage(from_json(body, unicode=self.state.switches.unicode_database))
        except NotStaged as error:
            return json_response({"Status": "Fail", "Message": str(error)})
        except ValueError:
            return web.Response(status=500)
        return json_response({"Status": "Success"})

    def planned(self, code: str, message: str) -> web.Response | None:
        """A planned error whose code names a message: a 200 with an IBResponse of type error."""
        numbers = [int(part) for part in code.split(",") if part.isdecimal()]
        if len(numbers) != 2:
            return None
        return _refused(BrokerFault(numbers[0], numbers[1], message))

    def _stage(self, rows: list[Record]) -> None:
        switches, state = self.state.switches, self.state
        automatic = switches.voucher_build == "auto"
        due = state.clock.seconds() + switches.voucher_build_seconds if automatic else None
        state.staging.add(rows, due)
        state.staging.note()
        run_what_is_due(state)

    def _content(self, request: Any) -> Any:
        """The message inside an IBRequest, if the gateway accepts the request at all."""
        text = request.findtext
        alias = (text("ExternalOperationName") or "").strip()
        inactive = {OPERATION, ALIAS} & {*self.state.switches.inactive}
        if request.tag != "IBRequest" or alias != ALIAS or inactive:
            raise BrokerFault.no_routing(alias)
        self._check_node(text("From/RequestingNode") or "", text("From/Password") or "")
        if (text("To/DestinationNode") or credentials.NODE) != credentials.NODE:
            raise BrokerFault.no_routing(alias)
        sections = request.findall("ContentSections/ContentSection/Data")
        if len(sections) != 1:
            raise BrokerFault.malformed(1, 1, "one ContentSection with Data was expected")
        return parse_xml((sections[0].text or "").strip().encode())

    def _check_node(self, node: str, password: str) -> None:
        wanted = self.state.switches.node_password
        if node != credentials.REQUESTING_NODE:
            raise BrokerFault(158, 31, f"Node {node or '(blank)'} is not defined.", node)
        if wanted and password != wanted:
            raise BrokerFault(158, 32, f"The password of node {node} is wrong.", node)
        if {OPERATION, ALIAS} & {*self.state.switches.denied}:
            raise BrokerFault.not_authorized(node, OPERATION)


def _refused(fault: BrokerFault) -> web.Response:
    return _xml('<?xml version="1.0"?>\n' + ib_response(fault).replace(' xmlns=""', ""))


def _xml(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/xml", charset="utf-8")
