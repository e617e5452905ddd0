from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ml_connector.bill.vendor_credits import VendorCredits
from ml_connector.core.contract import Payload, Verdict

from .support import Bill, intent, removal, update

LINES: list[Payload] = [{"amount": Decimal("14.99"), "description": "Sticks"}, {"amount": Decimal("50.00")}]


def credit(vendor: str, number: str = "CR-1", **changed: Any) -> Payload:
    return {
        "vendorId": vendor,
        "referenceNumber": number,
        "creditDate": "2026-11-18",
        "description": "PS US001-00000002",
        "vendorCreditLineItems": [dict(line) for line in LINES],
    } | changed


async def created(bill: Bill, body: Payload) -> str:
    (outcome,) = await VendorCredits(bill.api).write([intent(body)], bill.steps)
    assert outcome.result == "loaded"
    return str(outcome.target_id)


def apply(bill: Bill, target_id: str, amount: str) -> None:
    """Somebody uses it up in BILL."""
    bill.held.credits.replace(bill.held.credits.rows[target_id] | {"appliedAmount": Decimal(amount)})


async def test_created_together_and_read_back(bill: Bill) -> None:
    vendor, target = bill.vendor(), VendorCredits(bill.api)
    bodies = [credit(vendor, f"CR-{number}") for number in range(3)]
    outcomes = await target.write(
        [intent(body, key=f"US001|{n}") for n, body in enumerate(bodies)], bill.steps
    )
    page = await target.read_back([outcome.target_id or "" for outcome in outcomes])
    assert [record.body for record in page.records] == bodies
    assert [record.amount for record in page.records] == [Decimal("64.99")] * 3
    assert bill.calls("POST /v3/vendor-credits/bulk") == 1


async def test_a_lost_answer_is_found_again(bill: Bill) -> None:
    one = intent(credit(bill.vendor()), attempted_at=bill.now())
    bill.fault("lost", "POST /v3/vendor-credits")
    (outcome,) = await VendorCredits(bill.api).write([one], bill.steps)
    assert outcome.result == "in_doubt"
    (found,) = await VendorCredits(bill.api).find([one])
    assert found.verdict is Verdict.EQUAL


@pytest.mark.parametrize("filtered", [True, False])
async def test_found_whether_or_not_bill_filters_by_vendor(bill: Bill, filtered: bool) -> None:
    vendor, other = bill.vendor(), bill.vendor("Other")
    await created(bill, credit(vendor))
    if not filtered:
        del bill.held.listers["vendor-credits"].listing.filters["vendorId"]
    try:
        target = VendorCredits(bill.api)
        answers = await target.find([intent(credit(vendor), key="a"), intent(credit(other), key="b")])
    finally:
        bill.held.listers["vendor-credits"].listing.filters["vendorId"] = ("eq", "in")
    assert [answer.verdict for answer in answers] == [Verdict.EQUAL, Verdict.ABSENT]


async def test_changed(bill: Bill) -> None:
    body = credit(bill.vendor())
    target_id = await created(bill, body)
    changed = body | {"vendorCreditLineItems": [*LINES, {"amount": Decimal("1.00")}]}
    (outcome,) = await VendorCredits(bill.api).write([update(changed, target_id, body)], bill.steps)
    assert (outcome.result, bill.held.credits.rows[target_id]["amount"]) == ("loaded", Decimal("65.99"))


async def test_changed_after_it_was_applied_is_for_a_person(bill: Bill) -> None:
    body = credit(bill.vendor())
    target_id = await created(bill, body)
    apply(bill, target_id, "10.00")
    changed = body | {"creditDate": "2026-11-19"}
    (outcome,) = await VendorCredits(bill.api).write([update(changed, target_id, body)], bill.steps)
    assert (outcome.result, bool(outcome.alert)) == ("conflict", True)
    text = body | {"description": "another"}
    (outcome,) = await VendorCredits(bill.api).write([update(text, target_id, body)], bill.steps)
    assert outcome.result == "loaded"


async def test_archived_unless_it_was_applied(bill: Bill) -> None:
    target_id = await created(bill, credit(bill.vendor()))
    apply(bill, target_id, "10.00")
    (outcome,) = await VendorCredits(bill.api).write([removal(target_id)], bill.steps)
    assert (outcome.result, "10.00 of it is applied" in (outcome.alert or "")) == ("conflict", True)
    apply(bill, target_id, "0.00")
    for _ in range(2):
        (outcome,) = await VendorCredits(bill.api).write([removal(target_id)], bill.steps)
        assert outcome.result == "loaded"
    assert bill.held.credits.rows[target_id]["archived"]


async def test_an_archived_one_cannot_come_back(bill: Bill) -> None:
    body = credit(bill.vendor())
    target_id = await created(bill, body)
    await VendorCredits(bill.api).write([removal(target_id)], bill.steps)
    (outcome,) = await VendorCredits(bill.api).write([update(body, target_id)], bill.steps)
    assert (outcome.result, "cannot restore" in (outcome.reason or "")) == ("conflict", True)


async def test_one_that_is_gone_is_for_a_person(bill: Bill) -> None:
    (outcome,) = await VendorCredits(bill.api).write([removal("vcr01GONE")], bill.steps)
    assert outcome.result == "conflict"
