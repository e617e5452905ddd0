"""The shipped DAG files: ids, order, owners, documents, limits, retries - what users rely on."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from ml_connector.core.dag.retry import ConnectorRetryPolicy
from tests.environment import REPOSITORY

FLOWS = ("accounts", "departments", "vendors", "bills", "vendor_credits")
STAGES = ("extract", "transform", "load", "reconcile")


@pytest.fixture(scope="module")
def bag(airflow_database: None) -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(REPOSITORY / "dags"))


@pytest.fixture
def dag(bag: Any) -> Any:
    return bag.dags["peoplesoft_bill__demo"]


def test_shipped_files_import(bag: Any) -> None:
    assert bag.import_errors == {}
    assert set(bag.dags) == {
        "peoplesoft_bill__demo", "bill_events__demo", "peoplesoft_cleo__demo", "cleo_events__demo",
        "peoplesoft_monday__demo", "peoplesoft_basware__demo", "basware_events__demo",
        "ml_connector_watch",
    }  # fmt: skip


def test_task_ids_are_the_contract(dag: Any) -> None:
    assert [task.task_id for task in dag.tasks] == [f"{flow}.{stage}" for flow in FLOWS for stage in STAGES]


def test_one_run_at_a_time_and_nothing_caught_up(dag: Any) -> None:
    assert (dag.max_active_runs, dag.catchup, dag.schedule) == (1, False, None)


def test_people_find_owner_tags_and_documents(dag: Any) -> None:
    assert dag.tags == {"ml-connector", "peoplesoft", "bill", "demo", "test"}
    assert "airflow ml-connector records" in dag.doc_md
    for task in dag.tasks:
        assert task.owner == "ml-connector"
        flow, _, stage = task.task_id.partition(".")
        assert f"bill.{flow}: {stage}." in task.doc_md


def test_retries_are_few_and_ours(dag: Any) -> None:
    for task in dag.tasks:
        assert task.retries == 2
        assert task.retry_delay.total_seconds() == 300
        assert isinstance(task.retry_policy, ConnectorRetryPolicy)


def test_pools_follow_the_connections(dag: Any) -> None:
    assert {task.task_id.partition(".")[2]: (task.pool, task.pool_slots) for task in dag.tasks} == {
        "extract": ("ml_peoplesoft__demo__peoplesoft", 1),
        "transform": ("default_pool", 1),
        "load": ("ml_bill__demo__bill", 2),
        "reconcile": ("ml_bill__demo__bill", 2),
    }


def test_reconcile_is_the_only_leaf_of_each_flow(dag: Any) -> None:
    assert {task.task_id for task in dag.leaves} == {f"{flow}.reconcile" for flow in FLOWS}
    for flow in FLOWS:
        expected = {f"{flow}.{stage}" for stage in STAGES[:3]}
        assert dag.get_task(f"{flow}.reconcile").upstream_task_ids == expected
        assert dag.get_task(f"{flow}.reconcile").trigger_rule == "all_success"


def test_flows_load_in_order_whatever_became_of_the_one_before(dag: Any) -> None:
    for before, after in pairwise(FLOWS):
        load = dag.get_task(f"{after}.load")
        assert load.trigger_rule == "all_done"
        assert load.upstream_task_ids == {f"{after}.transform", f"{before}.load"}
        assert dag.get_task(f"{after}.extract").upstream_task_ids == {f"{before}.extract"}


def test_lineage_names_both_sides(dag: Any) -> None:
    load = dag.get_task("bills.load")
    assert [asset.name for asset in load.inlets] == ["demo/peoplesoft/vouchers"]
    assert [asset.name for asset in load.outlets] == ["demo/bill/bills"]


def test_the_form_of_a_run(dag: Any) -> None:
    assert set(dag.params) == {"since", "until", "full", "keys", "dry_run"}
    for name in dag.params:
        schema = dag.params.get_param(name).schema
        assert schema["title"]
        assert schema["description_md"]


def test_parsing_twice_gives_the_same(bag: Any) -> None:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

    again = DagBag(str(REPOSITORY / "dags"))
    first, second = (DagSerialization.to_dict(found.dags["peoplesoft_bill__demo"]) for found in (bag, again))
    assert first == second


def test_the_flows_of_trading_partners(bag: Any) -> None:
    groups = {
        name: list(dict.fromkeys(task.task_id.partition(".")[0] for task in bag.dags[name].tasks))
        for name in ("peoplesoft_cleo__demo", "cleo_events__demo")
    }
    assert groups == {
        "peoplesoft_cleo__demo": ["partners", "cost_objects", "purchase_orders"],
        "cleo_events__demo": ["supplier_invoices", "statuses"],
    }
    assert bag.dags["cleo_events__demo"].schedule is None  # by time only, and the demo names none


def test_the_flows_of_boards_in_their_order(bag: Any) -> None:
    tasks = bag.dags["peoplesoft_monday__demo"].tasks
    assert [task.task_id for task in tasks] == [
        f"{flow}.{stage}"
        for flow in ("suppliers", "gl_accounts", "invoices", "purchase_orders", "payment_status")
        for stage in STAGES
    ]


@pytest.fixture
def events(bag: Any) -> Any:
    return bag.dags["bill_events__demo"]


def test_the_way_back_has_a_dag_of_its_own(events: Any) -> None:
    assert [task.task_id for task in events.tasks] == [f"payments.{stage}" for stage in STAGES]
    assert (events.max_active_runs, events.catchup) == (1, False)
    assert [asset.name for asset in events.schedule] == ["ml-connector/inbox/bill/demo"]
    assert {task.task_id.partition(".")[2]: task.pool for task in events.tasks} == {
        "extract": "ml_bill__demo__bill", "transform": "default_pool",
        "load": "ml_peoplesoft__demo__peoplesoft", "reconcile": "ml_peoplesoft__demo__peoplesoft",
    }  # fmt: skip


def test_the_inbox_is_named_in_the_schedule_and_nowhere_else(bag: Any) -> None:
    """Where a task names the asset too, Airflow deletes its watcher until the file is parsed again."""
    named = [
        asset.name
        for dag in bag.dags.values()
        for task in dag.tasks
        for asset in (*task.inlets, *task.outlets)
    ]
    assert not [name for name in named if name.startswith("ml-connector/inbox")]
