"""The writers against the simulated PeopleSoft: its refusals, every fault, and what differs between sites."""

from __future__ import annotations

from collections.abc import AsyncIterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from ml_connector.core.contract import Intent, Outcome, Payload, Verdict
from ml_connector.core.errors import AuthenticationError, ConnectorError, NotActivated
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.store import Store
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.contract.peoplesoft import (
    JournalsByInterface,
    JournalSubject,
    OrdersByInterface,
    OrderSubject,
    PeopleSoftSubject,
    SuppliersByInterface,
    SupplierSubject,
    VouchersByInterface,
    VoucherSubject,
)
from tests.state import migrated

from .support import Steps, intent, removal, update

SUBJECTS: dict[str, type[PeopleSoftSubject]] = {
    "voucher": VoucherSubject, "journal": JournalSubject, "supplier": SupplierSubject,
    "purchase_order": OrderSubject,
}  # fmt: skip
BY_INTERFACE: tuple[type[PeopleSoftSubject], ...] = (
    VouchersByInterface, JournalsByInterface, SuppliersByInterface, OrdersByInterface,
)  # fmt: skip
ALL = (*SUBJECTS.values(), *BY_INTERFACE)


class Office:
    """A sandbox and one kind of object; the target is opened for each call as for each task."""

    def __init__(self, subject: PeopleSoftSubject, store: Store) -> None:
        self.subject, self.store = subject, store

    @property
    def sandbox(self) -> Sandbox:
        return self.subject.sandbox

    async def write(self, one: Intent) -> Outcome:
        async with self.subject.open(self.store) as target:
            (outcome,) = await target.write([one], Steps())
        return outcome

    async def find(self, one: Intent) -> tuple[Verdict, str | None]:
        async with self.subject.open(self.store) as target:
            (found,) = await target.find([one])
        return found.verdict, found.target_id

    async def shown(self, target_id: str) -> Payload:
        async with self.subject.open(self.store) as target:
            (record,) = (await target.read_back([target_id])).records
        return record.body

    def switch(self, **values: Any) -> None:
        self.sandbox.peoplesoft.switches.change(values)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    database = migrated(tmp_path / "state.db")
    return Store(database, Cipher([Fernet.generate_key().decode()]), actor="test")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(Size(vouchers=1, suppliers=3), scenario="plain") as running:
        yield running


@pytest.fixture
def office(request: pytest.FixtureRequest, sandbox: Sandbox, store: Store) -> Office:
    subject: type[PeopleSoftSubject] = request.param
    return Office(subject(sandbox), store)


@pytest.fixture
def vouchers(sandbox: Sandbox, store: Store) -> Office:
    return Office(VoucherSubject(sandbox), store)


# ---- refusals


def at(body: Payload, path: str, value: Any) -> Payload:
    """The body with another value, ``LINES.PARTS.NAME`` in the first row of each collection."""
    made = deepcopy(body)
    place, names = made, path.split(".")
    for name in names[:-1]:
        place = place[name][0]
    place[names[-1]] = value
    return made


