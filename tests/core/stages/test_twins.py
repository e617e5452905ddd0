"""One business object under two keys is sent once, whatever the target would say to the second."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from ml_connector.core.contract import Limits, Operation
from ml_connector.core.ledger import claims
from ml_connector.core.ledger.claims import Lease
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.load import load
from ml_connector.core.stages.transform import transform
from ml_connector.core.state.database import Database
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import Store

from .support import MAPPING, MemorySource, MemoryTarget, flow, order

FIELDS: dict[str, Any] = {name: field for name, field in MAPPING["fields"].items() if name != "partyId"}  # type: ignore[attr-defined]
BY_PARTY = {"party": "{PARTY}", "fields": FIELDS}


def make(store: Store, source: MemorySource, *, distinct: bool = True) -> tuple[Any, MemoryTarget]:
    target = MemoryTarget(
        Limits(concurrency=2, batch={Operation.CREATE: 2}, settle=0.0, adopt=False, distinct=distinct)
    )
    return flow(store, source, target, mapping=BY_PARTY), target


def twins() -> list[dict[str, Any]]:
    """Number 3 is number 1 again; number 4 has its number from another party."""
    names = {1: ("A", "INV-1"), 2: ("A", "INV-2"), 3: ("A", "INV-1"), 4: ("B", "INV-1"), 5: ("", "INV-1")}
    return [order(number, PARTY=party, NAME=name) for number, (party, name) in names.items()]


def statuses(store: Store) -> dict[str, str]:
    with store.read() as connection:
        rows = connection.execute(select(document.c.key, document.c.status).order_by(document.c.key))
        return {row.key.removeprefix("US001|00000"): row.status for row in rows}


async def run(ctx: Any) -> None:
    await extract(ctx)
    transform(ctx)
    await load(ctx)


async def test_the_second_of_two_is_for_a_person(store: Store) -> None:
    ctx, target = make(store, MemorySource(twins()))
    await run(ctx)
    assert statuses(store) == {"1": "loaded", "2": "loaded", "3": "conflict", "4": "loaded", "5": "loaded"}
    assert len(target.writes) == 4


async def test_the_second_of_two_is_for_its_sender_who_may_correct_it(store: Store) -> None:
    source = MemorySource(twins())
    ctx, target = make(store, source)
    target.limits = replace(target.limits, sender_decides=True)
    await run(ctx)
    assert statuses(store)["3"] == "rejected"
    source.put(order(3, PARTY="A", NAME="INV-3"))
    await run(ctx)
    assert set(statuses(store).values()) == {"loaded"}
    assert len(target.writes) == 5


async def test_where_the_target_says_nothing_of_it_both_are_sent(store: Store) -> None:
    ctx, target = make(store, MemorySource(twins()), distinct=False)
    await run(ctx)
    assert len(target.writes) == 5
    assert set(statuses(store).values()) == {"loaded"}


async def test_a_later_run_knows_what_stands_there(store: Store) -> None:
    source = MemorySource(twins()[:2])
    ctx, target = make(store, source)
    await run(ctx)
    source.put(*twins())
    await run(ctx)
    assert len(target.writes) == 4
    assert statuses(store)["3"] == "conflict"
    source.put(order(1, PARTY="A", NAME="INV-1", STATUS="cancelled", CHANGED="2026-11-02"))
    source.put(order(6, PARTY="A", NAME="INV-1", CHANGED="2026-11-02"))
    await run(ctx)  # the first one is gone from the target now
    assert (statuses(store)["1"], statuses(store)["6"]) == ("loaded", "loaded")


async def test_one_that_may_be_on_its_way_counts_as_there(database: Database) -> None:
    store = Store(database, actor="first")
    ctx, target = make(store, MemorySource(twins()))
    await extract(ctx)
    transform(ctx)
    with store.write() as tx:
        (taken,) = claims.claim_ready(tx, ctx.scope, Lease("somebody else", timedelta(hours=1)), 1)
    assert taken.row.key.endswith("1")
    await load(ctx)
    assert statuses(store)["3"] == "conflict"
    assert len(target.writes) == 3
    store.close()
