"""Orders on their way to trading partners: sent once, changed, cancelled, answered, or waiting."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.flows.cleo import AN_HOUR, SUPPLIERS, CleoWorld

LOADED, ACCEPTED, WAITING, REJECTED = "loaded", "accepted", "waiting", "rejected"


async def second_run_is_silent(cleo: CleoWorld) -> None:
    before = cleo.writes()
    await cleo.out()
    await cleo.back()
    assert cleo.writes() == before


async def test_an_order_lives_its_life(cleo: CleoWorld) -> None:
    cleo.behave("ACME", response="accept")
    order = cleo.order()
    await cleo.out()
    assert cleo.row(order).status == ACCEPTED
    cleo.settle()
    await cleo.back()
    await cleo.out()
    row = cleo.row(order)
    assert (row.status, row.target_id) == (LOADED, f"acme:{order}")
    (sent,) = cleo.sets("850")
    assert (sent.status, sent.response) == ("acknowledged", "accepted")
    cleo.settle()
    await second_run_is_silent(cleo)

    cleo.edit(order, "change", line=1, quantity=12)
    await cleo.exchange()
    (change,) = cleo.accepted("860", order)
    assert change.summary["purpose"] == "04"
    held = cleo.held_by("acme", order)
    assert (held.lines["1"].quantity, held.lines["2"].quantity) == (Decimal(12), Decimal(10))
    await second_run_is_silent(cleo)

    cleo.edit(order, "cancel")
    await cleo.exchange()
    assert [row.summary["purpose"] for row in cleo.received("860", order)] == ["04", "01"]
    assert cleo.held_by("acme", order).cancelled
    assert cleo.row(order).status == LOADED
    await second_run_is_silent(cleo)
    assert len(cleo.received("850")) == 1
    assert cleo.alerts() == []
    assert {row.acknowledged[0] for row in cleo.sent("855")} == {"A"}


async def test_a_plan_says_what_the_run_does(cleo: CleoWorld) -> None:
    first, second = cleo.order(), cleo.order("globex", 2)
    cleo.order("acme", 3, uom="QQQ")
    await cleo.out("partners")
    before = cleo.writes()
    planned = (await cleo.runner.plan("plan-1", "purchase_orders"))["purchase_orders"]
    assert cleo.writes() == before
    ran = (await cleo.out("purchase_orders"))["purchase_orders"]
    assert planned["create"] == ran["load"]["accepted"] + ran["load"][REJECTED] == 3
    cleo.settle()
    assert {row.key for row in cleo.received("850")} == {first, second}


async def test_a_partner_that_acknowledges_nothing_has_its_order_at_once(cleo: CleoWorld) -> None:
    order = cleo.order("initech")
    await cleo.out()
    assert cleo.row(order).status == LOADED
    assert [row.status for row in cleo.sets("850")] == ["not_expected"]
    cleo.settle()
    cleo.sandbox.clock.advance(100 * AN_HOUR)
    await cleo.back()
    assert cleo.alerts() == []
    cleo.check()


@pytest.mark.parametrize("wanted", [False, True])
async def test_orders_that_peoplesoft_dispatches_itself_are_left_out(cleo: CleoWorld, wanted: bool) -> None:
    cleo.options(purchase_orders={"include_edx": wanted})
    order, other = cleo.order(DISP_METHOD="EDX"), cleo.order(number=2)
    await cleo.exchange()
    assert [row.key for row in cleo.received("850")] == ([order, other] if wanted else [other])
    assert cleo.row(order).status == (LOADED if wanted else "excluded")


@pytest.mark.parametrize("status", ["O", "A", "PA", "X", "C"])
async def test_what_is_not_dispatched_does_not_go(cleo: CleoWorld, status: str) -> None:
    order = cleo.order(PO_STATUS=status)
    await cleo.exchange()
    assert cleo.received("850") == []
    cleo.set_order(order, PO_STATUS="D")
    await cleo.exchange()
    assert len(cleo.accepted("850", order)) == 1


# ---- orders that wait


async def test_the_orders_of_an_inactive_supplier_wait(cleo: CleoWorld) -> None:
    cleo.set_supplier("acme", VENDOR_STATUS="I")
    order = cleo.order()
    other = cleo.order("globex", 2)
    await cleo.exchange(tolerant=True)
    assert "surplus" in str(cleo.runner.errors.pop("cleo.partners.reconcile")), (
        "the connection is still enabled"
    )
    row = cleo.row(order)
    assert (row.status, row.waits_for, row.waits_key) == (WAITING, SUPPLIERS, "SHARE|0000000002")
    assert "SHARE|0000000002" in row.reason
    assert cleo.row(other).status == LOADED
    cleo.set_supplier("acme", VENDOR_STATUS="A")
    await cleo.exchange()
    assert cleo.row(order).status == LOADED
    cleo.check()


@pytest.mark.parametrize("wrong", ["disabled", "missing"])
async def test_orders_wait_for_the_connection_of_their_partner(cleo: CleoWorld, wrong: str) -> None:
    connection = cleo.connection("ACME")
    rows = cleo.cleo_state.resources.rows["connections"]
    if wrong == "missing":
        del rows[connection["id"]]
    else:
        connection["enabled"] = False
    order = cleo.order()
    for _ in range(2):
        await cleo.out(tolerant=True)
        cleo.settle()
        cleo.sandbox.clock.advance(AN_HOUR)
    supplier = cleo.row("SHARE|0000000002", SUPPLIERS)
    assert supplier.status == ACCEPTED
    assert "ACME" in supplier.reason
    assert wrong in supplier.reason or "no connection" in supplier.reason
    assert cleo.row(order).status == WAITING
    assert len([alert for alert in cleo.alerts() if "ACME" in alert]) == 1
    rows[connection["id"]] = connection
    connection["enabled"] = True
    cleo.runner.errors.clear()
    await cleo.exchange()
    cleo.sandbox.clock.advance(AN_HOUR)
    await cleo.exchange()
    assert cleo.row(order).status == LOADED
    cleo.check()


# ---- orders that cannot go


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"uom": "QQQ"}, "QQQ"),
        ({"PYMNT_TERMS_CD": "N99"}, "N99"),
    ],
)
async def test_what_has_no_word_in_x12_is_rejected_and_its_neighbours_go(
    cleo: CleoWorld, wrong: Any, told: str
) -> None:
    bad = cleo.order(**wrong)
    good = [cleo.order(number=2), cleo.order("northwind", 3), cleo.order("globex", 4, unit="US002")]
    await cleo.exchange()
    row = cleo.row(bad)
    assert row.status == REJECTED
    assert told in row.reason
    assert sorted(row.key for row in cleo.received("850")) == sorted(good)
    numbers = [row.number for row in cleo.interchanges("out") if "acme" in row.file_name and row.number]
    assert numbers[0] == 1, "a document that was refused takes no number"


async def test_a_rejected_order_goes_once_it_is_corrected(cleo: CleoWorld) -> None:
    order = cleo.order(uom="QQQ")
    await cleo.exchange()
    assert cleo.row(order).status == REJECTED
    cleo.order(uom="CS")
    await cleo.exchange()
    assert cleo.row(order).status == LOADED
    assert cleo.held_by("acme", order).lines["1"].unit == "CA"
    cleo.check()


# ---- what partners acknowledge

SAID: dict[str, tuple[str, str, int]] = {
    "accept": ("acknowledged", LOADED, 0),
    "accept twice": ("acknowledged", LOADED, 0),
    "accept again": ("acknowledged", LOADED, 0),
    "errors": ("acknowledged_with_errors", LOADED, 1),
    "reject": ("rejected", REJECTED, 1),
    "reject twice": ("rejected", REJECTED, 1),
    "group_reject": ("rejected", REJECTED, 1),
    "without_ak2": ("acknowledged", LOADED, 0),
    "reject without_ak2": ("rejected", REJECTED, 1),
    "partial": ("rejected", REJECTED, 1),
    "unknown_group": ("sent", ACCEPTED, 1),
    "never": ("sent", ACCEPTED, 0),
    "report": ("acknowledged", LOADED, 0),
    "report_reject": ("rejected", REJECTED, 1),
    "contradicting": ("rejected", REJECTED, 1),
}


@pytest.mark.parametrize("manner", SAID)
async def test_what_the_partner_says_is_the_orders_state(cleo: CleoWorld, manner: str) -> None:
    state, status, alerts = SAID[manner]
    cleo.behave("ACME", acknowledgment=manner)
    order = cleo.order()
    await cleo.exchange()
    await cleo.back()
    (sent,) = cleo.sets("850")
    row = cleo.row(order)
    assert (sent.status, row.status) == (state, status), row.reason
    told = cleo.alerts()
    if manner != "report_reject":
        assert len([alert for alert in told if "acme" in alert]) == alerts, told
    if status == REJECTED:
        assert len(row.reason) > 20
    assert len(cleo.received("850", order) + cleo.received("", None)) == 1, "it is not sent again by itself"


async def test_a_rejection_names_the_place(cleo: CleoWorld) -> None:
    cleo.behave("ACME", acknowledgment="reject")
    order = cleo.order()
    await cleo.exchange()
    row = cleo.row(order)
    assert "N1" in row.reason
    assert cleo.sets("850")[0].reason in row.reason


async def test_a_rejection_behind_an_acceptance_is_told_and_counts(cleo: CleoWorld) -> None:
    order = cleo.order()
    await cleo.exchange()
    assert cleo.row(order).status == LOADED
    cleo.cleo("send", partner="ACME", kind="997", key=order, **{"as": "reject"})
    await cleo.back()
    (alert,) = cleo.alerts()
    assert order in alert
    await cleo.out(tolerant=True)
    assert cleo.row(order).status == "drifted"
    assert cleo.sets("850")[0].status == "rejected"
    assert len(cleo.received("850")) == 1


async def test_an_overdue_acknowledgment_is_told_once_and_counts_when_it_comes(cleo: CleoWorld) -> None:
    cleo.behave("ACME", acknowledgment="accept late")
    order = cleo.order()
    await cleo.out()
    cleo.settle(60)
    await cleo.back()
    assert cleo.alerts() == []
    cleo.sandbox.clock.advance(25 * 3600)
    for _ in range(3):
        await cleo.out()
        await cleo.back()
    (alert,) = cleo.alerts()
    assert order.replace("-", "|") in alert
    assert "overdue" in alert
    assert cleo.row(order).status == ACCEPTED
    assert len(cleo.received("850")) == 1
    cleo.settle()
    await cleo.back()
    await cleo.out()
    assert (cleo.row(order).status, cleo.sets("850")[0].status) == (LOADED, "acknowledged")
    assert cleo.alerts() == []


async def test_an_order_rejected_by_its_partner_goes_under_new_numbers_once_it_is_corrected(
    cleo: CleoWorld,
) -> None:
    cleo.behave("ACME", acknowledgment="reject")
    order = cleo.order()
    await cleo.exchange()
    assert cleo.row(order).status == REJECTED
    cleo.behave("ACME", acknowledgment="accept")
    await cleo.exchange()
    assert len(cleo.received("850")) == 1, "as it is, it would be rejected again"
    cleo.edit(order, "change", line=1, quantity=12)
    await cleo.exchange()
    assert cleo.row(order).status == LOADED
    first, second = cleo.received("850", order)
    assert (first.status, second.status) == (REJECTED, "accepted")
    assert (int(second.interchange), int(second.group)) == (int(first.interchange) + 1, int(first.group) + 1)
    assert second.summary["purpose"] == "00"
    cleo.check()


@pytest.mark.parametrize(("manner", "response"), [("reject", "rejected"), ("change", "changed")])
async def test_the_suppliers_answer_is_kept_and_told(cleo: CleoWorld, manner: str, response: str) -> None:
    cleo.behave("ACME", response=manner)
    order = cleo.order()
    await cleo.exchange()
    (sent,) = cleo.sets("850")
    assert (sent.status, sent.response) == ("acknowledged", response)
    (alert,) = cleo.alerts()
    assert order in alert
    assert cleo.row(order).status == LOADED
    await cleo.exchange()
    assert cleo.alerts() == []


# ---- files that nobody takes


async def test_a_file_that_nobody_takes_is_told_once(cleo: CleoWorld) -> None:
    cleo.cleo_state.switches.change({"pickup": "stopped"})
    order = cleo.order()
    await cleo.out()
    cleo.sandbox.clock.advance(20 * 60)
    for _ in range(2):
        await cleo.back()
    told = [alert for alert in cleo.alerts() if "upload/850" in alert]
    assert len(told) == 1
    assert cleo.sets("850")[0].reference in told[0].replace("_0", "-0")
    cleo.cleo_state.switches.change({"pickup": "running"})
    await cleo.exchange()
    assert cleo.row(order).status == LOADED
    assert cleo.alerts() == []
    cleo.check()
