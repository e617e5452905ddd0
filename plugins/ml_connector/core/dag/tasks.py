"""A stage as a task: what it needs is read synchronously, then the async stage runs.

XCom carries a few hundred bytes: counts, the batch, the decision whether to run, and the head of the
audit chain, which is thereby anchored in Airflow's database too. Documents live in the ledger.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, get_current_context
from airflow.sdk.exceptions import AirflowSkipException
from pydantic import BaseModel

from ml_connector.core import codec, loop
from ml_connector.core.config import (
    FlowSettings,
    Settings,
    TenantConfig,
    check_mapping,
    find_dataset,
    find_mapping,
)
from ml_connector.core.config.tenant import NotifyEvent
from ml_connector.core.contract import Source, Target
from ml_connector.core.dag import notify
from ml_connector.core.dag.cadence import is_due, next_due
from ml_connector.core.dag.configuration import check, chosen
from ml_connector.core.dag.definition import Definition, Flow
from ml_connector.core.dag.logins import tried_once
from ml_connector.core.dag.params import read_params
from ml_connector.core.dag.settings import open_store, read_settings
from ml_connector.core.dag.system import System
from ml_connector.core.dag.watch import alert_overdue
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.state.store import Store

if TYPE_CHECKING:
    from ml_connector.core.stages.context import FlowContext, RunParams

log = logging.getLogger(__name__)

Stage = Callable[["FlowContext"], Awaitable[dict[str, Any]]]

DECISION, AUDIT_HEAD = "decision", "audit_head"
"""XCom keys."""


@dataclass(frozen=True, slots=True)
class Job:
    """One flow of one tenant, as its DAG file and its tenant file describe it."""

    definition: Definition
    flow: Flow
    tenant: TenantConfig

    @property
    def settings(self) -> FlowSettings:
        """How the tenant runs this flow."""
        return self.definition.settings(self.tenant, self.flow)

    @property
    def queue(self) -> str | None:
        """Airflow queue of the tasks that reach PeopleSoft, where the tenant names one."""
        return self.tenant.integrations[self.definition.integration].queue


def extract(job: Job) -> dict[str, Any]:
    """Decide whether the flow runs, then read its source; in a dry run, plan instead."""
    with _session(job) as session:
        session.decide()
        session.refuse_another_dataset()
        with session.logging_in(job.definition.source):
            source = session.open_source()
            if session.params.dry_run:
                return loop.run(session.plan(source))
            try:
                return loop.run(session.extract(source))
            finally:  # the next run finds the subscription repaired, and would have nothing to tell
                session.alert(session.ctx.alerts, "subscription")


def transform(job: Job) -> dict[str, Any]:
    """Map what was read."""
    from ml_connector.core.stages.transform import transform as run

    with _session(job) as session:
        session.follow_decision()
        return run(session.ctx)


def load(job: Job, watermark_of: Asset) -> dict[str, Any]:
    """Send what is ready, and show the watermark in Airflow's own state store."""
    from ml_connector.core.stages.load import load as run

    with _session(job) as session:
        session.follow_decision()
        with session.logging_in(job.definition.written(job.flow)):
            counts = loop.run(session.with_target(session.open_target(), run))
        session.publish_watermark(watermark_of)
        return session.tell(counts)


def reconcile(job: Job) -> dict[str, Any]:
    """Compare both sides; whatever comes of it, tell people of documents that are open too long."""
    from ml_connector.core.stages.reconcile import reconcile as run

    with _session(job) as session:
        session.follow_decision()
        # Where a queue is named, only its workers reach the source.
        reads_source = session.params.full and job.queue is None
        source = session.open_source() if reads_source else nullcontext()
        try:
            with session.logging_in(job.definition.written(job.flow)):
                return session.tell(loop.run(session.with_both(source, session.open_target(), run)))
        finally:
            alert_overdue(session.store, job.tenant)


