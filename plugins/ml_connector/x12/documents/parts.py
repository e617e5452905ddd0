"""What several documents have in common."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Ids = tuple[tuple[str, str], ...]
"""Pairs of qualifier and product id, e.g. ``(("BP", "10004"), ("VP", "AX-31566"))``; at most ten."""


@dataclass(frozen=True, slots=True)
class Reference:
    """REF: a number by which one side knows something, e.g. ``IA`` the buyer's number of the supplier."""

    qualifier: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """PER. What the partner's characters cannot carry is left out, since half an address reaches nobody.

    Attributes:
        role: ``BD`` buyer, ``OC`` order contact, ``IC`` information contact.
    """

    role: str = "BD"
    name: str | None = None
    phone: str | None = None
    mail: str | None = None
    fax: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Freight:
    """FOB: who pays the carrier, e.g. ``PP`` prepaid, ``CC`` collect; and where responsibility passes."""

    payment: str
    location_qualifier: str | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """ITD: terms of payment.

    Attributes:
        type: ``01`` basic, ``02`` end of month, ``05`` none applicable, ``08`` basic discount,
            ``14`` agreed before.
        basis: what the days count from: ``1`` shipment, ``2`` delivery, ``3`` invoice,
            ``15`` receipt of goods.
        percent: discount for early payment; needs ``discount_date`` or ``discount_days``.
        discount_amount: the same in money.
    """

    type: str | None = None
    basis: str | None = None
    percent: Decimal | None = None
    discount_date: str | None = None
    discount_days: int | None = None
    net_date: str | None = None
    net_days: int | None = None
    discount_amount: Decimal | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class DateOf:
    """DTM: a day and what happens on it, e.g. ``002`` delivery requested, ``010`` shipment requested."""

    qualifier: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """N1 to N4.

    Attributes:
        role: ``BT`` bill to, ``ST`` ship to, ``BY`` buyer, ``VN`` vendor, ``SE`` seller, ``RI`` remit to,
            ``SF`` ship from.
        qualifier: whose number ``id`` is: ``92`` the buyer's, ``91`` the seller's, ``1`` DUNS, ``UL`` GLN.
        address: up to four lines.
        state: two letters.
        references, contacts: REF and PER about the party itself.
    """

    role: str
    name: str | None = None
    qualifier: str | None = None
    id: str | None = None
    address: tuple[str, ...] = ()
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    references: tuple[Reference, ...] = ()
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """SAC: an allowance or a charge.

    Attributes:
        amount: never negative; ``kind`` carries the sign.
        code: SAC02, e.g. ``D240`` freight, ``H850`` tax.
        handling: SAC12, ``02`` off invoice, ``06`` to be paid by the customer.
    """

    kind: Literal["allowance", "charge", "none"]
    amount: Decimal | None
    code: str | None = None
    description: str | None = None
    handling: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """TXI.

    Attributes:
        type: ``ST`` state sales tax, ``VA`` value added tax, ``GS`` goods and services tax, ``TX`` all taxes.
        exemption: TXI06, e.g. ``2`` no, ``1`` exempt.
    """

    type: str
    amount: Decimal | None = None
    percent: Decimal | None = None
    exemption: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """SCH: a part of a line that is wanted on a day."""

    quantity: Decimal
    date: str
    qualifier: str = "002"
