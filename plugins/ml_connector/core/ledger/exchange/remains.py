"""What outlives the retention of an invoice that came in: how much of which order it has used up.

Without it, an order that was invoiced in full could be invoiced again once the first invoice is old.
"""

from __future__ import annotations

from typing import Any

from ml_connector.core.contract import Payload

_KEPT = frozenset({
    "content", "duplicate_of", "match", "result", "BUSINESS_UNIT_PO", "PO_ID", "lines", "LINE_NBR",
    "SCHED_NBR", "QTY_VCHR", "MERCHANDISE_AMT", "invoice", "freight", "tax", "vat", "miscellaneous",
})  # fmt: skip
"""Hashes, keys, quantities and amounts, at whatever depth; no text that somebody wrote."""

PURGED = "purged"
"""Marks what is no longer whole."""


def remains(data: Payload) -> Payload | None:
    """What is kept of a document for good; None where it used nothing up."""
    return {**_reduced(data), PURGED: True} if data.get("match") else None


def _reduced(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _reduced(one) for name, one in value.items() if name in _KEPT}
    if isinstance(value, list):
        return [left for one in value if (left := _reduced(one))]
    return value
