from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ml_connector.bill.bills import Bills
from ml_connector.bill.options import BillOptions
from ml_connector.core.contract import Found, Intent, Verdict
from ml_connector.core.errors import RateLimited

from .support import Bill, bill_body, intent, paid, removal, update

BULK = "POST /v3/bills/bulk"
ONE = "POST /v3/bills"


def creates(vendor: str, count: int) -> list[Intent]:
    return [
        intent(bill_body(vendor, f"INV-{number}"), key=f"US001|{number:08d}")
        for number in range(1, count + 1)
    ]


async def found(bill: Bill, one: Intent, options: BillOptions | None = None) -> Found:
    (answer,) = await Bills(bill.api, options).find([one])
    return answer


async def created(bill: Bill, body: dict[str, Any]) -> str:
    (outcome,) = await Bills(bill.api).write([intent(body)], bill.steps)
    assert outcome.result == "loaded"
    return str(outcome.target_id)


# ---- creating


async def test_bills_are_created_together(bill: Bill) -> None:
    outcomes = await Bills(bill.api).write(creates(bill.vendor(), 100), bill.steps)
    assert {outcome.result for outcome in outcomes} == {"loaded"}
    assert (bill.calls(BULK), len(bill.held.bills)) == (1, 100)


async def test_a_guilty_bill_is_found_and_the_others_go_through(bill: Bill) -> None:
    intents = creates(bill.vendor(), 16)
    lines = [{"amount": Decimal("5.00"), "classifications": {"chartOfAccountId": "0ca01GONE"}}]
    intents[11].desired.body["billLineItems"] = lines
    outcomes = {one.key: one for one in await Bills(bill.api).write(intents, bill.steps)}
    assert [key for key, one in outcomes.items() if one.result == "rejected"] == [intents[11].key]
    assert (outcomes[intents[11].key].code, len(bill.held.bills)) == ("BDC_1119", 15)
    assert bill.calls(BULK) + bill.calls(ONE) <= 9


async def test_a_lost_bulk_answer_leaves_its_members_in_doubt(bill: Bill) -> None:
    intents = creates(bill.vendor(), 3)
    bill.fault("lost", BULK)
    for one in intents:
        one.attempted_at = bill.now()
    target = Bills(bill.api)
    outcomes = await target.write(intents, bill.steps)
    assert [outcome.result for outcome in outcomes] == ["in_doubt"] * 3
    answers = await target.find(intents)
    assert [answer.verdict for answer in answers] == [Verdict.EQUAL] * 3
    assert len(bill.held.bills) == 3


async def test_a_bill_that_was_not_created_is_absent(bill: Bill) -> None:
    (one,) = creates(bill.vendor(), 1)
    bill.fault("error", ONE, status=500)
    one.attempted_at = bill.now()
    (outcome,) = await Bills(bill.api).write([one], bill.steps)
    assert outcome.result == "in_doubt"
    assert (await found(bill, one)).verdict is Verdict.ABSENT


async def test_an_answer_about_another_bill_is_doubt(bill: Bill, monkeypatch: pytest.MonkeyPatch) -> None:
    original = bill.api.create_bulk

    async def swapped(*arguments: Any) -> Any:
        return list(reversed(await original(*arguments)))

    monkeypatch.setattr(bill.api, "create_bulk", swapped)
    outcomes = await Bills(bill.api).write(creates(bill.vendor(), 2), bill.steps)
    assert [outcome.result for outcome in outcomes] == ["in_doubt"] * 2


async def test_an_answer_with_another_amount_is_doubt(bill: Bill, monkeypatch: pytest.MonkeyPatch) -> None:
    original = bill.api.create

    async def other(*arguments: Any) -> Any:
        return await original(*arguments) | {"amount": Decimal("1.00")}

    monkeypatch.setattr(bill.api, "create", other)
    (outcome,) = await Bills(bill.api).write(creates(bill.vendor(), 1), bill.steps)
    assert outcome.result == "in_doubt"


async def test_amounts_may_come_as_text(bill: Bill) -> None:
    bill.switches.money_as_text = True
    body = bill_body(bill.vendor())
    target_id = await created(bill, body)
    assert (await found(bill, update(body, target_id))).verdict is Verdict.EQUAL
    (record,) = (await Bills(bill.api).read_back([target_id])).records
    assert (record.amount, record.body["billLineItems"][1]["amount"]) == (Decimal("228.99"), Decimal("79.99"))


