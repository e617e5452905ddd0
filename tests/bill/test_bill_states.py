"""Every cell of the table in docs/bill.md: what a voucher's event does to a bill in each state."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from ml_connector.bill.bills import Bills
from ml_connector.bill.options import BillOptions
from ml_connector.bill.vendor_credits import VendorCredits
from ml_connector.core.contract import Desired, Intent, Operation, Payload, Verdict
from ml_connector.core.ledger.settlements import REVERSED, SETTLED, Row, Settlements

from .support import Bill, bill_body, intent, paid, removal, update

DOCS = Path(__file__).parents[2] / "docs" / "bill.md"
MADE = {"processDate": "2026-11-19", "amount": Decimal("228.99"), "syncReference": "0000012345"}

# ---- states that a bill can be in when an event arrives


def unpaid(bill: Bill, target_id: str) -> None:
    assert not bill.held.bills.rows[target_id]["archived"]


def approved(bill: Bill, target_id: str) -> None:
    bill.change_bill(target_id, approvalStatus="APPROVED")


def scheduled(bill: Bill, target_id: str) -> None:
    bill.schedule(target_id)


def partly_paid(bill: Bill, target_id: str) -> None:
    bill.move(bill.schedule(target_id, Decimal("100.00")), "CLEARED")


def paid_by_bill(bill: Bill, target_id: str) -> None:
    bill.move(bill.schedule(target_id), "CLEARED")


def paid_and_settled(bill: Bill, target_id: str) -> None:
    paid_by_bill(bill, target_id)
    settle(bill, *[row["id"] for row in bill.held.payments])


def archived(bill: Bill, target_id: str) -> None:
    bill.change_bill(target_id, archived=True)


def settlements(bill: Bill) -> Settlements:
    return Settlements(bill.store, "acme", "bill.payments")


def settle(bill: Bill, *payments: str, back: bool = False) -> None:
    """PeopleSoft's books get an entry for payments of BILL, or the entry that takes it back."""
    entry, kind, amount = (2, REVERSED, "-228.99") if back else (1, SETTLED, "228.99")
    rows = [
        Row(
            one, entry, 1, kind, "journal", "US001", "US001|00000001", Decimal(amount), "USD", "2026-11-19",
            journal=f"B00000000{entry}",
        )
        for one in payments
    ]  # fmt: skip
    with bill.store.write() as tx:
        settlements(bill).put(tx, rows)


def bills(bill: Bill, options: BillOptions | None = None) -> Bills:
    return Bills(bill.api, options, settlements=settlements(bill))


STATES: dict[str, Callable[[Bill, str], None]] = {
    "unpaid": unpaid,
    "approved": approved,
    "scheduled": scheduled,
    "partly paid": partly_paid,
    "paid by BILL": paid_by_bill,
    "paid and settled": paid_and_settled,
    "archived": archived,
}

# ---- events of a voucher, as the mapping turns them into what is desired


def same(body: Payload) -> Payload:
    return body


def with_other_amount(body: Payload) -> Payload:
    return body | {"billLineItems": [{"amount": Decimal("300.00")}, {"amount": Decimal("1.00")}]}


def with_other_text(body: Payload) -> Payload:
    return body | {"description": "PS US001-00000001 changed"}


EVENTS: dict[str, Callable[[Payload, str], Intent]] = {
    "seen again unchanged": lambda body, one: update(same(body), one, body),
    "amount, date, vendor or account changed": lambda body, one: update(with_other_amount(body), one, body),
    "only a description changed": lambda body, one: update(with_other_text(body), one, body),
    "cancelled, deleted, held, selected": lambda body, one: removal(one, previous=Desired("active", body)),
    "closed, or held by a settlement": lambda body, one: removal(
        one, state="closed", previous=Desired("active", body)
    ),
    "paid by PeopleSoft": lambda body, one: paid(one, MADE, body=body, previous=Desired("active", body)),
    "paid outside PeopleSoft": lambda body, one: paid(
        one, MADE | {"external": True}, body=body, previous=Desired("active", body)
    ),
    "reopened": lambda body, one: intent(
        body, operation=Operation.UPDATE, target_id=one, previous=Desired("archived", {}, absent=True)
    ),
    "payment taken back": lambda body, one: intent(
        body, operation=Operation.UPDATE, target_id=one, previous=Desired("paid", body)
    ),
}


