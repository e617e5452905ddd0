"""The orders that a partner holds: read from an 850, changed by an 860."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from .x12 import Address, Group, Interchange, Segment, Set, get


@dataclass(frozen=True)
class Line:
    """One line of an order; `ids` are pairs as they came: `("BP", "10001", "VP", "AC-77")`."""

    number: str
    quantity: Decimal
    unit: str
    price: Decimal
    ids: tuple[str, ...]
    text: str = ""


@dataclass
class Order:
    """An order, who sent it to which of the partner's addresses, and what was billed for it."""

    number: str
    date: str
    currency: str
    lines: dict[str, Line]
    ours: Address
    theirs: Address
    version: str
    usage: str
    terms: Segment | None = None
    vendor: str = ""
    cancelled: bool = False
    revisions: int = 0
    invoices: list[str] = field(default_factory=list)
    last_invoice: int = 0


def from_850(interchange: Interchange, group: Group, item: Set) -> Order:
    """The order of an 850; `ours` is the buyer."""
    return Order(
        number=item.value("BEG", 3),
        date=item.value("BEG", 5),
        currency=item.value("CUR", 2),
        lines={line.number: line for line in _lines(item)},
        ours=Address(*interchange.sender, get(group.header, 2)),
        theirs=Address(*interchange.receiver, get(group.header, 3)),
        version=group.version,
        usage=interchange.header[15],
        terms=next(iter(item.all("ITD")), None),
        vendor=next((get(segment, 2) for segment in item.all("REF") if get(segment, 1) == "IA"), ""),
    )


def _lines(item: Set) -> list[Line]:
    found: list[Line] = []
    for segment in item.segments:
        if segment[0] == "PO1":
            found.append(
                Line(
                    get(segment, 1) or str(len(found) + 1),
                    Decimal(get(segment, 2) or "0"),
                    get(segment, 3),
                    Decimal(get(segment, 4) or "0"),
                    tuple(segment[6:]),
                )
            )
        elif segment[0] == "PID" and found and not found[-1].text:
            found[-1] = replace(found[-1], text=get(segment, 5))
    return found


def change(order: Order, item: Set) -> None:
    """Apply an 860: `01` cancels, lines are added, deleted or changed."""
    order.revisions += 1
    if item.value("BCH", 1) == "01":
        order.cancelled = True
        return
    for segment in item.all("POC"):
        number, code = get(segment, 1), get(segment, 2)
        if code == "DI":
            order.lines.pop(number, None)
            continue
        old = order.lines.get(number)
        order.lines[number] = Line(
            number,
            Decimal(get(segment, 3)) if get(segment, 3) else old.quantity if old else Decimal(0),
            get(segment, 5) or (old.unit if old else "EA"),
            Decimal(get(segment, 6)) if get(segment, 6) else old.price if old else Decimal(0),
            tuple(segment[8:]) or (old.ids if old else ()),
            old.text if old else "",
        )
