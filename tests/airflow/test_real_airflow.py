"""The whole product as a customer runs it: every component of Airflow, the sandbox, two days of work.

One installation for all tests of this file, started by the launcher that `make demo` uses; the tests
follow each other as a day does.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import select

from launcher.airflow import Refused
from launcher.demo import EVENTS, FROM_BASWARE, Demonstration, demonstration
from launcher.processes import wait_until
from ml_connector.core.state.schema import settlement
from sandbox import credentials
from tests.airflow import latency
from tests.airflow.inbox import Received, inbox
from tests.environment import REPOSITORY

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]

DAG, PARTNERS = "peoplesoft_bill__demo", "peoplesoft_cleo__demo"
FLOWS = ("accounts", "departments", "vendors", "bills", "vendor_credits")


@dataclass(frozen=True)
class Wrong:
    """A connection to the sandbox in which something is wrong."""

    system: str
    changes: dict[str, str]
    expected: str

    def body(self, addresses: dict[str, str]) -> dict[str, Any]:
        """The request of the form's Test button."""
        right: dict[str, str] = {
            "bill": {
                "host": addresses["bill_url"], "login": credentials.BILL_USERNAME,
                "password": credentials.BILL_PASSWORD,
                "organization_id": credentials.BILL_ORGANIZATION, "dev_key": credentials.BILL_DEV_KEY,
            },
            "peoplesoft": {
                "host": addresses["peoplesoft_url"], "login": credentials.OPRID,
                "password": credentials.OPRID_PASSWORD, "node": credentials.NODE,
            },
            "cleo": {
                "host": addresses["cleo_url"], "login": credentials.CLEO_ADMIN,
                "password": credentials.CLEO_ADMIN_PASSWORD, "mailbox_login": credentials.CLEO_MAILBOX,
                "mailbox_password": credentials.CLEO_MAILBOX_PASSWORD,
            },
            "monday": {
                "host": addresses["monday_url"], "login": "", "password": credentials.MONDAY_TOKEN,
                "auth": "token", "api_version": "2026-10",
            },
            "basware": {
                "host": addresses["basware_url"], "login": credentials.BASWARE_CLIENT_ID,
                "password": credentials.BASWARE_CLIENT_SECRET, "auth": "oauth2",
                "webhook_token": credentials.BASWARE_WEBHOOK_TOKEN,
            },
        }[self.system]  # fmt: skip
        fields = right | {name: value.format(**right) for name, value in self.changes.items()}
        standard = {name: fields.pop(name) for name in ("host", "login", "password")}
        body = {"connection_id": f"{self.system}_test", "conn_type": self.system, **standard}
        return body | {"extra": json.dumps(fields)}


