"""Payments that BILL processed before the flow began are never booked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ml_connector.core.config import find_dataset, find_mapping
from ml_connector.core.mapping import CompiledMapping, Hold, Mapped, compile_mapping

from .back import tenant

MAPPINGS = (Path(__file__).parents[2] / "include" / "mappings",)
BILLS = {("~bill.bills", "00n01"): "US001|00000001"}
CLEARED, SENT, RETURNED = "CLEARED", "SENT", "DISBURSEMENT_FAILED_ACTION_NEEDED"
STATUSES = (CLEARED, SENT, "VOIDED", RETURNED, "FUNDING_FAILED_ACTION_NEEDED", "FUNDS_ESCHEATED")


def mapping(**changed: Any) -> CompiledMapping:
    found = find_mapping("bill", "settlements", MAPPINGS)
    return compile_mapping(found, find_dataset("bill", "payments", MAPPINGS), tenant(**changed))


def payment(**changed: Any) -> dict[str, Any]:
    part = {"id": "blp01", "billId": "00n01", "amount": 5}
    return {
        "id": "stp01", "vendorId": "00901", "vendorName": "Happy", "amount": 5, "currency": "USD",
        "processDate": "2025-12-31", "before_start": "true", "singleStatus": CLEARED,
        "disbursementType": "ACH", "onlinePayment": "true", "recorded": "", "transactionNumber": "T1",
        "billPayments": [part],
    } | changed  # fmt: skip


def nothing(result: object) -> bool:
    return isinstance(result, Mapped) and result.desired.absent


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("kind", [{}, {"onlinePayment": "false", "recorded": "others"}])
def test_one_that_was_never_booked_here_stays_out(status: str, kind: dict[str, str]) -> None:
    assert nothing(mapping().apply(payment(singleStatus=status, **kind), BILLS, known=False))
    later = payment(singleStatus=status, before_start="false", **kind)
    assert nothing(mapping().apply(later, BILLS, known=False)) == (
        status in ("VOIDED", RETURNED) or (status == SENT and not kind)
    )


def test_it_stays_out_whatever_else_is_wrong_with_it() -> None:
    odd = payment(amount=7, billPayments=[], processDate="")
    assert nothing(mapping().apply(odd, {}, known=False))


def test_one_that_was_booked_before_the_start_was_moved_keeps_its_entry_until_bill_takes_it_back() -> None:
    stays = mapping().apply(payment(), BILLS, known=True)
    assert isinstance(stays, Mapped)
    assert (stays.desired.state, stays.desired.absent) == ("settled", False)
    for status in ("VOIDED", RETURNED):
        assert nothing(mapping().apply(payment(singleStatus=status), BILLS, known=True))
    for status in (SENT, "FUNDING_FAILED_ACTION_NEEDED"):
        assert isinstance(mapping().apply(payment(singleStatus=status), BILLS, known=True), Hold)


def test_a_tenant_may_decide_otherwise() -> None:
    result = mapping(rules={"before_start": False}).apply(payment(), BILLS, known=False)
    assert isinstance(result, Mapped)
    assert result.desired.state == "settled"
