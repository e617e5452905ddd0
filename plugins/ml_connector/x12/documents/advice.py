"""824: application advice, what a partner's system made of a document that was syntactically right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ml_connector.x12.codes import ADVICE_ERRORS, plain
from ml_connector.x12.documents.elements import Elements, elements_of, references
from ml_connector.x12.documents.parts import Reference
from ml_connector.x12.model import TransactionSet, X12Error

Verdict = Literal["accepted", "changed", "rejected", "received"]

# "changed" is accepted, but not as it was: with errors (E) or with changes (C, P).
# OTI01 at the level of the set (T), the item (I) and the group (G); the second letter is the verdict.
_VERDICTS: dict[str, Verdict] = {
    "A": "accepted",
    "C": "changed",
    "E": "changed",
    "P": "changed",
    "R": "rejected",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceError:
    """TED and the NTE behind it.

    Attributes:
        code: TED01.
        text: what the partner wrote.
        segment: id of the segment in our document, with ``number`` and ``element`` where they are given.
        value: what stood there, as the partner copied it.
    """

    code: str
    text: str | None = None
    segment: str | None = None
    number: int | None = None
    element: int | None = None
    value: str | None = None

    @property
    def meaning(self) -> str:
        """Code, place and the partner's words as one sentence."""
        place = f" in segment {self.number} ({self.segment})" if self.segment and self.number else ""
        element = f", element {self.element:02}" if place and self.element else ""
        words = f": {self.text}" if self.text else ""
        return f"{plain(ADVICE_ERRORS, self.code)}{place}{element}{words}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceItem:
    """OTI loop: the judgement of one document.

    Attributes:
        code: OTI01, e.g. ``TA`` accepted, ``TE`` accepted with errors, ``TR`` rejected.
        qualifier: what ``reference`` is, e.g. ``IV`` invoice number, ``PO`` order number.
        group_number, set_number: our control numbers, where the partner names them.
        set_code: e.g. ``810``.
    """

    code: str
    qualifier: str
    reference: str
    group_number: int | None = None
    set_number: str | None = None
    set_code: str | None = None
    references: tuple[Reference, ...] = ()
    errors: tuple[AdviceError, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """What it comes to; ``received`` where the code says neither yes nor no."""
        return _VERDICTS.get(self.code[1:], "received")


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """An advice about one or several documents."""

    number: str
    date: str | None
    purpose: str | None = None
    items: tuple[AdviceItem, ...] = ()


def read_advice(found: TransactionSet) -> Advice:
    """An 824 as data.

    Raises:
        X12Error: no 824, or one that names no document.
    """
    segments = elements_of(found, "824")
    head = next((one for one in segments if one.name == "BGN"), Elements(("BGN",), 2))
    starts = [at for at, one in enumerate(segments) if one.name == "OTI"]
    if not starts:
        raise X12Error("The 824 names no document: it has no OTI")
    loops = [segments[start:end] for start, end in zip(starts, [*starts[1:], len(segments)], strict=True)]
    return Advice(
        number=head.needed(2),
        date=head.date(3),
        purpose=head.text(1),
        items=tuple(_item(loop) for loop in loops),
    )


def _item(loop: list[Elements]) -> AdviceItem:
    first = loop[0]
    return AdviceItem(
        code=first.needed(1),
        qualifier=first.needed(2),
        reference=first.needed(3),
        group_number=first.whole(8),
        set_number=first.text(9),
        set_code=first.text(10),
        references=references(loop),
        errors=tuple(_error(loop, at) for at, one in enumerate(loop) if one.name == "TED"),
    )


def _error(loop: list[Elements], at: int) -> AdviceError:
    found = loop[at]
    words = [found.text(2)]
    for one in loop[at + 1 :]:
        if one.name == "TED":
            break
        if one.name == "NTE":
            words.append(one.text(2))
    return AdviceError(
        code=found.needed(1),
        text=" ".join(text for text in words if text) or None,
        segment=found.text(3),
        number=found.whole(4),
        element=_first_number(found.text(5)),
        value=found.text(7),
    )


def _first_number(text: str | None) -> int | None:
    """Position of an element; in 005010 the first part of a composite."""
    digits = re.match(r"[0-9]{1,4}", text or "")
    return int(digits[0]) if digits else None
