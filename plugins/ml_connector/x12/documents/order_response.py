"""855: what the supplier says to an order."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import takewhile
from typing import Literal

from ml_connector.x12.codes import ACCEPTING, HOLDING, LINE_STATUS, REJECTING, plain
from ml_connector.x12.documents.elements import Elements, dates, elements_of, references
from ml_connector.x12.documents.parts import DateOf, Ids, Reference
from ml_connector.x12.documents.pricing import unit_price
from ml_connector.x12.model import TransactionSet

Verdict = Literal["accepted", "changed", "rejected", "received"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAnswer:
    """ACK: what happens to a quantity of a line.

    Attributes:
        code: ACK01, e.g. ``IA`` accepted, ``IQ`` quantity changed.
        date_qualifier: what happens on ``date``, e.g. ``068`` shipped, ``067`` delivered.
        dates: all that is said of days, in the ACK and in the DTM behind it.
        ids: of what is delivered instead, where it is something else.
    """

    code: str
    quantity: Decimal | None = None
    unit: str | None = None
    date_qualifier: str | None = None
    date: str | None = None
    dates: tuple[DateOf, ...] = ()
    ids: Ids = ()

    @property
    def meaning(self) -> str:
        """The code in plain words."""
        return plain(LINE_STATUS, self.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseLine:
    """PO1 with the answers behind it; quantity, unit and price are what the supplier confirms.

    Attributes:
        price: as it is written (PO104); ``basis`` says what it is for, e.g. ``HP`` a hundred units.
        parts: answers about parts of the line (behind an SLN).
    """

    number: str | None
    quantity: Decimal | None = None
    unit: str | None = None
    price: Decimal | None = None
    basis: str | None = None
    ids: Ids = ()
    description: str | None = None
    answers: tuple[LineAnswer, ...] = ()
    dates: tuple[DateOf, ...] = ()
    parts: tuple[LineAnswer, ...] = ()

    @property
    def unit_price(self) -> Decimal | None:
        """Price of one ``unit``; None without a price, or where the price is for another unit."""
        return unit_price(self.price, self.basis, self.unit)

    @property
    def confirmed(self) -> Decimal:
        """The quantity that will be delivered, now or later; what is on hold is not.

        An answer without a quantity is about what the others leave of the line. Two answers may be
        about the same pieces (another price and another day), so that together they come to no
        more than the line, unless one alone does.
        """
        stated = [one.quantity for one in self.answers if one.quantity is not None]
        coming = [one for one in self.answers if one.code not in REJECTING | HOLDING]
        given = [one.quantity for one in coming if one.quantity is not None]
        ordered = self.quantity or Decimal(0)
        if len(given) < len(coming):
            given.append(max(ordered - sum(stated, Decimal(0)), Decimal(0)))
        limit = max([ordered, *given])
        return min(sum(given, Decimal(0)), limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderResponse:
    """An answer to an order.

    Attributes:
        type: BAK02, e.g. ``AD`` taken without change, ``AC`` with changes, ``RJ`` rejected.
        number: of the order.
        supplier_number: the order's number at the supplier (BAK08).
        answered: day of the answer (BAK09).
    """

    type: str
    number: str
    order_date: str | None
    purpose: str | None = None
    release: str | None = None
    supplier_number: str | None = None
    answered: str | None = None
    references: tuple[Reference, ...] = ()
    dates: tuple[DateOf, ...] = ()
    lines: tuple[ResponseLine, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """What it comes to: the whole order by its type, else by its lines; ``received`` says nothing yet."""
        if self.type in {"RD", "RJ"}:
            return "rejected"
        codes = [one.code for line in self.lines for one in (*line.answers, *line.parts)]
        if codes and all(code in REJECTING for code in codes):
            return "rejected"
        if any(code not in ACCEPTING for code in codes):
            return "changed"
        if not codes and self.type in {"AC", "AP"}:
            return "changed"
        return "accepted" if codes or self.type in {"AD", "AK", "AT"} else "received"


def read_order_response(found: TransactionSet) -> OrderResponse:
    """An 855 as data.

    Raises:
        X12Error: no 855, no BAK with type and number, or a value that is no number or date.
    """
    segments = elements_of(found, "855")
    starts = [at for at, one in enumerate(segments) if one.name == "PO1"] or [len(segments)]
    header = segments[: starts[0]]
    head = next((one for one in header if one.name == "BAK"), Elements(("BAK",), 2))
    totals = (at for at, one in enumerate(segments) if one.name == "CTT" and at > starts[-1])
    ends = [*starts[1:], next(totals, len(segments))]
    loops = [segments[start:end] for start, end in zip(starts, ends, strict=True)]
    return OrderResponse(
        type=head.needed(2),
        number=head.needed(3),
        order_date=head.date(4),
        purpose=head.text(1),
        release=head.text(5),
        supplier_number=head.text(8),
        answered=head.date(9),
        references=references(header),
        dates=dates(header),
        lines=tuple(_line(loop) for loop in loops if loop),
    )


def _line(loop: list[Elements]) -> ResponseLine:
    # What stands behind an SLN or an N1 is about a part of the line or a place, not about the line.
    inner = next((at for at, one in enumerate(loop) if one.name in {"SLN", "N1"}), len(loop))
    own, first = loop[:inner], loop[0]
    words = [text for one in own if one.name == "PID" and (text := one.text(5))]
    return ResponseLine(
        number=first.text(1),
        quantity=first.real(2),
        unit=first.text(3),
        price=first.real(4),
        basis=first.text(5),
        ids=first.pairs(6),
        description=" ".join(words) or None,
        answers=tuple(_answer(own, at) for at, one in enumerate(own) if one.name == "ACK"),
        dates=dates([one for at, one in enumerate(own) if not _answers_date(own, at)]),
        parts=tuple(_answer(loop, at) for at in range(inner, len(loop)) if loop[at].name == "ACK"),
    )


def _answers_date(loop: list[Elements], at: int) -> bool:
    """Whether a DTM belongs to the ACK before it."""
    while loop[at].name == "DTM" and at:
        at -= 1
    return loop[at].name == "ACK"


def _answer(loop: list[Elements], at: int) -> LineAnswer:
    found = loop[at]
    own = DateOf(found.text(4) or "", day) if (day := found.date(5)) else None
    behind = takewhile(lambda one: one.name == "DTM", loop[at + 1 :])
    days = [*([own] if own else []), *dates(list(behind))]
    return LineAnswer(
        code=found.needed(1),
        quantity=found.real(2),
        unit=found.text(3),
        date_qualifier=(days[0].qualifier or None) if days else None,
        date=days[0].date if days else None,
        dates=tuple(days),
        ids=Elements(found.segment[:27], found.number).pairs(7),
    )
