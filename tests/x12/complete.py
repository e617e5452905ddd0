"""Documents with everything that a table allows, each place once: what the standard calls possible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ml_connector.x12.model import Segment
from ml_connector.x12.tables import Element, Place, Position, SegmentRule, SetRule, Table

_VALUES = {"DT": "20261120", "TM": "101530"}
CODES = {"143": "850", "329": "0001", "479": "PO", "715": "A", "717": "A"}
"""Where the first code would not do."""


def value(element: Element) -> str:
    """A good value, as short as it may be."""
    if element.number in CODES:
        return CODES[element.number]
    if element.codes:
        return min(element.codes)
    if element.kind in {"DT", "TM"}:
        return _VALUES[element.kind][-element.maximum :]
    return ("1" if element.kind not in {"AN", "ID"} else "A") * element.minimum


def element(position: Position, component: str = ">") -> str:
    if position.element is not None:
        return value(position.element)
    return component.join(element(one) for one in position.components)


def segment(rule: SegmentRule) -> Segment:
    """All elements, but those that another one excludes."""
    excluded = {position for note in rule.notes if note.relation == "E" for position in note.positions[1:]}
    for note in rule.notes:  # what now depends on an excluded one goes too
        if note.relation in "PC" and excluded & set(note.positions):
            excluded |= set(note.positions if note.relation == "P" else note.positions[:1])
    values = ["" if place in excluded else element(one) for place, one in enumerate(rule.positions, 1)]
    while not values[-1]:
        values.pop()
    return (rule.segment, *values)


def body(table: Table, rule: SetRule) -> list[Segment]:
    """What stands between ST and SE."""
    made = [segment(table.segments[name]) for name in names(rule.places)][1:-1]
    lines = sum(1 for one in made if one[0] in {"PO1", "IT1", "POC"})
    return [("CTT", str(lines)) if one[0] == "CTT" else one for one in made]


def names(places: Sequence[Place]) -> Iterator[str]:
    for place in places:
        if place.places:
            yield from names(place.places)
        else:
            yield place.segment
