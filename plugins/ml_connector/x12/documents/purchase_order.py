"""850: purchase order."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ml_connector.x12.documents import common
from ml_connector.x12.documents.parts import (
    Contact,
    DateOf,
    Freight,
    Ids,
    Party,
    Reference,
    Schedule,
    Terms,
)
from ml_connector.x12.model import Segment, X12Error
from ml_connector.x12.segments import segment
from ml_connector.x12.text import Dialect
from ml_connector.x12.values import write_date, write_real


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """PO1 loop.

    Attributes:
        number: PO101, which the supplier returns on acknowledgment and invoice.
        unit: code of element 355, two letters.
        basis: PO105, e.g. ``PE`` price per each.
        schedules: their quantities must add up to ``quantity``.
        ship_to: where it differs from the order's.
    """

    number: str
    quantity: Decimal
    unit: str
    price: Decimal | None = None
    basis: str | None = None
    ids: Ids = ()
    description: str | None = None
    references: tuple[Reference, ...] = ()
    dates: tuple[DateOf, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    notes: tuple[str, ...] = ()
    ship_to: Party | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHeader:
    """What an order and its changes have in common.

    Attributes:
        number: of the order, at most 22 characters (BEG03, BCH03).
        date: of the order.
        type: ``SA`` stand-alone, ``NE`` new order, ``RL`` release, ``BK`` blanket.
        release: number of a release under a contract (BEG04, BCH04).
        notes: for the supplier's eyes.
        total: written as ``AMT*TT`` where it is given.
    """

    number: str
    date: str
    type: str = "SA"
    release: str | None = None
    currency: str | None = None
    references: tuple[Reference, ...] = ()
    contacts: tuple[Contact, ...] = ()
    freight: Freight | None = None
    terms: Terms | None = None
    dates: tuple[DateOf, ...] = ()
    notes: tuple[str, ...] = ()
    parties: tuple[Party, ...] = ()
    total: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrder(OrderHeader):
    """An order.

    Attributes:
        purpose: ``00`` original, ``01`` cancellation, ``05`` replace, ``07`` duplicate.
    """

    lines: tuple[OrderLine, ...]
    purpose: str = "00"


def build_purchase_order(order: PurchaseOrder, dialect: Dialect) -> list[Segment]:
    """The segments between ST and SE.

    Raises:
        X12Error: what cannot be written without loss, naming the order's value and the limit.
    """
    numbers = [line.number for line in order.lines]
    if not numbers:
        raise X12Error(f"Order {order.number} has no lines")
    if len(set(numbers)) < len(numbers):
        # The standard allows it, but answers and invoices name lines by these numbers alone.
        raise X12Error(f"Order {order.number} has two lines of one number")
    head = segment(
        "BEG",
        common.code(dialect, order.purpose, 2, "The purpose of the order"),
        common.code(dialect, order.type, 2, "The type of the order"),
        dialect.identifier(order.number, 22, "The order number"),
        dialect.identifier(order.release, 30, "The release number"),
        write_date(order.date, "The order date"),
    )
    quantities = (line.quantity for line in order.lines)
    return [
        head,
        *order_header(order, dialect),
        *(made for line in order.lines for made in _line(line, dialect)),
        *common.totals(len(order.lines), quantities, order.total),
    ]


def order_header(order: OrderHeader, dialect: Dialect) -> list[Segment]:
    """What follows BEG of an order and BCH of a change, up to the first line."""
    return [
        *common.currency(dialect, order.currency, "BY"),
        *common.references(dialect, order.references),
        *common.contacts(dialect, order.contacts),
        *common.freight(dialect, order.freight),
        *common.terms(dialect, order.terms),
        *common.dates(dialect, order.dates),
        *common.notes(dialect, order.notes),
        *common.parties(dialect, order.parties),
    ]


def line_details(line: OrderLine, unit: str, dialect: Dialect) -> list[Segment]:
    """What follows PO1 of an order and POC of a change."""
    return [
        *common.description(dialect, line.description),
        *common.references(dialect, line.references),
        *common.dates(dialect, line.dates),
        *common.schedules(dialect, line.schedules, line.quantity, unit, f"Line {line.number}"),
        *common.notes(dialect, line.notes),
        *(common.party(dialect, line.ship_to) if line.ship_to else ()),
    ]


def _line(line: OrderLine, dialect: Dialect) -> list[Segment]:
    what = f"Line {line.number}"
    unit = common.code(dialect, line.unit, 2, f"{what}: the unit")
    first = segment(
        "PO1",
        dialect.identifier(line.number, 20, "The number of a line"),
        write_real(line.quantity, 15, f"{what}: the quantity"),
        unit,
        "" if line.price is None else write_real(line.price, 17, f"{what}: the price"),
        "" if line.price is None else common.code(dialect, line.basis, 2, f"{what}: the price's basis"),
        *common.pairs(dialect, line.ids, what),
    )
    return [first, *line_details(line, unit, dialect)]
