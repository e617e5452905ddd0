from __future__ import annotations

from typing import Any

import pytest

from ml_connector.bill.options import BillOptions
from ml_connector.bill.vendors import Vendors
from ml_connector.core.contract import Desired, Found, Intent, Verdict

from .support import Bill, intent, removal, update, vendor_body

BULK = "POST /v3/vendors/bulk"
LIST = "GET /v3/vendors"
MARGIN = BillOptions(lookup_margin_seconds=0)


def create(number: int = 1, **changed: Any) -> Intent:
    return intent(vendor_body(number, **changed), key=f"SHARE|{number:010d}")


async def found(bill: Bill, one: Intent) -> Found:
    (answer,) = await Vendors(bill.api).find([one])
    return answer


async def test_vendors_are_created_together(bill: Bill) -> None:
    outcomes = await Vendors(bill.api).write([create(number) for number in range(20)], bill.steps)
    assert [outcome.result for outcome in outcomes] == ["loaded"] * 20
    assert (bill.calls(BULK), len(bill.held.vendors)) == (1, 20)


async def test_without_bulk_calls(bill: Bill) -> None:
    target = Vendors(bill.api, BillOptions(bulk=False))
    (outcome,) = await target.write([create()], bill.steps)
    assert (outcome.result, bill.calls(BULK), bill.calls("POST /v3/vendors")) == ("loaded", 0, 1)


async def test_a_bad_vendor_is_rejected_and_the_others_go_through(bill: Bill) -> None:
    bad = create(7)
    bad.desired.body["address"]["country"] = "USA"
    outcomes = {
        one.key: one for one in await Vendors(bill.api).write([create(1), bad, create(2)], bill.steps)
    }
    assert [outcomes[key].result for key in ("SHARE|0000000001", "SHARE|0000000002")] == ["loaded"] * 2
    assert outcomes[bad.key].result == "rejected"
    assert outcomes[bad.key].field == "address.country"


async def test_a_refusal_because_it_is_there_already_is_no_refusal(bill: Bill) -> None:
    bill.switches.unique_vendor_names = True
    there = bill.vendor("Vendor 1", shortName="SHARE-0000000001")
    bill.vendor("Vendor 2", shortName="BY-HAND")
    outcomes = {one.key: one for one in await Vendors(bill.api).write([create(1), create(2)], bill.steps)}
    assert (outcomes["SHARE|0000000001"].result, outcomes["SHARE|0000000001"].target_id) == ("loaded", there)
    assert outcomes["SHARE|0000000002"].result == "rejected"


async def test_an_answer_about_other_vendors_is_doubt(bill: Bill, monkeypatch: pytest.MonkeyPatch) -> None:
    original = bill.api.create_bulk

    async def swapped(*arguments: Any) -> Any:
        return list(reversed(await original(*arguments)))

    monkeypatch.setattr(bill.api, "create_bulk", swapped)
    outcomes = await Vendors(bill.api).write([create(1), create(2)], bill.steps)
    assert [outcome.result for outcome in outcomes] == ["in_doubt"] * 2


async def test_an_answer_of_another_length_is_doubt(bill: Bill, monkeypatch: pytest.MonkeyPatch) -> None:
    original = bill.api.create_bulk

    async def shorter(*arguments: Any) -> Any:
        return (await original(*arguments))[:-1]

    monkeypatch.setattr(bill.api, "create_bulk", shorter)
    outcomes = await Vendors(bill.api).write([create(1), create(2)], bill.steps)
    assert [outcome.result for outcome in outcomes] == ["in_doubt"] * 2


# ---- looking up


async def test_known_by_its_short_name(bill: Bill) -> None:
    (outcome,) = await Vendors(bill.api).write([create(1)], bill.steps)
    answer = await found(bill, create(1, name="Another name"))
    assert (answer.verdict, answer.target_id) == (Verdict.DIFFERENT, outcome.target_id)
    assert (await found(bill, create(1))).verdict is Verdict.EQUAL
    assert (await found(bill, create(2))).verdict is Verdict.ABSENT


async def test_a_resemblance_is_no_match(bill: Bill) -> None:
    bill.vendor("Vendor 1", shortName="SHARE-000000001")
    bill.vendor("Vendor-1 Inc", shortName="")
    assert (await found(bill, create(1, name="Vendor 1 Inc"))).verdict is Verdict.ABSENT


async def test_typed_by_hand_under_the_same_name(bill: Bill) -> None:
    vendor = bill.vendor("VENDOR  1", shortName="ACME")
    answer = await found(bill, create(1))
    assert (answer.verdict, answer.target_id) == (Verdict.FOREIGN, vendor)
    assert "SHARE-0000000001" in (answer.reason or "")


