"""The product's part of ``benchmarks.basware``, in a fresh process on the sandbox's clock.

``back FOLDER FLOW,FLOW`` runs flows of the DAG that events start, ``out FOLDER FLOW,FLOW`` those of the main
one: stage by stage, each with connections of its own, as Airflow's tasks do. The folder holds the tenant's
file, the state and the clock; what each stage took is written there.
"""

from __future__ import annotations

import tests.environment  # noqa: F401 - first: Airflow reads its environment when it is imported

# isort: split
import asyncio
import json
import os
import resource
import sys
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.control import Control
from ml_connector.basware import flows
from ml_connector.basware.connect import connect
from ml_connector.basware.master import flows as master
from ml_connector.basware.master.target import MasterData
from ml_connector.core.config.loading import load_tenant
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.migrate import migrate
from tests.flows.dag_file import STAGES, DagRunner
from tests.flows.sandbox_time import SandboxTime

LEASE = timedelta(days=1)
"""By the sandbox's clock, which waiting moves."""

SYSTEMS = ("basware ", "peoplesoft ")


class LonelyTime(SandboxTime):
    """The clock of the only process that waits by it: nobody else needs a moment to move it first."""

    def __init__(self, control_url: str, file: Path) -> None:
        super().__init__(control_url, file)
        self._lock = asyncio.Lock()

    async def sleep(self, seconds: float) -> None:
        """Move it; of several that wait, each moves it by what the others did not."""
        end = self.seconds() + seconds
        async with self._lock:
            if (rest := end - self.seconds()) > 0:
                await asyncio.to_thread(self.advance, rest)


class Measured:
    """Runs stages, and notes what each took.

    Args:
        runner: runs them.
        time: the sandbox's.
        control: says what was called.
    """

    def __init__(self, runner: DagRunner, time: SandboxTime, control: Control) -> None:
        self._runner, self._time, self._control = runner, time, control

    async def run(self, names: Sequence[str], *, events: bool) -> list[dict[str, Any]]:
        """All stages of these flows, one after the other."""
        return [await self._stage(name, stage, events=events) for name in names for stage in STAGES]

    async def _stage(self, name: str, stage: str, *, events: bool) -> dict[str, Any]:
        calls, began = self._calls(), self._time.seconds()
        results = await self._runner.run(name, events=events, stages=[stage])
        minutes, after = (self._time.seconds() - began) / 60, self._calls()
        made = {one: after[one] - calls.get(one, 0) for one in after if after[one] > calls.get(one, 0)}
        return {
            "flow": name, "stage": stage, "minutes": round(minutes, 2), "calls": made,
            "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            "result": results[name][stage],
        }  # fmt: skip

    def _calls(self) -> dict[str, int]:
        found = self._control.get("/state")["calls"]["per_operation"]
        return {name: count for name, count in found.items() if name.startswith(SYSTEMS)}


def wait_by(time: SandboxTime) -> None:
    """Have the flows of this process wait for Basware by this clock."""
    patient = partial(connect, sleep=time.sleep)
    vars(flows)["connect"] = vars(master)["connect"] = patient
    vars(master)["MasterData"] = partial(MasterData, sleep=time.sleep)


def main(direction: str, folder: Path, names: Sequence[str]) -> None:
    """One run; its stages stand in ``stages.json``."""
    url = os.environ["BENCH_CONTROL"]
    time = LonelyTime(url, folder / "clock")
    wait_by(time)
    database = Database(f"sqlite:///{folder / 'state.db'}")
    migrate(database)
    runner = DagRunner(
        "basware", load_tenant(folder / "demo.yaml"), database, Cipher([os.environ["BENCH_KEY"]]), time.now,
        lease=LEASE,
    )  # fmt: skip
    stages = asyncio.run(Measured(runner, time, Control(url)).run(names, events=direction == "back"))
    (folder / "stages.json").write_text(json.dumps(stages, default=str))
    database.close()


if __name__ == "__main__":
    os.environ.update(json.loads(os.environ["BENCH_ENVIRONMENT"]))
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3].split(","))
