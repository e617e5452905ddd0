"""Voucher Build against the simulated PeopleSoft: the batch, its refusals, Recycle and every fault."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from ml_connector.core.contract import Intent, Outcome, Payload, Verdict
from ml_connector.core.errors import ConfigurationError, ConnectorError, ContractChanged, NotActivated
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.voucher_build.connect import open_voucher_build
from ml_connector.peoplesoft.voucher_build.target import VoucherBuild
from ml_connector.peoplesoft.writers.options import VoucherBuildOptions, WriterOptions
from sandbox.data import Size
from sandbox.peoplesoft import queries
from sandbox.peoplesoft.build.process import run_voucher_build
from sandbox.server import Sandbox
from tests.contract.peoplesoft import VoucherSubject
from tests.peoplesoft.writers.support import Steps, intent, voucher
from tests.state import migrated

WAYS = {"async": "IB VOUCHER_BUILD", "rest": "POST VoucherBuild"}


class Office:
    """A sandbox, a ledger's store, and a target that is opened for each call as for each task."""

    def __init__(self, sandbox: Sandbox, store: Store, way: str) -> None:
        self.sandbox, self.store, self.way = sandbox, store, way
        self.subject = VoucherSubject(sandbox)
        self.options = WriterOptions(
            voucher_build=VoucherBuildOptions.model_validate({"way": way, "deadline_hours": 6})
        )

    @asynccontextmanager
    async def target(self) -> AsyncIterator[VoucherBuild]:
        async with (
            self.subject.site(self.store) as site,
            open_voucher_build(replace(site, options=self.options), self.store) as target,
        ):
            yield target

    async def write(self, one: Intent) -> Outcome:
        async with self.target() as target:
            (outcome,) = await target.write([one], Steps())
        return outcome

    async def confirm(self, one: Intent, receipt: Payload | None) -> Outcome:
        async with self.target() as target:
            (outcome,) = await target.confirm([one], [receipt or {}])
        return outcome

    def build(self) -> dict[str, Any]:
        return run_voucher_build(self.sandbox.peoplesoft)

    def switch(self, **values: Any) -> None:
        self.sandbox.peoplesoft.switches.change(values)

    def vouchers(self) -> list[Payload]:
        return self.subject.living()

    @property
    def staged(self) -> list[Payload]:
        return self.sandbox.peoplesoft.staging.rows


@pytest.fixture(params=list(WAYS))
async def office(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Office]:
    database = migrated(tmp_path / "state.db")
    async with Sandbox(Size(vouchers=1, suppliers=3), scenario="plain") as sandbox:
        with Store(database, Cipher([Fernet.generate_key().decode()]), actor="test") as store:
            yield Office(sandbox, store, request.param)


def body(**changed: Any) -> Payload:
    return voucher(VENDOR_ID="0000000001", **changed)


@pytest.mark.parametrize("ids", ["keep", "next"])
async def test_built_under_our_number_or_under_peoplesofts(office: Office, ids: str) -> None:
    office.switch(voucher_build_ids=ids)
    one = intent(body())
    outcome = await office.write(one)
    waiting = await office.confirm(one, outcome.receipt)
    assert (outcome.result, waiting.result) == ("accepted", "accepted")
    ((unit, number),) = office.build()["vouchers"]
    done = await office.confirm(one, waiting.receipt)
    assert (done.result, done.target_id) == ("loaded", f"{unit}|{number}")
    assert number.isdigit() is (ids == "next")
    async with office.target() as target:
        (record,) = (await target.read_back([f"{unit}|{number}"])).records
        (found,) = await target.find([intent(body(), target_id=f"{unit}|{number}")])
    assert (record.state, record.label, found.verdict) == ("active", "BW-778812", Verdict.EQUAL)


