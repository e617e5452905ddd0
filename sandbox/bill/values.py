"""Small helpers on JSON values: money, merging, leaving out what is empty."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def money(value: Any) -> Decimal:
    """An amount with two digits."""
    return Decimal(value).quantize(CENT, ROUND_HALF_UP)


def clean(value: Any) -> Any:
    """Without what is not populated, as BILL leaves it out of its answers."""
    if isinstance(value, dict):
        made = {name: clean(item) for name, item in value.items()}
        return {name: item for name, item in made.items() if item is not None and item not in ("", {})}
    if isinstance(value, list):
        return [clean(item) for item in value]
    return value


def merge(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """`old` with the fields of `new`; objects are merged, null removes."""
    made = dict(old)
    for name, value in new.items():
        if isinstance(value, dict) and isinstance(made.get(name), dict):
            made[name] = merge(made[name], value)
        else:
            made[name] = value
    return made


def known(body: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a body that BILL knows; the others are ignored."""
    return {name: body[name] for name in fields if name in body}
