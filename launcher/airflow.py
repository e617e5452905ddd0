"""A real Airflow on this machine: ``airflow standalone`` on SQLite, and its REST API."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from launcher.environment import REPOSITORY
from launcher.processes import Failed, Service, call, wait_until

_COMPONENTS = ("metadatabase", "scheduler", "dag_processor", "triggerer")
_PASSWORDS = "simple_auth_manager_passwords.json.generated"


class Refused(Exception):
    """Airflow's API answered with an error.

    Args:
        status: HTTP status.
        text: body of the answer.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"Airflow answered {status}: {text[:500]}")
        self.status = status


class Airflow:
    """One installation.

    Args:
        environment: everything its processes see; see ``launcher.environment``.
        log: file for the output of ``airflow standalone``.
    """

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.environment, self.log = dict(environment), log
        self.address = self.environment["AIRFLOW__API__BASE_URL"]
        self._service: Service | None = None
        self._token: str | None = None

    @property
    def service(self) -> Service:
        """The running installation."""
        if self._service is None:
            raise Failed("Airflow was not started")
        return self._service

    def command(self, *words: str) -> str:
        """Run ``airflow <words>``; its standard output comes back."""
        return call(["airflow", *words], self.environment, REPOSITORY)

    def answer(self, *words: str) -> Any:
        """Run ``airflow ml-connector <words> -o json``."""
        return json.loads(self.command("ml-connector", *words, "-o", "json"))

    def prepare(self) -> None:
        """Databases and pools."""
        self.command("db", "migrate")
        self.command("ml-connector", "init")

    def start(self) -> None:
        """Start all components and wait until each reports that it is healthy."""
        self._service = Service("Airflow", ["airflow", "standalone"], self.environment, self.log, REPOSITORY)
        wait_until(self._is_healthy, [self._service], "Airflow becoming healthy")

    def stop(self) -> None:
        """End everything that was started."""
        if self._service is not None:
            self._service.stop()
            self._service = None

    def login(self) -> tuple[str, str]:
        """User and password of the UI."""
        path = Path(self.environment["AIRFLOW_HOME"]) / _PASSWORDS
        users: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return next(iter(users.items()))

    def get(self, path: str) -> Any:
        """GET below ``/api/v2``."""
        return self._call("GET", path)

    def post(self, path: str, body: Any) -> Any:
        """POST below ``/api/v2``."""
        return self._call("POST", path, body)

    def wait_for_dag(self, dag_id: str) -> None:
        """Until the DAG processor has stored the DAG."""
        wait_until(
            lambda: self._find(f"/dags/{dag_id}") is not None, [self.service], f"DAG {dag_id} appearing"
        )

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> str:
        """Start a run; returns its id."""
        run: dict[str, Any] = self.post(
            f"/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": dict(conf or {})}
        )
        return str(run["dag_run_id"])

    def stop_run(self, dag_id: str, run_id: str) -> None:
        """Mark a run as failed, whatever its tasks are about to do."""
        self._call(
            "PATCH", f"/dags/{dag_id}/dagRuns/{urllib.parse.quote(run_id, safe='')}", {"state": "failed"}
        )

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """What Airflow says of each task of a run."""
        run = urllib.parse.quote(run_id, safe="")
        found: list[dict[str, Any]] = self.get(f"/dags/{dag_id}/dagRuns/{run}/taskInstances?limit=200")[
            "task_instances"
        ]
        return found

    def tasks(self, dag_id: str, run_id: str) -> dict[str, str]:
        """State of each task of a run."""
        return {item["task_id"]: item["state"] or "none" for item in self.task_instances(dag_id, run_id)}

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """A DAG's latest runs, oldest first."""
        path = f"/dags/{dag_id}/dagRuns?order_by=-run_after&limit=50"
        found: list[dict[str, Any]] = self.get(path)["dag_runs"]
        return found[::-1]

    def run_state(self, dag_id: str, run_id: str) -> str:
        """State of a run."""
        return str(self.get(f"/dags/{dag_id}/dagRuns/{urllib.parse.quote(run_id, safe='')}")["state"])

    def xcom(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """What a task returned, or None."""
        run, task = (urllib.parse.quote(text, safe="") for text in (run_id, task_id))
        entry = self._find(f"/dags/{dag_id}/dagRuns/{run}/taskInstances/{task}/xcomEntries/return_value")
        value = entry["value"] if entry else None
        return json.loads(value) if isinstance(value, str) else value

    def _find(self, path: str) -> Any:
        """Like ``get``; None where there is nothing."""
        try:
            return self.get(path)
        except Refused as refusal:
            if refusal.status == 404:
                return None
            raise

    def _is_healthy(self) -> bool:
        try:
            health = self._send("GET", f"{self.address}/api/v2/monitor/health")
        except (OSError, Refused):  # not listening yet, or not ready
            return False
        return all(health.get(name, {}).get("status") == "healthy" for name in _COMPONENTS)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        if self._token is None:
            self._token = self._log_in()
        return self._send(method, f"{self.address}/api/v2{path}", body, self._token)

    def _log_in(self) -> str:
        user, password = self.login()
        body = {"username": user, "password": password}
        return str(self._send("POST", f"{self.address}/auth/token", body)["access_token"])

    def _send(self, method: str, url: str, body: Any = None, token: str | None = None) -> Any:
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {token}"} if token else {}
        )
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers, method=method)
        for _ in range(4):
            try:
                return _answer(request)
            except Refused as refusal:
                if refusal.status < 500:
                    raise
                time.sleep(1)  # SQLite was busy
        return _answer(request)


def _answer(request: urllib.request.Request) -> Any:
    try:
        with _DIRECT.open(request, timeout=60) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            raise Refused(error.code, error.read().decode(errors="replace")) from None


_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Airflow listens on this machine: a proxy of the environment must not stand between."""
