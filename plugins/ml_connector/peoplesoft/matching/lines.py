"""Which line of an order an invoice line is about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from ml_connector.core.contract import Payload
from ml_connector.peoplesoft.matching.findings import Finding
from ml_connector.peoplesoft.matching.order import Order, OrderLine

OURS, THEIRS = ("BP", "IN"), ("VP", "VN")
"""X12 qualifiers of item numbers: the buyer's, and the supplier's."""


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line of an invoice.

    Attributes:
        name: tells it from the other lines.
        place: number of the order's line as the supplier gives it (IT101); None where he gives none.
        quantity: negative where something is taken back; None in a line with an amount alone.
        unit: in PeopleSoft's codes; blank where the supplier names none.
        amount: of the line, without tax and charges.
        ours, theirs: item numbers.
        description: the supplier's words.
        given: False for a line that was made from the order, of an invoice without lines.
    """

    name: str
    quantity: Decimal | None
    unit: str
    price: Decimal | None
    amount: Decimal
    ours: frozenset[str] = frozenset()
    theirs: frozenset[str] = frozenset()
    description: str | None = None
    given: bool = True
    place: str | None = None

    @property
    def number(self) -> int | None:
        """The order line that it names: ``1`` or ``0001``; ``1.7`` names none."""
        text = self.place or ""
        return int(text) if text.isascii() and text.isdecimal() else None


def read_line(row: Payload) -> InvoiceLine:
    """A line of an invoice payload."""
    items, place = row.get("items") or {}, str(row.get("order_line") or "").strip()
    return InvoiceLine(
        name=str(row["line"]).strip(),
        quantity=row.get("quantity"),
        unit=str(row.get("unit") or "").strip(),
        price=row.get("price"),
        amount=row["amount"],
        ours=_numbers(items, OURS),
        theirs=_numbers(items, THEIRS),
        description=row.get("description"),
        place=place or None,
    )


def _numbers(items: Payload, qualifiers: Collection[str]) -> frozenset[str]:
    return frozenset(str(items[name]).strip().upper() for name in qualifiers if items.get(name))


def find_line(order: Order, line: InvoiceLine) -> OrderLine | Finding:
    """By number, unless the items say otherwise: some suppliers number the lines of their invoices anew.

    A line without number and item can only be about the one line of an order that has no other.
    """
    numbered = next((one for one in order.lines if one.number == line.number), None)
    if numbered is not None and not _contradicts(numbered, line):
        return numbered
    alike = [one for one in order.lines if _agrees(one, line)]
    if len(alike) == 1:
        return alike[0]
    living = [one for one in order.lines if not one.cancelled]
    if line.place is None and len(living) == 1 and not _contradicts(living[0], line):
        return living[0]
    return Finding("unknown_line", _unknown(order, line, numbered, alike), stops=True)


def _agrees(one: OrderLine, line: InvoiceLine) -> bool:
    if one.item and line.ours:
        return one.item in line.ours
    return bool(one.vendor_item) and one.vendor_item in line.theirs


def _contradicts(one: OrderLine, line: InvoiceLine) -> bool:
    comparable = (one.item and line.ours) or (one.vendor_item and line.theirs)
    return bool(comparable) and not _agrees(one, line)


def _unknown(order: Order, line: InvoiceLine, numbered: OrderLine | None, alike: list[OrderLine]) -> str:
    items = ", ".join(sorted(line.ours | line.theirs))
    if alike:
        places = " and ".join(str(one.number) for one in alike)
        return f"Line {line.name}: its item {items} stands in lines {places} of order {order.name}."
    if numbered is not None:
        place = f"line {numbered.number} of order {order.name}"
        return (
            f"Line {line.name}: its item is {items}, but {place} is {numbered.item or numbered.vendor_item}."
        )
    known = ", ".join(str(one.number) for one in order.lines) or "none"
    if line.place is None and not items:
        return f"Line {line.name} names neither line nor item of order {order.name}, which has lines {known}."
    item = f" with item {items}" if items else ""
    return f"Line {line.name}{item} is not in order {order.name}, which has lines {known}."
