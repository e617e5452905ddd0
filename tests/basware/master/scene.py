"""PeopleSoft, Basware and a ledger: master data as the shipped files carry it, without Airflow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from ml_connector.basware.connect import connect
from ml_connector.basware.master.counting import CompanyCounts
from ml_connector.basware.master.fitting import adapt, companies, master_options
from ml_connector.basware.master.options import KindName
from ml_connector.basware.master.target import MasterData
from ml_connector.basware.options import BaswareOptions
from ml_connector.basware.settings import SCOPES, BaswareSettings
from ml_connector.core.config import TenantConfig, find_dataset, find_mapping
from ml_connector.core.ledger import actions
from ml_connector.core.mapping import CompiledMapping, compile_mapping
from ml_connector.core.stages.context import FlowContext, RunParams
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.load import load
from ml_connector.core.stages.reconcile import reconcile
from ml_connector.core.state.database import Database
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.query import QueryService, make_client
from ml_connector.peoplesoft.reader import PeopleSoftSource
from ml_connector.peoplesoft.settings import PeopleSoftSettings
from sandbox import credentials
from sandbox.server import Sandbox

MAPPINGS = (Path(__file__).parents[3] / "include" / "mappings",)
LISTS = {
    "operating_units": {"list": "ACC_LIST_1"},
    "products": {"list": "ACC_LIST_11", "columns": {"short_description": "text_3"}},
    "funds": {"list": "ACC_LIST_21"},
    "classes": {"list": "INV_LIST_1"},
    "programs": {"list": "CUST_RESOLVER_1"},
}
ORDER: tuple[KindName, ...] = (
    "payment_terms", "tax_codes", "accounts", "cost_centers", "operating_units", "products", "funds",
    "classes", "programs", "projects", "vendors",
)  # fmt: skip
TENANT: dict[str, Any] = {
    "tenant": "acme", "environment": "test", "time_zone": "America/New_York", "start": "2026-01-01",
    "connections": {"peoplesoft": "ps", "basware": "bw"}, "business_units": ["US001", "US002"],
    "setids": ["SHARE"],
    "queries": {"payees.full": "ML_AP_PAYEES", "payees.by_key": "ML_AP_PAYEE_KEY"},
}  # fmt: skip


def options(**master: Any) -> BaswareOptions:
    """Everything is sent, and P2P is asked after three seconds."""
    vendors = {"bank_accounts": True, "identifiers": {"TXI": "TaxId"}}
    given = {"lists": LISTS, "projects": "interface", "vendors": vendors, "settle_seconds": 0} | master
    imports = {"poll_first_seconds": 3, "poll_longest_seconds": 60}
    return BaswareOptions.model_validate({"master": given, "imports": imports})


def tenant(**changed: Any) -> TenantConfig:
    """A tenant of two business units that share one SETID."""
    return TenantConfig.model_validate(TENANT | changed)


def compiled(kind: KindName, chosen: BaswareOptions, config: TenantConfig | None = None) -> CompiledMapping:
    """The shipped mapping of a kind as a tenant's options have it."""
    config = config or tenant()
    mapping = adapt(kind)(config, chosen, find_mapping("basware", kind, MAPPINGS))
    return compile_mapping(mapping, find_dataset("peoplesoft", mapping.dataset, MAPPINGS), config)