# ---- duplicates


async def test_a_duplicate_that_is_the_same_bill_is_adopted(bill: Bill) -> None:
    body = bill_body(bill.vendor())
    target_id = await created(bill, body)
    (outcome,) = await Bills(bill.api).write([intent(body)], bill.steps)
    assert (outcome.result, outcome.target_id, len(bill.held.bills)) == ("loaded", target_id, 1)


async def test_a_duplicate_with_other_details_is_left_alone_until_the_ledger_knows_whose_it_is(
    bill: Bill,
) -> None:
    body = bill_body(bill.vendor())
    await created(bill, body | {"description": "typed by hand", "dueDate": "2026-12-01"})
    (outcome,) = await Bills(bill.api).write([intent(body)], bill.steps)
    assert outcome.result == "in_doubt"
    assert bill.only_bill()["description"] == "typed by hand"


@pytest.mark.parametrize(
    "changed",
    [
        {"billLineItems": [{"amount": Decimal("1.00")}]},
        {"invoice": {"invoiceNumber": "INV-1", "invoiceDate": "2026-11-01"}},
    ],
)
async def test_a_duplicate_with_other_money_or_date_is_for_a_person(
    bill: Bill, changed: dict[str, Any]
) -> None:
    vendor = bill.vendor()
    target_id = await created(bill, bill_body(vendor) | changed)
    (outcome,) = await Bills(bill.api).write([intent(bill_body(vendor))], bill.steps)
    assert (outcome.result, outcome.target_id) == ("conflict", target_id)
    assert target_id in (outcome.reason or "")


async def test_two_vouchers_with_one_invoice_are_for_a_person_even_if_bill_takes_both(bill: Bill) -> None:
    bill.switches.duplicate_invoices = "accept"
    vendor, target = bill.vendor(), Bills(bill.api)
    pair = [intent(bill_body(vendor), key=f"US001|{number}") for number in (1, 2)]
    outcomes = {outcome.key: outcome.result for outcome in await target.write(pair, bill.steps)}
    assert outcomes == {"US001|1": "loaded", "US001|2": "conflict"}
    (third,) = await target.write([intent(bill_body(vendor, "inv-1"), key="US001|3")], bill.steps)
    assert (third.result, len(bill.held.bills)) == ("conflict", 1)


async def test_a_number_in_doubt_is_not_sent_for_another_voucher(bill: Bill) -> None:
    bill.switches.duplicate_invoices = "accept"
    vendor, target = bill.vendor(), Bills(bill.api)
    bill.fault("lost", ONE)
    (first,) = await target.write([intent(bill_body(vendor), key="US001|1")], bill.steps)
    (second,) = await target.write([intent(bill_body(vendor), key="US001|2")], bill.steps)
    assert (first.result, second.result, len(bill.held.bills)) == ("in_doubt", "conflict", 1)


async def test_a_refused_number_is_free_again(bill: Bill) -> None:
    target, vendor = Bills(bill.api), bill.vendor()
    bad = intent(bill_body(vendor, billLineItems=[]), key="US001|1")
    assert (await target.write([bad], bill.steps))[0].result == "rejected"
    assert (await target.write([intent(bill_body(vendor), key="US001|2")], bill.steps))[0].result == "loaded"


async def test_one_bill_is_not_found_for_two_vouchers(bill: Bill) -> None:
    body = bill_body(bill.vendor())
    await created(bill, body)
    answers = await Bills(bill.api).find([intent(body, key="US001|1"), intent(body, key="US001|2")])
    assert [answer.verdict for answer in answers] == [Verdict.EQUAL, Verdict.FOREIGN]


async def test_the_same_bill_twice_in_bill_is_for_a_person(bill: Bill) -> None:
    bill.switches.duplicate_invoices = "accept"
    body = bill_body(bill.vendor())
    for _ in range(2):
        await created(bill, body)
    answer = await found(bill, intent(body))
    assert (answer.verdict, "more than once" in (answer.reason or "")) == (Verdict.FOREIGN, True)


