"""Feed: claims documents ahead of the workers that send them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import groupby

from ml_connector.core.contract import Limits, Operation
from ml_connector.core.ledger.claims import Claim, Lease
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.stages.context import FlowContext
from ml_connector.core.state.store import Transaction

SMALLEST, LARGEST = 50, 500
"""Documents of a block."""

QUICK, SLOW = timedelta(seconds=2), timedelta(seconds=8)
"""Time for a block, below and above which the next one is larger or smaller: after a crash,
everything claimed is in doubt, so a slow target gets small blocks."""

Claiming = Callable[[Transaction, Scope, Lease, int], list[Claim]]
"""Claims up to so many documents."""


class Feed:
    """Batches of one operation each. The next block is claimed while the last one is being sent.

    Args:
        claiming: claims documents; nothing claimed means that nothing is left.
        claimed: told of each block.
    """

    def __init__(
        self, ctx: FlowContext, limits: Limits, claiming: Claiming, claimed: Callable[[list[Claim]], None]
    ) -> None:
        self._ctx, self._limits = ctx, limits
        self._claiming, self._claimed = claiming, claimed
        self._chunks: deque[list[Claim]] = deque()
        self._low, self._size = 0, SMALLEST
        self._claimed_at: datetime | None = None
        self._ahead: asyncio.Task[bool] | None = None

    async def next(self) -> list[Claim] | None:
        """The next batch; None when nothing is left."""
        while True:
            if self._ahead is None and len(self._chunks) <= self._low:
                self._ahead = asyncio.create_task(self._claim())
            if self._chunks:
                return self._chunks.popleft()
            if self._ahead is None or not await self._ahead:
                return None

    async def stop(self) -> list[Claim]:
        """Claim no more.

        Returns:
            What was claimed but handed to nobody.
        """
        if self._ahead is not None:
            await asyncio.gather(self._ahead, return_exceptions=True)
        rest = [claim for chunk in self._chunks for claim in chunk]
        self._chunks.clear()
        return rest

    async def _claim(self) -> bool:
        """Claim a block; False when there is none, and then this task is the last one."""
        self._adapt()
        block = await asyncio.to_thread(self._claim_block)
        if not block:
            return False
        self._claimed(block)
        for operation, group in groupby(sorted(block, key=_operation), key=_operation):
            members, size = list(group), self._limits.batch.get(Operation(operation), 1)
            self._chunks.extend(members[i : i + size] for i in range(0, len(members), size))
        self._low, self._ahead = len(self._chunks) // 2, None
        return True

    def _adapt(self) -> None:
        now = self._ctx.store.now()
        taken = now - self._claimed_at if self._claimed_at else QUICK
        if taken < QUICK:
            self._size = min(2 * self._size, LARGEST)
        elif taken > SLOW:
            self._size = max(self._size // 2, SMALLEST)
        self._claimed_at = now

    def _claim_block(self) -> list[Claim]:
        """Claim, with the events that say so, before any request leaves."""
        largest = max(self._limits.batch.values(), default=1)
        labels = self._ctx.scope.labels()
        with self._ctx.store.write() as tx:
            size = max(self._size, 2 * self._limits.concurrency * largest)
            block = self._claiming(tx, self._ctx.scope, self._ctx.claimant, size)
            for claim in block:
                row = claim.row
                data = {
                    "key": row.key, "operation": row.operation, "hash": row.sent_hash,
                    "attempt": row.attempt_id,
                }  # fmt: skip
                tx.record("claimed", data, document_id=row.id, **labels)
        return block


def _operation(claim: Claim) -> str:
    return claim.intent.operation.value