@dataclass(frozen=True)
class After:
    """What the bill is afterwards, and whether people are told at once."""

    bill: str
    alert: bool = False
    result: str = "loaded"


ACTIVE, UPDATED, ARCHIVED, PAID = After("active"), After("updated"), After("archived"), After("paid")
ALARM = After("untouched", alert=True, result="conflict")
LOCKED = After("untouched", result="rejected")
LEFT = After("untouched")

TABLE: dict[str, dict[str, After]] = {
    "seen again unchanged": {
        "unpaid": LEFT, "approved": LEFT, "scheduled": LEFT, "partly paid": LEFT, "paid by BILL": LEFT,
        "paid and settled": LEFT, "archived": ACTIVE,
    },
    "amount, date, vendor or account changed": {
        "unpaid": UPDATED, "approved": After("updated", alert=True), "scheduled": ALARM, "partly paid": ALARM,
        "paid by BILL": ALARM, "paid and settled": ALARM, "archived": UPDATED,
    },
    "only a description changed": {
        "unpaid": UPDATED, "approved": UPDATED, "scheduled": LOCKED, "partly paid": UPDATED,
        "paid by BILL": LOCKED, "paid and settled": LOCKED, "archived": UPDATED,
    },
    "cancelled, deleted, held, selected": {
        "unpaid": ARCHIVED, "approved": ARCHIVED, "scheduled": ALARM, "partly paid": ALARM,
        "paid by BILL": ALARM, "paid and settled": ALARM, "archived": ARCHIVED,
    },
    "closed, or held by a settlement": {
        "unpaid": ARCHIVED, "approved": ARCHIVED, "scheduled": ALARM, "partly paid": ALARM,
        "paid by BILL": ALARM, "paid and settled": LEFT, "archived": ARCHIVED,
    },
    "paid by PeopleSoft": {
        "unpaid": PAID, "approved": PAID, "scheduled": ALARM, "partly paid": ALARM, "paid by BILL": ALARM,
        "paid and settled": ALARM, "archived": ARCHIVED,
    },
    "paid outside PeopleSoft": {
        "unpaid": PAID, "approved": PAID, "scheduled": ALARM, "partly paid": ALARM, "paid by BILL": ALARM,
        "paid and settled": LEFT, "archived": ARCHIVED,
    },
    "reopened": {
        "unpaid": LEFT, "approved": LEFT, "scheduled": LEFT, "partly paid": LEFT, "paid by BILL": LEFT,
        "paid and settled": LEFT, "archived": ACTIVE,
    },
    "payment taken back": {
        "unpaid": LEFT, "approved": LEFT, "scheduled": ALARM, "partly paid": ALARM, "paid by BILL": ALARM,
        "paid and settled": LEFT, "archived": ACTIVE,
    },
}  # fmt: skip

CELLS = [(event, held) for event in TABLE for held in TABLE[event]]


async def new_bill(bill: Bill, body: Payload) -> str:
    (outcome,) = await Bills(bill.api).write([intent(body)], bill.steps)
    return str(outcome.target_id)


