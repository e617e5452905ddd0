"""Looking at, making and foretelling what stands in a target."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from ml_connector.core.errors import Unavailable
from tests.airflow.conftest import Installation
from tests.airflow.shop import World
from tests.cli import other_side
from tests.cli.conftest import Ask, Run
from tests.cli.other_side import Shelves
from tests.core.stages.support import order


@pytest.fixture(autouse=True)
def shop_with_shelves(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Connections, and an integration whose target can be looked at."""
    (installation.dags / "erp_shop.py").write_text(other_side.DAG_FILE, encoding="utf-8")
    for name, kind in (("ERP_1", "erp"), ("ACME_SHOP", "shop"), ("BETA_SHOP", "shop")):
        connection = json.dumps({"conn_type": kind, "host": f"{kind}.example.com"})
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", connection)
    Shelves.reset()
    yield
    Shelves.reset()


def test_provision_makes_what_is_missing_once(run: Run) -> None:
    assert run("provision", "--dry-run") == (0, "acme, shop: would make a shelf\n", "")
    assert Shelves.made == []
    assert run("provision") == (0, "acme, shop: made a shelf\n", "")
    assert run("provision") == (0, "Nothing to make.\n", "")


def test_provision_as_json(ask: Ask) -> None:
    assert ask("provision", "--dry-run") == [
        {"tenant": "acme", "integration": "shop", "level": "ok", "text": "would make a shelf"}
    ]
    Shelves.made.append("acme")
    assert ask("provision") == []


def test_provision_of_one_tenant_or_integration(installation: Installation, run: Run, ask: Ask) -> None:
    installation.tenant("beta")
    assert [row["tenant"] for row in ask("provision", "--dry-run")] == ["acme", "beta"]
    assert [row["tenant"] for row in ask("provision", "--tenant", "beta")] == ["beta"]
    assert Shelves.made == ["beta"]
    assert [row["tenant"] for row in ask("provision", "--integration", "shop")] == ["acme"]
    for words in (("--tenant", "nobody"), ("--integration", "bank")):
        status, _, errors = run("provision", *words)
        assert status == 1
        assert "for which anything can be made" in errors


def test_provision_goes_on_after_a_failure_and_says_so(
    installation: Installation, run: Run, ask: Ask
) -> None:
    installation.tenant("beta")
    Shelves.failure["acme"] = Unavailable("the shop is closed")
    status, output, _ = run("provision")
    assert status == 1
    assert output.splitlines() == ["acme, shop: error: the shop is closed", "beta, shop: made a shelf"]
    assert [row["level"] for row in ask("provision")] == ["error"]


def test_provision_refuses_options_that_are_wrong(installation: Installation, run: Run) -> None:
    installation.tenant("acme", integrations={"shop": {"options": {"color": "red"}}})
    status, output, _ = run("provision")
    assert status == 1
    assert "options.color" in output
    installation.tenant("acme", integrations={"shop": {"enabled": False}})
    assert run("provision")[0] == 1


def test_what_was_made_is_in_the_trail_in_the_persons_name(run: Run, ask: Ask) -> None:
    run("provision")
    assert ask("audit", "verify")["sound"]


def test_check_with_ping_compares_the_target(installation: Installation, run: Run, ask: Ask) -> None:
    run("init")
    found = [item for item in ask("check", "--ping") if item["subject"] == "tenant acme, shop"]
    assert [(item["level"], item["text"]) for item in found] == [
        ("error", "there is no shelf"), ("error", "there is no counter")
    ]  # fmt: skip
    assert len(Shelves.asked) == 1
    ask("check")
    assert len(Shelves.asked) == 1, "only where systems may be called"
    Shelves.made.append("acme")
    assert not [item for item in ask("check", "--ping") if item["subject"] == "tenant acme, shop"]


@pytest.mark.parametrize(
    ("error", "text"),
    [(Unavailable("the shop is closed"), "the shop is closed"), (ValueError("token=s3cret"), "ValueError")],
)
def test_a_target_that_cannot_be_asked_keeps_no_other_from_being_asked(
    installation: Installation, ask: Ask, error: Exception, text: str
) -> None:
    installation.tenant("beta")
    Shelves.failure["acme"] = error
    found = {item["subject"]: item["text"] for item in ask("check", "--ping")}
    assert found["tenant acme, shop"] == text
    assert found["tenant beta, shop"] == "there is no counter"


def test_check_tells_wrong_options_once(installation: Installation, ask: Ask) -> None:
    installation.tenant("acme", integrations={"shop": {"options": {"color": "red"}}})
    found = [item for item in ask("check", "--ping") if "color" in item["text"]]
    assert [item["subject"] for item in found] == ["tenant acme"]
    assert Shelves.asked == []


def test_plan_says_how_it_would_be_written(installation: Installation, run: Run, ask: Ask) -> None:
    World.source.put(order(1), order(2), order(3, NAME="far too long for the other system"))
    installation.run("erp_shop__acme", dry_run=True)
    sentence = "2 create, 1 reject on a trolley"
    status, output, errors = run("plan")
    assert (status, errors) == (0, "")
    assert output.splitlines()[-1] == f"acme, shop.orders: {sentence}"
    lines = ask("plan", "--limit", "4")
    assert {line.get("way") for line in lines if line["flow"] == "shop.orders"} == {sentence}
    assert all("way" not in line for line in lines if line["flow"] == "shop.returns")
    assert "trolley" not in run("plan", "--flow", "returns")[1]
    assert "trolley" in run("plan", "--tenant", "acme", "--limit", "1")[1], (
        "all are counted, however few are shown"
    )
    assert "trolley" not in run("plan", "--tenant", "nobody")[1]


def test_a_plan_of_a_tenant_whose_options_are_wrong_is_shown_all_the_same(
    installation: Installation, run: Run
) -> None:
    World.source.put(order(1))
    installation.run("erp_shop__acme", dry_run=True)
    installation.tenant("acme", integrations={"shop": {"options": {"color": "red"}}})
    status, output, _ = run("plan")
    assert status == 0
    assert "US001|000001" in output
    assert "trolley" not in output
