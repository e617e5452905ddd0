"""Telling people of what needs them: a failed run, a missed deadline, an overdue document, a broken file.

Tenants choose Airflow's own notifiers in their file. A message is built here, complete, and never
rendered as a template: it may quote what another system answered. Sending must not fail a task, so
what cannot be delivered is logged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any

from ml_connector.core.config.tenant import Notifier, NotifyEvent, TenantConfig

log = logging.getLogger(__name__)
_TIMEOUT = 30


@dataclass(frozen=True, slots=True)
class Alert:
    """One message.

    Attributes:
        event: what kind of message.
        title: one line: what happened, and where.
        text: what to do now, and details.
        data: the same for programs; holds no secret and no bank detail.
    """

    event: NotifyEvent
    title: str
    text: str
    data: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Body of a call to a web hook; ``text`` is what most chat systems show."""
        return {**asdict(self), "text": f"{self.title}\n{self.text}", "source": "ml-connector"}


def chosen(notifiers: Iterable[Notifier], event: NotifyEvent) -> list[Notifier]:
    """The notifiers that want to hear of an event."""
    return [notifier for notifier in notifiers if event in notifier.events]


def send(notifiers: Sequence[Notifier], alert: Alert) -> int:
    """Send to every notifier that wants the event; returns how many took it."""
    delivered = 0
    for notifier in chosen(notifiers, alert.event):
        try:
            _build(notifier, alert).notify({})
            delivered += 1
        except Exception as error:  # noqa: BLE001 - an alert that cannot be sent must not hide its cause
            _report(notifier, alert, error)
    return delivered


async def send_async(notifiers: Sequence[Notifier], alert: Alert) -> int:
    """Like :func:`send`, in Airflow's triggerer."""
    delivered = 0
    for notifier in chosen(notifiers, alert.event):
        try:
            await _build(notifier, alert).async_notify({})
            delivered += 1
        except Exception as error:  # noqa: BLE001 - see send
            _report(notifier, alert, error)
    return delivered


def _build(notifier: Notifier, alert: Alert) -> Any:
    if notifier.type == "http":
        from airflow.providers.http.notifications import HttpNotifier

        return HttpNotifier(
            http_conn_id=notifier.connection,
            endpoint=notifier.endpoint,
            json=alert.as_json(),
            extra_options={"timeout": _TIMEOUT},
        )
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    return SmtpNotifier(
        smtp_conn_id=notifier.connection,
        to=list(notifier.to),
        subject=alert.title,
        html_content=f"<p>{escape(alert.title)}</p><pre>{escape(alert.text)}</pre>",
    )


def _report(notifier: Notifier, alert: Alert, error: Exception) -> None:
    # The error's text may hold the hook's address with its token: only its kind is logged.
    log.error(
        "The alert %r could not be sent through connection %r (%s).",
        alert.title,
        notifier.connection,
        type(error).__name__,
    )


# Callbacks that Airflow calls -----------------------------------------------------------------


def on_failure(tenant: TenantConfig) -> Callable[[Any], None] | None:
    """The DAG's ``on_failure_callback``, called once for a red run; None where nobody wants to hear."""
    notifiers = chosen(tenant.notify, "failure")
    if not notifiers:
        return None

    def run_failed(context: Mapping[str, Any]) -> None:
        send(notifiers, failure_alert(tenant.tenant, context))

    return run_failed


def failure_alert(tenant: str, context: Mapping[str, Any]) -> Alert:
    """What is said of a red run."""
    run = context.get("dag_run")
    dag_id = getattr(run, "dag_id", None) or getattr(context.get("dag"), "dag_id", "unknown")
    run_id = getattr(run, "run_id", None) or str(context.get("run_id", "unknown"))
    reason = str(context.get("reason") or "a task failed")
    return Alert(
        "failure",
        f"ml-connector: {dag_id} failed for tenant {tenant}",
        f"Run {run_id}: {reason}. Open the run in Airflow, read the red task's log, and clear the task once "
        "the cause is gone: what was already sent is not sent again.",
        {"tenant": tenant, "dag_id": dag_id, "run_id": run_id, "reason": reason},
    )


async def deadline_missed(**details: Any) -> None:
    """Callback of a DAG's deadline alert.

    Args:
        details: ``tenant``, ``dag_id``, ``deadline`` and ``notify`` as :func:`deadline_details` gives them.
    """
    notifiers = [Notifier.model_validate(values) for values in details["notify"]]
    alert = Alert(
        "deadline",
        f"ml-connector: {details['dag_id']} is late for tenant {details['tenant']}",
        f"A run has not ended {details['deadline']} after it was queued. Look at the run in Airflow: is a "
        "task waiting for a pool or a worker, or for the other system?",
        {name: details[name] for name in ("tenant", "dag_id", "deadline")},
    )
    await send_async(notifiers, alert)


def deadline_details(tenant: TenantConfig, dag_id: str, deadline: str) -> dict[str, Any]:
    """Arguments of :func:`deadline_missed`, as plain data that Airflow can store."""
    notify = [notifier.model_dump(mode="json") for notifier in chosen(tenant.notify, "deadline")]
    return {"tenant": tenant.tenant, "dag_id": dag_id, "deadline": deadline, "notify": notify}


def overdue_alert(tenant: str, documents: Sequence[Mapping[str, Any]]) -> Alert:
    """What is said of documents that stayed open past their deadline."""
    lines = [
        f"{item['flow']} {item['key']} {item['status']} since {item['since']}: {item['reason']}"
        for item in documents[:20]
    ]
    if len(documents) > 20:
        lines.append(f"and {len(documents) - 20} more; see `airflow ml-connector records --open`")
    return Alert(
        "overdue",
        f"ml-connector: {len(documents)} document(s) are overdue for tenant {tenant}",
        "\n".join(lines),
        {
            "tenant": tenant,
            "documents": len(documents),
            "flows": sorted({item["flow"] for item in documents}),
        },
    )


def stale_alert(tenant: str, flows: Sequence[Mapping[str, Any]]) -> Alert:
    """What is said of flows that had no success for longer than the tenant allows."""
    lines = [
        f"{item['flow']}: last success {item['succeeded_at'] or 'never'}, allowed {item['stale_after']}; "
        f"DAG {item['dag_id']}"
        for item in flows
    ]
    lines.append("Is the DAG paused, red or gone from Airflow? See `airflow ml-connector check`.")
    return Alert(
        "stale",
        f"ml-connector: {len(flows)} flow(s) stand still for tenant {tenant}",
        "\n".join(lines),
        {"tenant": tenant, "flows": [item["flow"] for item in flows]},
    )


def attention_alert(tenant: str, flow: str, lines: Sequence[str], event: NotifyEvent = "failure") -> Alert:
    """What is said of documents, or of a subscription, that a run could not settle without a person."""
    return Alert(
        event,
        f"ml-connector: {flow} needs a person for tenant {tenant}",
        "\n".join(lines),
        {"tenant": tenant, "flow": flow, "alerts": len(lines)},
    )
