"""810: invoice and credit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from ml_connector.x12.documents.parts import (
    Charge,
    Contact,
    DateOf,
    Freight,
    Ids,
    Party,
    Reference,
    Tax,
    Terms,
)

CREDIT_TYPES = frozenset({"CR", "CN"})
"""BIG07 of credits: credit memo and credit invoice."""

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """IT1 loop.

    Attributes:
        number: IT101, most often the line of the order.
        quantity: given with ``unit`` and ``price`` or not at all.
    """

    number: str | None
    quantity: Decimal | None = None
    unit: str | None = None
    price: Decimal | None = None
    basis: str | None = None
    ids: Ids = ()
    description: str | None = None
    references: tuple[Reference, ...] = ()
    dates: tuple[DateOf, ...] = ()
    charges: tuple[Charge, ...] = ()
    taxes: tuple[Tax, ...] = ()

    @property
    def amount(self) -> Decimal:
        """Quantity times price in cents: IT1 has no place for an amount, everybody multiplies."""
        if self.quantity is None or self.price is None:
            return Decimal("0.00")
        return (self.quantity * self.price).quantize(_CENT, ROUND_HALF_UP)

    @property
    def order(self) -> str | None:
        """Number of the purchase order, where the line has one of its own (REF*PO, or among the ids)."""
        named = [one.value for one in self.references if one.qualifier == "PO"]
        return next(iter([*named, *(value for qualifier, value in self.ids if qualifier == "PO")]), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice. The amounts of a credit are positive: ``credit`` carries the sign.

    Attributes:
        number: BIG02, at most 22 characters.
        type: BIG07, e.g. ``DI`` invoice, ``CR`` credit memo.
        order: BIG04, number of the purchase order.
        total: everything that is to be paid, before discount for early payment (TDS01).
        discountable: part of the total that the discount applies to (TDS02); None where it is all of it.
        discounted: what is to be paid within the time for the discount (TDS03).
        discount: TDS04.
        charges, taxes: of the whole invoice; those of lines stand with the lines.
        notes: at most ten pieces of 264 characters have a place; the rest is left out.
    """

    number: str
    date: str
    total: Decimal
    lines: tuple[InvoiceLine, ...] = ()
    credit: bool = False
    type: str | None = None
    purpose: str | None = None
    order: str | None = None
    order_date: str | None = None
    release: str | None = None
    currency: str | None = None
    notes: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    contacts: tuple[Contact, ...] = ()
    parties: tuple[Party, ...] = ()
    terms: Terms | None = None
    dates: tuple[DateOf, ...] = ()
    freight: Freight | None = None
    taxes: tuple[Tax, ...] = ()
    charges: tuple[Charge, ...] = ()
    discountable: Decimal | None = None
    discounted: Decimal | None = None
    discount: Decimal | None = None
