"""Fetches a service description and the schemas it refers to; parsing them is left to ``wsdl``."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from ml_connector.core import codec
from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    NotActivated,
    Unavailable,
)
from ml_connector.core.http import Client, Request, Response
from ml_connector.peoplesoft import answers
from ml_connector.peoplesoft.settings import PeopleSoftSettings
from ml_connector.peoplesoft.soap.names import InterfaceName

CONNECTOR = "PeopleSoftServiceListeningConnector"
_DEFINITIONS = re.compile(rb"<(?:[\w.-]+:)?definitions[\s/>]")
_MOST = 100  # schemas of one description; more is a loop, not a component interface


class UnusableWsdl(ConfigurationError):
    """A description cannot be used, or has not what is asked of it."""


@dataclass(frozen=True, slots=True)
class Documents:
    """A description with everything it refers to.

    Attributes:
        location: address of the description itself.
        contents: XML by address.
    """

    location: str
    contents: Mapping[str, bytes]

    def pack(self) -> bytes:
        """The form in which it is cached; the same documents always give the same bytes."""
        return codec.encode({"location": self.location, "contents": dict(self.contents)})

    @classmethod
    def unpack(cls, content: bytes) -> Documents:
        """Inverse of :meth:`pack`.

        Raises:
            ValueError: the content is of another version.
        """
        value = codec.decode(content)
        try:
            contents = {url: b64decode(text) for url, text in value["contents"].items()}
            return cls(value["location"], contents)
        except (KeyError, TypeError, AttributeError):
            raise ValueError("no packed service description") from None


def cache_name(settings: PeopleSoftSettings, name: InterfaceName) -> str:
    """Names a description in one environment."""
    parts = [settings.base_url, settings.gateway_path, settings.node, name.service_name, name.version]
    return f"peoplesoft:wsdl:{hashlib.sha256(codec.encode(parts)).hexdigest()[:32]}"


def connector_url(settings: PeopleSoftSettings) -> str:
    """Where the SOAP services of the gateway begin."""
    return f"{settings.base_url}{settings.gateway_path}/{CONNECTOR}"


def call_url(settings: PeopleSoftSettings, address: str) -> str:
    """Where the operations of a service are called: at the connection's gateway and node.

    Of the address in a description only the node counts, and only to check it. PeopleSoft writes the
    target location of its service configuration there: often a name inside the customer's network
    that we reach through a proxy, under another host and path; and the password goes nowhere but to
    the gateway of the connection. One gateway serves several databases, and an address without node
    reaches its default one, so the node is always named.

    Raises:
        UnusableWsdl: the address names another node, so the description is of another database.
    """
    _, found, tail = urlsplit(address).path.partition(CONNECTOR)
    node = tail.strip("/").partition("/")[0]
    if found and node and node.casefold() != settings.node.casefold():
        raise UnusableWsdl(
            f"the description is of node {node} and the connection names node {settings.node}: calls "
            "would go to another database. Correct the node of the connection, or the target location in the "
            "service configuration of PeopleSoft"
        )
    return f"{connector_url(settings)}/{settings.node}"


class DescriptionReader:
    """Reads descriptions from the gateway, over the connection's own client."""

    def __init__(self, settings: PeopleSoftSettings, client: Client) -> None:
        self._settings, self._client = settings, client

    async def read(self, name: InterfaceName) -> Documents:
        """The description of a service and its schemas.

        Raises:
            ConfigurationError: there is none, or it refers to something that is not on the gateway.
            ConnectorError: see ``core.errors``.
        """
        location, content = await self._description(name)
        contents = {location: content}
        missing = self._references(name, location, content)
        while missing:
            url = missing.pop()
            if len(contents) > _MOST:
                raise ConfigurationError(f"service {name.file}: its description has over {_MOST} schemas")
            if url not in contents:
                contents[url] = self._xml(name, await self._get(self._reach(name, url)))
                missing += self._references(name, url, contents[url])
        return Documents(location, contents)

    async def _description(self, name: InterfaceName) -> tuple[str, bytes]:
        """By path, the form that Oracle prefers; older gateways and some proxies know the query only.

        Oracle documents the query form without a node, so the gateway's default database answers it;
        whether that is ours, the address in the description says.
        """
        base = connector_url(self._settings)
        location = f"{base}/{self._settings.node}/{name.file}.wsdl"
        response = await self._get(location)
        if response.status == 404:
            location = f"{base}?Operation=GetWSDL&wsdl={name.file}"
            response = await self._get(location)
        content = self._xml(name, response)
        if not _DEFINITIONS.search(content):
            raise self._not_provided(name, f"no WSDL came back: {self._client.excerpt(response)}")
        return location, content

    async def _get(self, url: str) -> Response:
        return await self._client.send(Request("GET", url, headers={"Accept": "text/xml, */*;q=0.1"}))

    def _xml(self, name: InterfaceName, response: Response) -> bytes:
        if response.status != 200:
            raise self._refusal(name, response)
        start = response.body[:2000].lower()
        if b"<html" in start or b"<!doctype html" in start:
            raise Unavailable(
                f"service {name.file}: a web page came back instead of the description: maintenance, or a "
                "proxy with a sign-in of its own in front of the gateway"
            )
        if b"<IBResponse" in response.body:
            self._refuse_code(response)
            raise self._not_provided(name, self._client.excerpt(response))
        return response.body

    def _refusal(self, name: InterfaceName, response: Response) -> ConnectorError:
        self._refuse_code(response)
        said = f"the description of service {name.file}: PeopleSoft answered {response.status}"
        match response.status:
            case 401:
                return AuthenticationError(f"{said}: login or password are wrong, or the account is locked")
            case 403:
                return NotActivated(f"{said}. {_provide(name)}", operation=name.service_name)
            case 404:
                return self._not_provided(name, "nothing is there under either form of its address (404)")
            case status if status >= 500:
                return Unavailable(
                    f"{said}: an outage, or with Service System Status 'Production' also a service that is "
                    f"not provided. If it stays: {_provide(name)}"
                )
        return ConfigurationError(f"{said}: {self._client.excerpt(response)}")

    def _refuse_code(self, response: Response) -> None:
        answers.refuse_code(self._client.excerpt(response, 1000))

    def _not_provided(self, name: InterfaceName, what: str) -> ConfigurationError:
        return ConfigurationError(
            f"service {name.file} has no description on node {self._settings.node}: {what}. Check node and "
            f"gateway path, and service and version of the component interface in the tenant file. "
            f"{_provide(name)}"
        )

    def _references(self, name: InterfaceName, base: str, content: bytes) -> list[str]:
        """Addresses that a document imports or includes."""
        from ml_connector.peoplesoft.soap.xml import UnusableXml, references

        try:
            return [urljoin(base, place) for place in references(content)]
        except UnusableXml as error:
            raise ConfigurationError(f"service {name.file}: {_shown(base)}: {error}") from None

    def _reach(self, name: InterfaceName, url: str) -> str:
        """A schema's address as we reach it; PeopleSoft names its own, see :func:`call_url`."""
        parts = urlsplit(url)
        _, found, tail = parts.path.partition(CONNECTOR)
        if found:
            query = f"?{parts.query}" if parts.query else ""
            return f"{connector_url(self._settings)}{tail}{query}"
        if url.startswith(f"{self._settings.base_url}/"):
            return url
        raise ConfigurationError(
            f"service {name.file}: its description refers to {_shown(url)}, which is not on the gateway"
        )


def _provide(name: InterfaceName) -> str:
    return (
        f"Ask the PeopleSoft administrator to create the web service {name.service_name} from component "
        f"interface {name.name} (Integration Broker, CI-Based Services) and to provide its WSDL"
    )


def _shown(url: str) -> str:
    return url.partition("?")[0]
