"""An interchange as people may see it: one line for each segment, what is private hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml_connector.console.views.payloads import Line, lines
from ml_connector.core import codec
from ml_connector.core.ledger.privacy import MASK
from ml_connector.x12.model import Interchange, Segment
from ml_connector.x12.reader import read

PRIVATE_NUMBERS = frozenset({"01", "11", "14", "4A", "EI", "SY", "TJ"})
"""REF01: bank's routing number, account numbers, a personal identification number, tax and social security
numbers."""

PRIVATE_PARTIES = frozenset({"24", "34", "FI"})
"""N103: the number that follows is an employer's, a person's or a taxpayer's."""

_WITH_BANKS = frozenset({"BPR", "DTP", "FA2"})
_PASSWORDS = (2, 4)


@dataclass(frozen=True, slots=True)
class Shown:
    """A segment: its number in the transaction set (None for those of the envelope), and its elements."""

    number: int | None
    id: str
    elements: Sequence[str]


@dataclass(frozen=True, slots=True)
class Content:
    """What an interchange holds: segments where it is X12, else fields, else neither."""

    segments: Sequence[Shown] = ()
    fields: Sequence[Line] = ()


def shown(data: bytes) -> Content:
    """The content of an interchange or payload."""
    reading = read(data)
    if reading.interchanges:
        return Content([line for found in reading.interchanges for line in _lines(found)])
    try:
        payload = codec.decode(data)
    except ValueError:
        return Content()
    return Content(fields=lines(payload) if isinstance(payload, dict) else ())


def _lines(found: Interchange) -> list[Shown]:
    made = [_shown(None, found.header)]
    made += [_shown(None, segment) for segment in found.acknowledgments]
    for group in found.groups:
        made.append(_shown(None, group.header))
        for one in group.sets:
            made += [_shown(number, segment) for number, segment in enumerate(one.segments, 1)]
        made += [_shown(None, segment) for segment in (group.trailer,) if segment]
    return made + [_shown(None, segment) for segment in (found.trailer,) if segment]


def _shown(number: int | None, segment: Segment) -> Shown:
    name, elements = segment[0], list(segment[1:])
    if name == "ISA":
        hidden: Sequence[int] = [
            at for at in _PASSWORDS if elements[at - 1 : at] and elements[at - 1].strip()
        ]
    elif name in _WITH_BANKS or (name == "REF" and elements[:1] and elements[0] in PRIVATE_NUMBERS):
        hidden = range(2, len(elements) + 1)
    elif name == "N1" and elements[2:3] and elements[2] in PRIVATE_PARTIES:
        hidden = (4,)
    else:
        hidden = ()
    for at in hidden:
        if at <= len(elements) and elements[at - 1]:
            elements[at - 1] = MASK
    return Shown(number, name, elements)
