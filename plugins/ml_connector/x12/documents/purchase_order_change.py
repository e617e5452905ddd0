"""860: purchase order change requested by the buyer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ml_connector.x12.documents import common
from ml_connector.x12.documents.purchase_order import OrderHeader, OrderLine, line_details, order_header
from ml_connector.x12.model import Segment, X12Error
from ml_connector.x12.segments import segment
from ml_connector.x12.text import Dialect
from ml_connector.x12.values import write_date, write_real

ChangeCode = Literal["AI", "CA", "DI", "NC", "PC", "PQ", "QD", "QI", "RZ"]
"""POC02: AI line added, CA changed, DI deleted, NC unchanged, PC price, PQ price and quantity, QD less,
QI more, RZ all replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """POC loop.

    Attributes:
        line: as it is now; of a deleted line the quantity that was ordered.
        left: POC04, quantity that is still to be received, at most nine digits; all of the line where it
            is left out, nothing of a deleted one. The standard wants it beside the quantity.
    """

    change: ChangeCode
    line: OrderLine
    left: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderChange(OrderHeader):
    """A change.

    Attributes:
        changed: day of the change.
        purpose: ``04`` change, ``01`` cancellation of the whole order, ``05`` replace.
        sequence: number of the change, at most 8 characters (BCH05).
        lines: none for a cancellation.
    """

    changed: str
    lines: tuple[ChangeLine, ...] = ()
    purpose: str = "04"
    sequence: str | None = None


def build_purchase_order_change(change: PurchaseOrderChange, dialect: Dialect) -> list[Segment]:
    """The segments between ST and SE.

    Raises:
        X12Error: what cannot be written without loss, or a change that changes nothing.
    """
    cancels = change.purpose == "01"
    if cancels == bool(change.lines):
        wrong = "is cancelled and has lines to change" if cancels else "has no lines to change"
        raise X12Error(f"Order {change.number} {wrong}")
    head = segment(
        "BCH",
        common.code(dialect, change.purpose, 2, "The purpose of the change"),
        common.code(dialect, change.type, 2, "The type of the order"),
        dialect.identifier(change.number, 22, "The order number"),
        dialect.identifier(change.release, 30, "The release number"),
        dialect.identifier(change.sequence, 8, "The number of the change"),
        write_date(change.date, "The order date"),
        "",
        "",
        "",
        "",
        write_date(change.changed, "The date of the change"),
    )
    return [
        head,
        *order_header(change, dialect),
        *(made for line in change.lines for made in _line(line, dialect)),
        # Without the sum of quantities: partners do not agree on whether deleted lines belong to it.
        *(common.totals(len(change.lines), None, change.total) if change.lines else ()),
    ]


def _line(given: ChangeLine, dialect: Dialect) -> list[Segment]:
    line, what = given.line, f"Line {given.line.number}"
    unit = common.code(dialect, line.unit, 2, f"{what}: the unit")
    first = segment(
        "POC",
        dialect.identifier(line.number, 20, "The number of a line"),
        common.code(dialect, given.change, 2, f"{what}: the change"),
        write_real(line.quantity, 15, f"{what}: the quantity"),
        write_real(_left(given), 9, f"{what}: the quantity left to receive"),
        unit,
        "" if line.price is None else write_real(line.price, 17, f"{what}: the price"),
        "" if line.price is None else common.code(dialect, line.basis, 2, f"{what}: the price's basis"),
        *common.pairs(dialect, line.ids, what),
    )
    return [first, *line_details(line, unit, dialect)]


def _left(given: ChangeLine) -> Decimal:
    if given.left is not None:
        return given.left
    return Decimal(0) if given.change == "DI" else given.line.quantity
