"""The ISA: 106 characters that say how the rest of an interchange is to be read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ml_connector.x12.model import Delimiters, Segment, X12Error

LENGTH = 106
"""Characters of an ISA, its terminator included."""

WIDTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
"""Of its sixteen elements."""

_STARTS = tuple(4 + sum(WIDTHS[:index]) + index for index in range(len(WIDTHS)))
_CANDIDATE = re.compile(r"ISA[^A-Za-z0-9 \t\r\n]")
_SEARCHED = 400  # characters of a broken ISA that are searched for its ids


@dataclass(frozen=True, slots=True)
class Header:
    """An ISA with its id and sixteen elements as they stand there, and the characters it declares."""

    segment: Segment
    delimiters: Delimiters


def parse(text: str, start: int) -> Header:
    """The ISA at ``start``.

    Delimiters are taken by position, never searched for: text may contain them.

    Raises:
        X12Error: it has not the fixed form; the ids are named where they can be made out.
    """
    fixed = text[start : start + LENGTH]
    separator = fixed[3:4]
    if not _fixed(fixed, separator):
        raise _broken(text, start, separator)
    elements = tuple(fixed[begin : begin + width] for begin, width in zip(_STARTS, WIDTHS, strict=True))
    delimiters = Delimiters(separator, fixed[104], fixed[105], _repetition(elements, fixed))
    _usable(delimiters, elements)
    return Header(("ISA", *elements), delimiters)


def find(text: str, start: int) -> int:
    """Where the next readable ISA begins, or -1."""
    for candidate in _CANDIDATE.finditer(text, start):
        fixed = text[candidate.start() : candidate.start() + LENGTH]
        if _fixed(fixed, fixed[3]):
            return candidate.start()
    return -1


def _fixed(fixed: str, separator: str) -> bool:
    if len(fixed) < LENGTH or separator in " \t\r\n":
        return False
    expected = {3, *(begin - 1 for begin in _STARTS)}
    return expected == {index for index, one in enumerate(fixed[:104]) if one == separator}


def _repetition(elements: Segment, fixed: str) -> str | None:
    """ISA11, which is a separator from 00402 on unless it is a letter, a digit or already taken."""
    one = elements[10]
    plain = one.isalnum() or one in {" ", fixed[3], fixed[104], fixed[105]}
    return None if elements[11] < "00402" or plain else one


def _usable(delimiters: Delimiters, elements: Segment) -> None:
    three = (delimiters.element, delimiters.component, delimiters.segment)
    letters = any(one.isalnum() or one in {" ", "\0"} for one in three)
    if letters or len(set(three)) < len(three):
        what = "letters, digits or blanks" if letters else "the same character twice"
        raise X12Error(
            f"The ISA declares {what} as delimiters. It is probably not 106 characters long.",
            sender=_party(elements[4], elements[5]), receiver=_party(elements[6], elements[7]),
        )  # fmt: skip


def _broken(text: str, start: int, separator: str) -> X12Error:
    """The fault of an ISA without its fixed form, e.g. one with its blanks squeezed out."""
    parts = [part.strip() for part in text[start : start + _SEARCHED].split(separator or None)]
    sender, receiver = None, None
    if len(parts) > len(WIDTHS) and not separator.isalnum():
        sender, receiver = _party(parts[5], parts[6]), _party(parts[7], parts[8])
    between = f" It seems to be from {sender} to {receiver}." if sender and receiver else ""
    reason = (
        f"The ISA has not its fixed form of {LENGTH} characters, so nothing in it can be trusted.{between}"
    )
    return X12Error(reason, sender=sender, receiver=receiver)


def _party(qualifier: str, name: str) -> str | None:
    """``01:123456789``, as far as it looks like one."""
    party = f"{qualifier.strip()}:{name.strip()}"
    return party if re.fullmatch(r"[0-9A-Z]{2}:[ -~]{1,15}", party) else None
