"""The difference of two payloads, field by field."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from ml_connector.core.contract import Payload

Change = dict[str, Any]
"""``field`` (dotted path), ``before`` and ``after``."""

Names = Callable[[Payload, Payload], list[str]]


def changed_fields(
    before: Payload, after: Payload, *, only_before: bool = True, only_shared: bool = False
) -> list[Change]:
    """Fields that differ.

    Args:
        only_before: look only at fields that ``before`` has: the target may hold more than we own.
        only_shared: look only at fields that both have: ``after`` shows a part.
    """

    def names(one: Payload, other: Payload) -> list[str]:
        if only_shared:
            return [name for name in one if name in other]
        return list(one) if only_before else list(one) + [name for name in other if name not in one]

    return list(_walk("", before, after, names))


def _walk(path: str, before: Any, after: Any, names: Names) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in names(before, after):
            yield from _walk(f"{path}.{name}" if path else name, before.get(name), after.get(name), names)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _walk(f"{path}[{index}]", one, other, names)
    elif not equal(before, after):
        yield {"field": path, "before": before, "after": after}


def equal(one: Any, other: Any) -> bool:
    """Equality of JSON values; numbers by value, blank and missing alike."""
    numbers = (int, Decimal)
    if isinstance(one, numbers) and isinstance(other, numbers):
        return one == other
    return (one or None) == (other or None) if not isinstance(one, bool) else one == other