async def test_typed_by_hand_without_a_short_name_is_ours_if_the_address_is(bill: Bill) -> None:
    vendor = bill.vendor("Vendor 1")
    answer = await found(bill, create(1))
    assert (answer.verdict, answer.target_id) == (Verdict.DIFFERENT, vendor)
    address = vendor_body()["address"] | {"city": "Rome"}
    assert (await found(bill, create(1, address=address))).verdict is Verdict.FOREIGN


async def test_two_by_hand_are_for_a_person(bill: Bill) -> None:
    bill.vendor("Vendor 1")
    bill.vendor("Vendor 1")
    assert (await found(bill, create(1))).verdict is Verdict.FOREIGN


async def test_peoplesoft_may_have_two_vendors_of_one_name(bill: Bill) -> None:
    bill.vendor("Vendor 1", shortName="SHARE-0000000999")
    assert (await found(bill, create(1))).verdict is Verdict.ABSENT


async def test_one_short_name_twice_is_for_a_person(bill: Bill) -> None:
    first = bill.vendor("A", shortName="SHARE-0000000001")
    bill.vendor("B", shortName="share-0000000001")
    answer = await found(bill, create(1))
    assert (answer.verdict, first in (answer.reason or "")) == (Verdict.FOREIGN, True)
    bill.held.vendors.replace(bill.held.vendors.rows[first] | {"archived": True})
    assert (await found(bill, create(1))).verdict is Verdict.DIFFERENT


async def test_one_scan_serves_many_look_ups(bill: Bill) -> None:
    for number in range(150):
        bill.vendor(f"V {number}", shortName=f"SHARE-{number:010d}")
    bill.sandbox.clock.advance(3600)
    target = Vendors(bill.api, MARGIN)
    await target.find([create(1)])
    assert bill.calls(LIST) == 2
    await target.find([create(2)])
    assert bill.calls(LIST) == 2
    bill.sandbox.clock.advance(61)
    await target.find([create(3)])
    assert bill.calls(LIST) == 3  # only what changed since


async def test_what_was_created_since_the_scan_is_found(bill: Bill) -> None:
    target = Vendors(bill.api, MARGIN)
    await target.find([create(1)])
    await Vendors(bill.api).write([create(1)], bill.steps)
    one = create(1)
    one.attempted_at = bill.now()
    assert (await target.find([one]))[0].verdict is Verdict.EQUAL


async def test_a_lost_answer_is_found_by_what_was_created_since(bill: Bill) -> None:
    for number in range(100, 250):
        bill.vendor(f"V {number}", shortName=f"SHARE-{number:010d}")
    bill.sandbox.clock.advance(3600)
    bill.fault("lost", "POST /v3/vendors")
    one = create(1)
    one.attempted_at = bill.now()
    target = Vendors(bill.api)
    (outcome,) = await target.write([one], bill.steps)
    assert outcome.result == "in_doubt"
    assert (await target.find([one]))[0].verdict is Verdict.EQUAL
    assert bill.calls(LIST) == 1


async def test_archived_vendors_that_lists_leave_out_are_asked_for(bill: Bill) -> None:
    vendor = bill.vendor("Vendor 1", shortName="SHARE-0000000001", archived=True)
    target = Vendors(bill.api, BillOptions(archived_in_lists=False))
    (answer,) = await target.find([create(1)])
    assert (answer.verdict, answer.target_id) == (Verdict.DIFFERENT, vendor)


async def test_the_record_for_people_holds_no_bank_details(bill: Bill) -> None:
    bank = {"bankAccount": {"accountNumber": "*****6789"}, "payeeName": "x"}
    bill.vendor("Vendor 1", shortName="SHARE-0000000001", paymentInformation=bank)
    assert "6789" not in str((await found(bill, create(1))).record)


# ---- changing


async def test_an_update_sends_what_peoplesoft_changed_and_nothing_else(bill: Bill) -> None:
    vendor = bill.vendor("Vendor 1", shortName="SHARE-0000000001", email="by-hand@example.com", phone="1")
    before = vendor_body(1, email="old@example.com")
    after = vendor_body(1, email="old@example.com", name="Vendor One")
    (outcome,) = await Vendors(bill.api).write([update(after, vendor, before)], bill.steps)
    row = bill.held.vendors.rows[vendor]
    assert outcome.result == "loaded"
    assert (row["name"], row["email"], row["phone"]) == ("Vendor One", "by-hand@example.com", "1")


async def test_sending_it_again_unchanged_makes_bill_as_peoplesoft_is(bill: Bill) -> None:
    vendor = bill.vendor("Typed over", shortName="SHARE-0000000001")
    await Vendors(bill.api).write([update(vendor_body(1), vendor, vendor_body(1))], bill.steps)
    assert bill.held.vendors.rows[vendor]["name"] == "Vendor 1"


