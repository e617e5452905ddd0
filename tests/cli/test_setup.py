"""Commands that set up, look for mistakes and tidy up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ml_connector.cli import checks
from tests.airflow.conftest import Installation
from tests.airflow.shop import World
from tests.cli.conftest import Ask, Run
from tests.core.stages.support import order


@pytest.fixture
def ready(installation: Installation, run: Run, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Everything in order: pools, connections."""
    assert run("init")[0] == 0
    monkeypatch.setenv("AIRFLOW_CONN_ERP_1", json.dumps({"conn_type": "erp", "host": "erp.example.com"}))
    monkeypatch.setenv(
        "AIRFLOW_CONN_ACME_SHOP", json.dumps({"conn_type": "shop", "host": "shop.example.com"})
    )
    return installation


def findings(ask: Ask, *words: str) -> dict[str, str]:
    return {item["subject"]: item["text"] for item in ask("check", *words) if item["level"] == "error"}


def test_init_creates_database_and_pools_and_can_be_repeated(
    installation: Installation, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__STATE_CONN", f"sqlite:///{tmp_path}/new.db")
    installation.tenant("acme", connections={"erp": "init_erp", "shop": "init_shop"})
    first, second = ask("init"), ask("init")
    assert first["state_database"] == "created"
    assert first["pools"] == {"ml_erp__init_erp": "created", "ml_shop__init_shop": "created"}
    assert second["state_database"] == "current"
    assert set(second["pools"].values()) == {"exists"}


def test_init_restored_makes_every_flow_compare_first(moved: Installation, ask: Ask) -> None:
    from ml_connector.core.ledger import flows
    from ml_connector.core.ledger.scope import Scope

    assert ask("init", "--restored")["restored"]
    with moved.store() as store, store.read() as connection:
        assert flows.get(connection, Scope("acme", "test", "shop.orders")).adopted_at is None


def test_init_restored_leaves_control_numbers_out(moved: Installation, ask: Ask) -> None:
    from ml_connector.core.ledger.exchange.control_numbers import Address, allocate

    acme = Address("acme", "test", "ZZ:US", "01:123456789")
    with moved.store() as store, store.write() as tx:
        allocate(tx, acme, "ISA")
    assert ask("init", "--restored", "--skip-control-numbers", "50")["control_numbers"] == 1
    assert ask("init", "--restored", "--tenant", "acme")["control_numbers"] == 1
    with moved.store() as store, store.write() as tx:
        assert allocate(tx, acme, "ISA") == 1 + 50 + 1000 + 1


def test_check_of_a_sound_installation(ready: Installation, run: Run) -> None:
    status, output, _ = run("check")
    assert status == 0
    assert "Everything is in order" in output


def test_check_names_what_is_missing(installation: Installation, run: Run, ask: Ask) -> None:
    installation.tenant("acme", connections={"erp": "no_erp", "shop": "no_shop"})
    found = findings(ask)
    assert "airflow ml-connector init" in found["pool ml_erp__no_erp"]
    assert "create it with type shop" in found["connection no_shop"]
    assert run("check")[0] == 1


def test_check_refuses_a_connection_of_another_type(
    ready: Installation, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ACME_SHOP", "http://shop.example.com")
    assert findings(ask) == {"connection acme_shop": "is of type http, and must be of type shop"}


def test_check_refuses_a_pool_in_which_no_task_fits(ready: Installation, ask: Ask) -> None:
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session

    with create_session() as session:
        session.query(Pool).filter(Pool.pool == "ml_shop__acme_shop").one().slots = 1
    try:
        assert "a task needs 2" in findings(ask)["pool ml_shop__acme_shop"]
    finally:
        with create_session() as session:
            session.query(Pool).filter(Pool.pool == "ml_shop__acme_shop").one().slots = 3


@pytest.mark.parametrize(
    ("variable", "subject"),
    [
        ("AIRFLOW__CORE__FERNET_KEY", "[core] fernet_key"),
        ("AIRFLOW__API_AUTH__JWT_SECRET", "[api_auth] jwt_secret"),
        ("AIRFLOW__API__SECRET_KEY", "[api] secret_key"),
    ],
)
def test_check_refuses_empty_keys(
    ready: Installation, ask: Ask, monkeypatch: pytest.MonkeyPatch, variable: str, subject: str
) -> None:
    monkeypatch.setenv(variable, "")
    assert "is empty" in findings(ask)[subject]
    monkeypatch.delenv(variable)
    assert "is empty" in findings(ask)[subject]


def test_check_refuses_a_fernet_key_that_is_none(
    ready: Installation, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "not-a-key")
    assert "not a Fernet key" in findings(ask)["[core] fernet_key"]


def test_check_warns_of_unencrypted_payloads(
    ready: Installation, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__PAYLOAD_KEYS", "")
    (finding,) = ask("check")
    assert (finding["level"], finding["subject"]) == ("warning", "[ml_connector] payload_keys")


def test_check_refuses_an_unmigrated_database(
    ready: Installation, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__STATE_CONN", f"sqlite:///{tmp_path}/empty.db")
    assert "not initialised" in findings(ask)["state database"]


def test_check_lists_broken_files(ready: Installation, ask: Ask) -> None:
    ready.tenant("beta", time_zone="Atlantis/Capital")
    (ready.dags / "other_dag.py").write_text('"""Airflow."""\nimport ml_connector.core.dag.builder\n1 / 0\n')
    found = findings(ask)
    assert "time_zone" in found["tenant beta"]
    assert "ZeroDivisionError" in found[f"DAG file {ready.dags / 'other_dag.py'}"]


@pytest.mark.parametrize(
    ("answer", "level"), [((True, "PeopleTools 8.60"), "ok"), ((False, "the password is wrong"), "error")]
)
def test_ping_says_what_the_system_says(answer: tuple[bool, str], level: str) -> None:
    class Hook:
        def test_connection(self) -> tuple[bool, str]:
            return answer

    class Connection:
        def get_hook(self) -> Any:
            return Hook()

    finding = checks._ping("connection x", Connection())
    assert (finding.level, finding.text) == (level, answer[1])


def test_a_hook_that_breaks_shows_no_secret() -> None:
    class Connection:
        def get_hook(self) -> Any:
            raise RuntimeError("password=hunter2")

    finding = checks._ping("connection x", Connection())
    assert (finding.level, finding.text) == ("error", "RuntimeError")


def test_schemas_are_written_for_editors(ask: Ask, tmp_path: Path) -> None:
    paths = ask("export-schemas", str(tmp_path / "schemas"))
    assert {Path(path).name for path in paths} == {
        "tenant.schema.json", "dataset.schema.json", "mapping.schema.json",
    }  # fmt: skip


def test_purge_removes_only_what_is_old(moved: Installation, ask: Ask) -> None:
    assert ask("purge")["days"] == 400
    assert ask("purge", "--days", "1")["payloads"] == 0
    World.source.put(order(4))
    assert moved.run("erp_shop__acme")[0] == "success"
