"""The flows of a DAG file as its tasks run them, without Airflow's scheduler: same definitions, same files.

The connections come from the environment, as in the demo; the state database and the clock are the test's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from ml_connector.core.config import Settings, TenantConfig
from ml_connector.core.dag.configuration import check, chosen, is_enabled
from ml_connector.core.dag.definition import Definition, Flow, read_definitions
from ml_connector.core.dag.tasks import Job, flow_context
from ml_connector.core.errors import ConnectorError
from ml_connector.core.planning.plan import make_plan
from ml_connector.core.stages.context import FlowContext, RunParams
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.load import load
from ml_connector.core.stages.reconcile import reconcile
from ml_connector.core.stages.transform import transform
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.store import Store, utc_now

ROOT = Path(__file__).parents[2]
STAGES = ("extract", "transform", "load", "reconcile")


@cache
def definitions() -> Sequence[Definition]:
    """What the shipped DAG files say."""
    reading = read_definitions(ROOT / "dags")
    assert not reading.broken, reading.broken
    return reading.definitions


@dataclass
class DagRunner:
    """Runs the DAGs of one integration for one tenant.

    Attributes:
        integration: its name in tenant files.
        errors: what stopped a stage, by flow and stage, where ``tolerant`` runs met it.
        alerts: what people were told.
    """

    integration: str
    tenant: TenantConfig
    database: Database
    cipher: Cipher = field(default_factory=Cipher)
    clock: Callable[[], datetime] = utc_now
    lease: timedelta = timedelta(seconds=60)
    patience: timedelta = timedelta(seconds=20)
    errors: dict[str, ConnectorError] = field(default_factory=dict)
    alerts: list[str] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """Where the shipped files lie."""
        return Settings(
            tenants_path=ROOT / "include" / "tenants",
            mappings_paths=(ROOT / "include" / "mappings",),
            state_url=str(self.database.engine.url),
            payload_keys=(),
            retention_days=365,
        )

    def store(self, actor: str = "test") -> Store:
        """A session of its own, as each task opens one."""
        return Store(self.database, self.cipher, actor=actor, clock=self.clock)

    def definition(self, *, events: bool) -> Definition:
        """One direction."""
        (found,) = (
            item for item in definitions() if item.integration == self.integration and item.events == events
        )
        return found

    def flows(self, *, events: bool) -> list[Flow]:
        """What the tenant has switched on, in order."""
        definition = self.definition(events=events)
        return [
            chosen(definition, self.tenant, flow)
            for flow in definition.flows
            if is_enabled(definition, self.tenant, flow, self.settings)
        ]

    @asynccontextmanager
    async def connected(
        self, flow: Flow, *, events: bool, store: Store, **params: Any
    ) -> AsyncIterator[FlowContext]:
        """The flow with its source and target."""
        definition = self.definition(events=events)
        job = Job(definition, flow, self.tenant)
        ctx = flow_context(job, self.settings, store, RunParams(**params), "test run")
        ctx.lease, ctx.patience = self.lease, self.patience
        options = check(definition, self.tenant)
        async with (
            definition.read(self.tenant, ctx.dataset, store, options) as ctx.source,
            flow.target(self.tenant, store, options) as ctx.target,
        ):
            yield ctx

    async def run(
        self,
        *names: str,
        events: bool = False,
        tolerant: bool = False,
        stages: Sequence[str] = STAGES,
        **params: Any,
    ) -> dict[str, dict[str, Any]]:
        """One run: the flows named (the part behind the dot; all by default), one after the other."""
        results: dict[str, dict[str, Any]] = {}
        for flow in self.flows(events=events):
            if names and flow.group not in names:
                continue
            store = self.store(f"{self.integration}/{flow.group}")
            try:
                async with self.connected(flow, events=events, store=store, **params) as ctx:
                    results[flow.group] = await self._stages(ctx, stages, tolerant=tolerant)
            finally:
                store.close()
        return results

    async def _stages(self, ctx: FlowContext, stages: Sequence[str], *, tolerant: bool) -> dict[str, Any]:
        results: dict[str, Any] = {}
        for stage in (extract, _transform, load, reconcile):
            name = stage.__name__.strip("_")
            if name not in stages:
                continue
            try:
                results[name] = await stage(ctx)
            except ConnectorError as error:
                if not tolerant:
                    raise
                self.errors[f"{ctx.flow}.{name}"] = error
            self.alerts += results.get(name, {}).pop("alerts", [])
        self.alerts += ctx.alerts
        return results

    async def plan(self, plan_id: str, *names: str) -> dict[str, Any]:
        """A dry run of the main DAG."""
        results = {}
        for flow in self.flows(events=False):
            if names and flow.group not in names:
                continue
            store = self.store()
            try:
                async with self.connected(flow, events=False, store=store, dry_run=True) as ctx:
                    results[flow.group] = await make_plan(ctx, plan_id)
            finally:
                store.close()
        return results


async def _transform(ctx: FlowContext) -> dict[str, Any]:
    return await asyncio.to_thread(transform, ctx)
