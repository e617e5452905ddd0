"""The feed claims ahead, in blocks that suit the target's pace, and gives back what nobody took."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector.core.contract import Limits, Operation
from ml_connector.core.ledger import claims
from ml_connector.core.ledger.claims import Claim
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.feed import Feed
from ml_connector.core.stages.transform import transform
from ml_connector.core.state.database import Database
from ml_connector.core.state.store import Store
from tests.core.stages.support import Clock, MemorySource, MemoryTarget, flow, order


async def ready(store: Store, count: int) -> Any:
    ctx = flow(store, MemorySource([order(i) for i in range(1, count + 1)], page=count), MemoryTarget())
    await extract(ctx)
    transform(ctx)
    return ctx


async def rest_of(feed: Feed) -> list[list[Claim]]:
    found = []
    while (chunk := await feed.next()) is not None:
        found.append(chunk)
    return found


async def test_everything_comes_once_and_then_nothing(store: Store) -> None:
    ctx, blocks = await ready(store, 120), list[int]()
    feed = Feed(ctx, Limits(), claims.claim_ready, lambda block: blocks.append(len(block)))
    chunks = await rest_of(feed)
    assert [chunk[0].row.key for chunk in chunks] == [f"US001|{i:06d}" for i in range(1, 121)]
    assert sum(blocks) == 120
    assert await feed.next() is None


async def test_batches_have_the_targets_size(store: Store) -> None:
    ctx = await ready(store, 8)
    feed = Feed(ctx, Limits(batch={Operation.CREATE: 3}), claims.claim_ready, lambda _: None)
    assert [len(chunk) for chunk in await rest_of(feed)] == [3, 3, 2]


async def test_what_nobody_took_is_given_back(store: Store) -> None:
    ctx = await ready(store, 60)
    feed = Feed(ctx, Limits(), claims.claim_ready, lambda _: None)
    first = await feed.next()
    assert first is not None
    rest = await feed.stop()
    assert len({claim.row.id for claim in [*first, *rest]}) == 50
    assert await feed.stop() == []


@pytest.mark.parametrize(
    ("seconds", "sizes"), [(0.5, [50, 100, 200, 250]), (3.0, [50] * 12), (20.0, [50] * 12)]
)
async def test_blocks_grow_for_a_quick_target_only(
    database: Database, seconds: float, sizes: list[int]
) -> None:
    clock, blocks = Clock(), list[int]()
    ctx = await ready(Store(database, clock=clock), 600)

    def claimed(block: list[Claim]) -> None:
        blocks.append(len(block))
        clock.move(seconds=seconds)

    await rest_of(Feed(ctx, Limits(), claims.claim_ready, claimed))
    assert blocks == sizes
