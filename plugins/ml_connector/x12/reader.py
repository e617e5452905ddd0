"""Reads X12 as it comes: any delimiters, stray line ends, a byte order mark, a missing last terminator.

Liberal about the form, exact about the content: what it reads is judged by the checker. Nothing
is raised; what cannot be read is told as a fault.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ml_connector.x12 import isa
from ml_connector.x12.assembly import Assembly
from ml_connector.x12.model import Delimiters, Interchange, Reading, Segment, X12Error

MAX_BYTES = 50 * 1024 * 1024
MAX_SEGMENTS = 2_000_000
MAX_ELEMENT = 100_000

_BLANK = " \t\r\n\f\v\ufeff\0\x1a"
_PADDING = re.compile(rf"(?:[{_BLANK}]|\xef\xbb\xbf)*")
"""Between interchanges and behind the last one: blanks, line ends, byte order marks, end-of-file marks.

A byte order mark is three characters where the rest is no UTF-8.
"""

_ANY = "latin-1"
"""The encoding in which any bytes are text."""

_FILLING = " \t\r\n"
"""Behind a terminator, before the next segment id."""

_LINE_ENDS = "\r\n"
"""Before a terminator, where that is not a line end itself."""


def read(data: bytes) -> Reading:
    """The interchanges of a file, in order, and what could not be read.

    Text is decoded as ASCII, else as UTF-8, else as ISO-8859-1, each interchange by itself. One
    broken interchange stops no other. What is wrong *inside* an interchange is told by the checker.
    """
    if len(data) > MAX_BYTES:
        return Reading(faults=(X12Error(f"The file has {len(data)} bytes, more than {MAX_BYTES}."),))
    reader = _Reader(data)
    reading = reader.reading()
    if reader.encoding != _ANY or len(reading.interchanges) + len(reading.faults) < 2:
        return reading
    return replace(reading, interchanges=tuple(_alone(one, data) for one in reading.interchanges))


def _alone(found: Interchange, data: bytes) -> Interchange:
    """An interchange from a file that is no UTF-8 as a whole, which by itself it may be."""
    content = data[found.position : found.position + found.size]
    reader = _Reader(content)
    if content.isascii() or reader.encoding == _ANY:
        return found
    reading = reader.reading(found.position)
    return reading.interchanges[0] if len(reading.interchanges) == 1 and not reading.faults else found


@dataclass
class _Offsets:
    """Byte offsets of characters, asked for in rising order."""

    text: str
    encoding: str
    start: int = 0
    _character: int = 0
    _byte: int = 0

    def at(self, character: int) -> int:
        if self.encoding != "utf-8":
            return self.start + character
        self._byte += len(self.text[self._character : character].encode())
        self._character = character
        return self.start + self._byte


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._text, self.encoding = _decoded(data)
        self._offsets = _Offsets(self._text, self.encoding)
        self._interchanges: list[Interchange] = []
        self._faults: list[X12Error] = []

    def reading(self, start: int = 0) -> Reading:
        """Everything in the bytes, which begin at ``start`` in their file."""
        self._offsets.start = start
        position = self._skip(0)
        if position == len(self._text):
            self._faults.append(X12Error("The file is empty."))
        while position < len(self._text):
            position = self._skip(self._next(position))
        return Reading(tuple(self._interchanges), tuple(self._faults))

    def _skip(self, position: int) -> int:
        """Past what may stand between interchanges."""
        found = _PADDING.match(self._text, position)
        return found.end() if found else position

    def _next(self, start: int) -> int:
        """Takes the interchange at a position, or tells why there is none; answers where to go on."""
        if not self._text.startswith("ISA", start):
            self._fault(X12Error("This belongs to no interchange: an ISA was expected."), start)
            return self._following(start)
        try:
            header = isa.parse(self._text, start)
        except X12Error as fault:
            self._fault(fault, start)
            return self._following(start)
        end = _end(self._text, start, header.delimiters)
        try:
            self._interchanges.append(self._interchange(header, start, end))
        except X12Error as fault:
            self._fault(fault, start)
        return end

    def _following(self, start: int) -> int:
        following = isa.find(self._text, start + 1)
        return len(self._text) if following < 0 else following

    def _fault(self, fault: X12Error, start: int) -> None:
        position = self._offsets.at(start)
        self._faults.append(
            X12Error(fault.reason, position=position, sender=fault.sender, receiver=fault.receiver)
        )

    def _interchange(self, header: isa.Header, start: int, end: int) -> Interchange:
        first = start + isa.LENGTH
        pieces = _pieces(self._text[first:end], header.delimiters)
        position = self._offsets.at(start)
        assembly = Assembly(lambda index: self._offsets.at(first + pieces.starts[index]))
        assembly.take(pieces.segments)
        size = self._offsets.at(end) - position
        return Interchange(
            header.segment, header.delimiters, tuple(assembly.groups), tuple(assembly.acknowledgments),
            assembly.trailer, position, size, tuple(assembly.faults),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Pieces:
    """The segments behind an ISA, and the character at which each begins."""

    segments: list[Segment]
    starts: list[int]


def _decoded(data: bytes) -> tuple[str, str]:
    for encoding in ("ascii", "utf-8"):
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return data.decode(_ANY), _ANY


def _end(text: str, start: int, delimiters: Delimiters) -> int:
    """Behind the IEA, else before the next ISA, else at the end of the text."""
    element, terminator = re.escape(delimiters.element), re.escape(delimiters.segment)
    trailer = rf"IEA(?:{element}[^{element}{terminator}\r\n]*)*(?:{terminator}|(?=[\r\n]|\Z))"
    mark = re.compile(rf"{trailer}|(ISA)(?=[^A-Za-z0-9 \t\r\n])")
    for found in mark.finditer(text, start + isa.LENGTH):
        if _begins_segment(text, found.start(), delimiters.segment):
            return found.start() if found.group(1) else found.end()
    return len(text)


def _begins_segment(text: str, position: int, terminator: str) -> bool:
    """Whether only filling stands between a terminator and the position."""
    before = position - 1
    while text[before] in _FILLING and text[before] != terminator:
        before -= 1
    return text[before] == terminator


def _pieces(body: str, delimiters: Delimiters) -> _Pieces:
    """Splits at terminators; trailing empty elements are left out.

    Raises:
        X12Error: more segments, or longer elements, than any real document has.
    """
    if body.count(delimiters.segment) > MAX_SEGMENTS:
        raise X12Error(f"The interchange has more than {MAX_SEGMENTS} segments.")
    element = delimiters.element
    segments: list[Segment] = []
    starts: list[int] = []
    start = 0
    pieces = body.split(delimiters.segment)
    pieces[-1] = pieces[-1].rstrip(_BLANK)  # not terminated: what fills up the file is no part of it
    for piece in pieces:
        text = piece.lstrip(_FILLING)
        if text:
            segment = tuple(text.rstrip(_LINE_ENDS).rstrip(element).split(element))
            if len(text) > MAX_ELEMENT and max(map(len, segment)) > MAX_ELEMENT:
                raise X12Error(f"An element has more than {MAX_ELEMENT} characters.")
            segments.append(segment)
            starts.append(start + len(piece) - len(text))
        start += len(piece) + 1
    return _Pieces(segments, starts)
