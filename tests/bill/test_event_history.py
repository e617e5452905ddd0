"""Events that never arrived come from BILL's history."""

from __future__ import annotations

import pytest

from ml_connector.bill import event_history
from ml_connector.core.ledger import watermarks
from ml_connector.core.ledger.scope import Scope
from tests.sandbox.receiver import Receiver

from .back import Back, delivery

HISTORY = "GET /v3/events/subscription/{id}"


async def test_events_come_back_until_the_inbox_knows_them(back_on_both: Back) -> None:
    back = back_on_both
    await back.catch_up()
    back.silent()
    vendor = back.vendor()
    ids = []
    for _ in range(3):
        ids.append(back.payment(vendor))
        back.sandbox.clock.advance(3600)
    first = await back.catch_up()
    again = await back.catch_up()
    assert [event.body["payment"]["id"] for event in first.events] == ids
    assert first.events == again.events
    assert back.take(list(first.events), "history") == 3
    assert (await back.catch_up()).events == []


async def test_events_that_were_delivered_do_not_come_again(back: Back, receiver: Receiver) -> None:
    await back.catch_up(url=receiver.url)
    back.payment(back.vendor())
    await receiver.came.reach(1)
    assert back.take(tuple(back.verifier().accept(delivery(receiver.received[0])))) == 1
    back.silent()
    late = back.payment(back.vendor())
    events = (await back.catch_up(url=receiver.url)).events
    assert [event.body["payment"]["id"] for event in events] == [late]


async def test_a_long_history_is_read_page_by_page(back: Back) -> None:
    await back.catch_up()
    back.silent()
    vendor = back.vendor()
    for _ in range(230):
        back.payment(vendor)
    events = (await back.catch_up()).events
    assert (len(events), back.calls(HISTORY)) == (230, 4)
    back.take(list(events))
    back.sandbox.clock.advance(3600)
    await back.catch_up()  # the mark moves to the last one
    back.sandbox.clock.advance(3600)
    calls = back.calls(HISTORY)
    assert (await back.catch_up()).events == []
    assert back.calls(HISTORY) == calls + 3  # all of one moment, so all lie in the overlap


async def test_what_was_seen_is_not_read_again(back: Back) -> None:
    await back.catch_up()
    back.silent()
    vendor = back.vendor()
    for _ in range(120):
        back.payment(vendor)
    back.take(list((await back.catch_up()).events))
    back.sandbox.clock.advance(3600)
    back.payment(vendor)
    back.take(list((await back.catch_up()).events))
    await back.catch_up()
    calls = back.calls(HISTORY)
    assert (await back.catch_up()).events == []
    assert back.calls(HISTORY) == calls + 1


async def test_a_page_of_the_history_that_is_refused(back: Back) -> None:
    await back.catch_up()
    back.silent()
    vendor = back.vendor()
    for _ in range(150):
        back.payment(vendor)
    back.fault("error", HISTORY, status=400, message="page: is no page token", skip=1)
    caught = await back.catch_up()
    assert (len(caught.events), caught.alerts) == (100, [])
    back.take(list(caught.events))
    rest = (await back.catch_up()).events
    assert back.take(list(rest)) == 50


@pytest.mark.parametrize("apart", [1, 0])
async def test_a_history_longer_than_a_run_reads_is_read_on(
    back: Back, monkeypatch: pytest.MonkeyPatch, apart: int
) -> None:
    """All events lie within the overlap, or even within one second."""
    await back.catch_up()
    back.silent()
    vendor = back.vendor()
    made = []
    for _ in range(250):
        made.append(back.payment(vendor))
        back.sandbox.clock.advance(apart)
    monkeypatch.setattr(event_history, "_PAGES", 1)
    got: list[str] = []
    for _ in range(8):
        events = list((await back.catch_up()).events)
        got += [event.body["payment"]["id"] for event in events]
        back.take(events, "history")
    assert got == made
    calls = back.calls(HISTORY)
    await back.catch_up()
    assert back.calls(HISTORY) == calls + (1 if apart else 3)


async def test_a_run_that_was_killed_loses_nothing_of_a_long_history(
    back: Back, monkeypatch: pytest.MonkeyPatch
) -> None:
    await back.catch_up()
    back.silent()
    vendor = back.vendor()
    for _ in range(250):
        back.payment(vendor)
        back.sandbox.clock.advance(1)
    monkeypatch.setattr(event_history, "_PAGES", 1)
    first = await back.catch_up()
    assert "longer than one run reads" in str(first.note)
    again = await back.catch_up()  # what the run before handed out was never stored
    assert first.events == again.events
    back.take(list(again.events), "history")
    await back.catch_up()
    third = await back.catch_up()
    assert not {event.event_id for event in third.events} & {event.event_id for event in first.events}
    assert (await back.catch_up()).events == third.events  # nor was this


async def test_the_mark_stands_where_people_see_it(back: Back) -> None:
    await back.catch_up()
    back.silent()
    back.payment(back.vendor())
    back.take(list((await back.catch_up()).events))
    await back.catch_up()
    with back.store.read() as connection:
        mark = watermarks.get(connection, Scope("acme", "test", "bill.payments"), "events", "bill", "history")
    newest = max(event.created for events in back.sandbox.bill.webhooks.log.of.values() for event in events)
    assert watermarks.moment(str(mark.value)) == watermarks.moment(newest)
    assert mark.completed_at is not None


async def test_rows_of_the_history_that_hold_no_event(back: Back) -> None:
    await back.catch_up()
    back.silent()
    vendor = back.vendor()
    back.payment(vendor)
    (rows,) = back.sandbox.bill.webhooks.log.of.values()
    rows[0].payload = "{broken"
    back.payment(vendor)
    caught = await back.catch_up()
    assert (len(caught.events), caught.alerts) == (1, [])
    assert "1 row(s)" in str(caught.note)
