"""What an X12 file consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Segment = tuple[str, ...]
"""Segment id and elements as text, trailing empty ones left out: ``("REF", "IA", "0000012345")``."""

Level = Literal["interchange", "group", "set", "segment", "element"]


class X12Error(ValueError):
    """Bytes or values that are no X12, with the place and the reason.

    Attributes:
        reason: a sentence for people, without the content of free-text elements.
        position: byte offset in the file, where it is about a file.
        segment: number of the segment in its transaction set (ST is 1), where it is about one.
        sender: qualifier and id as ``01:123456789``, where a broken ISA still tells them.
        receiver: the same of the receiver.
    """

    def __init__(
        self,
        reason: str,
        *,
        position: int | None = None,
        segment: int | None = None,
        sender: str | None = None,
        receiver: str | None = None,
    ) -> None:
        where = "" if position is None else f" (at byte {position})"
        super().__init__(f"{reason}{where}")
        self.reason, self.position, self.segment = reason, position, segment
        self.sender, self.receiver = sender, receiver


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The characters that an interchange is written with; each one byte and none alphanumeric.

    ``repetition`` is None where the version has none (004010), or where ISA11 holds a letter.
    """

    element: str = "*"
    component: str = ">"
    segment: str = "~"
    repetition: str | None = None

    @property
    def all(self) -> frozenset[str]:
        """Those that there are."""
        return frozenset({self.element, self.component, self.segment, self.repetition or self.segment})


@dataclass(frozen=True, slots=True)
class TransactionSet:
    """ST to SE. ``segments`` includes both; the SE is missing in a broken one.

    Attributes:
        position: byte offset of the ST.
    """

    segments: tuple[Segment, ...]
    position: int = 0

    @property
    def code(self) -> str:
        """ST01, e.g. ``850``."""
        return self._header(1)

    @property
    def number(self) -> str:
        """ST02 as it stands there."""
        return self._header(2)

    def _header(self, position: int) -> str:
        header = self.segments[0] if self.segments else ()
        return header[position] if position < len(header) else ""


@dataclass(frozen=True, slots=True)
class Group:
    """GS to GE. ``trailer`` is None where the GE is missing."""

    header: Segment
    sets: tuple[TransactionSet, ...]
    trailer: Segment | None
    position: int = 0


@dataclass(frozen=True, slots=True)
class Interchange:
    """ISA to IEA.

    Attributes:
        header: the sixteen elements of the ISA as they stand there, blanks included, behind the id.
        acknowledgments: TA1 segments.
        trailer: None where the IEA is missing.
        position: byte offset of the ISA in the file.
        size: length in bytes.
        faults: what stands in it where nothing may stand, e.g. a segment between two sets.
    """

    header: Segment
    delimiters: Delimiters
    groups: tuple[Group, ...] = ()
    acknowledgments: tuple[Segment, ...] = ()
    trailer: Segment | None = None
    position: int = 0
    size: int = 0
    faults: tuple[X12Error, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A file: its interchanges, and what could not be read. One broken interchange stops no other.

    What is wrong inside an interchange is for the checker to tell; ``faults`` is about bytes that
    are part of none.
    """

    interchanges: tuple[Interchange, ...] = ()
    faults: tuple[X12Error, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, in the terms of the acknowledgment that would say so.

    Attributes:
        level: what it is about.
        code: AK304, AK403, AK502, AK905 or TA105, by the level.
        text: a sentence for people.
        segment: id of the segment.
        number: its number in the transaction set, ST being 1 (AK302).
        element: its position (AK401), component behind it after a colon.
        value: what stood there, cut to 99 characters; None where nothing did.
        warning: worth telling, no reason to refuse.
        told: whether the sender hears of it. What is no matter of syntax, e.g. a total that does not
            add up, is told to people here and stands in no acknowledgment.
    """

    level: Level
    code: str
    text: str
    segment: str = ""
    number: int = 0
    element: str = ""
    value: str | None = field(default=None, repr=False)
    warning: bool = False
    told: bool = True
