"""Builds the DAGs of an integration: one for each tenant that enables it.

The same files always give the same DAGs: nothing here depends on the time, on the environment or
on the order of a directory. When a worker asks for one DAG, only that one is built.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import (
    DAG,
    Asset,
    AsyncCallback,
    CronTriggerTimetable,
    DeadlineAlert,
    DeadlineReference,
    TaskGroup,
    get_parsing_context,
    task,
)
from pydantic import BaseModel

from ml_connector.core.config import InvalidFile, Settings, TenantConfig
from ml_connector.core.config.values import duration_text
from ml_connector.core.dag import documentation, notify, tasks
from ml_connector.core.dag.configuration import check, healthy_tenants, is_enabled
from ml_connector.core.dag.definition import Definition, Flow, SourceFactory, TargetFactory, collect
from ml_connector.core.dag.params import run_params
from ml_connector.core.dag.retry import RETRIES, RETRY_DELAY, ConnectorRetryPolicy
from ml_connector.core.dag.settings import read_settings
from ml_connector.core.dag.system import System
from ml_connector.core.dag.tasks import Job

__all__ = ["Flow", "SourceFactory", "System", "TargetFactory", "integration"]

START = datetime(2025, 1, 1, tzinfo=UTC)
"""Before every schedule's first tick; what is read is decided by watermarks, never by a run's date."""


def integration(
    *, source: System, target: System, read: SourceFactory, options: type[BaseModel], flows: Sequence[Flow]
) -> dict[str, DAG]:
    """Build ``<source>_<target>__<tenant>`` for every tenant that enables the integration.

    Args:
        source: the system that is read.
        target: the system that is kept in step; its name is the integration's in tenant files.
        read: opens the source for one dataset.
        options: model of the integration's ``options`` in tenant files.
        flows: in the order in which they load, since later ones refer to earlier ones.

    Returns:
        The DAGs by id. A tenant whose file is broken has none; the configuration DAG file says why.
    """
    definition = Definition(source, target, read, options, flows)
    if collect(definition):
        return {}
    settings, wanted = read_settings(), get_parsing_context().dag_id
    dags = {}
    for tenant in healthy_tenants(settings):
        dag_id = definition.dag_id(tenant.tenant)
        if wanted in (None, dag_id) and _fits(definition, tenant):
            dags[dag_id] = _build(definition, tenant, settings)
    return dags


def _fits(definition: Definition, tenant: TenantConfig) -> bool:
    integration = tenant.integrations.get(definition.target.name)
    if integration is None or not integration.enabled:
        return False
    try:
        check(definition, tenant)
    except InvalidFile:
        return False
    return True


def _build(definition: Definition, tenant: TenantConfig, settings: Settings) -> DAG:
    flows = [flow for flow in definition.flows if is_enabled(definition, tenant, flow, settings)]
    configured = tenant.integrations[definition.target.name]
    with DAG(
        dag_id=definition.dag_id(tenant.tenant),
        dag_display_name=f"{definition.source.title} to {definition.target.title}: {tenant.tenant}",
        description=f"Keeps {definition.target.title} in step with {definition.source.title}",
        doc_md=documentation.dag_doc(definition, tenant, flows),
        schedule=_schedule(configured.schedule, tenant.time_zone),
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


def _schedule(cadence: timedelta | str | None, zone: str) -> Any:
    return CronTriggerTimetable(cadence, timezone=zone) if isinstance(cadence, str) else cadence


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
    read_pool = _pool(definition.source, job.tenant)
    write_pool = _pool(definition.target, job.tenant)
    with TaskGroup(group_id=flow.group, tooltip=documentation.group_doc(flow, job.settings)):

        @task(
            task_id="extract",
            multiple_outputs=False,
            trigger_rule="all_done",  # the extract before is waited for, whatever became of it
            inlets=[inlet],
            doc_md=documentation.task_doc(definition, flow, "extract"),
            **read_pool,
            **({"queue": job.queue} if job.queue else {}),
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
        )
        def load() -> dict[str, Any]:
            return tasks.load(job, inlet)

        @task(
            task_id="reconcile",
            multiple_outputs=False,
            doc_md=documentation.task_doc(definition, flow, "reconcile"),
            **write_pool,
        )
        def reconcile() -> dict[str, Any]:
            return tasks.reconcile(job)

        steps = {"extract": extract(), "transform": transform(), "load": load(), "reconcile": reconcile()}
    _chain(steps, previous)
    return steps


def _chain(steps: dict[str, Any], previous: dict[str, Any]) -> None:
    """Order of the tasks. ``reconcile`` is the flow's only leaf, and red when any of its tasks is."""
    extract, transform, load, reconcile = steps.values()
    extract >> transform >> load >> reconcile
    [extract, transform] >> reconcile
    if previous:
        previous["extract"] >> extract
        previous["load"] >> load


def _pool(system: System, tenant: TenantConfig) -> dict[str, Any]:
    return {"pool": system.pool(tenant.connections[system.name]), "pool_slots": system.task_slots}


def source_asset(job: Job) -> Asset:
    """The dataset as Airflow's lineage knows it; its state store shows the watermark."""
    return _asset(job.tenant.tenant, job.definition.source.name, job.flow.dataset)


def target_asset(job: Job) -> Asset:
    """What the flow writes, as Airflow's lineage knows it."""
    return _asset(job.tenant.tenant, job.definition.target.name, job.flow.group)


def _asset(tenant: str, system: str, name: str) -> Asset:
    return Asset(
        name=f"{tenant}/{system}/{name}",
        uri=f"ml-connector://tenants/{tenant}/{system}/{name}",
        group="ml-connector",
    )
