"""The order of segments in a transaction set, its loops, and how often each may come.

A set is walked from state to state. The state is the place where the last segment was put; it
says which loops are open. Where a segment may go from there, and which mandatory places that
skips, depends on nothing else and is worked out once. Only how often a place was used in a row
is counted on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ml_connector.x12.model import Problem, Segment
from ml_connector.x12.tables import UNLIMITED, Place, SetRule, Table

UNKNOWN, MISSING, LOOP_TOO_OFTEN, TOO_OFTEN, NOT_IN_SET, OUT_OF_ORDER = "1", "3", "4", "5", "6", "7"
"""AK304: what is wrong with a segment."""


@dataclass(eq=False)
class Node:
    """A place in the tree of a set, with what lies around it."""

    place: Place
    parent: Node | None
    index: int
    children: list[Node] = field(default_factory=list)
    entered: State = field(init=False, repr=False)
    """Where the walk stands once its (first) segment has been put there."""


@dataclass(frozen=True, slots=True)
class Step:
    """One way to go on.

    Attributes:
        node: the place that is used: a segment, or a loop that begins.
        again: it was used just before and is used once more.
        skipped: mandatory places that can no longer come.
    """

    node: Node
    again: bool
    skipped: tuple[Node, ...]

    @property
    def counted(self) -> bool:
        """Whether its uses have to be counted."""
        maximum = self.node.place.maximum
        return maximum != UNLIMITED and (maximum > 1 or self.again)


class State(dict[str, "State | tuple[Step, ...]"]):
    """Where the walk stands: what each segment id leads to.

    Another state where nothing has to be counted or complained about; else the possible steps,
    the innermost first; none where the segment has no place.
    """

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.node = node

    def __missing__(self, segment: str) -> State | tuple[Step, ...]:
        steps = tuple(_steps(self.node, segment))
        simple = bool(steps) and not steps[0].skipped and not steps[0].counted
        way = steps[0].node.entered if simple else steps
        if len(self) < 500:  # ids that exist; a file of nonsense must not fill the memory
            self[segment] = way
        return way


class Order:
    """The order of one transaction set."""

    def __init__(self, table: Table, rule: SetRule) -> None:
        self._table, self._code = table, rule.code
        root = Node(Place("", required=True, maximum=1, places=rule.places), None, 0)
        _grow(root)
        self._start = root.children[0].entered
        self._known = frozenset(_ids(rule.places))

    def problems(self, segments: Sequence[Segment], limit: int) -> list[Problem]:
        """What is wrong with the order of a whole set, which begins with its ST; about so many at most."""
        walk = _Walk()
        state = self._start
        for number, segment in enumerate(segments[1:], 2):
            way = state[segment[0]]
            if isinstance(way, State):
                state = way
                continue
            if way:
                state = walk.choose(way, segment[0], number)
            else:
                walk.found.append(self._misplaced(segment[0], number))
            if len(walk.found) > limit:
                return walk.found
        return walk.found + [_missing(node, len(segments)) for node in _to_come(state.node)]

    def _misplaced(self, segment: str, number: int) -> Problem:
        if segment in self._known:
            code, text = OUT_OF_ORDER, "does not belong at this place"
        elif segment in self._table.segments:
            code, text = NOT_IN_SET, f"does not belong in a {self._code}"
        else:
            code, text = UNKNOWN, f"is not known in a {self._code}"
        name = segment[:3] if segment.isalnum() else "segment"
        return Problem("segment", code, f"Segment {number}: {name} {text}.", segment[:3], number)


@dataclass
class _Walk:
    """One way through a set: how often places were used in a row, and what was wrong."""

    counts: dict[Node, int] = field(default_factory=dict)
    found: list[Problem] = field(default_factory=list)

    def choose(self, steps: tuple[Step, ...], segment: str, number: int) -> State:
        """Takes the first step that is not used up; else the first of all, with a problem."""
        for step in steps:
            used = self.counts.get(step.node, 1) if step.again else 0
            if used < step.node.place.maximum:
                self.counts[step.node] = used + 1
                self.found += [_missing(node, number) for node in step.skipped]
                return step.node.entered
        self.found.append(_too_often(steps[0].node, segment, number))
        return steps[0].node.entered


def _grow(node: Node) -> None:
    node.children = [Node(place, node, index) for index, place in enumerate(node.place.places)]
    for child in node.children:
        _grow(child)
    node.entered = node.children[0].entered if node.children else State(node)


def _ids(places: Sequence[Place]) -> Iterator[str]:
    for place in places:
        yield place.segment
        yield from _ids(place.places)


def _steps(here: Node, segment: str) -> Iterator[Step]:
    """Where a segment may go: further on in the loop that is open, else in the one around it."""
    closed: list[Node] = []
    node = here
    while node.parent is not None:
        passed = list(closed)
        for sibling in node.parent.children[node.index :]:
            if sibling.place.segment == segment and not (sibling is node and _opens_loop(node)):
                yield Step(sibling, sibling is node, tuple(passed))
            if sibling is not node and sibling.place.required:
                passed.append(sibling)
        closed, node = passed, node.parent


def _opens_loop(node: Node) -> bool:
    """Whether another use of a segment cannot but begin its loop anew."""
    parent = node.parent
    inside = parent is not None and parent.parent is not None
    return inside and node.index == 0 and node.place.maximum == 1


def _to_come(node: Node) -> Iterator[Node]:
    """The mandatory places behind one."""
    while node.parent is not None:
        yield from (one for one in node.parent.children[node.index + 1 :] if one.place.required)
        node = node.parent


def _missing(node: Node, number: int) -> Problem:
    place = node.place
    what = f"the loop that {place.segment} begins" if place.places else place.segment
    text = f"Before segment {number}: {what} is mandatory and missing."
    return Problem("segment", MISSING, text, place.segment, number)


def _too_often(node: Node, segment: str, number: int) -> Problem:
    code, what = (LOOP_TOO_OFTEN, "begins its loop") if node.place.places else (TOO_OFTEN, "comes")
    text = f"Segment {number}: {segment} {what} more than {node.place.maximum} times."
    return Problem("segment", code, text, segment, number)
