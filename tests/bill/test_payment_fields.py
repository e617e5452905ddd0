"""One payment as BILL shows it, and what is made of it."""

from __future__ import annotations

import contextlib
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.bill.payment_fields import Unfit, bills_of, is_thin, read_payment
from ml_connector.core import codec

from .back import dataset

ROW: dict[str, Any] = {
    "id": "stp01", "vendorId": "00901", "vendorName": "Happy", "billId": "00n01",
    "billPayments": [{"id": "blp01", "billId": "00n01", "amount": Decimal("228.99")}],
    "amount": Decimal("228.99"), "processDate": "2026-11-24",
    "fundingAccount": {"type": "BANK_ACCOUNT", "id": "bac01"}, "transactionNumber": "T1",
    "confirmationNumber": "P1", "singleStatus": "SCHEDULED", "onlinePayment": True,
    "disbursementType": "ACH", "createdTime": "2026-11-20T09:15:23.127+00:00",
    "updatedTime": "2026-11-20T09:15:23.127+00:00",
}  # fmt: skip
OFFLINE = {
    **{name: value for name, value in ROW.items() if name not in ("singleStatus", "fundingAccount")},
    "onlinePayment": False, "disbursementType": "OFFLINE", "status": "PAID", "syncReference": "0001",
}  # fmt: skip

CREDITED = {"id": "blp01", "billId": "00n01", "amount": Decimal(70)}

START = date(2026, 11, 1)


def made(**changed: Any) -> dict[str, Any]:
    return read_payment({**ROW, **changed}, {}, "", "USD", START)


def test_the_fields_are_those_of_the_dataset() -> None:
    described = dataset()
    payload = made()
    assert set(payload) == {*described.fields, *described.children}
    assert set(payload["billPayments"][0]) == set(described.children["billPayments"].fields)


def test_published_payments_can_be_read(published_samples: dict[str, Any]) -> None:
    online = read_payment(published_samples["v3_payment_response_201"], {}, "", "USD", START)
    answer = published_samples["v3_record_payment"]["response_200"]
    recorded = read_payment(answer, {}, "others", "USD", START)
    assert (online["onlinePayment"], online["singleStatus"]) == ("true", "SCHEDULED")
    assert (recorded["onlinePayment"], recorded["singleStatus"]) == ("false", "PAID")
    assert recorded["billPayments"][0]["amount"] == Decimal("70.00")


@pytest.mark.parametrize(
    ("changed", "field", "expected"),
    [
        ({"amount": None}, "amount", "an amount"),
        ({"amount": "NaN"}, "amount", "an amount"),
        ({"amount": True}, "amount", "an amount"),
        ({"vendorId": ""}, "vendorId", "the id of a vendor"),
        ({"updatedTime": None}, "updatedTime", "a date and time"),
        ({"updatedTime": "yesterday"}, "updatedTime", "a date and time such as"),
        ({"createdTime": "20.11.2026"}, "createdTime", "a date and time such as"),
        ({"processDate": "2026-02-30"}, "processDate", "a date YYYY-MM-DD"),
        ({"singleStatus": None}, "status", "a payment status"),
        ({"billPayments": "00n01"}, "billPayments", "a list of the bills"),
        ({"billPayments": ["00n01"]}, "billPayments", "a list of the bills"),
        ({"billPayments": [{"id": "b", "amount": 1}]}, "billPayments.billId", "the id of a bill"),
        ({"billPayments": [{"billId": "b", "amount": 1}]}, "billPayments.id", "an id"),
        ({"billPayments": [{"id": "b", "billId": "n"}]}, "billPayments.amount", "an amount"),
        ({"billPayments": [CREDITED | {"vendorCredits": "vcr01"}]}, "billPayments.vendorCredits", "a list"),
        (
            {"billPayments": [CREDITED | {"vendorCredits": [{"id": "vcr01"}]}]},
            "billPayments.vendorCredits.amount",
            "an amount",
        ),
    ],
)
def test_what_cannot_be_read_is_named(changed: dict[str, Any], field: str, expected: str) -> None:
    with pytest.raises(Unfit) as caught:
        made(**changed)
    assert caught.value.field == field
    assert expected in caught.value.expected


