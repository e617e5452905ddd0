"""Vouchers are closed to PeopleSoft's pay cycle when BILL has paid them in full, and opened again."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ml_connector.core.ledger.settlements import CLOSED, CLOSING, REOPENED
from ml_connector.peoplesoft.settlement.vouchers import Scheduled

from .support import World, body, lost, never, options, refused

V = "US001|00000001"
OPEN, EXTERNAL = [("S", "N")], [("R", "E")]
FREE, HELD = [(False, "")], [(True, "OTH")]


@pytest.fixture(params=["external", "hold"])
def closing(request: pytest.FixtureRequest, world: World) -> World:
    world.choices = options(close_voucher=request.param)
    world.ap.add(V, "228.99")
    return world


def is_closed(world: World, key: str = V) -> bool:
    if world.choices.close_voucher == "external":
        assert world.ap.status(key) in (OPEN, EXTERNAL)
        return world.ap.status(key) == EXTERNAL
    assert world.ap.holds(key) in (FREE, HELD)
    return world.ap.holds(key) == HELD


def kinds(world: World, key: str = V) -> list[str]:
    return [row.kind for row in world.rows.of_references([key]).get(key, [])]


def part(reference: str, amount: str) -> dict[str, object]:
    return body(reference, (V, amount))


async def test_nothing_is_closed_unless_the_tenant_says_how(world: World) -> None:
    world.ap.add(V, "228.99")
    await world.put(body())
    assert (world.ap.calls, kinds(world)) == ([], [])


async def test_a_voucher_paid_in_full_is_closed_and_opened_again(closing: World) -> None:
    world = closing
    await world.put(body())
    assert is_closed(world)
    assert kinds(world) == [CLOSED]
    assert await world.reconcile() == {}
    await world.put(body(), absent=True)
    assert not is_closed(world)
    assert kinds(world) == [CLOSED, REOPENED]
    await world.put(body())
    assert is_closed(world)
    assert kinds(world) == [CLOSED, REOPENED, CLOSED]
    assert len(world.ap.calls) == 3
    assert await world.reconcile() == {}


async def test_parts_add_up_and_only_the_last_one_closes(closing: World) -> None:
    world = closing
    await world.put(part("stp01", "100.00"))
    assert not is_closed(world)
    await world.put(part("stp02", "100.00"))
    assert (is_closed(world), world.ap.calls) == (False, [])
    await world.put(part("stp03", "28.99"))
    assert is_closed(world)
    await world.put(part("stp01", "100.00"), absent=True)
    assert not is_closed(world)
    assert world.rows.settled([V]) == {V: {"USD": Decimal("128.99")}}
    await world.put(part("stp02", "100.00"), absent=True)
    assert len(world.ap.calls) == 2
    await world.put(part("stp04", "200.00"))
    assert is_closed(world)


async def test_parts_in_one_run_close_once(closing: World) -> None:
    world = closing
    for number in range(1, 5):
        world.offer(part(f"stp{number:02d}", "57.00"))
    world.offer(part("stp09", "0.99"))
    await world.run()
    assert (is_closed(world), len(world.ap.calls)) == (True, 1)


async def test_other_scheduled_payments_come_back_as_they_were(world: World) -> None:
    world.choices = options(close_voucher="hold")
    held_by_people = Scheduled(2, "S", "N", True, "AMT")
    world.ap.add(
        V, "228.99", Scheduled(1, "S", "N", False, ""), held_by_people, Scheduled(3, "X", "X", False, "")
    )
    await world.put(body())
    assert world.ap.holds(V) == [(True, "OTH"), (True, "OTH"), (False, "")]
    await world.put(body(), absent=True)
    assert world.ap.holds(V) == [(False, ""), (True, "AMT"), (False, "")]


async def test_a_refusal_is_an_alert_and_the_journal_stands(closing: World) -> None:
    world = closing
    world.ap.faults = [refused]
    counts = await world.put(body())
    (alert,) = counts["alerts"]
    assert "could not be closed to PeopleSoft's pay cycle: Account 200000" in alert
    assert "hold it in PeopleSoft before its next pay cycle" in alert
    row = world.ledger()["stp01"]
    assert (row.status, len(world.gl.journals), is_closed(world)) == ("loaded", 1, False)
    assert list(await world.reconcile()) == ["stp01"]  # it stays in sight
    world.replay("stp01")
    await world.run()
    assert (is_closed(world), len(world.gl.journals)) == (True, 1)
    assert await world.reconcile() == {}


async def test_what_a_person_closed_after_a_refusal_is_in_order(closing: World) -> None:
    world = closing
    world.ap.faults = [refused]
    await world.put(body())
    await world.reconcile()
    world.ap.change(V, action="R", status="E")
    assert await world.reconcile() == {}
    assert world.ledger()["stp01"].status == "loaded"


@pytest.mark.parametrize("fault", [lost, never])
async def test_a_lost_answer_is_looked_up_and_only_the_closing_is_repeated(
    closing: World, fault: object
) -> None:
    world = closing
    world.ap.faults = [fault]  # type: ignore[list-item]
    assert (await world.put(body()))["in_doubt"] == 1
    assert kinds(world) == [CLOSING]
    await world.settle_down()
    assert is_closed(world)
    assert len(world.gl.journals) == 1
    assert len(world.ap.calls) == (1 if fault is lost else 2)
    assert world.ledger()["stp01"].status == "loaded"
    await world.put(body(), absent=True)
    assert not is_closed(world)


@pytest.mark.parametrize("status", ["P", "R", "I"])
async def test_paid_by_both_is_an_alert(closing: World, status: str) -> None:
    world = closing
    world.ap.change(V, status=status)
    counts = await world.put(body())
    assert f"would be paid twice: BILL has paid voucher {V}" in counts["alerts"][0]
    assert world.ap.calls == []


async def test_what_people_closed_is_not_opened(closing: World) -> None:
    world = closing
    world.ap.change(V, action="R", status="E")
    await world.put(body())
    await world.put(body(), absent=True)
    assert (world.ap.calls, world.ap.status(V)) == ([], EXTERNAL)


async def test_what_people_opened_is_not_ours_any_more(closing: World) -> None:
    world = closing
    await world.put(body())
    world.ap.change(V, action="S", status="N", hold=False, reason="")
    await world.put(body(), absent=True)
    assert kinds(world) == [CLOSED, REOPENED]
    world.ap.change(V, action="R", status="E")
    await world.put(part("stp02", "1.00"))
    await world.put(part("stp02", "1.00"), absent=True)
    assert world.ap.status(V) == EXTERNAL
    assert len(world.ap.calls) == 1


async def test_a_voucher_that_was_closed_before_bill_paid_it_is_for_people(closing: World) -> None:
    world = closing
    world.ap.add(V, "228.99", finished=True)
    counts = await world.put(body())
    assert "make sure that it was not paid there as well" in counts["alerts"][0]
    assert world.ap.calls == []


async def test_a_voucher_that_was_closed_afterwards_is_in_order(closing: World) -> None:
    world = closing
    await world.put(body())
    world.ap.add(V, "228.99", *world.ap.known[V].scheduled, finished=True)
    counts = await world.put(body(number="changed"))
    assert (len(world.ap.calls), counts["alerts"]) == (1, [])


async def test_a_closed_voucher_whose_payment_comes_back_is_for_people(closing: World) -> None:
    world = closing
    await world.put(body())
    rows = world.ap.known[V].scheduled
    world.ap.add(V, "228.99", *rows, finished=True)
    counts = await world.put(body(), absent=True)
    assert any("is closed in PeopleSoft: reopen it there" in alert for alert in counts["alerts"])
    assert len(world.ap.calls) == 1


async def test_another_currency_is_left_to_people(closing: World) -> None:
    world = closing
    world.ap.add(V, "300.00", currency="CAD")
    counts = await world.put(body())
    assert "is in CAD, but was paid in USD" in counts["alerts"][0]
    assert world.ap.calls == []


async def test_a_query_without_scheduled_payments_is_told(closing: World) -> None:
    world = closing
    world.ap.add(V, "228.99", Scheduled(1, "X", "X", False, ""))
    assert "add record D to the query" in (await world.put(body()))["alerts"][0]


async def test_a_voucher_that_is_not_there_is_told(closing: World) -> None:
    world = closing
    world.ap.known.clear()
    assert f"voucher {V} is not in PeopleSoft" in (await world.put(body()))["alerts"][0]
    assert len(world.gl.journals) == 1


async def test_a_refused_opening_stays_in_sight(closing: World) -> None:
    world = closing
    await world.put(body())
    world.ap.faults = [refused]
    counts = await world.put(body(), absent=True)
    assert any("could not be opened to PeopleSoft's pay cycle again" in alert for alert in counts["alerts"])
    assert list(await world.reconcile()) == ["stp01"]
    world.replay("stp01")
    await world.run()
    assert not is_closed(world)
    assert (len(world.gl.journals), await world.reconcile()) == (2, {})


async def test_closing_in_the_other_way_later_opens_what_was_closed_before(world: World) -> None:
    world.choices = options(close_voucher="hold")
    world.ap.add(V, "228.99")
    await world.put(body())
    world.choices = options(close_voucher="external")
    await world.put(body(), absent=True)
    assert (world.ap.holds(V), world.ap.status(V)) == (FREE, OPEN)
