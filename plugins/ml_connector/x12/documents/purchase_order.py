"""850: purchase order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

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
from ml_connector.x12.documents.writing import Writing
from ml_connector.x12.model import Segment, X12Error
from ml_connector.x12.segments import segment
from ml_connector.x12.text import Dialect
from ml_connector.x12.values import write_date, write_real

Purpose = Literal["00", "01", "05", "07"]
"""BEG01: ``00`` original, ``01`` cancellation, ``05`` replace, ``07`` duplicate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """PO1 loop.

    Attributes:
        number: PO101, which the supplier returns on acknowledgment and invoice.
        quantity: above zero.
        unit: code of element 355, two letters.
        price: zero or more.
        basis: PO105, e.g. ``PE`` price per each.
        ids: a line without any needs a description.
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
    """An order."""

    lines: tuple[OrderLine, ...]
    purpose: Purpose = "00"


def build_purchase_order(
    order: PurchaseOrder, dialect: Dialect, told: list[str] | None = None
) -> list[Segment]:
    """The segments between ST and SE.

    Args:
        order: to be written.
        dialect: how the partner wants it.
        told: gets what of the texts was replaced, cut or left out, in sentences without the texts.

    Raises:
        X12Error: what cannot be written without loss, naming the order's value and the limit.
    """
    writing = Writing(dialect, told)
    if not order.lines:
        raise X12Error(f"Order {order.number} has no lines")
    if order.purpose not in get_args(Purpose):
        raise X12Error(f"The purpose of the order is one of {', '.join(get_args(Purpose))}")
    check_numbers(order.number, order.lines)
    head = segment(
        "BEG",
        order.purpose,
        writing.code(order.type, 2, "The type of the order"),
        writing.identifier(order.number, 22, "The order number"),
        writing.identifier(order.release, 30, "The release number"),
        write_date(order.date, "The order date"),
    )
    quantities = (line.quantity for line in order.lines)
    return [
        head,
        *order_header(order, writing),
        *(made for line in order.lines for made in _line(line, writing)),
        *common.totals(len(order.lines), quantities, order.total),
    ]


def check_numbers(order: str, lines: Sequence[OrderLine]) -> None:
    """Refuse two lines of one number.

    The standard allows them, but answers and invoices name lines by these numbers alone.
    """
    if len({line.number for line in lines}) < len(lines):
        raise X12Error(f"Order {order} has two lines of one number")


def order_header(order: OrderHeader, writing: Writing) -> list[Segment]:
    """What follows BEG of an order and BCH of a change, up to the first line."""
    return [
        *common.currency(writing, order.currency, "BY"),
        *common.references(writing, order.references),
        *common.contacts(writing, order.contacts),
        *common.freight(writing, order.freight),
        *common.terms(writing, order.terms),
        *common.dates(writing, order.dates),
        *common.notes(writing, order.notes),
        *common.parties(writing, order.parties),
    ]


def line_details(line: OrderLine, unit: str, writing: Writing) -> list[Segment]:
    """What follows PO1 of an order and POC of a change.

    Raises:
        X12Error: the line says too little, or its values make no sense.
    """
    what = f"Line {line.number}"
    _check_values(line, what)
    described = common.description(writing, line.description, what)
    if not line.ids and not described:
        raise X12Error(f"{what} has neither a product id nor a description that the partner can read")
    return [
        *described,
        *common.references(writing, line.references),
        *common.dates(writing, line.dates),
        *common.schedules(writing, line.schedules, line.quantity, unit, what),
        *common.notes(writing, line.notes, f"{what}, notes"),
        *(common.party(writing, line.ship_to, what) if line.ship_to else ()),
    ]


def _check_values(line: OrderLine, what: str) -> None:
    if any(one <= 0 for one in (line.quantity, *(part.quantity for part in line.schedules))):
        raise X12Error(f"{what}: the quantity is not above zero")
    if line.price is not None and line.price < 0:
        raise X12Error(f"{what}: the price is negative")


def _line(line: OrderLine, writing: Writing) -> list[Segment]:
    what = f"Line {line.number}"
    unit = writing.code(line.unit, 2, f"{what}: the unit")
    first = segment(
        "PO1",
        writing.identifier(line.number, 20, "The number of a line"),
        write_real(line.quantity, 15, f"{what}: the quantity"),
        unit,
        "" if line.price is None else write_real(line.price, 17, f"{what}: the price"),
        "" if line.price is None else writing.code(line.basis, 2, f"{what}: the price's basis"),
        *common.pairs(writing, line.ids, what),
    )
    return [first, *line_details(line, unit, writing)]
