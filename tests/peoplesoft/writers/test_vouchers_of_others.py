"""A voucher that people entered, or that is posted or paid, is never overwritten."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector.core.contract import Verdict
from ml_connector.peoplesoft.writers.kinds import VOUCHER

from .support import Fake, find, intent, update, voucher, write


async def test_a_voucher_of_another_origin_is_a_conflict_and_not_taken_over() -> None:
    fake = Fake(VOUCHER)
    target_id = fake.put(voucher(ORIGIN="ONL", VOUCHER_ID="00000077"))
    one = intent(voucher(ORIGIN="EDI"))
    outcome = await write(fake, one)
    assert (outcome.result, outcome.target_id) == ("conflict", target_id)
    assert "entered by hand or by others: its ORIGIN is ONL, not EDI" in str(outcome.reason)
    assert (await find(fake, one)).verdict is Verdict.FOREIGN
    assert fake.writes == []


@pytest.mark.parametrize("held", [{"ORIGIN": "EDI"}, {}], ids=["the same", "not shown"])
async def test_a_voucher_of_the_same_origin_is_ours(held: dict[str, str]) -> None:
    fake = Fake(VOUCHER)
    target_id = fake.put(voucher(VOUCHER_ID="00000077", **held))
    found = await find(fake, intent(voucher(ORIGIN="EDI")))
    assert (found.verdict, found.target_id) == (Verdict.EQUAL, target_id)


@pytest.mark.parametrize(
    ("standing", "word"),
    [
        ({"APPR_STATUS": "A", "POST_STATUS_AP": "P"}, "posted"),
        ({"PYMNT_VCHR_XREF": [{"PYMNT_CNT": 1, "PYMNT_SELCT_STATUS": "P"}]}, "paid"),
    ],
)
@pytest.mark.parametrize("previous", [None, "known"])
async def test_a_voucher_that_went_on_is_not_changed(
    standing: dict[str, Any], word: str, previous: str | None
) -> None:
    fake = Fake(VOUCHER)
    target_id = fake.put(voucher(VOUCHER_ID="00000077", **standing))
    changed = update(voucher(DESCR254_MIXED="other"), target_id, previous=voucher() if previous else None)
    changed.previous = changed.previous if previous else None
    outcome = await write(fake, changed)
    assert (outcome.result, f"voucher {target_id} is {word}" in str(outcome.reason)) == ("held", True)
    assert fake.writes == []


async def test_a_voucher_that_waits_for_approval_is_changed() -> None:
    fake = Fake(VOUCHER)
    target_id = fake.put(voucher(VOUCHER_ID="00000077", APPR_STATUS="P", POST_STATUS_AP="U"))
    outcome = await write(fake, update(voucher(DESCR254_MIXED="other"), target_id, previous=voucher()))
    assert (outcome.result, fake.writes) == ("loaded", ["update"])
