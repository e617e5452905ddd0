"""Interchanges as bytes, exactly as the standard has them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Literal

from ml_connector.x12.model import Delimiters, Segment, X12Error
from ml_connector.x12.text import Dialect

LineEnd = Literal["none", "LF", "CRLF"]
Address = tuple[str, str]
"""Qualifier and id of one side, e.g. ``("01", "123456789")``."""

SET_OF_GROUP = {"PO": "850", "PC": "860", "PR": "855", "IN": "810", "AG": "824", "FA": "997"}
"""Functional group (GS01) and the only transaction set that we write into it."""

_LINE_ENDS: dict[LineEnd, str] = {"none": "", "LF": "\n", "CRLF": "\r\n"}


@dataclass(frozen=True, slots=True)
class ControlNumbers:
    """ISA13 and GS06, each 1 to 999999999. Sets count from 0001 in each group."""

    interchange: int
    group: int

    def __post_init__(self) -> None:
        _check_number(self.interchange, "interchange")
        _check_number(self.group, "group")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Everything that stands around transaction sets but the control numbers.

    Attributes:
        sender: qualifier and id, ISA05 and ISA06.
        receiver: ISA07 and ISA08.
        group_sender: GS02, most often the id of ISA06.
        group_receiver: GS03.
        usage: ``T`` test or ``P`` production.
        at: aware; date and time are written in its zone.
        line_end: what follows each segment terminator.
        authorization, security: qualifier and information, ISA01 to ISA04.

    Raises:
        X12Error: what does not fit its element.
    """

    sender: Address
    receiver: Address
    group_sender: str
    group_receiver: str
    at: datetime
    dialect: Dialect = field(default_factory=Dialect)
    usage: Literal["T", "P"]
    line_end: LineEnd = "none"
    acknowledgment_requested: bool = False
    authorization: Address = ("00", "")
    security: Address = ("00", "")

    def __post_init__(self) -> None:
        for qualifier, information in (self.authorization, self.security):
            _check_qualifier(qualifier, "Authorization or security")
            self._fixed(information, 10, "Authorization or security information", 0)
        for (qualifier, value), what in ((self.sender, "The sender"), (self.receiver, "The receiver")):
            _check_qualifier(qualifier, what)
            self._fixed(value, 15, f"{what}'s id", 1)
        self.dialect.identifier(self.group_sender, 15, "The group's sender (GS02)", 2)
        self.dialect.identifier(self.group_receiver, 15, "The group's receiver (GS03)", 2)
        if self.at.tzinfo is None:
            raise X12Error("The time of an interchange needs a time zone")
        if self.usage not in {"T", "P"}:
            raise X12Error(f"Usage is T (test) or P (production), not {self.usage!r}")
        if self.line_end not in _LINE_ENDS:
            raise X12Error(f"The line end is one of {', '.join(_LINE_ENDS)}, not {self.line_end!r}")
        if self.line_end != "none" and self.dialect.delimiters.segment in "\r\n":
            raise X12Error("Segments that end with a line feed cannot have a line end besides")

    def _fixed(self, value: str, limit: int, what: str, least: int) -> None:
        self.dialect.identifier(value, limit, what, least)
        if not value.isascii():  # two bytes for one character would move the delimiters from their places
            raise X12Error(f"{what} is not ASCII: {value!r}")


def write(
    envelope: Envelope, numbers: ControlNumbers, group_code: str, sets: Sequence[Sequence[Segment]]
) -> bytes:
    """One interchange with one group.

    Args:
        envelope: sides, version, delimiters.
        numbers: of interchange and group.
        group_code: GS01; what the sets are follows from it.
        sets: each without ST and SE, which are added with the numbers 0001, 0002...

    Raises:
        X12Error: no set, an unknown group, or a segment that the delimiters cannot carry.
    """
    code = SET_OF_GROUP.get(group_code)
    if code is None:
        raise X12Error(f"Group {group_code!r} is none of {', '.join(SET_OF_GROUP)}")
    if not sets or not all(sets):
        raise X12Error("An interchange needs a transaction set, and a set needs a segment")
    at, version = envelope.at, envelope.dialect.version
    day, time = at.strftime("%Y%m%d"), at.strftime("%H%M")
    header = ("GS", group_code, envelope.group_sender, envelope.group_receiver, day, time)
    body = list(chain.from_iterable(_framed(code, number, one) for number, one in enumerate(sets, 1)))
    segments = [
        (*header, str(numbers.group), "X", version),
        *body,
        ("GE", str(len(sets)), str(numbers.group)),
        ("IEA", "1", f"{numbers.interchange:09}"),
    ]
    return _render(envelope, numbers.interchange, segments)


