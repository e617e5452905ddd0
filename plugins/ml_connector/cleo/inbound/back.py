"""Opens what comes back from partners as sources, for the DAG that looks at Cleo by time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from pydantic import BaseModel

from ml_connector.cleo.connect import Cleo
from ml_connector.cleo.hook import CleoHook
from ml_connector.cleo.inbound.context import InboundContext
from ml_connector.cleo.inbound.invoices import SupplierInvoices
from ml_connector.cleo.inbound.matcher import Matcher, MatcherFactory
from ml_connector.cleo.inbound.rounds import Round
from ml_connector.cleo.inbound.statuses import Statuses
from ml_connector.cleo.partners.directory import cleo_options, open_directory
from ml_connector.core.config import Dataset, TenantConfig
from ml_connector.core.contract import EventSource
from ml_connector.core.state.store import Store

Reading = Callable[[TenantConfig, Dataset, Store, BaseModel], AbstractAsyncContextManager[EventSource]]

STATUSES, PROFILES = "statuses", "profiles"
"""Datasets; the third is ``supplier_invoices``."""


def inbound(match: MatcherFactory, profiles: Reading) -> Reading:
    """Opens the source of any dataset of system ``cleo``.

    Args:
        match: opens what holds invoices against purchase orders.
        profiles: opens the connections of Cleo.

    Raises:
        ConfigurationError: on opening, where the tenant's connection is missing or wrong.
        InvalidFile: on opening, where partner files have mistakes.
    """

    def open_source(
        tenant: TenantConfig, dataset: Dataset, store: Store, options: BaseModel
    ) -> AbstractAsyncContextManager[EventSource]:
        if dataset.dataset == PROFILES:
            return profiles(tenant, dataset, store, options)
        checked = cleo_options(options)
        hook = CleoHook(cleo_conn_id=tenant.connections["cleo"])
        hook.settings  # noqa: B018 - read at once, so that a mistake is told before anything is opened
        context = InboundContext(tenant, checked, open_directory(tenant, checked), store)
        cleo = hook.connect(store, checked)
        if dataset.dataset == STATUSES:
            return statuses(cleo, context, dataset)
        return supplier_invoices(cleo, context, dataset, match(tenant, store, options))

    return open_source


@asynccontextmanager
async def statuses(
    cleo: AbstractAsyncContextManager[Cleo], context: InboundContext, dataset: Dataset
) -> AsyncIterator[EventSource]:
    """A client, and what became of documents."""
    async with cleo as opened:
        yield Statuses(context, Round(opened, context).run, unit=dataset.system)


@asynccontextmanager
async def supplier_invoices(
    cleo: AbstractAsyncContextManager[Cleo],
    context: InboundContext,
    dataset: Dataset,
    matcher: AbstractAsyncContextManager[Matcher],
) -> AsyncIterator[EventSource]:
    """A client, a matcher, and the invoices that came in."""
    async with cleo as opened, matcher as match:
        yield SupplierInvoices(context, match, Round(opened, context).run, unit=dataset.system)
