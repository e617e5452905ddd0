"""Opens the target of ``bill.payments``: its connection is read at once, its clients when it is entered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Protocol, runtime_checkable

from pydantic import BaseModel

from ml_connector.core.config import Dataset, TenantConfig, find_dataset
from ml_connector.core.contract import Target
from ml_connector.core.dag.settings import read_settings
from ml_connector.core.ledger.credentials import Credentials, SharedTokens
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.folders import open_folder
from ml_connector.peoplesoft.hook import PeopleSoftHook
from ml_connector.peoplesoft.settlement.connect import Place, make_target, needs_interfaces
from ml_connector.peoplesoft.settlement.options import SettlementOptions
from ml_connector.peoplesoft.soap import connect


@runtime_checkable
class HasSettlement(Protocol):
    """Options of an integration that settles payments in PeopleSoft."""

    @property
    def settlement(self) -> SettlementOptions:
        """How payments are settled."""
        ...


def settlements(
    tenant: TenantConfig, store: Store, options: BaseModel
) -> AbstractAsyncContextManager[Target]:
    """What BILL paid, as entries in PeopleSoft's books.

    Raises:
        ConfigurationError: the tenant's connection or its settings are missing or wrong.
    """
    if not isinstance(options, HasSettlement):
        raise TypeError(f"settlements need options with a settlement, not {type(options).__name__}")
    chosen = options.settlement
    tokens = SharedTokens(Credentials(store))
    hook = PeopleSoftHook(peoplesoft_conn_id=tenant.connections["peoplesoft"], token_store=tokens)
    folder = None
    if chosen.way == "staged" and chosen.csv_path:
        folder = open_folder(chosen.csv_path, field="settlement.csv_path")
    paths, settings = read_settings().mappings_paths, hook.settings

    def dataset(name: str) -> Dataset:
        return find_dataset("peoplesoft", name, paths).for_tenant(tenant)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Target]:
        async with AsyncExitStack() as stack:
            service = await stack.enter_async_context(hook.queries())
            interfaces = None
            if needs_interfaces(chosen):
                calls = connect(settings, store, wanted=chosen.concurrency)
                interfaces = await stack.enter_async_context(calls)
            place = Place(settings, service, interfaces, dataset, folder, store.now)
            yield make_target(tenant, store, chosen, place)

    return opened()
