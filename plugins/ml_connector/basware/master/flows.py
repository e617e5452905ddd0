"""Opens the target of a kind of master data for a task."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from pydantic import BaseModel

from ml_connector.basware.connect import connect
from ml_connector.basware.hook import BaswareHook
from ml_connector.basware.master.counting import CompanyCounts
from ml_connector.basware.master.fitting import companies, master_options
from ml_connector.basware.master.options import KindName
from ml_connector.basware.master.target import MasterData
from ml_connector.basware.options import BaswareOptions
from ml_connector.basware.settings import BaswareSettings
from ml_connector.core.config import TenantConfig
from ml_connector.core.contract import Target
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.store import Store

Factory = Callable[[TenantConfig, Store, BaseModel], AbstractAsyncContextManager[Target]]


def records(kind: KindName) -> Factory:
    """Opens the target of documents that are records of one kind.

    Raises:
        ConfigurationError: on opening, where the tenant's connection is missing or wrong.
    """

    def open_target(
        tenant: TenantConfig, store: Store, options: BaseModel
    ) -> AbstractAsyncContextManager[Target]:
        if not isinstance(options, BaswareOptions):
            raise TypeError(f"Basware's flows take BaswareOptions, not {type(options).__name__}")
        settings = BaswareHook(basware_conn_id=tenant.connections["basware"]).settings
        flow = f"basware.{kind}"
        scope = Scope(tenant.tenant, tenant.environment, flow)
        counts = CompanyCounts(store, scope, companies(tenant, options, kind))
        return _open(settings, options, store, kind, counts, create=tenant.flow(flow).create)

    return open_target


@asynccontextmanager
async def _open(
    settings: BaswareSettings,
    options: BaswareOptions,
    store: Store,
    kind: KindName,
    counts: CompanyCounts,
    *,
    create: bool,
) -> AsyncIterator[Target]:
    async with connect(settings, options, store) as api:
        target = MasterData(
            api,
            kind,
            master_options(options),
            options.imports,
            concurrency=options.concurrency,
            create=create,
            counts=counts,
        )
        try:
            yield target
        finally:
            target.close()