@pytest.mark.parametrize(("event", "held"), CELLS)
async def test_cell(bill: Bill, event: str, held: str) -> None:
    body = bill_body(bill.vendor())
    target_id = await new_bill(bill, body)
    STATES[held](bill, target_id)
    before, payments = dict(bill.only_bill()), len(bill.held.payments)
    one = EVENTS[event](body, target_id)

    (outcome,) = await bills(bill).write([one], bill.steps)

    expected, row = TABLE[event][held], bill.only_bill()
    assert (outcome.result, bool(outcome.alert)) == (expected.result, expected.alert), outcome
    match expected.bill:
        case "untouched":
            assert row == before
        case "active":
            assert (row["archived"], row["paymentStatus"], row["amount"]) == (
                False,
                "UNPAID",
                before["amount"],
            )
        case "updated":
            assert not row["archived"]
            assert row["amount"] == sum(line["amount"] for line in one.desired.body["billLineItems"])
            assert row["description"] == one.desired.body["description"]
        case "archived":
            assert row["archived"]
        case "paid":
            assert (row["paymentStatus"], row["dueAmount"], len(bill.held.payments)) == ("PAID", 0, 1)
            return
    assert len(bill.held.payments) == payments


def test_the_table_in_the_docs_is_this_one() -> None:
    rows = [line for line in DOCS.read_text().splitlines() if line.startswith("| ") and "--" not in line]
    table = {
        cells[0]: cells[1:]
        for line in rows
        if (cells := [cell.strip() for cell in line.strip("| ").split("|")])
    }
    assert table["voucher event \\ bill in BILL"] == list(STATES)
    for event, row in TABLE.items():
        assert [words(after) for after in row.values()] == [plain(cell) for cell in table[event]]


def words(after: After) -> str:
    """How the docs write a cell."""
    if after.result == "conflict":
        return "conflict, alert"
    if after.result == "rejected":
        return "rejected"
    texts = {"untouched": "left alone", "paid": "payment recorded"}
    return texts.get(after.bill, after.bill) + (", alert" if after.alert else "")


def plain(cell: str) -> str:
    return re.sub(r"[*_`]", "", cell)


# ---- what the table's columns cannot show


async def paid_bill(bill: Bill, *amounts: str) -> tuple[str, list[str]]:
    """A bill that BILL has paid in these parts; its id and those of the payments."""
    target_id = await new_bill(bill, bill_body(bill.vendor()))
    made = [bill.schedule(target_id, Decimal(amount)) for amount in amounts]
    for payment in made:
        bill.move(payment, "CLEARED")
    return target_id, made


@pytest.mark.parametrize("option", ["record", "archive"])
async def test_what_was_settled_gets_no_second_payment_and_no_alarm(bill: Bill, option: str) -> None:
    target_id, payments = await paid_bill(bill, "228.99")
    settle(bill, *payments)
    target = bills(bill, BillOptions.model_validate({"on_paid_elsewhere": option}))
    for one in (
        paid(target_id, MADE | {"external": True}, previous=Desired("active", {})),
        removal(target_id, state="closed", previous=Desired("active", {})),
    ):
        (outcome,) = await target.write([one], bill.steps)
        assert (outcome.result, outcome.alert, len(bill.held.payments)) == ("loaded", None, 1)
        assert bill.only_bill()["archived"] is False


async def test_every_payment_must_be_settled(bill: Bill) -> None:
    target_id, payments = await paid_bill(bill, "100.00", "128.99")
    settle(bill, payments[0])
    one = paid(target_id, MADE | {"external": True})
    (outcome,) = await bills(bill).write([one], bill.steps)
    assert (outcome.alert or "").startswith("would be paid twice")
    settle(bill, payments[1])
    (outcome,) = await bills(bill).write([one], bill.steps)
    assert (outcome.result, outcome.alert) == ("loaded", None)


async def test_a_settlement_that_was_taken_back_settles_nothing(bill: Bill) -> None:
    target_id, payments = await paid_bill(bill, "228.99")
    settle(bill, *payments)
    settle(bill, *payments, back=True)
    for one in (paid(target_id, MADE | {"external": True}), removal(target_id, state="closed")):
        (outcome,) = await bills(bill).write([one], bill.steps)
        assert outcome.result == "conflict"


