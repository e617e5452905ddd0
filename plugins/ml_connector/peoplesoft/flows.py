"""Opens the source of a flow for a task: its connection is read at once, its client when it is entered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from pydantic import BaseModel

from ml_connector.core.config import Dataset, TenantConfig
from ml_connector.core.contract import Source
from ml_connector.core.ledger.credentials import Credentials, SharedTokens
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.hook import PeopleSoftHook
from ml_connector.peoplesoft.reader import PeopleSoftSource
from ml_connector.peoplesoft.settings import PeopleSoftSettings


def open_source(
    tenant: TenantConfig, dataset: Dataset, store: Store, _options: BaseModel
) -> AbstractAsyncContextManager[Source]:
    """One dataset of a tenant; reading PeopleSoft depends on no integration's options.

    Raises:
        ConfigurationError: the tenant's connection is missing or wrong.
    """
    tokens = SharedTokens(Credentials(store))
    hook = PeopleSoftHook(peoplesoft_conn_id=tenant.connections["peoplesoft"], token_store=tokens)
    return _open(hook, hook.settings, tenant, dataset)


@asynccontextmanager
async def _open(
    hook: PeopleSoftHook, _: PeopleSoftSettings, tenant: TenantConfig, dataset: Dataset
) -> AsyncIterator[Source]:
    async with hook.queries() as service:
        yield PeopleSoftSource(dataset, tenant, service)