def test_what_may_be_missing() -> None:
    gone = (
        "vendorName",
        "transactionNumber",
        "confirmationNumber",
        "fundingAccount",
        "processDate",
        "createdTime",
    )
    payload = made(**dict.fromkeys(gone))
    blank = (
        "vendorName",
        "transactionNumber",
        "confirmationNumber",
        "fundingAccountId",
        "processDate",
        "createdTime",
    )
    assert [payload[name] for name in blank] == [""] * 6


def test_a_payment_of_one_bill_may_name_it_at_its_top() -> None:
    payload = made(billPayments=None)
    assert payload["billPayments"] == [
        {"id": "stp01", "billId": "00n01", "amount": Decimal("228.99"), "credits": Decimal(0)}
    ]
    assert made(billPayments=[], billId=None)["billPayments"] == []
    assert bills_of({"billId": "a", "billPayments": [{"billId": "b"}, {"billId": "a"}, 5]}) == ["b", "a"]


def test_vendor_credits_are_summed_by_bill() -> None:
    used = [{"id": "vcr01", "amount": Decimal("10.10")}, {"id": "vcr02", "amount": 20}]
    parts = [CREDITED | {"vendorCredits": used}, CREDITED | {"id": "blp02", "vendorCredits": []}]
    assert [part["credits"] for part in made(billPayments=parts)["billPayments"]] == [
        Decimal("30.10"),
        Decimal(0),
    ]


def test_parts_come_in_one_order_whatever_order_bill_has() -> None:
    one, two = ({"id": f"blp0{number}", "billId": "n", "amount": number} for number in (1, 2))
    assert made(billPayments=[one, two]) == made(billPayments=[two, one])


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2026-11-20T09:15:23.127+00:00", "2026-11-20T09:15:23.127000+00:00"),
        ("2026-11-20T04:15:23-05:00", "2026-11-20T09:15:23+00:00"),
        ("2026-11-20T09:15:23Z", "2026-11-20T09:15:23+00:00"),
        ("2026-11-20T09:15:23", "2026-11-20T09:15:23+00:00"),
    ],
)
def test_times_are_in_utc(text: str, stamp: str) -> None:
    assert made(updatedTime=text)["updatedTime"] == stamp


def test_a_process_date_may_carry_a_time() -> None:
    assert made(processDate="2026-11-24T00:00:00.000Z")["processDate"] == "2026-11-24"


@pytest.mark.parametrize(
    ("processed", "before"),
    [
        ("2026-10-31", "true"),
        ("2026-10-31T23:59:59.000Z", "true"),
        ("2026-11-01", "false"),
        ("2026-11-24", "false"),
        (None, "false"),
    ],
)
def test_what_bill_processed_before_the_start_is_marked(processed: str | None, before: str) -> None:
    assert made(processDate=processed)["before_start"] == before


def test_the_currency_of_a_vendor_that_nobody_sees_is_not_guessed() -> None:
    with pytest.raises(Unfit, match="BILL shows no vendor 00901") as caught:
        read_payment(ROW, None, "", "USD", START)
    assert (caught.value.field, caught.value.value) == ("currency", "")


def test_numbers_keep_their_zeros() -> None:
    assert made(confirmationNumber="00012", transactionNumber=12)["confirmationNumber"] == "00012"


def test_what_a_list_may_have_left_out() -> None:
    assert not is_thin(ROW)
    assert not is_thin(OFFLINE)
    for name in ("billPayments", "singleStatus", "fundingAccount", "confirmationNumber", "processDate"):
        assert is_thin({**ROW, name: None}), name
    assert is_thin({**OFFLINE, "syncReference": None})


leaves = st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=20)
anything = st.recursive(
    leaves,
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(["id", "billId", "amount"]), below)
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from([name for name in ROW if name != "id"]), anything),
    st.sampled_from([ROW, OFFLINE]),
)
def test_any_answer_is_read_or_named(changed: dict[str, Any], base: dict[str, Any]) -> None:
    row = {**base, **changed}
    is_thin(row)
    bills_of(row)
    with contextlib.suppress(Unfit):  # and nothing else
        payload = read_payment(row, {"billCurrency": "USD"}, "", "USD", START)
        assert codec.decode(codec.encode(payload)).keys() == payload.keys()