# ---- looking up


async def test_invoice_numbers_are_compared_without_case_and_space(bill: Bill) -> None:
    vendor = bill.vendor()
    await created(bill, bill_body(vendor, "inv 007"))
    assert (await found(bill, intent(bill_body(vendor, " INV  007")))).verdict is Verdict.DIFFERENT
    assert (await found(bill, intent(bill_body(vendor, "INV 07")))).verdict is Verdict.ABSENT


async def test_another_vendor_s_bill_of_that_number_is_not_ours(bill: Bill) -> None:
    await created(bill, bill_body(bill.vendor("Other")))
    assert (await found(bill, intent(bill_body(bill.vendor())))).verdict is Verdict.ABSENT


async def test_vendors_are_asked_for_in_groups(bill: Bill) -> None:
    vendors = [bill.vendor(f"V {number}") for number in range(5)]
    intents = [intent(bill_body(vendor), key=f"US001|{vendor}") for vendor in vendors]
    await Bills(bill.api).write(intents, bill.steps)
    answers = await Bills(bill.api, BillOptions(vendors_per_lookup=2)).find(intents)
    assert [answer.verdict for answer in answers] == [Verdict.EQUAL] * 5
    assert bill.calls("GET /v3/bills") == 3


async def test_a_vendor_is_listed_once_in_many_look_ups(bill: Bill) -> None:
    vendor, target = bill.vendor(), Bills(bill.api)
    await Bills(bill.api).write(creates(vendor, 3), bill.steps)
    first, second, _ = creates(vendor, 3)
    assert (await target.find([first]))[0].verdict is Verdict.EQUAL
    assert bill.calls("GET /v3/bills") == 1
    absent = intent(bill_body(vendor, "INV-9"), key="US001|9")
    assert [one.verdict for one in await target.find([second, absent])] == [Verdict.EQUAL, Verdict.ABSENT]
    assert bill.calls("GET /v3/bills") == 2  # by id


async def test_a_duplicate_is_looked_for_afresh(bill: Bill) -> None:
    body = bill_body(bill.vendor())
    target = Bills(bill.api)
    assert (await target.find([intent(body)]))[0].verdict is Verdict.ABSENT
    target_id = await created(bill, body)
    bill.sandbox.clock.advance(3600)
    (outcome,) = await target.write([intent(body, attempted_at=bill.now())], bill.steps)
    assert (outcome.result, outcome.target_id) == ("loaded", target_id)


async def test_an_answer_that_ignored_the_filter_proves_no_absence(bill: Bill) -> None:
    vendor = bill.vendor()
    await created(bill, bill_body(bill.vendor("Other")))
    there = bill_body(vendor, "THERE")
    await created(bill, there)
    bill.fault("ignore_filters", "GET /v3/bills", count=None)
    answers = await Bills(bill.api).find([intent(bill_body(vendor), key="a"), intent(there, key="b")])
    assert [answer.verdict for answer in answers] == [Verdict.UNSURE, Verdict.EQUAL]


async def test_a_list_that_is_too_long_proves_no_absence(bill: Bill) -> None:
    vendor = bill.vendor()
    await Bills(bill.api).write(creates(vendor, 100), bill.steps)
    await Bills(bill.api).write([intent(bill_body(vendor, "LAST"))], bill.steps)
    answer = await found(bill, intent(bill_body(vendor, "NEW")), BillOptions(lookup_pages=1))
    assert (answer.verdict, "lookup_pages" in (answer.reason or "")) == (Verdict.UNSURE, True)


async def test_a_search_that_lags_finds_it_later(bill: Bill) -> None:
    bill.switches.search_lag_seconds = 60
    body = bill_body(bill.vendor())
    one = intent(body, attempted_at=bill.now())
    await created(bill, body)
    assert (await found(bill, one)).verdict is Verdict.ABSENT
    bill.sandbox.clock.advance(61)
    assert (await found(bill, one)).verdict is Verdict.EQUAL


async def test_nothing_that_names_a_vendor_is_no_proof(bill: Bill) -> None:
    assert (await found(bill, intent({}))).verdict is Verdict.UNSURE


