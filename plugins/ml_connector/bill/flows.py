"""Opens target and source of a flow for a task: its connection is read at once, its client when entered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from pydantic import BaseModel

from ml_connector.bill.back import make_verifier, payment_source, receiver_url
from ml_connector.bill.bills import Bills
from ml_connector.bill.classifications import ChartOfAccounts, Classification
from ml_connector.bill.connect import connect
from ml_connector.bill.hook import BillHook
from ml_connector.bill.options import BillOptions
from ml_connector.bill.settings import BillSettings
from ml_connector.bill.vendor_credits import VendorCredits
from ml_connector.bill.vendors import Vendors
from ml_connector.core.config import Dataset, TenantConfig
from ml_connector.core.contract import EventSource, Target
from ml_connector.core.ledger.settlements import Settlements
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Verifier

PAYMENTS = "bill.payments"

Factory = Callable[[TenantConfig, Store, BaseModel], AbstractAsyncContextManager[Target]]
Reading = Callable[[TenantConfig, Dataset, Store, BaseModel], AbstractAsyncContextManager[EventSource]]


def _target(flow: str, make: Callable[..., Target], /, **more: Any) -> Factory:
    """Opens one kind of object of a tenant's organization.

    Raises:
        ConfigurationError: on opening, where the tenant's connection is missing or wrong.
    """

    def open_target(
        tenant: TenantConfig, store: Store, options: BaseModel
    ) -> AbstractAsyncContextManager[Target]:
        checked = _checked(options)
        settings = BillHook(bill_conn_id=tenant.connections["bill"]).settings
        create = tenant.flow(f"bill.{flow}").create
        return _open(settings, checked, store, lambda api: make(api, checked, create=create, **more))

    return open_target


def _checked(options: BaseModel) -> BillOptions:
    if not isinstance(options, BillOptions):
        raise TypeError(f"BILL's flows take BillOptions, not {type(options).__name__}")
    return options


@asynccontextmanager
async def _open(
    settings: BillSettings, options: BillOptions, store: Store, make: Callable[..., Target]
) -> AsyncIterator[Target]:
    async with connect(settings, options, store) as api:
        yield make(api)


accounts = _target("accounts", ChartOfAccounts)
departments = _target("departments", Classification, kind="departments")
locations = _target("locations", Classification, kind="locations")
classes = _target("classes", Classification, kind="classes")
vendors = _target("vendors", Vendors)
vendor_credits = _target("vendor_credits", VendorCredits)


def bills(tenant: TenantConfig, store: Store, options: BaseModel) -> AbstractAsyncContextManager[Target]:
    """Vouchers as bills; the rows of settlements tell which of BILL's payments PeopleSoft knows.

    Raises:
        ConfigurationError: the tenant's connection is missing or wrong.
    """
    settles = tenant.flow(PAYMENTS).enabled is True
    settlements = Settlements(store, tenant.tenant, PAYMENTS) if settles else None
    return _target("bills", Bills, settlements=settlements)(tenant, store, options)


def payments(base_url: Callable[[], str]) -> Reading:
    """Opens the payments of a tenant's organization, for the DAG that events start.

    Args:
        base_url: asked in the task for the address under which this Airflow is reached from outside;
            the receiver of webhooks lies below it.

    Raises:
        ConfigurationError: on opening, where the tenant's connection is missing or wrong.
    """

    def open_payments(
        tenant: TenantConfig, dataset: Dataset, store: Store, options: BaseModel
    ) -> AbstractAsyncContextManager[EventSource]:
        checked = _checked(options)
        settings = BillHook(bill_conn_id=tenant.connections["bill"]).settings
        address = checked.webhooks.url or receiver_url(base_url(), tenant.tenant)
        return payment_source(settings, checked, store, tenant, dataset, address=address)

    return open_payments


def verifier(tenant: TenantConfig, store: Store) -> Verifier:
    """What decides whether a delivery is BILL's, with the keys that are known now.

    Raises:
        ConfigurationError: the tenant's connection is missing or wrong.
    """
    settings = BillHook(bill_conn_id=tenant.connections["bill"]).settings
    return make_verifier(settings, _options_of(tenant), store, tenant.tenant)


def _options_of(tenant: TenantConfig) -> BillOptions:
    """BILL's own among the options of the integration, which may hold PeopleSoft's side too."""
    given = tenant.integrations["bill"].options
    return BillOptions.model_validate(
        {name: given[name] for name in BillOptions.model_fields if name in given}
    )
