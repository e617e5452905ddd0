"""What was sent against what PeopleSoft shows: only what it shows can be compared."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from ml_connector.core.contract import Payload
from ml_connector.core.planning.differences import equal
from ml_connector.peoplesoft.soap.values import clean


def normal(value: Any) -> str:
    """A text for comparison of keys: case and outer blanks aside, leading zeros kept."""
    return "" if value is None else str(value).strip().upper()


def money(value: Any) -> Decimal | None:
    """An amount; None where there is none."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def differences(
    wanted: Payload, held: Payload, ignore: Collection[str] = (), *, more_rows: bool = False
) -> list[str]:
    """Names of the top-level properties and collections that differ, as far as both have them.

    Args:
        ignore: top-level names that are not compared.
        more_rows: collections may hold further rows, which are none of ours.
    """
    return [
        name
        for name, value in wanted.items()
        if name not in ignore and name in held and not _alike(value, held[name], more_rows)
    ]


def unseen(wanted: Payload, held: Payload, path: str = "") -> list[tuple[str, Any]]:
    """What was sent and is not shown again: dotted names with their values."""
    return list(_unseen(wanted, held, path))


def _unseen(wanted: Payload, held: Payload, path: str) -> Iterator[tuple[str, Any]]:
    for name, value in wanted.items():
        place = f"{path}.{name}" if path else name
        if name not in held:
            yield place, value
        elif isinstance(value, list) and isinstance(held[name], list):
            shown = {key: below for row in held[name] for key, below in row.items()}
            for number, row in enumerate(value):
                yield from _unseen(row, shown, f"{place}[{number}]")


def _alike(wanted: Any, held: Any, more_rows: bool) -> bool:
    if isinstance(wanted, list):
        return isinstance(held, list) and _same_rows(wanted, held, more_rows)
    if isinstance(wanted, str) != isinstance(held, str):
        one, other = money(wanted), money(held)
        return one == other if one is not None and other is not None else not wanted and not held
    if isinstance(wanted, str):
        return _flat(wanted) == _flat(held)
    return equal(wanted, held)


def _flat(text: str) -> str:
    """As it survives XML and a character field: no control characters, no outer blanks, breaks as blanks."""
    return " ".join(clean(text).split())


def _same_rows(wanted: list[Payload], held: list[Payload], more_rows: bool) -> bool:
    left = list(held)
    if len(left) < len(wanted) or (len(left) > len(wanted) and not more_rows):
        return False
    for row in wanted:
        alike = [other for other in left if not differences(row, other, more_rows=more_rows)]
        if not alike:
            return False
        exact = (other for other in alike if all(other.get(name) == value for name, value in row.items()))
        left.remove(next(exact, alike[0]))
    return True