async def test_nothing_to_change_is_no_call(bill: Bill) -> None:
    (outcome,) = await Vendors(bill.api).write([create(1)], bill.steps)
    await Vendors(bill.api).write([update(vendor_body(1), outcome.target_id or "")], bill.steps)
    assert bill.calls("PATCH /v3/vendors/{id}") == 0


async def test_a_changed_address_keeps_what_people_added(bill: Bill) -> None:
    vendor = bill.vendor("Vendor 1", shortName="SHARE-0000000001")
    more = {"companyName": "By hand", "track1099": False}
    bill.held.vendors.replace(bill.held.vendors.rows[vendor] | {"additionalInfo": more})
    body = vendor_body(1, additionalInfo={"track1099": True})
    body["address"]["city"] = "Cambridge"
    await Vendors(bill.api).write([update(body, vendor, vendor_body(1))], bill.steps)
    row = bill.held.vendors.rows[vendor]
    assert row["address"]["city"] == "Cambridge"
    assert row["additionalInfo"] == {"companyName": "By hand", "track1099": True}


@pytest.mark.parametrize(("how", "left"), [("empty", None), ("null", None), ("keep", "old@example.com")])
async def test_what_peoplesoft_emptied(bill: Bill, how: Any, left: str | None) -> None:
    vendor = bill.vendor("Vendor 1", shortName="SHARE-0000000001", email="old@example.com")
    address = vendor_body()["address"] | {"line2": "Suite 4"}
    bill.held.vendors.replace(bill.held.vendors.rows[vendor] | {"address": address})
    before = vendor_body(1, email="old@example.com", address=address)
    target = Vendors(bill.api, BillOptions(clear_removed=how))
    await target.write([update(vendor_body(1), vendor, before)], bill.steps)
    row = bill.held.vendors.rows[vendor]
    assert row.get("email") == left
    assert row["address"].get("line2") == ("Suite 4" if how == "keep" else None)


async def test_archived_and_restored(bill: Bill) -> None:
    vendor = bill.vendor("Vendor 1", shortName="SHARE-0000000001")
    target = Vendors(bill.api)
    assert (await target.write([removal(vendor)], bill.steps))[0].result == "loaded"
    assert bill.held.vendors.rows[vendor]["archived"]
    before = Desired("archived", {}, absent=True)
    again = update(vendor_body(1), vendor)
    again.previous = before
    assert (await target.write([again], bill.steps))[0].result == "loaded"
    assert not bill.held.vendors.rows[vendor]["archived"]
    assert bill.steps.names == ["restored"]


async def test_a_vendor_that_is_gone_is_for_a_person(bill: Bill) -> None:
    (outcome,) = await Vendors(bill.api).write([update(vendor_body(1), "00901GONE")], bill.steps)
    assert (outcome.result, "gone" in (outcome.reason or "")) == ("conflict", True)


async def test_an_update_in_doubt_is_asked_again_after_its_time(bill: Bill) -> None:
    vendor = bill.vendor("Vendor 1", shortName="SHARE-0000000001")
    one = update(vendor_body(1, name="New"), vendor)
    one.attempted_at = bill.now()
    assert (await found(bill, one)).verdict is Verdict.UNSURE
    bill.sandbox.clock.advance(121)
    assert (await found(bill, one)).verdict is Verdict.DIFFERENT


async def test_a_thin_row_does_not_make_an_update_look_undone(
    bill: Bill, monkeypatch: pytest.MonkeyPatch
) -> None:
    (outcome,) = await Vendors(bill.api).write([create(1)], bill.steps)
    original = bill.api.page

    async def thin(*arguments: Any, **more: Any) -> Any:
        rows, token = await original(*arguments, **more)
        return [{name: row[name] for name in row if name != "paymentInformation"} for row in rows], token

    monkeypatch.setattr(bill.api, "page", thin)
    one = update(vendor_body(1), outcome.target_id or "")
    one.attempted_at = bill.now()
    assert (await found(bill, one)).verdict is Verdict.EQUAL
    page = await Vendors(bill.api).read_back([outcome.target_id or ""])
    assert page.records[0].body == vendor_body(1)


async def test_read_back_shows_what_was_sent(bill: Bill) -> None:
    outcomes = await Vendors(bill.api).write([create(1), create(2)], bill.steps)
    page = await Vendors(bill.api).read_back([outcome.target_id or "" for outcome in outcomes])
    assert [record.body for record in page.records] == [vendor_body(1), vendor_body(2)]
    assert [record.key for record in page.records] == ["SHARE|0000000001", "SHARE|0000000002"]
    assert [record.label for record in page.records] == ["Vendor 1", "Vendor 2"]
