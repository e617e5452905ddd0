"""Claims: disjoint between workers, taken over after their lease only, settled by their owner only."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from ml_connector.core.contract import Document, Intent, Limits, Outcome, Unreadable
from ml_connector.core.errors import InDoubt
from ml_connector.core.ledger import claims, staging
from ml_connector.core.ledger.claims import Claim, Lease
from ml_connector.core.ledger.scope import Status
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.load import load
from ml_connector.core.stages.outcomes import Settler
from ml_connector.core.stages.transform import transform
from ml_connector.core.state.database import Database
from ml_connector.core.state.schema import audit_event, document
from ml_connector.core.state.store import Store
from tests.core.stages.support import DATASET, Clock, MemorySource, MemoryTarget, flow, order

LEASE = timedelta(seconds=60)


async def ready(store: Store, count: int, **changes: Any) -> Any:
    ctx = flow(
        store, MemorySource([order(i) for i in range(1, count + 1)], page=count), MemoryTarget(), **changes
    )
    await extract(ctx)
    transform(ctx)
    return ctx


def status_of(store: Store, key: str) -> tuple[str, str | None]:
    with store.read() as connection:
        row = connection.execute(select(document).where(document.c.key == key)).one()
    return row.status, row.target_id


async def test_workers_claim_disjoint_documents(database: Database) -> None:
    ctx = await ready(Store(database, actor="reader"), 200)
    taken: list[list[Claim]] = []

    def work(name: str) -> None:
        own = Store(database, actor=name)
        while True:
            with own.write() as tx:
                block = claims.claim_ready(tx, ctx.scope, Lease(name, LEASE), 7)
            if not block:
                return
            taken.append(block)

    threads = [threading.Thread(target=work, args=(f"worker {i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    keys = [claim.row.key for block in taken for claim in block]
    assert len(keys) == 200
    assert len(set(keys)) == 200


async def test_a_lease_is_taken_over_only_after_its_end_and_its_first_owner_settles_nothing(
    database: Database,
) -> None:
    clock = Clock()
    first = Store(database, actor="first", clock=clock)
    ctx = await ready(first, 1)
    with first.write() as tx:
        (old,) = claims.claim_ready(tx, ctx.scope, Lease("first", LEASE), 10)
    second = Store(database, actor="second", clock=clock)
    with second.write() as tx:
        assert claims.take_over(tx, ctx.scope, Lease("second", LEASE), 10) == []
    clock.move(seconds=61)
    with second.write() as tx:
        (new,) = claims.take_over(tx, ctx.scope, Lease("second", LEASE), 10)
    Settler(ctx).settle([(old, Outcome(old.row.key, "rejected", reason="too late"))])
    Settler(ctx).settle([(old, Outcome(old.row.key, "loaded", target_id="OLD"))])
    assert status_of(first, old.row.key) == ("sending", None)
    Settler(flow(second, MemorySource(), MemoryTarget())).settle(
        [(new, Outcome(new.row.key, "loaded", target_id="NEW"))]
    )
    assert status_of(first, old.row.key) == ("loaded", "NEW")


async def test_renewal_keeps_a_lease(database: Database) -> None:
    clock = Clock()
    store = Store(database, actor="worker", clock=clock)
    ctx = await ready(store, 1)
    lease = Lease("worker", LEASE)
    with store.write() as tx:
        claims.claim_ready(tx, ctx.scope, lease, 10)
    clock.move(seconds=50)
    with store.write() as tx:
        claims.renew(tx, ctx.scope, lease)
    clock.move(seconds=50)
    with store.write() as tx:
        assert claims.take_over(tx, ctx.scope, Lease("other", LEASE), 10) == []


async def test_what_is_staged_while_a_request_is_under_way_is_sent_afterwards(store: Store) -> None:
    ctx = await ready(store, 1)
    with store.write() as tx:
        (claim,) = claims.claim_ready(tx, ctx.scope, Lease("me", LEASE), 10)
        newer = order(1, NAME="newer")
        staging.stage(tx, ctx.scope, [Document(claim.row.key, "US001", newer)], lambda _: True, batch="b")
    transform(ctx)
    assert status_of(store, claim.row.key)[0] == "sending"
    Settler(ctx).settle([(claim, Outcome(claim.row.key, "loaded", target_id="T1"))])
    assert status_of(store, claim.row.key) == ("ready", "T1")
    with store.write() as tx:
        (again,) = claims.claim_ready(tx, ctx.scope, Lease("me", LEASE), 10)
    assert again.intent.operation == "update"
    assert again.intent.desired.body["name"] == "newer"
    assert again.intent.previous is not None
    assert again.intent.previous.body["name"] == "Order 1"


async def test_the_intent_is_committed_before_the_request_leaves(store: Store) -> None:
    ctx = await ready(store, 3)
    seen: list[str] = []

    def look(intents: list[Intent]) -> None:
        with store.read() as connection:
            for intent in intents:
                statement = select(document.c.status, document.c.sent_hash).where(
                    document.c.id == intent.document_id
                )
                row = connection.execute(statement).one()
                events = select(audit_event.c.kind).where(audit_event.c.document_id == intent.document_id)
                assert "claimed" in connection.scalars(events).all()
                assert row.sent_hash is not None
                seen.append(row.status)

    ctx.target.before_write = look
    await load(ctx)
    assert seen == ["sending"] * 3


async def test_two_loads_of_one_flow_at_once_send_each_document_once(database: Database) -> None:
    target = MemoryTarget(Limits(concurrency=2, adopt=False, settle=0.0))
    source = MemorySource([order(i) for i in range(1, 41)], page=40)
    one, other = (flow(Store(database, actor=name), source, target) for name in ("one", "other"))
    await extract(one)
    await asyncio.gather(load(one), load(other))
    assert len(target.objects) == 40
    assert len(target.writes) == 40


async def test_steps_survive_the_process(store: Store) -> None:
    ctx = await ready(store, 1, lease=timedelta(seconds=0))
    with store.write() as tx:
        (claim,) = claims.claim_ready(tx, ctx.scope, Lease("me", timedelta(0)), 10)
        claim.intent.steps["restored"] = {"id": "T1"}
        claims.save_step(tx, claim.intent)
    with store.write() as tx:
        (again,) = claims.take_over(tx, ctx.scope, Lease("me", LEASE), 10)
    assert again.intent.steps == {"restored": {"id": "T1"}}
    assert again.intent.attempted_at is not None


@pytest.mark.parametrize("operation", ["update", "remove"])
async def test_a_lost_update_or_removal_is_compared_with_what_was_sent(store: Store, operation: str) -> None:
    ctx = await ready(store, 1)
    await load(ctx)
    changes = {"NAME": "Other"} if operation == "update" else {"STATUS": "cancelled"}
    ctx.source.put(order(1, CHANGED="2026-11-02", **changes))

    def lose(_: object) -> None:
        ctx.target.after_write = None
        raise InDoubt("no answer")

    ctx.target.after_write = lose
    await extract(ctx)
    await load(ctx)
    assert [name for name, _ in ctx.target.writes] == ["create", operation]
    assert status_of(store, "US001|000001")[0] == "loaded"


@pytest.mark.parametrize("status", [Status.SENDING, Status.ACCEPTED, Status.CONFLICT])
async def test_what_may_be_there_is_not_forgotten_when_the_source_cannot_be_read(
    store: Store, status: Status
) -> None:
    """It would become a create without a look-up, and be sent twice."""
    source, target = MemorySource([order(1)]), MemoryTarget()
    ctx = flow(store, source, target)
    await extract(ctx)
    transform(ctx)
    with store.write() as tx:
        tx.connection.execute(update(document).values(status=status, attempt_id="a1"))
        unreadable = Unreadable("US001|000001", "US001", "CHANGED", "20210431", "a date")
        staging.stage_unreadable(tx, ctx.scope, [unreadable], batch="b1")
    transform(ctx)
    with store.read() as connection:
        row = connection.execute(select(document)).one()
    assert (row.status, row.attempt_id) == (status, "a1")
    with store.write() as tx:
        tx.connection.execute(update(document).values(status=Status.READY, attempt_id=None))
    transform(ctx)
    with store.read() as connection:
        row = connection.execute(select(document)).one()
    assert (row.status, "could not be read" in row.reason) == (Status.REJECTED, True)


async def test_an_older_version_does_not_replace_a_newer_one(store: Store) -> None:
    timed = {"change": {**DATASET["change"], "precision": "time"},  # type: ignore[dict-item]
             "fields": {**DATASET["fields"], "CHANGED": {"type": "datetime"}}}  # type: ignore[dict-item]  # fmt: skip
    new, old = "2026-11-20T10:00:00+00:00", "2026-11-20T09:59:59.500+00:00"
    source = MemorySource([order(1, NAME="new", CHANGED=new)])
    await extract(flow(store, source, MemoryTarget(), dataset=timed))
    source.put(order(1, NAME="old", CHANGED=old))
    counts = await extract(flow(store, source, MemoryTarget(), dataset=timed, params={"full": False}))
    assert (counts["changed"], counts["unchanged"]) == (0, 1)
    counts = await extract(flow(store, source, MemoryTarget(), dataset=timed, params={"full": True}))
    assert counts["changed"] == 1, "a person asked for it"
