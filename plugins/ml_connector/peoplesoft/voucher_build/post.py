"""Hands a message to PeopleSoft: 200 means that it was received, and nothing about what becomes of it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Protocol

from ml_connector.core.errors import ConfigurationError, ConnectorError, Rejected, Unavailable
from ml_connector.core.http import AiohttpTransport, Client, Request, Response, Retry, Transport, json_request
from ml_connector.core.http.client import Gate
from ml_connector.peoplesoft.settings import PeopleSoftSettings
from ml_connector.peoplesoft.soap import failures
from ml_connector.peoplesoft.soap.failures import Call
from ml_connector.peoplesoft.soap.interfaces import classify
from ml_connector.peoplesoft.soap.messages import Fault
from ml_connector.peoplesoft.soap.reply import read
from ml_connector.peoplesoft.soap.xml import UnusableXml, local, parse
from ml_connector.peoplesoft.voucher_build.message import StagedRow, ib_request, rest_body
from ml_connector.peoplesoft.writers.options import VoucherBuildOptions

_LISTENER = "HttpListeningConnector"
_NODE = re.compile(r"\bnode\b", re.IGNORECASE)
_WORKED, _FAILED = {"success", "ok"}, {"fail", "failed", "failure", "error"}


class Poster(Protocol):
    """One way to hand in a voucher."""

    async def post(self, row: StagedRow) -> None:
        """Hand it in.

        Raises:
            InDoubt: it may have been received.
            Rejected: PeopleSoft did not take it in, because of what is in it.
            ConnectorError: it was not received.
        """
        ...


def make_client(
    settings: PeopleSoftSettings, *, transport: Transport | None = None, gate: Gate | None = None
) -> Client:
    """A client for the listening connectors of the gateway; the caller closes it."""
    return Client(
        f"{settings.base_url}{settings.gateway_path}",
        auth=settings.make_auth(),
        transport=transport or AiohttpTransport(verify=settings.verify),
        gate=gate,
        classify=classify,
        retry=Retry(attempts=1),
        timeout=settings.timeout,
        redactor=settings.redactor(),
    )


def make_poster(settings: PeopleSoftSettings, client: Client, options: VoucherBuildOptions) -> Poster:
    """The way that the tenant's options name.

    Raises:
        ConfigurationError: the connection lacks what it needs.
    """
    if options.way == "rest":
        return RestPoster(settings, client, options)
    return AsyncPoster(settings, client, options)


class AsyncPoster:
    """The HTTP listening connector."""

    def __init__(self, settings: PeopleSoftSettings, client: Client, options: VoucherBuildOptions) -> None:
        if not settings.requesting_node:
            raise ConfigurationError(
                "Voucher Build by message needs the node that stands for this connector in PeopleSoft",
                field="requesting_node",
                expected="the name of an external node, e.g. ML_CONNECTOR",
            )
        self._settings, self._client, self._options = settings, client, options

    async def post(self, row: StagedRow) -> None:
        """See :class:`Poster`."""
        settings = self._settings
        body = ib_request(
            row,
            operation=self._options.operation,
            requesting=settings.requesting_node,
            password=settings.node_password,
            node=settings.node,
        )
        headers = {"Content-Type": "text/xml; charset=utf-8"}
        response = await self._client.send(Request("POST", _LISTENER, headers=headers, body=body))
        call = Call(self._options.operation, True, settings.redactor())
        check_received(call, response)


class RestPoster:
    """A REST service that a site has built over the staging records."""

    def __init__(self, settings: PeopleSoftSettings, client: Client, options: VoucherBuildOptions) -> None:
        self._settings, self._client, self._options = settings, client, options

    async def post(self, row: StagedRow) -> None:
        """See :class:`Poster`."""
        path = f"RESTListeningConnector/{self._settings.node}/{self._options.rest_path}"
        request = json_request("POST", path, rest_body(row, self._options.rest_group))
        response = await self._client.send(request)
        call = Call(self._options.rest_path, True, self._settings.redactor())
        check_status(call, response)


def check_received(call: Call, response: Response) -> None:
    """Return where an ``IBResponse`` says that the message was received, raise what else it means."""
    try:
        root = parse(response.body)
        told = local(root) == "IBResponse" and root.get("type", "error") != "error"
        answer = None if told else read(response.body)
    except UnusableXml:
        raise failures.of_status(call, response) from None
    if isinstance(answer, Fault):
        raise not_received(call, answer)
    if not told or response.status >= 300:
        raise failures.of_status(call, response)


def not_received(call: Call, fault: Fault) -> ConnectorError:
    """The broker refuses the message itself, before anything is executed, so it was not taken in."""
    known = failures.of_fault(replace(call, writes=False), fault)
    if type(known) is Unavailable and _NODE.search(fault.text):
        return ConfigurationError(
            f"{known}. Compare requesting_node and node_password of the connection with PeopleSoft's node"
        )
    return known


def check_status(call: Call, response: Response) -> None:
    """Return where the service says that it worked: a failure may be a field of a 200."""
    if response.status >= 300:
        raise failures.of_status(call, response)
    try:
        answer = response.json()
    except ValueError:
        raise failures.of_status(call, response) from None
    status = str(answer.get("Status", "")).lower() if isinstance(answer, dict) else ""
    if status in _FAILED:
        reason = str(answer.get("Message") or "the service says no more than that it failed")
        raise Rejected(call.redactor(reason))
    if status not in _WORKED:
        raise call.open_end("the answer does not say whether the voucher was taken in")
