"""The product's part of ``benchmarks.monday``, in a fresh process on the sandbox's clock.

``provision FOLDER`` makes the boards, ``run FOLDER`` runs the flow of invoices as its tasks do. The folder
holds the tenant's file, the state and the clock.
"""

from __future__ import annotations

import tests.environment  # noqa: F401 - first: Airflow reads its environment when it is imported

# isort: split
import asyncio
import json
import os
import sys
from datetime import timedelta
from pathlib import Path

from ml_connector.core.config.loading import load_tenant
from ml_connector.core.dag.configuration import check
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.migrate import migrate
from tests.flows.dag_file import DagRunner
from tests.flows.sandbox_time import SandboxTime, wait_by

FLOW = "invoices"
LEASE = timedelta(days=1)
"""By the sandbox's clock, which waiting moves by a minute at once."""


def main(work: str, folder: Path) -> None:
    """One piece of work; what a run counted stands in ``counts.json``."""
    time = SandboxTime(os.environ["BENCH_CONTROL"], folder / "clock")
    wait_by(time.sleep)
    database = Database(f"sqlite:///{folder / 'state.db'}")
    migrate(database)
    runner = DagRunner(
        "monday", load_tenant(folder / "demo.yaml"), database, Cipher([os.environ["BENCH_KEY"]]), time.now,
        lease=LEASE,
    )  # fmt: skip
    if work == "provision":
        asyncio.run(_provision(runner))
    else:
        counted = asyncio.run(runner.run(FLOW))[FLOW]
        (folder / "counts.json").write_text(json.dumps(counted, default=str))
    database.close()


async def _provision(runner: DagRunner) -> None:
    definition, store = runner.definition(events=False), runner.store("provision")
    assert definition.provision is not None
    await definition.provision(runner.tenant, store, check(definition, runner.tenant), False)
    store.close()


if __name__ == "__main__":
    os.environ.update(json.loads(os.environ["BENCH_ENVIRONMENT"]))
    main(sys.argv[1], Path(sys.argv[2]))