@pytest.mark.parametrize(
    ("kind", "path", "value", "words"),
    [
        ("voucher", "VENDOR_ID", "0000099999", "does not exist"),
        ("voucher", "VNDR_LOC", "NOWHERE", "Supplier location NOWHERE"),
        ("voucher", "TXN_CURRENCY_CD", "XXX", "Currency XXX"),
        ("voucher", "PYMNT_TERMS_CD", "ZZ", "Payment terms ZZ"),
        ("voucher", "VOUCHER_STYLE", "ODD", "VOUCHER_STYLE"),
        ("voucher", "GROSS_AMT", Decimal("9.99"), "do not add up"),
        ("voucher", "VOUCHER_LINE", [], "no lines"),
        ("voucher", "VOUCHER_LINE.DISTRIB_LINE.ACCOUNT", "999999", "Account 999999 is not valid"),
        ("voucher", "VOUCHER_LINE.DISTRIB_LINE.DEPTID", "99999", "Department 99999 is not valid"),
        ("voucher", "VOUCHER_LINE.DISTRIB_LINE", [], "neither a distribution nor"),
        ("voucher", "BUSINESS_UNIT", "XX001", "Business unit XX001"),
        ("journal", "JOURNAL_DATE", "2020-01-31", "not in an open period"),
        ("journal", "LEDGER_GROUP", "BUDGETS", "Ledger group BUDGETS"),
        ("journal", "JRNL_LN.ACCOUNT", "999999", "Account 999999 is not valid"),
        ("journal", "JRNL_LN.MONETARY_AMOUNT", Decimal("0.01"), ""),
        ("journal", "SOURCE", "", "SOURCE"),
        ("supplier", "VENDOR_LOC.CURRENCY_CD", "XXX", "Currency XXX"),
        ("supplier", "VENDOR_ADDR.COUNTRY", "XX", "Country XX"),
        ("supplier", "SETID", "OTHER", "SETID OTHER"),
        ("supplier", "VENDOR_ADDR", [], "needs an address"),
        ("purchase_order", "VENDOR_ID", "0000099999", "does not exist or is not approved"),
        ("purchase_order", "PO_LINE", [], "no lines"),
        ("purchase_order", "PO_LINE.PO_LINE_SHIP", [], "no schedule"),
        ("purchase_order", "PO_LINE.PO_LINE_SHIP.QTY_PO", 0, "above zero"),
    ],
)
async def test_a_refusal_is_told_in_peoplesofts_words_and_leaves_nothing(
    sandbox: Sandbox, store: Store, kind: str, path: str, value: Any, words: str
) -> None:
    office = Office(SUBJECTS[kind](sandbox), store)
    outcome = await office.write(intent(at(office.subject.body(1), path, value)))
    assert outcome.result == "rejected"
    assert words in str(outcome.reason)
    assert office.subject.living() == []


async def test_a_text_that_is_too_long_is_refused_with_its_property(vouchers: Office) -> None:
    outcome = await vouchers.write(intent(vouchers.subject.body(1) | {"VNDR_LOC": "x" * 11}))
    assert (outcome.result, outcome.field) == ("rejected", "VNDR_LOC")


async def test_a_property_that_the_interface_lacks_stops_the_flow(vouchers: Office) -> None:
    with pytest.raises(ConnectorError, match="COLOUR"):
        await vouchers.write(intent(vouchers.subject.body(1) | {"COLOUR": "red"}))


# ---- duplicates


class BlindSubject(VoucherSubject):
    """A look-up query that shows no voucher."""

    def everything(self, state: Any, prompts: Payload) -> Any:
        return iter(())


@pytest.mark.parametrize("rule", ["reject", "recycle", "accept"])
async def test_whatever_peoplesoft_does_about_duplicates_there_is_one(vouchers: Office, rule: str) -> None:
    vouchers.switch(duplicate_vouchers=rule)
    one = intent(vouchers.subject.body(1))
    first = await vouchers.write(one)
    again = await vouchers.write(one)
    assert (again.result, again.target_id) == ("loaded", first.target_id)
    assert len(vouchers.subject.living()) == 1


async def test_a_voucher_in_recycle_is_told_and_read_back_as_such(vouchers: Office) -> None:
    """PeopleSoft counts what the look-up did not show: row-level security, or a voucher typed meanwhile."""
    vouchers.switch(duplicate_vouchers="recycle")
    body = vouchers.subject.body(1)
    await vouchers.write(intent(body))
    blind = Office(BlindSubject(vouchers.sandbox), vouchers.store)
    blind.subject.ignore_filters()
    outcome = await blind.write(intent(body, key="other|1"))
    blind.subject.heal()
    assert outcome.result == "loaded"
    assert "ENTRY_STATUS R" in str(outcome.alert)
    async with vouchers.subject.open(vouchers.store) as target:
        (record,) = (await target.read_back([str(outcome.target_id)])).records
    assert (record.state, record.absent) == ("recycle", False)


# ---- faults

