"""External codes, and the short mark that makes a record look new.

Basware identifies a record by ``externalCode``, which has 36 characters at most and never changes. A
record that equals the one it holds is not passed on to P2P, even if P2P refused it (vendor's FAQ), so
one that must be processed again is marked.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid5

from ml_connector.core import codec
from ml_connector.core.contract import Payload

LONGEST = 36
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
_SPACE = UUID("6f1f7f0e-63a4-5a2e-9d0a-0b1c8f4f2a57")
_MARK = re.compile(r" ?\[[0-9a-f]{8}\]$")


def external_code(key: str, prefix: str = "") -> str:
    """The code of a document, from its natural key; equal keys give equal codes, for ever.

    ``SHARE|641000`` becomes ``SHARE-641000``. A key that does not fit, or holds characters that have a
    meaning in addresses, becomes a name-based UUID.
    """
    first, _, rest = key.partition("|")
    code = f"{prefix}{key.replace('|', '-')}"
    unmistakable = "-" not in first and _PLAIN.fullmatch(code) and rest.count("|") == 0
    if unmistakable and len(code) <= LONGEST:
        return code
    return f"{prefix}{uuid5(_SPACE, key).hex}"


def natural_key(code: str, prefix: str = "") -> str | None:
    """The key of which an external code was made; None where it does not show it."""
    first, hyphen, rest = code.removeprefix(prefix).partition("-")
    key = f"{first}|{rest}"
    return key if hyphen and external_code(key, prefix) == code else None


def mark_of(attempt: str, key: str) -> str:
    """Eight hexadecimal digits that differ from attempt to attempt."""
    return codec.digest([attempt, key])[:8]


def marked(record: Payload, field: str, mark: str) -> Payload:
    """A copy of the record that differs in one field.

    Args:
        field: a text, a list of translations, or a number that nothing else uses.
    """
    return {**record, field: _marked(record.get(field), field, mark)}


def _marked(value: Any, field: str, mark: str) -> Any:
    if isinstance(value, list):
        return [{**value[0], "translation": f"{value[0]['translation']} [{mark}]"}, *value[1:]]
    if field in NUMBERS:
        return int(mark, 16) % 1_000_000
    return f"{value} [{mark}]" if value else f"[{mark}]"


def unmarked(text: str) -> str:
    """A text without the mark."""
    return _MARK.sub("", text)


NUMBERS = frozenset({"sortOrder"})
"""Fields that are marked with a number, since they hold no text."""
