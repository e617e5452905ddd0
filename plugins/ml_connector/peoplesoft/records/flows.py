"""Opens the targets of records: the connection is read at once, its client when it is entered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol, runtime_checkable

from pydantic import BaseModel

from ml_connector.core.config import ComponentInterface, TenantConfig
from ml_connector.core.contract import Target
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.ledger.credentials import Credentials, SharedTokens
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.folders import open_folder
from ml_connector.peoplesoft.hook import PeopleSoftHook
from ml_connector.peoplesoft.records.interface_way import InterfaceRecords
from ml_connector.peoplesoft.records.kinds import ORDER_STATUS, TRADING_PARTNER, RecordKind
from ml_connector.peoplesoft.records.options import RecordOptions
from ml_connector.peoplesoft.records.staged_way import StagedRecords
from ml_connector.peoplesoft.settings import PeopleSoftSettings
from ml_connector.peoplesoft.soap import Interface, InterfaceName, connect


@runtime_checkable
class HasRecords(Protocol):
    """Options of an integration that keeps records in PeopleSoft."""

    @property
    def records(self) -> RecordOptions:
        """How records reach PeopleSoft."""
        ...


def order_statuses(
    tenant: TenantConfig, store: Store, options: BaseModel
) -> AbstractAsyncContextManager[Target]:
    """Where orders and invoices stand at trading partners.

    Raises:
        ConfigurationError: the tenant chose no way, or its connection is missing or wrong.
    """
    return _open(ORDER_STATUS, tenant, store, options)


def trading_partners(
    tenant: TenantConfig, store: Store, options: BaseModel
) -> AbstractAsyncContextManager[Target]:
    """What became of the partners' connections.

    Raises:
        ConfigurationError: the tenant chose no way, or its connection is missing or wrong.
    """
    return _open(TRADING_PARTNER, tenant, store, options)


def _open(
    kind: RecordKind, tenant: TenantConfig, store: Store, options: BaseModel
) -> AbstractAsyncContextManager[Target]:
    if not isinstance(options, HasRecords):
        raise TypeError(f"records need options with records, not {type(options).__name__}")
    chosen = options.records
    way = chosen.way(kind.name)
    if way == "staged" and chosen.folder is not None:
        return _staged(kind, tenant, store, chosen.folder)
    if way != "interface":
        raise ConfigurationError(
            f"nothing says how {kind.noun}s reach PeopleSoft",
            field=f"records.{kind.name}",
            expected="interface or staged",
        )
    tokens = SharedTokens(Credentials(store))
    hook = PeopleSoftHook(peoplesoft_conn_id=tenant.connections["peoplesoft"], token_store=tokens)
    return open_interface_records(kind, tenant, store, chosen, hook.settings)


@asynccontextmanager
async def _staged(kind: RecordKind, tenant: TenantConfig, store: Store, folder: str) -> AsyncIterator[Target]:
    yield StagedRecords(kind, open_folder(folder, field="records.folder"), tenant.tenant, now=store.now)


@asynccontextmanager
async def open_interface_records(
    kind: RecordKind, tenant: TenantConfig, store: Store, options: RecordOptions, settings: PeopleSoftSettings
) -> AsyncIterator[Target]:
    """Records through a component interface of the site.

    Raises:
        ConfigurationError: the connection lacks what SOAP needs.
    """
    names = tenant.component_interfaces.get(kind.name) or ComponentInterface()
    wanted = InterfaceName(names.name or kind.interface, names.service, names.version, names.properties)
    async with connect(settings, store, wanted=options.concurrency) as interfaces:

        async def interface() -> Interface:
            return await interfaces.interface(wanted)

        yield InterfaceRecords(kind, interface, options, now=store.now)