@contextmanager
def _session(job: Job) -> Iterator[Session]:
    """Opens the state, and closes it so that the audit head reaches XCom even after a failure."""
    context = get_current_context()
    settings, ti = read_settings(), context["ti"]
    params = read_params(context["params"])
    store = open_store(settings, actor=f"{ti.dag_id}/{ti.run_id}/{ti.task_id}/{ti.try_number}")
    try:
        yield Session(job, store, context, flow_context(job, settings, store, params, ti.run_id))
    finally:
        ti.xcom_push(key=AUDIT_HEAD, value=store.close())


def flow_context(job: Job, settings: Settings, store: Store, params: RunParams, run: str) -> FlowContext:
    """Everything a stage needs but its source and target.

    Raises:
        ConfigurationError: the dataset or mapping is missing, wrong, or does not fit the tenant.
    """
    from ml_connector.core.mapping import compile_mapping
    from ml_connector.core.stages.context import FlowContext

    definition, tenant = job.definition, with_rules(job)
    flow = chosen(definition, tenant, job.flow)
    dataset = find_dataset(definition.source.name, flow.dataset, settings.mappings_paths).for_tenant(tenant)
    mapping = find_mapping(definition.integration, flow.mapping, settings.mappings_paths)
    if flow.adapt is not None:
        mapping = flow.adapt(tenant, check(definition, tenant), mapping)
    check_mapping(mapping, dataset, tenant)
    return FlowContext(
        tenant=tenant,
        flow=flow.name,
        settings=job.settings,
        dataset=dataset,
        mapping=compile_mapping(mapping, dataset, tenant),
        store=store,
        run=run,
        params=params,
        events_from=definition.source.name if definition.events else None,
    )


def with_rules(job: Job) -> TenantConfig:
    """The tenant with the rules that follow from the integration's own files; its own come first."""
    if job.flow.rules is None:
        return job.tenant
    found = job.flow.rules(job.tenant, check(job.definition, job.tenant))
    return job.tenant.model_copy(update={"rules": {**found, **job.tenant.rules}})


