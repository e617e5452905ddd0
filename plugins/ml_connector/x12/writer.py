"""Interchanges as bytes, exactly as the standard has them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Literal

from ml_connector.x12.model import Segment, X12Error
from ml_connector.x12.tables import SegmentRule, load
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
        authorization, security: qualifier and information, ISA01 to ISA04; passwords, so never shown.
        isa_version: ISA12, e.g. ``00401``, where it is not that of the dialect. From 00402 on ISA11
            holds the repetition separator, which the dialect then must have.

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
    authorization: Address = field(default=("00", ""), repr=False)
    security: Address = field(default=("00", ""), repr=False)
    isa_version: str | None = None

    def __post_init__(self) -> None:
        for qualifier, information in (self.authorization, self.security):
            if not (_is_qualifier(qualifier) and len(information) <= 10 and self._writes(information)):
                raise X12Error(
                    "Authorization or security is no qualifier of two digits or capitals, with at most 10 "
                    "ASCII characters that are no delimiters"
                )
        self._check_sides()
        self._check_version()
        if self.at.tzinfo is None:
            raise X12Error("The time of an interchange needs a time zone")
        if self.usage not in {"T", "P"}:
            raise X12Error(f"Usage is T (test) or P (production), not {self.usage!r}")
        if self.line_end not in _LINE_ENDS:
            raise X12Error(f"The line end is one of {', '.join(_LINE_ENDS)}, not {self.line_end!r}")
        if self.line_end != "none" and self.dialect.delimiters.segment in "\r\n":
            raise X12Error("Segments that end with a line feed cannot have a line end besides")

    def _check_sides(self) -> None:
        for (qualifier, value), what in ((self.sender, "The sender"), (self.receiver, "The receiver")):
            if not _is_qualifier(qualifier):
                raise X12Error(f"{what}'s qualifier is two digits or capitals, not {qualifier!r}")
            self._check_id(value, f"{what}'s id", 1)
        self._check_id(self.group_sender, "The group's sender (GS02)", 2)
        self._check_id(self.group_receiver, "The group's receiver (GS03)", 2)

    def _check_version(self) -> None:
        if not re.fullmatch("00[2-5]0[0-9]", self.version):
            raise X12Error(f"The version of the envelope is one such as 00401, not {self.version!r}")
        if self.repeats and self.dialect.delimiters.repetition is None:
            raise X12Error(f"Version {self.version} of the envelope needs a repetition separator, usually ^")

    @property
    def version(self) -> str:
        """ISA12."""
        return self.isa_version or ("00501" if self.dialect.release == "005010" else "00401")

    @property
    def repeats(self) -> bool:
        """Whether ISA11 is the repetition separator."""
        return self.version >= "00402"

    def _check_id(self, value: str, what: str, least: int) -> None:
        """Ids are the partner's own: what its set of characters for texts lacks may stand in them."""
        if not least <= len(value) <= 15:
            raise X12Error(f"{what} has {len(value)} characters, {least} to 15 are allowed: {value[:60]!r}")
        if value != value.strip():
            raise X12Error(f"{what} begins or ends with a blank: {value!r}")
        if not self._writes(value):
            raise X12Error(f"{what} holds a delimiter, or is not ASCII: {value!r}")

    def _writes(self, value: str) -> bool:
        return all(" " <= one <= "~" for one in value) and self.dialect.delimiters.all.isdisjoint(value)


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
    _check_content(text, segments, envelope.dialect, line_end)
    try:
        return (_isa(envelope, number) + line_end + text).encode(envelope.dialect.encoding)
    except UnicodeEncodeError:
        raise X12Error("A segment holds a character that this partner's characters do not have") from None


def _isa(envelope: Envelope, number: int) -> str:
    delimiters, at = envelope.dialect.delimiters, envelope.at
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
        (delimiters.repetition or "") if envelope.repeats else "U",
        envelope.version,
        f"{number:09}",
        "1" if envelope.acknowledgment_requested else "0",
        envelope.usage,
        delimiters.component,
    )
    return delimiters.element.join(elements) + delimiters.segment


def _check_content(text: str, segments: Sequence[Segment], dialect: Dialect, line_end: str) -> None:
    """All of the text at once: a search of each element would cost more than writing."""
    delimiters = dialect.delimiters
    seen = set(text)
    whole = (
        text.count(delimiters.segment) == len(segments)
        and text.count(delimiters.element) == sum(map(len, segments)) - len(segments)
        and all(text.count(one) == len(segments) for one in line_end)
        and seen.isdisjoint({delimiters.component, delimiters.repetition} - {None})
        and all(one.isprintable() for one in seen - delimiters.all - set(line_end))
        and all(len(one) > 1 and one[0] and one[-1] for one in segments)
    )
    if not whole:
        _check_each(segments, dialect, line_end)


def _check_each(segments: Sequence[Segment], dialect: Dialect, line_end: str) -> None:
    forbidden = dialect.delimiters.all | set(line_end)
    rules = load(dialect.release).segments
    for number, one in _numbered(segments):
        if len(one) < 2 or not one[0] or not one[-1]:
            what = f"Segment {number} ({one[0][:3] if one else ''}) is empty, or ends with an empty element"
            raise X12Error(what, segment=number)
        for position, value in enumerate(one):
            inside = {dialect.delimiters.component} if _is_composite(rules.get(one[0]), position) else set()
            found = set(value) - inside
            if found & forbidden or not all(mark.isprintable() for mark in found):
                kind = "a delimiter" if found & forbidden else "a control character"
                what = f"Segment {number} ({one[0][:3]}): element {position:02} holds {kind}"
                raise X12Error(what, segment=number)


def _is_composite(rule: SegmentRule | None, position: int) -> bool:
    return (
        rule is not None and 0 < position <= len(rule.positions) and not rule.positions[position - 1].element
    )


def _numbered(segments: Sequence[Segment]) -> list[tuple[int, Segment]]:
    """With their numbers in their sets."""
    numbered, number = [], 0
    for one in segments:
        number = 1 if one[:1] == ("ST",) else number + 1
        numbered.append((number, one))
    return numbered


def _check_number(number: int, what: str) -> None:
    if not 1 <= number <= 999_999_999:
        raise X12Error(f"The control number of the {what} is 1 to 999999999, not {number}")


def _is_qualifier(text: str) -> bool:
    return re.fullmatch(r"[0-9A-Z]{2}", text) is not None
