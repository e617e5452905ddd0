"""Values of a body: numbers are whole or Decimal there, and texts may be missing."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TypeVar

_T = TypeVar("_T")


def decimal(value: int | Decimal | str | None) -> Decimal | None:
    """The number; None where there is none."""
    return None if value is None or value == "" else Decimal(value)


def distinct(values: Iterable[_T | None]) -> list[_T]:
    """The values that are there, each once, in their order."""
    return list(dict.fromkeys(value for value in values if value is not None and value != ""))
