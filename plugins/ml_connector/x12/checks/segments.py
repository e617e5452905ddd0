"""One segment against its rule: elements, composites, and how elements depend on each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ml_connector.x12.checks import elements
from ml_connector.x12.checks.patterns import JOIN, segment_pattern
from ml_connector.x12.model import Delimiters, Problem, Segment
from ml_connector.x12.tables import Element, Note, Position, SegmentRule, Table

_CONDITIONS = {
    "P": "{} go together, all or none",
    "R": "one of {} is required",
    "E": "only one of {} may be there",
    "C": "{} go together where the first of them is there",
    "L": "the first of {} needs one of the others",
}


class SegmentChecks(dict[str, Callable[[str], object]]):
    """What one version and one choice of delimiters ask of segments.

    As a dictionary it holds, by segment id, a function that answers None unless a joined segment
    is surely good; compiled when first asked for. What is not surely good is looked at closely.

    Args:
        table: the version.
        delimiters: those that the segments are written with.
        old: a version before the table's own: six-digit dates, other dependences of elements.
    """

    def __init__(self, table: Table, delimiters: Delimiters, *, old: bool = False) -> None:
        super().__init__()
        self._rules, self._delimiters, self._old = table.segments, delimiters, old

    def __missing__(self, segment: str) -> Callable[[str], object]:
        rule = self._rules.get(segment)
        if rule is None:
            return _unknown
        self[segment] = segment_pattern(rule, self._delimiters, notes=not self._old).match
        return self[segment]

    def problems(self, segments: Iterable[Segment], limit: int) -> list[Problem]:
        """What is wrong with elements, up to about so many problems. The first segment is number 1."""
        found: list[Problem] = []
        for number, segment in enumerate(segments, 1):
            text = JOIN.join(segment)
            if self[segment[0]](text) is None or text.count(JOIN) >= len(segment):
                found += self.closely(segment, number)
                if len(found) > limit:
                    break
        return found

    def closely(self, segment: Segment, number: int) -> list[Problem]:
        """Everything that is wrong with one segment, element by element."""
        rule = self._rules.get(segment[0])
        return list(self._segment(rule, segment, number)) if rule else []

    def _segment(self, rule: SegmentRule, segment: Segment, number: int) -> Iterator[Problem]:
        values = segment[1:]
        if len(values) > len(rule.positions):
            spot = _Spot(rule.segment, number, len(rule.positions) + 1)
            yield spot.problem(elements.TOO_MANY, "is one too many", values[len(rule.positions)])
        for place, position in enumerate(rule.positions, 1):
            value = values[place - 1] if place <= len(values) else ""
            yield from self._position(position, value, _Spot(rule.segment, number, place))
        if not self._old:
            present = {place for place, value in enumerate(values, 1) if value}
            yield from (
                _dependence(note, present, rule, number) for note in rule.notes if note.broken(present)
            )

    def _position(self, position: Position, value: str, spot: _Spot) -> Iterator[Problem]:
        repetition = self._delimiters.repetition
        if not value:
            if position.required:
                yield spot.problem(elements.MISSING, "is missing")
        elif repetition and repetition in value:
            yield spot.problem(elements.REPEATED, "is repeated, or holds the repetition separator", value)
        elif position.element is None:
            yield from self._composite(position, value, spot)
        else:
            yield from self._simple(position.element, value, spot)

    def _composite(self, position: Position, value: str, spot: _Spot) -> Iterator[Problem]:
        parts, allowed = value.split(self._delimiters.component), len(position.components)
        if len(parts) > allowed:
            text = f"has {len(parts)} components, at most {allowed} are allowed"
            yield spot.problem(elements.TOO_MANY, text, value)
        for index, component in enumerate(position.components, 1):
            part = parts[index - 1] if index <= len(parts) else ""
            inner = _Spot(spot.segment, spot.number, spot.place, index)
            if part and component.element is not None:
                yield from self._simple(component.element, part, inner)
            elif component.required:
                yield inner.problem(elements.MISSING, "is missing")

    def _simple(self, element: Element, value: str, spot: _Spot) -> Iterator[Problem]:
        if any(one in value for one in elements.separators(self._delimiters)):
            yield spot.problem(elements.CHARACTER, "holds a delimiter", value)
            return
        kept = value.rstrip(" ") if spot.segment == "SE" else value  # nobody misreads a padded trailer
        found = elements.faults(kept or value, element, six_digit_dates=self._old)
        for code, text in found:
            # An acknowledgment repeats the numbers of what it rejects, however short they are.
            repeated = code == elements.SHORT and spot.segment == "AK2"
            yield spot.problem(code, text, value, warning=repeated)
        if not found and value.endswith(" "):
            yield spot.problem(elements.CHARACTER, "ends with blanks", value, warning=True)


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where an element stands: segment and its number, position, component (0: none)."""

    segment: str
    number: int
    place: int
    component: int = 0

    def problem(self, code: str, text: str, value: str | None = None, *, warning: bool = False) -> Problem:
        behind = (f"-{self.component}", f":{self.component}") if self.component else ("", "")
        sentence = f"Segment {self.number}: {self.segment}{self.place:02d}{behind[0]} {text}."
        shown = None if value is None else value[:99]
        return Problem(
            "element", code, sentence, self.segment, self.number, f"{self.place}{behind[1]}", shown, warning
        )


def _unknown(_: str) -> object:
    """A segment without a rule has no elements to check; that it is unknown is told by the order."""
    return True


def _dependence(note: Note, present: set[int], rule: SegmentRule, number: int) -> Problem:
    names = ", ".join(f"{rule.segment}{position:02d}" for position in note.positions)
    there = [position for position in note.positions if position in present]
    missing = [position for position in note.positions if position not in present]
    excluded = note.relation == "E"
    code, place = (elements.EXCLUDED, there[1]) if excluded else (elements.CONDITIONAL, missing[0])
    text = f"must {'not ' if excluded else ''}be there: {_CONDITIONS[note.relation].format(names)}"
    return _Spot(rule.segment, number, place).problem(code, text)
