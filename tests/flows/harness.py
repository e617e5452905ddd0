"""PeopleSoft to BILL as the DAG runs it - same order, same files - against the sandbox, without Airflow."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from ml_connector.bill.bills import Bills
from ml_connector.bill.classifications import ChartOfAccounts, Classification
from ml_connector.bill.connect import connect
from ml_connector.bill.options import BillOptions
from ml_connector.bill.settings import BillSettings
from ml_connector.bill.vendor_credits import VendorCredits
from ml_connector.bill.vendors import Vendors
from ml_connector.core.config import find_dataset, find_mapping
from ml_connector.core.config.loading import load_tenant
from ml_connector.core.config.tenant import TenantConfig
from ml_connector.core.contract import Target
from ml_connector.core.errors import ConnectorError
from ml_connector.core.mapping import compile_mapping
from ml_connector.core.planning.plan import make_plan
from ml_connector.core.stages.context import FlowContext, RunParams
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.load import load
from ml_connector.core.stages.reconcile import reconcile
from ml_connector.core.stages.transform import transform
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.store import Store, utc_now
from ml_connector.peoplesoft.query import QueryService, make_client
from ml_connector.peoplesoft.reader import PeopleSoftSource
from ml_connector.peoplesoft.settings import PeopleSoftSettings
from sandbox import credentials

ROOT = Path(__file__).parents[2]
MAPPINGS = (ROOT / "include" / "mappings",)

FLOWS: dict[str, tuple[str, str, Callable[..., Target]]] = {
    "bill.accounts": ("gl_accounts", "accounts", ChartOfAccounts),
    "bill.departments": ("departments", "departments", partial(Classification, kind="departments")),
    "bill.vendors": ("suppliers", "vendors", Vendors),
    "bill.bills": ("vouchers", "bills", Bills),
    "bill.vendor_credits": ("vouchers", "vendor_credits", VendorCredits),
}


@dataclass
class Harness:
    """One tenant between one sandbox's PeopleSoft and BILL.

    Attributes:
        options: BILL options; look-ups are believed at once, since the sandbox commits at once.
        clock: the ledger's time; the sandbox's, where a test lets hours pass.
        patience: how long a load waits for documents in doubt.
        page: rows per page of the source, where a test wants many pages of few documents.
        alerts: what people were told of subscriptions.
        errors: what stopped a stage, by flow and stage, where ``tolerant`` runs met it.
    """

    peoplesoft_url: str
    bill_url: str
    database: Database
    options: BillOptions = field(default_factory=lambda: BillOptions(settle_seconds=0))
    tenant: TenantConfig = field(
        default_factory=lambda: load_tenant(ROOT / "include" / "tenants" / "demo.yaml")
    )
    lease: timedelta = timedelta(seconds=60)
    patience: timedelta = timedelta(seconds=30)
    clock: Callable[[], datetime] = utc_now
    cipher: Cipher = field(default_factory=Cipher)
    page: int | None = None
    errors: dict[str, ConnectorError] = field(default_factory=dict)
    alerts: list[str] = field(default_factory=list)

    def store(self, actor: str = "test") -> Store:
        """A session of its own, as each task opens one."""
        return Store(self.database, self.cipher, actor=actor, clock=self.clock)

    def context(self, flow: str, store: Store, **params: Any) -> FlowContext:
        """The flow as the DAG's tasks see it, not connected yet."""
        dataset_name, mapping_name, _ = FLOWS[flow]
        dataset = find_dataset("peoplesoft", dataset_name, MAPPINGS).for_tenant(self.tenant)
        if self.page is not None:
            size = dataset.page.model_copy(update={"rows": self.page, "minimum": self.page})
            dataset = dataset.model_copy(update={"page": size})
        mapping = find_mapping("bill", mapping_name, MAPPINGS)
        return FlowContext(
            self.tenant, flow, self.tenant.flow(flow), dataset,
            compile_mapping(mapping, dataset, self.tenant), store, "test run", RunParams(**params),
            lease=self.lease, patience=self.patience,
        )  # fmt: skip

    @asynccontextmanager
    async def connected(self, flow: str, actor: str = "test", **params: Any) -> AsyncIterator[FlowContext]:
        """The flow with its source and target."""
        store = self.store(actor)
        try:
            ctx = self.context(flow, store, **params)
            async with (
                make_client(self.peoplesoft, auth=self.peoplesoft.make_auth(None)) as client,
                connect(self.bill, self.options, store) as api,
            ):
                ctx.source = PeopleSoftSource(
                    ctx.dataset, self.tenant, QueryService(client, self.peoplesoft.redactor())
                )
                ctx.target = FLOWS[flow][2](api, self.options, create=ctx.settings.create)
                yield ctx
        finally:
            store.close()

    async def run(self, *flows: str, tolerant: bool = False, **params: Any) -> dict[str, Any]:
        """Extract, transform, load and reconcile the flows (all, in their order, by default)."""
        results: dict[str, Any] = {}
        for flow in flows or FLOWS:
            async with self.connected(flow, **params) as ctx:
                results[flow] = {}
                for stage in (extract, _transform, load, reconcile):
                    name = stage.__name__.strip("_")
                    try:
                        results[flow][name] = await stage(ctx)
                    except ConnectorError as error:
                        if not tolerant:
                            raise
                        self.errors[f"{flow}.{name}"] = error
                self.alerts += ctx.alerts
        return results

    async def plan(self, plan_id: str, *flows: str) -> dict[str, Any]:
        """A dry run of the flows."""
        results = {}
        for flow in flows or FLOWS:
            async with self.connected(flow, dry_run=True) as ctx:
                results[flow] = await make_plan(ctx, plan_id)
        return results

    @property
    def peoplesoft(self) -> PeopleSoftSettings:
        """The connection to the sandbox's PeopleSoft."""
        return PeopleSoftSettings.from_connection(
            host=self.peoplesoft_url, port=None, schema=None, login=credentials.OPRID,
            password=credentials.OPRID_PASSWORD, extra={"node": credentials.NODE, "timeout": "20"},
        )  # fmt: skip

    @property
    def bill(self) -> BillSettings:
        """The connection to the sandbox's BILL."""
        return BillSettings.from_connection(
            host=self.bill_url, login=credentials.BILL_USERNAME, password=credentials.BILL_PASSWORD,
            extra={"organization_id": credentials.BILL_ORGANIZATION, "dev_key": credentials.BILL_DEV_KEY},
        )  # fmt: skip


async def _transform(ctx: FlowContext) -> dict[str, Any]:
    return transform(ctx)
