"""Rules as regular expressions: one match says that a whole segment is good.

The elements of a segment are joined with ``JOIN`` and matched at once, which is several times
faster than looking at each. The group of an element carries its position, so that the
dependences between elements are conditions on groups.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ml_connector.x12.checks import elements
from ml_connector.x12.model import Delimiters
from ml_connector.x12.tables import Note, Position, SegmentRule

JOIN = "\0"
"""Put between elements to match them as one text. A control character, so never part of a good value."""

_FAIL = "(?!)"


def segment_pattern(rule: SegmentRule, delimiters: Delimiters, *, notes: bool) -> re.Pattern[str]:
    """What only good segments match; a few rare good ones do not.

    Args:
        rule: the segment.
        delimiters: characters that no simple element may hold.
        notes: whether the dependences between elements count.
    """
    parts = [f"({_position(position, delimiters)})" for position in rule.positions]
    required = [position.required for position in rule.positions]
    conditions = "".join(_condition(note) for note in rule.notes) if notes else ""
    return re.compile(re.escape(rule.segment) + _series(parts, required, JOIN) + r"\Z" + conditions)


def _position(position: Position, delimiters: Delimiters) -> str:
    if position.element is not None:
        return elements.pattern(position.element, elements.separators(delimiters))
    parts = [_position(component, delimiters) for component in position.components]
    required = [component.required for component in position.components]
    first = f"(?:{parts[0]})" if required[0] else rf"(?!{JOIN}|\Z)(?:{parts[0]})?"
    return first + _series(parts[1:], required[1:], re.escape(delimiters.component))


def _series(parts: Sequence[str], required: Sequence[bool], separator: str) -> str:
    """Parts, each behind a separator; those behind the last required one may be left out."""
    text = ""
    last = max((index for index, needed in enumerate(required) if needed), default=-1)
    for index in range(len(parts) - 1, -1, -1):
        part = f"{separator}(?:{parts[index]}){'' if required[index] else '?'}{text}"
        text = part if index <= last else f"(?:{part})?"
    return text


def _condition(note: Note) -> str:
    """A note as conditions on the groups that matched."""
    first, *others = note.positions
    match note.relation:
        case "P":
            return f"(?({first}){_all(others)}|{_none(others)})"
        case "R":
            return _one(note.positions)
        case "C":
            return f"(?({first}){_all(others)})"
        case "L":
            return f"(?({first}){_one(others)})"
        case "E":
            return "".join(f"(?({one}){_none(note.positions[index:])})" for index, one in enumerate(others))


def _all(positions: Sequence[int]) -> str:
    return "".join(f"(?({position})|{_FAIL})" for position in positions)


def _none(positions: Sequence[int]) -> str:
    return "".join(f"(?({position}){_FAIL})" for position in positions)


def _one(positions: Sequence[int]) -> str:
    text = _FAIL
    for position in reversed(positions):
        text = f"(?({position})|{text})"
    return text
