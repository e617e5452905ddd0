"""Puts a connection, a tenant's names and its datasets together into targets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from ml_connector.core.config import ComponentInterface, Dataset, TenantConfig
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.query import QueryService
from ml_connector.peoplesoft.reader import PeopleSoftSource
from ml_connector.peoplesoft.settings import PeopleSoftSettings
from ml_connector.peoplesoft.soap import ComponentInterfaces, Interface, InterfaceName, connect
from ml_connector.peoplesoft.writers.kinds import Kind
from ml_connector.peoplesoft.writers.lookup import ByInterface, Lookup, OpenInterface
from ml_connector.peoplesoft.writers.options import WriterOptions
from ml_connector.peoplesoft.writers.queries import ByQuery, Question
from ml_connector.peoplesoft.writers.target import ComponentTarget


@dataclass(frozen=True)
class Site:
    """What the targets of one task share.

    Attributes:
        settings: of the connection.
        tenant: names interfaces and properties.
        options: of the tenant.
        service: runs queries.
        dataset: a dataset by name, with the tenant's query names in it.
        now: the current time.
    """

    settings: PeopleSoftSettings
    tenant: TenantConfig
    options: WriterOptions
    service: QueryService
    dataset: Callable[[str], Dataset]
    now: Callable[[], datetime]

    def names(self, kind: Kind) -> ComponentInterface:
        """What the tenant says about a component interface."""
        return self.tenant.component_interfaces.get(kind.name) or ComponentInterface()

    def opener(self, kind: Kind, interfaces: ComponentInterfaces | None) -> OpenInterface:
        """Opens a component interface when it is first needed, and says so where SOAP cannot be used."""
        names = self.names(kind)
        wanted = InterfaceName(names.name or kind.interface, names.service, names.version, names.properties)

        async def open_interface() -> Interface:
            if interfaces is None:
                raise ConfigurationError(
                    f"component interface {wanted.name} is called over SOAP: login and password are missing",
                    field="login",
                    expected="OPRID and password of the integration user",
                )
            return await interfaces.interface(wanted)

        return open_interface

    def lookup(self, kind: Kind, interface: OpenInterface) -> Lookup:
        """How the tenant wants objects to be looked up."""
        parallel = self.options.concurrency
        by_interface = ByInterface(kind, interface, parallel=parallel)
        if self.names(kind).read == "interface":
            return by_interface
        dataset = self.dataset(kind.dataset)
        source = PeopleSoftSource(dataset, self.tenant, self.service, clock=self.now, parallel=parallel)
        return ByQuery(kind, source, self.question(kind.search), by_interface)

    def question(self, dataset: str) -> Question:
        """The look-up query of a dataset."""
        return Question(self.dataset(dataset), self.tenant, self.service, self.now)


@asynccontextmanager
async def open_component_target(
    kind: Kind, site: Site, store: Store, *, create: bool = True
) -> AsyncIterator[ComponentTarget]:
    """A target over a component interface.

    Raises:
        ConfigurationError: the connection lacks what SOAP needs.
    """
    async with connect(site.settings, store, wanted=site.options.concurrency) as interfaces:
        interface = site.opener(kind, interfaces)
        lookup = site.lookup(kind, interface)
        yield ComponentTarget(kind, interface, lookup, site.options, now=site.now, create=create)
