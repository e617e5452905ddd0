"""From an invoice through match and mapping to a voucher in PeopleSoft, in both ways."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from airflow.sdk import Connection
from pydantic import BaseModel

from ml_connector.core.contract import Intent, Outcome, Payload
from ml_connector.core.mapping import Mapped
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.flows import chosen_vouchers
from ml_connector.peoplesoft.hook import PeopleSoftHook
from ml_connector.peoplesoft.matching.match import match
from ml_connector.peoplesoft.matching.order import read_order
from ml_connector.peoplesoft.writers.options import VoucherOptions
from sandbox import credentials
from sandbox.control import peoplesoft as control
from sandbox.data import Size, order_cases
from sandbox.peoplesoft.build.process import run_voucher_build
from sandbox.server import Sandbox
from tests.core.mapping.test_cleo_vouchers import HEADER, vouchers
from tests.peoplesoft.writers.support import Steps, intent

from .support import D, before, invoice, invoice_line, options
from .test_matcher import TENANT

KEYS = order_cases.keys()


class Options(BaseModel):
    vouchers: VoucherOptions


class Other(BaseModel):
    """Options of another integration."""


@pytest.fixture
async def sandbox(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    async with Sandbox(Size(vouchers=1, suppliers=8)) as running:

        def get(conn_id: str) -> Connection:
            extra = {"node": credentials.NODE, "requesting_node": credentials.REQUESTING_NODE}
            return Connection(
                conn_id=conn_id, conn_type="peoplesoft", host=running.peoplesoft_url,
                login=credentials.OPRID, password=credentials.OPRID_PASSWORD, extra=json.dumps(extra),
            )  # fmt: skip

        monkeypatch.setattr(PeopleSoftHook, "get_connection", staticmethod(get))
        yield running


def body(sandbox: Sandbox, name: str, *lines: Payload, **changed: Any) -> Payload:
    """The voucher of an invoice about a planted order."""
    unit, _, po_id = KEYS[name].partition("|")
    held = sandbox.peoplesoft.orders.get((unit, po_id))
    assert held is not None
    given = invoice(*lines, **{"vendors": [f"SHARE|{held['VENDOR_ID']}"]} | changed)
    found = match(given, read_order(held, "SHARE", ["X"]), options())
    assert found["result"] == "matched", found["reason"]
    payload = {
        **given,
        "id": given["key"],
        "match": "matched",
        "control": "201/91/0001",
        "duplicate_of": None,
    }
    payload |= {name: found.get(name) for name in HEADER} | {"lines": found["lines"]}
    result = vouchers().apply(payload, {})
    assert isinstance(result, Mapped), result
    made: Payload = result.desired.body
    return made


async def write(store: Store, way: str, one: Intent) -> Outcome:
    chosen = Options(vouchers=VoucherOptions.model_validate({"way": way}))
    async with chosen_vouchers("cleo.supplier_invoices")(TENANT, store, chosen) as target:
        (outcome,) = await target.write([one], Steps())
    return outcome


def held_by(sandbox: Sandbox) -> Payload:
    (row,) = sandbox.peoplesoft.vouchers["US001"].of_invoice("INV-1")
    return row


@pytest.mark.parametrize("way", ["interface", "voucher_build"])
async def test_a_voucher_names_order_line_and_schedule(sandbox: Sandbox, store: Store, way: str) -> None:
    rows = [invoice_line("1", "15"), invoice_line("2", "4", "8.40")]
    control.receive_order(
        sandbox.peoplesoft, {"key": KEYS["two_schedules"].split("|"), "line": 1, "schedule": 2}
    )
    made = body(sandbox, "two_schedules", *rows, freight=D("4.00"), tax=D("1.10"))
    outcome = await write(store, way, intent(made))
    assert outcome.result == ("loaded" if way == "interface" else "accepted")
    run_voucher_build(sandbox.peoplesoft)
    row = held_by(sandbox)
    assert (row["ENTRY_STATUS"], row["ORIGIN"], row["VOUCHER_STYLE"], row["MATCH_STATUS_VCHR"]) == (
        "P", "EDI", "REG", "T",
    )  # fmt: skip
    assert (row["GROSS_AMT"], row["FREIGHT_AMT"], row["SALETX_AMT"]) == (D("57.45"), D("4.00"), D("1.10"))
    named = [
        (line["BUSINESS_UNIT_PO"], line["PO_ID"], line["LINE_NBR"], line["SCHED_NBR"])
        for line in row["lines"]
    ]
    order_id = order_cases.ORDER_IDS["two_schedules"]
    assert named == [("US001", order_id, 1, 1), ("US001", order_id, 1, 2), ("US001", order_id, 2, 1)]
    assert [line["QTY_VCHR"] for line in row["lines"]] == [D(10), D(5), D(4)]


@pytest.mark.parametrize("way", ["interface", "voucher_build"])
async def test_a_credit_is_an_adjustment_with_negative_amounts(
    sandbox: Sandbox, store: Store, way: str
) -> None:
    order_key = KEYS["acme_us001"]
    earlier = [row | {"order_line": f"{order_key}|1"} for row in before("9")]
    made = body(sandbox, "acme_us001", invoice_line(quantity="-2"), kind="credit", invoiced_before=earlier)
    await write(store, way, intent(made))
    run_voucher_build(sandbox.peoplesoft)
    row = held_by(sandbox)
    assert (row["VOUCHER_STYLE"], row["GROSS_AMT"], row["lines"][0]["QTY_VCHR"]) == ("ADJ", D("-2.50"), D(-2))


@pytest.mark.parametrize(("name", "value"), [("PO_ID", "0000999999"), ("LINE_NBR", 9), ("SCHED_NBR", 9)])
async def test_peoplesoft_refuses_an_order_that_it_does_not_have(
    sandbox: Sandbox, store: Store, name: str, value: Any
) -> None:
    made = body(sandbox, "acme_us001", invoice_line())
    made["VOUCHER_LINE"][0][name] = value
    outcome = await write(store, "interface", intent(made))
    assert (outcome.result, "Purchase order US001" in str(outcome.reason)) == ("rejected", True)
    await write(store, "voucher_build", intent(made))
    assert run_voucher_build(sandbox.peoplesoft)["vouchers"] == []
    (staged,) = sandbox.peoplesoft.staging.rows
    assert "Purchase order US001" in staged["ERROR_TEXT"]


async def test_what_was_written_is_found_equal(sandbox: Sandbox, store: Store) -> None:
    one = intent(body(sandbox, "acme_us001", invoice_line(), freight=D("3.00")))
    first = await write(store, "interface", one)
    chosen = Options(vouchers=VoucherOptions())
    async with chosen_vouchers("cleo.supplier_invoices")(TENANT, store, chosen) as target:
        (found,) = await target.find([one])
        (record,) = (await target.read_back([str(first.target_id)])).records
    assert (found.verdict, found.target_id) == ("equal", first.target_id)
    assert (record.state, record.body["FREIGHT_AMT"]) == ("active", D("3.00"))


def test_other_options_are_a_mistake_of_ours(store: Store) -> None:
    with pytest.raises(TypeError, match="vouchers"):
        chosen_vouchers("cleo.supplier_invoices")(TENANT, store, Other())
