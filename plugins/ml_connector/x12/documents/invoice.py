"""810: invoice and credit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

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
from ml_connector.x12.documents.pricing import line_amount, unit_price

CREDIT_TYPES = frozenset({"CR", "CN"})
"""BIG07 of credits: credit memo and credit invoice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """IT1 loop.

    Attributes:
        number: IT101, most often the line of the order.
        quantity: given with ``unit`` and ``price`` or not at all.
        price: as it is written (IT104); ``basis`` says what it is for, e.g. ``HP`` a hundred units.
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
        """Quantity times unit price in cents: IT1 has no place for an amount, everybody multiplies."""
        return line_amount(self.quantity, self.price, self.basis, self.unit)

    @property
    def unit_price(self) -> Decimal | None:
        """Price of one ``unit``; None without a price, or where the price is for another unit."""
        return unit_price(self.price, self.basis, self.unit)

    @property
    def is_priced(self) -> bool:
        """Whether quantity and price, where they are given, are for the same unit."""
        return self.price is None or self.unit_price is not None

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
        more_terms: further terms, where the invoice names several.
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
    more_terms: tuple[Terms, ...] = ()
    dates: tuple[DateOf, ...] = ()
    freight: Freight | None = None
    taxes: tuple[Tax, ...] = ()
    charges: tuple[Charge, ...] = ()
    discountable: Decimal | None = None
    discounted: Decimal | None = None
    discount: Decimal | None = None
