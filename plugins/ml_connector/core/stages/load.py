"""Load: send what is ready, once.

The ledger is the queue: documents in doubt first, then new ones, then at most a fifth of the run
for retries. What names one document settles that document; what stops the flow gives the others
back and is raised when everything that was under way is settled.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ml_connector.core.contract import Found, Intent, Operation, Outcome, Verdict
from ml_connector.core.errors import ConnectorError, GuardTripped, InDoubt, Repeated, Unavailable
from ml_connector.core.fence import fenced
from ml_connector.core.ledger import claims, flows, twins
from ml_connector.core.ledger.claims import Claim, Lease
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.stages import doubt
from ml_connector.core.stages.context import FlowContext
from ml_connector.core.stages.feed import Claiming, Feed
from ml_connector.core.stages.outcomes import EQUAL_ERRORS, ErrorStreak, Pair, Settler
from ml_connector.core.stages.transform import refresh_waiting, transform
from ml_connector.core.state.store import Transaction

FLUSH = 250
FLUSH_SECONDS = 2.0
"""Answers are settled after so many, or after so long: a crash leaves no more than these in doubt."""

RETRY_SHARE = 5
LOOK_AGAIN = 1.0
"""Seconds between two looks at the documents in doubt."""


async def load(ctx: FlowContext) -> dict[str, Any]:
    """Send everything that is ready for the flow, from this run and earlier ones.

    Returns:
        Counts by what was done, and ``alerts`` for people.

    Raises:
        GuardTripped: more changes than the tenant allows without a person's confirmation.
        Repeated: ten equal errors in a row.
        ConnectorError: what stopped the flow.
    """
    await asyncio.to_thread(transform, ctx)
    await asyncio.to_thread(refresh_waiting, ctx)
    loader = _Loader(ctx, await asyncio.to_thread(_guard, ctx))
    try:
        await loader.run()
    finally:
        await asyncio.to_thread(loader.finish)
    return dict(loader.settler.counts) | {"alerts": loader.settler.alerts[:20]}


def _guard(ctx: FlowContext) -> int:
    """Mass change guard: a broken query or a lost permission must not empty the target.

    Returns:
        How many updates and removals this run may make.
    """
    with ctx.store.write() as tx:
        pending = claims.pending(tx, ctx.scope)
        limits, state = ctx.settings.max_changes, flows.get(tx.connection, ctx.scope)
        allowed = max(limits.at_least, pending["there"] * limits.percent // 100, state.confirmed_changes)
        error = _too_many_changes(ctx, allowed) if pending["changes"] > allowed else None
        flows.put(tx, ctx.scope, confirmed_changes=0 if error is None else state.confirmed_changes,
                  stopped_reason=str(error) if error else None)  # fmt: skip
        if error is not None:
            tx.record("guard tripped", pending | {"allowed": allowed}, **ctx.scope.labels())
    if error is not None:
        raise error
    return allowed


def _too_many_changes(ctx: FlowContext, allowed: int) -> GuardTripped:
    return GuardTripped(
        f"{ctx.flow}: more updates and removals are ready than the {allowed} that may go without a person. "
        f"Look at the plan, then confirm with "
        f"`airflow ml-connector release --tenant {ctx.scope.tenant} --flow {ctx.flow}`."
    )


class _Loader:
    """One run of a load: its workers, its heartbeat and its settlements."""

    def __init__(self, ctx: FlowContext, allowed: int) -> None:
        self.ctx, self.target = ctx, ctx.need_target()
        self.settler = Settler(ctx)
        self.stopped: Exception | None = None
        self._done: list[Pair] = []
        self._allowed = self._allowance = allowed
        self._flush_lock = asyncio.Lock()
        self._settling: asyncio.Task[None] | None = None
        self._errors = ErrorStreak()
        self._renewed = self._flushed = time.monotonic()
        self._sent = 0
        with ctx.store.read() as connection:
            self._adopting = flows.get(connection, ctx.scope).adopted_at is None and self.target.limits.adopt

    async def run(self) -> None:
        """Resolve, send, retry; then wait a while for what is still in doubt."""
        heartbeat = asyncio.create_task(self._keep_leases())
        try:
            await self._rounds()
        finally:
            heartbeat.cancel()
            await asyncio.gather(heartbeat, return_exceptions=True)
        if self.stopped is not None:
            raise self.stopped
        await asyncio.to_thread(self._succeed)

    def finish(self) -> None:
        """Settle what is known."""
        pairs, self._done = self._done, []
        if pairs:
            self.settler.settle(pairs)
        self.settler.counts.pop("unsent", None)

    async def _rounds(self) -> None:
        began = time.monotonic()
        horizon = self.ctx.store.now() + self.ctx.lease
        while True:
            await doubt.resolve(self.ctx, self.settler)
            for claim in (claims.claim_state_changes, claims.claim_ready):
                await self._send_all(claim)
            await self._retry()
            pause = await asyncio.to_thread(self._pause, horizon)
            left = self.ctx.patience.total_seconds() - (time.monotonic() - began)
            if self.stopped is not None or pause is None or pause > left:
                return
            await asyncio.sleep(min(pause, LOOK_AGAIN))  # another worker may settle it before its lease ends

    def _pause(self, horizon: datetime) -> float | None:
        """Seconds until the next document in doubt can be asked for; None when there is none to wait for."""
        with self.ctx.store.read() as connection:
            due = claims.next_doubt(connection, self.ctx.scope, horizon)
        return None if due is None else max(0.0, (due - self.ctx.store.now()).total_seconds())

    async def _retry(self) -> None:
        budget = max(1, self._sent // (RETRY_SHARE - 1))

        def claim(tx: Transaction, scope: Scope, lease: Lease, limit: int) -> list[Claim]:
            nonlocal budget
            taken = claims.claim_retries(tx, scope, lease, min(limit, budget)) if budget else []
            budget -= len(taken)
            return taken

        await self._send_all(claim)

    async def _send_all(self, claiming: Claiming) -> None:
        if self.stopped is not None:
            return
        feed = Feed(self.ctx, self.target.limits, claiming, self._claimed)
        try:
            await asyncio.gather(*(self._worker(feed) for _ in range(self.target.limits.concurrency)))
        finally:
            self._done.extend((claim, Outcome(claim.row.key, "unsent")) for claim in await feed.stop())
        if self._settling is not None:
            task, self._settling = self._settling, None
            await task
        await self._flush()

    def _claimed(self, block: list[Claim]) -> None:
        self._sent += len(block)
        changes = [claim for claim in block if claim.intent.operation is not Operation.CREATE]
        self._allowance -= sum(
            not claim.intent.steps and claim.row.loaded_hash is not None for claim in changes
        )
        if self._allowance < 0:
            self._stop(_too_many_changes(self.ctx, self._allowed))

    async def _worker(self, feed: Feed) -> None:
        try:
            while self.stopped is None and (chunk := await feed.next()) is not None:
                await self._process(chunk)
        except Exception as error:  # noqa: BLE001
            self._stop(error)  # raised by run() when the other workers have ended too

    async def _process(self, chunk: list[Claim]) -> None:
        if self.stopped is not None:  # while this worker waited for its batch
            self._done.extend((claim, Outcome(claim.row.key, "unsent")) for claim in chunk)
            return
        if self.target.limits.distinct:
            chunk = await self._without_twins(chunk)
        if self._adopting:
            chunk = await self._adopt(chunk)
        if chunk and await self._still_ours(chunk):
            pairs = await self._write(chunk)  # not inside extend(): a flush meanwhile swaps the list
            self._done.extend(pairs)
            self._watch(pairs)
        late = time.monotonic() - self._flushed >= FLUSH_SECONDS
        if len(self._done) >= FLUSH or len(chunk) > 1 or late:
            await self._settle_behind()

    async def _still_ours(self, chunk: list[Claim]) -> bool:
        """Whether a batch may be sent; see :meth:`_fence`."""
        try:
            self._fence()
        except Unavailable as error:
            self._done.extend((claim, Outcome(claim.row.key, "unsent")) for claim in chunk)
            self._stop(error)
            return False
        return True

    def _fence(self) -> None:
        """A process that slept past its lease must not send what others may have taken over."""
        if time.monotonic() - self._renewed >= self.ctx.lease.total_seconds() / 2:
            raise Unavailable(f"{self.ctx.flow}: this task was suspended for longer than its lease allows")

    async def _write(self, chunk: list[Claim]) -> list[Pair]:
        try:
            with fenced(self._fence):  # the last look, behind every wait for a slot or a log-in
                outcomes = await self.target.write([claim.intent for claim in chunk], self)
        except InDoubt as error:
            return [(claim, Outcome(claim.row.key, "in_doubt", reason=str(error))) for claim in chunk]
        except ConnectorError as error:
            self._stop(error)
            return [(claim, Outcome(claim.row.key, "unsent")) for claim in chunk]
        except Exception as error:  # noqa: BLE001
            # A defect: nobody can say whether the request left, so the target is asked before a repetition.
            self._stop(error)
            return [
                (claim, Outcome(claim.row.key, "in_doubt", reason=type(error).__name__)) for claim in chunk
            ]
        by_key = {outcome.key: outcome for outcome in outcomes}
        missing = "the target's package gave no outcome"
        return [
            (claim, by_key.get(claim.row.key) or Outcome(claim.row.key, "in_doubt", reason=missing))
            for claim in chunk
        ]

    def _watch(self, pairs: Sequence[Pair]) -> None:
        """Stop the flow for what is not a document's own fault."""
        for _, outcome in pairs:
            if outcome.result == "unsent":
                reason = outcome.reason or "a write was not sent"
                self._stop(outcome.cause or Unavailable(f"{self.ctx.flow}: {reason}"))
            elif outcome.cause is not None:
                self._stop(outcome.cause)
            elif self._errors.goes_on(outcome):
                text = f"{self.ctx.flow}: {EQUAL_ERRORS} equal errors in a row; the last: {outcome.reason}"
                self._stop(Repeated(text))

    async def _without_twins(self, chunk: list[Claim]) -> list[Claim]:
        """What was entered twice in the source is sent once: the target might take, and pay, both."""
        creates = [claim.row.id for claim in chunk if claim.intent.operation is Operation.CREATE]
        first = await asyncio.to_thread(self._twins, creates) if creates else {}
        for claim in chunk:
            if claim.row.id in first:
                reason = (
                    f"{first[claim.row.id]} has the same party and number; sending both would count twice"
                )
                self._done.append((claim, Outcome(claim.row.key, "conflict", reason=reason)))
        return [claim for claim in chunk if claim.row.id not in first]

    def _twins(self, ids: list[int]) -> dict[int, str]:
        with self.ctx.store.read() as connection:
            return twins.ahead(connection, self.ctx.scope, self.ctx.claimant.owner, ids)

    async def _adopt(self, chunk: list[Claim]) -> list[Claim]:
        """Go-live and restore: what the target holds already is adopted or reported, not created again."""
        creates = [claim for claim in chunk if claim.intent.operation is Operation.CREATE]
        if not creates:
            return chunk
        try:
            found = await doubt.look_up(self.ctx, creates)
        except ConnectorError as error:
            self._stop(error)
            self._done.extend((claim, Outcome(claim.row.key, "unsent")) for claim in chunk)
            return []
        await asyncio.to_thread(self._settle_adopted, creates, found)
        free = {claim.row.id for claim in creates if found[claim.row.key].verdict is Verdict.ABSENT}
        return [
            claim for claim in chunk if claim.intent.operation is not Operation.CREATE or claim.row.id in free
        ]

    def _settle_adopted(self, creates: Sequence[Claim], found: dict[str, Found]) -> None:
        pairs: list[Pair] = []
        with self.ctx.store.write() as tx:
            owned = doubt.owned(tx, self.ctx, creates, found)
            for claim in creates:
                answer = found[claim.row.key]
                if outcome := doubt.known_outcome(claim, answer, owned):
                    pairs.append((claim, outcome))
                elif answer.verdict is Verdict.DIFFERENT:
                    doubt.send_again(tx, claim, answer.target_id, tx.store.now())
                    self.settler.counts["adopted"] += 1
                elif answer.verdict is Verdict.UNSURE:
                    error = Unavailable(
                        f"{self.ctx.flow}: look-up before the first create: {answer.reason or 'no answer'}"
                    )
                    pairs.append((claim, Outcome(claim.row.key, "unsent", reason=str(error))))
                    self._stop(error)
            self.settler.settle_in(tx, pairs, adopted=True)

    async def _settle_behind(self) -> None:
        """Settle while the requests go on; wait only when settling does not keep up with them."""
        task = self._settling
        if task is not None and (task.done() or len(self._done) >= 2 * FLUSH):
            await task
            self._settling = None if self._settling is task else self._settling
        if self._settling is None:
            self._settling = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        async with self._flush_lock:
            pairs, self._done = self._done, []
            self._flushed = time.monotonic()
            if pairs:
                await asyncio.to_thread(self.settler.settle, pairs)

    async def step(self, intent: Intent, name: str, value: Any) -> None:
        """Make a finished step durable (``Progress`` of the contract)."""
        await self.steps([(intent, value)], name)

    async def steps(self, done: Sequence[tuple[Intent, Any]], name: str) -> None:
        """Make a step of several documents durable, in one transaction."""
        for intent, value in done:
            intent.steps[name] = value
        await asyncio.to_thread(self._save_steps, [intent for intent, _ in done])

    def _save_steps(self, intents: Sequence[Intent]) -> None:
        with self.ctx.store.write() as tx:
            for intent in intents:
                claims.save_step(tx, intent)

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self.ctx.lease.total_seconds() / 6)
            await asyncio.to_thread(self._renew)

    def _renew(self) -> None:
        began = time.monotonic()
        if began - self._renewed >= self.ctx.lease.total_seconds():
            return  # others may have taken over: a renewal now would only hide that from _fence
        with self.ctx.store.write() as tx:
            claims.renew(tx, self.ctx.scope, self.ctx.claimant)
        self._renewed = began

    def _stop(self, error: Exception) -> None:
        self.stopped = self.stopped or error

    def _succeed(self) -> None:
        with self.ctx.store.write() as tx:
            values: dict[str, Any] = {"adopted_at": tx.store.now()} if self._adopting else {}
            flows.put(tx, self.ctx.scope, stopped_reason=None, **values)
            tx.record("load finished", dict(self.settler.counts), **self.ctx.scope.labels())