@dataclass(slots=True)
class Session:
    """One task at work on one flow."""

    job: Job
    store: Store
    context: Mapping[str, Any]
    ctx: FlowContext

    @property
    def params(self) -> RunParams:
        """What the person who started the run asked for."""
        return self.ctx.params

    # decision ---------------------------------------------------------------------------------

    def decide(self) -> None:
        """Push whether the flow runs; skip when it is not due.

        The decision is pushed before anything else happens: the load runs even when this task
        fails, and must know.
        """
        last, every, zone = self._last_success(), self.job.settings.every, self.job.tenant.time_zone
        asked = self.params.own_window or self.params.dry_run
        due = asked or self._events_wait() or is_due(every, last, zone, self.store.now())
        decision: dict[str, Any] = {"due": due, "dry_run": self.params.dry_run}
        if not due:
            decision["next"] = str(next_due(every, last, zone))
        self.context["ti"].xcom_push(key=DECISION, value=decision)
        if not due:
            raise AirflowSkipException(f"{self.ctx.flow} is due again at {decision['next']}.")

    def refuse_another_dataset(self) -> None:
        """Keep a flow to the kind of documents that it has carried: its keys would seem to be deleted.

        Raises:
            ConfigurationError: the tenant's options choose another dataset than before.
        """
        from ml_connector.core.ledger import watermarks

        if self.job.flow.choice is None:
            return
        with self.store.read() as connection:
            marks = watermarks.all_marks(connection, self.job.tenant.tenant, self.ctx.flow)
        if others := sorted({mark.dataset for mark in marks} - {self.ctx.dataset.dataset}):
            raise ConfigurationError(
                f"{self.ctx.flow} has carried {', '.join(others)} for tenant {self.job.tenant.tenant}, "
                f"and is to carry {self.ctx.dataset.dataset}: its documents would seem to be deleted. "
                "Give the other kind a tenant file of its own",
                field=f"integrations.{self.job.definition.integration}.options.{self.job.flow.choice.option}",
                expected="the value that it had",
            )

    def follow_decision(self) -> None:
        """Skip where extract decided that this run leaves the flow alone."""
        decision = self.context["ti"].xcom_pull(task_ids=f"{self.job.flow.group}.extract", key=DECISION) or {}
        if self.params.dry_run or decision.get("dry_run"):
            raise AirflowSkipException("Dry run: extract wrote the plan, nothing is sent.")
        if not decision.get("due", True):
            raise AirflowSkipException(f"{self.ctx.flow} is not due in this run.")

    def _events_wait(self) -> bool:
        from ml_connector.core.ledger import inbox

        if self.ctx.events_from is None:
            return False
        with self.store.read() as connection:
            return (self.ctx.events_from, self.job.tenant.tenant) in inbox.pending(connection)

    def _last_success(self) -> datetime | None:
        from ml_connector.core.ledger import flows

        with self.store.read() as connection:
            return flows.get(connection, self.ctx.scope).succeeded_at

    # stages -----------------------------------------------------------------------------------

    def logging_in(self, system: System) -> AbstractContextManager[None]:
        """Guards the use of a system's credentials; see ``core.dag.logins``."""
        return tried_once(self.store, self.job.tenant.connections[system.name])

    def open_source(self) -> AbstractAsyncContextManager[Source]:
        """Read the source's connection now; entering the result opens its client."""
        return self.job.definition.read(self.job.tenant, self.ctx.dataset, self.store, self._options())

    def open_target(self) -> AbstractAsyncContextManager[Target]:
        """The same for the target."""
        return self.job.flow.target(self.job.tenant, self.store, self._options())

    def _options(self) -> BaseModel:
        return check(self.job.definition, self.job.tenant)

    async def extract(self, opening: AbstractAsyncContextManager[Source]) -> dict[str, Any]:
        """Read into the ledger."""
        from ml_connector.core.stages.extract import extract as run

        async with opening as self.ctx.source:
            return await run(self.ctx)

    async def plan(self, opening: AbstractAsyncContextManager[Source]) -> dict[str, Any]:
        """Write a plan; the flows of one run share its id."""
        from ml_connector.core.planning.plan import make_plan

        plan_id = codec.digest([self.job.definition.dag_id(self.job.tenant.tenant), self.ctx.run])[:32]
        async with opening as self.ctx.source:
            return await make_plan(self.ctx, plan_id)

    async def with_target(self, target: AbstractAsyncContextManager[Target], run: Stage) -> dict[str, Any]:
        """Run a stage that writes to the target, or asks it."""
        async with target as self.ctx.target:
            return await run(self.ctx)

    async def with_both(
        self,
        source: AbstractAsyncContextManager[Source | None],
        target: AbstractAsyncContextManager[Target],
        run: Stage,
    ) -> dict[str, Any]:
        """Run a stage that asks both sides."""
        async with source as self.ctx.source, target as self.ctx.target:
            return await run(self.ctx)

    # afterwards -------------------------------------------------------------------------------

    def publish_watermark(self, asset: Asset) -> None:
        """Copy the flow's watermarks to the asset's state store, where Airflow's UI shows them."""
        from ml_connector.core.ledger import watermarks

        with self.store.read() as connection:
            marks = watermarks.all_marks(connection, self.job.tenant.tenant, self.ctx.flow)
        state = self.context["asset_state_store"][asset]
        for mark in marks:
            if mark.value is not None:
                shown = {"watermark": mark.value, "read_to_end_at": str(mark.completed_at)}
                state.set(f"{self.job.flow.group}.{mark.unit}.{mark.scan}", shown)

    def tell(self, counts: dict[str, Any]) -> dict[str, Any]:
        """Send what the stage wants people to know; XCom keeps only how much it was."""
        alerts = counts.pop("alerts", [])
        self.alert(alerts, "failure")
        return counts | {"alerts": len(alerts)}

    def alert(self, texts: Sequence[str], event: NotifyEvent) -> None:
        """Say something to people, and to whoever reads the task's log."""
        for text in texts:
            log.warning("%s", text)
        if texts:
            tenant = self.job.tenant
            notify.send(tenant.notify, notify.attention_alert(tenant.tenant, self.ctx.flow, texts, event))