WRONG_SETTINGS = [
    Wrong("bill", {"organization_id": ""}, "organization_id: the BILL connection has no value"),
    Wrong("bill", {"organization_id": "12345"}, "'12345' is no organization id"),
    Wrong("bill", {"organization_id": "00801NOSUCHORG000001"}, "BDC_1123"),
    Wrong("bill", {"dev_key": ""}, "dev_key: the BILL connection has no value"),
    Wrong("bill", {"dev_key": "01WRONG"}, "BDC_1102"),
    Wrong("bill", {"login": ""}, "login: the BILL connection has no value"),
    Wrong("bill", {"password": ""}, "password: the BILL connection has no value"),
    Wrong("bill", {"password": "wrong"}, "BDC_1101"),
    Wrong("bill", {"host": "https://gateway.bill.com"}, "there is no such gateway"),
    Wrong("bill", {"host": "{host}/v3"}, "must end before /v3"),
    Wrong("bill", {"host": "http://127.0.0.1:9/connect"}, "no connection to 127.0.0.1:9"),
    Wrong("bill", {"host": "{host}/nothing"}, "BDC_1121"),
    Wrong("peoplesoft", {"host": ""}, "the host is missing"),
    Wrong("peoplesoft", {"host": "http://127.0.0.1:9"}, "no connection to 127.0.0.1:9"),
    Wrong("peoplesoft", {"login": ""}, "the login (OPRID) is missing"),
    Wrong("peoplesoft", {"password": ""}, "the password of ML_CONNECTOR is missing"),
    Wrong("peoplesoft", {"password": "wrong"}, "answered 401"),
    Wrong("peoplesoft", {"node": ""}, "the node is missing"),
    Wrong("peoplesoft", {"node": "WRONG_NODE"}, "Wrong node or gateway path"),
    Wrong("peoplesoft", {"auth": "digest"}, "no way to authenticate"),
    Wrong("peoplesoft", {"auth": "oauth2", "peopletools": "8.57"}, "began with 8.58"),
    Wrong("peoplesoft", {"auth": "oauth2", "peopletools": "8.60"}, "token_url is missing"),
    Wrong("peoplesoft", {"timeout": "soon"}, "no number of seconds"),
    Wrong("peoplesoft", {"verify": "/no/such/bundle.pem"}, "does not exist"),
    Wrong("peoplesoft", {"soap_auth": "digest"}, "basic or wsse"),
    Wrong("cleo", {"host": ""}, "host: the Cleo connection has no value"),
    Wrong("cleo", {"host": "http://127.0.0.1:9"}, "no connection to 127.0.0.1:9"),
    Wrong("cleo", {"password": ""}, "password: the Cleo connection has no value"),
    Wrong("cleo", {"mailbox_password": "wrong"}, "refused"),
    Wrong("cleo", {"token_path": "authentication"}, "is no path"),
    Wrong("cleo", {"folders_path": "/api/no-such-thing"}, "folders_path"),
    Wrong("cleo", {"transport": "ftp"}, "api or sftp"),
    Wrong("cleo", {"transport": "sftp", "sftp_host": "127.0.0.1"}, "sftp_host_key"),
    Wrong("monday", {"password": ""}, "password: the monday.com connection"),
    Wrong("monday", {"password": "wrong"}, "refused the token"),
    Wrong("monday", {"host": "{host}/v2"}, "/v2"),
    Wrong("monday", {"host": "http://127.0.0.1:9"}, "no connection to 127.0.0.1:9"),
    Wrong("monday", {"api_version": "2025-10"}, "api_version"),
    Wrong("monday", {"auth": "oauth2"}, "client_id"),
    Wrong("basware", {"host": "https://developer.basware.com"}, "that is the documentation"),
    Wrong("basware", {"host": "{host}/v1"}, "must end before /v1"),
    Wrong("basware", {"login": ""}, "the client id that Basware issued"),
    Wrong("basware", {"password": "wrong"}, "Check login (the client id) and password"),
    Wrong("basware", {"scope": "vendors.read"}, "accountingDocuments.read"),
    Wrong("basware", {"webhook_token": "guess"}, "can be guessed"),
]


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installation") / "tenants"
    folder.mkdir()
    notify = "notify: [{type: http, connection: ops_hook, endpoint: alerts}]\n"
    text = (REPOSITORY / "include" / "tenants" / "demo.yaml").read_text()
    changed = text.replace("    schedule: null ", "    deadline: 1s\n    schedule: null ", 1)
    pace = "      requests_per_second: 50 "  # of Basware: the sandbox has decided a second later
    assert pace in text
    changed = changed.replace(pace, f"      imports: {{poll_first_seconds: 1}}\n{pace}")
    (folder / "demo.yaml").write_text(changed + notify)
    shutil.copytree(REPOSITORY / "include" / "tenants" / "demo", folder / "demo")
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
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "10",
    }
    with demonstration(60, say=print, settings=settings) as running:
        running.make_boards()
        running.control("POST", "/switches", {"basware": {"processing_seconds": 0.5}})
        yield running


@pytest.fixture(scope="module")
def first_day(demo: Demonstration) -> bool:
    return demo.day("first day")


def test_check_and_ping_find_nothing_wrong(demo: Demonstration) -> None:
    findings = demo.airflow.answer("check", "--ping")
    assert {(item["level"], item["subject"]) for item in findings} == {
        ("ok", "connection demo__basware"),
        ("ok", "connection demo__bill"),
        ("ok", "connection demo__cleo"),
        ("ok", "connection demo__monday"),
        ("ok", "connection demo__peoplesoft"),
    }


def test_everything_moves_and_reconciles(demo: Demonstration, first_day: bool) -> None:
    assert first_day
    status = {item["flow"]: item for item in demo.airflow.answer("status")}
    assert {f"bill.{name}" for name in FLOWS} <= set(status)
    assert all(status[f"bill.{name}"]["last_success"] for name in FLOWS)
    assert status["bill.bills"]["documents"]["loaded"] > 20
    assert status["bill.vendors"]["documents"]["rejected"] == 1


