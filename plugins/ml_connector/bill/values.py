"""Reading BILL's values, and comparing objects with what the mapping wants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

_CENT = Decimal("0.01")
_MONEY = frozenset({"amount", "price"})


def money(value: Any) -> Decimal | None:
    """An amount that came as a number or as text; None where there is none. Missing is not zero."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    if not amount.is_finite():
        return None
    exponent = amount.as_tuple().exponent
    return amount.quantize(_CENT) if isinstance(exponent, int) and exponent > -2 else amount


def normal(value: Any) -> str:
    """A text for comparison: case and white space aside, leading zeros kept."""
    return " ".join(str(value).split()).casefold() if value is not None else ""


def total(lines: Any) -> Decimal:
    """Sum of the lines of a bill or credit; a line without an amount is quantity times price."""
    amounts = (_line_amount(line) for line in lines or () if isinstance(line, Mapping))
    return sum(amounts, Decimal("0.00"))


def _line_amount(line: Mapping[str, Any]) -> Decimal:
    amount = money(line.get("amount"))
    if amount is not None:
        return amount
    quantity, price = money(line.get("quantity")), money(line.get("price"))
    return Decimal("0.00") if quantity is None or price is None else (quantity * price).quantize(_CENT)


def select(record: Any, tree: Mapping[str, Any]) -> dict[str, Any]:
    """The named fields of an object, blank ones left out, amounts exact.

    Args:
        record: BILL's object.
        tree: field names; the value is a tree of its own for objects and lists of objects.
    """
    found = {}
    for name, below in tree.items():
        value = record.get(name) if isinstance(record, Mapping) else None
        if below and isinstance(value, list):
            value = [select(item, below) for item in value]
        elif below:
            value = select(value, below)
        elif name in _MONEY:
            value = money(value)
        if value is not None and value not in ("", {}):
            found[name] = value
    return found


def tree(*names: str, **below: Mapping[str, Any]) -> dict[str, Any]:
    """Field names as :func:`select` takes them."""
    return {**dict.fromkeys(names), **below}


def differences(wanted: Mapping[str, Any], held: Mapping[str, Any], ignore: Iterable[str] = ()) -> list[str]:
    """Dotted paths of the fields in ``wanted`` that ``held`` does not have so.

    Fields that only ``held`` has are not ours. Lists are compared as sets of objects, since BILL
    promises no order of lines.
    """
    skipped = frozenset(ignore)
    found: list[str] = []
    for name, value in wanted.items():
        if name in skipped:
            continue
        other = held.get(name)
        if isinstance(value, Mapping):
            below = differences(value, other if isinstance(other, Mapping) else {})
            found += [f"{name}.{path}" for path in below]
        elif not _same(value, other):
            found.append(name)
    return found


def _same(value: Any, other: Any) -> bool:
    if isinstance(value, list):
        return isinstance(other, list) and _same_lines(value, other)
    if isinstance(value, bool):
        return value == bool(other)
    if isinstance(value, int | Decimal):
        return money(other) == value
    if value is None or value == "":
        return other is None or other == ""
    return str(value).strip() == str(other if other is not None else "").strip()


def _same_lines(wanted: list[Any], held: list[Any]) -> bool:
    left = [item for item in held if isinstance(item, Mapping)]
    if len(left) != len(wanted):
        return False
    for item in wanted:
        match = next((other for other in left if not differences(item, other)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def shown(record: Mapping[str, Any]) -> dict[str, Any]:
    """An object for people and for the trail: no bank details, no tax number."""
    hidden = {"bankAccount", "taxId", "virtualCard", "accountNumber"}
    return {
        name: shown(value) if isinstance(value, Mapping) else value
        for name, value in record.items()
        if name not in hidden
    }
