"""Outcomes in words, and writing several documents so that one never decides about another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from ml_connector.bill.errors import indexes
from ml_connector.core.contract import Intent, Outcome
from ml_connector.core.errors import InDoubt, Rejected
from ml_connector.core.outcomes import STOPS, in_doubt, send_each, unsent

Post = Callable[[Sequence[Intent]], Awaitable[list[Outcome]]]
Alone = Callable[[Intent, Rejected], Awaitable[Outcome]]


def rejected(intent: Intent, refusal: Rejected) -> Outcome:
    """BILL's rules refuse it."""
    return Outcome(intent.key, "rejected", reason=refusal.reason, field=refusal.field, code=refusal.code)


def conflict(intent: Intent, reason: str, *, target_id: str | None = None, alert: bool = False) -> Outcome:
    """A person decides; ``alert`` when it cannot wait for the next look at the list."""
    target_id = target_id or intent.target_id
    return Outcome(
        intent.key, "conflict", target_id=target_id, reason=reason, alert=reason if alert else None
    )


async def in_bulk(intents: Sequence[Intent], post: Post, alone: Alone) -> list[Outcome]:
    """Send all or nothing, and narrow a refusal down to the documents that deserve it.

    Args:
        intents: creates, or updates that go in one call.
        post: sends several; raises ``Rejected`` when BILL took none of them.
        alone: decides about a refused document that stood alone.
    """
    outcomes: list[Outcome] = []
    waiting = [list(intents)]
    while waiting:
        part = waiting.pop()
        try:
            outcomes += await _part(part, post, alone, waiting)
        except InDoubt as error:
            outcomes += [in_doubt(intent, str(error)) for intent in part]
        except STOPS as error:
            if not outcomes:
                raise
            left = [intent for other in (part, *reversed(waiting)) for intent in other]
            return outcomes + [unsent(intent, error) for intent in left]
    return outcomes


async def _part(part: list[Intent], post: Post, alone: Alone, waiting: list[list[Intent]]) -> list[Outcome]:
    try:
        return await post(part)
    except Rejected as refusal:
        if len(part) == 1:
            return [await _stand_alone(part[0], refusal, alone)]
        waiting.extend(_split(part, refusal))
        return []


async def _stand_alone(intent: Intent, refusal: Rejected, alone: Alone) -> Outcome:
    try:
        return await alone(intent, refusal)
    except Rejected as final:
        return rejected(intent, final)


def _split(part: list[Intent], refusal: Rejected) -> list[list[Intent]]:
    """Those that BILL names, each alone, and the rest; else two halves."""
    named = {index for index in indexes(refusal) if index < len(part)}
    if 0 < len(named) < len(part):
        rest = [intent for index, intent in enumerate(part) if index not in named]
        return [*([part[index]] for index in sorted(named)), rest]
    middle = len(part) // 2
    return [part[middle:], part[:middle]]


one_by_one = partial(send_each, refused=rejected)
"""Sends each; see ``core.outcomes``."""
