"""What the standard says about elements, segments and transaction sets, by version.

The text files beside this module hold one version each; ``docs/x12.md`` describes their form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

UNLIMITED = 10**9

Kind = Literal["AN", "ID", "R", "DT", "TM", "N0", "N1", "N2", "N3", "N4", "N5", "N6", "N7", "N8", "N9"]
Relation = Literal["P", "R", "E", "C", "L"]


@dataclass(frozen=True, slots=True)
class Element:
    """A data element: its kind, its length in characters and, where the list is kept, its codes.

    The sign and the decimal point of a number do not count as characters.
    """

    number: str
    kind: Kind
    minimum: int
    maximum: int
    codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a segment or in a composite: one element, or ``components`` of a composite."""

    required: bool
    element: Element | None
    components: tuple[Position, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """Which elements of a segment depend on each other.

    P: all or none. R: at least one. E: at most one. C: the first needs all others. L: the first
    needs at least one of the others.
    """

    relation: Relation
    positions: tuple[int, ...]

    def broken(self, present: frozenset[int] | set[int]) -> bool:
        """Whether the elements that are present contradict it."""
        here = [position in present for position in self.positions]
        match self.relation:
            case "P":
                return any(here) and not all(here)
            case "R":
                return not any(here)
            case "E":
                return sum(here) > 1
            case "C":
                return here[0] and not all(here)
            case "L":
                return here[0] and not any(here[1:])


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """A segment: its elements in order and how they depend on each other."""

    segment: str
    positions: tuple[Position, ...]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a transaction set: a segment, or a loop of ``places`` that its first segment opens."""

    segment: str
    required: bool
    maximum: int
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class SetRule:
    """A transaction set: the GS01 of its groups and its segments in order."""

    code: str
    group: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One version of the standard, as far as it is kept here."""

    version: str
    segments: dict[str, SegmentRule]
    sets: dict[str, SetRule]


@cache
def load(version: str) -> Table:
    """The table of ``004010`` or ``005010``."""
    sections = dict(_sections(Path(__file__).with_name(f"{version}.txt").read_text("ascii")))
    elements = {line[0]: _element(line) for line in sections.pop("elements")}
    composites = {line[0]: line[1:] for line in sections.pop("composites")}
    segments = {line[0]: _segment(line, elements, composites) for line in sections.pop("segments")}
    sets = [_set(name.split(), lines) for name, lines in sections.items()]
    return Table(version, segments, {rule.code: rule for rule in sets})


def _sections(text: str) -> Iterator[tuple[str, list[list[str]]]]:
    """Name and lines of each ``[section]``; an indented line goes on from the one before."""
    for section in re.split(r"^\[(?=elements|composites|segments|set )", text, flags=re.MULTILINE)[1:]:
        name, _, body = section.partition("]\n")
        yield name, [line.split() for line in re.sub(r"\n +", " ", body).splitlines() if line]


def _element(line: list[str]) -> Element:
    number, kind, minimum, maximum, *codes = line
    return Element(number, kind, int(minimum), int(maximum), frozenset(codes))  # type: ignore[arg-type]


def _position(word: str, elements: dict[str, Element], composites: dict[str, list[str]]) -> Position:
    name, required = word.removesuffix("!"), word.endswith("!")
    if name not in composites:
        return Position(required, elements[name])
    return Position(required, None, tuple(_position(one, elements, {}) for one in composites[name]))


def _segment(line: list[str], elements: dict[str, Element], composites: dict[str, list[str]]) -> SegmentRule:
    words, notes = (
        (line[1:], []) if ":" not in line else (line[1 : line.index(":")], line[line.index(":") + 1 :])
    )
    positions = tuple(_position(word, elements, composites) for word in words)
    return SegmentRule(line[0], positions, tuple(_note(word) for word in notes))


def _note(word: str) -> Note:
    pairs = re.findall(r"\d\d", word)
    return Note(word[0], tuple(int(pair) for pair in pairs))  # type: ignore[arg-type]


def _set(name: list[str], lines: list[list[str]]) -> SetRule:
    _, code, group = name
    text = " ".join(word for line in lines for word in line)
    words = iter(re.findall(r"\[|\](?:!|\*\d*)*|[A-Z][A-Z0-9]{1,2}(?:!|\*\d*)*", text))
    places, _ = _places(words)
    return SetRule(code, group, places)


def _places(words: Iterator[str]) -> tuple[tuple[Place, ...], str]:
    """The places up to the end of the loop, and the mark of its end."""
    places: list[Place] = []
    for word in words:
        if word.startswith("]"):
            return tuple(places), word
        inner, mark = _places(words) if word == "[" else ((), word)
        name = inner[0].segment if inner else re.split(r"[!*]", word)[0]
        places.append(Place(name, "!" in mark, _maximum(mark), inner))
    return tuple(places), ""


def _maximum(mark: str) -> int:
    _, star, number = mark.partition("*")
    return int(number or UNLIMITED) if star else 1
