"""Lines of a bill or credit: which line of BILL is which line of the voucher."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_connector.bill.values import differences

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Merged:
    """Wanted lines with the ids of BILL's lines where there is one.

    Attributes:
        lines: in the wanted order, complete.
        changed: those that are new or differ.
        same_set: every line has an id and no line of BILL is left over, so a PATCH can say it all.
    """

    lines: list[dict[str, Any]]
    changed: list[dict[str, Any]]
    same_set: bool


def merge(wanted: Sequence[Line], held: Sequence[Line], previous: Sequence[Line] = ()) -> Merged:
    """Pair equal lines first, then those at the same place, then what is left in order."""
    pairs = _pairs(wanted, held)
    ours = _class_names(wanted) | _class_names(previous)
    lines, changed = [], []
    for number, line in enumerate(wanted):
        partner = pairs.get(number)
        merged = dict(line) if partner is None else _with_id(line, held[partner], ours)
        lines.append(merged)
        if partner is None or differences(line, held[partner]) or _lost(line, held[partner], ours):
            changed.append(merged)
    same_set = len(pairs) == len(wanted) == len(held)
    return Merged(lines, changed, same_set)


def _pairs(wanted: Sequence[Line], held: Sequence[Line]) -> dict[int, int]:
    pairs: dict[int, int] = {}
    free = [number for number, line in enumerate(held) if line.get("id")]

    def take(number: int, partner: int) -> None:
        pairs[number] = partner
        free.remove(partner)

    for number, line in enumerate(wanted):
        equal = next((other for other in free if not differences(line, held[other])), None)
        if equal is not None:
            take(number, equal)
    for number in range(len(wanted)):
        if number not in pairs and number in free:
            take(number, number)
    for number in range(len(wanted)):
        if number not in pairs and free:
            take(number, free[0])
    return pairs


def _with_id(line: Line, held: Line, ours: set[str]) -> dict[str, Any]:
    """The wanted line with BILL's id, and with the classes that people gave it in BILL."""
    theirs = {name: value for name, value in _classes(held).items() if name not in ours and value}
    classes = theirs | dict(_classes(line))
    merged = {"id": held["id"], **line}
    if classes:
        merged["classifications"] = classes
    return merged


def _lost(line: Line, held: Line, ours: set[str]) -> bool:
    """Whether BILL still shows something that we once sent and no longer want."""
    if held.get("description") and not line.get("description"):
        return True
    return any(_classes(held).get(name) and name not in _classes(line) for name in ours)


def _classes(line: Line) -> Mapping[str, Any]:
    classes = line.get("classifications")
    return classes if isinstance(classes, Mapping) else {}


def _class_names(lines: Sequence[Line]) -> set[str]:
    return {name for line in lines for name in _classes(line)}
