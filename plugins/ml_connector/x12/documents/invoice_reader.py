"""810, read."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Literal

from ml_connector.x12.documents import elements as take
from ml_connector.x12.documents.elements import Elements, elements_of
from ml_connector.x12.documents.invoice import CREDIT_TYPES, Invoice, InvoiceLine
from ml_connector.x12.documents.parts import Charge, Party, Tax
from ml_connector.x12.model import TransactionSet, X12Error

CreditSign = Literal["type", "negative", "both"]
"""How a partner marks a credit: by BIG07 alone, by negative amounts alone, or by both together."""

_PARTY_SEGMENTS = frozenset({"N1", "N2", "N3", "N4", "REF", "PER", "DMG"})


def read_invoice(found: TransactionSet, *, credit_sign: CreditSign = "type") -> Invoice:
    """An 810 as data. The amounts of a credit come out positive, whichever way they were written.

    Whether it adds up is asked with :func:`~ml_connector.x12.documents.invoice_footing.foot`.

    Args:
        found: the set.
        credit_sign: how this partner marks credits.

    Raises:
        X12Error: no 810, no number, date or total, a value that is no number or date, two
            currencies, a type that contradicts the sign, or signs that contradict each other.
    """
    segments = elements_of(found, "810")
    header, lines, summary = _parts(segments)
    head = _only(header, "BIG") or Elements(("BIG",), 2)
    totals = _only(summary, "TDS")
    if totals is None:
        raise X12Error("The invoice has no total: its TDS is missing")
    total = totals.cents(1)
    if total is None:
        raise totals.error(1, "is missing")
    credit = _is_credit(head, totals, total, credit_sign)
    sign = -1 if credit and credit_sign != "type" else 1
    currency = _currency(segments)
    parties, header = _parties(header)
    invoice = Invoice(
        number=head.needed(2),
        date=head.date(1) or head.needed(1),
        total=take.signed(total, sign) or total,
        lines=tuple(_line(loop, sign) for loop in lines),
        credit=credit,
        type=head.text(7),
        purpose=head.text(8),
        order=head.text(4),
        order_date=head.date(3),
        release=head.text(5),
        currency=currency,
        parties=parties,
        taxes=_taxes(summary, sign),
        charges=_charges(summary, sign),
        discountable=_of_total(totals, 2, sign),
        discounted=_of_total(totals, 3, sign),
        discount=_of_total(totals, 4, sign),
    )
    return _with_header(invoice, header, sign)


def _parts(segments: list[Elements]) -> tuple[list[Elements], list[list[Elements]], list[Elements]]:
    """Header, one list for each IT1 loop, and everything from TDS on."""
    end = next((at for at, one in enumerate(segments) if one.name == "TDS"), len(segments))
    starts = [at for at, one in enumerate(segments[:end]) if one.name == "IT1"]
    loops = (
        [segments[start:stop] for start, stop in zip(starts, [*starts[1:], end], strict=True)]
        if starts
        else []
    )
    return segments[: starts[0] if starts else end], loops, segments[end:]


def _is_credit(head: Elements, totals: Elements, total: Decimal, credit_sign: CreditSign) -> bool:
    """Type and sign must agree: which of them is wrong, only the partner can say."""
    named, negative = head.text(7) in CREDIT_TYPES, total < 0
    if credit_sign == "type" and negative:
        kind = "a credit, which this partner writes" if named else "no credit by its type, but is written"
        raise totals.error(1, f"is negative: the invoice is {kind} {'without' if named else 'with'} a minus")
    if credit_sign != "type" and named and total > 0:
        raise totals.error(1, "is positive, but the invoice's type says that it is a credit")
    if credit_sign == "both" and negative and not named:
        raise totals.error(1, "is negative, but the invoice's type says that it is no credit")
    return named or negative


def _of_total(totals: Elements, position: int, sign: int) -> Decimal | None:
    """A part of the total, which in a credit has the total's sign."""
    value = take.signed(totals.cents(position), sign)
    if value is not None and value < 0 and sign < 0:
        raise totals.error(position, "has another sign than the total")
    return value


def _currency(segments: list[Elements]) -> str | None:
    """The one currency of header, lines and charges; some name it at the lines only."""
    found: str | None = None
    for one in segments:
        named = one.text(2) if one.name == "CUR" else None
        if named and found and named != found:
            raise one.error(2, f"says {named}, but the invoice is in {found}")
        found = found or named
    return found


def _parties(header: list[Elements]) -> tuple[tuple[Party, ...], list[Elements]]:
    """The parties, and the header without them. REF and PER behind an N1 are about the party."""
    loops: list[list[Elements]] = []
    rest = []
    inside = False
    for one in header:
        inside = one.name == "N1" or (inside and one.name in _PARTY_SEGMENTS)
        if one.name == "N1":
            loops.append([one])
        elif inside:
            loops[-1].append(one)
        else:
            rest.append(one)
    return tuple(take.party(loop) for loop in loops), rest


def _with_header(invoice: Invoice, header: list[Elements], sign: int) -> Invoice:
    freight = _only(header, "FOB")
    terms = [take.terms(one, sign) for one in header if one.name == "ITD"]
    words = {"MSG": 1, "NTE": 2}
    return replace(
        invoice,
        notes=tuple(text for one in header if one.name in words and (text := one.text(words[one.name]))),
        references=take.references(header),
        contacts=tuple(take.contact(one) for one in header if one.name == "PER"),
        terms=terms[0] if terms else None,
        more_terms=tuple(terms[1:]),
        dates=take.dates(header),
        freight=take.freight(freight) if freight else None,
    )


def _line(loop: list[Elements], sign: int) -> InvoiceLine:
    # What stands behind an SLN or an N1 is about a part of the line or a place, not about the line;
    # but charges and taxes of a part are to be paid as well.
    inner = next((at for at, one in enumerate(loop) if one.name in {"SLN", "N1"}), len(loop))
    own, first = loop[:inner], loop[0]
    quantity, price = _quantity_and_price(first, sign)
    words = [text for one in own if one.name == "PID" and (text := one.text(5))]
    return InvoiceLine(
        number=first.text(1),
        quantity=quantity,
        unit=first.text(3),
        price=price,
        basis=first.text(5),
        ids=first.pairs(6),
        description=" ".join(words) or None,
        references=take.references(own),
        dates=take.dates(own),
        charges=_charges(loop, sign),
        taxes=_taxes(loop, sign),
    )


def _quantity_and_price(first: Elements, sign: int) -> tuple[Decimal | None, Decimal | None]:
    """In a credit with negative amounts the minus stands at the quantity or at the price, never at both."""
    quantity, price = first.real(2), first.real(4)
    if sign < 0 and price is not None and price < 0:
        if quantity is not None and quantity < 0:
            raise first.error(4, "is negative, and so is the quantity: nobody can tell what the line means")
        return quantity, -price
    return take.signed(quantity, sign), price


def _charges(segments: list[Elements], sign: int) -> tuple[Charge, ...]:
    return tuple(take.charge(one, sign) for one in segments if one.name == "SAC")


def _taxes(segments: list[Elements], sign: int) -> tuple[Tax, ...]:
    return tuple(take.tax(one, sign) for one in segments if one.name == "TXI")


def _only(segments: list[Elements], name: str) -> Elements | None:
    return next((one for one in segments if one.name == name), None)
