"""Opens the matcher of a tenant: its connection is read at once, its client when it is entered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol, runtime_checkable

from pydantic import BaseModel

from ml_connector.core.config import TenantConfig, find_dataset
from ml_connector.core.dag.settings import read_settings
from ml_connector.core.ledger.credentials import Credentials, SharedTokens
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.hook import PeopleSoftHook
from ml_connector.peoplesoft.matching.matcher import OrderMatcher
from ml_connector.peoplesoft.matching.options import MatchingOptions
from ml_connector.peoplesoft.reader import PeopleSoftSource


@runtime_checkable
class HasMatching(Protocol):
    """Options of an integration that matches invoices with purchase orders."""

    @property
    def matching(self) -> MatchingOptions:
        """How far an invoice may be from its order."""
        ...


def open_matcher(
    tenant: TenantConfig, store: Store, options: BaseModel
) -> AbstractAsyncContextManager[OrderMatcher]:
    """What holds invoices against the orders in a tenant's PeopleSoft.

    Raises:
        ConfigurationError: the tenant's connection is missing or wrong.
    """
    if not isinstance(options, HasMatching):
        raise TypeError(f"matching needs options with matching, not {type(options).__name__}")
    chosen = options.matching
    tokens = SharedTokens(Credentials(store))
    hook = PeopleSoftHook(peoplesoft_conn_id=tenant.connections["peoplesoft"], token_store=tokens)
    dataset = find_dataset("peoplesoft", "purchase_orders", read_settings().mappings_paths).for_tenant(tenant)

    @asynccontextmanager
    async def opened() -> AsyncIterator[OrderMatcher]:
        async with hook.queries() as service:
            source = PeopleSoftSource(dataset, tenant, service, clock=store.now)
            yield OrderMatcher(tenant, chosen, source.by_key)

    return opened()
