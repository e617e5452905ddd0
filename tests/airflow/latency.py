"""How long a webhook takes to become a running task: from the sandbox's BILL to Airflow's first task."""

from __future__ import annotations

import json
import os
import statistics
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from launcher.demo import EVENTS, Demonstration
from launcher.processes import wait_until
from ml_connector.core.state.database import Database
from ml_connector.core.state.schema import inbox

FIRST = "payments.extract"
RESULTS = "ML_CONNECTOR_TEST_RESULTS"
"""Environment variable with a folder in which measurements are kept."""


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
    wait_until(
        lambda: len(_closed(database)) > len(before),
        [demo.airflow.service],
        f"the event of {move} being taken",
    )
    (row,) = [row for row in _closed(database) if row.id not in {old.id for old in before}]
    wait_until(
        lambda: demo.airflow.run_state(EVENTS, row.run) in ("success", "failed"),
        [demo.airflow.service],
        f"run {row.run} ending",
    )
    tasks = {item["task_id"]: item for item in demo.airflow.task_instances(EVENTS, row.run)}
    began = datetime.fromisoformat(tasks[FIRST]["start_date"])
    return float((began - row.received_at).total_seconds())


def _closed(database: Database) -> list[Any]:
    with database.read() as connection:
        chosen = select(inbox.c.id, inbox.c.run, inbox.c.received_at).where(inbox.c.closed_at.is_not(None))
        return list(connection.execute(chosen.order_by(inbox.c.id)).all())
