"""The whole product as a customer runs it: every component of Airflow, the sandbox, two days of work.

One installation for all tests of this file, started by the launcher that `make demo` uses; the tests
follow each other as a day does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from launcher.airflow import Refused
from launcher.demo import Demonstration, demonstration
from launcher.processes import wait_until
from tests.airflow.inbox import Received, inbox
from tests.environment import REPOSITORY

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]

DAG = "peoplesoft_bill__demo"
FLOWS = ("accounts", "departments", "vendors", "bills", "vendor_credits")


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installation") / "tenants"
    folder.mkdir()
    notify = "notify: [{type: http, connection: ops_hook, endpoint: alerts}]\n"
    text = (REPOSITORY / "include" / "tenants" / "demo.yaml").read_text()
    (folder / "demo.yaml").write_text(
        text.replace("schedule: null ", "deadline: 1s\n    schedule: null ") + notify
    )
    return folder


@pytest.fixture(scope="module")
def hook() -> Iterator[tuple[str, Received]]:
    with inbox() as opened:
        yield opened


@pytest.fixture(scope="module")
def alerts(hook: tuple[str, Received]) -> Received:
    return hook[1]


@pytest.fixture(scope="module")
def demo(tenants: Path, hook: tuple[str, Received]) -> Iterator[Demonstration]:
    settings = {
        "AIRFLOW_CONN_OPS_HOOK": hook[0],
        "AIRFLOW__ML_CONNECTOR__TENANTS_PATH": str(tenants),
        "AIRFLOW__ML_CONNECTOR__MAPPINGS_PATH": str(tenants.parent / "mappings"),
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "2",
    }
    with demonstration(60, say=print, settings=settings) as running:
        yield running


@pytest.fixture(scope="module")
def first_day(demo: Demonstration) -> bool:
    return demo.day("first day")


def test_check_and_ping_find_nothing_wrong(demo: Demonstration) -> None:
    findings = demo.airflow.answer("check", "--ping")
    assert {(item["level"], item["subject"]) for item in findings} == {
        ("ok", "connection demo__bill"),
        ("ok", "connection demo__peoplesoft"),
    }


def test_everything_moves_and_reconciles(demo: Demonstration, first_day: bool) -> None:
    assert first_day
    status = {item["flow"]: item for item in demo.airflow.answer("status")}
    assert set(status) == {f"bill.{name}" for name in FLOWS}
    assert all(item["last_success"] for item in status.values())
    assert status["bill.bills"]["documents"]["loaded"] > 20
    assert status["bill.vendors"]["documents"]["rejected"] == 1


def test_the_watermark_is_visible_in_airflow(demo: Demonstration, first_day: bool) -> None:
    assets = demo.airflow.get("/assets?name_pattern=demo/peoplesoft/vouchers")["assets"]
    values = demo.airflow.get(f"/assets/{assets[0]['id']}/state-store")
    assert "bills.US001" in json.dumps(values)


def test_the_second_day_moves_only_what_changed(demo: Demonstration, first_day: bool) -> None:
    calls_before = len(demo.change())
    assert calls_before > 5
    assert demo.day("second day")
    bills = {
        item["label"]: item for item in demo.airflow.answer("records", "--flow", "bills", "--limit", "500")
    }
    assert bills["DEMO-CHANGES-AMOUNT"]["amount"] == "575.25"
    assert bills["DEMO-GETS-CANCELLED"]["state"] == "archived"


def test_a_dry_run_sends_nothing(demo: Demonstration, first_day: bool) -> None:
    run_id = demo.airflow.trigger(DAG, {"dry_run": True, "full": True})
    wait_until(
        lambda: demo.airflow.run_state(DAG, run_id) in ("success", "failed"),
        [demo.airflow.service],
        "the dry run",
    )
    tasks = demo.airflow.tasks(DAG, run_id)
    assert {tasks[f"{flow}.extract"] for flow in FLOWS} == {"success"}
    assert {state for name, state in tasks.items() if not name.endswith(".extract")} == {"skipped"}


def test_forms_of_connections_are_there(demo: Demonstration) -> None:
    body = {"connection_id": "bill_test", "conn_type": "bill", "host": "http://127.0.0.1:9", "login": "a"}
    result: Any = demo.airflow.post("/connections/test", body | {"password": "b", "extra": "{}"})
    assert result["status"] is False
    assert "organization_id" in result["message"]


def test_a_wrong_parameter_is_refused_by_the_form(demo: Demonstration) -> None:
    with pytest.raises(Refused) as refused:
        demo.airflow.trigger(DAG, {"since": "yesterday"})
    assert refused.value.status == 400


def test_a_late_and_red_run_is_told(
    demo: Demonstration, first_day: bool, tenants: Path, alerts: Received
) -> None:
    """The deadline in the triggerer, the failure in the DAG processor: neither is a task."""
    broken, airflow = tenants.parent / "mappings" / "bill" / "vendors.yaml", demo.airflow
    broken.parent.mkdir(parents=True)
    broken.write_text("mapping: vendors\n")
    del alerts[:]
    run_id = airflow.trigger(DAG)
    try:
        wait_until(lambda: airflow.run_state(DAG, run_id) == "failed", [airflow.service], "the run failing")
        wait_until(lambda: _events(alerts) >= {"failure", "deadline"}, [airflow.service], "both alerts")
    finally:
        broken.unlink()
    tasks = airflow.tasks(DAG, run_id)
    assert {tasks[f"vendors.{stage}"] for stage in ("extract", "load")} == {"failed"}
    assert {tasks[f"{flow}.reconcile"] for flow in FLOWS if flow != "vendors"} == {"success"}


def _events(alerts: Received) -> set[str]:
    return {item["event"] for item in alerts if DAG in item["title"]}


def test_a_broken_tenant_shows_and_hurts_nobody_else(
    demo: Demonstration, tenants: Path, alerts: Received
) -> None:
    text = (tenants / "demo.yaml").read_text().replace("tenant: demo", "tenant: broken")
    (tenants / "broken.yaml").write_text(text.replace("America/New_York", "Atlantis/Capital"))

    def told() -> bool:
        errors = demo.airflow.get("/importErrors")["import_errors"]
        return any("broken.yaml" in error["stack_trace"] for error in errors)

    wait_until(told, [demo.airflow.service], "the import error appearing", seconds=120)
    (error,) = demo.airflow.get("/importErrors")["import_errors"]
    assert "time_zone" in error["stack_trace"]
    assert "IANA time zone" in error["stack_trace"]
    assert not demo.airflow.get(f"/dags/{DAG}")["is_stale"]
    wait_until(
        lambda: any("configuration file is broken" in item["title"] for item in alerts),
        [demo.airflow.service],
        "the alert of the listener",
    )
    (tenants / "broken.yaml").unlink()
    wait_until(
        lambda: demo.airflow.get("/importErrors")["total_entries"] == 0,
        [demo.airflow.service],
        "the import error going",
        seconds=120,
    )
