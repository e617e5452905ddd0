"""Outcomes in PeopleSoft's words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from ml_connector.core.contract import Intent, Outcome, Payload
from ml_connector.core.errors import Rejected
from ml_connector.core.outcomes import send_each
from ml_connector.peoplesoft.writers.private import hide

_WORD = re.compile(
    r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b|\b(?:ACCOUNT|DEPTID|ORIGIN|LEDGER|SOURCE|PRODUCT|SETID)\b"
)


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


one_by_one = partial(send_each, refused=rejected)
"""Sends each; see ``core.outcomes``."""


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
