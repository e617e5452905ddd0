"""What the other side says to a group or an interchange: 997 and TA1 as data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from ml_connector.x12.model import Segment, TransactionSet, X12Error
from ml_connector.x12.values import read_n0

Verdict = Literal["accepted", "accepted_with_errors", "rejected", "unclear"]

# AK501, AK901 and TA104. M, W and X are rejections for security's sake.
_VERDICTS: dict[str, Verdict] = {
    "A": "accepted",
    "E": "accepted_with_errors",
    "R": "rejected",
    "M": "rejected",
    "W": "rejected",
    "X": "rejected",
}
_WORST: tuple[Verdict, ...] = ("rejected", "unclear", "accepted_with_errors", "accepted")
_TAKEN = frozenset({"accepted", "accepted_with_errors"})
_NAMED = 5  # sets that a sentence names


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementError:
    """AK4.

    Attributes:
        element: position in the segment.
        component: position in a composite element.
        reference: number of the element in the standard's dictionary.
        code: AK403.
        value: what stood there, as the partner copied it.
    """

    element: int
    code: str
    component: int | None = None
    reference: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentError:
    """AK3.

    Attributes:
        number: of the segment in its set, ST being 1; 0 where the partner does not say.
        code: AK304; None where only elements are wrong.
    """

    segment: str
    number: int
    loop: str | None = None
    code: str | None = None
    elements: tuple[ElementError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAnswer:
    """AK2 to AK5.

    Attributes:
        set_code: e.g. ``850``.
        number: ST02 of the set as the partner wrote it.
        code: AK501; empty where the AK5 is missing.
        reasons: AK502 to AK506.
    """

    set_code: str
    number: str
    code: str = ""
    reasons: tuple[str, ...] = ()
    segments: tuple[SegmentError, ...] = ()

    @property
    def verdict(self) -> Verdict:
        return _VERDICTS.get(self.code, "unclear")


@dataclass(frozen=True, kw_only=True)
class GroupAnswer:
    """A 997.

    Attributes:
        group_code: GS01 of the group, e.g. ``PO``.
        group_number: GS06.
        code: AK901.
        included: sets that the group said it had (AK902).
        received: sets that were read (AK903).
        accepted: AK904. The three are None where the partner leaves them out.
        reasons: AK905 to AK909.
        sets: those that were listed; partners may leave out the accepted ones.
    """

    group_code: str
    group_number: int
    code: str
    included: int | None
    received: int | None
    accepted: int | None
    reasons: tuple[str, ...] = ()
    sets: tuple[SetAnswer, ...] = ()

    def answer_to(self, set_number: str) -> SetAnswer | None:
        """What is said about one set itself; the worst of it where the set is listed twice."""
        return self._worst.get(_plain(set_number))

    def verdict_of(self, set_number: str) -> Verdict:
        """What it means for a set of the group: its own AK5, else the word on the whole group.

        A group accepted in part says nothing about a set that is not listed, unless the listed
        rejections are all that there are. A set that is accepted in a rejected group is unclear.
        """
        own = self.answer_to(set_number)
        if own is None:
            return self._unlisted
        return "unclear" if self._is_rejected and own.verdict != "rejected" else own.verdict

    def contradiction(self, sent: Collection[str]) -> str | None:
        """What does not fit the sets that were sent, or itself, as a sentence; None where everything does.

        Args:
            sent: numbers (ST02) of the sets in the group.
        """
        ours = {_plain(number) for number in sent}
        if unknown := [one.number for one in self.sets if _plain(one.number) not in ours]:
            return f"it judges set {_listed(unknown)}, which the group does not have"
        for numbers, said in self._listings.values():
            if len(said) > 1:
                both = " and ".join(said).replace("_", " ")
                return f"it judges set {numbers[0]} more than once: {both}"
        if self.included is not None and self.included != len(sent):
            return f"it counts {self.included} sets, but {len(sent)} were sent"
        if self._is_rejected and (kept := [one.number for one in self.sets if one.verdict in _TAKEN]):
            return f"it rejects the group, but accepts set {_listed(kept)}"
        verdicts = [self.verdict_of(number) for number in sent]
        taken = sum(one in _TAKEN for one in verdicts)
        if "unclear" not in verdicts and self.accepted not in {taken, None}:
            return f"it counts {self.accepted} sets as accepted, but says so of {taken}"
        return None

    @property
    def _is_rejected(self) -> bool:
        return _VERDICTS.get(self.code) == "rejected"

    @cached_property
    def _worst(self) -> Mapping[str, SetAnswer]:
        """By number; of equally bad ones the last."""
        ordered = sorted(self.sets, key=lambda one: -_WORST.index(one.verdict))
        return {_plain(one.number): one for one in ordered}

    @cached_property
    def _listings(self) -> Mapping[str, tuple[list[str], dict[Verdict, None]]]:
        """The numbers under which each set is listed, and what is said of it, each verdict once."""
        found: dict[str, tuple[list[str], dict[Verdict, None]]] = {}
        for one in self.sets:
            numbers, verdicts = found.setdefault(_plain(one.number), ([], {}))
            numbers.append(one.number)
            verdicts[one.verdict] = None
        return found

    @cached_property
    def _unlisted(self) -> Verdict:
        """What it means for a set that is not listed."""
        if self.code == "P":
            listed = Counter(one.verdict for one in self._worst.values())
            counted = self.accepted is not None and self.included is not None
            fits = counted and self.accepted == (self.included or 0) - listed["rejected"]
            return "accepted" if fits and not listed["unclear"] else "unclear"
        if self.code == "E" and self.sets:
            return "accepted"
        return _VERDICTS.get(self.code, "unclear")


@dataclass(frozen=True, slots=True, kw_only=True)
class InterchangeAnswer:
    """A TA1.

    Attributes:
        number: ISA13 of the interchange.
        date, time: its ISA09 and ISA10 as they stand there.
        code: ``A`` accepted, ``E`` accepted with errors, ``R`` rejected.
        note: TA105, three digits.
    """

    number: int
    date: str
    time: str
    code: str
    note: str

    @property
    def verdict(self) -> Verdict:
        return _VERDICTS.get(self.code, "unclear")


def read_997(found: TransactionSet) -> GroupAnswer:
    """A 997 as data.

    Raises:
        X12Error: no 997, or one that does not say which group it is about or what it says to it.
    """
    if found.code != "997":
        raise X12Error(f"This is a {found.code or 'set without a code'}, not a 997", segment=1)
    first, last = _single(found, "AK1"), _single(found, "AK9")
    if not _at(last, 1):
        raise X12Error("AK901 is missing")
    return GroupAnswer(
        group_code=_at(first, 1),
        group_number=_count(first, 2),
        code=_at(last, 1),
        included=_count_if_any(last, 2),
        received=_count_if_any(last, 3),
        accepted=_count_if_any(last, 4),
        reasons=tuple(one for one in last[5:] if one),
        sets=tuple(_set_answer(loop) for loop in _loops(found.segments, "AK2", {"AK3", "AK4", "AK5"})),
    )


def read_ta1(found: Segment) -> InterchangeAnswer:
    """A TA1 as data.

    Raises:
        X12Error: no TA1, or one without a number.
    """
    if found[0] != "TA1":
        raise X12Error("This is no TA1")
    return InterchangeAnswer(
        number=_count(found, 1),
        date=_at(found, 2),
        time=_at(found, 3),
        code=_at(found, 4),
        note=_at(found, 5),
    )


def _set_answer(loop: list[Segment]) -> SetAnswer:
    end = next((one for one in loop if one[0] == "AK5"), ("AK5",))
    return SetAnswer(
        set_code=_at(loop[0], 1),
        number=_at(loop[0], 2),
        code=_at(end, 1),
        reasons=tuple(one for one in end[2:] if one),
        segments=tuple(_segment_error(inner) for inner in _loops(loop, "AK3", {"AK4"})),
    )


def _segment_error(loop: list[Segment]) -> SegmentError:
    first = loop[0]
    return SegmentError(
        segment=_at(first, 1),
        number=_count_if_any(first, 2) or 0,
        loop=_at(first, 3) or None,
        code=_at(first, 4) or None,
        elements=tuple(_element_error(one) for one in loop[1:]),
    )


def _element_error(found: Segment) -> ElementError:
    # The first element is a composite from its second version on; any separator will do.
    place = [int(digits) for digits in re.findall(r"[0-9]{1,4}", _at(found, 1))]
    return ElementError(
        element=place[0] if place else 0,
        component=place[1] if len(place) > 1 else None,
        reference=_at(found, 2) or None,
        code=_at(found, 3),
        value=_at(found, 4) or None,
    )


def _loops(segments: Collection[Segment], start: str, inside: Collection[str]) -> list[list[Segment]]:
    """Each segment of one id with those behind it that belong to it."""
    loops: list[list[Segment]] = []
    is_open = False
    for one in segments:
        is_open = one[0] == start or (is_open and one[0] in inside)
        if one[0] == start:
            loops.append([one])
        elif is_open:
            loops[-1].append(one)
    return loops


def _single(found: TransactionSet, name: str) -> Segment:
    one = next((one for one in found.segments if one[0] == name), None)
    if one is None:
        raise X12Error(f"The 997 has no {name}")
    return one


def _at(found: Segment, position: int) -> str:
    return found[position].strip() if position < len(found) else ""


def _count(found: Segment, position: int) -> int:
    return read_n0(_at(found, position), f"{found[0]}{position:02}")


def _count_if_any(found: Segment, position: int) -> int | None:
    """A detail: what is no number must not keep the rest from being understood."""
    try:
        return _count(found, position)
    except X12Error:
        return None


def _plain(number: str) -> str:
    """A control number as it is compared: partners drop leading zeros, or add some."""
    return (number.lstrip("0") or "0") if number.isascii() and number.isdigit() else number


def _listed(numbers: Collection[str]) -> str:
    shown = list(dict.fromkeys(numbers))
    more = f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
    return ", ".join(shown[:_NAMED]) + more
