"""Who is told what, when a run fails, is late, leaves documents open, or a file breaks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ml_connector.core.config import Notifier
from ml_connector.core.dag import listener, notify
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.ledger import queries
from ml_connector.core.state.schema import document
from tests.airflow.conftest import Installation
from tests.airflow.inbox import Received
from tests.airflow.inbox import inbox as open_inbox
from tests.airflow.shop import World
from tests.core.stages.support import order

DAG = "erp_shop__acme"
EVERYTHING = [{"type": "http", "connection": "ops_hook", "endpoint": "alerts"}]


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Received]:
    """What the web hook ``ops_hook`` received."""
    with open_inbox() as (address, received):
        monkeypatch.setenv("AIRFLOW_CONN_OPS_HOOK", address)
        yield received


def test_a_red_run_is_told_once(installation: Installation, inbox: Received) -> None:
    installation.tenant("acme", notify=EVERYTHING)
    World.fail_reading = ConfigurationError("no such query")
    assert installation.run(DAG)[0] == "failed"
    (alert,) = inbox
    assert alert["event"] == "failure"
    assert f"{DAG} failed for tenant acme" in alert["text"]
    assert alert["data"]["dag_id"] == DAG


def test_a_green_run_is_not_worth_a_word(installation: Installation, inbox: Received) -> None:
    installation.tenant("acme", notify=EVERYTHING)
    World.source.put(order(1))
    assert installation.run(DAG)[0] == "success"
    assert inbox == []


def test_an_overdue_document_is_told_once(installation: Installation, inbox: Received) -> None:
    installation.tenant("acme", notify=EVERYTHING)
    World.source.put(order(1, NAME="far too long for the other system"))
    installation.run(DAG)
    with installation.store() as store, store.write() as tx:
        tx.connection.execute(document.update().values(deadline=store.now() - timedelta(minutes=1)))
    installation.run(DAG)
    installation.run(DAG)
    (alert,) = inbox
    assert alert["event"] == "overdue"
    assert "US001|000001 rejected" in alert["text"]
    assert alert["data"]["flows"] == ["shop.orders", "shop.returns"]


def test_an_alert_that_cannot_be_sent_is_tried_again_and_fails_nothing(installation: Installation) -> None:
    installation.tenant("acme", notify=[{"type": "http", "connection": "not_there"}])
    World.source.put(order(1, NAME="far too long for the other system"))
    installation.run(DAG)
    with installation.store() as store, store.write() as tx:
        tx.connection.execute(document.update().values(deadline=store.now() - timedelta(minutes=1)))
    assert installation.run(DAG)[0] == "success"
    with installation.store() as store, store.read() as connection:
        assert len(queries.newly_overdue(connection, "acme", store.now())) == 2


async def test_a_missed_deadline_is_told(inbox: Received) -> None:
    notifier = Notifier(type="http", connection="ops_hook")
    await notify.deadline_missed(
        tenant="acme", dag_id=DAG, deadline="2h", notify=[notifier.model_dump(mode="json")], context={}
    )
    (alert,) = inbox
    assert alert["event"] == "deadline"
    assert "has not ended 2h after it was queued" in alert["text"]


def test_a_message_is_never_rendered_as_a_template(inbox: Received) -> None:
    alert = notify.Alert("failure", "title", "{{ conn.secret.password }}")
    assert notify.send([Notifier(type="http", connection="ops_hook")], alert) == 1
    assert "{{ conn.secret.password }}" in inbox[0]["text"]


def test_a_notifier_hears_only_what_it_asked_for() -> None:
    notifiers = [
        Notifier(type="http", connection="a", events=("failure",)),
        Notifier(type="http", connection="b"),
    ]
    assert [item.connection for item in notify.chosen(notifiers, "overdue")] == ["b"]


def test_mail_is_built_without_markup_of_others() -> None:
    notifier = Notifier(type="smtp", connection="mail", to=("ap@example.com",))
    mail = notify._build(notifier, notify.Alert("failure", "<b>title</b>", "a < b"))
    assert (mail.subject, mail.to, mail.smtp_conn_id) == ("<b>title</b>", ["ap@example.com"], "mail")
    assert "&lt;b&gt;title" in mail.html_content
    assert "a &lt; b" in mail.html_content


def test_a_broken_file_is_told_to_all_tenants_once(
    installation: Installation, inbox: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "_last", {})
    installation.tenant("acme", notify=EVERYTHING)
    installation.tenant("gamma", notify=EVERYTHING)
    installation.tenant("beta", time_zone="Atlantis/Capital")
    ((file, stacktrace),) = installation.bag().import_errors.items()
    listener.on_new_dag_import_error(file, stacktrace)
    listener.on_existing_dag_import_error(file, stacktrace)
    (alert,) = inbox
    assert "a configuration file is broken" in alert["title"]
    assert "time_zone" in alert["text"]
    assert "Traceback" not in alert["text"]


def test_other_peoples_files_are_not_ours_to_tell(
    installation: Installation, inbox: Received, tmp_path: Path
) -> None:
    installation.tenant("acme", notify=EVERYTHING)
    listener.on_new_dag_import_error(str(tmp_path / "somebody_elses.py"), "Traceback ...\nValueError: x")
    assert inbox == []
