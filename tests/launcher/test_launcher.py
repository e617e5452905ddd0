"""Keys, ports, environment and processes of ``make demo`` and ``make run``."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import stat
import sys
import time
from pathlib import Path

import psutil
import pytest
from cryptography.fernet import Fernet

from launcher.connections import sandbox_connections
from launcher.environment import REPOSITORY, airflow_environment, server_environment
from launcher.home import KEYS, Home
from launcher.ports import first_free, free_ports
from launcher.processes import Failed, Service, call, wait_until


def test_keys_are_made_once_and_private(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    keys = home.keys()
    assert set(keys) == set(KEYS.values())
    assert len(set(keys.values())) == len(keys)
    Fernet(keys["AIRFLOW__CORE__FERNET_KEY"])
    Fernet(keys["AIRFLOW__ML_CONNECTOR__PAYLOAD_KEYS"])
    assert len(keys["AIRFLOW__API_AUTH__JWT_SECRET"]) >= 64
    home.prepare()
    assert home.keys() == keys
    for name in KEYS:
        assert stat.S_IMODE((home.path / "keys" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700


def _prepare(path: str) -> dict[str, str]:
    home = Home(Path(path))
    home.prepare()
    return home.keys()


def test_two_starts_at_once_agree_on_the_keys(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        results = pool.map(_prepare, [str(tmp_path / "home")] * 8)
    assert all(keys == results[0] for keys in results)


def test_home_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ML_CONNECTOR_HOME", str(tmp_path))
    assert Home.default().path == tmp_path
    monkeypatch.delenv("ML_CONNECTOR_HOME")
    assert not Home.default().path.is_relative_to(REPOSITORY)


def test_ports_are_free_and_different() -> None:
    ports = free_ports(4)
    assert len(set(ports)) == 4
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = taken.getsockname()[1]
        assert first_free(busy) != busy
    assert first_free(ports[0]) == ports[0]


def test_a_demonstration_never_meets_a_real_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://production")
    monkeypatch.setenv("AIRFLOW_CONN_DEMO__BILL", "bill://production")
    home = Home(tmp_path)
    home.prepare()
    alone = airflow_environment(home, home.airflow, inherit=False)
    assert "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" not in alone
    assert "AIRFLOW_CONN_DEMO__BILL" not in alone
    mine = airflow_environment(home, home.airflow)
    assert mine["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == "postgresql://production"
    assert mine["AIRFLOW_HOME"] == str(home.airflow)
    assert mine["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)


def test_servers_listen_on_this_machine_only() -> None:
    environment = server_environment()
    address = environment["AIRFLOW__API__BASE_URL"]
    assert address.startswith("http://127.0.0.1:")
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == f"{address}/execution/"


def test_sandbox_connections_are_connections() -> None:
    from airflow.sdk import Connection

    addresses = {
        "peoplesoft_url": "http://127.0.0.1:1111", "bill_url": "http://127.0.0.1:2222/connect",
        "cleo_url": "http://127.0.0.1:3333", "cleo_provider_url": "http://127.0.0.1:3333/provider",
        "monday_url": "http://127.0.0.1:4444", "basware_url": "http://127.0.0.1:5555",
    }  # fmt: skip
    made = sandbox_connections(addresses)
    systems = ("PEOPLESOFT", "BILL", "CLEO", "MONDAY", "BASWARE")
    assert set(made) == {f"AIRFLOW_CONN_DEMO__{system}" for system in systems}
    for variable, text in made.items():
        connection = Connection.from_json(text, conn_id=variable)
        assert connection.conn_type == json.loads(text)["conn_type"]
        assert connection.password


def _script(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "script.py"
    path.write_text(text)
    return [sys.executable, str(path)]


def test_stopping_a_service_ends_every_descendant(tmp_path: Path) -> None:
    text = (
        "import subprocess, sys, time, signal\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "child = subprocess.Popen(sleep, start_new_session=True)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    log = tmp_path / "log"
    service = Service("it", _script(tmp_path, text), dict(os.environ), log)
    wait_until(lambda: log.read_text().strip().isdigit(), [service], "the child starting", seconds=30)
    child = psutil.Process(int(log.read_text()))
    began = time.monotonic()
    service.stop()
    assert time.monotonic() - began < 25
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    service.stop()


def test_waiting_ends_when_a_service_dies(tmp_path: Path) -> None:
    words = _script(tmp_path, "print('out of memory'); raise SystemExit(3)")
    service = Service("it", words, dict(os.environ), tmp_path / "log")
    with pytest.raises(Failed, match=r"(?s)it ended with status 3.*out of memory"):
        wait_until(lambda: False, [service], "never", seconds=30)
    service.stop()


def test_waiting_ends_when_the_time_is_up() -> None:
    with pytest.raises(Failed, match="the sun did not happen within 0 seconds"):
        wait_until(lambda: False, [], "the sun", seconds=0)


def test_a_failed_command_shows_its_output(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"(?s)status 2.*no such table"):
        call(_script(tmp_path, "print('no such table'); raise SystemExit(2)"), dict(os.environ), tmp_path)
