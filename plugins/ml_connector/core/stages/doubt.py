"""Documents in doubt: a request left, or may have left, and nobody knows what became of it.

The target is asked first. "Not found" counts only after the target's settle time since the request
can have left, and after a second look-up: a timed-out create may still be committed, a search may lag.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ml_connector.core.contract import Found, Operation, Outcome, Verdict
from ml_connector.core.ledger import claims
from ml_connector.core.ledger.claims import Claim
from ml_connector.core.ledger.scope import Status, entering
from ml_connector.core.stages.context import FlowContext
from ml_connector.core.stages.outcomes import Pair, Settler
from ml_connector.core.state.store import Transaction

CHUNK = 200
BETWEEN_LOOKUPS = timedelta(seconds=1)
ENOUGH_LOOKUPS = 2


async def resolve(ctx: FlowContext, settler: Settler) -> int:
    """Take over everything in doubt whose lease has ended and decide what can be decided.

    Returns:
        How many documents were looked at.
    """
    total = 0
    while taken := await asyncio.to_thread(_take, ctx):
        found = await look_up(ctx, taken)
        await asyncio.to_thread(_decide, ctx, settler, taken, found)
        total += len(taken)
    return total


async def look_up(ctx: FlowContext, taken: Sequence[Claim]) -> dict[str, Found]:
    """Ask the target about claims, in bulk; an answer that is missing is no answer."""
    answers = await ctx.need_target().find([claim.intent for claim in taken])
    found = {answer.key: answer for answer in answers}
    for claim in taken:
        found.setdefault(
            claim.row.key, Found(claim.row.key, Verdict.UNSURE, reason="the target did not answer for it")
        )
    return found


def _take(ctx: FlowContext) -> list[Claim]:
    with ctx.store.write() as tx:
        return claims.take_over(tx, ctx.scope, ctx.claimant, CHUNK)


def _decide(ctx: FlowContext, settler: Settler, taken: Sequence[Claim], found: dict[str, Found]) -> None:
    with ctx.store.write() as tx:
        now = tx.store.now()
        settled: list[Pair] = []
        others = owned(tx, ctx, taken, found)
        for claim in taken:
            answer = found[claim.row.key]
            tx.record("looked up", _event(claim, answer), document_id=claim.row.id, **ctx.scope.labels())
            if outcome := known_outcome(claim, answer, others):
                settled.append((claim, outcome))
            elif answer.verdict is Verdict.DIFFERENT:
                send_again(tx, claim, answer.target_id, now)
            elif answer.verdict is Verdict.ABSENT and _believable(ctx, claim, now):
                _gone(tx, settler, claim, now)
            else:
                _ask_later(ctx, tx, claim, answer, now)
        settler.settle_in(tx, settled, adopted=True)


def owned(
    tx: Transaction, ctx: FlowContext, taken: Sequence[Claim], found: Mapping[str, Found]
) -> dict[str, str]:
    """Objects that were found for a document and are another one's: target id to that one's key."""
    if ctx.need_target().limits.shared:
        return {}
    ids = {
        target_id: claim.row.id
        for claim in taken
        if claim.row.target_id is None and (target_id := found[claim.row.key].target_id)
    }
    return claims.owned_elsewhere(tx, ctx.scope, ids) if ids else {}


def known_outcome(claim: Claim, answer: Found, others: Mapping[str, str]) -> Outcome | None:
    """The outcome that an answer settles, if it settles any.

    Args:
        others: see :func:`owned`; such an object must not be changed for this document.
    """
    other = others.get(answer.target_id or "") if claim.row.target_id is None else None
    if other is not None:
        reason = f"the target's object {answer.target_id} already belongs to document {other}"
        return Outcome(claim.row.key, "conflict", target_id=answer.target_id, reason=reason)
    if answer.outcome is not None:
        return answer.outcome
    if answer.verdict is Verdict.EQUAL:
        return Outcome(claim.row.key, "loaded", target_id=answer.target_id)
    if answer.verdict is Verdict.FOREIGN:
        reason = answer.reason or f"the target already holds {answer.target_id} under this key"
        return Outcome(claim.row.key, "conflict", target_id=answer.target_id, reason=reason)
    if answer.verdict is Verdict.ABSENT and claim.intent.operation is Operation.REMOVE:
        return Outcome(claim.row.key, "loaded", target_id=claim.row.target_id)
    return None


def send_again(tx: Transaction, claim: Claim, target_id: str | None, now: datetime) -> None:
    """The object is there, but not as desired: from now on the document is an update."""
    values: dict[str, Any] = {"attempt_id": None, "owner": None, "lease_until": None, "lookups": 0}
    values |= {"target_id": target_id or claim.row.target_id} | entering(Status.READY, now)
    claims.settle(tx, [values | {"row_id": claim.row.id, "attempt": claim.row.attempt_id}])


def _believable(ctx: FlowContext, claim: Claim, now: datetime) -> bool:
    settled = claim.row.sent_at + timedelta(seconds=ctx.need_target().limits.settle)
    return bool(now >= settled and claim.row.lookups >= ENOUGH_LOOKUPS)


def _gone(tx: Transaction, settler: Settler, claim: Claim, now: datetime) -> None:
    """Certainly not there: a create is free to go again, but not for ever; an update has lost its object."""
    if claim.intent.operation is Operation.CREATE:
        attempts = claim.row.attempts + 1
        values: dict[str, Any] = {
            "attempt_id": None, "owner": None, "lease_until": None, "lookups": 0, "steps": None,
            "target_id": None, "attempts": attempts,
        }  # fmt: skip
        if attempts < settler.ctx.settings.attempts:
            values |= entering(Status.READY, now)
        else:
            reason = f"gave up after {attempts} attempts: sent, not answered, and not there"
            values |= entering(Status.DEAD, now, reason)
        claims.settle(tx, [values | {"row_id": claim.row.id, "attempt": claim.row.attempt_id}])
        settler.counts["not executed"] += 1
    else:
        reason = f"its object {claim.row.target_id} is gone from the target"
        settler.settle_in(tx, [(claim, Outcome(claim.row.key, "conflict", reason=reason))])


def _ask_later(ctx: FlowContext, tx: Transaction, claim: Claim, answer: Found, now: datetime) -> None:
    settle = timedelta(seconds=ctx.need_target().limits.settle)
    again = max(claim.row.sent_at + settle, now + BETWEEN_LOOKUPS)
    if answer.verdict is Verdict.UNSURE:
        again = now + max(settle, BETWEEN_LOOKUPS)
    reason = answer.reason or "sent, no answer; not found yet"
    values = {"owner": None, "lease_until": again, "reason": reason}
    claims.settle(tx, [values | {"row_id": claim.row.id, "attempt": claim.row.attempt_id}])


def _event(claim: Claim, answer: Found) -> dict[str, Any]:
    return {
        "key": claim.row.key, "verdict": answer.verdict.value, "target_id": answer.target_id,
        "lookups": claim.row.lookups, "reason": answer.reason,
    }  # fmt: skip
