"""Commands by which a person decides, and what the next run makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml_connector.cli.crosswalk import read_entries
from ml_connector.core.errors import ConfigurationError
from tests.airflow.conftest import Installation
from tests.airflow.shop import World
from tests.cli.conftest import Ask, Run
from tests.core.stages.support import order

DAG = "erp_shop__acme"


def test_replay_maps_a_rejected_document_again(moved: Installation, run: Run, ask: Ask) -> None:
    assert ask("replay", "US001|000003", "--flow", "orders", "--yes") == [
        {"tenant": "acme", "flow": "shop.orders", "replayed": 1}
    ]
    (story,) = ask("show", "US001|000003", "--flow", "orders")
    replayed = next(event for event in story["events"] if event["event"] == "replayed")
    assert replayed["status"] == "rejected"
    moved.run(DAG)
    assert ask("records", "--flow", "orders", "--status", "rejected")[0]["key"] == "US001|000003"


def test_replay_needs_a_subject_and_a_person(moved: Installation, run: Run) -> None:
    assert run("replay", "--yes")[0] == 1
    status, _, errors = run("replay", "US001|000003", "--flow", "orders")
    assert status == 1
    assert "--yes" in errors
    assert run("replay", "US001|000001", "--flow", "orders", "--yes")[0] == 1
    assert run("replay", "--flow", "nosuch", "--yes")[0] == 1
    assert run("replay", "--flow", "orders", "--status", "lost", "--yes")[0] == 1


def test_release_lets_a_mass_change_pass_once(installation: Installation, run: Run, ask: Ask) -> None:
    limits = {"max_changes": {"percent": 0, "at_least": 1}}
    installation.tenant(
        "acme", integrations={"shop": {"flows": {"orders": limits, "returns": {"enabled": False}}}}
    )
    World.source.put(order(1), order(2), order(3))
    installation.run(DAG)
    World.source.put(*(order(number, NAME=f"New {number}", CHANGED="2026-11-05") for number in (1, 2, 3)))
    assert installation.run(DAG)[0] == "failed"
    (stopped,) = ask("status")
    assert "ml-connector release --tenant acme --flow shop.orders" in stopped["stopped"]
    assert ask("release", "--tenant", "acme", "--flow", "shop.orders", "--yes") == [
        {"tenant": "acme", "flow": "shop.orders", "released": 3}
    ]
    assert installation.run(DAG)[0] == "success"
    assert {item["name"] for item in World.target.objects.values()} == {"New 1", "New 2", "New 3"}


def test_release_accepts_changed_columns(moved: Installation, run: Run, ask: Ask) -> None:
    World.source.columns -= {"PARTY"}
    World.source.put(order(4, CHANGED="2026-11-05"))
    assert moved.run(DAG)[0] == "failed"
    (done,) = ask("release", "--flow", "orders", "--columns", "--yes")
    assert done["released"] >= 1
    ask("release", "--flow", "returns", "--columns", "--yes")
    assert moved.run(DAG)[0] == "success"


def test_release_needs_a_flow(moved: Installation, run: Run) -> None:
    status, _, errors = run("release", "--yes")
    assert status == 1
    assert "--flow" in errors
    assert run("release", "--flow", "orders", "--adopt", "T1", "--yes")[0] == 1


def test_crosswalk_entries_by_hand(installation: Installation, run: Run, ask: Ask) -> None:
    who = ("--tenant", "acme", "--name", "shop.parties")
    assert ask("crosswalk", "set", *who, "P1", "T77")["result"] == "set"
    (entry,) = ask("crosswalk", "list", "--tenant", "acme")
    assert (entry["key"], entry["target_id"], entry["origin"]) == ("P1", "T77", "manual")
    World.source.put(order(1, PARTY="P1"))
    installation.run(DAG)
    assert [item["partyId"] for item in World.target.objects.values()] == ["T77"]
    assert ask("crosswalk", "set", *who, "P1", "-")["result"] == "removed"
    assert run("crosswalk", "set", *who, "P1", "-")[0] == 1


def test_crosswalk_import(installation: Installation, run: Run, ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "parties.csv"
    file.write_text("key,target_id,label\n0001,T1,First\n0002,T2,\n", encoding="utf-8-sig")
    who = ("--tenant", "acme", "--name", "shop.parties")
    assert ask("crosswalk", "import", *who, str(file))["imported"] == 2
    assert [(item["key"], item["label"]) for item in ask("crosswalk", "list", "--tenant", "acme")] == [
        ("0001", "First"),
        ("0002", None),
    ]
    file.write_text("key,target_id\n0003,\n")
    status, _, errors = run("crosswalk", "import", *who, str(file))
    assert status == 1
    assert "parties.csv:2: target_id" in errors


@pytest.mark.parametrize(
    ("text", "message"),
    [("id,name\n1,2\n", "column key"), ("key,target_id\n1,T1\n1,T2\n", "stands twice"), ("", "column key")],
)
def test_a_wrong_file_is_refused_whole(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "entries.csv"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        read_entries(file)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_entries(tmp_path / "nowhere.csv")