ARRIVED = {"lost", "timeout", "broken_gateway", "truncate", "cut_off"}


@pytest.mark.parametrize("fault", [*sorted(ARRIVED), "reset", "error", "html", "slow"])
@pytest.mark.parametrize("office", ALL, indirect=True)
async def test_whatever_happens_to_the_answer_there_is_one_object(office: Office, fault: str) -> None:
    seconds = 0.05 if fault in {"slow", "timeout"} else 0.0
    operation = f"SOAP CI_{office.subject.kind.interface}_C"
    office.sandbox.faults.add(system="peoplesoft", kind=fault, operation=operation, seconds=seconds)
    one = intent(office.subject.body(1))
    outcome = await office.write(one)
    assert outcome.result == ("loaded" if fault == "slow" else "in_doubt")
    there = fault in ARRIVED or fault == "slow"
    assert len(office.subject.living()) == there
    one.attempted_at = office.sandbox.clock.now()
    verdict, target_id = await office.find(one)
    assert verdict is (Verdict.EQUAL if there else Verdict.ABSENT)
    again = await office.write(one)
    (thing,) = office.subject.living()
    assert (again.result, again.target_id) == ("loaded", thing["id"])
    assert target_id in {None, thing["id"]}


@pytest.mark.parametrize("office", SUBJECTS.values(), indirect=True)
async def test_a_save_that_is_made_late_is_found_when_it_is_there(office: Office) -> None:
    office.subject.commit_late(30)
    one = intent(office.subject.body(1))
    assert (await office.write(one)).result == "in_doubt"
    one.attempted_at = office.sandbox.clock.now()
    assert (await office.find(one))[0] is Verdict.ABSENT
    await office.subject.pass_time(31)
    (thing,) = office.subject.living()
    assert await office.find(one) == (Verdict.EQUAL, thing["id"])


# ---- changes


@pytest.mark.parametrize("office", ALL, indirect=True)
async def test_a_change_is_made_and_seen(office: Office) -> None:
    body = office.subject.body(1)
    made = await office.write(intent(body))
    target_id = str(made.target_id)
    assert await office.find(update(body, target_id)) == (Verdict.EQUAL, target_id)
    changed = office.subject.changed(body)
    assert (await office.find(update(changed, target_id, previous=body)))[0] is Verdict.DIFFERENT
    assert (await office.write(update(changed, target_id, previous=body))).result == "loaded"
    assert (await office.find(update(changed, target_id, previous=body)))[0] is Verdict.EQUAL


@pytest.mark.parametrize("rows", ["merge", "replace"])
async def test_a_line_that_is_added_or_changed(vouchers: Office, rows: str) -> None:
    vouchers.switch(update_rows=rows)
    body = vouchers.subject.body(1)
    target_id = str((await vouchers.write(intent(body))).target_id)
    line = deepcopy(body["VOUCHER_LINE"][0])
    second = line | {"VOUCHER_LINE_NUM": 2, "DESCR": "More paper"}
    more = body | {"GROSS_AMT": body["GROSS_AMT"] * 2, "VOUCHER_LINE": [line, second]}
    assert (await vouchers.write(update(more, target_id, previous=body))).result == "loaded"
    shown = await vouchers.shown(target_id)
    assert [row["DESCR"] for row in shown["VOUCHER_LINE"]] == ["Paper", "More paper"]
    assert (await vouchers.find(update(more, target_id)))[0] is Verdict.EQUAL


async def test_a_posted_voucher_is_not_changed(vouchers: Office) -> None:
    body = vouchers.subject.body(1)
    target_id = str((await vouchers.write(intent(body))).target_id)
    unit, number = target_id.split("|")
    vouchers.sandbox.peoplesoft.change_voucher(unit, number, {"POST_STATUS_AP": "P"})
    outcome = await vouchers.write(update(vouchers.subject.changed(body), target_id, previous=body))
    assert (outcome.result, "posted" in str(outcome.reason)) == ("held", True)


