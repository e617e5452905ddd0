"""What the partners remember of what came and what they sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .responses import Subject


@dataclass
class Received:
    """One set that arrived, or a whole interchange that was refused.

    Attributes:
        kind: the set, e.g. `850`; empty when the interchange could not be looked into.
        status: `accepted`, `accepted_with_errors`, `rejected` (997), `refused` (TA1, or not even that),
            or `duplicate`: an order or invoice under a number that it already had.
        key: order or invoice number; for a 997 the group it answers.
    """

    partner: str
    kind: str
    status: str
    key: str
    interchange: str
    group: str
    set: str
    sender: str
    receiver: str
    version: str
    usage: str
    file: str
    received: str
    content: str
    reasons: list[str] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)

    def subject(self) -> Subject:
        """For an 824."""
        qualifier = "IV" if self.kind == "810" else "PO"
        return Subject(qualifier, self.key, self.group, self.set, self.kind)


@dataclass
class Sent:
    """One file that a partner sent; `acknowledged` holds the AK901 codes that came back for it."""

    partner: str
    kinds: list[str]
    interchange: str
    groups: list[str]
    file: str
    sent: str
    order: str = ""
    invoice: str = ""
    total: str = ""
    words: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
