"""What P2P makes of records, and what the ledger makes of that."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.load import load
from sandbox.basware.requests import failed

from .scene import Scene, options

ACCOUNT = "SHARE|641000"
CODE = "SHARE-641000"


def verdict(
    scene: Scene, status: str, category: str = "DataValidation", message: str = "", **more: Any
) -> None:
    """The next post's records are decided so."""
    scene.sandbox.faults.add(
        system="basware", kind="verdict", operation="POST /v1/accounts", value=status, code=category,
        message=message, **({"rows": 1000} | more),
    )  # fmt: skip


def only(scene: Scene, *accounts: str) -> None:
    """PeopleSoft has these accounts and no others."""
    table = scene.sandbox.peoplesoft.accounts
    for record in list(table):
        if record["ACCOUNT"] not in accounts:
            table.delete(table.key_of(record))


@pytest.fixture(autouse=True)
def one_account(scene: Scene) -> None:
    only(scene, "641000")


async def test_success(scene: Scene) -> None:
    await scene.run("accounts")
    row = scene.rows("accounts")[ACCOUNT]
    assert (row.status, row.target_id) == ("loaded", CODE)


async def test_a_warning_is_done_and_told(scene: Scene) -> None:
    verdict(scene, "Warning", message="Text 1 is unknown")
    results = await scene.run("accounts")
    assert scene.statuses("accounts") == {ACCOUNT: "loaded"}
    assert any("Text 1 is unknown" in alert for alert in results["accounts"]["reconcile"]["alerts"])


async def test_what_the_customer_must_mend_is_rejected(scene: Scene) -> None:
    verdict(scene, "Error", message="Account code is blocked")
    await scene.run("accounts")
    row = scene.rows("accounts")[ACCOUNT]
    assert row.status == "rejected"
    assert "Account code is blocked" in row.reason


@pytest.mark.parametrize("status", ["Error", "Unpublished"])
async def test_what_basware_must_mend_is_tried_again(scene: Scene, status: str) -> None:
    verdict(scene, status, "Technical", "Queue is full")
    await scene.run("accounts")
    assert scene.statuses("accounts") == {ACCOUNT: "failed"}
    scene.sandbox.clock.advance(3600)
    await scene.run("accounts")
    assert scene.statuses("accounts") == {ACCOUNT: "loaded"}
    assert CODE in scene.p2p("accounts")


async def test_a_replay_of_what_was_refused_is_altered(scene: Scene) -> None:
    """Otherwise Basware passes it over: it equals what the API holds."""
    verdict(scene, "Error", message="Company is closed")
    await scene.run("accounts")
    assert scene.p2p("accounts") == {}
    scene.replay("accounts", ACCOUNT)
    await scene.run("accounts")
    assert scene.statuses("accounts") == {ACCOUNT: "loaded"}
    assert scene.calls("POST /v1/accounts") == 2
    assert scene.p2p("accounts")[CODE]["text5"].startswith("[")


async def test_the_mark_is_no_difference(scene: Scene) -> None:
    await test_a_replay_of_what_was_refused_is_altered(scene)
    result = await scene.run("accounts", full=True)
    assert result["accounts"]["reconcile"]["differences"] == {}
    assert scene.calls("POST /v1/accounts") == 2


async def test_a_refused_record_that_goes_back_to_what_was_taken_is_sent(scene: Scene) -> None:
    """The ledger's last word is what P2P took; the API holds what it refused."""
    await scene.run("accounts")
    record = scene.sandbox.peoplesoft.accounts.get(("SHARE", "641000"))
    assert record is not None
    name, record["rows"][-1]["DESCR"] = record["rows"][-1]["DESCR"], "Refused"
    scene.sandbox.clock.advance(60)
    verdict(scene, "Error", message="No")
    await scene.run("accounts")
    assert scene.statuses("accounts") == {ACCOUNT: "rejected"}
    record["rows"][-1]["DESCR"] = name
    scene.sandbox.clock.advance(60)
    await scene.run("accounts")
    assert scene.statuses("accounts") == {ACCOUNT: "loaded"}
    assert scene.api("accounts")[CODE]["accountNames"][0]["translation"] == name
    assert scene.p2p("accounts")[CODE]["accountNames"][0]["translation"] == name


