"""One DAG for each tenant that wants one, and what a tenant file changes about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.airflow.conftest import Installation

DAG = "erp_shop__acme"


def test_each_tenant_has_its_own(installation: Installation) -> None:
    installation.tenant("beta")
    installation.tenant("gamma", integrations={"shop": {"enabled": False}})
    installation.tenant("delta", integrations={})
    assert set(installation.bag().dags) == {DAG, "erp_shop__beta"}


def test_a_worker_builds_only_what_it_runs(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.tenant("beta")
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "erp_shop__beta")
    assert set(installation.bag().dags) == {"erp_shop__beta"}


def test_flows_are_switched_by_tenant_or_else_by_mapping(installation: Installation) -> None:
    installation.mapping("returns", enabled=False)
    assert groups(installation.bag().dags[DAG]) == ["orders"]
    installation.tenant("acme", integrations={"shop": {"flows": {"returns": {"enabled": True}}}})
    assert groups(installation.bag().dags[DAG]) == ["orders", "returns"]
    installation.tenant("acme", integrations={"shop": {"flows": {"orders": {"enabled": False}}}})
    assert groups(installation.bag().dags[DAG]) == []


def groups(dag: Any) -> list[str]:
    return list(dict.fromkeys(task.task_id.partition(".")[0] for task in dag.tasks))


def test_schedules(installation: Installation) -> None:
    installation.tenant("acme", integrations={"shop": {"schedule": "15m"}})
    assert installation.bag().dags[DAG].schedule == timedelta(minutes=15)
    installation.tenant("acme", integrations={"shop": {"schedule": None}})
    assert installation.bag().dags[DAG].schedule is None


def test_cron_runs_on_the_tenants_clock(installation: Installation) -> None:
    installation.tenant("acme", integrations={"shop": {"schedule": "0 7 * * *"}})
    timetable = installation.bag().dags[DAG].timetable
    assert (timetable.expression, str(timetable.timezone)) == ("0 7 * * *", "America/New_York")


def test_a_queue_takes_only_the_tasks_that_read_the_source(installation: Installation) -> None:
    installation.tenant("acme", integrations={"shop": {"queue": "inside"}})
    queues = {task.task_id: task.queue for task in installation.bag().dags[DAG].tasks}
    assert queues["orders.extract"] == "inside"
    assert {queues[f"orders.{stage}"] for stage in ("transform", "load", "reconcile")} == {"default"}


def test_a_deadline_alert_can_be_stored(installation: Installation) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    installation.tenant(
        "acme",
        integrations={"shop": {"deadline": "2h"}},
        notify=[{"type": "http", "connection": "ops", "events": ["deadline"]}],
    )
    dag = installation.bag().dags[DAG]
    (alert,) = dag.deadline if isinstance(dag.deadline, list) else [dag.deadline]
    assert alert.interval.total_seconds() == 7200
    assert alert.callback.path == "ml_connector.core.dag.notify.deadline_missed"
    assert alert.callback.kwargs["notify"][0]["connection"] == "ops"
    assert "deadline" in DagSerialization.to_dict(dag)["dag"]


def test_a_broken_tenant_leaves_the_others_and_shows_as_an_import_error(installation: Installation) -> None:
    path = installation.tenant("beta", time_zone="Atlantis/Capital")
    installation.tenant("gamma", integrations={"shop": {"options": {"colour": "red", "size": 4}}})
    bag = installation.bag()
    assert set(bag.dags) == {DAG}
    ((file, error),) = bag.import_errors.items()
    assert file.endswith("ml_connector_configuration.py")
    assert "2 mistakes" in error
    line = path.read_text().splitlines().index("time_zone: Atlantis/Capital") + 1
    assert f"{path}:{line}: time_zone" in error
    assert "an IANA time zone" in error
    assert "integrations.shop.options.size" in error


def test_a_broken_mapping_is_told_once_for_all_tenants(installation: Installation) -> None:
    installation.tenant("beta")
    installation.mapping("orders", amount="NO_SUCH_FIELD")
    bag = installation.bag()
    assert set(bag.dags) == {DAG, "erp_shop__beta"}
    (error,) = bag.import_errors.values()
    assert "1 mistake in" in error
    assert "NO_SUCH_FIELD" in error


def test_an_unknown_flow_and_an_unknown_integration_are_mistakes(installation: Installation) -> None:
    installation.tenant("beta", integrations={"shop": {"flows": {"ordres": {"enabled": True}}}})
    installation.tenant("gamma", connections={"erp": "e", "nosuch": "n"}, integrations={"nosuch": {}})
    (error,) = installation.bag().import_errors.values()
    assert "ordres" in error
    assert "orders, returns" in error
    assert "integrations.nosuch" in error


def test_a_dag_file_that_cannot_be_imported_does_not_blame_the_tenants(installation: Installation) -> None:
    (installation.dags / "erp_shop.py").write_text(
        '"""Airflow dag."""\nimport ml_connector.core.dag.builder\nraise RuntimeError("broken")\n'
    )
    errors = installation.bag().import_errors
    assert [file.rpartition("/")[2] for file in errors] == ["erp_shop.py"]


def test_no_tenants_folder_is_one_clear_mistake(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__TENANTS_PATH", "/nowhere/at/all")
    bag = installation.bag()
    assert bag.dags == {}
    (error,) = bag.import_errors.values()
    assert "/nowhere/at/all does not exist" in error