async def test_an_archived_bill_of_ours_is_found_and_a_foreign_one_does_not_count(bill: Bill) -> None:
    vendor = bill.vendor()
    target_id = await created(bill, bill_body(vendor))
    bill.change_bill(target_id, archived=True)
    answer = await found(bill, intent(bill_body(vendor)))
    assert (answer.verdict, answer.target_id) == (Verdict.DIFFERENT, target_id)
    other = bill_body(vendor, billLineItems=[{"amount": Decimal("1.00")}])
    assert (await found(bill, intent(other))).verdict is Verdict.ABSENT


async def test_an_update_in_doubt_is_compared_with_what_was_sent(bill: Bill) -> None:
    body = bill_body(bill.vendor())
    target_id = await created(bill, body)
    changed = body | {"dueDate": "2027-01-15"}
    one = update(changed, target_id, body, attempted_at=bill.now())
    bill.fault("lost", "PATCH /v3/bills/{id}")
    (outcome,) = await Bills(bill.api).write([one], bill.steps)
    assert outcome.result == "in_doubt"
    assert (await found(bill, one)).verdict is Verdict.EQUAL


async def test_a_change_that_may_still_arrive_is_not_sent_again(bill: Bill) -> None:
    body = bill_body(bill.vendor())
    target_id = await created(bill, body)
    one = update(body | {"dueDate": "2027-01-15"}, target_id, body, attempted_at=bill.now())
    assert (await found(bill, one)).verdict is Verdict.UNSURE
    bill.sandbox.clock.advance(121)
    assert (await found(bill, one)).verdict is Verdict.DIFFERENT


# ---- changing


async def test_only_what_differs_is_sent_and_lines_keep_their_ids(bill: Bill) -> None:
    body = bill_body(bill.vendor(), account=bill.account())
    target_id = await created(bill, body)
    ids = [line["id"] for line in bill.only_bill()["billLineItems"]]
    changed = bill_body(body["vendorId"], dueDate="2027-01-15")
    changed["billLineItems"] = [dict(line) for line in body["billLineItems"]]
    changed["billLineItems"][1]["amount"] = Decimal("80.00")
    (outcome,) = await Bills(bill.api).write([update(changed, target_id, body)], bill.steps)
    row = bill.only_bill()
    assert (outcome.result, row["dueDate"], row["amount"]) == ("loaded", "2027-01-15", Decimal("229.00"))
    assert [line["id"] for line in row["billLineItems"]] == ids
    assert (bill.calls("PATCH /v3/bills/{id}"), bill.calls("PUT /v3/bills/{id}")) == (1, 0)
    assert bill.steps.names == ["updated"]


async def test_another_number_of_lines_replaces_the_bill_and_keeps_what_people_added(bill: Bill) -> None:
    body = bill_body(bill.vendor())
    target_id = await created(bill, body)
    account = bill.account()
    bill.change_bill(target_id, payFromChartOfAccountId=account)
    kept = bill.only_bill()["billLineItems"][0]["id"]
    shorter = body | {"billLineItems": body["billLineItems"][:1]}
    (outcome,) = await Bills(bill.api).write([update(shorter, target_id, body)], bill.steps)
    row = bill.only_bill()
    assert (outcome.result, row["amount"]) == ("loaded", Decimal("149.00"))
    assert [line["id"] for line in row["billLineItems"]] == [kept]
    assert row["payFromChartOfAccountId"] == account


async def test_what_peoplesoft_emptied_is_emptied(bill: Bill) -> None:
    body = bill_body(bill.vendor(), purchaseOrderNumber="0000004711")
    target_id = await created(bill, body)
    without = {name: value for name, value in body.items() if name != "purchaseOrderNumber"}
    (outcome,) = await Bills(bill.api).write([update(without, target_id, body)], bill.steps)
    assert outcome.result == "loaded"
    assert "purchaseOrderNumber" not in bill.only_bill()


async def test_approvals_stay_attached(bill: Bill, monkeypatch: pytest.MonkeyPatch) -> None:
    body = bill_body(bill.vendor(), billApprovals=True)
    target_id = await created(bill, body)
    sent: list[Any] = []
    original = bill.api.patch

    async def patched(*arguments: Any) -> Any:
        sent.append(arguments[2])
        return await original(*arguments)

    monkeypatch.setattr(bill.api, "patch", patched)
    await Bills(bill.api).write([update(body | {"dueDate": "2027-01-15"}, target_id, body)], bill.steps)
    assert sent == [{"dueDate": "2027-01-15", "billApprovals": True}]


