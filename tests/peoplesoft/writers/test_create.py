"""Creating: once, under a number that is known again, and never beside what is there already."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ml_connector.core.contract import Operation, Payload, Verdict
from ml_connector.core.errors import InDoubt, Rejected, Unavailable
from ml_connector.peoplesoft.soap import Created, Message
from ml_connector.peoplesoft.writers.kinds import JOURNAL, PURCHASE_ORDER, SUPPLIER, VOUCHER, Kind
from ml_connector.peoplesoft.writers.options import WriterOptions

from .support import (
    JUST_NOW,
    Fake,
    Steps,
    find,
    intent,
    journal,
    order,
    supplier,
    target,
    voucher,
    write,
)


@pytest.mark.parametrize(
    ("kind", "body", "target_id"),
    [
        (VOUCHER, voucher(), "US001|00001235"),
        (SUPPLIER, supplier(), "SHARE|00001235"),
        (PURCHASE_ORDER, order(), "US001|00001235"),
    ],
)
async def test_the_new_number_comes_from_peoplesoft(kind: Kind, body: Payload, target_id: str) -> None:
    fake = Fake(kind)
    outcome = await write(fake, intent(body))
    assert (outcome.result, outcome.target_id, outcome.alert) == ("loaded", target_id, None)
    assert fake.sent == {**body, kind.generated: "NEXT"}
    assert fake.writes == ["create"]


async def test_a_journal_has_a_number_of_ours_which_is_the_same_each_time() -> None:
    fakes = [Fake(JOURNAL), Fake(JOURNAL)]
    ids = [(await write(fake, intent(journal()))).target_id for fake in fakes]
    assert ids[0] == ids[1]
    unit, number, date, sequence = str(ids[0]).split("|")
    assert (unit, date, sequence) == ("US001", "2026-11-02", "0")
    assert (len(number), number[0].isalpha(), number.isalnum(), number.upper()) == (10, True, True, number)
    other = await write(Fake(JOURNAL), intent(journal(), key="basware|778813"))
    assert other.target_id != ids[0]


@pytest.mark.parametrize(("given", "kept"), [("EXT0000001", True), ("NEXT", False), ("", False)])
async def test_a_number_that_the_mapping_gives_to_a_journal_is_kept(given: str, kept: bool) -> None:
    outcome = await write(Fake(JOURNAL), intent(journal(JOURNAL_ID=given)))
    assert (str(outcome.target_id).split("|")[1] == given) is kept


@pytest.mark.parametrize(
    ("kind", "body", "missing"),
    [
        (VOUCHER, voucher(INVOICE_ID=""), "INVOICE_ID"),
        (VOUCHER, voucher(VENDOR_ID=None), "VENDOR_ID"),
        (VOUCHER, voucher(INVOICE_ID="  "), "INVOICE_ID"),
        (VOUCHER, {name: value for name, value in voucher().items() if name != "GROSS_AMT"}, "GROSS_AMT"),
        (JOURNAL, journal(JOURNAL_DATE=""), "JOURNAL_DATE"),
        (SUPPLIER, supplier(NAME1=""), "NAME1"),
        (PURCHASE_ORDER, order(PO_REF=""), "PO_REF"),
    ],
)
async def test_what_could_not_be_found_again_is_not_sent(kind: Kind, body: Payload, missing: str) -> None:
    fake = Fake(kind)
    outcome = await write(fake, intent(body))
    assert (outcome.result, outcome.field, fake.calls) == ("rejected", missing, [])
    assert (await find(fake, intent(body))).verdict is Verdict.FOREIGN


async def test_a_flow_that_may_not_create_leaves_it_to_a_person() -> None:
    fake = Fake(VOUCHER)
    (outcome,) = await target(fake, create=False).write([intent(voucher())], Steps())
    assert (outcome.result, fake.calls) == ("rejected", [])
    assert "create it by hand" in str(outcome.reason)


# ---- what is there already


@pytest.mark.parametrize("number", ["BW-778812", "bw-778812", " BW-778812 "])
async def test_a_voucher_that_somebody_typed_is_taken_for_ours_when_it_is_the_same(number: str) -> None:
    fake = Fake(VOUCHER)
    there = fake.put(voucher(VOUCHER_ID="00000007", INVOICE_ID="BW-778812"))
    outcome = await write(fake, intent(voucher(INVOICE_ID=number)))
    assert (outcome.result, outcome.target_id, fake.writes) == ("loaded", there, [])


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"INVOICE_DT": "2026-10-03"}, "its INVOICE_DT is 2026-10-03, not 2026-10-02"),
        ({"GROSS_AMT": Decimal("1250.51")}, "its amount is 1250.51, not 1250.50"),
        ({"TXN_CURRENCY_CD": "EUR"}, "its TXN_CURRENCY_CD is EUR, not USD"),
    ],
)
async def test_another_voucher_of_the_same_number_is_for_a_person(other: Payload, words: str) -> None:
    fake = Fake(VOUCHER)
    there = fake.put(voucher(VOUCHER_ID="00000007") | other)
    outcome = await write(fake, intent(voucher()))
    assert (outcome.result, outcome.target_id, fake.writes) == ("conflict", there, [])
    assert words in str(outcome.reason)


@pytest.mark.parametrize(
    "other", [{"VENDOR_ID": "0000000013"}, {"INVOICE_ID": "BW-7788120"}, {"ENTRY_STATUS": "X"}]
)
async def test_other_vouchers_and_deleted_ones_are_in_nobodys_way(other: Payload) -> None:
    fake = Fake(VOUCHER)
    fake.put(voucher(VOUCHER_ID="00000007") | other)
    assert (await write(fake, intent(voucher()))).result == "loaded"
    assert fake.writes == ["create"]


async def test_two_vouchers_for_one_invoice_are_for_a_person() -> None:
    fake = Fake(VOUCHER)
    for number in ("00000007", "00000008"):
        fake.put(voucher(VOUCHER_ID=number))
    outcome = await write(fake, intent(voucher()))
    assert outcome.result == "conflict"
    assert "US001|00000007, US001|00000008" in str(outcome.reason)


async def test_ours_in_another_form_is_left_to_the_ledger_to_ask_about() -> None:
    fake = Fake(VOUCHER)
    fake.put(voucher(VOUCHER_ID="00000007", DESCR254_MIXED="typed by hand"))
    outcome = await write(fake, intent(voucher()))
    assert (outcome.result, fake.writes) == ("in_doubt", [])
    found = await find(fake, intent(voucher(), attempted_at=JUST_NOW))
    assert (found.verdict, found.target_id) == (Verdict.DIFFERENT, "US001|00000007")


async def test_nothing_is_created_on_an_answer_that_proves_nothing() -> None:
    fake = Fake(VOUCHER, extra_found=[{"BUSINESS_UNIT": "US002", "VOUCHER_ID": "1", "INVOICE_ID": "OTHER"}])
    with pytest.raises(Unavailable, match="not asked for"):
        await write(fake, intent(voucher()))
    assert fake.writes == []


@pytest.mark.parametrize(
    ("kind", "body", "calls"),
    [
        (VOUCHER, voucher(), ["find", "create"]),
        (SUPPLIER, supplier(NAME1="HAPPY"), ["find", "create"]),
        (PURCHASE_ORDER, order(), ["find", "create"]),
        (JOURNAL, journal(), ["create"]),
    ],
)
async def test_only_a_journal_is_not_looked_for_first_since_its_number_is_unique(
    kind: Kind, body: Payload, calls: list[str]
) -> None:
    fake = Fake(kind)
    await write(fake, intent(body))
    assert [name for name, _ in fake.calls] == calls


# ---- refusals


async def test_a_refused_create_of_what_is_there_already_is_adopted() -> None:
    fake = Fake(JOURNAL)
    there = (await write(fake, intent(journal()))).target_id
    fake.failures.append(Rejected("It exists already", code="0,0"))
    outcome = await write(fake, intent(journal()))
    assert (outcome.result, outcome.target_id, fake.writes) == ("loaded", there, ["create", "create"])


class Raced(Fake):
    """Somebody types the invoice between the look-up and the create."""

    async def create(self, values: Payload) -> Created:
        self.put(values | {"VOUCHER_ID": "00000007"} | self.defaults)
        raise Rejected("Duplicate invoice")


@pytest.mark.parametrize(
    ("typed", "result"),
    [({}, "loaded"), ({"GROSS_AMT": Decimal(1)}, "conflict"), ({"DESCR254_MIXED": "by hand"}, "in_doubt")],
)
async def test_a_duplicate_that_appeared_meanwhile(typed: Payload, result: str) -> None:
    fake = Raced(VOUCHER, defaults=typed)
    outcome = await write(fake, intent(voucher()))
    assert outcome.result == result
    assert outcome.target_id == (None if result == "in_doubt" else "US001|00000007")


async def test_a_refused_create_beside_another_object_is_for_a_person() -> None:
    fake = Fake(JOURNAL)
    there = (await write(fake, intent(journal()))).target_id
    fake.failures.append(Rejected("It exists already"))
    outcome = await write(fake, intent(journal(JRNL_LN=journal()["JRNL_LN"][1:])))
    assert (outcome.result, outcome.target_id) == ("conflict", there)


async def test_a_refusal_is_told_in_peoplesofts_words() -> None:
    fake = Fake(VOUCHER)
    fake.failures.append(Rejected("Invalid value for ACCOUNT -- press the prompt button", code="15,9"))
    outcome = await write(fake, intent(voucher()))
    assert (outcome.result, outcome.field, outcome.code) == ("rejected", "ACCOUNT", "15,9")
    assert outcome.reason == "Invalid value for ACCOUNT -- press the prompt button"


async def test_a_refusal_that_repeats_bank_details_does_not_show_them() -> None:
    fake = Fake(SUPPLIER)
    body = supplier(VNDR_BANK_ACCT=[{"BANK_ACCOUNT_NUM": "99887766554433", "BNK_ID_NBR": "021000021"}])
    fake.failures.append(Rejected("99887766554433 at 021000021 is no account"))
    outcome = await write(fake, intent(body))
    assert outcome.reason == "*** at *** is no account"
    assert fake.sent["VNDR_BANK_ACCT"][0]["BANK_ACCOUNT_NUM"] == "99887766554433"


# ---- answers that settle nothing


@pytest.mark.parametrize("saved", [True, False])
async def test_a_lost_answer_is_in_doubt_and_looked_up(saved: bool) -> None:
    fake = Fake(VOUCHER, after=saved)
    fake.failures.append(InDoubt("no answer in time"))
    outcome = await write(fake, intent(voucher()))
    assert outcome.result == "in_doubt"
    found = await find(fake, intent(voucher(), attempted_at=JUST_NOW))
    assert found.verdict is (Verdict.EQUAL if saved else Verdict.ABSENT)


@pytest.mark.parametrize("answered", [{"VOUCHER_ID": ""}, {"VOUCHER_ID": "NEXT"}, {"BUSINESS_UNIT": "US002"}])
async def test_an_answer_that_is_not_about_the_voucher_is_doubt(answered: dict[str, str]) -> None:
    fake = Fake(VOUCHER, answered=answered)
    outcome = await write(fake, intent(voucher()))
    assert (outcome.result, outcome.target_id) == ("in_doubt", None)
    assert (await find(fake, intent(voucher(), attempted_at=JUST_NOW))).verdict is Verdict.EQUAL


# ---- warnings


WARNING = (Message("Warning", "7030,101", "Invoice is already on another voucher."),)


async def test_a_voucher_that_is_saved_into_recycle_is_told_at_once() -> None:
    fake = Fake(VOUCHER, messages=WARNING, defaults={"ENTRY_STATUS": "R"})
    outcome = await write(fake, intent(voucher()))
    assert outcome.result == "loaded"
    assert outcome.alert == (
        "PeopleSoft saved voucher US001|00001235 with ENTRY_STATUS R; somebody must look at it: "
        "Invoice is already on another voucher."
    )


async def test_an_alert_shows_no_bank_details() -> None:
    warning = (Message("Warning", "", "IBAN DE0012345678 is not checked."),)
    fake = Fake(VOUCHER, messages=warning, defaults={"ENTRY_STATUS": "R"})
    outcome = await write(fake, intent(voucher(VCHR_BANK=[{"IBAN_ID": "DE0012345678"}])))
    assert "DE0012345678" not in str(outcome.alert)
    assert "is not checked" in str(outcome.alert)


async def test_a_warning_alone_is_no_alert() -> None:
    fake = Fake(VOUCHER, messages=WARNING, defaults={"ENTRY_STATUS": "P"})
    assert (await write(fake, intent(voucher()))).alert is None


async def test_a_saved_voucher_stays_saved_when_its_status_cannot_be_read() -> None:
    fake = Fake(JOURNAL, messages=WARNING, broken=Unavailable("maintenance"))
    outcome = await write(fake, intent(journal()))
    assert outcome.result == "loaded"
    assert "not looked at: maintenance" in str(outcome.alert)


# ---- one never decides about another


@pytest.mark.parametrize("error", [Unavailable("outage"), Rejected("no"), InDoubt("lost")])
async def test_what_went_before_is_settled_whatever_comes_after(error: Exception) -> None:
    fake = Fake(PURCHASE_ORDER)
    fake.failures.extend([None, error])
    intents = [intent(order(PO_REF=f"WEB-{number}"), key=f"web|{number}") for number in (1, 2, 3)]
    outcomes = await target(fake).write(intents, Steps())
    results: dict[type[Exception], list[str]] = {
        Unavailable: ["loaded", "unsent", "unsent"],
        Rejected: ["loaded", "rejected", "loaded"],
        InDoubt: ["loaded", "in_doubt", "loaded"],
    }
    assert [outcome.result for outcome in outcomes] == results[type(error)]
    causes = [outcome.cause for outcome in outcomes if outcome.result == "unsent"]
    assert causes == [error] * len(causes)


async def test_the_first_stop_is_raised() -> None:
    fake = Fake(PURCHASE_ORDER)
    fake.failures.append(Unavailable("outage"))
    with pytest.raises(Unavailable):
        await write(fake, intent(order()))


# ---- suppliers


@pytest.mark.parametrize(
    ("held", "wanted", "verdict"),
    [
        ({}, {}, Verdict.EQUAL),
        ({"VENDOR_NAME_SHORT": "HAPPY-001"}, {}, Verdict.EQUAL),
        ({"VENDOR_NAME_SHORT": "HAPPIER"}, {}, Verdict.FOREIGN),
        ({}, {"VENDOR_NAME_SHORT": ""}, Verdict.EQUAL),
        ({"VENDOR_ADDR": []}, {"VENDOR_NAME_SHORT": ""}, Verdict.FOREIGN),
        ({"NAME2": "of Boston"}, {"NAME2": "of Salem"}, Verdict.DIFFERENT),
        ({"VENDOR_STATUS": "I"}, {}, Verdict.DIFFERENT),
        ({"NAME1": "HAPPY MUSIC SUPPLIES"}, {"NAME1": "HAPPY MUSIC SUPPLIES"}, Verdict.EQUAL),
        ({"NAME1": "Happy Music Supplies Ltd"}, {}, Verdict.ABSENT),
    ],
)
async def test_suppliers_of_one_name(held: Payload, wanted: Payload, verdict: Verdict) -> None:
    fake = Fake(SUPPLIER)
    fake.put(supplier(VENDOR_ID="0000000123") | held)
    assert (await find(fake, intent(supplier(**wanted)))).verdict is verdict


@pytest.mark.parametrize(
    ("held", "verdict"), [("CRM-1", Verdict.EQUAL), ("CRM-2", Verdict.ABSENT), ("", Verdict.FOREIGN)]
)
async def test_suppliers_by_our_reference(held: str, verdict: Verdict) -> None:
    fake = Fake(SUPPLIER)
    fake.put(supplier(VENDOR_ID="0000000123", VENDOR_NAME_SHORT="OTHER", AR_NUM=held))
    options = WriterOptions(supplier_reference="AR_NUM")
    assert (await find(fake, intent(supplier(AR_NUM="CRM-1")), options)).verdict is verdict


async def test_addresses_that_others_added_are_no_difference() -> None:
    fake = Fake(SUPPLIER)
    more = {"ADDRESS_SEQ_NUM": 2, "EFFDT": "2026-01-01", "ADDRESS1": "2 Side St", "COUNTRY": "USA"}
    fake.put(supplier(VENDOR_ID="0000000123", VENDOR_ADDR=[more, *supplier()["VENDOR_ADDR"]]))
    assert (await find(fake, intent(supplier()))).verdict is Verdict.EQUAL


# ---- journals


async def test_the_header_that_unposting_makes_is_not_the_journal() -> None:
    fake = Fake(JOURNAL)
    await write(fake, intent(journal()))
    (record,) = fake.objects.values()
    fake.put(record | {"UNPOST_SEQ": "1"})
    found = await find(fake, intent(journal(), attempted_at=JUST_NOW))
    assert (found.verdict, str(found.target_id)[-2:]) == (Verdict.EQUAL, "|0")


@pytest.mark.parametrize("change", [{"JOURNAL_DATE": "2026-11-03"}, {"JRNL_LN": journal()["JRNL_LN"][1:]}])
async def test_a_journal_of_our_number_with_other_contents_is_for_a_person(change: Payload) -> None:
    fake = Fake(JOURNAL)
    await write(fake, intent(journal()))
    assert (await find(fake, intent(journal(**change)))).verdict is Verdict.FOREIGN


def test_limits_are_what_the_tenant_says() -> None:
    options = WriterOptions(settle_seconds=60, concurrency=1)
    limits = target(Fake(VOUCHER), options).limits
    assert (limits.settle, limits.concurrency, limits.distinct, limits.adopt) == (60, 1, True, True)
    assert limits.batch.get(Operation.CREATE, 1) == 1
    usual: Any = target(Fake(SUPPLIER)).limits
    assert (usual.settle, usual.concurrency, usual.distinct) == (900, 2, False)
