"""Opens the target of a flow for a task: its connection is read at once, its client when it is entered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from pydantic import BaseModel

from ml_connector.bill.bills import Bills
from ml_connector.bill.classifications import ChartOfAccounts, Classification
from ml_connector.bill.connect import connect
from ml_connector.bill.hook import BillHook
from ml_connector.bill.options import BillOptions
from ml_connector.bill.settings import BillSettings
from ml_connector.bill.vendor_credits import VendorCredits
from ml_connector.bill.vendors import Vendors
from ml_connector.core.config import TenantConfig
from ml_connector.core.contract import Target
from ml_connector.core.state.store import Store

Factory = Callable[[TenantConfig, Store, BaseModel], AbstractAsyncContextManager[Target]]


def _target(flow: str, make: Callable[..., Target], /, **more: Any) -> Factory:
    """Opens one kind of object of a tenant's organization.

    Raises:
        ConfigurationError: on opening, where the tenant's connection is missing or wrong.
    """

    def open_target(
        tenant: TenantConfig, store: Store, options: BaseModel
    ) -> AbstractAsyncContextManager[Target]:
        if not isinstance(options, BillOptions):
            raise TypeError(f"BILL's flows take BillOptions, not {type(options).__name__}")
        settings = BillHook(bill_conn_id=tenant.connections["bill"]).settings
        create = tenant.flow(f"bill.{flow}").create
        return _open(settings, options, store, lambda api: make(api, options, create=create, **more))

    return open_target


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
bills = _target("bills", Bills)
vendor_credits = _target("vendor_credits", VendorCredits)