def test_what_peoplesoft_has_stands_on_the_boards_once(demo: Demonstration, first_day: bool) -> None:
    loaded = demo.airflow.answer(
        "records", "--flow", "monday.invoices", "--status", "loaded", "--limit", "500"
    )
    board = demo.control("POST", "/monday/board", {"board": "Invoices"})
    keys = [item["values"]["ps_key"] for item in board["items"]]
    assert len(keys) > 50
    assert sorted(keys) == sorted(item["key"] for item in loaded)
    assert demo.written_once()
    assert demo.boards.make() == []


def test_the_watermark_is_visible_in_airflow(demo: Demonstration, first_day: bool) -> None:
    assets = demo.airflow.get("/assets?name_pattern=demo/peoplesoft/vouchers")["assets"]
    values = demo.airflow.get(f"/assets/{assets[0]['id']}/state-store")
    assert "bills.US001" in json.dumps(values)


@pytest.fixture(scope="module")
def subscribed(demo: Demonstration, first_day: bool) -> bool:
    """BILL knows where to send its events."""
    return demo.day("subscribe", [EVENTS])


def test_webhooks_settle_what_bill_paid(demo: Demonstration, subscribed: bool) -> None:
    """Nobody triggers anything: BILL's signed events arrive in the api-server and start the DAG."""
    assert subscribed
    assert demo.events("BILL pays", demo.payments.make)
    payments = demo.airflow.answer("records", "--flow", "payments", "--limit", "100")
    settled = [item for item in payments if item["state"] == "settled"]
    assert {item["status"] for item in settled} == {"loaded"}
    assert len(settled) >= 7
    for row in _booked(demo):
        key = [row.unit, row.journal, row.accounting_date, 0]
        journal = demo.control("POST", "/peoplesoft/get", {"record": "journal", "key": key})
        assert journal is not None, f"{key} is not in PeopleSoft"
        assert row.reference in journal["DESCR"]
    assert {row.reference for row in _booked(demo)} == {item["key"] for item in settled}


def _booked(demo: Demonstration) -> list[Any]:
    """What our own table says was booked in PeopleSoft; other rows remember what a voucher was before."""
    database = latency.state_of(demo)
    with database.read() as connection:
        rows = list(connection.execute(select(settlement).where(settlement.c.journal.is_not(None))).all())
    database.close()
    return rows


def test_a_payment_that_comes_back_is_reversed(demo: Demonstration, subscribed: bool) -> None:
    assert demo.events("it comes back", demo.payments.fail)
    reversed_ = demo.airflow.answer("records", "--flow", "payments", "--limit", "100")
    assert [item["state"] for item in reversed_].count("reversed") == 1


def test_a_webhook_starts_a_task_within_seconds(demo: Demonstration, subscribed: bool) -> None:
    payment: dict[str, Any] = {}

    def schedule() -> list[str]:
        payment.update(demo.payments.schedule())
        return ["one payment is on its way"]

    assert demo.events("BILL schedules a payment", schedule)
    found = latency.measure(demo, payment, ["FUNDING_STARTED", "SCHEDULED"] * 10)
    found.keep()
    assert len(found.seconds) == 20
    assert found.median <= 4.0
    assert found.worst <= 30.0, "another Airflow, with a browser, works beside this one"


def test_suppliers_answer_and_their_invoices_become_vouchers(demo: Demonstration, first_day: bool) -> None:
    assert demo.collect("suppliers answer", demo.partners.answer)
    invoices = demo.airflow.answer("records", "--flow", "supplier_invoices", "--limit", "100")
    loaded = [item for item in invoices if item["status"] == "loaded"]
    (held,) = {item["status"] for item in invoices} - {"loaded"}
    assert (held, len(loaded) > 8) == ("held", True)
    for item in loaded:
        unit, number = item["target_id"].split("|")
        voucher = demo.control("POST", "/peoplesoft/get", {"record": "voucher", "key": [unit, number]})
        assert (voucher["INVOICE_ID"], voucher["ORIGIN"]) == (item["label"], "EDI")
    assert demo.day("their acknowledgments settle the orders", [PARTNERS])
    orders = demo.airflow.answer("records", "--flow", "purchase_orders", "--limit", "100")
    assert {item["status"] for item in orders} == {"loaded", "excluded"}
    assert demo.partners.received_twice() == 0


