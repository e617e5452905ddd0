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


def read_invoice(
    found: TransactionSet, *, credit_sign: CreditSign = "type", implied_decimals: int = 2
) -> Invoice:
    """An 810 as data. The amounts of a credit come out positive, whichever way they were written.

    Whether it adds up is asked with :func:`~ml_connector.x12.documents.invoice_footing.foot`.

    Args:
        found: the set.
        credit_sign: how this partner marks credits.
        implied_decimals: of TDS and SAC, for partners that leave the standard's two.

    Raises:
        X12Error: no 810, no number, date or total, a value that is no number or date, a line in
            another currency, or a type that contradicts the sign.
    """
    segments = elements_of(found, "810")
    header, lines, summary = _parts(segments)
    head = _only(header, "BIG") or Elements(("BIG",), 2)
    totals = _only(summary, "TDS")
    if totals is None:
        raise X12Error("The invoice has no total: its TDS is missing")
    total = totals.cents(1, implied_decimals)
    if total is None:
        raise totals.error(1, "is missing")
    credit = _is_credit(head, totals, total, credit_sign)
    sign = -1 if credit and credit_sign != "type" else 1
    currency = _currency(header)
    parties, header = _parties(header)
    invoice = Invoice(
        number=head.needed(2),
        date=head.date(1) or head.needed(1),
        total=sign * total,
        lines=tuple(_line(loop, currency, sign, implied_decimals) for loop in lines),
        credit=credit,
        type=head.text(7),
        purpose=head.text(8),
        order=head.text(4),
        order_date=head.date(3),
        release=head.text(5),
        currency=currency,
        parties=parties,
        taxes=_taxes(summary, sign),
        charges=_charges(summary, sign, implied_decimals),
        discountable=_signed(totals.cents(2, implied_decimals), sign),
        discounted=_signed(totals.cents(3, implied_decimals), sign),
        discount=_signed(totals.cents(4, implied_decimals), sign),
    )
    return _with_header(invoice, header)


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


def _currency(header: list[Elements]) -> str | None:
    found = _only(header, "CUR")
    return found.text(2) if found else None


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


def _with_header(invoice: Invoice, header: list[Elements]) -> Invoice:
    terms, freight = _only(header, "ITD"), _only(header, "FOB")
    words = {"MSG": 1, "NTE": 2}
    return replace(
        invoice,
        notes=tuple(text for one in header if one.name in words and (text := one.text(words[one.name]))),
        references=take.references(header),
        contacts=tuple(take.contact(one) for one in header if one.name == "PER"),
        terms=take.terms(terms) if terms else None,
        dates=take.dates(header),
        freight=take.freight(freight) if freight else None,
    )


def _line(loop: list[Elements], currency: str | None, sign: int, decimals: int) -> InvoiceLine:
    # What stands behind an SLN or an N1 is about a part of the line or a place, not about the line.
    inner = next((at for at, one in enumerate(loop) if one.name in {"SLN", "N1"}), len(loop))
    own, first = loop[:inner], loop[0]
    other = _only(own, "CUR")
    if other and currency and other.text(2) not in {None, currency}:
        raise other.error(2, f"says {other.text(2)}, but the invoice is in {currency}")
    words = [text for one in own if one.name == "PID" and (text := one.text(5))]
    return InvoiceLine(
        number=first.text(1),
        quantity=_signed(first.real(2), sign),
        unit=first.text(3),
        price=first.real(4),
        basis=first.text(5),
        ids=first.pairs(6),
        description=" ".join(words) or None,
        references=take.references(own),
        dates=take.dates(own),
        charges=_charges(own, sign, decimals),
        taxes=_taxes(own, sign),
    )


def _charges(segments: list[Elements], sign: int, decimals: int) -> tuple[Charge, ...]:
    return tuple(take.charge(one, sign, decimals) for one in segments if one.name == "SAC")


def _taxes(segments: list[Elements], sign: int) -> tuple[Tax, ...]:
    return tuple(take.tax(one, sign) for one in segments if one.name == "TXI")


def _signed(value: Decimal | None, sign: int) -> Decimal | None:
    return None if value is None else sign * value


def _only(segments: list[Elements], name: str) -> Elements | None:
    return next((one for one in segments if one.name == name), None)
