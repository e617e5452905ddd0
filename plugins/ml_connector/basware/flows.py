"""Opens target and source of a flow for a task: its connection is read at once, its client when entered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from pydantic import BaseModel

from ml_connector.basware.attachments.source import Files
from ml_connector.basware.attachments.target import Attachments
from ml_connector.basware.companies import Companies
from ml_connector.basware.connect import connect
from ml_connector.basware.hook import BaswareHook
from ml_connector.basware.invoices.known import KnownInvoices
from ml_connector.basware.invoices.source import InvoiceSource
from ml_connector.basware.master.flows import records
from ml_connector.basware.options import BaswareOptions
from ml_connector.basware.responses.decisions import Decisions
from ml_connector.basware.responses.gate import gated
from ml_connector.basware.responses.kinds import Kind, Payments, Transfers
from ml_connector.basware.responses.standing import Standing
from ml_connector.basware.responses.target import ResponseTarget
from ml_connector.basware.settings import BaswareSettings
from ml_connector.basware.upkeep import Upkeep, receiver_url
from ml_connector.basware.webhook import make_verifier
from ml_connector.core.config import Dataset, TenantConfig
from ml_connector.core.config.values import REVERSE
from ml_connector.core.contract import EventSource, Target
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.ledger import crosswalks
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Verifier

__all__ = ["attachments", "back", "payments", "records", "transfers", "verifier", "vouchers"]

INVOICES, TRANSFERS = "basware.invoices", "basware.transfers"

Factory = Callable[[TenantConfig, Store, BaseModel], AbstractAsyncContextManager[Target]]
Reading = Callable[[TenantConfig, Dataset, Store, BaseModel], AbstractAsyncContextManager[EventSource]]


def _checked(options: BaseModel) -> BaswareOptions:
    if not isinstance(options, BaswareOptions):
        raise TypeError(f"Basware's flows take BaswareOptions, not {type(options).__name__}")
    return options


def _settings(tenant: TenantConfig) -> BaswareSettings:
    return BaswareHook(basware_conn_id=tenant.connections["basware"]).settings


def _scope(tenant: TenantConfig, flow: str) -> Scope:
    return Scope(tenant.tenant, tenant.environment, flow)


# ---- what Basware is told


def _responses(
    kind: Kind, invoices_of: Callable[[TenantConfig, Store], Callable[[Sequence[str]], dict[str, str]]]
) -> Factory:
    """Opens the target of one kind of response.

    Raises:
        ConfigurationError: on opening, where the tenant's connection is missing or wrong.
    """

    def open_target(
        tenant: TenantConfig, store: Store, options: BaseModel
    ) -> AbstractAsyncContextManager[Target]:
        own, settings = _checked(options), _settings(tenant)
        companies = Companies(tenant, own.companies)

        @asynccontextmanager
        async def opened() -> AsyncIterator[Target]:
            async with connect(settings, own, store) as api:
                standing = Standing(api, companies)
                yield ResponseTarget(kind, api, standing, own, invoices_of(tenant, store))

        return opened()

    return open_target


def _themselves(_: TenantConfig, __: Store) -> Callable[[Sequence[str]], dict[str, str]]:
    return lambda target_ids: {one: one for one in target_ids}


def _of_vouchers(tenant: TenantConfig, store: Store) -> Callable[[Sequence[str]], dict[str, str]]:
    """A transfer's target id is its voucher, or the invoice itself where there is none."""

    def found(target_ids: Sequence[str]) -> dict[str, str]:
        name = f"{REVERSE}{TRANSFERS}"
        with store.read() as connection:
            known = crosswalks.look_up(connection, tenant.tenant, [(name, one) for one in target_ids])
        return {
            one: known.get((name, one), one) for one in target_ids if "|" not in one or (name, one) in known
        }

    return found


transfers = _responses(Transfers(), _of_vouchers)
payments = _responses(Payments(), _themselves)


def attachments(
    tenant: TenantConfig, store: Store, options: BaseModel
) -> AbstractAsyncContextManager[Target]:
    """Files of invoices, kept in the tenant's folder.

    Raises:
        ConfigurationError: the tenant's connection is missing or wrong, or no folder is named.
    """
    own, settings = _checked(options), _settings(tenant)
    place = own.attachments.path
    if place is None:
        raise ConfigurationError(
            "attachments are to be fetched, and no folder is named for them",
            field="integrations.basware.options.attachments.path",
            expected="a folder such as s3://bucket/invoices",
        )

    @asynccontextmanager
    async def opened() -> AsyncIterator[Target]:
        from airflow.sdk import ObjectStoragePath

        folder = ObjectStoragePath(place, conn_id=own.attachments.connection) / tenant.tenant
        async with connect(settings, own, store) as api:
            yield Attachments(api, folder, own.attachments)

    return opened()


# ---- vouchers


def vouchers(make: Factory) -> Factory:
    """Opens what makes vouchers of invoices, behind a look at whether Basware waits for one.

    Args:
        make: opens the target that writes them.
    """

    def open_target(
        tenant: TenantConfig, store: Store, options: BaseModel
    ) -> AbstractAsyncContextManager[Target]:
        own, settings = _checked(options), _settings(tenant)
        standing = _standing(settings, own, tenant, store)
        rotation = own.read_back_every.total_seconds()
        return gated(make(tenant, store, options), standing, rotation=rotation)

    return open_target


@asynccontextmanager
async def _standing(
    settings: BaswareSettings, options: BaswareOptions, tenant: TenantConfig, store: Store
) -> AsyncIterator[Standing]:
    companies = Companies(tenant, options.companies)
    async with connect(settings, options, store) as api:
        yield Standing(api, companies)


# ---- what comes back


def back(base_url: Callable[[], str]) -> Reading:
    """Opens what comes back: invoices, what became of them, and their files.

    Args:
        base_url: asked in the task for the address under which this Airflow is reached from outside.

    Raises:
        ConfigurationError: on opening, where the tenant's connection is missing or wrong.
    """

    def open_source(
        tenant: TenantConfig, dataset: Dataset, store: Store, options: BaseModel
    ) -> AbstractAsyncContextManager[EventSource]:
        if dataset.dataset == "decisions":
            return _plain(Decisions(store, _scope(tenant, INVOICES)))
        if dataset.dataset == "files":
            return _plain(Files(store, _scope(tenant, TRANSFERS), _scope(tenant, INVOICES)))
        address = receiver_url(base_url(), tenant.tenant)
        return _invoices(_settings(tenant), _checked(options), tenant, store, address)

    return open_source


@asynccontextmanager
async def _plain(source: EventSource) -> AsyncIterator[EventSource]:
    yield source


@asynccontextmanager
async def _invoices(
    settings: BaswareSettings, options: BaswareOptions, tenant: TenantConfig, store: Store, address: str
) -> AsyncIterator[EventSource]:
    scope = _scope(tenant, INVOICES)
    companies = Companies(tenant, options.companies)
    async with connect(settings, options, store) as api:
        upkeep = Upkeep(settings, options.webhooks, api, store, scope, address=address)
        yield InvoiceSource(api, companies, KnownInvoices(store, scope), options.invoices, upkeep.run)


def verifier(tenant: TenantConfig, store: Store) -> Verifier:
    """What decides whether a delivery is Basware's.

    Raises:
        ConfigurationError: the tenant's connection is missing or wrong.
    """
    given = tenant.integrations["basware"].options
    own = {name: given[name] for name in BaswareOptions.model_fields if name in given}
    return make_verifier(_settings(tenant), BaswareOptions.model_validate(own), store, tenant.tenant)
