"""What no run of a flow can tell: that it does not run at all, and what stays open meanwhile.

Airflow's deadlines belong to runs. A DAG that is paused, or gone because its file broke, has none; so
a small DAG of its own looks at the ledger every quarter of an hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, get_current_context, task

from ml_connector.core.config import Settings, TenantConfig
from ml_connector.core.config.values import duration_text
from ml_connector.core.dag import notify
from ml_connector.core.dag.configuration import healthy_tenants, is_enabled
from ml_connector.core.dag.definition import Definition, Flow, read_definitions
from ml_connector.core.dag.settings import open_store, read_settings
from ml_connector.core.ledger import flows, queries
from ml_connector.core.ledger.flows import FlowState
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.store import Store

DAG_ID = "ml_connector_watch"
EVERY = timedelta(minutes=15)


def watch(dags_folder: Path) -> DAG:
    """The DAG that looks after all tenants."""
    with DAG(
        dag_id=DAG_ID,
        dag_display_name="ml-connector: watch",
        description="Tells people of flows that stand still and of documents that are open for too long",
        schedule=EVERY,
        start_date=datetime(2025, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags=["ml-connector"],
        default_args={"owner": "ml-connector"},
    ) as dag:

        @task(
            task_id="alert",
            multiple_outputs=False,
            doc_md="Each flow and each document is told once.",
        )
        def alert() -> dict[str, int]:
            return look(dags_folder)

        alert()
    return dag


def look(dags_folder: Path) -> dict[str, int]:
    """Tell of what is stale or overdue; returns how much there was."""
    ti = get_current_context()["ti"]
    settings, definitions = read_settings(), read_definitions(dags_folder).definitions
    told = {"stale": 0, "overdue": 0}
    with open_store(settings, actor=f"{ti.dag_id}/{ti.run_id}/{ti.task_id}/{ti.try_number}") as store:
        for tenant in healthy_tenants(settings):
            told["stale"] += alert_stale(store, tenant, definitions, settings)
            told["overdue"] += alert_overdue(store, tenant)
    return told


def alert_overdue(store: Store, tenant: TenantConfig) -> int:
    """One alert for the documents that passed their deadline since the last one."""
    wanted = notify.chosen(tenant.notify, "overdue")
    with store.read() as connection:
        rows = queries.newly_overdue(connection, tenant.tenant, store.now())
    if not rows or not wanted:
        return 0
    if notify.send(wanted, notify.overdue_alert(tenant.tenant, rows)):
        with store.write() as tx:
            queries.mark_alerted(tx, [row["id"] for row in rows])
    return len(rows)


def alert_stale(
    store: Store, tenant: TenantConfig, definitions: Sequence[Definition], settings: Settings
) -> int:
    """One alert for the flows that began to stand still since the last one."""
    found = list(_stale(store, tenant, definitions, settings))
    wanted = notify.chosen(tenant.notify, "stale")
    if not found or not wanted or not notify.send(wanted, notify.stale_alert(tenant.tenant, found)):
        return 0
    with store.write() as tx:
        for item in found:
            scope = Scope(tenant.tenant, tenant.environment, item["flow"])
            flows.put(tx, scope, stale_alerted_at=store.now())
            tx.record("stale", {"succeeded_at": item["succeeded_at"]}, **scope.labels())
    return len(found)


def _stale(
    store: Store, tenant: TenantConfig, definitions: Sequence[Definition], settings: Settings
) -> Iterator[dict[str, Any]]:
    for definition in definitions:
        integration = tenant.integrations.get(definition.integration)
        if integration is None or not integration.enabled or integration.stale_after is None:
            continue
        for flow in definition.flows:
            if not is_enabled(definition, tenant, flow, settings):
                continue
            state = _watched(store, tenant, flow)
            allowed = allowed_age(definition, tenant, flow, integration.stale_after)
            if is_news(state, allowed, store.now()):
                yield {
                    "flow": flow.name, "dag_id": definition.dag_id(tenant.tenant),
                    "succeeded_at": state.succeeded_at and state.succeeded_at.isoformat(timespec="seconds"),
                    "stale_after": duration_text(allowed),
                }  # fmt: skip


def allowed_age(
    definition: Definition, tenant: TenantConfig, flow: Flow, stale_after: timedelta
) -> timedelta:
    """How old a flow's last success may be; one that is due once a week has a week more."""
    every = definition.settings(tenant, flow).every
    return stale_after + every if isinstance(every, timedelta) else stale_after


def is_news(state: FlowState, allowed: timedelta, now: datetime) -> bool:
    """Whether the flow stands still, and nobody was told since its last success."""
    since = state.succeeded_at or state.watched_since
    if since is None or now - since <= allowed:
        return False
    return state.stale_alerted_at is None or state.stale_alerted_at < since


def _watched(store: Store, tenant: TenantConfig, flow: Flow) -> FlowState:
    """The flow's state; one that never ran is counted from when it was first looked for."""
    scope = Scope(tenant.tenant, tenant.environment, flow.name)
    with store.read() as connection:
        state = flows.get(connection, scope)
    if state.watched_since is None:
        state.watched_since = store.now()
        with store.write() as tx:
            flows.put(tx, scope, watched_since=state.watched_since)
    return state