async def test_nothing_to_change_is_no_write(bill: Bill) -> None:
    body = bill_body(bill.vendor())
    target_id = await created(bill, body)
    (outcome,) = await Bills(bill.api).write([update(body, target_id, body)], bill.steps)
    assert (outcome.result, bill.calls("PATCH /v3/bills/{id}")) == ("loaded", 0)


async def test_a_bill_that_is_gone_is_for_a_person(bill: Bill) -> None:
    (outcome,) = await Bills(bill.api).write([update(bill_body("009X"), "00n01GONE")], bill.steps)
    assert (outcome.result, "gone from BILL" in (outcome.reason or "")) == ("conflict", True)


async def test_a_refused_change_of_a_restored_bill_archives_it_again(bill: Bill) -> None:
    body = bill_body(bill.vendor())
    target_id = await created(bill, body)
    bill.change_bill(target_id, archived=True)
    bad = body | {
        "billLineItems": [{"amount": Decimal(5), "classifications": {"chartOfAccountId": "0caGONE"}}] * 2
    }
    (outcome,) = await Bills(bill.api).write([update(bad, target_id, body)], bill.steps)
    assert outcome.result == "rejected"
    assert bill.only_bill()["archived"]


async def test_a_limit_between_two_steps_is_doubt(bill: Bill) -> None:
    body = bill_body(bill.vendor())
    target_id = await created(bill, body)
    bill.change_bill(target_id, archived=True)
    bill.fault("error", "PATCH /v3/bills/{id}", code="BDC_1144", status=422)
    one = update(body | {"dueDate": "2027-01-15"}, target_id, body)
    (outcome,) = await Bills(bill.api).write([one], bill.steps)
    assert (outcome.result, outcome.target_id) == ("in_doubt", target_id)
    assert bill.steps.names == ["restored"]


async def test_a_limit_before_the_first_step_stops_the_flow(bill: Bill) -> None:
    target_id = await created(bill, bill_body(bill.vendor()))
    bill.fault("error", "GET /v3/bills/{id}", code="BDC_1144", status=422)
    with pytest.raises(RateLimited):
        await Bills(bill.api).write([removal(target_id)], bill.steps)


async def test_several_changes_and_a_limit_leave_the_rest_unsent(bill: Bill) -> None:
    outcomes = await Bills(bill.api).write(creates(bill.vendor(), 3), bill.steps)
    bill.fault("error", "GET /v3/bills/{id}", code="BDC_1144", status=422, skip=1)
    removals = [removal(outcome.target_id or "", key=outcome.key) for outcome in outcomes]
    results = [outcome.result for outcome in await Bills(bill.api).write(removals, bill.steps)]
    assert results == ["loaded", "unsent", "unsent"]


# ---- reading back


MADE = {"processDate": "2026-11-19", "amount": Decimal("228.99"), "syncReference": "0000012345"}


async def test_read_back_shows_what_was_sent(bill: Bill) -> None:
    body = bill_body(bill.vendor(), account=bill.account(), purchaseOrderNumber="0000004711")
    target_id = await created(bill, body)
    (record,) = (await Bills(bill.api).read_back([target_id])).records
    assert record.body == body
    assert (record.state, record.amount, record.label) == ("active", Decimal("228.99"), "INV-1")


async def test_read_back_says_what_a_bill_s_state_agrees_with(bill: Bill) -> None:
    target = Bills(bill.api)
    ids = [str(outcome.target_id) for outcome in await target.write(creates(bill.vendor(), 3), bill.steps)]
    await target.write([paid(ids[1], MADE)], bill.steps)
    await target.write([removal(ids[2])], bill.steps)
    records = {record.target_id: record for record in (await target.read_back(ids)).records}
    assert [(records[one].state, set(records[one].agrees), records[one].absent) for one in ids] == [
        ("active", set(), False), ("active", {"paid"}, False), ("archived", {"paid"}, True),
    ]  # fmt: skip
