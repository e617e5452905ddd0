"""What a partner says about an order (855) or an invoice (824)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from .orders import Line, Order
from .x12 import Segment

TYPES = {"accept": "AD", "change": "AC", "partial": "AC", "reject": "RD"}
ADVICE = {"accept": "TA", "errors": "TE", "reject": "TR"}


def plain(value: Decimal) -> str:
    """A number as X12 writes it: no exponent, no zeros behind the last digit."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def response(order: Order, words: frozenset[str], at: datetime) -> list[Segment]:
    """The body of an 855."""
    word = next((name for name in TYPES if name in words), "accept")
    body: list[Segment] = [
        ["BAK", "00", TYPES[word], order.number, order.date, "", "", "", "", f"{at:%Y%m%d}"],
        *([["REF", "IA", order.vendor]] if order.vendor else []),
    ]
    lines = list(order.lines.values())
    for position, line in enumerate(lines, 1):
        body.append(item(line))
        body += _answers(word, line, position, len(lines), f"{at + timedelta(days=14):%Y%m%d}")
    return [*body, ["CTT", str(len(lines))]]


def item(line: Line) -> Segment:
    """A line as it was ordered."""
    return ["PO1", line.number, plain(line.quantity), line.unit, plain(line.price), "", *line.ids]


def _answers(word: str, line: Line, position: int, count: int, day: str) -> list[Segment]:
    def ack(code: str, quantity: Decimal) -> Segment:
        return ["ACK", code, plain(quantity), line.unit, "068", day]

    match word:
        case "reject":
            return [["ACK", "IR"]]
        case "change" if position == 1:
            return [ack("IQ", max(line.quantity - 1, Decimal(1)))]
        case "change" if position == 2:
            return [ack("IP", line.quantity)]
        case "partial" if position == count:
            first = (line.quantity / 2).quantize(Decimal("0.01"))
            return [ack("IA", first), ack("IB", line.quantity - first)]
    return [ack("IA", line.quantity)]


@dataclass(frozen=True)
class Subject:
    """The document of ours that an 824 is about: what it is called there, and its numbers."""

    qualifier: str
    reference: str
    group: str
    number: str
    kind: str


def advice(subject: Subject, words: frozenset[str], at: datetime) -> list[Segment]:
    """The body of an 824."""
    word = next((name for name in ADVICE if name in words), "accept")
    code = ADVICE[word]
    about = [subject.qualifier, subject.reference, "", "", f"{at:%Y%m%d}", f"{at:%H%M}"]
    body: list[Segment] = [
        ["BGN", "11", f"{subject.reference[-26:]}-{code}", f"{at:%Y%m%d}", f"{at:%H%M}"],
        ["OTI", code, *about, subject.group, subject.number, subject.kind],
    ]
    if word != "accept":
        body.append(["TED", "024", "IT IS NOT WHAT WAS AGREED"])
    return body
