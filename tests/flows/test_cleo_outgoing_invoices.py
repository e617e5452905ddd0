"""Invoices on their way out: vouchers copied to suppliers, or bills to customers; never a supplier's own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.control import peoplesoft
from sandbox.data.order_cases import PARTNERS as VENDORS
from tests.flows.cleo import AN_HOUR, CleoWorld, Row

FLOW = "cleo.invoices"
OUT = ("partners", "invoices")
GLOBEX = {"customers": [f"SHARE|{number:010d}" for number in range(1001, 1006)]}


def voucher(cleo: CleoWorld, partner: str, number: str, **values: Any) -> Row:
    """An approved voucher of a partner, like a generated one."""
    state = cleo.sandbox.peoplesoft
    approved = {
        "VENDOR_ID": VENDORS[partner], "INVOICE_ID": number, "ENTRY_STATUS": "P", "APPR_STATUS": "A",
        "CLOSE_STATUS": "O", "ORIGIN": "ONL", "PYMNT_TERMS_CD": "N30",
    }  # fmt: skip
    key = ["US001", f"{90000000 + len(state.vouchers['US001']._ids):08d}"]
    body = {"record": "voucher", "key": key, "like": ["US001", "00000001"], "values": approved | values}
    return peoplesoft.upsert(state, body)


def state_of(cleo: CleoWorld, made: Row) -> Any:
    return cleo.rows(FLOW)[f"{made['BUSINESS_UNIT']}|{made['VOUCHER_ID']}"]


@pytest.fixture
def copying(cleo: CleoWorld) -> CleoWorld:
    """Mode voucher_copy."""
    cleo.options(invoices={"mode": "voucher_copy"})
    return cleo


async def test_without_a_mode_there_is_no_such_flow(cleo: CleoWorld) -> None:
    voucher(cleo, "globex", "V-1")
    assert [flow.group for flow in cleo.runner.flows(events=False)] == [
        "partners", "cost_objects", "purchase_orders",
    ]  # fmt: skip


async def test_an_approved_voucher_goes_to_its_partner_once(copying: CleoWorld) -> None:
    cleo = copying
    made = voucher(cleo, "globex", "V-1")
    voucher(cleo, "globex", "V-2", APPR_STATUS="P")
    voucher(cleo, "acme", "V-3")
    await cleo.out(*OUT)
    cleo.settle()
    await cleo.back()
    await cleo.out(*OUT)
    (received,) = cleo.accepted("810", "V-1")
    assert (received.partner, received.version) == ("GLOBEX", "005010")
    assert Decimal(received.summary["total"]) == made["GROSS_AMT"]
    assert state_of(cleo, made).status == "loaded"
    assert cleo.received("810", "V-2") == cleo.received("810", "V-3") == []
    before = cleo.writes()
    await cleo.out(*OUT)
    assert cleo.writes() == before


async def test_a_partner_may_take_json(copying: CleoWorld) -> None:
    cleo = copying
    made = voucher(cleo, "initech", "V-1")
    await cleo.out("partners")
    cleo.fault("lost", "POST provider")
    await cleo.out("invoices", tolerant=True)
    cleo.sandbox.clock.advance(AN_HOUR)
    await cleo.out(*OUT)
    posted = [row.payload for row in cleo.cleo_state.provider.posted]
    by_id = {row["id"]: row for row in posted}
    assert len(posted) == len(by_id) + 1, "what was lost goes again"
    assert all(row == by_id[row["id"]] for row in posted), "as it was, under the same id"
    (mine,) = [row for row in by_id.values() if row["number"] == "V-1"]
    assert (mine["kind"], mine["test"], mine["vendor"]) == ("invoice", True, VENDORS["initech"])
    assert Decimal(str(mine["total"])) == made["GROSS_AMT"]
    assert state_of(cleo, made).status == "loaded"
    assert cleo.received("810", "V-1") == []


async def test_an_invoice_that_a_partner_has_is_not_changed_by_another(copying: CleoWorld) -> None:
    cleo = copying
    made = voucher(cleo, "globex", "V-1")
    await cleo.out(*OUT)
    cleo.settle()
    await cleo.back()
    await cleo.out(*OUT)
    cleo.sandbox.peoplesoft.change_voucher("US001", made["VOUCHER_ID"], {"PYMNT_TERMS_CD": "N45"})
    await cleo.out(*OUT)
    cleo.settle()
    row = state_of(cleo, made)
    assert row.status == "held"
    assert "changed it since" in row.reason
    assert len(cleo.received("810", "V-1")) == 1


@pytest.mark.parametrize("origin", ["EDI", "ONL"])
async def test_a_supplier_never_gets_its_own_invoice_back(copying: CleoWorld, origin: str) -> None:
    cleo = copying
    cleo.profile("acme", documents={"invoice": {"as": "x12"}})
    order = cleo.order()
    await cleo.out()
    cleo.settle()
    sent = cleo.bill(order)
    await cleo.back()
    cleo.settle()
    (made,) = cleo.vouchers(sent.invoice)
    cleo.sandbox.peoplesoft.change_voucher("US001", made["VOUCHER_ID"], {"ORIGIN": origin})
    other = voucher(cleo, "acme", "V-1")
    await cleo.out(*OUT)
    cleo.settle()
    got = {row.key for row in cleo.received("810") if row.partner == "ACME"}
    assert "V-1" in got
    assert sent.invoice not in got
    row = state_of(cleo, made)
    assert row.status == ("excluded" if origin == "EDI" else "rejected")
    if origin == "ONL":
        assert sent.invoice in row.reason
        assert "acme" in row.reason
    assert state_of(cleo, other).status == "accepted"


async def test_invoices_of_billing_go_to_customers(cleo: CleoWorld) -> None:
    cleo.options(invoices={"mode": "billing"})
    cleo.profile("globex", **GLOBEX)
    voucher(cleo, "globex", "V-1")
    finished = {
        row["INVOICE"]: row["INVOICE_AMOUNT"]
        for row in cleo.sandbox.peoplesoft.customer_invoices
        if row["BILL_STATUS"] == "INV"
    }
    await cleo.out(*OUT)
    cleo.settle()
    await cleo.back()
    await cleo.out(*OUT)
    got = {row.key: Decimal(row.summary["total"]) for row in cleo.received("810") if row.status == "accepted"}
    assert got == finished
    assert {row.status for row in cleo.rows(FLOW).values()} == {"loaded", "excluded"}
    before = cleo.writes()
    await cleo.out(*OUT)
    assert cleo.writes() == before
