"""Settlements over SOAP and queries, opened as a task opens them, against the simulated PeopleSoft."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from ml_connector.core.config import TenantConfig
from ml_connector.core.contract import Desired, Found, Intent, Operation, Outcome, Payload, Verdict
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.settlement.flows import settlements
from ml_connector.peoplesoft.settlement.options import SettlementOptions
from sandbox import credentials
from sandbox.control import peoplesoft as control
from sandbox.data import Size
from sandbox.server import Sandbox

from .support import CHOICES, body

TENANT: dict[str, Any] = {
    "tenant": "acme", "environment": "test", "time_zone": "America/New_York", "start": "2026-01-01",
    "connections": {"peoplesoft": "acme__peoplesoft"}, "business_units": ["US001", "US002"],
    "setids": ["SHARE"],
}  # fmt: skip


class Options(BaseModel):
    settlement: SettlementOptions


class Nobody(BaseModel):
    """Options without a settlement."""


class Steps:
    async def step(self, intent: Intent, name: str, value: Any) -> None:
        intent.steps[name] = value

    async def steps(self, done: Sequence[tuple[Intent, Any]], name: str) -> None:
        for intent, value in done:
            await self.step(intent, name, value)


class Site:
    """One tenant of the sandbox's PeopleSoft."""

    def __init__(self, sandbox: Sandbox, store: Store) -> None:
        self.sandbox, self.store = sandbox, store
        self.choices = dict(CHOICES)
        self.tenant = dict(TENANT)

    @property
    def state(self) -> Any:
        return self.sandbox.peoplesoft

    def open(self) -> Any:
        tenant = TenantConfig.model_validate(self.tenant)
        return settlements(
            tenant, self.store, Options(settlement=SettlementOptions.model_validate(self.choices))
        )

    async def write(self, payment: Payload, *, absent: bool = False, **more: Any) -> Outcome:
        async with self.open() as target:
            outcomes: list[Outcome] = await target.write([intent(payment, absent=absent, **more)], Steps())
        return outcomes[0]

    async def settled(self, payment: Payload) -> Verdict:
        async with self.open() as target:
            found: list[Found] = await target.find([intent(payment)])
        return found[0].verdict

    def ours(self) -> list[Payload]:
        return [record for record in self.state.journals if record["SOURCE"] == "BIL"]

    def voucher(self) -> str:
        """An approved voucher that waits for its one payment."""
        unit = "US001"
        for number in range(1, 200):
            row = self.state.voucher(unit, f"{number:08d}")
            one = row is not None and row["GROSS_AMT"] > 0 and len(row["payments"]) == 1
            if one and control._payable(row, row["payments"][0]):
                return f"{unit}|{number:08d}"
        raise AssertionError("the sandbox has no voucher to pay")

    def scheduled(self, key: str) -> Payload:
        (row,) = self.state.voucher(*key.split("|"))["payments"]
        return dict(row)

    def pay_cycle(self, key: str) -> list[Any]:
        """What PeopleSoft itself would pay."""
        return control.pay_cycle(self.state, {"keys": [key.split("|")]})


def intent(payment: Payload, *, absent: bool = False, **more: Any) -> Intent:
    desired = Desired("reversed" if absent else "settled", {} if absent else payment, absent)
    operation = Operation.REMOVE if absent else Operation.CREATE
    values = {"previous": Desired("settled", payment) if absent else None, **more}
    return Intent(1, payment["reference"], "bill", operation, desired, "attempt", **values)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(Size(vouchers=40, suppliers=5), scenario="plain") as running:
        yield running


@pytest.fixture
def site(sandbox: Sandbox, store: Store, monkeypatch: pytest.MonkeyPatch) -> Site:
    connection = {
        "conn_type": "peoplesoft", "host": sandbox.peoplesoft_url, "login": credentials.OPRID,
        "password": credentials.OPRID_PASSWORD, "extra": {"node": credentials.NODE},
    }  # fmt: skip
    monkeypatch.setenv("AIRFLOW_CONN_ACME__PEOPLESOFT", json.dumps(connection))
    store.now = sandbox.clock.now
    return Site(sandbox, store)


def whole(site: Site, key: str) -> Payload:
    return body("stp01", (key, str(site.state.voucher(*key.split("|"))["GROSS_AMT"])))


