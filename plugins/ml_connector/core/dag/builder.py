"""Builds the DAGs of an integration: one for each tenant that enables it.

The same files always give the same DAGs: nothing here depends on the time, on the environment or
on the order of a directory. When a worker asks for one DAG, only that one is built.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import (
    DAG,
    Asset,
    AssetOrTimeSchedule,
    AsyncCallback,
    CronTriggerTimetable,
    DeadlineAlert,
    DeadlineReference,
    DeltaTriggerTimetable,
    TaskGroup,
    get_parsing_context,
    task,
)
from pydantic import BaseModel

from ml_connector.core.config import Integration, InvalidFile, TenantConfig
from ml_connector.core.config.values import Model, duration_text
from ml_connector.core.dag import documentation, notify, tasks
from ml_connector.core.dag.configuration import check as check_options
from ml_connector.core.dag.configuration import chosen, healthy_tenants, is_enabled
from ml_connector.core.dag.definition import (
    Back,
    Check,
    Choice,
    Definition,
    Flow,
    Inspect,
    Provision,
    SourceFactory,
    TargetFactory,
    Variant,
    collect,
)
from ml_connector.core.dag.params import run_params
from ml_connector.core.dag.retry import RETRIES, RETRY_DELAY, ConnectorRetryPolicy
from ml_connector.core.dag.settings import read_settings
from ml_connector.core.dag.system import System
from ml_connector.core.dag.tasks import Job
from ml_connector.core.errors import ConfigurationError

__all__ = ["Back", "Choice", "Flow", "SourceFactory", "System", "TargetFactory", "Variant", "integration"]

START = datetime(2025, 1, 1, tzinfo=UTC)
"""Before every schedule's first tick; what is read is decided by watermarks, never by a run's date."""


def integration(
    *,
    source: System,
    target: System,
    read: SourceFactory,
    options: type[BaseModel],
    flows: Sequence[Flow],
    back: Back | None = None,
    check: Check | None = None,
    schemas: Mapping[str, type[Model]] | None = None,
    inspect: Inspect | None = None,
    provision: Provision | None = None,
) -> dict[str, DAG]:
    """Build the DAGs of every tenant that enables the integration.

    ``<source>_<target>__<tenant>`` runs on the tenant's schedule; ``<target>_events__<tenant>``, with
    the flows that run the other way, when events came in or it is time.

    Args:
        source: the system that is read.
        target: the system that is kept in step; its name is the integration's in tenant files.
        read: opens the source for one dataset.
        options: model of the integration's ``options`` in tenant files.
        flows: in the order in which they load, since later ones refer to earlier ones.
        back: what runs the other way.
        check: looks at files that the integration has beside the tenant's.
        schemas: models of those files by kind, for editors.
        inspect: compares a tenant's options with the target.
        provision: creates in the target what a tenant's options name.

    Returns:
        The DAGs by id. A tenant whose file is broken has none; the configuration DAG file says why.
    """
    known = [flow.group for flow in (*flows, *(back.flows if back else ()))]
    main = Definition(target.name, source, target, read, options, flows, known, check=check)
    definitions = [replace(main, schemas=schemas or {}, inspect=inspect, provision=provision)]
    if back is not None:
        turned = Definition(target.name, target, source, back.read, options, back.flows, known)
        definitions.append(replace(turned, events=True, webhook=back.webhook))
    if collect(definitions):
        return {}
    settings, wanted = read_settings(), get_parsing_context().dag_id
    dags = {}
    for definition in definitions:
        for tenant in healthy_tenants(settings):
            dag_id = definition.dag_id(tenant.tenant)
            if wanted not in (None, dag_id) or not _fits(definition, tenant):
                continue
            enabled = [
                _as_chosen(definition, tenant, flow)
                for flow in definition.flows
                if is_enabled(definition, tenant, flow, settings)
            ]
            if enabled or not definition.events:
                dags[dag_id] = _build(definition, tenant, enabled)
    return dags


def _fits(definition: Definition, tenant: TenantConfig) -> bool:
    integration = tenant.integrations.get(definition.integration)
    if integration is None or not integration.enabled:
        return False
    try:
        check_options(definition, tenant)
    except InvalidFile:
        return False
    return True


def _as_chosen(definition: Definition, tenant: TenantConfig, flow: Flow) -> Flow:
    """The flow as the tenant wants it; where its options do not say, its tasks fail and say so."""
    try:
        return chosen(definition, tenant, flow)
    except ConfigurationError:
        return flow


def _build(definition: Definition, tenant: TenantConfig, flows: Sequence[Flow]) -> DAG:
    configured = tenant.integrations[definition.integration]
    with DAG(
        dag_id=definition.dag_id(tenant.tenant),
        dag_display_name=f"{definition.source.title} to {definition.target.title}: {tenant.tenant}",
        description=f"Keeps {definition.target.title} in step with {definition.source.title}",
        doc_md=documentation.dag_doc(definition, tenant, flows),
        schedule=_schedule(definition, tenant, configured),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        tags=[
            "ml-connector",
            *(system.name for system in definition.systems),
            tenant.tenant,
            tenant.environment,
        ],
        default_args={
            "owner": "ml-connector",
            "retries": RETRIES,
            "retry_delay": RETRY_DELAY,
            "retry_policy": ConnectorRetryPolicy(),
        },
        params=run_params(),
        render_template_as_native_obj=False,
        deadline=_deadline(definition, tenant, configured.deadline),
        on_failure_callback=notify.on_failure(tenant),
    ) as dag:
        previous: dict[str, Any] = {}
        for flow in flows:
            previous = _flow_tasks(Job(definition, flow, tenant), previous)
    return dag


def _schedule(definition: Definition, tenant: TenantConfig, configured: Integration) -> Any:
    """By time; DAGs of back flows by events too, whichever comes first."""
    zone, cadence = tenant.time_zone, configured.events_schedule if definition.events else configured.schedule
    if not definition.webhook:
        return CronTriggerTimetable(cadence, timezone=zone) if isinstance(cadence, str) else cadence
    from ml_connector.core.dag.inbox_trigger import inbox_asset

    assets = [inbox_asset(definition.integration, tenant.tenant)]
    if cadence is None:
        return assets
    if isinstance(cadence, str):
        return AssetOrTimeSchedule(timetable=CronTriggerTimetable(cadence, timezone=zone), assets=assets)
    return AssetOrTimeSchedule(timetable=DeltaTriggerTimetable(cadence), assets=assets)


def _deadline(
    definition: Definition, tenant: TenantConfig, interval: timedelta | None
) -> DeadlineAlert | None:
    if interval is None:
        return None
    details = notify.deadline_details(tenant, definition.dag_id(tenant.tenant), duration_text(interval))
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=interval,
        callback=AsyncCallback(notify.deadline_missed, kwargs=details),
        name=f"done within {duration_text(interval)}",
    )


def _flow_tasks(job: Job, previous: dict[str, Any]) -> dict[str, Any]:
    """The four tasks of a flow; ``previous`` holds those of the flow before it."""
    definition, flow = job.definition, job.flow
    inlet, outlet = source_asset(job), target_asset(job)
    read_pool = _pool(definition.source, job.tenant, 1)
    written = definition.written(flow)
    write_pool = _pool(written, job.tenant, written.task_slots)
    queue = {"queue": job.queue} if job.queue else {}
    read_queue = {} if definition.events else queue
    write_queue = queue if definition.events and not flow.answers else {}
    with TaskGroup(group_id=flow.group, tooltip=documentation.group_doc(flow, job.settings)):

        @task(
            task_id="extract",
            multiple_outputs=False,
            trigger_rule="all_done",  # the extract before is waited for, whatever became of it
            inlets=[inlet],
            doc_md=documentation.task_doc(definition, flow, "extract"),
            **read_pool,
            **read_queue,
        )
        def extract() -> dict[str, Any]:
            return tasks.extract(job)

        @task(
            task_id="transform",
            multiple_outputs=False,
            doc_md=documentation.task_doc(definition, flow, "transform"),
        )
        def transform() -> dict[str, Any]:
            return tasks.transform(job)

        @task(
            task_id="load",
            multiple_outputs=False,
            trigger_rule="all_done",  # what earlier runs left ready goes out even when nothing could be read
            inlets=[inlet],
            outlets=[outlet],
            doc_md=documentation.task_doc(definition, flow, "load"),
            **write_pool,
            **write_queue,
        )
        def load() -> dict[str, Any]:
            return tasks.load(job, inlet)

        @task(
            task_id="reconcile",
            multiple_outputs=False,
            doc_md=documentation.task_doc(definition, flow, "reconcile"),
            **write_pool,
            **write_queue,
        )
        def reconcile() -> dict[str, Any]:
            return tasks.reconcile(job)

        steps = {"extract": extract(), "transform": transform(), "load": load(), "reconcile": reconcile()}
    _chain(steps, previous, follows=flow.follows)
    return steps


def _chain(steps: dict[str, Any], previous: dict[str, Any], *, follows: bool) -> None:
    """Order of the tasks. ``reconcile`` is the flow's only leaf, and red when any of its tasks is."""
    extract, transform, load, reconcile = steps.values()
    extract >> transform >> load >> reconcile
    [extract, transform] >> reconcile
    if previous:
        previous["load" if follows else "extract"] >> extract
        previous["load"] >> load


def _pool(system: System, tenant: TenantConfig, slots: int) -> dict[str, Any]:
    return {"pool": system.pool(tenant.connections[system.name]), "pool_slots": slots}


def source_asset(job: Job) -> Asset:
    """The dataset as Airflow's lineage knows it; its state store shows the watermark."""
    return _asset(job.tenant.tenant, job.definition.source.name, job.flow.dataset)


def target_asset(job: Job) -> Asset:
    """What the flow writes, as Airflow's lineage knows it."""
    return _asset(job.tenant.tenant, job.definition.written(job.flow).name, job.flow.group)


def _asset(tenant: str, system: str, name: str) -> Asset:
    return Asset(
        name=f"{tenant}/{system}/{name}",
        uri=f"ml-connector://tenants/{tenant}/{system}/{name}",
        group="ml-connector",
    )
