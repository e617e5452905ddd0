"""Opens source or target of a flow for a task: the connection is read at once, clients when it is entered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel

from ml_connector.core.config import Dataset, InterfaceKind, TenantConfig, find_dataset
from ml_connector.core.contract import Source, Target
from ml_connector.core.dag.settings import read_settings
from ml_connector.core.ledger.credentials import Credentials, SharedTokens
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.hook import PeopleSoftHook
from ml_connector.peoplesoft.reader import PeopleSoftSource
from ml_connector.peoplesoft.settings import PeopleSoftSettings
from ml_connector.peoplesoft.writers.options import VoucherOptions, WriterOptions

Factory = Callable[[TenantConfig, Store, BaseModel], AbstractAsyncContextManager[Target]]
OpenTarget = Callable[..., AbstractAsyncContextManager[Target]]


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


def _writer(open_target: OpenTarget, flow: str) -> Factory:
    """Opens a target that writes to a tenant's PeopleSoft.

    Args:
        open_target: makes it from what its task shares.
        flow: full name of the flow, e.g. ``basware.invoices``; its settings say whether it may create.

    Raises:
        ConfigurationError: on opening, where the tenant's connection is missing or wrong.
    """

    def read_connection(
        tenant: TenantConfig, store: Store, options: BaseModel
    ) -> AbstractAsyncContextManager[Target]:
        if not isinstance(options, WriterOptions):
            raise TypeError(f"PeopleSoft's writers take WriterOptions, not {type(options).__name__}")
        tokens = SharedTokens(Credentials(store))
        hook = PeopleSoftHook(peoplesoft_conn_id=tenant.connections["peoplesoft"], token_store=tokens)
        settings = hook.settings
        create = tenant.flow(flow).create

        @asynccontextmanager
        async def opened() -> AsyncIterator[Target]:
            from ml_connector.peoplesoft.writers.connect import Site

            async with hook.queries() as service:
                site = Site(settings, tenant, options, service, partial(_dataset, tenant), store.now)
                async with open_target(site, store, create=create) as target:
                    yield target

        return opened()

    return read_connection


def _dataset(tenant: TenantConfig, name: str) -> Dataset:
    return find_dataset("peoplesoft", name, read_settings().mappings_paths).for_tenant(tenant)


def _component(kind: InterfaceKind, *arguments: Any, **more: Any) -> AbstractAsyncContextManager[Target]:
    from ml_connector.peoplesoft.writers.connect import open_component_target
    from ml_connector.peoplesoft.writers.kinds import KINDS

    return open_component_target(KINDS[kind], *arguments, **more)


def _voucher_build(*arguments: Any, **more: Any) -> AbstractAsyncContextManager[Target]:
    from ml_connector.peoplesoft.voucher_build.connect import open_voucher_build

    return open_voucher_build(*arguments, **more)


# Each takes the flow's full name and gives what a DAG file names as the flow's target.
vouchers = partial(_writer, partial(_component, "voucher"))
journals = partial(_writer, partial(_component, "journal"))
suppliers = partial(_writer, partial(_component, "supplier"))
purchase_orders = partial(_writer, partial(_component, "purchase_order"))
voucher_build = partial(_writer, _voucher_build)


@runtime_checkable
class HasVouchers(Protocol):
    """Options of an integration that writes vouchers, and whose tenants choose the way."""

    @property
    def vouchers(self) -> VoucherOptions:
        """How vouchers are written."""
        ...


def chosen_vouchers(flow: str) -> Factory:
    """Opens the target for vouchers in the way that the tenant chose."""

    def open_chosen(
        tenant: TenantConfig, store: Store, options: BaseModel
    ) -> AbstractAsyncContextManager[Target]:
        if not isinstance(options, HasVouchers):
            raise TypeError(f"vouchers need options with vouchers, not {type(options).__name__}")
        chosen = options.vouchers
        factory = voucher_build if chosen.way == "voucher_build" else vouchers
        return factory(flow)(tenant, store, chosen)

    return open_chosen
