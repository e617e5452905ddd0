"""Commands that only look."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ml_connector.cli.frame import command, definitions, enabled, opened, settings, show
from ml_connector.core.dag.configuration import check, healthy_tenants, is_enabled
from ml_connector.core.errors import ConfigurationError, ConnectorError
from ml_connector.core.ledger import inbox, queries, stories
from ml_connector.core.ledger.scope import Status

Counts = Mapping[tuple[str, str], Mapping[str, int]]
"""Planned documents by tenant and flow, then by operation."""


@command
def status(args: Any) -> None:
    """Age of each flow's last success, open documents, watermarks."""
    with opened() as store, store.read() as connection:
        answers = queries.status(connection, store.now(), args.tenant)
        waiting = inbox.pending(connection)
    known = {(answer["tenant"], answer["flow"]) for answer in answers}
    for flow in _configured(args.tenant):
        if flow not in known:
            answers.append(queries.never_run(*flow))
    for answer in answers:
        system = answer["flow"].partition(".")[0]
        woken = answer["flow"] in _woken_by_events()
        answer["events_waiting"] = waiting.get((system, answer["tenant"]), (0, 0))[1] if woken else None
    rows = [
        {
            "tenant": answer["tenant"],
            "flow": answer["flow"],
            "last success": answer["last_success"] or "never",
            "age": _age(answer["age_seconds"]),
            "documents": answer["documents"],
            "overdue": answer["overdue"] or None,
            "open": [f"{item['count']} {item['status']}: {item['reason']}" for item in answer["open"]],
            "stopped": answer["stopped"],
            "events": answer["events_waiting"],
            "watermark": [f"{item['unit']} {item['scan']} {item['value']}" for item in answer["watermarks"]],
        }
        for answer in answers
    ]
    show(args, answers, rows, empty="No tenant is configured.")


@functools.cache
def _woken_by_events() -> frozenset[str]:
    found = definitions().definitions
    return frozenset(flow.name for definition in found if definition.events for flow in definition.flows)


def _configured(tenant: str | None) -> list[tuple[str, str]]:
    installation = settings()
    tenants = [item for item in healthy_tenants(installation) if tenant in (None, item.tenant)]
    return [
        (item.tenant, flow.name)
        for definition in definitions().definitions
        for item in tenants
        if (configured := item.integrations.get(definition.integration)) and configured.enabled
        for flow in definition.flows
        if is_enabled(definition, item, flow, installation)
    ]


def _age(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


@command
def records(args: Any) -> None:
    """Documents by filter."""
    statuses = [text.strip() for text in (args.status or "").split(",") if text.strip()]
    if unknown := set(statuses) - {item.value for item in Status}:
        known = ", ".join(item.value for item in Status)
        raise ConfigurationError(
            f"unknown status {', '.join(sorted(unknown))}", field="--status", expected=known
        )
    with opened() as store, store.read() as connection:
        found = queries.records(
            connection,
            tenant=args.tenant,
            flow=args.flow,
            statuses=statuses,
            text=args.search,
            open_only=args.open,
            limit=args.limit,
        )
    names = ("tenant", "flow", "key", "label", "status", "reason", "since", "amount", "currency", "target_id")
    show(args, found, [{name: row[name] for name in names} for row in found])


@command
def show_story(args: Any) -> int | None:
    """One document's story."""
    with opened() as store:
        found = stories.story(store, args.key, tenant=args.tenant, flow=args.flow)
    if args.output == "json" or not found:
        show(args, found, empty=f"No document has the key, label or target id {args.key}.")
        return None if found else 1
    for item in found:
        _print_story(args, item)
    return None


def _print_story(args: Any, item: queries.Answer) -> None:
    hidden = ("payloads", "events", "steps", "receipt")
    facts = [
        {"field": name, "value": value}
        for name, value in item.items()
        if name not in hidden and value is not None
    ]
    show(args, facts)
    print("Payloads")
    show(
        args,
        [
            {"role": entry["role"], "hash": entry["hash"][:12], "at": entry["created_at"]}
            for entry in item["payloads"]
        ],
    )
    print("Events")
    about = ("at", "event", "trail")
    show(
        args,
        [
            {
                "at": entry["at"],
                "event": entry["event"],
                "details": {k: v for k, v in entry.items() if k not in about},
            }
            for entry in item["events"]
        ],
    )


@command
def plan(args: Any) -> None:
    """Latest plan."""
    with opened() as store:
        lines = queries.latest_plan(store, tenant=args.tenant, flow=args.flow, limit=args.limit)
        with store.read() as connection:
            counts = queries.planned_counts(connection, tenant=args.tenant, flow=args.flow)
    found = ways(counts)
    for line in lines:
        if way := found.get((line["tenant"], line["flow"])):
            line["way"] = way
    rows = [
        {
            **{name: line[name] for name in ("tenant", "flow", "operation", "key", "label", "reason")},
            "changes": [
                f"{item['field']}: {item['before']} -> {item['after']}" for item in line["changes"][:10]
            ],
        }
        for line in lines
    ]
    show(args, lines, rows, empty="There is no plan. Trigger a DAG with its parameter dry_run set.")
    if args.output == "table":
        for (tenant, flow), way in found.items():
            print(f"{tenant}, {flow}: {way}")


def ways(counts: Counts) -> dict[tuple[str, str], str]:
    """How what a plan counts would be written, where a flow's target can say that."""
    if not counts:
        return {}
    pairs = list(enabled(definitions().definitions, healthy_tenants(settings())))
    found = {}
    for definition, tenant in pairs:
        for flow in definition.flows:
            planned = counts.get((tenant.tenant, flow.name))
            if flow.ways is not None and planned is not None:
                with contextlib.suppress(ConnectorError):  # `check` tells what is wrong with the options
                    found[tenant.tenant, flow.name] = flow.ways(tenant, check(definition, tenant), planned)
    return found


@command
def reconciliation(args: Any) -> int | None:
    """Latest report of each flow; exit status 1 when one has an unexplained difference."""
    with opened() as store:
        reports = queries.reconciliations(store, tenant=args.tenant, flow=args.flow)
    rows = [
        {"tenant": report["tenant"], "flow": report["flow"], **_shown(total)}
        for report in reports
        for total in report["totals"]
    ]
    show(args, reports, rows, empty="Nothing was reconciled yet.")
    differences = [
        {
            "flow": report["flow"],
            **{name: item[name] for name in ("kind", "key", "label", "explained", "detail")},
        }
        for report in reports
        for item in report["differences"]
    ]
    if differences and args.output == "table":
        print("Differences")
        show(args, differences)
    return None if args.any or all(report["reconciled"] for report in reports) else 1


def _shown(total: queries.Answer) -> queries.Answer:
    pairs = {
        name: f"{total[f'{name}_count']} / {total[f'{name}_amount']}"
        for name in ("source", "ledger", "target", "open")
    }
    group = {name: total[name] for name in ("unit", "status", "currency")}
    return group | pairs | {"difference": total["difference"], "explained": total["explained"]}


@command
def verify(args: Any) -> int | None:
    """Audit trail; exit status 1 when an event is bad or missing."""
    from ml_connector.cli.anchors import anchors_in_airflow
    from ml_connector.core.audit.verify import verify as verify_trail

    anchors = anchors_in_airflow() if args.anchors else []
    with opened() as store, store.read() as connection:
        result = verify_trail(connection, anchors)
    answer = {"sound": result.sound, "anchors": len(anchors), **asdict(result)}
    show(args, answer, [answer | {"faults": [str(fault) for fault in result.faults]}])
    return None if result.sound else 1