async def test_a_payment_becomes_journals_in_the_books(site: Site) -> None:
    payment = body(
        "stp01", ("US001|00000001", "100.00"), ("US002|00000001", "28.99"), funding_account="bac02"
    )
    outcome = await site.write(payment)
    assert (outcome.result, outcome.alert) == ("loaded", None)
    assert {record["BUSINESS_UNIT"]: record["DESCR"] for record in site.ours()} == {
        "US001": "BILL stp01", "US002": "BILL stp01",
    }  # fmt: skip
    accounts = {
        (record["BUSINESS_UNIT"], line["ACCOUNT"]): line["MONETARY_AMOUNT"]
        for record in site.ours()
        for line in record["lines"]
    }
    assert accounts == {
        ("US001", "200000"): Decimal("100.00"), ("US001", "100000"): Decimal("-100.00"),
        ("US002", "200000"): Decimal("28.99"), ("US002", "110000"): Decimal("-28.99"),
    }  # fmt: skip
    assert await site.settled(payment) is Verdict.EQUAL
    async with site.open() as target:
        (record,) = (await target.read_back([outcome.target_id])).records
        page = await target.read_back()
    assert record.body == {name: payment[name] for name in ("reference", "currency", "parts")}
    assert (record.state, record.amount) == ("settled", Decimal("128.99"))
    found = list(page.records)
    while page.cursor is not None:
        async with site.open() as target:
            page = await target.read_back(None, page.cursor)
        found += page.records
    assert {record.target_id for record in found} == {outcome.target_id}


async def test_closed_months_are_passed_over(site: Site) -> None:
    site.state.periods.set("US001", [["2026-12-01", "2026-12-31"]])
    await site.write(body())
    assert site.ours()[0]["JOURNAL_DATE"] == "2026-12-01"
    site.state.periods.set("US001", [["2026-10-01", "2026-10-31"]])
    assert (await site.write(body("stp02"))).result == "held"
    site.choices |= {"open_from": "2026-10-05", "open_through": "2026-10-20"}
    outcome = await site.write(body("stp03", date="2026-10-03"))
    assert (outcome.result, site.ours()[-1]["JOURNAL_DATE"]) == ("loaded", "2026-10-05")


@pytest.mark.parametrize("way", ["external", "hold"])
@pytest.mark.parametrize("staged", [False, True])
async def test_peoplesoft_does_not_pay_what_bill_paid(
    site: Site, way: str, staged: bool, tmp_path: Path
) -> None:
    site.choices["close_voucher"] = way
    if staged:
        site.choices |= {"way": "staged", "csv_path": f"file://{tmp_path}"}
    key = site.voucher()
    before, payment = site.scheduled(key), whole(site, key)
    assert (await site.write(payment)).alert is None
    assert site.pay_cycle(key) == []
    assert await site.settled(payment) is Verdict.EQUAL
    closed = site.scheduled(key)
    assert (closed["PYMNT_SELCT_STATUS"] == "E", closed["PYMNT_HOLD"] == "Y") == (
        way == "external",
        way == "hold",
    )
    outcome = await site.write(payment, absent=True)
    assert outcome.result == "loaded"
    assert site.scheduled(key) == before
    assert len(site.pay_cycle(key)) == 1


async def test_a_pay_cycle_that_was_faster_is_an_alert(site: Site) -> None:
    site.choices["close_voucher"] = "external"
    key = site.voucher()
    payment = whole(site, key)
    assert len(site.pay_cycle(key)) == 1
    outcome = await site.write(payment)
    assert "would be paid twice" in (outcome.alert or "")
    assert site.scheduled(key)["PYMNT_SELCT_STATUS"] == "P"


async def test_peoplesofts_own_words_reach_the_person(site: Site) -> None:
    site.choices["accounts"] = {"payables": {"*": "999998"}, "cash": {"*": {"*": "100000"}}}
    outcome = await site.write(body())
    assert outcome.result == "rejected"
    assert "Account 999998 is not valid for business unit US001" in (outcome.reason or "")


async def test_a_renamed_interface_is_used(site: Site) -> None:
    names = {"name": "ML_JRNL", "properties": {"JRNL_LN": "COLL_JRNL_LN", "DESCR": "PROP_DESCR"}}
    site.state.switches.change({"interfaces": {"JOURNAL_ENTRY": names}})
    site.tenant["component_interfaces"] = {"journal": names}
    assert (await site.write(body())).result == "loaded"
    assert site.ours()[0]["DESCR"] == "BILL stp01"


async def test_files_need_no_component_interface(site: Site, tmp_path: Path) -> None:
    site.choices |= {"way": "staged", "csv_path": str(tmp_path / "files")}
    assert (await site.write(body())).target_id == "staged|stp01"
    assert len(list((tmp_path / "files").glob("acme-*.csv"))) == 1
    assert not [name for name in site.sandbox.calls.per_operation if "SOAP" in name or "WSDL" in name]


async def test_a_way_must_be_chosen(site: Site) -> None:
    site.choices.pop("way")
    with pytest.raises(ConfigurationError, match=r"settlement\.way.*journal or staged"):
        await site.write(body())


def test_options_without_a_settlement_are_a_mistake_of_ours(site: Site) -> None:
    with pytest.raises(TypeError, match="Nobody"):
        settlements(TenantConfig.model_validate(site.tenant), site.store, Nobody())
