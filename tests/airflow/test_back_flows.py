"""The DAG of the flows that run the other way: when it starts, what it takes, where its tasks run."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from ml_connector.core.contract import CaughtUp
from ml_connector.core.ledger import inbox
from ml_connector.core.webhooks import Event
from tests.airflow.conftest import Installation
from tests.airflow.inbox import inbox as open_inbox
from tests.airflow.shop import World
from tests.core.stages.support import DATASET, MAPPING, order

DAG = "shop_events__acme"
DAG_FILE = '''
"""Airflow dags for each tenant of the tests, both ways."""

from ml_connector.core.dag.builder import Back, Flow, System, integration
from tests.airflow import shop

integration(
    source=System("erp", "ERP", slots=4),
    target=System("shop", "Shop", slots=3, task_slots=2),
    read=shop.open_source,
    options=shop.Options,
    flows=[Flow("shop.orders", dataset="orders", mapping="orders", target=shop.open_target)],
    back=Back(
        read=shop.open_parcels,
        flows=[Flow("shop.parcels", dataset="parcels", mapping="deliveries", target=shop.open_returns)],
        webhook=shop.verifier,
    ),
)
'''


@pytest.fixture
def both_ways(installation: Installation) -> Installation:
    """The shop also sends parcels, which become deliveries of the ERP."""
    (installation.dags / "erp_shop.py").write_text(DAG_FILE, encoding="utf-8")
    put(installation, "shop/parcels", DATASET | {
        "dataset": "parcels", "system": "shop", "read": "interface", "unit": "account", "queries": {},
    })  # fmt: skip
    put(installation, "shop/deliveries", MAPPING | {
        "mapping": "deliveries", "flow": "shop.parcels", "dataset": "parcels",
    })  # fmt: skip
    World.parcels.put(order(1))
    return installation


def put(installation: Installation, name: str, data: Any) -> None:
    path: Path = installation.folder / "mappings" / f"{name}.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")


def deliver(installation: Installation, number: int) -> None:
    with installation.store() as store, store.write() as tx:
        event = Event(f"e-{number}", "parcel.sent", {"order": f"US001|{number:06d}"})
        inbox.put(tx, "shop", "acme", [event], origin="webhook")


def waiting(installation: Installation) -> int:
    with installation.store() as store, store.read() as connection:
        return len(inbox.waiting(connection, "shop", "acme", 100))


def test_it_starts_by_event_or_by_time(both_ways: Installation) -> None:
    dag = both_ways.bag().dags[DAG]
    (asset,) = dag.schedule.asset_condition.objects
    assert asset.name == "ml-connector/inbox/shop/acme"
    assert dag.schedule.timetable.delta == timedelta(minutes=15)
    both_ways.tenant("acme", integrations={"shop": {"events_schedule": None}})
    assert [asset.name for asset in both_ways.bag().dags[DAG].schedule] == ["ml-connector/inbox/shop/acme"]


def test_it_exists_only_where_a_flow_of_it_is_on(both_ways: Installation) -> None:
    both_ways.tenant("acme", integrations={"shop": {"flows": {"parcels": {"enabled": False}}}})
    assert set(both_ways.bag().dags) == {"erp_shop__acme"}


def test_a_queue_takes_the_tasks_that_write_to_the_erp(both_ways: Installation) -> None:
    both_ways.tenant("acme", integrations={"shop": {"queue": "inside"}})
    queues = {task.task_id.partition(".")[2]: task.queue for task in both_ways.bag().dags[DAG].tasks}
    assert queues == {"extract": "default", "transform": "default", "load": "inside", "reconcile": "inside"}


def test_an_extract_takes_one_slot_so_that_a_bulk_load_does_not_starve_it(both_ways: Installation) -> None:
    tasks = {task.task_id.partition(".")[2]: task for task in both_ways.bag().dags[DAG].tasks}
    assert (tasks["extract"].pool, tasks["extract"].pool_slots) == ("ml_shop__acme_shop", 1)
    assert tasks["load"].pool == "ml_erp__erp_1"


def test_a_run_takes_the_events_that_wait(both_ways: Installation) -> None:
    World.parcels.put(order(2))
    World.parcels.hidden_from_reads = {"US001|000002"}
    deliver(both_ways, 2)
    state, tasks = both_ways.run(DAG)
    assert (state, set(tasks.values())) == ("success", {"success"})
    assert waiting(both_ways) == 0
    assert len(World.returns.objects) == 2
    assert both_ways.xcom(DAG, "parcels.extract")["events"] == 1


def test_a_plan_leaves_the_events_alone(both_ways: Installation) -> None:
    deliver(both_ways, 1)
    assert both_ways.run(DAG, dry_run=True)[0] == "success"
    assert waiting(both_ways) == 1
    assert World.returns.objects == {}


def test_people_hear_of_a_subscription_that_was_off(
    both_ways: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_ways.tenant("acme", notify=[{"type": "http", "connection": "ops_hook", "events": ["subscription"]}])
    World.parcels.caught = CaughtUp(alerts=["the subscription was off since noon"])
    with open_inbox() as (address, received):
        monkeypatch.setenv("AIRFLOW_CONN_OPS_HOOK", address)
        assert both_ways.run(DAG)[0] == "success"
    (alert,) = received
    assert (alert["event"], "off since noon" in alert["text"]) == ("subscription", True)


def test_both_ways_share_one_section_of_the_tenant_file(both_ways: Installation) -> None:
    both_ways.tenant(
        "acme", integrations={"shop": {"flows": {"orders": {}, "parcels": {}}, "options": {"colour": "red"}}}
    )
    assert set(both_ways.bag().dags) == {"erp_shop__acme", DAG}
    assert both_ways.bag().import_errors == {}
    both_ways.tenant("acme", integrations={"shop": {"flows": {"parcel": {}}}})
    (error,) = both_ways.bag().import_errors.values()
    assert "shop has no flow parcel" in error
    assert "one of orders, parcels" in error


ANSWERS = """
            Flow(
                "shop.answers", dataset="parcels", mapping="answers", target=shop.open_returns,
                follows=True, answers=True,
            ),
        ],
"""


def test_an_answer_follows_what_it_is_about_and_goes_to_the_system_that_is_read(
    both_ways: Installation,
) -> None:
    file = DAG_FILE.replace("target=shop.open_returns)],", f"target=shop.open_returns),{ANSWERS}")
    (both_ways.dags / "erp_shop.py").write_text(file, encoding="utf-8")
    put(both_ways, "shop/answers", MAPPING | {
        "mapping": "answers", "flow": "shop.answers", "dataset": "parcels",
    })  # fmt: skip
    both_ways.tenant("acme", integrations={"shop": {"queue": "inside"}})
    tasks = {task.task_id: task for task in both_ways.bag().dags[DAG].tasks}
    before = {name: task.upstream_task_ids for name, task in tasks.items()}
    assert before["answers.extract"] == {"parcels.load"}
    assert before["answers.load"] == {"answers.transform", "parcels.load"}
    assert tasks["parcels.load"].pool == "ml_erp__erp_1"
    assert (tasks["answers.load"].pool, tasks["answers.load"].pool_slots) == ("ml_shop__acme_shop", 2)
    assert (tasks["parcels.load"].queue, tasks["answers.load"].queue) == ("inside", "default")
