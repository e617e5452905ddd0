"""Environment of every Airflow process: folders, keys and ports; what is no secret stands in airflow.cfg."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from launcher.home import Home
from launcher.ports import LOCAL, first_free, free_ports

REPOSITORY = Path(__file__).resolve().parents[1]


def airflow_environment(home: Home, airflow_home: Path, *, inherit: bool = True) -> dict[str, str]:
    """The caller's environment with Airflow pointed at this repository.

    A variable that is set already wins, so that ``AIRFLOW__ML_CONNECTOR__STATE_CONN=... make run``
    does what it says; keys are the home's unless given.

    Args:
        inherit: let the caller's Airflow variables through. A demonstration must never meet the
            databases or connections of somebody's real installation.
    """
    hidden = ("PYTHONPATH",) if inherit else ("PYTHONPATH", "AIRFLOW")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    ours = {
        "AIRFLOW_CONFIG": str(REPOSITORY / "airflow.cfg"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        **home.keys(),
    }
    scripts = str(Path(sys.executable).parent)
    return {
        **ours,
        **inherited,
        "AIRFLOW_HOME": str(airflow_home),
        "PATH": os.pathsep.join([scripts, inherited.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
    }


def server_environment(port: int | None = None) -> dict[str, str]:
    """Addresses of Airflow's servers: this machine only, and never a port in use.

    Args:
        port: where the UI should be; any free port where it is left out or taken.
    """
    logs, trigger_logs, any_port = free_ports(3)
    chosen = first_free(port) if port else any_port
    address = f"http://{LOCAL}:{chosen}"
    return {
        "AIRFLOW__API__HOST": LOCAL,
        "AIRFLOW__API__PORT": str(chosen),
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(logs),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(trigger_logs),
    }
