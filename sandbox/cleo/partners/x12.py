"""Reading X12 as a strict partner does, and the envelope of what goes back.

The product has a reader and a writer of its own; this one shares nothing with it, so that a mistake
made in one of them is seen by the other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

Segment = list[str]
"""The id and the elements: `["REF", "IA", "4711"]`."""
WIDTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
SET_OF_GROUP = {
    "PO": "850", "PC": "860", "IN": "810", "FA": "997", "PR": "855", "AG": "824", "SH": "856", "RA": "820",
}  # fmt: skip
GROUP_OF_SET = {name: code for code, name in SET_OF_GROUP.items()}
NAME = re.compile(r"[A-Z][A-Z0-9]{1,2}")


class Unreadable(Exception):
    """The bytes are no X12 from this place on."""


@dataclass(frozen=True)
class Marks:
    """The delimiters of one interchange."""

    element: str = "*"
    component: str = ">"
    terminator: str = "~"
    repetition: str = "U"


@dataclass
class Set:
    """ST to SE; `faults` are codes of AK502 that the envelope itself shows."""

    segments: list[Segment]
    faults: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The set's number, e.g. `850`."""
        return self.element(0, 1)

    @property
    def number(self) -> str:
        """ST02 as it stands."""
        return self.element(0, 2)

    def element(self, position: int, number: int) -> str:
        """An element of a segment; empty when there is none."""
        segment = self.segments[position]
        return segment[number] if number < len(segment) else ""

    def all(self, name: str) -> list[Segment]:
        """The segments with this id."""
        return [segment for segment in self.segments if segment[0] == name]

    def value(self, name: str, number: int) -> str:
        """An element of the first segment with this id; empty when there is none."""
        return next((get(segment, number) for segment in self.segments if segment[0] == name), "")


@dataclass
class Group:
    """GS to GE; `faults` are codes of AK905."""

    header: Segment
    sets: list[Set] = field(default_factory=list)
    declared: str = ""
    faults: list[str] = field(default_factory=list)

    @property
    def code(self) -> str:
        """GS01."""
        return get(self.header, 1)

    @property
    def number(self) -> str:
        """GS06."""
        return get(self.header, 6)

    @property
    def version(self) -> str:
        """GS08."""
        return get(self.header, 8)


@dataclass
class Interchange:
    """ISA to IEA with its own bytes; `note` is the TA1 note of what is wrong with it, or empty."""

    raw: bytes
    marks: Marks
    header: Segment
    groups: list[Group] = field(default_factory=list)
    reports: list[Segment] = field(default_factory=list)
    note: str = ""

    @property
    def sender(self) -> tuple[str, str]:
        """Qualifier and id, without padding."""
        return self.header[5], self.header[6].rstrip()

    @property
    def receiver(self) -> tuple[str, str]:
        """Qualifier and id, without padding."""
        return self.header[7], self.header[8].rstrip()

    @property
    def number(self) -> str:
        """ISA13 as it stands."""
        return self.header[13]


def get(segment: Sequence[str], number: int) -> str:
    """An element; empty when there is none."""
    return segment[number] if number < len(segment) else ""


def read(data: bytes) -> list[Interchange]:
    """All interchanges of a file. Raises ``Unreadable`` when one does not begin or end as it must."""
    text = data.decode("latin-1")
    position, found = 0, []
    while position < len(text):
        interchange, position = _interchange(text, position)
        found.append(interchange)
    if not found:
        raise Unreadable("the file is empty")
    return found


def _interchange(text: str, start: int) -> tuple[Interchange, int]:
    header, marks = _header(text, start)
    segments, end = _segments(text, start + 106, marks)
    interchange = Interchange(text[start:end].encode("latin-1"), marks, header)
    _fill(interchange, segments)
    return interchange, _after(text, end)


def _header(text: str, start: int) -> tuple[Segment, Marks]:
    head = text[start : start + 106]
    if not head.startswith("ISA"):
        raise Unreadable(f"byte {start}: ISA is expected, not {head[:3]!r}")
    if len(head) < 106:
        raise Unreadable(f"byte {start}: the ISA segment is shorter than 106 characters")
    element, component, terminator = head[3], head[104], head[105]
    header = head[:105].split(element)
    if len(header) != 17 or tuple(len(part) for part in header[1:]) != WIDTHS:
        raise Unreadable(f"byte {start}: the elements of ISA do not have their fixed widths")
    if terminator.isalnum() or len({element, component, terminator}) < 3:
        raise Unreadable(f"byte {start}: delimiters are not distinct marks")
    return header, Marks(element, component, terminator, header[11])


def _segments(text: str, start: int, marks: Marks) -> tuple[list[Segment], int]:
    """The segments up to IEA and the place behind its terminator."""
    segments: list[Segment] = []
    position = _after(text, start)
    while True:
        end = text.find(marks.terminator, position)
        if end < 0:
            raise Unreadable(f"byte {position}: a segment has no terminator, or IEA is missing")
        segment = text[position:end].split(marks.element)
        if segment[0] == "ISA":
            raise Unreadable(f"byte {position}: IEA is missing")
        segments.append(segment)
        if segment[0] == "IEA":
            return segments, end + 1
        position = _after(text, end + 1)