def test_invoices_approved_in_basware_become_vouchers_once(demo: Demonstration, first_day: bool) -> None:
    """Nobody triggers the first run: Basware's signed notifications do."""
    assert demo.day("subscribe", [FROM_BASWARE])
    assert demo.invoiced("approved in Basware", demo.invoices.approve)
    invoices = demo.airflow.answer("records", "--flow", "basware.invoices", "--limit", "100")
    vouchers = {item["label"]: item["target_id"] for item in invoices if item["status"] == "loaded"}
    assert set(vouchers) == {"BW-DEMO-CREDIT", *(f"BW-DEMO-{number}" for number in range(1, 5))}
    told = {row["invoiceNumber"]: row for row in demo.control("POST", "/basware/documents", {})}
    for label, target_id in vouchers.items():
        unit, number = target_id.split("|")
        voucher = demo.control("POST", "/peoplesoft/get", {"record": "voucher", "key": [unit, number]})
        assert voucher["INVOICE_ID"] == label
        assert (told[label]["processingStatus"], told[label]["voucherNumber1"]) == ("Transferred", number)
    refused = [row["processingStatus"] for label, row in told.items() if label not in vouchers]
    assert refused == ["TransferFailed"] * 2
    assert {row["transferResponses"] for row in told.values()} == {1}
    assert demo.answered_once()


def test_an_invoice_goes_when_its_goods_arrive(demo: Demonstration, first_day: bool) -> None:
    before = demo.airflow.answer("records", "--flow", "supplier_invoices", "--status", "loaded")
    assert demo.collect("goods arrive", demo.partners.deliver)
    after = demo.airflow.answer("records", "--flow", "supplier_invoices", "--status", "loaded")
    assert len(after) == len(before) + 1


def test_the_second_day_moves_only_what_changed(demo: Demonstration, first_day: bool) -> None:
    calls_before = len(demo.change())
    assert calls_before > 5
    assert demo.day("second day", [DAG])
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


def test_each_wrong_setting_of_a_connection_has_its_own_sentence(demo: Demonstration) -> None:
    addresses = json.loads((demo.folder / "sandbox.json").read_text())
    told = set()
    for wrong in WRONG_SETTINGS:
        result: Any = demo.airflow.post("/connections/test", wrong.body(addresses))
        assert result["status"] is False, wrong
        assert wrong.expected in result["message"], (wrong, result["message"])
        told.add(result["message"])
    assert len(told) == len(WRONG_SETTINGS)
    for right in (Wrong(system, {}, "") for system in ("bill", "peoplesoft", "cleo", "monday", "basware")):
        assert demo.airflow.post("/connections/test", right.body(addresses))["status"] is True


def test_a_task_killed_while_its_request_is_under_way(demo: Demonstration, first_day: bool) -> None:
    """SIGKILL to Airflow's own task process; the answer it waits for comes when it is dead."""
    airflow, key = demo.airflow, ["US001", "95000001"]
    like = demo.control("GET", "/scenario")["vouchers"]["good"].split("|")
    copy = {"record": "voucher", "key": key, "like": like, "values": {"INVOICE_ID": "KILLED-IN-FLIGHT"}}
    demo.control("POST", "/peoplesoft/upsert", copy)
    demo.control(
        "POST", "/faults", {"system": "bill", "kind": "hold", "operation": "POST /v3/bills*", "count": 1}
    )
    run_id = airflow.trigger(DAG)
    wait_until(
        lambda: demo.control("GET", "/state")["held"] == 1, [airflow.service], "the request being held"
    )
    (task,) = [item for item in airflow.task_instances(DAG, run_id) if item["task_id"] == "bills.load"]
    title = f"-- {task['id']}"  # of the process that runs the task; its supervisor bears another
    (process,) = [
        one for one in psutil.process_iter(["cmdline"]) if title in " ".join(one.info["cmdline"] or ())
    ]
    os.kill(process.pid, signal.SIGKILL)
    wait_until(
        lambda: airflow.tasks(DAG, run_id)["bills.load"] in ("failed", "up_for_retry"),
        [airflow.service],
        "Airflow noticing that the task is gone",
        seconds=120,
    )
    demo.control("POST", "/release", {})
    demo.control("DELETE", "/faults")
    airflow.stop_run(DAG, run_id)
    assert demo.day("the run after the kill", [DAG])
    wanted = {"table": "bills", "values": {"invoice.invoiceNumber": "KILLED-IN-FLIGHT"}}
    assert len(demo.control("POST", "/bill/find", wanted)) == 1
    assert demo.control("GET", "/state")["duplicates"] == {}


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
