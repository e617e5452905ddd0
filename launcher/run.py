"""``make run``: Airflow on the user's own tenants, with the user's own connections."""

from __future__ import annotations

from launcher.airflow import Airflow
from launcher.environment import airflow_environment, server_environment
from launcher.home import Home
from launcher.processes import Failed

_PREFERRED_PORT = 8080


def main() -> int:
    """Until Ctrl-C."""
    home = Home.default()
    home.prepare()
    environment = server_environment(_PREFERRED_PORT) | airflow_environment(home, home.airflow)
    airflow = Airflow(environment, home.path / "airflow.log")
    print(f"Preparing Airflow in {home.airflow}", flush=True)
    airflow.prepare()
    _show_findings(airflow)
    try:
        airflow.start()
        user, password = airflow.login()
        print(
            f"\nAirflow: {airflow.address}  user {user}  password {password}\n"
            f"Log: {airflow.log}\nCtrl-C stops it.",
            flush=True,
        )
        return airflow.service.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        print("Stopping Airflow", flush=True)
        airflow.stop()


def _show_findings(airflow: Airflow) -> None:
    """What `check` says is shown and keeps nothing from starting: connections are made in the UI."""
    try:
        print(airflow.command("ml-connector", "check"))
    except Failed as findings:
        print(findings)
