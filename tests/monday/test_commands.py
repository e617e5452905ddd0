"""The commands on the shipped DAG file, against the simulator: provision, check --ping, and again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from sandbox.credentials import MONDAY_TOKEN
from sandbox.data import Size
from sandbox.server import Sandbox, SandboxThread
from tests.airflow.conftest import Installation
from tests.cli.conftest import Ask, Run, airflow_database, ask, installation, run
from tests.environment import REPOSITORY
from tests.monday.account import ALL, TENANT

__all__ = ["airflow_database", "ask", "installation", "run"]


@pytest.fixture
def account() -> Iterator[Sandbox]:
    thread = SandboxThread(lambda: Sandbox(Size(vouchers=1, suppliers=1)))
    with thread as running:
        yield running


@pytest.fixture
def acme(installation: Installation, account: Sandbox, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A tenant with all boards, and none of them made."""
    (installation.dags / "erp_shop.py").unlink()
    name = "peoplesoft_monday.py"
    (installation.dags / name).write_bytes((REPOSITORY / "dags" / name).read_bytes())
    connection = {"conn_type": "monday", "host": account.monday_url, "password": MONDAY_TOKEN}
    monkeypatch.setenv("AIRFLOW_CONN_MONDAY_1", json.dumps(connection))
    values = TENANT | {"integrations": {"monday": {"options": {"boards": ALL}}}}
    path = installation.folder / "tenants" / "acme.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return values


def findings(ask: Ask) -> list[str]:
    return [item["text"] for item in ask("check", "--ping") if item["subject"] == "tenant acme, monday"]


def test_from_an_empty_account_to_one_that_fits(
    acme: dict[str, Any], account: Sandbox, run: Run, ask: Ask
) -> None:
    missing = findings(ask)
    assert len(missing) == 5
    assert missing[0].startswith(
        "integrations.monday.options.boards.suppliers.board: there is no board 'Suppliers'"
    )
    planned = ask("provision", "--dry-run")
    assert account.monday.counts()["boards"] == 0
    made = ask("provision", "--tenant", "acme", "--integration", "monday")
    assert len(made) == len(planned)
    assert account.monday.counts()["boards"] == 5
    assert findings(ask) == []
    assert run("provision") == (0, "Nothing to make.\n", "")
    assert ask("audit", "verify")["sound"]


def test_a_token_that_is_refused_is_one_finding(
    acme: dict[str, Any], account: Sandbox, run: Run, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = {"conn_type": "monday", "host": account.monday_url, "password": "not-the-token"}
    monkeypatch.setenv("AIRFLOW_CONN_MONDAY_1", json.dumps(connection))
    (refused,) = findings(ask)
    assert "refused the token" in refused
    status, output, _ = run("provision")
    assert status == 1
    assert "acme, monday: error: " in output
    assert "not-the-token" not in output
