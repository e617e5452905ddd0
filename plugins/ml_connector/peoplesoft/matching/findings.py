"""What keeps an invoice from matching: one word and one sentence each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Word = Literal[
    "no_order", "unknown_order", "unreadable_order", "several_orders", "other_supplier", "other_currency",
    "closed_order", "header_only", "unknown_line", "closed_line", "unit", "price", "quantity", "receipt",
    "amount", "charges", "total",
]  # fmt: skip
"""docs/matching.md explains each."""

MATCHED = "matched"
SHOWN = 5
"""Sentences that a reason holds; an invoice of 500 lines may fail 500 times."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that differs.

    Attributes:
        word: for filters and mappings.
        text: a sentence with line, found value, expected value and tolerance.
        stops: no voucher can be made of the invoice, so nobody can let it go as it is.
    """

    word: Word
    text: str
    stops: bool = False


def result(findings: Sequence[Finding]) -> dict[str, str]:
    """The first fields of a match."""
    if not findings:
        return {"result": MATCHED, "reason": "", "releasable": "false"}
    more = f" And {len(findings) - SHOWN} more." if len(findings) > SHOWN else ""
    reason = " ".join(finding.text for finding in findings[:SHOWN]) + more
    releasable = not any(finding.stops for finding in findings)
    return {"result": findings[0].word, "reason": reason, "releasable": str(releasable).lower()}