@pytest.mark.parametrize("office", [SupplierSubject, SuppliersByInterface], indirect=True)
async def test_a_supplier_goes_and_comes_back(office: Office) -> None:
    body = office.subject.body(1)
    target_id = str((await office.write(intent(body))).target_id)
    assert (await office.write(removal(target_id))).result == "loaded"
    assert office.subject.living() == []
    back = update(body, target_id)
    back.previous = None
    assert (await office.write(back)).result == "loaded"
    assert [thing["id"] for thing in office.subject.living()] == [target_id]


@pytest.mark.parametrize("office", [OrderSubject, OrdersByInterface], indirect=True)
async def test_an_order_that_is_cancelled_stays_cancelled(office: Office) -> None:
    body = office.subject.body(1)
    target_id = str((await office.write(intent(body))).target_id)
    assert (await office.write(removal(target_id))).result == "loaded"
    assert office.sandbox.peoplesoft.orders.get(tuple(target_id.split("|")))["PO_STATUS"] == "PX"  # type: ignore[index]
    back = update(body, target_id)
    back.previous = None
    assert (await office.write(back)).result == "conflict"


# ---- sites


@pytest.mark.parametrize(
    "switches",
    [
        {"find_match": "exact"},
        {"get_missing": "fault"},
        {"soap_fault_status": "200"},
        {"journal_status": "N"},
        {"unprefixed": ["ML_AP_VOUCHER_KEY", "ML_GL_JOURNAL_KEY"]},
        {"translated": {"*": ["*"]}},
        {"name_key": "queryname"},
    ],
)
@pytest.mark.parametrize("office", ALL, indirect=True)
async def test_what_differs_between_sites_changes_nothing(office: Office, switches: Payload) -> None:
    office.switch(**switches)
    one = intent(office.subject.body(1))
    made = await office.write(one)
    assert made.result == "loaded"
    assert await office.find(one) == (Verdict.EQUAL, made.target_id)
    parts = str(made.target_id).split("|")
    missing = "|".join([parts[0], "9" * len(parts[1]), *parts[2:]])
    nobody = office.subject.body(1) | {office.subject.kind.generated: "NEXT"}
    assert (await office.find(update(nobody, missing)))[0] is Verdict.ABSENT


async def test_letters_that_the_database_does_not_have(vouchers: Office) -> None:
    vouchers.switch(unicode_database=False)
    body = vouchers.subject.body(1) | {"DESCR254_MIXED": "Škoda"}
    made = await vouchers.write(intent(body))
    assert made.result == "loaded"
    assert await vouchers.find(intent(body)) == (Verdict.DIFFERENT, made.target_id)


@pytest.mark.parametrize(
    ("switch", "failure"),
    [
        ({"denied": ["CI_AP_VOUCHER"]}, NotActivated),
        ({"inactive": ["CI_AP_VOUCHER"]}, NotActivated),
        ({"soap_verification": "wsse"}, NotActivated),
        ({"inactive": ["ML_AP_VOUCHER_BY_INVOICE"]}, ConnectorError),
    ],
)
async def test_what_an_administrator_must_do_stops_the_flow(
    vouchers: Office, switch: Payload, failure: type[ConnectorError]
) -> None:
    vouchers.switch(**switch)
    with pytest.raises(failure):
        await vouchers.write(intent(vouchers.subject.body(1)))
    assert vouchers.subject.living() == []


@pytest.mark.parametrize(
    ("code", "failure"),
    [("158,45", AuthenticationError), ("158,505", NotActivated), ("158,536", NotActivated)],
)
async def test_a_fault_stops_the_flow_and_nothing_was_saved(
    vouchers: Office, code: str, failure: type[ConnectorError]
) -> None:
    operation = "SOAP CI_AP_VOUCHER_C"
    vouchers.sandbox.faults.add(
        system="peoplesoft", kind="error", operation=operation, code=code, message=f"Refused. ({code})"
    )
    with pytest.raises(failure):
        await vouchers.write(intent(vouchers.subject.body(1)))
    assert vouchers.subject.living() == []
