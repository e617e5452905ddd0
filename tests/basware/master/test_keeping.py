"""What others put into a record stays there when it is posted."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector.basware.master.keeping import with_others

from .scene import Scene, options

IBAN = {"schemeId": "IBAN", "id": "DE89370400440532013000", "default": True}
ORDERING = {"orderingFormat": "email", "orderEmail": "orders@northwind.example"}
ACCOUNTS = [{"financialAccountIdentifiers": [IBAN]}]
MEANS = {"paymentMeansCode": "OLD", "default": True, "financialAccounts": ACCOUNTS}


@pytest.mark.parametrize("listed", [False, True])
async def test_a_vendor_keeps_what_was_typed_in_basware(scene: Scene, listed: bool) -> None:
    more: dict[str, Any] = {"look_ups": 1} if listed else {}
    scene.options = options(vendors={"bank_accounts": False}, **more)
    await scene.run("payment_terms", "vendors")
    table = scene.sandbox.basware.store.table("vendors")
    record = next(iter(table.rows.values()))
    key = next(key for key, row in scene.rows("vendors").items() if row.target_id == record.code)
    record.value = dict(record.value) | {"orderingDetails": ORDERING, "paymentMeans": [MEANS]}
    scene.sandbox.clock.advance(60)
    rename(scene, key)
    await scene.run("vendors")
    now = scene.api("vendors")[record.code]
    assert now["name"].startswith("Renamed")
    assert now["orderingDetails"] == ORDERING
    assert now["paymentMeans"][0]["financialAccounts"] == ACCOUNTS
    assert now["paymentMeans"][0]["paymentMeansCode"] != "OLD"
    scene.sandbox.clock.advance(60)
    assert set(scene.statuses("vendors").values()) <= {"loaded", "accepted", "excluded"}


def rename(scene: Scene, key: str) -> None:
    """Change a supplier in PeopleSoft."""
    record = scene.sandbox.peoplesoft.tables["supplier"].get(tuple(key.split("|")))
    assert record is not None
    record["NAME1"] = "Renamed"


def test_what_was_sent_once_is_cleared_when_it_is_gone() -> None:
    there = {"externalCode": "A", "name": "N", "paymentTerms": {"paymentTermCode": "N30"}, "tags": ["x"]}
    before = {"externalCode": "A", "name": "N", "paymentTerms": {"paymentTermCode": "N30"}}
    kept = with_others({"externalCode": "A", "name": "M"}, there, before)
    assert kept == {"externalCode": "A", "name": "M", "tags": ["x"]}


def test_a_mark_of_ours_is_nothing_of_others() -> None:
    marked = {
        "description": "[0123abcd]",
        "vendorClass": "Standard",
        "lastUpdated": "2026-01-01",
        "buvid": "1",
    }
    assert with_others({"name": "M"}, marked, {}) == {"name": "M", "vendorClass": "Standard"}


def test_bank_accounts_that_we_send_replace_all_others() -> None:
    ours = [{"paymentMeansCode": "ACH", "default": True, "financialAccounts": [{"a": 1}]}]
    assert with_others({"paymentMeans": ours}, {"paymentMeans": [MEANS]}, {})["paymentMeans"] == ours


def test_bank_accounts_that_we_sent_are_cleared_when_they_are_gone() -> None:
    bare = [{"paymentMeansCode": "ACH", "default": True}]
    assert with_others({"paymentMeans": bare}, {"paymentMeans": [MEANS]}, {"paymentMeans": [MEANS]}) == {
        "paymentMeans": bare
    }
