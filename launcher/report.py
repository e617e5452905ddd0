"""What a run moved and whether it reconciled, as tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from launcher.airflow import Airflow

_OPEN = ("waiting", "rejected", "failed", "dead", "held", "conflict", "drifted", "accepted", "ready")


@dataclass(frozen=True, slots=True)
class Line:
    """One flow in one run."""

    flow: str
    read: int
    created: int
    updated: int
    removed: int
    unchanged: int
    open: dict[str, int]
    source: Decimal
    ledger: Decimal
    target: Decimal
    reconciled: bool


@dataclass(frozen=True, slots=True)
class Report:
    """One run of one DAG, and the open documents of its flows."""

    lines: Sequence[Line]
    documents: Sequence[dict[str, Any]]

    @classmethod
    def collect(cls, airflow: Airflow, dag_id: str, run_id: str, tasks: dict[str, str]) -> Report:
        """Ask Airflow for what the tasks returned, and the ledger for the rest."""
        tenant = dag_id.rpartition("__")[2]
        questions = (
            ("status", "--tenant", tenant),
            ("reconciliation", "--tenant", tenant, "--any"),
            ("records", "--tenant", tenant, "--open", "--limit", "500"),
        )
        with ThreadPoolExecutor(len(questions)) as pool:  # each command needs seconds to start
            found, checked, documents = pool.map(lambda words: airflow.answer(*words), questions)
        status, reports = ({item["flow"]: item for item in answer} for answer in (found, checked))
        lines = []
        for group in dict.fromkeys(task.partition(".")[0] for task in tasks):
            flow = f"{_integration(dag_id)}.{group}"
            answers = {
                stage: airflow.xcom(dag_id, run_id, f"{group}.{stage}") or {}
                for stage in ("extract", "load", "reconcile")
            }
            green = tasks.get(f"{group}.reconcile") == "success"
            lines.append(_line(flow, answers, status.get(flow, {}), reports.get(flow, {}), green))
        shown = {line.flow for line in lines}
        return cls(lines, [item for item in documents if item["flow"] in shown])

    @property
    def reconciled(self) -> bool:
        """Whether every flow's reconciliation was green."""
        return bool(self.lines) and all(line.reconciled for line in self.lines)

    def print(self, title: str) -> None:
        """Both tables."""
        console = Console(width=None if Console().is_terminal else 170)
        console.print(_flow_table(title, self.lines))
        if self.documents:
            console.print(_document_table(self.documents))


def _integration(dag_id: str) -> str:
    """``bill`` of ``peoplesoft_bill__demo`` and ``bill_events__demo``; systems may share names of flows."""
    return dag_id.partition("__")[0].removeprefix("peoplesoft_").removesuffix("_events")


def _line(
    flow: str, answers: dict[str, Any], status: dict[str, Any], report: dict[str, Any], green: bool
) -> Line:
    extract, load = answers["extract"], answers["load"]
    confirmed = answers["reconcile"].get("confirmed") or {}  # what the target has decided later
    documents = status.get("documents", {})

    def total(side: str) -> Decimal:
        return sum((Decimal(str(item[f"{side}_amount"])) for item in report.get("totals", [])), Decimal(0))

    return Line(
        flow=flow,
        read=extract.get("read", 0),
        created=load.get("created", 0) + confirmed.get("created", 0),
        updated=load.get("updated", 0) + confirmed.get("updated", 0),
        removed=load.get("removed", 0) + confirmed.get("removed", 0),
        unchanged=extract.get("unchanged", 0),
        open={name: documents[name] for name in _OPEN if documents.get(name)},
        source=total("source"),
        ledger=total("ledger"),
        target=total("target"),
        reconciled=green and bool(report.get("reconciled", True)),
    )


def _flow_table(title: str, lines: Sequence[Line]) -> Table:
    table = Table(title=title)
    table.add_column("flow", no_wrap=True, min_width=14)
    for name in (
        "read",
        "created",
        "updated",
        "removed",
        "unchanged",
        "waiting",
        "rejected",
        "failed",
        "other",
    ):
        table.add_column(name, justify="right")
    for name in ("source", "ledger", "target", "difference"):
        table.add_column(f"in {name}" if name != "difference" else name, justify="right", no_wrap=True)
    table.add_column("reconciled", no_wrap=True)
    for line in lines:
        other = sum(
            count for name, count in line.open.items() if name not in ("waiting", "rejected", "failed")
        )
        counts = (
            line.read, line.created, line.updated, line.removed, line.unchanged,
            *(line.open.get(name, 0) for name in ("waiting", "rejected", "failed")), other,
        )  # fmt: skip
        amounts = (line.source, line.ledger, line.target, line.source - line.target)
        verdict = Text("yes", "green") if line.reconciled else Text("NO", "bold red")
        table.add_row(
            line.flow.rpartition(".")[2],
            *map(str, counts),
            *(f"{amount:,.2f}" for amount in amounts),
            verdict,
        )
    return table


def _document_table(documents: Sequence[dict[str, Any]]) -> Table:
    table = Table(title="Open documents, with the reason")
    for name in ("flow", "key", "label", "status", "amount", "reason"):
        whole = name in ("flow", "key", "status", "amount")
        justify: Literal["left", "right"] = "right" if name == "amount" else "left"
        table.add_column(name, overflow="fold", no_wrap=whole, justify=justify)
    for item in documents:
        names = ("flow", "key", "label", "status", "amount", "reason")
        table.add_row(*(Text("" if item[name] is None else str(item[name])) for name in names))
    return table


def print_changes(changes: Sequence[str]) -> None:
    """What happened in PeopleSoft over night."""
    console = Console()
    console.print("\nOver night in PeopleSoft:", style="bold")
    for change in changes:
        console.print(Text(f"  {change}"))
