"""860: purchase order change requested by the buyer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from ml_connector.x12.documents import common
from ml_connector.x12.documents.purchase_order import (
    OrderHeader,
    OrderLine,
    check_numbers,
    line_details,
    order_header,
)
from ml_connector.x12.documents.writing import Writing
from ml_connector.x12.model import Segment, X12Error
from ml_connector.x12.segments import segment
from ml_connector.x12.text import Dialect
from ml_connector.x12.values import write_date, write_real

ChangeCode = Literal["AI", "CA", "DI", "NC", "PC", "PQ", "QD", "QI", "RZ"]
"""POC02: AI line added, CA changed, DI deleted, NC unchanged, PC price, PQ price and quantity, QD less,
QI more, RZ all replaced."""
Purpose = Literal["01", "04", "05"]
"""BCH01: ``04`` change, ``01`` cancellation of the whole order, ``05`` replace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """POC loop.

    Attributes:
        line: as it is now; of a deleted line the quantity that was ordered.
        left: POC04, quantity that is still to be received, at most nine digits and no more than the
            line's; all of it where it is left out, nothing of a deleted one. The standard wants it beside
            the quantity.
    """

    change: ChangeCode
    line: OrderLine
    left: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderChange(OrderHeader):
    """A change.

    Attributes:
        changed: day of the change.
        sequence: number of the change, at most 8 characters (BCH05).
        lines: none for a cancellation.
    """

    changed: str
    lines: tuple[ChangeLine, ...] = ()
    purpose: Purpose = "04"
    sequence: str | None = None


def build_purchase_order_change(
    change: PurchaseOrderChange, dialect: Dialect, told: list[str] | None = None
) -> list[Segment]:
    """The segments between ST and SE.

    Args:
        change: to be written.
        dialect: how the partner wants it.
        told: gets what of the texts was replaced, cut or left out, in sentences without the texts.

    Raises:
        X12Error: what cannot be written without loss, or a change that changes nothing.
    """
    writing = Writing(dialect, told)
    if change.purpose not in get_args(Purpose):
        raise X12Error(f"The purpose of the change is one of {', '.join(get_args(Purpose))}")
    check_numbers(change.number, [one.line for one in change.lines])
    cancels = change.purpose == "01"
    if cancels == bool(change.lines):
        wrong = "is cancelled and has lines to change" if cancels else "has no lines to change"
        raise X12Error(f"Order {change.number} {wrong}")
    head = segment(
        "BCH",
        change.purpose,
        writing.code(change.type, 2, "The type of the order"),
        writing.identifier(change.number, 22, "The order number"),
        writing.identifier(change.release, 30, "The release number"),
        writing.identifier(change.sequence, 8, "The number of the change"),
        write_date(change.date, "The order date"),
        "",
        "",
        "",
        "",
        write_date(change.changed, "The date of the change"),
    )
    return [
        head,
        *order_header(change, writing),
        *(made for line in change.lines for made in _line(line, writing)),
        # Without the sum of quantities: partners do not agree on whether deleted lines belong to it.
        *(common.totals(len(change.lines), None, change.total) if change.lines else ()),
    ]


def _line(given: ChangeLine, writing: Writing) -> list[Segment]:
    line, what = given.line, f"Line {given.line.number}"
    left = _left(given)
    if not 0 <= left <= line.quantity:
        raise X12Error(f"{what}: the quantity left to receive is not between zero and the line's")
    if given.change not in get_args(ChangeCode):
        raise X12Error(f"{what}: the change is one of {', '.join(get_args(ChangeCode))}")
    unit = writing.code(line.unit, 2, f"{what}: the unit")
    first = segment(
        "POC",
        writing.identifier(line.number, 20, "The number of a line"),
        given.change,
        write_real(line.quantity, 15, f"{what}: the quantity"),
        write_real(left, 9, f"{what}: the quantity left to receive"),
        unit,
        "" if line.price is None else write_real(line.price, 17, f"{what}: the price"),
        "" if line.price is None else writing.code(line.basis, 2, f"{what}: the price's basis"),
        *common.pairs(writing, line.ids, what),
    )
    return [first, *line_details(line, unit, writing)]


def _left(given: ChangeLine) -> Decimal:
    if given.left is not None:
        return given.left
    return Decimal(0) if given.change == "DI" else given.line.quantity
