"""Opens targets and source of the alignment for a task: the connection is read at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

from pydantic import BaseModel

from ml_connector.cleo.alignment.following import follow
from ml_connector.cleo.alignment.profiles import ProfileSource
from ml_connector.cleo.alignment.target import CostObjects, Partners
from ml_connector.cleo.connect import Cleo
from ml_connector.cleo.hook import CleoHook
from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.partners.directory import cleo_options, open_directory
from ml_connector.core.config import Dataset, TenantConfig
from ml_connector.core.contract import EventSource, Target
from ml_connector.core.state.store import Store

Opened = TypeVar("Opened")


def partners(tenant: TenantConfig, store: Store, options: BaseModel) -> AbstractAsyncContextManager[Target]:
    """Suppliers that are trading partners.

    Raises:
        ConfigurationError: the tenant's connection or its partner files are wrong.
    """
    checked = cleo_options(options)
    directory = open_directory(tenant, checked)
    follow(store, tenant, directory, Partners.flow)
    return _open(tenant, checked, store, lambda cleo: Partners(cleo, checked, store, tenant, directory))


def cost_objects(
    tenant: TenantConfig, store: Store, options: BaseModel
) -> AbstractAsyncContextManager[Target]:
    """Departments.

    Raises:
        ConfigurationError: the tenant's connection is wrong.
    """
    checked = cleo_options(options)
    return _open(tenant, checked, store, lambda cleo: CostObjects(cleo, checked, store, tenant))


def profiles(
    tenant: TenantConfig, dataset: Dataset, store: Store, options: BaseModel
) -> AbstractAsyncContextManager[EventSource]:
    """Cleo's connections.

    Raises:
        ConfigurationError: the tenant's connection or its partner files are wrong.
    """
    checked = cleo_options(options)
    directory = open_directory(tenant, checked)
    return _open(
        tenant, checked, store, lambda cleo: ProfileSource(cleo, checked, directory, unit=dataset.system)
    )


def _open(
    tenant: TenantConfig, options: CleoOptions, store: Store, make: Callable[[Cleo], Opened]
) -> AbstractAsyncContextManager[Opened]:
    hook = CleoHook(cleo_conn_id=tenant.connections["cleo"])
    hook.settings  # noqa: B018 - read at once, so that a mistake is told before anything is opened
    return _opened(hook, options, store, make)


@asynccontextmanager
async def _opened(
    hook: CleoHook, options: CleoOptions, store: Store, make: Callable[[Cleo], Opened]
) -> AsyncIterator[Opened]:
    async with hook.connect(store, options) as cleo:
        yield make(cleo)
