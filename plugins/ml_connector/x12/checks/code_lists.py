"""Long lists of codes, which only what we write ourselves is held against.

A partner may use a unit that a list does not have, and both sides still know what is meant. What we
write goes to partners whose translators refuse it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from ml_connector.x12 import tables
from ml_connector.x12.checks.elements import CODE
from ml_connector.x12.model import Delimiters, Problem, Segment, TransactionSet
from ml_connector.x12.tables import Position
from ml_connector.x12.tables.versions import table_for

Lists = Mapping[str, frozenset[str]]
"""Number of an element and its codes."""


def problems(transaction_set: TransactionSet, version: str, delimiters: Delimiters) -> Iterator[Problem]:
    """Codes of long lists that are not on them: units (355) and bases of prices (639)."""
    table = table_for(version)
    known = lists(table.version)
    for number, segment in enumerate(transaction_set.segments, 1):
        rule = table.segments.get(segment[0])
        if rule is not None:
            for place, position in enumerate(rule.positions[: len(segment) - 1], 1):
                if _is_unknown(segment[place], position, delimiters, known):
                    yield _problem(segment, number, place)


def _is_unknown(value: str, position: Position, delimiters: Delimiters, lists: Lists) -> bool:
    if position.element is not None:
        codes = lists.get(position.element.number)
        return bool(value) and codes is not None and value not in codes
    parts = zip(value.split(delimiters.component), position.components, strict=False)
    return any(_is_unknown(part, component, delimiters, lists) for part, component in parts)


def _problem(segment: Segment, number: int, place: int) -> Problem:
    text = f"Segment {number}: {segment[0]}{place:02d} is no code of its list."
    return Problem("element", CODE, text, segment[0], number, str(place), segment[place][:99])


@cache
def lists(version: str) -> Lists:
    """The long lists of ``004010`` or ``005010``."""
    found: dict[str, frozenset[str]] = {}
    text = Path(tables.__file__).with_name("codes.txt").read_text("ascii")
    for section in re.split(r"^\[", text, flags=re.MULTILINE)[1:]:
        head, codes = section.split("]", 1)
        element, *versions = head.split()
        if version in versions:
            found[element] = found.get(element, frozenset()) | frozenset(codes.split())
    return found
