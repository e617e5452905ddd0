"""Reading elements: what cannot be understood is named by segment, element and reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from ml_connector.x12 import values
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
from ml_connector.x12.model import Segment, TransactionSet, X12Error

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Elements:
    """One segment of a set.

    Attributes:
        number: of the segment in its set, ST being 1.
    """

    segment: Segment
    number: int

    @property
    def name(self) -> str:
        return self.segment[0]

    def text(self, position: int) -> str | None:
        """None where nothing stands."""
        value = self.segment[position].strip() if position < len(self.segment) else ""
        return value or None

    def needed(self, position: int) -> str:
        """Text that must be there.

        Raises:
            X12Error: it is not.
        """
        value = self.text(position)
        if value is None:
            raise self.error(position, "is missing")
        return value

    def real(self, position: int) -> Decimal | None:
        """A number with an explicit point."""
        return self._read(position, values.read_real)

    def cents(self, position: int) -> Decimal | None:
        """An amount with two implied decimals."""
        return self._read(position, values.read_n2)

    def whole(self, position: int) -> int | None:
        return self._read(position, values.read_n0)

    def date(self, position: int) -> str | None:
        return self._read(position, values.read_date)

    def pairs(self, first: int) -> Ids:
        """Qualifiers and ids from a position to the end; a half pair is none."""
        found = ((self.text(at), self.text(at + 1)) for at in range(first, len(self.segment), 2))
        return tuple((qualifier, value) for qualifier, value in found if qualifier and value)

    def error(self, position: int, reason: str) -> X12Error:
        what = f"Segment {self.number} ({self.name}): element {position:02} {reason}"
        return X12Error(what, segment=self.number)

    def _read(self, position: int, read: Callable[[str, str], T]) -> T | None:
        value = self.text(position)
        if value is None:
            return None
        what = f"Segment {self.number} ({self.name}): element {position:02}"
        try:
            return read(value, what)
        except X12Error as wrong:
            raise X12Error(wrong.reason, segment=self.number) from None


def elements_of(found: TransactionSet, code: str) -> list[Elements]:
    """The segments of a set between ST and SE.

    Raises:
        X12Error: a set of another kind.
    """
    if found.code != code:
        raise X12Error(f"This is a {found.code or 'set without a code'}, not a {code}", segment=1)
    return [
        Elements(one, number) for number, one in enumerate(found.segments, 1) if one[0] not in {"ST", "SE"}
    ]


def reference(found: Elements) -> Reference | None:
    """REF with its value or, where that is missing, its description; None with neither."""
    value = found.text(2) or found.text(3)
    return Reference(found.needed(1), value) if value else None


def references(segments: list[Elements]) -> tuple[Reference, ...]:
    """Every REF among them."""
    return tuple(kept for one in segments if one.name == "REF" and (kept := reference(one)))


def dates(segments: list[Elements]) -> tuple[DateOf, ...]:
    """Every DTM among them."""
    return tuple(kept for one in segments if one.name == "DTM" and (kept := date_of(one)))


def date_of(found: Elements) -> DateOf | None:
    """DTM; None where it has a time or a period only."""
    day = found.date(2)
    return DateOf(found.needed(1), day) if day else None


def contact(found: Elements) -> Contact:
    """PER."""
    ways = dict(found.pairs(3))
    return Contact(
        role=found.needed(1),
        name=found.text(2),
        phone=ways.get("TE"),
        mail=ways.get("EM"),
        fax=ways.get("FX"),
    )


def freight(found: Elements) -> Freight:
    """FOB."""
    return Freight(payment=found.needed(1), location_qualifier=found.text(2), location=found.text(3))


def signed(value: Decimal | None, sign: int) -> Decimal | None:
    """A value with its sign turned where ``sign`` is -1; zero has none."""
    return -value if value and sign < 0 else value


def terms(found: Elements, sign: int = 1) -> Terms:
    """ITD; ``sign`` is -1 in a credit that is written with negative amounts."""
    return Terms(
        type=found.text(1),
        basis=found.text(2),
        percent=found.real(3),
        discount_date=found.date(4),
        discount_days=found.whole(5),
        net_date=found.date(6),
        net_days=found.whole(7),
        discount_amount=signed(found.cents(8), sign),
        text=found.text(12),
    )


def tax(found: Elements, sign: int = 1) -> Tax:
    """TXI; ``sign`` is -1 in a credit that is written with negative amounts."""
    return Tax(
        type=found.needed(1),
        amount=signed(found.real(2), sign),
        percent=found.real(3),
        exemption=found.text(6),
    )


def charge(found: Elements, sign: int = 1) -> Charge:
    """SAC; a negative charge is an allowance, and the other way round.

    Raises:
        X12Error: an indicator other than A, C and N.
    """
    kinds = {"A": -sign, "C": sign, "N": 0}
    indicator = found.needed(1)
    if indicator not in kinds:
        raise found.error(1, "is none of A (allowance), C (charge) and N (none)")
    amount = found.cents(5)
    direction = kinds[indicator] * (-1 if amount is not None and amount < 0 else 1)
    return Charge(
        kind="charge" if direction > 0 else "allowance" if direction < 0 else "none",
        amount=None if amount is None else abs(amount),
        code=found.text(2),
        description=found.text(15),
        handling=found.text(12),
    )


def party(found: list[Elements]) -> Party:
    """An N1 and what stands behind it: N2, N3, N4, REF and PER."""
    first = found[0]
    more = [text for one in found if one.name == "N2" for at in (1, 2) if (text := one.text(at))]
    address = [text for one in found if one.name == "N3" for at in (1, 2) if (text := one.text(at))]
    place = next((one for one in found if one.name == "N4"), Elements(("N4",), 0))
    name = " ".join(text for text in (first.text(2), *more) if text)
    state = place.text(2) or (place.text(6) if place.text(5) == "SP" else None)
    return Party(
        role=first.needed(1),
        name=name or None,
        qualifier=first.text(3),
        id=first.text(4),
        address=tuple(address),
        city=place.text(1),
        state=state,
        postal_code=place.text(3),
        country=place.text(4),
        references=references(found),
        contacts=tuple(contact(one) for one in found if one.name == "PER"),
    )
