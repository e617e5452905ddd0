"""Flows that events wake: what is read because of them, and what a reverse crosswalk makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from ml_connector.core import codec
from ml_connector.core.contract import CaughtUp
from ml_connector.core.errors import Unavailable
from ml_connector.core.ledger import crosswalks, inbox
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.load import load
from ml_connector.core.stages.transform import transform
from ml_connector.core.state.schema import audit_event, document
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Event
from tests.core.stages.support import MAPPING, EventfulSource, MemorySource, MemoryTarget, flow, order


def deliver(store: Store, *numbers: int, kind: str = "order.changed") -> None:
    events = [Event(f"e-{kind}-{number}", kind, {"order": f"US001|{number:06d}"}) for number in numbers]
    with store.write() as tx:
        inbox.put(tx, "shop", "acme", events, origin="webhook")


def waiting(store: Store) -> int:
    with store.read() as connection:
        return len(inbox.waiting(connection, "shop", "acme", 1000))


def statuses(store: Store) -> dict[str, tuple[str, str | None]]:
    with store.read() as connection:
        rows = connection.execute(select(document.c.key, document.c.status, document.c.reason)).all()
    return {row.key: (row.status, row.reason) for row in rows}


async def test_an_event_has_its_object_read_even_where_a_list_does_not_show_it(store: Store) -> None:
    source = EventfulSource([order(1), order(2)])
    source.hidden_from_reads = {"US001|000001"}
    deliver(store, 1, 1, 9)
    counts = await extract(flow(store, source, MemoryTarget(), events_from="shop"))
    assert (counts["events"], counts["new"]) == (2, 2)
    assert source.asked[0] == ["US001|000001", "US001|000009"]
    assert waiting(store) == 0
    assert set(statuses(store)) == {"US001|000001", "US001|000002"}


async def test_events_that_concern_nothing_are_closed(store: Store) -> None:
    source = EventfulSource()
    deliver(store, 1, 2, kind="shop.opened")
    await extract(flow(store, source, MemoryTarget(), events_from="shop"))
    assert waiting(store) == 0


async def test_events_go_on_waiting_when_the_source_fails(store: Store) -> None:
    source = EventfulSource([order(1)])
    source.fail = Unavailable("down")
    deliver(store, 1)
    with pytest.raises(Unavailable):
        await extract(flow(store, source, MemoryTarget(), events_from="shop"))
    assert waiting(store) == 1
    source.fail = None
    await extract(flow(store, source, MemoryTarget(), events_from="shop"))
    assert waiting(store) == 0


async def test_missed_events_are_taken_with_the_others_and_people_are_told(store: Store) -> None:
    source = EventfulSource([order(1)])
    missed = Event("m-1", "order.changed", {"order": "US001|000001"})
    source.caught = CaughtUp([missed], ["the subscription was off"], "switched on again")
    ctx = flow(store, source, MemoryTarget(), events_from="shop")
    counts = await extract(ctx)
    assert (counts["missed"], counts["events"], ctx.alerts) == (1, 1, ["the subscription was off"])
    with store.read() as connection:
        kind = audit_event.c.kind == "caught up"
        data = codec.decode(connection.scalars(select(audit_event.c.data).where(kind)).one())
    assert data["note"] == "switched on again"


async def test_people_are_told_although_the_run_fails_afterwards(store: Store) -> None:
    source = EventfulSource([order(1)])
    source.caught = CaughtUp(alerts=["the subscription was off"])
    source.fail = Unavailable("down")
    deliver(store, 1)
    ctx = flow(store, source, MemoryTarget(), events_from="shop")
    with pytest.raises(Unavailable):
        await extract(ctx)
    assert ctx.alerts == ["the subscription was off"]


async def test_what_stops_the_source_is_raised_when_the_rest_is_kept_and_told(store: Store) -> None:
    source = EventfulSource([order(1)])
    missed = Event("m-1", "order.changed", {"order": "US001|000001"})
    source.caught = CaughtUp([missed], ["a file was refused"], failure=Unavailable("down"))
    ctx = flow(store, source, MemoryTarget(), events_from="shop")
    with pytest.raises(Unavailable, match="down"):
        await extract(ctx)
    assert (ctx.alerts, waiting(store)) == (["a file was refused"], 1)


async def test_a_run_for_single_documents_leaves_the_events_alone(store: Store) -> None:
    source = EventfulSource([order(1), order(2)])
    deliver(store, 2)
    await extract(flow(store, source, MemoryTarget(), events_from="shop", params={"keys": ("US001|000001",)}))
    assert waiting(store) == 1


REVERSED = {
    "fields": {
        **MAPPING["fields"],  # type: ignore[dict-item]
        "partyId": {"crosswalk": "shop.parties", "reverse": True, "key": "{PARTY}", "required": True},
    }
}


async def test_a_target_id_becomes_the_source_key_it_was_made_of(store: Store) -> None:
    source, target = MemorySource([order(1, PARTY="T77")]), MemoryTarget()
    ctx = flow(store, source, target, mapping=REVERSED)
    await extract(ctx)
    transform(ctx)
    status, reason = statuses(store)["US001|000001"]
    assert (status, reason) == ("waiting", "no document of shop.parties is known to have made T77")
    with store.write() as tx:
        entry = {"key": "SHARE|77", "target_id": "T77", "active": False}
        crosswalks.put(tx, "acme", "shop.parties", [entry], origin="loaded")
    await load(ctx)
    assert [item["partyId"] for item in target.objects.values()] == ["SHARE|77"]


class ListeningSource(EventfulSource):
    """Wants to hear what was taken."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.heard: list[str] = []

    async def acknowledge(self, keys: Sequence[str]) -> None:
        self.heard += keys


async def test_a_source_hears_what_was_taken_when_it_is_durable(store: Store) -> None:
    source = ListeningSource([order(number) for number in range(1, 6)])
    source.fail_before_page = 2
    with pytest.raises(ConnectionError):
        await extract(flow(store, source, MemoryTarget()))
    assert source.heard == []
    assert len(statuses(store)) == 3, "the first page is durable, and the source will hear of it again"
    source.fail_before_page = None
    deliver(store, 1, 5)
    await extract(flow(store, source, MemoryTarget(), events_from="shop", params={"full": True}))
    assert source.heard == [f"US001|{number:06d}" for number in range(1, 6)], "each once"
