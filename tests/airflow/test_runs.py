"""Whole runs in this process: what runs, what skips, what is red, and what reaches XCom."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from ml_connector.core.errors import AuthenticationError, ConfigurationError
from ml_connector.core.ledger import queries
from ml_connector.core.state.schema import audit_chain, flow_state
from tests.airflow.conftest import Installation
from tests.airflow.shop import World
from tests.core.stages.support import order

DAG = "erp_shop__acme"
STAGES = ("extract", "transform", "load", "reconcile")


def states(tasks: dict[str, str], flow: str) -> list[str]:
    return [tasks[f"{flow}.{stage}"] for stage in STAGES]


def test_a_run_moves_documents_once(installation: Installation) -> None:
    World.source.put(order(1), order(2))
    state, tasks = installation.run(DAG)
    assert state == "success"
    assert set(tasks.values()) == {"success"}
    assert sorted(item["number"] for item in World.target.objects.values()) == ["000001", "000002"]
    installation.run(DAG)
    assert len(World.target.writes) == 2


def test_xcom_stays_small_and_anchors_the_trail(installation: Installation) -> None:
    World.source.put(*(order(number) for number in range(1, 40)))
    installation.run(DAG)
    for stage in STAGES:
        assert len(json.dumps(installation.xcom(DAG, f"orders.{stage}"))) < 700
    chain, events, head = installation.xcom(DAG, "orders.load", "audit_head").split(":")
    with installation.store() as store, store.read() as connection:
        link = connection.execute(
            select(audit_chain).where(audit_chain.c.chain == chain, audit_chain.c.kind == "close")
        ).one()
    assert (link.events, link.head) == (int(events), head)
    assert link.actor.startswith(f"{DAG}/")


def test_refused_credentials_are_not_tried_by_every_task(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ERP_1", "http://user:wrong@127.0.0.1:1")
    World.fail_reading = AuthenticationError("refused")
    state, tasks = installation.run(DAG)
    assert state == "failed"
    assert tasks["orders.extract"] == tasks["returns.extract"] == "failed"
    assert World.readings == 1
    World.fail_reading = None
    assert installation.run(DAG)[0] == "failed"
    assert World.readings == 1
    monkeypatch.setenv("AIRFLOW_CONN_ERP_1", "http://user:right@127.0.0.1:1")
    assert installation.run(DAG)[0] == "success"


def test_a_dry_run_plans_and_sends_nothing(installation: Installation) -> None:
    World.source.put(order(1))
    state, tasks = installation.run(DAG, dry_run=True)
    assert state == "success"
    assert states(tasks, "orders") == ["success", "skipped", "skipped", "skipped"]
    assert World.target.objects == {}
    with installation.store() as store:
        plan = queries.latest_plan(store, tenant="acme")
    assert {(line["flow"], line["key"], line["operation"]) for line in plan} == {
        ("shop.orders", "US001|000001", "create"),
        ("shop.returns", "US001|000001", "create"),
    }
    assert len({line["id"] for line in plan}) == 1
    installation.run(DAG)
    assert len(World.target.objects) == 1


def test_a_flow_that_is_not_due_skips_whole(installation: Installation) -> None:
    installation.tenant("acme", integrations={"shop": {"flows": {"orders": {"every": "1d"}}}})
    World.source.put(order(1))
    installation.run(DAG)
    World.source.put(order(2))
    state, tasks = installation.run(DAG)
    assert state == "success"
    assert states(tasks, "orders") == ["skipped"] * 4
    assert states(tasks, "returns") == ["success"] * 4
    assert len(World.target.objects) == 1
    assert len(World.returns.objects) == 2


def test_a_flow_comes_again_when_it_is_due(installation: Installation) -> None:
    installation.tenant("acme", integrations={"shop": {"flows": {"orders": {"every": "1d"}}}})
    World.source.put(order(1))
    installation.run(DAG)
    with installation.store() as store, store.write() as tx:
        yesterday = store.now() - timedelta(days=1)
        tx.connection.execute(flow_state.update().values(succeeded_at=yesterday))
    World.source.put(order(2))
    _, tasks = installation.run(DAG)
    assert states(tasks, "orders") == ["success"] * 4
    assert len(World.target.objects) == 2


def test_asking_for_keys_runs_a_flow_that_is_not_due(installation: Installation) -> None:
    installation.tenant("acme", integrations={"shop": {"flows": {"orders": {"every": "1d"}}}})
    World.source.put(order(1))
    installation.run(DAG)
    World.source.put(order(2), order(3))
    _, tasks = installation.run(DAG, keys=["US001|000002"])
    assert states(tasks, "orders") == ["success"] * 4
    assert sorted(item["number"] for item in World.target.objects.values()) == ["000001", "000002"]


def test_a_failed_read_is_red_and_does_not_keep_ready_documents_back(installation: Installation) -> None:
    World.source.put(order(1))
    World.target.before_write = lambda _: (_ for _ in ()).throw(ConfigurationError("the target is closed"))
    assert installation.run(DAG)[0] == "failed"
    World.target.before_write = None
    World.fail_reading = ConfigurationError("no such query")
    state, tasks = installation.run(DAG)
    assert state == "failed"
    assert states(tasks, "orders") == ["failed", "upstream_failed", "success", "upstream_failed"]
    assert len(World.target.objects) == 1


def test_one_flow_failing_leaves_the_next_alone(installation: Installation) -> None:
    World.source.put(order(1))
    World.target.before_write = lambda _: (_ for _ in ()).throw(ConfigurationError("the target is closed"))
    state, tasks = installation.run(DAG)
    assert state == "failed"
    assert states(tasks, "orders") == ["success", "success", "failed", "upstream_failed"]
    assert states(tasks, "returns") == ["success"] * 4


def test_a_broken_mapping_fails_its_flow_and_names_file_and_line(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    installation.mapping("orders", amount="NO_SUCH_FIELD")
    World.source.put(order(1))
    state, tasks = installation.run(DAG)
    assert state == "failed"
    assert tasks["orders.extract"] == "failed"
    assert states(tasks, "returns") == ["success"] * 4


def test_the_watermark_shows_in_the_asset_state_store(installation: Installation) -> None:
    from airflow.models.asset_state_store import AssetStateStoreModel
    from airflow.utils.session import create_session

    World.source.put(order(1, CHANGED="2026-11-03"))
    installation.run(DAG)
    with create_session() as session:
        values = {row.key: row.value for row in session.scalars(select(AssetStateStoreModel))}
    assert json.loads(values["orders.US001.full"])["watermark"] == "2026-11-03"


def test_options_reach_the_target(installation: Installation) -> None:
    installation.tenant("acme", integrations={"shop": {"options": {"colour": "red"}}})
    World.source.put(order(1))
    installation.run(DAG)
    assert {getattr(options, "colour", None) for options in World.options} == {"red"}
