"""Outcomes in words, and writing documents one by one so that none decides about another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from ml_connector.core.contract import Found, Intent, Outcome, Verdict
from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    ContractChanged,
    InDoubt,
    NotActivated,
    RateLimited,
    Rejected,
    Unavailable,
)

STOPS = (RateLimited, Unavailable, AuthenticationError, NotActivated, ConfigurationError, ContractChanged)
"""What stops a flow: the call was certainly not executed."""

One = Callable[[Intent], Awaitable[Outcome]]
Refused = Callable[[Intent, Rejected], Outcome]


def loaded(intent: Intent, target_id: str | None, *, alert: str | None = None) -> Outcome:
    """It stands in the target as desired."""
    return Outcome(intent.key, "loaded", target_id=target_id, alert=alert)


def in_doubt(intent: Intent, reason: str, *, target_id: str | None = None) -> Outcome:
    """A request left, and nobody knows what became of it."""
    return Outcome(intent.key, "in_doubt", target_id=target_id or intent.target_id, reason=reason)


def unsent(intent: Intent, cause: ConnectorError) -> Outcome:
    """Certainly not executed; ``cause`` stops the flow."""
    return Outcome(intent.key, "unsent", reason=str(cause), cause=cause)


def as_found(found: Sequence[Found]) -> list[Outcome]:
    """What a look-up says of accepted documents, where the target decides at once."""
    return [
        Outcome(one.key, "loaded" if one.verdict is Verdict.EQUAL else "accepted", target_id=one.target_id)
        for one in found
    ]


async def send_each(intents: Sequence[Intent], send: One, refused: Refused) -> list[Outcome]:
    """Send each; what stops the flow leaves the rest unsent.

    Args:
        refused: the outcome of a document that the target refuses.

    Raises:
        ConnectorError: one of ``STOPS``, where nothing was sent before it.
    """
    outcomes: list[Outcome] = []
    for number, intent in enumerate(intents):
        try:
            outcomes.append(await send(intent))
        except Rejected as refusal:
            outcomes.append(refused(intent, refusal))
        except InDoubt as error:
            outcomes.append(in_doubt(intent, str(error)))
        except STOPS as error:
            if not outcomes:
                raise
            return outcomes + [unsent(left, error) for left in intents[number:]]
    return outcomes