async def test_the_batch_that_runs_by_itself(office: Office) -> None:
    office.switch(voucher_build="auto", voucher_build_seconds=3600)
    one = intent(body())
    receipt = (await office.write(one)).receipt
    assert (await office.confirm(one, receipt)).result == "accepted"
    office.sandbox.clock.advance(3601)
    assert (await office.confirm(one, receipt)).result == "loaded"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"VENDOR_ID": "0000099999"}, "Supplier SHARE 0000099999 does not exist."),
        ({"VNDR_LOC": "NOWHERE"}, "Supplier location NOWHERE does not exist."),
        ({"VOUCHER_LINE": []}, "The voucher has no lines."),
        ({"VOUCHER_LINE": [{"DESCR": "x", "MERCHANDISE_AMT": 1}]}, "neither a distribution nor"),
    ],
)
async def test_pre_edit_errors_are_told_in_peoplesofts_words(
    office: Office, changed: Payload, words: str
) -> None:
    one = intent(body() | changed)
    receipt = (await office.write(one)).receipt
    office.build()
    outcome = await office.confirm(one, receipt)
    assert outcome.result == "rejected"
    assert words in str(outcome.reason)
    assert office.vouchers() == []
    corrected = intent(body(), steps=one.steps)
    assert (await office.write(corrected)).result == "held"
    office.staged.clear()  # as a person deletes it
    again = await office.write(corrected)
    office.build()
    assert (await office.confirm(corrected, again.receipt)).result == "loaded"
    assert len(office.vouchers()) == 1


async def test_a_cause_that_is_mended_in_peoplesoft_needs_no_second_message(office: Office) -> None:
    state = office.sandbox.peoplesoft
    supplier = state.suppliers.get(("SHARE", "0000000001"))
    assert supplier is not None
    state.suppliers.delete(("SHARE", "0000000001"))
    one = intent(body())
    receipt = (await office.write(one)).receipt
    office.build()
    assert (await office.confirm(one, receipt)).result == "rejected"
    state.suppliers.put(supplier)
    assert (await office.write(one)).result == "rejected"  # the batch has not run again
    office.build()
    assert (await office.write(one)).result == "loaded"
    assert len(office.vouchers()) == 1


async def test_a_clerk_may_give_a_recycled_voucher_another_invoice_number(office: Office) -> None:
    lines = body()["VOUCHER_LINE"]
    lines[0]["DISTRIB_LINE"][0]["ACCOUNT"] = "999999"
    one = intent(body(VOUCHER_LINE=lines))
    receipt = (await office.write(one)).receipt
    (number,) = office.build()["recycled"]
    office.sandbox.peoplesoft.change_voucher("US001", number, {"INVOICE_ID": "OTHER", "ENTRY_STATUS": "P"})
    one.attempted_at = office.sandbox.clock.now()
    assert (await office.write(one)).target_id == f"US001|{number}"
    outcome = await office.confirm(one, receipt)
    assert (outcome.result, outcome.target_id) == ("loaded", f"US001|{number}")
    assert "INVOICE_ID OTHER, not BW-778812" in str(outcome.alert)
    assert office.staged == []


@pytest.mark.parametrize("mended", [True, False])
async def test_what_fails_an_edit_is_in_recycle_until_a_clerk_decides(office: Office, mended: bool) -> None:
    lines = body()["VOUCHER_LINE"]
    lines[0]["DISTRIB_LINE"][0]["ACCOUNT"] = "999999"
    one = intent(body(VOUCHER_LINE=lines))
    receipt = (await office.write(one)).receipt
    (number,) = office.build()["recycled"]
    first = await office.confirm(one, receipt)
    assert (first.result, first.alert) == (
        "accepted",
        f"voucher US001|{number} is in Recycle: a clerk has to correct or delete it in PeopleSoft",
    )
    assert (await office.confirm(one, first.receipt)).alert is None
    status = "P" if mended else "X"
    office.sandbox.peoplesoft.change_voucher("US001", number, {"ENTRY_STATUS": status})
    outcome = await office.confirm(one, first.receipt)
    assert outcome.result == ("loaded" if mended else "rejected")


async def test_a_duplicate_of_what_somebody_typed_meanwhile_is_in_recycle(office: Office) -> None:
    one = intent(body())
    receipt = (await office.write(one)).receipt
    typed = intent(body(), key="typed|1")
    async with office.subject.open(office.store) as hand:
        (made,) = await hand.write([typed], Steps())
    assert made.result == "loaded"
    (number,) = office.build()["recycled"]
    outcome = await office.confirm(one, receipt)
    assert (outcome.result, number in str(outcome.alert)) == ("accepted", True)