@dataclass
class Scene:
    """One tenant between the sandbox's PeopleSoft and its Basware, on the sandbox's clock."""

    sandbox: Sandbox
    database: Database
    options: BaswareOptions = field(default_factory=options)
    tenant: TenantConfig = field(default_factory=tenant)

    def now(self) -> datetime:
        return self.sandbox.clock.now()

    async def sleep(self, seconds: float) -> None:
        self.sandbox.clock.advance(seconds)
        await asyncio.sleep(0)

    def store(self) -> Store:
        return Store(self.database, actor="test", clock=self.now)

    def context(self, kind: KindName, store: Store, **params: Any) -> FlowContext:
        mapping = compiled(kind, self.options, self.tenant)
        file = find_mapping("basware", kind, MAPPINGS)
        dataset = find_dataset("peoplesoft", file.dataset, MAPPINGS).for_tenant(self.tenant)
        flow = f"basware.{kind}"
        return FlowContext(
            self.tenant, flow, self.tenant.flow(flow), dataset, mapping, store, "test", RunParams(**params),
            lease=timedelta(seconds=60), patience=timedelta(0),
        )  # fmt: skip

    @asynccontextmanager
    async def connected(self, kind: KindName, **params: Any) -> AsyncIterator[FlowContext]:
        """The flow with its source and target."""
        peoplesoft = PeopleSoftSettings.from_connection(
            host=self.sandbox.peoplesoft_url, port=None, schema=None, login=credentials.OPRID,
            password=credentials.OPRID_PASSWORD, extra={"node": credentials.NODE},
        )  # fmt: skip
        basware = BaswareSettings.from_connection(
            host=self.sandbox.basware_url,
            login=credentials.BASWARE_CLIENT_ID,
            password=credentials.BASWARE_CLIENT_SECRET,
            extra={"scope": " ".join((*SCOPES, "projects.read", "projects.write"))},
        )
        with self.store() as store:
            ctx = self.context(kind, store, **params)
            async with (
                make_client(peoplesoft, auth=peoplesoft.make_auth(None)) as client,
                connect(basware, self.options, store, clock=self.now, sleep=self.sleep) as api,
            ):
                service = QueryService(client, peoplesoft.redactor())
                ctx.source = PeopleSoftSource(ctx.dataset, self.tenant, service, clock=self.now)
                counts = CompanyCounts(store, ctx.scope, companies(self.tenant, self.options, kind))
                target = MasterData(
                    api,
                    kind,
                    master_options(self.options),
                    self.options.imports,
                    counts=counts,
                    sleep=self.sleep,
                )
                ctx.target = target
                try:
                    yield ctx
                finally:
                    target.close()

    async def run(self, *kinds: KindName, **params: Any) -> dict[str, Any]:
        """Extract, load and reconcile kinds, each stage with a target of its own as tasks have."""
        results: dict[str, Any] = {}
        for kind in kinds or ORDER:
            done: dict[str, Any] = {}
            for stage in (extract, load, reconcile):
                async with self.connected(kind, **params) as ctx:
                    done[stage.__name__] = await stage(ctx)
            results[kind] = done
        return results

    async def reconcile(self, kind: KindName) -> dict[str, Any]:
        async with self.connected(kind) as ctx:
            return await reconcile(ctx)

    def rows(self, kind: KindName) -> dict[str, Any]:
        """Rows of the ledger by natural key."""
        statement = select(document).where(document.c.flow == f"basware.{kind}")
        with self.store() as store, store.read() as connection:
            return {row.key: row for row in connection.execute(statement)}

    def statuses(self, kind: KindName) -> dict[str, str]:
        """States in the ledger by natural key."""
        return {key: row.status for key, row in self.rows(kind).items()}

    def replay(self, kind: KindName, *keys: str) -> None:
        """As a person does, who has mended the matter in P2P."""
        with self.store() as store, store.write() as tx:
            ctx = self.context(kind, store)
            actions.replay(tx, ctx.scope, keys)

    def api(self, table: str) -> dict[str, dict[str, Any]]:
        """What the API layer holds, by external code."""
        rows = self.sandbox.basware.store.table(table).rows
        return {code: dict(record.value) for code, record in rows.items()}

    def p2p(self, table: str) -> dict[str, dict[str, Any]]:
        """What P2P has taken."""
        self.sandbox.basware.work()
        return {code: dict(value) for code, value in self.sandbox.basware.store.table(table).p2p.items()}

    def calls(self, operation: str) -> int:
        """How often an operation was called."""
        counted = self.sandbox.calls.per_operation.items()
        return sum(number for name, number in counted if operation in name)
