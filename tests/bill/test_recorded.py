"""Who recorded a payment that BILL did not make."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .back import Back, documents


@pytest.mark.parametrize(
    ("reference", "voucher", "recorded"),
    [
        ("0000012345", {"body": {"payment": {"syncReference": "0000012345"}}}, "ours"),
        ("US001-00000001", {}, "ours"),
        ("US001-00000001-1", {"body": {"payments": [{"amount": 5}]}}, "ours"),
        ("CHK-77", {}, "ours"),  # PeopleSoft has paid it: somebody was faster than we were
        ("CHK-77", {"state": "active"}, "others"),
        ("0000012345", {"state": "active", "body": {"payment": {"syncReference": "0000012345"}}}, "others"),
        ("CHK-77", None, "others"),
        (None, {"state": "active"}, "others"),
    ],
)
async def test_who_recorded_a_payment(
    back_on_both: Back, reference: str | None, voucher: Any, recorded: str
) -> None:
    back = back_on_both
    if voucher is not None:
        back.voucher("00n01", **voucher)
    back.offline(back.vendor(), "00n01", reference)
    async with back.source() as source:
        (document,) = (await documents(source)).values()
    assert (document.payload["onlinePayment"], document.payload["recorded"]) == ("false", recorded)
    assert document.payload["singleStatus"] == "PAID"


async def test_a_payment_whose_voucher_is_still_being_sent_is_ours(back: Back) -> None:
    """The event may be faster than the answer to the call that recorded it."""
    payment_id = back.offline(back.vendor(), "00n01", None)
    back.voucher("00n01", state="active", steps={"payment 12": payment_id, "restored": True})
    async with back.source() as source:
        assert (await documents(source))[payment_id].payload["recorded"] == "ours"


async def test_a_payment_of_several_bills_is_ours_if_peoplesoft_paid_them_all(back: Back) -> None:
    vendor = back.vendor()
    parts = [{"id": f"blp{name}", "billId": name, "amount": Decimal(1)} for name in ("00n01", "00n02")]
    payment_id = back.offline(vendor, "", "CHK-77", billPayments=parts)
    back.voucher("00n01", "US001|00000001")
    async with back.source() as source:
        assert (await documents(source))[payment_id].payload["recorded"] == "others"
        back.voucher("00n02", "US001|00000002")
        assert (await documents(source))[payment_id].payload["recorded"] == "ours"


@pytest.mark.parametrize("answer", ["ours", "others"])
async def test_an_answer_once_given_stands(back_on_both: Back, answer: str) -> None:
    """Settling a payment makes PeopleSoft say that its voucher is paid."""
    back = back_on_both
    payment_id = back.offline(back.vendor(), "00n01", "CHK-77")
    back.voucher("00n01", state="paid" if answer == "others" else "active")
    back.known_payment(payment_id, answer)
    async with back.source() as source:
        assert (await documents(source))[payment_id].payload["recorded"] == answer


async def test_a_voucher_that_a_settlement_closed_is_no_proof(back_on_both: Back) -> None:
    """BILL paid it, the payment was voided, and then somebody recorded in BILL that a wire was sent."""
    back = back_on_both
    vendor = back.vendor()
    back.voucher("00n01", "US001|00000001", state="paid")
    back.voucher("00n02", "US001|00000002", state="paid")
    back.settled("US001|00000001", "228.99", "-228.99")
    wire = back.offline(vendor, "00n01", "WIRE-5")
    other = back.offline(vendor, "00n02", "WIRE-6")
    async with back.source() as source:
        found = await documents(source)
    assert [found[key].payload["recorded"] for key in (wire, other)] == ["others", "ours"]


async def test_what_we_recorded_for_a_voucher_once_settled_is_still_ours(back: Back) -> None:
    back.voucher("00n01", body={"payment": {"syncReference": "0000012345"}})
    back.settled("US001|00000001", "228.99", "-228.99")
    payment_id = back.offline(back.vendor(), "00n01", "0000012345")
    async with back.source() as source:
        assert (await documents(source))[payment_id].payload["recorded"] == "ours"


async def test_payments_that_bill_makes_are_nobodys_record(back: Back) -> None:
    back.voucher("00n01")
    back.payment(back.vendor(), billId="00n01")
    async with back.source() as source:
        (document,) = (await documents(source)).values()
    assert document.payload["recorded"] == ""
