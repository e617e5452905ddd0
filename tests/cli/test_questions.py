"""Commands that look: what they answer, as JSON and as a table."""

from __future__ import annotations

from typing import Any

import pytest

from tests.airflow.conftest import Installation
from tests.airflow.shop import World
from tests.cli.conftest import Ask, Run
from tests.core.stages.support import order


def test_status_of_a_flow_that_never_ran(ask: Ask) -> None:
    answers = ask("status")
    assert [(item["tenant"], item["flow"], item["last_success"]) for item in answers] == [
        ("acme", "shop.orders", None),
        ("acme", "shop.returns", None),
    ]


def test_status_names_age_states_reasons_and_watermark(moved: Installation, ask: Ask) -> None:
    answer = next(item for item in ask("status", "--tenant", "acme") if item["flow"] == "shop.orders")
    assert 0 <= answer["age_seconds"] < 120
    assert answer["documents"] == {"loaded": 2, "rejected": 1}
    (reason,) = answer["open"]
    assert (reason["status"], reason["count"]) == ("rejected", 1)
    assert "name" in reason["reason"]
    assert {item["value"] for item in answer["watermarks"]} == {"2026-11-01"}
    assert ask("status", "--tenant", "nobody") == []


def test_records_by_flow_status_and_text(moved: Installation, ask: Ask) -> None:
    assert len(ask("records")) == 6
    assert len(ask("records", "--flow", "orders")) == 3
    (refused,) = ask("records", "--flow", "shop.orders", "--status", "rejected,dead")
    assert refused["key"] == "US001|000003"
    (found,) = ask("records", "--flow", "orders", "--search", "order 2")
    assert (found["label"], found["amount"]) == ("Order 2", "2.25")
    assert len(ask("records", "--open")) == 2
    assert len(ask("records", "--limit", "1")) == 1


def test_an_unknown_status_is_refused(run: Run) -> None:
    status, _, errors = run("records", "--status", "lost")
    assert status == 1
    assert "unknown status lost" in errors
    assert "rejected" in errors


@pytest.mark.parametrize("name", ["US001|000001", "Order 1"])
def test_show_tells_a_documents_story(moved: Installation, ask: Ask, name: str) -> None:
    (story,) = ask("show", name, "--flow", "orders")
    assert story["status"] == "loaded"
    roles = {role for payload in story["payloads"] for role in payload["role"]}
    assert {"source", "loaded"} <= roles
    events = [event["event"] for event in story["events"]]
    assert "transformed" in events
    assert events.index("transformed") < len(events) - 1


def test_show_hides_bank_details(installation: Installation, ask: Ask) -> None:
    fields: dict[str, Any] = {name: {} for name in order(1)} | {
        "AMOUNT": {"type": "amount"},
        "CHANGED": {"type": "date"},
    }
    installation.dataset(fields=fields | {"BANK_ACCOUNT_NUM": {}})
    World.source.put(order(1) | {"BANK_ACCOUNT_NUM": "DE02120300000000202051"})
    World.source.columns |= {"BANK_ACCOUNT_NUM"}
    installation.run("erp_shop__acme")
    text = str(ask("show", "US001|000001"))
    assert "DE0212" not in text
    assert "'BANK_ACCOUNT_NUM': '***'" in text


def test_show_of_nothing_says_so(run: Run) -> None:
    status, output, _ = run("show", "4711")
    assert status == 1
    assert "4711" in output


def test_plan_lists_what_a_dry_run_found(installation: Installation, ask: Ask, run: Run) -> None:
    assert "no plan" in run("plan")[1]
    World.source.put(order(1))
    installation.run("erp_shop__acme", dry_run=True)
    (line,) = ask("plan", "--flow", "orders")
    assert (line["operation"], line["key"]) == ("create", "US001|000001")
    assert {"field": "name", "before": None, "after": "Order 1"} in line["changes"]


def test_reconciliation_shows_totals(moved: Installation, ask: Ask, run: Run) -> None:
    orders, returns = ask("reconciliation")
    assert (orders["flow"], returns["flow"]) == ("shop.orders", "shop.returns")
    assert orders["reconciled"]
    assert sum(total["target_count"] for total in orders["totals"]) == 2
    assert {total["target_amount"] for total in orders["totals"]} >= {"3.50"}
    assert run("reconciliation")[0] == 0


def test_reconciliation_fails_on_what_nobody_explained(moved: Installation, run: Run, ask: Ask) -> None:
    World.target.objects.pop(next(iter(World.target.objects)))
    assert moved.run("erp_shop__acme")[0] == "failed"
    assert run("reconciliation", "--flow", "orders")[0] == 1
    assert run("reconciliation", "--flow", "orders", "--any")[0] == 0
    (report,) = ask("reconciliation", "--flow", "orders", "--any")
    assert [item["kind"] for item in report["differences"]] == ["missing"]


def test_audit_verify_with_anchors(moved: Installation, ask: Ask, run: Run) -> None:
    answer = ask("audit", "verify", "--anchors")
    assert answer["sound"]
    assert answer["anchors"] >= 8
    assert answer["faults"] == []
    assert run("audit", "verify")[0] == 0


def test_audit_verify_notices_a_changed_event(moved: Installation, run: Run) -> None:
    from ml_connector.core.state.schema import audit_event

    with moved.store() as store, store.database.write() as connection:
        connection.execute(
            audit_event.update().where(audit_event.c.kind == "extracted").values(kind="nothing")
        )
    status, output, _ = run("audit", "verify")
    assert status == 1
    assert "changed" in output


def test_tables_are_for_people(moved: Installation, run: Run) -> None:
    for words in (("status",), ("records",), ("show", "Order 1"), ("reconciliation",), ("audit", "verify")):
        _, output, errors = run(*words)
        assert "┃" in output
        assert errors == ""
