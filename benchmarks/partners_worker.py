"""The product's part of ``benchmarks.partners``, in a fresh process.

``flow TENANT_FILE FLOW`` runs a flow as its tasks do; ``load FOLDER`` and ``parse FOLDER`` print seconds.
"""

from __future__ import annotations

import tests.environment  # noqa: F401 - first: Airflow reads its environment when it is imported

# isort: split
import asyncio
import json
import os
import runpy
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ml_connector.cleo.partners.files import load_folder
from ml_connector.core.config.loading import load_tenant
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.migrate import migrate
from tests.flows.dag_file import ROOT, STAGES, DagRunner

REPETITIONS = 25


def flow(file: str, name: str) -> None:
    """All stages of a flow; the state lies beside the tenant's file."""
    database = Database(f"sqlite:///{Path(file).parent / 'state.db'}")
    migrate(database)
    runner = DagRunner("cleo", load_tenant(Path(file)), database, Cipher([os.environ["BENCH_KEY"]]))
    stages = [stage for stage in STAGES if stage != "reconcile"]
    print(asyncio.run(runner.run(name, stages=stages)))
    database.close()


def load(tenants: str) -> None:
    """Read and check every partner file."""
    began = time.perf_counter()
    found = load_folder(Path(tenants) / "demo" / "partners")
    took = time.perf_counter() - began
    assert found
    assert not [one for one in found if one.error]
    print(f"{took:.3f}")


def parse(_: str) -> None:
    """Parse the DAG file, as Airflow's processor does over and over; the quickest."""
    times = []
    for _turn in range(REPETITIONS):
        began = time.perf_counter()
        made = runpy.run_path(str(ROOT / "dags" / "peoplesoft_cleo.py"))
        times.append(time.perf_counter() - began)
        assert made
    print(f"{min(times):.3f}")


WORKS: dict[str, Callable[..., None]] = {"flow": flow, "load": load, "parse": parse}


if __name__ == "__main__":
    os.environ.update(json.loads(os.environ["BENCH_ENVIRONMENT"]))
    WORKS[sys.argv[1]](*sys.argv[2:])
