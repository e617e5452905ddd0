"""Changing, removing, looking up by number, and reading back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ml_connector.core.contract import Operation, Payload, Verdict
from ml_connector.core.errors import InDoubt, Rejected, Unavailable
from ml_connector.core.planning.differences import changed_fields
from ml_connector.peoplesoft.writers.kinds import JOURNAL, PURCHASE_ORDER, SUPPLIER, VOUCHER, Kind
from ml_connector.peoplesoft.writers.options import WriterOptions

from .support import (
    JUST_NOW,
    SETTLED,
    Fake,
    find,
    intent,
    journal,
    order,
    removal,
    supplier,
    target,
    update,
    voucher,
    write,
)

BODIES: dict[str, Payload] = {
    "voucher": voucher(VOUCHER_ID="00001235"),
    "journal": journal(JOURNAL_ID="J000000001"),
    "supplier": supplier(VENDOR_ID="0000000123"),
    "purchase_order": order(PO_ID="0000000001"),
}
ALL = (VOUCHER, JOURNAL, SUPPLIER, PURCHASE_ORDER)


def there(kind: Kind, **changed: Any) -> tuple[Fake, str]:
    fake = Fake(kind)
    return fake, fake.put(BODIES[kind.name] | changed)


# ---- changing


@pytest.mark.parametrize(
    ("kind", "method"),
    [(VOUCHER, "update"), (JOURNAL, "update"), (SUPPLIER, "update_data"), (PURCHASE_ORDER, "update")],
)
async def test_each_kind_has_its_way_of_changing_and_the_tenant_may_choose(kind: Kind, method: str) -> None:
    fake, target_id = there(kind)
    body = {name: value for name, value in BODIES[kind.name].items() if name != kind.generated}
    outcome = await write(fake, update(body, target_id))
    assert (outcome.result, outcome.target_id, fake.writes) == ("loaded", target_id, [method])
    assert fake.sent == body | kind.key_values(target_id)
    other = "updatedata" if method == "update" else "update"
    options = WriterOptions.model_validate({"update": {kind.name: other}})
    await write(fake, update(body, target_id), options)
    assert fake.writes[-1] == {"updatedata": "update_data", "update": "update"}[other]


async def test_a_change_without_a_known_object_is_for_a_person() -> None:
    outcome = await write(Fake(VOUCHER), intent(voucher(), operation=Operation.UPDATE))
    assert outcome.result == "conflict"


@pytest.mark.parametrize(
    ("kind", "change", "words"),
    [
        (VOUCHER, {"BUSINESS_UNIT": "US002"}, "BUSINESS_UNIT is US002 and not US001"),
        (JOURNAL, {"JOURNAL_DATE": "2026-11-30"}, "JOURNAL_DATE is 2026-11-30 and not 2026-11-02"),
    ],
)
async def test_a_key_cannot_change(kind: Kind, change: Payload, words: str) -> None:
    fake, target_id = there(kind)
    outcome = await write(fake, update(BODIES[kind.name] | change, target_id))
    assert (outcome.result, fake.writes) == ("conflict", [])
    assert words in str(outcome.reason)


async def test_a_refused_change_is_rejected_and_one_of_a_vanished_object_is_for_a_person() -> None:
    fake, target_id = there(VOUCHER)
    fake.failures.append(Rejected("The voucher is posted", code="7030,110"))
    outcome = await write(fake, update(voucher(), target_id))
    assert (outcome.result, outcome.code) == ("rejected", "7030,110")
    fake.objects.clear()
    fake.failures.append(Rejected("No rows exist for the specified keys"))
    outcome = await write(fake, update(voucher(), target_id))
    assert (outcome.result, outcome.reason) == (
        "conflict",
        f"its voucher {target_id} is gone from PeopleSoft",
    )


async def test_an_answer_about_another_object_is_doubt() -> None:
    fake, target_id = there(VOUCHER)
    fake.answered = {"VOUCHER_ID": "00009999"}
    outcome = await write(fake, update(voucher(), target_id))
    assert (outcome.result, outcome.target_id) == ("in_doubt", target_id)


async def test_an_inactive_supplier_is_approved_again_unless_the_mapping_says_otherwise() -> None:
    fake, target_id = there(SUPPLIER, VENDOR_STATUS="I")
    gone = update(supplier(), target_id)
    gone.previous = None
    assert (await write(fake, gone)).result == "loaded"
    assert fake.objects[target_id]["VENDOR_STATUS"] == "A"
    fake.put(BODIES["supplier"] | {"VENDOR_STATUS": "I"})
    gone.desired.body["VENDOR_STATUS"] = "E"
    await write(fake, gone)
    assert fake.objects[target_id]["VENDOR_STATUS"] == "E"


@pytest.mark.parametrize("status", ["E", "D"])
async def test_a_supplier_that_waits_for_approval_is_not_approved_by_us(status: str) -> None:
    fake, target_id = there(SUPPLIER, VENDOR_STATUS=status)
    adopted = update(supplier(), target_id)
    adopted.previous = None
    await write(fake, adopted)
    assert fake.objects[target_id]["VENDOR_STATUS"] == status


@pytest.mark.parametrize(
    ("kind", "status"), [(VOUCHER, {"ENTRY_STATUS": "X"}), (PURCHASE_ORDER, {"PO_STATUS": "PX"})]
)
async def test_what_somebody_deleted_does_not_come_back(kind: Kind, status: Payload) -> None:
    fake, target_id = there(kind, **status)
    adopted = update(BODIES[kind.name], target_id)
    adopted.previous = None
    outcome = await write(fake, adopted)
    assert (outcome.result, fake.writes) == ("conflict", [])
    assert "was deleted or cancelled" in str(outcome.reason)
    found = await find(fake, update(BODIES[kind.name], target_id, attempted_at=SETTLED))
    assert found.verdict is Verdict.FOREIGN


# ---- removing


@pytest.mark.parametrize("kind", [VOUCHER, JOURNAL])
async def test_what_no_call_removes_is_held(kind: Kind) -> None:
    fake, target_id = there(kind)
    outcome = await write(fake, removal(target_id))
    assert (outcome.result, outcome.target_id, fake.writes) == ("held", target_id, [])
    assert kind.not_removable in str(outcome.reason)


@pytest.mark.parametrize(
    ("kind", "options", "values"),
    [
        (SUPPLIER, {}, {"VENDOR_STATUS": "I"}),
        (PURCHASE_ORDER, {}, {"PO_STATUS": "PX"}),
        (PURCHASE_ORDER, {"order_cancel_status": "X"}, {"PO_STATUS": "X"}),
    ],
)
async def test_removing_sends_the_status_and_nothing_else(
    kind: Kind, options: Payload, values: Payload
) -> None:
    fake, target_id = there(kind)
    outcome = await write(fake, removal(target_id), WriterOptions.model_validate(options))
    assert (outcome.result, outcome.target_id, fake.writes) == ("loaded", target_id, ["update_data"])
    assert fake.sent == kind.key_values(target_id) | values


@pytest.mark.parametrize("kind", ALL)
async def test_what_is_gone_already_needs_no_call(kind: Kind) -> None:
    status = next(code for code, state in kind.states.items() if state == "removed")
    fake, target_id = there(kind, **{kind.status: status})
    assert (await write(fake, removal(target_id))).result == "loaded"
    fake.objects.clear()
    assert (await write(fake, removal(target_id))).result == "loaded"
    assert (await write(fake, removal(None))).result == "loaded"
    assert fake.writes == []


# ---- looking up by number


async def test_by_number() -> None:
    fake, target_id = there(VOUCHER)
    changed = voucher(DESCR254_MIXED="changed")
    assert (await find(fake, update(voucher(), target_id))).verdict is Verdict.EQUAL
    assert (await find(fake, update(changed, target_id))).verdict is Verdict.DIFFERENT
    assert (await find(fake, update(changed, target_id, attempted_at=SETTLED))).verdict is Verdict.DIFFERENT
    recent = await find(fake, update(changed, target_id, attempted_at=JUST_NOW))
    assert (recent.verdict, recent.target_id) == (Verdict.UNSURE, target_id)
    assert (await find(fake, update(voucher(), "US001|99999999"))).verdict is Verdict.ABSENT


async def test_a_change_that_cannot_be_seen_is_sent_again() -> None:
    fake, target_id = there(VOUCHER)
    hidden = voucher(PYMNT_MESSAGE="urgent")
    same = await find(fake, update(hidden, target_id, previous=hidden, attempted_at=SETTLED))
    assert same.verdict is Verdict.EQUAL
    changed = await find(fake, update(hidden, target_id, previous=voucher(), attempted_at=SETTLED))
    assert changed.verdict is Verdict.DIFFERENT
    number = update(voucher(INVOICE_ID="BW-2"), target_id, previous=voucher(), attempted_at=SETTLED)
    assert (await find(fake, number)).verdict is Verdict.DIFFERENT


async def test_a_change_inside_a_line_is_seen() -> None:
    fake, target_id = there(VOUCHER)
    line = voucher()["VOUCHER_LINE"][0]
    account = line["DISTRIB_LINE"][0] | {"DEPTID": "10300"}
    body = voucher(VOUCHER_LINE=[line | {"DISTRIB_LINE": [account]}])
    assert (await find(fake, update(body, target_id, attempted_at=SETTLED))).verdict is Verdict.DIFFERENT
    more = voucher(VOUCHER_LINE=[line, line | {"VOUCHER_LINE_NUM": 2}])
    assert (await find(fake, update(more, target_id, attempted_at=SETTLED))).verdict is Verdict.DIFFERENT


async def test_a_removal_in_doubt_is_told_by_the_status() -> None:
    fake, target_id = there(SUPPLIER)
    assert (await find(fake, removal(target_id, attempted_at=SETTLED))).verdict is Verdict.DIFFERENT
    fake.objects[target_id]["VENDOR_STATUS"] = "I"
    assert (await find(fake, removal(target_id, attempted_at=JUST_NOW))).verdict is Verdict.EQUAL


async def test_a_get_that_is_refused_proves_nothing() -> None:
    fake, target_id = there(VOUCHER)
    fake.broken = Rejected("the voucher is locked by another user")
    found = await find(fake, update(voucher(), target_id, attempted_at=SETTLED))
    assert (found.verdict, found.reason) == (Verdict.UNSURE, "the voucher is locked by another user")
    outcome = await write(fake, removal(target_id))
    assert outcome.result == "rejected"


async def test_an_outage_while_looking_stops_the_flow() -> None:
    fake, target_id = there(VOUCHER)
    fake.broken = Unavailable("maintenance")
    with pytest.raises(Unavailable):
        await find(fake, update(voucher(), target_id))


async def test_whoever_asks_for_a_confirmation_gets_what_stands_there_now() -> None:
    fake, target_id = there(VOUCHER)
    changed = update(voucher(DESCR254_MIXED="changed"), target_id)
    outcomes = await target(fake).confirm([update(voucher(), target_id), changed], [{}, {}])
    assert [outcome.result for outcome in outcomes] == ["loaded", "accepted"]


async def test_a_lost_answer_to_a_change_is_in_doubt() -> None:
    fake, target_id = there(VOUCHER)
    fake.failures.append(InDoubt("no answer"))
    outcome = await write(fake, update(voucher(), target_id))
    assert (outcome.result, outcome.target_id) == ("in_doubt", target_id)


# ---- reading back


@pytest.mark.parametrize(
    ("kind", "amount", "label"),
    [
        (VOUCHER, Decimal("1250.50"), "BW-778812"),
        (JOURNAL, Decimal("10.00"), "J000000001"),
        (SUPPLIER, None, "Happy Music Supplies"),
        (PURCHASE_ORDER, Decimal("10.00"), "WEB-1"),
    ],
)
async def test_what_was_sent_is_comparable_with_what_stands_there(
    kind: Kind, amount: Decimal | None, label: str
) -> None:
    fake, target_id = there(kind)
    page = await target(fake).read_back([target_id, f"{target_id[:-1]}x"])
    (record,) = page.records
    assert (record.target_id, record.state, record.absent, page.cursor) == (target_id, "active", False, None)
    assert (record.amount, record.label, record.partial) == (amount, label, True)
    body = {name: value for name, value in BODIES[kind.name].items() if name not in record.hidden}
    assert changed_fields(body, record.body, only_shared=record.partial) == []
    changed = body | {"NAME2": "x", "DESCR": "x", "DESCR254_MIXED": "x", "VENDOR_ID": "x"}
    shared = {name for name in changed if name in record.body and body.get(name) != changed[name]}
    assert {one["field"] for one in changed_fields(changed, record.body, only_shared=True)} == shared


@pytest.mark.parametrize(
    ("kind", "status", "state", "absent"),
    [
        (VOUCHER, "P", "active", False),
        (VOUCHER, "R", "recycle", False),
        (VOUCHER, "X", "removed", True),
        (JOURNAL, "E", "errors", False),
        (JOURNAL, "D", "removed", True),
        (SUPPLIER, "I", "removed", True),
        (SUPPLIER, "E", "active", False),
        (PURCHASE_ORDER, "PX", "removed", True),
        (PURCHASE_ORDER, "D", "active", False),
    ],
)
async def test_states(kind: Kind, status: str, state: str, absent: bool) -> None:
    fake, target_id = there(kind, **{kind.status: status})
    (record,) = (await target(fake).read_back([target_id])).records
    assert (record.state, record.absent) == (state, absent)


async def test_bank_details_are_not_read_back() -> None:
    account = {"BANK_ACCOUNT_NUM": "99887766554433", "BANK_CD": "WF"}
    fake, target_id = there(SUPPLIER, VNDR_BANK_ACCT=[account], VNDR_TIN="12-3456789")
    (record,) = (await target(fake).read_back([target_id])).records
    found = await find(fake, update(supplier(), target_id))
    for body in (record.body, found.record or {}):
        assert body["VNDR_BANK_ACCT"] == [{"BANK_CD": "WF"}]
        assert "VNDR_TIN" not in body


async def test_what_others_enter_is_no_surplus() -> None:
    fake, _ = there(VOUCHER)
    page = await target(fake).read_back(None)
    assert (page.records, page.cursor, fake.calls) == ([], None, [])


async def test_what_cannot_be_read_is_there_all_the_same() -> None:
    fake, target_id = there(VOUCHER)
    fake.broken = Rejected("locked")
    (record,) = (await target(fake).read_back([target_id])).records
    assert (record.target_id, record.state, record.body) == (target_id, "unreadable", {})