async def test_opened_again_after_a_settlement_was_taken_back(bill: Bill) -> None:
    """BILL's payment came back, so PeopleSoft's voucher is open again; BILL still shows it as paid."""
    target_id, payments = await paid_bill(bill, "228.99")
    settle(bill, *payments)
    settle(bill, *payments, back=True)
    body = bill_body(bill.only_bill()["vendorId"])
    (outcome,) = await bills(bill).write([EVENTS["payment taken back"](body, target_id)], bill.steps)
    assert (outcome.result, outcome.alert) == ("loaded", None)


async def test_a_tenant_that_settles_nothing_is_told_of_every_double_payment(bill: Bill) -> None:
    target_id, payments = await paid_bill(bill, "228.99")
    settle(bill, *payments)
    (outcome,) = await Bills(bill.api).write([paid(target_id, MADE | {"external": True})], bill.steps)
    assert (outcome.alert or "").startswith("would be paid twice")


async def test_a_lost_answer_about_a_settled_bill_is_looked_up(bill: Bill) -> None:
    target_id, payments = await paid_bill(bill, "228.99")
    settle(bill, *payments)
    one = paid(target_id, MADE | {"external": True}, attempted_at=bill.now())
    (found,) = await bills(bill).find([one])
    assert found.verdict is Verdict.EQUAL
    (record,) = (await bills(bill).read_back([target_id])).records
    assert {"paid", "closed"} <= record.agrees


async def test_a_voucher_seen_for_the_first_time_becomes_a_bill(bill: Bill) -> None:
    await new_bill(bill, bill_body(bill.vendor()))
    assert (bill.only_bill()["paymentStatus"], bill.only_bill()["archived"]) == ("UNPAID", False)


async def test_the_alarm_says_that_it_would_be_paid_twice(bill: Bill) -> None:
    target_id = await new_bill(bill, bill_body(bill.vendor()))
    payment = bill.schedule(target_id)
    (outcome,) = await Bills(bill.api).write([paid(target_id, MADE)], bill.steps)
    assert (outcome.alert or "").startswith("would be paid twice")
    assert payment in (outcome.alert or "")


async def test_selected_while_bill_pays_is_an_alarm(bill: Bill) -> None:
    target_id = await new_bill(bill, bill_body(bill.vendor()))
    bill.schedule(target_id)
    (outcome,) = await Bills(bill.api).write([removal(target_id)], bill.steps)
    assert "scheduled in BILL" in (outcome.alert or "")


async def test_a_cancelled_payment_of_bill_counts_no_longer(bill: Bill) -> None:
    target_id = await new_bill(bill, bill_body(bill.vendor()))
    bill.move(bill.schedule(target_id), "CANCELED")
    (outcome,) = await Bills(bill.api).write([paid(target_id, MADE)], bill.steps)
    assert (outcome.result, bill.only_bill()["paymentStatus"]) == ("loaded", "PAID")


async def test_the_payment_of_bill_that_peoplesoft_knows_is_one_payment(bill: Bill) -> None:
    """PeopleSoft recorded BILL's own payment under its number: that is no second payment."""
    target_id = await new_bill(bill, bill_body(bill.vendor()))
    payment = bill.schedule(target_id)
    bill.move(payment, "CLEARED")
    number = bill.held.payments.rows[payment]["transactionNumber"]
    (outcome,) = await Bills(bill.api).write([paid(target_id, MADE | {"syncReference": number})], bill.steps)
    assert (outcome.result, outcome.alert) == ("loaded", None)


async def test_a_payment_recorded_by_hand_is_enough(bill: Bill) -> None:
    body = bill_body(bill.vendor())
    target_id = await new_bill(bill, body)
    by_hand = {
        "vendorId": body["vendorId"], "processDate": "2026-11-19", "toPrintCheck": False,
        "payments": [{"billId": target_id, "amount": Decimal("228.99")}], "syncReference": "by hand",
    }  # fmt: skip
    await bill.api.record_payment(by_hand)
    (outcome,) = await Bills(bill.api).write([paid(target_id, MADE)], bill.steps)
    assert (outcome.result, len(bill.held.payments)) == ("loaded", 1)


