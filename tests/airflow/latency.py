"""How long a webhook takes to become a running task, and an approved invoice to become a voucher.

What Airflow itself costs is measured beside it: a DAG whose tasks do nothing, in the same installation.
"""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from launcher.demo import EVENTS, FROM_BASWARE, Demonstration
from launcher.processes import wait_until
from ml_connector.core.state.database import Database
from ml_connector.core.state.schema import document, inbox

FIRST = "payments.extract"
INVOICE_TASKS = ("invoices.extract", "invoices.transform", "invoices.load")
"""What lies between a notification and its voucher."""

RESULTS = "ML_CONNECTOR_TEST_RESULTS"
"""Environment variable with a folder in which measurements are kept."""

EMPTY = "empty"
"""A DAG of as many tasks that do nothing."""

_EMPTY_FILE = """
from airflow.sdk import DAG, task

with DAG("empty", schedule=None):

    @task
    def first(): ...

    @task
    def second(): ...

    @task
    def third(): ...

    first() >> second() >> third()
"""
_LOCAL = "airflow.dag_processing.bundles.local.LocalDagBundle"
_ENDED = ("success", "failed")


@dataclass(frozen=True)
class Latencies:
    """Seconds from the moment an event was stored to the moment its run's first task began."""

    seconds: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def worst(self) -> float:
        return max(self.seconds)

    def keep(self) -> None:
        """Print, and write where somebody asked for it."""
        figures = {
            "events": len(self.seconds),
            "median": round(self.median, 2),
            "worst": round(self.worst, 2),
        }
        print(json.dumps(figures))  # noqa: T201 - pytest shows it with -s, and after a failure
        if folder := os.environ.get(RESULTS):
            Path(folder, "latency.json").write_text(json.dumps(figures) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class VoucherLatencies:
    """Seconds of each invoice, from the moment at which its notification was stored.

    Attributes:
        started: until the first task began.
        made: until PeopleSoft had the voucher and the ledger knew its number.
        worked: what the tasks up to then ran altogether.
        empty: of each run of a DAG with as many empty tasks, from its request to the end of the last.
        load: the machine's load average when each had ended: above the number of its cores, others were
            at work.
    """

    started: list[float]
    made: list[float]
    worked: list[float]
    empty: list[float]
    load: list[float]

    def figures(self) -> dict[str, Any]:
        """Median and worst of each."""
        kinds = {"started": self.started, "made": self.made, "worked": self.worked, "empty": self.empty,
                 "load": self.load}  # fmt: skip
        return {"events": len(self.made)} | {
            name: {"median": round(statistics.median(seconds), 2), "worst": round(max(seconds), 2)}
            for name, seconds in kinds.items()
            if seconds
        }


def with_empty_dag(folder: Path) -> Mapping[str, str]:
    """Settings for an Airflow that has the product's DAGs and the empty one.

    Args:
        folder: for the empty one's file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "empty.py").write_text(_EMPTY_FILE, encoding="utf-8")
    bundles = [
        {"name": "dags-folder", "classpath": _LOCAL, "kwargs": {}},
        {"name": "empty", "classpath": _LOCAL, "kwargs": {"path": str(folder)}},
    ]
    return {"AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles)}


def state_of(demo: Demonstration) -> Database:
    """The state database of a running demonstration."""
    return Database(f"sqlite:///{demo.airflow.environment['AIRFLOW_HOME']}/ml_connector.db")


def measure(demo: Demonstration, payment: dict[str, Any], moves: list[str]) -> Latencies:
    """Move a payment from status to status; each move is one event, sent when the one before is settled."""
    database = state_of(demo)
    try:
        return Latencies([_one(demo, database, payment, move) for move in moves])
    finally:
        database.close()


def _one(demo: Demonstration, database: Database, payment: dict[str, Any], move: str) -> float:
    before = _closed(database)
    demo.control("POST", "/bill/move", {"payment_id": payment["id"], "single_status": move})
    row = _taken(demo, database, before, f"the event of {move}")
    tasks = _tasks(demo, EVENTS, row.run)
    return _since(row.received_at, tasks[FIRST]["start_date"])


def measure_vouchers(demo: Demonstration, count: int = 50) -> VoucherLatencies:
    """Approve invoices in Basware, each when the run before has ended, and wait for their vouchers.

    Basware must have been subscribed to. Where the installation has the empty DAG (``with_empty_dag``), it
    runs in turn with them.
    """
    database = state_of(demo)
    beside = _has_empty(demo)
    started, made, worked, empty, load = [], [], [], [], []
    try:
        for number in range(count):
            first, voucher, work = _one_voucher(demo, database, f"BW-LATENCY-{number:04d}")
            started.append(first)
            made.append(voucher)
            worked.append(work)
            if beside:
                empty.append(_one_empty(demo))
            load.append(os.getloadavg()[0])
    finally:
        database.close()
    return VoucherLatencies(started, made, worked, empty, load)


def _one_voucher(demo: Demonstration, database: Database, number: str) -> tuple[float, float, float]:
    before = _closed(database)
    approved = demo.control("POST", "/basware/invoice", {"values": {"invoiceNumber": number}})
    row = _taken(demo, database, before, f"the notification of {number}")
    run = _tasks(demo, FROM_BASWARE, row.run)
    with database.read() as connection:
        chosen = select(document.c.loaded_at, document.c.target_id).where(
            document.c.flow == "basware.invoices", document.c.key == approved["invoiceId"]
        )
        voucher = connection.execute(chosen).one()
    if voucher.target_id is None:
        raise AssertionError(f"{number} has no voucher after run {row.run}")
    tasks = [run[name] for name in INVOICE_TASKS]
    return (
        _since(row.received_at, tasks[0]["start_date"]),
        float((voucher.loaded_at - row.received_at).total_seconds()),
        sum(float(task["duration"]) for task in tasks),
    )


def _one_empty(demo: Demonstration) -> float:
    run = demo.airflow.trigger(EMPTY)
    tasks = _tasks(demo, EMPTY, run)
    asked = next(item["queued_at"] for item in demo.airflow.runs(EMPTY) if item["dag_run_id"] == run)
    return _since(datetime.fromisoformat(asked), max(str(task["end_date"]) for task in tasks.values()))


def _has_empty(demo: Demonstration) -> bool:
    dags: Sequence[Mapping[str, Any]] = demo.airflow.get("/dags?limit=200")["dags"]
    return any(dag["dag_id"] == EMPTY for dag in dags)


def _taken(demo: Demonstration, database: Database, before: Sequence[Any], what: str) -> Any:
    """The inbox's row of what happened, once a run has taken it."""
    known = {old.id for old in before}
    wait_until(lambda: len(_closed(database)) > len(before), [demo.airflow.service], f"{what} being taken")
    (row,) = [row for row in _closed(database) if row.id not in known]
    return row


def _tasks(demo: Demonstration, dag_id: str, run: str) -> dict[str, dict[str, Any]]:
    """Tasks of a run by id, once it has ended."""
    wait_until(
        lambda: demo.airflow.run_state(dag_id, run) in _ENDED, [demo.airflow.service], f"run {run} ending"
    )
    return {item["task_id"]: item for item in demo.airflow.task_instances(dag_id, run)}


def _since(moment: datetime, later: str) -> float:
    return float((datetime.fromisoformat(later) - moment).total_seconds())


def _closed(database: Database) -> list[Any]:
    with database.read() as connection:
        chosen = select(inbox.c.id, inbox.c.run, inbox.c.received_at).where(inbox.c.closed_at.is_not(None))
        return list(connection.execute(chosen.order_by(inbox.c.id)).all())
