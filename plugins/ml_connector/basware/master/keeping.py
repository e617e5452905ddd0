"""Keeps what others put into a record: a post overwrites it, and clears whatever it does not name.

Bank accounts, ordering details and fields of the customer's own may have been brought by a file, or typed in
Basware. What this product has sent once is its own, and is cleared when PeopleSoft does not have it any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_connector.basware.master.codes import unmarked
from ml_connector.core.contract import Payload

MEANS, ACCOUNTS = "paymentMeans", "financialAccounts"
_SERVER = frozenset({"externalCode", "lastUpdated", "buvid"})


def with_others(record: Payload, there: Payload, before: Payload) -> Payload:
    """The record with what Basware holds beside it.

    Args:
        record: what is about to be sent.
        there: what stands in Basware.
        before: what was sent last; empty where someone else made the record.
    """
    kept = {
        name: found
        for name, value in there.items()
        if name not in record and name not in before and name not in _SERVER
        if (found := unmarked(value) if isinstance(value, str) else value) not in (None, "", [])
    }
    merged = kept | record
    if MEANS in record and not _has_accounts(record) and not _has_accounts(before):
        merged[MEANS] = _means(record[MEANS], there.get(MEANS) or [])
    return merged


def _has_accounts(record: Mapping[str, Any]) -> bool:
    return any(means.get(ACCOUNTS) for means in record.get(MEANS) or ())


def _means(ours: list[Payload], theirs: list[Payload]) -> list[Payload]:
    """Our means of payment with their bank accounts, and their further means."""
    main = next((means for means in theirs if means.get("default")), theirs[0] if theirs else {})
    accounts = {ACCOUNTS: main[ACCOUNTS]} if main.get(ACCOUNTS) else {}
    return [{**ours[0], **accounts}, *ours[1:], *(means for means in theirs if means is not main)]
