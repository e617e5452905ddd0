"""Component interfaces of one PeopleSoft database, called as web services.

An interface is a component without its page: it runs every edit and default, saves one object per
call and knows no bulk call. HTTP 200 is no success: the answer's notification is.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from ml_connector.core.contract import Payload
from ml_connector.core.errors import ConfigurationError, ConnectorError
from ml_connector.core.http import Action, Client, Redactor, Request, Response
from ml_connector.peoplesoft.settings import PeopleSoftSettings
from ml_connector.peoplesoft.soap.cache import WsdlCache
from ml_connector.peoplesoft.soap.documents import DescriptionReader, cache_name, call_url
from ml_connector.peoplesoft.soap.messages import Message
from ml_connector.peoplesoft.soap.names import InterfaceName, Role

if TYPE_CHECKING:
    from ml_connector.peoplesoft.soap.calls import Answer, Caller
    from ml_connector.peoplesoft.soap.wsdl import Description


@dataclass(frozen=True, slots=True)
class Created:
    """A create that was saved.

    Attributes:
        keys: of the new object, under our names; a number that PeopleSoft gave is among them.
        messages: what PeopleSoft says beside, such as warnings.
    """

    keys: dict[str, str]
    messages: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Updated:
    """An update that was saved; see :class:`Created`."""

    keys: dict[str, str]
    messages: tuple[Message, ...] = ()


def classify(request: Request, response: Response) -> Action:
    """Faults come with any status and are read by us; so is every answer to a write."""
    if response.status < 500:
        return Action.DEFAULT
    told = b"Fault" in response.body or b"IBResponse" in response.body or response.status == 500
    return Action.RETURN if told or not request.idempotent else Action.DEFAULT


def soap_redactor(settings: PeopleSoftSettings) -> Redactor:
    """Knows the secrets of the connection, as XML spells them too."""
    redactor = settings.redactor()
    redactor.add(escape(settings.password), escape(settings.password, {'"': "&quot;", "'": "&apos;"}))
    return redactor


class ComponentInterfaces:
    """The component interfaces behind one connection; descriptions are read once.

    Args:
        settings: of the connection.
        client: sends; made by :func:`ml_connector.peoplesoft.soap.make_client`.
        wsdl_cache: where descriptions are kept between processes.
    """

    def __init__(self, settings: PeopleSoftSettings, client: Client, wsdl_cache: WsdlCache) -> None:
        self._settings, self._client, self._cache = settings, client, wsdl_cache
        self._reader = DescriptionReader(settings, client)
        self._known: dict[str, Description] = {}
        self._fetched: set[str] = set()
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def interface(self, ci: InterfaceName) -> Interface:
        """One component interface, ready to be called.

        Raises:
            ConfigurationError: its web service is not provided, or its description cannot be used.
            ConnectorError: see ``core.errors``.
        """
        await self.description(ci)
        return Interface(self, ci)

    @cached_property
    def caller(self) -> Caller:
        """Calls over this connection."""
        from ml_connector.peoplesoft.soap.calls import Caller

        return Caller(self._settings, self._client, soap_redactor(self._settings))

    async def description(self, ci: InterfaceName) -> Description:
        """What PeopleSoft says about a service: from memory, the cache, or the gateway."""
        key = cache_name(self._settings, ci)
        async with self._locks[key]:
            if key not in self._known:
                self._known[key] = await self._cached(key) or await self._fetch(key, ci)
            return self._known[key]

    async def renewed(self, ci: InterfaceName, stale: Description) -> Description:
        """The description as the gateway has it now; one and the same where nothing changed.

        The gateway is asked once while the connection is open, not again for every document.
        """
        key = cache_name(self._settings, ci)
        async with self._locks[key]:
            if self._known.get(key) is stale and key not in self._fetched:
                await self._cache.drop(key)
                self._known[key] = await self._fetch(key, ci)
            return self._known[key]

    async def _cached(self, key: str) -> Description | None:
        content = await self._cache.get(key)
        if content is None:
            return None
        try:
            return await _parsed(content)
        except ConfigurationError:  # written by another version of the product
            await self._cache.drop(key)
            return None

    async def _fetch(self, key: str, ci: InterfaceName) -> Description:
        content = (await self._reader.read(ci)).pack()
        try:
            description = await _parsed(content)
            call_url(self._settings, description.address)
        except ConfigurationError as error:
            raise ConfigurationError(f"service {ci.file}: {error}") from None
        await self._cache.put(key, content)
        self._fetched.add(key)
        return description


async def _parsed(content: bytes) -> Description:
    """In a thread: a large description takes a while, and so does the first import of zeep."""

    def parse() -> Description:
        from ml_connector.peoplesoft.soap import wsdl

        return wsdl.parse(content)

    return await asyncio.to_thread(parse)


class Interface:
    """One component interface.

    Values are given and answered under our property names. A leaf is text, a whole number, a
    ``Decimal`` or a date; a collection is a list of objects. ``None`` and blank text are left out,
    and so are characters that XML cannot hold. In answers a number with a fraction is a
    ``Decimal``, everything else trimmed text.

    Every method raises ``ConfigurationError`` for a property or an operation that the site does
    not have, and what ``core.errors`` says otherwise; a write that is not settled is ``InDoubt``.
    """

    def __init__(self, owner: ComponentInterfaces, name: InterfaceName) -> None:
        self.name = name
        self._owner = owner

    async def create(self, values: Payload) -> Created:
        """Save a new object.

        Raises:
            Rejected: PeopleSoft says no, in its own words, or a required property has no value;
                nothing was saved.
        """
        answer = await self._call(Role.CREATE, values)
        return Created(answer.keys(), answer.messages)

    async def update(self, values: Payload) -> Updated:
        """Save an object again: rows of collections are matched and replaced by their keys.

        Raises:
            Rejected: see :meth:`create`.
        """
        answer = await self._call(Role.UPDATE, values)
        return Updated(answer.keys(), answer.messages)

    async def update_data(self, values: Payload) -> Updated:
        """Change rows that are there, and leave the others.

        Raises:
            Rejected: see :meth:`create`.
        """
        answer = await self._call(Role.UPDATE_DATA, values)
        return Updated(answer.keys(), answer.messages)

    async def get(self, keys: Payload) -> Payload | None:
        """An object with its collections; None where PeopleSoft has none with these keys.

        Raises:
            Rejected: PeopleSoft refuses to look, which says nothing about what is there.
        """
        return (await self._call(Role.GET, keys)).payload()

    async def find(self, values: Payload) -> list[Payload]:
        """The objects that have these values, each with the properties that a Find answers.

        A component search compares texts by their beginning and ends after some rows (300 as a rule,
        inferred): the caller compares again, and does not take a long answer for all there is.

        Raises:
            Rejected: see :meth:`get`.
        """
        return (await self._call(Role.FIND, values)).rows()

    async def _call(self, role: Role, values: Payload) -> Answer:
        """Call; where the description may be out of date, once more by a new one."""
        from ml_connector.peoplesoft.soap.calls import Stale

        description = await self._owner.description(self.name)
        call = self._owner.caller.call
        try:
            return await call(self.name, description, role, values)
        except Stale as stale:
            try:
                fresh = await self._owner.renewed(self.name, description)
            except ConnectorError:
                if stale.certain:
                    raise
                raise stale.error from None
            if not stale.mended(self.name, role, description, fresh):
                raise stale.error from None
        try:
            return await call(self.name, fresh, role, values)
        except Stale as stale:
            raise stale.error from None
