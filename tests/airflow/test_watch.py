"""The DAG that looks after the others: flows that stand still, documents that stay open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from ml_connector.core.ledger import flows
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.schema import document
from tests.airflow.conftest import Installation
from tests.airflow.inbox import Received
from tests.airflow.inbox import inbox as open_inbox
from tests.airflow.shop import World
from tests.core.stages.support import order
from tests.environment import REPOSITORY

WATCH = "ml_connector_watch"
ORDERS, RETURNS = (Scope("acme", "test", f"shop.{name}") for name in ("orders", "returns"))


@pytest.fixture
def alerts(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Received]:
    """What people hear; the tenant allows its flows two hours without a success."""
    (installation.dags / f"{WATCH}.py").write_bytes((REPOSITORY / "dags" / f"{WATCH}.py").read_bytes())
    installation.tenant(
        "acme",
        notify=[{"type": "http", "connection": "ops_hook", "events": ["stale", "overdue"]}],
        integrations={"shop": {"stale_after": "2h", "flows": {"returns": {"every": "1w"}}}},
    )
    with open_inbox() as (address, received):
        monkeypatch.setenv("AIRFLOW_CONN_OPS_HOOK", address)
        yield received


def look(installation: Installation) -> None:
    assert installation.run(WATCH)[0] == "success"


def age(installation: Installation, scope: Scope, **ages: timedelta) -> None:
    with installation.store() as store, store.write() as tx:
        flows.put(tx, scope, **{name: store.now() - old for name, old in ages.items()})


def test_a_flow_that_succeeded_lately_is_not_worth_a_word(
    installation: Installation, alerts: Received
) -> None:
    for scope in (ORDERS, RETURNS):
        age(installation, scope, succeeded_at=timedelta(minutes=100))
    look(installation)
    assert alerts == []


def test_a_flow_that_stands_still_is_told_once_until_it_succeeds_again(
    installation: Installation, alerts: Received
) -> None:
    age(installation, ORDERS, succeeded_at=timedelta(hours=3))
    for _ in range(2):
        look(installation)
    (alert,) = alerts
    assert (alert["event"], alert["data"]["flows"]) == ("stale", ["shop.orders"])
    assert "allowed 2h; DAG erp_shop__acme" in alert["text"]
    age(installation, ORDERS, succeeded_at=timedelta(0), stale_alerted_at=timedelta(hours=9))
    age(installation, ORDERS, succeeded_at=timedelta(hours=3))
    look(installation)
    assert len(alerts) == 2


def test_a_weekly_flow_has_a_week_more(installation: Installation, alerts: Received) -> None:
    age(installation, ORDERS, succeeded_at=timedelta(0))
    age(installation, RETURNS, succeeded_at=timedelta(days=7))
    look(installation)
    assert alerts == []
    age(installation, RETURNS, succeeded_at=timedelta(days=7, hours=3))
    look(installation)
    assert [alert["data"]["flows"] for alert in alerts] == [["shop.returns"]]


def test_a_flow_that_never_ran_is_counted_from_the_first_look(
    installation: Installation, alerts: Received
) -> None:
    look(installation)
    assert alerts == []
    for scope in (ORDERS, RETURNS):
        age(installation, scope, watched_since=timedelta(days=8))
    look(installation)
    assert [alert["data"]["flows"] for alert in alerts] == [["shop.orders", "shop.returns"]]
    assert "last success never" in alerts[0]["text"]


def test_a_document_is_overdue_although_nothing_runs(installation: Installation, alerts: Received) -> None:
    World.source.put(order(1, NAME="far too long for the other system"))
    installation.run("erp_shop__acme")
    with installation.store() as store, store.write() as tx:
        tx.connection.execute(document.update().values(deadline=store.now() - timedelta(minutes=1)))
    look(installation)
    look(installation)
    assert [alert["event"] for alert in alerts] == ["overdue"]
