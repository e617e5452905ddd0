"""Voucher Build as a target: handed in once, looked for everywhere, and told to people when it is stuck."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ml_connector.core.contract import Operation, Payload, Verdict
from ml_connector.core.errors import InDoubt, Rejected, Unavailable
from ml_connector.peoplesoft.voucher_build.standing import ROUNDS, reference, voucher_id
from tests.peoplesoft.writers.support import JUST_NOW, NOW, Steps, intent, removal, update, voucher

from .support import Site

KEY = "basware|778812"
FIRST, SECOND = voucher_id(KEY, 0), voucher_id(KEY, 1)


# ---- handing in


async def test_a_voucher_is_handed_in_and_the_receipt_finds_it_again() -> None:
    site = Site()
    outcome = await site.write(intent(voucher()))
    assert (outcome.result, outcome.target_id, site.posted) == ("accepted", None, [FIRST])
    assert outcome.receipt == {
        "business_unit": "US001", "vendor_id": "0000000012", "invoice_id": "BW-778812",
        "invoice_date": "2026-10-02", "amount": Decimal("1250.50"), "reference": f"ml:{KEY}",
        "voucher_id": FIRST, "posted_at": NOW.isoformat(), "told": [],
    }  # fmt: skip
    assert site.staged["US001", FIRST]["DESCR254_MIXED"] == f"office [ml:{KEY}]"


def test_our_numbers_are_no_numbers_of_peoplesofts() -> None:
    assert len({FIRST, SECOND, voucher_id("basware|1", 0)}) == 3
    assert all(len(number) == 8 and number[0].isalpha() for number in (FIRST, SECOND))
    assert reference(KEY) == "ml:basware|778812"


@pytest.mark.parametrize("missing", ["BUSINESS_UNIT", "VENDOR_ID", "INVOICE_ID", "INVOICE_DT", "GROSS_AMT"])
async def test_what_could_not_be_found_again_is_not_sent(missing: str) -> None:
    site = Site()
    outcome = await site.write(intent(voucher(**{missing: ""})))
    assert (outcome.result, outcome.field, site.posted) == ("rejected", missing, [])
    assert (await site.find(intent(voucher(**{missing: ""})))).verdict is Verdict.FOREIGN
    undecided = await site.confirm(intent(voucher(**{missing: ""})), {})
    assert undecided.result == "conflict"


async def test_a_flow_that_may_not_create() -> None:
    site = Site()
    (outcome,) = await site.target(create=False).write([intent(voucher())], Steps())
    assert (outcome.result, site.posted) == ("rejected", [])


async def test_a_field_that_staging_does_not_have() -> None:
    site = Site()
    outcome = await site.write(intent(voucher(COLOUR="red")))
    assert (outcome.result, outcome.field, site.posted) == ("rejected", "VCHR_HDR_STG.COLOUR", [])


@pytest.mark.parametrize(
    ("typed", "result"),
    [
        ({}, "loaded"),
        ({"INVOICE_ID": "bw-778812"}, "loaded"),
        ({"GROSS_AMT": Decimal(1)}, "conflict"),
        ({"INVOICE_DT": "2026-10-03"}, "conflict"),
        ({"TXN_CURRENCY_CD": "EUR"}, "conflict"),
        ({"ENTRY_STATUS": "X"}, "accepted"),
        ({"VENDOR_ID": "0000000099"}, "accepted"),
    ],
)
async def test_a_voucher_that_somebody_typed(typed: Payload, result: str) -> None:
    site = Site()
    site.vouchers.put(voucher(VOUCHER_ID="00000007") | typed)
    outcome = await site.write(intent(voucher()))
    assert (outcome.result, bool(site.posted)) == (result, result == "accepted")


async def test_nothing_is_sent_on_an_answer_that_proves_nothing() -> None:
    site = Site()
    site.vouchers.extra_found = [{"BUSINESS_UNIT": "US002", "VOUCHER_ID": "1", "INVOICE_ID": "X"}]
    with pytest.raises(Unavailable, match="not asked for"):
        await site.write(intent(voucher()))
    assert (await site.find(intent(voucher(), attempted_at=JUST_NOW))).verdict is Verdict.UNSURE
    outcome = await site.confirm(intent(voucher()), None)
    assert (outcome.result, site.posted) == ("accepted", [])


# ---- lost answers


@pytest.mark.parametrize("received", [True, False])
async def test_a_post_in_doubt_is_looked_for_in_staging_too(received: bool) -> None:
    site, one = Site(received=received), intent(voucher())
    site.failures.append(InDoubt("no answer in time"))
    assert (await site.write(one)).result == "in_doubt"
    one.attempted_at = JUST_NOW
    found = await site.find(one)
    assert (found.verdict, found.target_id) == (Verdict.DIFFERENT if received else Verdict.ABSENT, None)
    again = await site.write(one)
    assert (again.result, again.receipt and again.receipt["voucher_id"]) == ("accepted", FIRST)
    assert site.posted == ([FIRST] if received else [FIRST, FIRST])


async def test_a_post_in_doubt_that_was_built_meanwhile() -> None:
    site, one = Site(), intent(voucher())
    site.failures.append(InDoubt("no answer in time"))
    await site.write(one)
    (built,) = site.build()
    one.attempted_at = JUST_NOW
    found = await site.find(one)
    assert (found.verdict, found.target_id) == (Verdict.EQUAL, built)
    assert (await site.write(one)).result == "loaded"


async def test_a_post_in_doubt_that_the_pre_edit_refused_is_rejected_and_not_sent_again() -> None:
    site, one = Site(), intent(voucher())
    site.failures.append(InDoubt("no answer in time"))
    await site.write(one)
    site.refuse()
    one.attempted_at = JUST_NOW
    assert (await site.find(one)).verdict is Verdict.DIFFERENT
    outcome = await site.write(one)
    assert outcome.result == "rejected"
    assert outcome.reason == "Voucher Build keeps it in staging: Supplier 0000000012 does not exist."
    assert site.posted == [FIRST]


async def test_a_restored_ledger_finds_what_waits_and_goes_on_waiting() -> None:
    site = Site()
    await site.write(intent(voucher()))
    fresh = intent(voucher())
    assert (await site.find(fresh)).verdict is Verdict.ABSENT  # writing looks again, and knows what to note
    outcome = await site.write(fresh)
    assert (outcome.result, outcome.receipt and outcome.receipt["voucher_id"]) == ("accepted", FIRST)
    assert site.posted == [FIRST]


# ---- confirming


async def accepted(site: Site) -> Payload:
    outcome = await site.write(intent(voucher()))
    assert outcome.receipt is not None
    return outcome.receipt


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("status", ["P", "O", "D", "E", "L", "M"])
async def test_a_built_voucher_is_loaded_under_its_number(status: str, own: bool) -> None:
    site = Site()
    receipt = await accepted(site)
    (built,) = site.build(status, **({} if own else {"VOUCHER_ID": "00001235"}))
    outcome = await site.confirm(intent(voucher()), receipt)
    assert (outcome.result, outcome.target_id, outcome.alert) == ("loaded", built, None)


async def test_a_voucher_that_a_clerk_corrected_is_known_by_our_reference() -> None:
    site = Site()
    receipt = await accepted(site)
    (built,) = site.build("P", VOUCHER_ID="00001235", GROSS_AMT=Decimal("1250.00"))
    outcome = await site.confirm(intent(voucher()), receipt)
    assert (outcome.result, outcome.target_id) == ("loaded", built)


async def test_the_reference_of_another_document_that_only_begins_alike_is_not_ours() -> None:
    site = Site()
    text = f"[{reference(KEY)}0]"
    there = site.vouchers.put(voucher(VOUCHER_ID="00000007", GROSS_AMT=Decimal(1), DESCR254_MIXED=text))
    outcome = await site.write(intent(voucher()))
    assert (outcome.result, outcome.target_id) == ("conflict", there)


async def test_what_waits_is_waited_for_although_somebody_typed_the_same() -> None:
    site = Site()
    receipt = await accepted(site)
    site.vouchers.put(voucher(VOUCHER_ID="00000007"))
    outcome = await site.confirm(intent(voucher()), receipt)
    assert (outcome.result, outcome.reason) == ("accepted", "waits in staging for Voucher Build")
    (recycled,) = site.build("R")
    assert recycled in str((await site.confirm(intent(voucher()), receipt)).alert)


async def test_what_waits_is_not_sent_again_beside_another_voucher_of_the_number() -> None:
    site = Site()
    await accepted(site)
    site.vouchers.put(voucher(VOUCHER_ID="00000007", GROSS_AMT=Decimal(1)))
    one = intent(voucher(), attempted_at=JUST_NOW)
    assert (await site.find(one)).verdict is Verdict.DIFFERENT
    assert (await site.write(one)).result == "accepted"
    assert site.posted == [FIRST]


async def test_nothing_yet_is_accepted_again_and_told_once_when_it_takes_too_long() -> None:
    site = Site()
    receipt = await accepted(site)
    outcome = await site.confirm(intent(voucher()), receipt)
    assert (outcome.result, outcome.alert, outcome.receipt) == ("accepted", None, receipt)
    assert outcome.reason == "waits in staging for Voucher Build"
    site.hours = 25
    late = await site.confirm(intent(voucher()), receipt)
    assert (late.result, late.alert) == (
        "accepted", "not built 24 hours after it was sent: waits in staging for Voucher Build",
    )  # fmt: skip
    again = await site.confirm(intent(voucher()), late.receipt)
    assert (again.result, again.alert, again.receipt) == ("accepted", None, late.receipt)


async def test_a_message_that_vanished_points_to_the_monitor() -> None:
    site = Site()
    receipt = await accepted(site)
    site.staged.clear()
    site.hours = 25
    outcome = await site.confirm(intent(voucher()), receipt)
    assert outcome.result == "accepted"
    assert "Service Operations Monitor" in str(outcome.alert)


async def test_recycle_is_told_once_and_settled_when_a_clerk_has_corrected_it() -> None:
    site = Site()
    receipt = await accepted(site)
    (built,) = site.build("R")
    first = await site.confirm(intent(voucher()), receipt)
    reason = f"voucher {built} is in Recycle: a clerk has to correct or delete it in PeopleSoft"
    assert (first.result, first.reason, first.alert, first.target_id) == ("accepted", reason, reason, None)
    site.hours = 25
    second = await site.confirm(intent(voucher()), first.receipt)
    assert (second.result, second.alert) == ("accepted", f"not built 24 hours after it was sent: {reason}")
    third = await site.confirm(intent(voucher()), second.receipt)
    assert (third.result, third.alert) == ("accepted", None)
    site.vouchers.objects[built]["ENTRY_STATUS"] = "P"
    done = await site.confirm(intent(voucher()), third.receipt)
    assert (done.result, done.target_id) == ("loaded", built)


async def test_a_recycled_voucher_that_a_clerk_deletes_is_rejected() -> None:
    site = Site()
    receipt = await accepted(site)
    (built,) = site.build("R")
    site.vouchers.objects[built]["ENTRY_STATUS"] = "X"
    outcome = await site.confirm(intent(voucher()), receipt)
    assert (outcome.result, outcome.reason) == ("rejected", f"its voucher {built} was deleted in PeopleSoft")
    replayed = await site.write(intent(voucher()))
    assert (replayed.result, site.posted) == ("accepted", [FIRST, SECOND])  # the old number is taken


async def test_ours_in_recycle_beside_one_that_somebody_typed_is_still_ours() -> None:
    site = Site()
    receipt = await accepted(site)
    site.vouchers.put(voucher(VOUCHER_ID="00000007"))
    site.build("R")
    outcome = await site.confirm(intent(voucher()), receipt)
    assert (outcome.result, bool(outcome.alert)) == ("accepted", True)


async def test_the_same_twice_is_for_a_person() -> None:
    site = Site()
    receipt = await accepted(site)
    site.staged.clear()
    for number in ("00000007", "00000008"):
        site.vouchers.put(voucher(VOUCHER_ID=number))
    outcome = await site.confirm(intent(voucher()), receipt)
    assert outcome.result == "conflict"
    assert "more than once: US001|00000007, US001|00000008" in str(outcome.reason)


async def test_another_voucher_of_the_number_does_not_end_the_waiting() -> None:
    site = Site()
    receipt = await accepted(site)
    site.staged.clear()
    site.vouchers.put(voucher(VOUCHER_ID="00000007", GROSS_AMT=Decimal(1)))
    outcome = await site.confirm(intent(voucher()), receipt)
    assert outcome.result == "accepted"
    assert "already (US001|00000007): its amount is 1, not 1250.50" in str(outcome.reason)


@pytest.mark.parametrize("text", ["Invalid INVOICE_DT.", ""])
async def test_a_pre_edit_error_is_rejected_with_its_text(text: str) -> None:
    site = Site()
    receipt = await accepted(site)
    site.refuse(text)
    outcome = await site.confirm(intent(voucher()), receipt)
    assert outcome.result == "rejected"
    assert outcome.field == ("INVOICE_DT" if text else None)
    assert (text or "without a text") in str(outcome.reason)


CORRECTIONS: list[Payload] = [
    {"VNDR_LOC": "MAIN"},
    {"INVOICE_ID": "BW-778812-1"},
    {"VENDOR_ID": "0000000013"},
    {"BUSINESS_UNIT": "US002"},
]


@pytest.mark.parametrize("refused", [True, False])
@pytest.mark.parametrize("changed", CORRECTIONS)
async def test_a_corrected_document_is_held_while_what_was_sent_lies_in_staging(
    changed: Payload, refused: bool
) -> None:
    """The batch tries refused rows again, so both would become vouchers, and both be paid."""
    site, sent = Site(), intent(voucher())
    await site.write(sent)
    if refused:
        site.refuse()
    corrected = intent(voucher(**changed), steps=sent.steps)
    outcome = await site.write(corrected)
    assert (outcome.result, site.posted) == ("held", [FIRST])
    assert f"lies in staging as US001|{FIRST}" in str(outcome.reason)
    assert outcome.alert == outcome.reason
    site.staged.clear()  # as a person deletes it
    assert (await site.write(corrected)).result == "accepted"
    (built,) = site.build()
    assert (await site.confirm(corrected, {})).target_id == built
    assert len(site.vouchers.objects) == 1


@pytest.mark.parametrize("changed", CORRECTIONS)
async def test_a_corrected_document_whose_first_version_was_built_after_all_is_for_a_person(
    changed: Payload,
) -> None:
    site, sent = Site(), intent(voucher())
    await site.write(sent)
    site.refuse()
    (built,) = site.build(VNDR_LOC="OLD")
    corrected = intent(voucher(**changed), steps=sent.steps, attempted_at=JUST_NOW)
    found = await site.find(corrected)
    outcome = await site.write(corrected)
    assert (outcome.result, outcome.target_id, site.posted) == ("conflict", built, [FIRST])
    assert "from an earlier version" in str(outcome.reason)
    assert (found.verdict, found.target_id) == (Verdict.DIFFERENT, built)


async def test_both_versions_built_are_for_a_person() -> None:
    site = Site()
    for turn, number in enumerate(("BW-778812", "BW-778812-1")):
        site.vouchers.put(voucher(VOUCHER_ID=voucher_id(KEY, turn), INVOICE_ID=number))
    second = {"business_unit": "US001", "voucher_id": SECOND, "posted_at": NOW.isoformat()}
    outcome = await site.confirm(intent(voucher(INVOICE_ID="BW-778812-1")), second)
    assert outcome.result == "conflict"
    assert "more than once" in str(outcome.reason)


async def test_a_restored_ledger_does_not_send_beside_what_was_refused() -> None:
    site = Site()
    await accepted(site)
    site.refuse()
    outcome = await site.write(intent(voucher(INVOICE_ID="BW-778812-1")))
    assert (outcome.result, site.posted) == ("held", [FIRST])


async def test_what_was_deleted_again_and_again_is_for_a_person() -> None:
    site = Site()
    for turn in range(ROUNDS):
        site.vouchers.put(voucher(VOUCHER_ID=voucher_id(KEY, turn), ENTRY_STATUS="X"))
    outcome = await site.write(intent(voucher()))
    assert (outcome.result, site.posted) == ("conflict", [])
    assert f"{ROUNDS} vouchers" in str(outcome.reason)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("corrected", [{"INVOICE_ID": "BW-778812A"}, {"VENDOR_ID": "0000000013"}])
async def test_a_clerk_may_correct_what_a_voucher_is_found_by(corrected: Payload, own: bool) -> None:
    """The usual cure for a duplicate in Recycle is another invoice number."""
    site = Site()
    receipt = await accepted(site)
    (built,) = site.build("R", **({} if own else {"VOUCHER_ID": "00001235"}))
    recycled = await site.confirm(intent(voucher()), receipt)
    site.vouchers.objects[built] |= corrected | {"ENTRY_STATUS": "P"}
    outcome = await site.confirm(intent(voucher()), recycled.receipt)
    assert (outcome.result, outcome.target_id) == ("loaded", built)
    ((name, value),) = corrected.items()
    assert f"its voucher {built} has {name} {value}, not {voucher()[name]}" in str(outcome.alert)


@pytest.mark.parametrize("without_steps", [True, False])
async def test_a_post_in_doubt_whose_voucher_a_clerk_renumbered_is_not_sent_again(
    without_steps: bool,
) -> None:
    site, one = Site(), intent(voucher())
    site.failures.append(InDoubt("no answer in time"))
    await site.write(one)
    (built,) = site.build("P", INVOICE_ID="BW-778812A")
    one.attempted_at = JUST_NOW
    if without_steps:
        one.steps.clear()
        one.attempted_at = None
    found = await site.find(one)
    assert (found.verdict is Verdict.EQUAL, found.target_id) == (not without_steps, built)
    again = await site.write(one)
    assert (again.result, again.target_id, site.posted) == ("loaded", built, [FIRST])
    assert "INVOICE_ID BW-778812A" in str(again.alert)


async def test_a_renumbered_voucher_that_was_deleted_ends_the_waiting_and_its_number() -> None:
    site = Site()
    receipt = await accepted(site)
    (built,) = site.build("X", INVOICE_ID="BW-778812A")
    outcome = await site.confirm(intent(voucher()), receipt)
    assert (outcome.result, outcome.reason) == ("rejected", f"its voucher {built} was deleted in PeopleSoft")
    assert (await site.write(intent(voucher()))).result == "accepted"
    assert site.posted == [FIRST, SECOND]


@pytest.mark.parametrize("number", ["00000007", FIRST])
async def test_a_voucher_with_the_reference_of_another_document_is_not_ours(number: str) -> None:
    site = Site()
    there = site.vouchers.put(voucher(VOUCHER_ID=number, DESCR254_MIXED="office [ml:cin7|1]"))
    outcome = await site.write(intent(voucher()))
    assert (outcome.result, outcome.target_id, site.posted) == ("conflict", there, [])
    assert "another document's (office [ml:cin7|1])" in str(outcome.reason)
    assert (await site.find(intent(voucher()))).verdict is Verdict.FOREIGN


async def test_a_number_of_ours_that_cannot_be_read_is_for_a_person() -> None:
    site = Site()
    original = site.vouchers.get

    async def get(keys: Payload) -> Payload | None:
        if keys["VOUCHER_ID"] == FIRST:
            raise Rejected("The data is inconsistent")
        return await original(keys)

    site.vouchers.get = get  # type: ignore[method-assign]
    outcome = await site.write(intent(voucher()))
    assert (outcome.result, site.posted) == ("conflict", [])
    assert f"US001|{FIRST} is there, but cannot be read" in str(outcome.reason)


async def test_a_lost_receipt_is_made_anew() -> None:
    site = Site()
    await accepted(site)
    site.hours = 48
    outcome = await site.confirm(intent(voucher()), {})
    assert (outcome.result, outcome.alert) == ("accepted", None)
    assert outcome.receipt is not None
    assert outcome.receipt["posted_at"] == site.now().isoformat()


# ---- changes


async def built_site() -> tuple[Site, str]:
    site = Site()
    await accepted(site)
    (built,) = site.build()
    site.vouchers.objects[built]["VOUCHER_LINE"] = voucher()["VOUCHER_LINE"]
    return site, built


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"GROSS_AMT": Decimal(1)}, "GROSS_AMT"),
        ({"INVOICE_ID": "BW-2"}, "INVOICE_ID"),
        ({"DESCR254_MIXED": "other"}, "DESCR254_MIXED"),
        ({"PYMNT_MESSAGE": "urgent"}, "PYMNT_MESSAGE"),
    ],
)
async def test_a_change_is_held_until_a_person_has_made_it(changed: Payload, named: str) -> None:
    site, built = await built_site()
    outcome = await site.write(update(voucher(**changed), built, previous=voucher()))
    assert (outcome.result, site.posted) == ("held", [FIRST])
    assert named in str(outcome.reason)
    site.vouchers.objects[built] |= changed
    assert (await site.write(update(voucher(**changed), built, previous=voucher()))).result == "loaded"


async def test_what_stands_there_as_wanted_needs_no_person() -> None:
    site, built = await built_site()
    assert (await site.write(update(voucher(), built))).result == "loaded"
    assert (await site.find(update(voucher(), built))).verdict is Verdict.EQUAL


async def test_a_removal_is_held_until_a_person_has_made_it() -> None:
    site, built = await built_site()
    assert (await site.write(removal(built))).result == "held"
    site.vouchers.objects[built]["ENTRY_STATUS"] = "X"
    assert (await site.write(removal(built))).result == "loaded"
    assert (await site.write(update(voucher(), built))).result == "conflict"
    site.vouchers.objects.clear()
    assert (await site.write(removal(built))).result == "loaded"
    assert (await site.write(removal(None))).result == "loaded"


async def test_an_adopted_voucher_in_another_form_becomes_a_change_for_a_person() -> None:
    site = Site()
    there = site.vouchers.put(voucher(VOUCHER_ID="00000007", DESCR254_MIXED="by hand"))
    found = await site.find(intent(voucher()))
    assert (found.verdict, found.target_id) == (Verdict.DIFFERENT, there)


# ---- reading back


async def test_reading_back_compares_everything_but_our_reference() -> None:
    site, built = await built_site()
    (record,) = (await site.target().read_back([built])).records
    assert (record.state, record.amount, record.label) == ("active", Decimal("1250.50"), "BW-778812")
    assert {"DESCR254_MIXED", "INVOICE_ID", "PYMNT_VCHR_XREF", "VOUCHER_ID"} == record.hidden
    assert (await site.target().read_back(None)).records == []


def test_limits() -> None:
    limits = Site().target(settle_seconds=60).limits
    assert (limits.settle, limits.distinct, limits.batch.get(Operation.CREATE, 1)) == (60, True, 1)


async def test_a_refused_post_is_rejected() -> None:
    site = Site(received=False)
    site.failures.append(Rejected("the service says no", code="1"))
    outcome = await site.write(intent(voucher()))
    assert (outcome.result, outcome.reason, outcome.code) == ("rejected", "the service says no", "1")