def _after(text: str, position: int) -> int:
    while position < len(text) and text[position] in "\r\n":
        position += 1
    return position


def _fill(interchange: Interchange, segments: list[Segment]) -> None:
    group: Group | None = None
    inside: Set | None = None
    for segment in segments:
        match segment[0]:
            case "TA1" if group is None:
                interchange.reports.append(segment)
            case "GS":
                _close(group, inside)
                group, inside = Group(segment), None
                interchange.groups.append(group)
            case "GE" if group is not None:
                _close_set(inside)
                _end_group(group, segment)
                group, inside = None, None
            case "ST" if group is not None:
                _close_set(inside)
                inside = Set([segment])
                group.sets.append(inside)
            case "IEA":
                _close(group, inside)
                _end(interchange, segment)
            case "SE" if inside is not None:
                inside.segments.append(segment)
                _end_set(inside)
                inside = None
            case _ if inside is not None:
                inside.segments.append(segment)
            case _:
                interchange.note = interchange.note or "022"


def _close(group: Group | None, inside: Set | None) -> None:
    _close_set(inside)
    if group is not None:
        group.faults.append("3")


def _close_set(inside: Set | None) -> None:
    if inside is not None:
        inside.faults.append("2")


def _end_set(inside: Set) -> None:
    trailer = inside.segments[-1]
    if get(trailer, 2) != inside.number:
        inside.faults.append("3")
    if get(trailer, 1) != str(len(inside.segments)):
        inside.faults.append("4")


def _end_group(group: Group, trailer: Segment) -> None:
    group.declared = get(trailer, 1)
    if get(trailer, 2) != group.number:
        group.faults.append("4")
    if group.declared != str(len(group.sets)):
        group.faults.append("5")
    numbers = [item.number for item in group.sets]
    for item in group.sets:
        if numbers.count(item.number) > 1:
            item.faults.append("23")


def _end(interchange: Interchange, trailer: Segment) -> None:
    if get(trailer, 2) != interchange.number:
        interchange.note = interchange.note or "001"
    elif get(trailer, 1) != str(len(interchange.groups)):
        interchange.note = interchange.note or "021"


@dataclass(frozen=True)
class Address:
    """One side of an envelope."""

    qualifier: str
    id: str
    group_id: str


@dataclass(frozen=True)
class Envelope:
    """What stands around the sets of one file."""

    sender: Address
    receiver: Address
    number: int
    version: str
    usage: str
    at: datetime
    marks: Marks
    line_end: str = ""
    repetition: str = ""


Groups = Sequence[tuple[str, int, Sequence[Sequence[Segment]]]]
"""GS01, GS06 and the bodies of the sets, without ST and SE; which set it is follows from GS01."""


def write(envelope: Envelope, groups: Groups, reports: Sequence[Segment] = ()) -> str:
    """A whole interchange; ``reports`` are TA1 segments."""
    lines = [_isa(envelope), *reports]
    for code, number, bodies in groups:
        lines += _group(envelope, code, number, bodies)
    lines.append(["IEA", str(len(groups)), f"{envelope.number:09d}"])
    return render(lines, envelope.marks, envelope.line_end)


def render(lines: Sequence[Segment], marks: Marks, line_end: str) -> str:
    """Segments as text, trailing empty elements left out and delimiters in values blanked."""
    blank = str.maketrans(dict.fromkeys((marks.element, marks.component, marks.terminator), " "))
    rows = [lines[0], *(_trimmed([value.translate(blank) for value in line]) for line in lines[1:])]
    return "".join(marks.element.join(row) + marks.terminator + line_end for row in rows)


def _trimmed(segment: Segment) -> Segment:
    end = len(segment)
    while end > 1 and segment[end - 1] == "":
        end -= 1
    return segment[:end]


def _isa(envelope: Envelope) -> Segment:
    sender, receiver, marks = envelope.sender, envelope.receiver, envelope.marks
    fifth = envelope.version.startswith("005")
    repetition = envelope.repetition or ("^" if fifth else "U")
    return [
        "ISA", "00", " " * 10, "00", " " * 10, sender.qualifier, sender.id.ljust(15), receiver.qualifier,
        receiver.id.ljust(15), f"{envelope.at:%y%m%d}", f"{envelope.at:%H%M}", repetition,
        "00501" if fifth else "00401", f"{envelope.number:09d}", "0", envelope.usage, marks.component,
    ]  # fmt: skip


def _group(envelope: Envelope, code: str, number: int, bodies: Sequence[Sequence[Segment]]) -> list[Segment]:
    at, kind = envelope.at, SET_OF_GROUP[code]
    lines: list[Segment] = [
        [
            "GS", code, envelope.sender.group_id, envelope.receiver.group_id, f"{at:%Y%m%d}", f"{at:%H%M}",
            str(number), "X", envelope.version,
        ]
    ]  # fmt: skip
    for position, body in enumerate(bodies, 1):
        control = f"{position:04d}"
        lines += [["ST", kind, control], *body, ["SE", str(len(body) + 2), control]]
    return [*lines, ["GE", str(len(bodies)), str(number)]]
