"""What people see of a payload: bank details, tax ids and secrets are hidden, by the names of their fields.

The one list of such names for everything that shows payloads: commands, pages and files. What leaves
a client is redacted before it is stored at all (``core.http.redaction``).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

MASK = "***"

_WORDS = frozenset(
    {
        "bank", "banks", "ibank", "bnk", "bban", "iban", "ibans", "routing", "swift", "bic", "dfi", "bsb",
        "clabe", "acct", "ssn", "tin", "fein", "ein", "taxpayer", "cvv", "pan", "password", "passwd", "pwd",
        "passphrase", "secret", "token", "tokens", "cookie", "credential", "credentials", "authorization",
        "signature",
    }
)  # fmt: skip
"""A name that holds one of these as a word of its own is private, ``bankAccounts`` and ``VNDR_TIN`` alike."""

_JOINED = re.compile(
    r"account_?(num|nbr|no\b|id_?num)|tax_?(id|num|identifier)|sort_?code|card_?(num|no\b)|"
    r"session_?id|(api|dev|private|security|application)_?key|password|secret"
)
_HARMLESS = re.compile(r"chart_?of_?account|account_?type")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def plain(value: Any) -> Any:
    """A value as JSON knows it; times in UTC, amounts digit by digit as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


@lru_cache(maxsize=4096)
def is_private(name: str) -> bool:
    """Whether a field of this name may not be shown; both ``accountNumber`` and ``ACCOUNT_NUM`` are names."""
    folded = _CAMEL.sub("_", name).lower()
    if _HARMLESS.search(folded):
        return False
    return bool(_WORDS.intersection(re.split(r"[^a-z0-9]+", folded)) or _JOINED.search(folded))


def masked(value: Any, name: str = "") -> Any:
    """A payload as people may see it; numbers become text, inside lists too."""
    if name and value not in (None, "", [], {}) and is_private(name):
        return MASK
    if isinstance(value, dict):
        return {key: masked(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item, name) for item in value]
    return plain(value)
