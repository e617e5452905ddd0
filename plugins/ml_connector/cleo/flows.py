"""Opens target and source of a flow for a task: its connection is read at once, its client when entered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from pydantic import BaseModel

from ml_connector.cleo.alignment.flows import profiles
from ml_connector.cleo.connect import Cleo, connect
from ml_connector.cleo.hook import CleoHook
from ml_connector.cleo.inbound.back import Reading, inbound
from ml_connector.cleo.inbound.matcher import MatcherFactory
from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.outbound.invoices import Invoices
from ml_connector.cleo.outbound.orders import PurchaseOrders
from ml_connector.cleo.outbound.target import OutboundTarget
from ml_connector.cleo.partners.directory import cleo_options, open_directory
from ml_connector.cleo.settings import CleoSettings
from ml_connector.core.config import TenantConfig
from ml_connector.core.contract import Target
from ml_connector.core.state.store import Store

Factory = Callable[[TenantConfig, Store, BaseModel], AbstractAsyncContextManager[Target]]


# ---- documents to partners


def _outbound(make: type[OutboundTarget]) -> Factory:
    """Opens the target of one kind of document.

    Raises:
        ConfigurationError: on opening, where the tenant's connection is missing or wrong.
        InvalidFile: on opening, where partner files have mistakes.
    """

    def open_target(
        tenant: TenantConfig, store: Store, options: BaseModel
    ) -> AbstractAsyncContextManager[Target]:
        own = cleo_options(options)
        settings = CleoHook(cleo_conn_id=tenant.connections["cleo"]).settings
        directory = open_directory(tenant, own)
        return _opened(settings, own, store, lambda cleo: make(tenant, store, own, directory, cleo))

    return open_target


@asynccontextmanager
async def _opened(
    settings: CleoSettings, options: CleoOptions, store: Store, make: Callable[[Cleo], Target]
) -> AsyncIterator[Target]:
    async with connect(settings, options, store) as cleo:
        yield make(cleo)


purchase_orders = _outbound(PurchaseOrders)
invoices = _outbound(Invoices)


# ---- documents from partners


def back(match: MatcherFactory) -> Reading:
    """Opens what comes back: suppliers' invoices, statuses of what was sent, and Cleo's connections.

    Args:
        match: opens what holds a tenant's invoices against its purchase orders.
    """
    return inbound(match, profiles)