async def test_a_message_that_peoplesoft_cannot_stage_ends_in_an_alert(office: Office) -> None:
    """At the connector the sender hears nothing of it; the REST service says so at once."""
    one = intent(body(GROSS_AMT="12,50"))
    outcome = await office.write(one)
    assert office.staged == []
    if office.way == "rest":
        assert outcome.result == "rejected"
        return
    assert office.sandbox.peoplesoft.staging.monitor[-1]["status"] == "error"
    waiting = await office.confirm(one, outcome.receipt)
    assert (waiting.result, waiting.alert) == ("accepted", None)
    office.sandbox.clock.advance(6 * 3600 + 1)
    late = await office.confirm(one, waiting.receipt)
    assert (late.result, "Service Operations Monitor" in str(late.alert)) == ("accepted", True)


@pytest.mark.parametrize("ours", [True, False])
async def test_a_staging_query_that_lost_its_criterion_proves_nothing(
    office: Office, ours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.write(intent(body(INVOICE_ID="OTHER"), key="other|1"))
    one = intent(body())
    if ours:
        await office.write(one)
    query = queries.QUERIES["ML_AP_VOUCHER_STAGE"]
    everything = replace(query, read=lambda state, _, __: ((row,) for row in state.staging.rows))
    monkeypatch.setitem(queries.QUERIES, "ML_AP_VOUCHER_STAGE", everything)
    if ours:
        assert (await office.write(one)).result == "accepted"
    else:
        with pytest.raises(ContractChanged, match="lost a criterion"):
            await office.write(one)
    assert len(office.staged) == 1 + ours


STAGED = {"lost", "timeout", "broken_gateway", "truncate", "cut_off"}


@pytest.mark.parametrize("fault", [*sorted(STAGED), "reset", "error", "html", "slow"])
async def test_whatever_happens_to_the_answer_there_is_one_voucher(office: Office, fault: str) -> None:
    seconds = 0.1 if fault in {"slow", "timeout"} else 0.0
    office.sandbox.faults.add(
        system="peoplesoft", kind=fault, operation=WAYS[office.way], status=None, seconds=seconds
    )
    one = intent(body())
    outcome = await office.write(one)
    assert outcome.result == ("accepted" if fault == "slow" else "in_doubt")
    assert len(office.staged) == (fault in STAGED or fault == "slow")
    one.attempted_at = office.sandbox.clock.now()
    again = await office.write(one)
    assert (again.result, len(office.staged)) == ("accepted", 1)
    office.build()
    done = await office.confirm(one, again.receipt)
    assert (done.result, len(office.vouchers())) == ("loaded", 1)


async def test_a_late_commit_is_recognised_by_our_number(office: Office) -> None:
    office.sandbox.faults.add(
        system="peoplesoft", kind="late_commit", operation=WAYS[office.way], seconds=600
    )
    one = intent(body())
    assert (await office.write(one)).result == "in_doubt"
    second = await office.write(one)  # as after a settle time that was too short
    office.sandbox.clock.advance(601)
    await office.sandbox.settled()
    assert [row["VOUCHER_ID"] for row in office.staged] == [second.receipt["voucher_id"]] * 2  # type: ignore[index]
    office.build()
    done = await office.confirm(one, second.receipt)
    assert (done.result, len(office.vouchers())) == ("loaded", 1)  # the other one cannot be built


@pytest.mark.parametrize(
    ("switch", "failure"),
    [
        ({"inactive": ["VOUCHER_BUILD", "VOUCHER_BUILD_POST"]}, NotActivated),
        ({"denied": ["VOUCHER_BUILD", "VOUCHER_BUILD_POST"]}, NotActivated),
        ({"node_password": "another", "voucher_build_rest": False}, ConfigurationError),
    ],
)
async def test_what_an_administrator_must_do(
    office: Office, switch: Payload, failure: type[ConnectorError]
) -> None:
    office.switch(**switch)
    with pytest.raises(failure):
        await office.write(intent(body()))
    assert office.staged == []