async def test_a_part_paid_by_hand_is_for_a_person(bill: Bill) -> None:
    body = bill_body(bill.vendor())
    target_id = await new_bill(bill, body)
    part = [{"billId": target_id, "amount": Decimal("100.00")}]
    await bill.api.record_payment(
        {"vendorId": body["vendorId"], "processDate": "2026-11-19", "toPrintCheck": False, "payments": part}
    )
    (outcome,) = await Bills(bill.api).write([paid(target_id, MADE)], bill.steps)
    assert (outcome.result, len(bill.held.payments)) == ("conflict", 1)


async def test_a_recorded_payment_that_peoplesoft_takes_back_is_an_alarm(bill: Bill) -> None:
    body = bill_body(bill.vendor())
    target_id = await new_bill(bill, body)
    await Bills(bill.api).write([paid(target_id, MADE, body=body)], bill.steps)
    (outcome,) = await Bills(bill.api).write([EVENTS["payment taken back"](body, target_id)], bill.steps)
    assert (outcome.result, "void the recorded payment" in (outcome.alert or "")) == ("conflict", True)


async def test_paid_elsewhere_may_archive_instead(bill: Bill) -> None:
    target_id = await new_bill(bill, bill_body(bill.vendor()))
    target = Bills(bill.api, BillOptions(on_paid_elsewhere="archive"))
    (outcome,) = await target.write([paid(target_id, MADE)], bill.steps)
    assert (outcome.result, bill.only_bill()["archived"], len(bill.held.payments)) == ("loaded", True, 0)


async def test_a_change_after_approval_may_be_left_to_a_person(bill: Bill) -> None:
    body = bill_body(bill.vendor())
    target_id = await new_bill(bill, body)
    approved(bill, target_id)
    target = Bills(bill.api, BillOptions(on_change_after_approval="conflict"))
    (outcome,) = await target.write([update(with_other_amount(body), target_id, body)], bill.steps)
    assert (outcome.result, bill.only_bill()["amount"]) == ("conflict", Decimal("228.99"))


async def test_scheduled_between_our_look_and_our_change(bill: Bill, monkeypatch: pytest.MonkeyPatch) -> None:
    body = bill_body(bill.vendor())
    target_id = await new_bill(bill, body)
    original = bill.api.patch

    async def too_late(*arguments: Payload) -> Payload:
        bill.schedule(target_id)
        return await original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(bill.api, "patch", too_late)
    changed = body | {"dueDate": "2027-01-15"}
    (outcome,) = await Bills(bill.api).write([update(changed, target_id, body)], bill.steps)
    assert (outcome.result, "scheduled in BILL" in (outcome.alert or "")) == ("conflict", True)


async def test_an_unknown_payment_status_is_treated_as_paid(bill: Bill) -> None:
    body = bill_body(bill.vendor())
    target_id = await new_bill(bill, body)
    row = {
        name: value for name, value in bill.only_bill().items() if name not in {"dueAmount", "paymentStatus"}
    }
    bill.held.bills.replace(row)
    (outcome,) = await Bills(bill.api).write([removal(target_id)], bill.steps)
    assert (outcome.result, "unknown payment state" in (outcome.reason or "")) == ("conflict", True)


async def test_a_credit_voucher_becomes_a_vendor_credit(bill: Bill) -> None:
    body = {
        "vendorId": bill.vendor(), "referenceNumber": "CR-1", "creditDate": "2026-11-18",
        "vendorCreditLineItems": [{"amount": Decimal("50.00")}],
    }  # fmt: skip
    (outcome,) = await VendorCredits(bill.api).write([intent(body)], bill.steps)
    assert (outcome.result, len(bill.held.credits), len(bill.held.bills)) == ("loaded", 1, 0)