@pytest.mark.parametrize("status", ["NotProcessed", "RecordExpired"])
async def test_what_was_passed_over_is_sent_again_altered(scene: Scene, status: str) -> None:
    verdict(scene, status)
    await scene.run("accounts")
    assert scene.statuses("accounts") == {ACCOUNT: "accepted"}
    await scene.reconcile("accounts")
    assert scene.statuses("accounts") == {ACCOUNT: "loaded"}
    assert scene.calls("POST /v1/accounts") == 2
    assert CODE in scene.p2p("accounts")


async def test_it_is_not_sent_again_for_ever(scene: Scene) -> None:
    verdict(scene, "NotProcessed", count=None)
    await scene.run("accounts")
    for _ in range(5):
        await scene.reconcile("accounts")
    row = scene.rows("accounts")[ACCOUNT]
    assert row.status == "failed"
    assert "however it was altered" in row.reason
    assert scene.calls("POST /v1/accounts") == 4


async def test_a_run_does_not_wait_for_ever(scene: Scene) -> None:
    scene.options = options(wait_seconds=20)
    scene.sandbox.basware.switches.processing_seconds = 3600.0
    before = scene.now()
    await scene.run("accounts")
    assert scene.statuses("accounts") == {ACCOUNT: "accepted"}
    assert scene.now() - before < timedelta(seconds=60)
    asked = scene.calls("GET /v1/requestStatus")
    await scene.reconcile("accounts")  # not due yet, and too far away to be waited for
    assert scene.calls("GET /v1/requestStatus") - asked <= 2
    scene.sandbox.clock.advance(3600)
    await scene.reconcile("accounts")
    assert scene.statuses("accounts") == {ACCOUNT: "loaded"}


async def test_after_a_day_a_person_is_told(scene: Scene) -> None:
    scene.sandbox.basware.switches.processing_seconds = 10.0**7
    await scene.run("accounts")
    scene.sandbox.clock.advance(24 * 3600)
    result = await scene.reconcile("accounts")
    assert scene.statuses("accounts") == {ACCOUNT: "failed"}
    assert "ask Basware's support" in result["alerts"][0]


async def test_a_question_that_fails_takes_nothing_back(scene: Scene) -> None:
    """A load of what others refer to asks at once; what it posted stays accepted."""
    scene.sandbox.faults.add(
        system="basware", kind="error", operation="GET /v1/requestStatus/*", status=401, count=2
    )
    async with scene.connected("payment_terms") as ctx:
        await extract(ctx)
        counts = await load(ctx)
    assert counts["accepted"] == 4
    await scene.reconcile("payment_terms")
    assert set(scene.statuses("payment_terms").values()) == {"loaded"}
    assert scene.calls("POST /v1/paymentTerms") == 1


async def test_one_question_for_a_whole_request(scene: Scene) -> None:
    scene.sandbox.reset()
    await scene.run("accounts")
    assert len(scene.statuses("accounts")) > 50
    assert scene.calls("GET /v1/requestStatus/") == 1


async def test_a_lost_answer_finds_its_request(scene: Scene) -> None:
    """P2P refused it, and nobody had heard: what the API holds is not enough."""
    verdict(scene, "Error", message="Company is closed")
    scene.sandbox.faults.add(system="basware", kind="lost", operation="POST /v1/accounts")
    await scene.run("accounts")
    scene.sandbox.clock.advance(300)
    await scene.run("accounts")
    row = scene.rows("accounts")[ACCOUNT]
    assert row.status == "rejected"
    assert "Company is closed" in row.reason
    assert scene.calls("POST /v1/accounts") == 1


async def test_bank_details_in_an_error_are_not_kept(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any) -> Any:
        *_, value = arguments
        account = value["paymentMeans"][0]["financialAccounts"][0]["financialAccountIdentifiers"][0]
        return failed(f"Bank account {account['id']} is used by another vendor")

    await scene.run("payment_terms")
    monkeypatch.setattr(scene.sandbox.basware.p2p, "take", refuse)
    scene.sandbox.peoplesoft.suppliers = type(scene.sandbox.peoplesoft.suppliers)(
        ("SETID", "VENDOR_ID"), [scene.sandbox.peoplesoft.suppliers.get(("SHARE", "0000000001")) or {}]
    )
    await scene.run("vendors")
    (row,) = scene.rows("vendors").values()
    assert row.status == "rejected"
    assert "000000000001" not in row.reason
    assert "***" in row.reason
