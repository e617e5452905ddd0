"""The difference of two payloads, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from ml_connector.core.contract import Payload

Change = dict[str, Any]
"""``field`` (dotted path), ``before`` and ``after``."""


def changed_fields(before: Payload, after: Payload, *, only_before: bool = True) -> list[Change]:
    """Fields that differ.

    Args:
        only_before: look only at fields that ``before`` has: the target may hold more than we own.
    """
    return list(_walk("", before, after, only_before))


def _walk(path: str, before: Any, after: Any, only_before: bool) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        names = list(before) if only_before else list(before) + [name for name in after if name not in before]
        for name in names:
            yield from _walk(
                f"{path}.{name}" if path else name, before.get(name), after.get(name), only_before
            )
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _walk(f"{path}[{index}]", one, other, only_before)
    elif not equal(before, after):
        yield {"field": path, "before": before, "after": after}


def equal(one: Any, other: Any) -> bool:
    """Equality of JSON values; numbers by value, blank and missing alike."""
    numbers = (int, Decimal)
    if isinstance(one, numbers) and isinstance(other, numbers):
        return one == other
    return (one or None) == (other or None) if not isinstance(one, bool) else one == other
