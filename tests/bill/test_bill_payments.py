"""Recording payments that PeopleSoft made: once, whatever gets lost on the way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ml_connector.bill.bills import Bills
from ml_connector.core.contract import Found, Intent, Operation, Verdict

from .support import Bill, bill_body, intent, paid


async def found(bill: Bill, one: Intent) -> Found:
    (answer,) = await Bills(bill.api).find([one])
    return answer


async def created(bill: Bill, body: dict[str, Any]) -> str:
    (outcome,) = await Bills(bill.api).write([intent(body)], bill.steps)
    assert outcome.result == "loaded"
    return str(outcome.target_id)


MADE = {"processDate": "2026-11-19", "amount": Decimal("228.99"), "syncReference": "0000012345"}


async def test_a_payment_is_recorded_with_its_reference(bill: Bill) -> None:
    target_id = await created(bill, bill_body(bill.vendor()))
    (outcome,) = await Bills(bill.api).write([paid(target_id, MADE)], bill.steps)
    (payment,) = bill.held.payments
    assert (outcome.result, bill.only_bill()["paymentStatus"]) == ("loaded", "PAID")
    assert (payment["syncReference"], payment["processDate"], payment["amount"]) == (
        "0000012345", "2026-11-19", Decimal("228.99"),
    )  # fmt: skip
    assert bill.steps.names == ["payment 0000012345"]


async def test_a_voucher_that_was_changed_and_paid_is_corrected_first(bill: Bill) -> None:
    body = bill_body(bill.vendor())
    target_id = await created(bill, body)
    changed = body | {"billLineItems": [{"amount": Decimal("300.00")}, {"amount": Decimal("0.50")}]}
    made = MADE | {"amount": Decimal("300.50"), "description": "Paid by PeopleSoft"}
    (outcome,) = await Bills(bill.api).write([paid(target_id, made, body=changed)], bill.steps)
    (payment,) = bill.held.payments
    assert (outcome.result, payment["amount"], payment["description"]) == (
        "loaded", Decimal("300.50"), "Paid by PeopleSoft",
    )  # fmt: skip
    assert bill.steps.names == ["updated", "payment 0000012345"]


async def test_a_correction_that_bill_refuses_does_not_leave_a_paid_voucher_payable(bill: Bill) -> None:
    body = bill_body(bill.vendor())
    target_id = await created(bill, body)
    lines = [{"amount": Decimal(5), "classifications": {"chartOfAccountId": "0ca01GONE"}}]
    (outcome,) = await Bills(bill.api).write(
        [paid(target_id, MADE, body=body | {"billLineItems": lines})], bill.steps
    )
    assert (outcome.result, bill.only_bill()["paymentStatus"]) == ("loaded", "PAID")


async def test_a_lost_answer_never_records_it_twice(bill: Bill) -> None:
    target_id = await created(bill, bill_body(bill.vendor()))
    one = paid(target_id, MADE, attempted_at=bill.now())
    bill.fault("lost", "POST /v3/bills/record-payment")
    (outcome,) = await Bills(bill.api).write([one], bill.steps)
    assert outcome.result == "in_doubt"
    assert (await found(bill, one)).verdict is Verdict.EQUAL
    (outcome,) = await Bills(bill.api).write([one], bill.steps)
    assert (outcome.result, len(bill.held.payments)) == ("loaded", 1)


async def test_a_payment_that_was_not_executed_is_looked_for_again(bill: Bill) -> None:
    target_id = await created(bill, bill_body(bill.vendor()))
    one = paid(target_id, MADE, attempted_at=bill.now())
    bill.fault("error", "POST /v3/bills/record-payment", status=500)
    (outcome,) = await Bills(bill.api).write([one], bill.steps)
    assert outcome.result == "in_doubt"
    assert (await found(bill, one)).verdict is Verdict.UNSURE
    bill.sandbox.clock.advance(121)
    assert (await found(bill, one)).verdict is Verdict.DIFFERENT
    (outcome,) = await Bills(bill.api).write([one], bill.steps)
    assert (outcome.result, len(bill.held.payments)) == ("loaded", 1)


async def test_several_payments_are_recorded_one_by_one_and_resumed(bill: Bill) -> None:
    target_id = await created(bill, bill_body(bill.vendor()))
    parts = [
        {"processDate": "2026-11-18", "amount": Decimal("100.00"), "syncReference": "A"},
        {"processDate": "2026-11-19", "amount": Decimal("128.99"), "syncReference": "B"},
    ]
    bill.fault("error", "POST /v3/bills/record-payment", code="BDC_1144", status=422, skip=1)
    one = paid(target_id, *parts)
    (outcome,) = await Bills(bill.api).write([one], bill.steps)
    assert outcome.result == "in_doubt"
    bill.sandbox.clock.advance(2 * 3600)
    (outcome,) = await Bills(bill.api).write([one], bill.steps)
    assert outcome.result == "loaded"
    amounts = {payment["syncReference"]: payment["amount"] for payment in bill.held.payments}
    assert amounts == {"A": Decimal("100.00"), "B": Decimal("128.99")}


async def test_a_discount_leaves_nothing_payable_in_bill(bill: Bill) -> None:
    target_id = await created(bill, bill_body(bill.vendor()))
    (outcome,) = await Bills(bill.api).write(
        [paid(target_id, MADE | {"amount": Decimal("200.00")})], bill.steps
    )
    assert (outcome.result, bill.only_bill()["dueAmount"]) == ("loaded", 0)


async def test_without_a_reference_the_voucher_s_key_is_one(bill: Bill) -> None:
    target_id = await created(bill, bill_body(bill.vendor()))
    await Bills(bill.api).write([paid(target_id)], bill.steps)
    (payment,) = bill.held.payments
    assert (payment["syncReference"], payment["processDate"]) == (
        "US001-00000001", bill.now().date().isoformat(),
    )  # fmt: skip


async def test_an_overpaid_bill_is_looked_at_again_before_it_is_refused(
    bill: Bill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt's request arrives after the second one has read the bill."""
    target_id = await created(bill, bill_body(bill.vendor()))
    original = bill.api.record_payment

    async def late(body: Any) -> Any:
        await original(body)
        return await original(body)

    monkeypatch.setattr(bill.api, "record_payment", late)
    (outcome,) = await Bills(bill.api).write([paid(target_id, MADE)], bill.steps)
    assert (outcome.result, len(bill.held.payments)) == ("loaded", 1)


async def test_payments_are_found_where_bill_does_not_filter_them_by_vendor(
    bill: Bill, monkeypatch: pytest.MonkeyPatch
) -> None:
    target_id = await created(bill, bill_body(bill.vendor()))
    await Bills(bill.api).write([paid(target_id, MADE)], bill.steps)
    monkeypatch.setitem(bill.held.listers["payments"].listing.filters, "vendorId", ())
    (outcome,) = await Bills(bill.api).write([paid(target_id, MADE)], bill.steps)
    assert (outcome.result, len(bill.held.payments)) == ("loaded", 1)


async def test_a_paid_voucher_is_never_created(bill: Bill) -> None:
    one = intent(bill_body(bill.vendor()), state="paid", operation=Operation.CREATE)
    (outcome,) = await Bills(bill.api).write([one], bill.steps)
    assert (outcome.result, len(bill.held.bills)) == ("rejected", 0)