def write_interchange_acknowledgment(envelope: Envelope, number: int, answers: Sequence[Segment]) -> bytes:
    """An interchange with TA1 segments and no group.

    Raises:
        X12Error: no answer, or a control number out of range.
    """
    _check_number(number, "interchange")
    if not answers:
        raise X12Error("There is nothing to acknowledge")
    return _render(envelope, number, [*answers, ("IEA", "0", f"{number:09}")])


def _framed(code: str, number: int, body: Sequence[Segment]) -> list[Segment]:
    control = f"{number:04}"
    return [("ST", code, control), *body, ("SE", str(len(body) + 2), control)]


def _render(envelope: Envelope, number: int, segments: Sequence[Segment]) -> bytes:
    delimiters, line_end = envelope.dialect.delimiters, _LINE_ENDS[envelope.line_end]
    element = delimiters.element
    lines = [element.join(one) for one in segments]
    text = (delimiters.segment + line_end).join(lines) + delimiters.segment + line_end
    _check_content(text, segments, delimiters, line_end)
    try:
        return (_isa(envelope, number) + line_end + text).encode(envelope.dialect.encoding)
    except UnicodeEncodeError:
        raise X12Error("A segment holds a character that this partner's characters do not have") from None


def _isa(envelope: Envelope, number: int) -> str:
    delimiters, at = envelope.dialect.delimiters, envelope.at
    modern = envelope.dialect.release == "005010"
    elements = (
        "ISA",
        envelope.authorization[0],
        envelope.authorization[1].ljust(10),
        envelope.security[0],
        envelope.security[1].ljust(10),
        envelope.sender[0],
        envelope.sender[1].ljust(15),
        envelope.receiver[0],
        envelope.receiver[1].ljust(15),
        at.strftime("%y%m%d"),
        at.strftime("%H%M"),
        (delimiters.repetition or "") if modern else "U",
        "00501" if modern else "00401",
        f"{number:09}",
        "1" if envelope.acknowledgment_requested else "0",
        envelope.usage,
        delimiters.component,
    )
    return delimiters.element.join(elements) + delimiters.segment


def _check_content(text: str, segments: Sequence[Segment], delimiters: Delimiters, line_end: str) -> None:
    """Delimiters are counted over the whole text: a search of each element would cost more than writing."""
    whole = (
        text.count(delimiters.segment) == len(segments)
        and text.count(delimiters.element) == sum(map(len, segments)) - len(segments)
        and (not line_end or text.count(line_end) == len(segments))
    )
    if not whole:
        raise _culprit(segments, delimiters, line_end)


def _culprit(segments: Sequence[Segment], delimiters: Delimiters, line_end: str) -> X12Error:
    forbidden = [delimiters.segment, delimiters.element, *([line_end] if line_end else [])]
    for number, one in _numbered(segments):
        for position, value in enumerate(one):
            if any(mark in value for mark in forbidden):
                what = f"Segment {number} ({one[0][:3]}): element {position:02} holds a delimiter"
                return X12Error(what, segment=number)
    return X12Error("A segment holds a delimiter")


def _numbered(segments: Sequence[Segment]) -> list[tuple[int, Segment]]:
    """With their numbers in their sets."""
    numbered, number = [], 0
    for one in segments:
        number = 1 if one[0] == "ST" else number + 1
        numbered.append((number, one))
    return numbered


def _check_number(number: int, what: str) -> None:
    if not 1 <= number <= 999_999_999:
        raise X12Error(f"The control number of the {what} is 1 to 999999999, not {number}")


def _check_qualifier(qualifier: str, what: str) -> None:
    if not re.fullmatch(r"[0-9A-Z]{2}", qualifier):
        raise X12Error(f"{what}'s qualifier is two digits or capitals, not {qualifier!r}")
