"""Outcomes in words, and writing several documents so that one never decides about another."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from ml_connector.core.contract import Intent, Outcome, Payload
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
from ml_connector.peoplesoft.writers.private import hide

STOPS = (RateLimited, Unavailable, AuthenticationError, NotActivated, ConfigurationError, ContractChanged)
"""What stops a flow: the call was certainly not executed."""

_WORD = re.compile(
    r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b|\b(?:ACCOUNT|DEPTID|ORIGIN|LEDGER|SOURCE|PRODUCT|SETID)\b"
)

One = Callable[[Intent], Awaitable[Outcome]]


def loaded(intent: Intent, target_id: str | None, *, alert: str | None = None) -> Outcome:
    """It stands in PeopleSoft as desired."""
    return Outcome(intent.key, "loaded", target_id=target_id, alert=alert)


def rejected(intent: Intent, refusal: Rejected) -> Outcome:
    """PeopleSoft's edits refuse it; the field is the one that the message names."""
    reason = hide(refusal.reason, intent.desired.body)
    field = refusal.field or named_property(reason, intent.desired.body)
    return Outcome(intent.key, "rejected", reason=reason, field=field, code=refusal.code)


def conflict(intent: Intent, reason: str, *, target_id: str | None = None) -> Outcome:
    """A person decides which of two is right."""
    return Outcome(intent.key, "conflict", target_id=target_id or intent.target_id, reason=reason)


def held(intent: Intent, reason: str) -> Outcome:
    """A person decides: PeopleSoft has no call for what is wanted."""
    return Outcome(intent.key, "held", target_id=intent.target_id, reason=reason)


def in_doubt(intent: Intent, reason: str, *, target_id: str | None = None) -> Outcome:
    """A request left, and nobody knows what became of it."""
    return Outcome(intent.key, "in_doubt", target_id=target_id or intent.target_id, reason=reason)


def unsent(intent: Intent, cause: ConnectorError) -> Outcome:
    """Certainly not executed; ``cause`` stops the flow."""
    return Outcome(intent.key, "unsent", reason=str(cause), cause=cause)


async def one_by_one(intents: Sequence[Intent], send: One) -> list[Outcome]:
    """Send each; what stops the flow leaves the rest unsent."""
    outcomes: list[Outcome] = []
    for number, intent in enumerate(intents):
        try:
            outcomes.append(await send(intent))
        except Rejected as refusal:
            outcomes.append(rejected(intent, refusal))
        except InDoubt as error:
            outcomes.append(in_doubt(intent, str(error)))
        except STOPS as error:
            if not outcomes:
                raise
            return outcomes + [unsent(left, error) for left in intents[number:]]
    return outcomes


def named_property(text: str, body: Payload) -> str | None:
    """The first property of the body whose name stands in a message."""
    known = set(_names(body))
    return next((word for word in _WORD.findall(text) if word in known), None)


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield name
            yield from _names(below)
    elif isinstance(value, list):
        for row in value:
            yield from _names(row)
