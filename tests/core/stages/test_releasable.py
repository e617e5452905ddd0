"""Documents that the mapping holds although they could be sent: a person may let them go."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ml_connector.core.ledger import actions
from ml_connector.core.planning.plan import make_plan
from ml_connector.core.stages.context import FlowContext
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.load import load
from ml_connector.core.stages.transform import transform
from ml_connector.core.state.schema import document, plan
from ml_connector.core.state.store import Store

from .support import MAPPING, MemorySource, MemoryTarget, flow, order

STATES: list[dict[str, Any]] = [
    {"state": "active", "hold": "{AMOUNT} is a lot", "releasable": True, "when": {"AMOUNT": {"gt": 100}}},
    {"state": "active", "when": {"STATUS": ["open", "closed"]}},
    {"state": "archived", "absent": True},
]
FIELDS: dict[str, Any] = {name: item for name, item in MAPPING["fields"].items() if name != "partyId"}  # type: ignore[attr-defined]
KEY = "US001|000200"


def make(store: Store, **changes: Any) -> tuple[FlowContext, MemoryTarget, MemorySource]:
    source, target = MemorySource([order(1), order(200)]), MemoryTarget()
    mapping = {"states": STATES, "fields": FIELDS} | changes
    return flow(store, source, target, mapping=mapping), target, source


async def run(ctx: FlowContext) -> None:
    await extract(ctx)
    transform(ctx)
    await load(ctx)


def row(store: Store) -> tuple[str, str | None]:
    with store.read() as connection:
        found = connection.execute(select(document).where(document.c.key == KEY)).one()
        return found.status, found.reason


def deadline(store: Store) -> object:
    with store.read() as connection:
        return connection.scalar(select(document.c.deadline).where(document.c.key == KEY))


def release(ctx: FlowContext) -> None:
    with ctx.store.write() as tx:
        assert actions.release(tx, ctx.scope, [KEY]) == 1


async def planned(ctx: FlowContext, name: str) -> dict[str, str]:
    await make_plan(ctx, name)
    with ctx.store.read() as connection:
        rows = connection.execute(select(plan.c.key, plan.c.operation).where(plan.c.id == name))
        return {item.key: item.operation for item in rows}


async def test_it_waits_with_its_reason_and_goes_when_released(store: Store) -> None:
    ctx, target, _ = make(store)
    await run(ctx)
    assert row(store) == ("held", "200.25 is a lot")
    assert target.writes == [("create", "US001|000001")]
    release(ctx)
    await run(ctx)
    assert target.writes[1:] == [("create", KEY)]
    assert row(store)[0] == "loaded"


async def test_what_was_released_and_sent_is_not_held_again(store: Store) -> None:
    ctx, target, _ = make(store)
    await run(ctx)
    release(ctx)
    await run(ctx)
    ctx.params = type(ctx.params)(full=True)
    await run(ctx)
    assert row(store)[0] == "loaded"
    assert len(target.writes) == 2


async def test_a_change_of_the_document_holds_it_again(store: Store) -> None:
    ctx, target, source = make(store)
    await run(ctx)
    release(ctx)
    await run(ctx)
    source.put(order(200, NAME="Another", CHANGED="2026-11-02"))
    await run(ctx)
    assert row(store)[0] == "held"
    assert len(target.writes) == 2


async def test_a_release_outlives_a_change_that_leaves_the_body_as_it_was(store: Store) -> None:
    ctx, target, source = make(store)
    await run(ctx)
    release(ctx)
    source.put(order(200, PARTY="another", CHANGED="2026-11-02"))
    await run(ctx)
    assert row(store)[0] == "loaded"
    assert target.writes[1:] == [("create", KEY)]


async def test_a_document_that_stays_held_keeps_its_deadline(store: Store) -> None:
    ctx, _, source = make(store)
    await run(ctx)
    first = deadline(store)
    source.put(order(200, NAME="Another", CHANGED="2026-11-02"))
    await run(ctx)
    assert row(store)[0] == "held"
    assert deadline(store) == first


async def test_the_plan_says_what_a_release_changed(store: Store) -> None:
    ctx, _, _ = make(store)
    await run(ctx)
    assert await planned(ctx, "before") == {KEY: "hold"}
    release(ctx)
    assert await planned(ctx, "released") == {KEY: "create"}
    await run(ctx)
    assert await planned(ctx, "sent") == {}


async def test_what_cannot_be_sent_is_rejected_and_not_held(store: Store) -> None:
    ctx, _, source = make(store)
    source.put(order(200, NAME=""))
    await run(ctx)
    status, reason = row(store)
    assert status == "rejected"
    assert "NAME" in (reason or "")
