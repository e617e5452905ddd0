"""What people read in the Airflow UI about a DAG and its tasks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from ml_connector.core.config import FlowSettings, TenantConfig
from ml_connector.core.config.values import duration_text
from ml_connector.core.dag.definition import Definition, Flow

_TASKS = {
    "extract": """Reads what changed in {source} since the watermark, page by page, into the ledger; each page
is committed with its position, so a repeated or killed task goes on where it stopped. With **Dry run** it
writes a plan instead, and the other tasks skip. A flow that is not due yet skips here.""",
    "transform": """Maps every document whose source, mapping or crosswalk changed into what {target} shall
hold. Documents that wait for another one (a bill for its vendor) become ready by themselves.""",
    "load": """Sends everything that is ready, from this run and earlier ones: first what is in doubt (it is
looked up, never sent blindly again), then what is new, then retries. Red only for what stops the whole flow;
a rejected document never stops its neighbours.""",
    "reconcile": """Confirms what was only accepted, compares {source}, ledger and {target}, and reports every
difference. Red when a difference is not explained by a row of the ledger.""",
}


_EVENTS = """Starts when {source} has sent an event, or when it is time: events may be lost, so every run also
asks for what changed since the watermark."""


def task_doc(definition: Definition, flow: Flow, stage: str) -> str:
    """Description of one task."""
    text = _TASKS[stage].format(source=definition.source.title, target=definition.written(flow).title)
    return f"**{flow.name}: {stage}.** {text}\n\nClearing or repeating this task is safe at any point."


def group_doc(flow: Flow, settings: FlowSettings) -> str:
    """Tooltip of a flow's task group."""
    return f"{flow.name}: dataset {flow.dataset}, mapping {flow.mapping}, {cadence_text(settings.every)}"


def cadence_text(every: timedelta | str | None) -> str:
    """How often, in words."""
    if every is None:
        return "every run"
    return f"every {duration_text(every)}" if isinstance(every, timedelta) else f"at `{every}`"


def dag_doc(definition: Definition, tenant: TenantConfig, flows: Sequence[Flow]) -> str:
    """Description of a tenant's DAG."""
    rows = [
        f"| `{flow.group}` | {flow.dataset} | {cadence_text(definition.settings(tenant, flow).every)} |"
        for flow in flows
    ]
    connections = ", ".join(f"`{tenant.connections[system.name]}`" for system in definition.systems)
    title = f"{definition.source.title} to {definition.target.title}, tenant {tenant.tenant}"
    return "\n".join(
        [
            f"### {title} ({tenant.environment})",
            "",
            f"Connections: {connections}. Business units: {', '.join(tenant.business_units)}.",
            "",
            *([_EVENTS.format(source=definition.source.title), ""] if definition.webhook else []),
            "| flow | dataset | runs |",
            "|---|---|---|",
            *rows,
            "",
            "**Where is a document?** The console, or `airflow ml-connector records --search TEXT`.",
            "**Again?** Clear a red task, or `airflow ml-connector replay`. Nothing is ever created twice.",
            "**What would happen?** Trigger with *Dry run*, then `airflow ml-connector plan`.",
        ]
    )
