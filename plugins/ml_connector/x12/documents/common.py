"""Segments that several documents share, in the order in which each document may use them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from ml_connector.x12.documents.parts import (
    Charge,
    Contact,
    DateOf,
    Freight,
    Ids,
    Party,
    Reference,
    Schedule,
    Tax,
    Terms,
)
from ml_connector.x12.model import Segment, X12Error
from ml_connector.x12.segments import segment
from ml_connector.x12.text import Dialect
from ml_connector.x12.values import write_date, write_n0, write_n2, write_real

MOST_IDS = 10
"""Pairs of qualifier and id that PO1, POC and IT1 have places for."""

_REFERENCE_LENGTH = {"004010": 30, "005010": 50}
_CONTACT_LENGTH = {"004010": 80, "005010": 256}


def code(dialect: Dialect, value: str | None, limit: int, what: str, least: int = 2) -> str:
    """A code of a list, exactly as long as the list has them.

    Raises:
        X12Error: another length, or anything but digits and capitals.
    """
    written = dialect.identifier(value, limit, what, least)
    if written and not (written.isascii() and written.isalnum() and written == written.upper()):
        raise X12Error(f"{what} is no code of digits and capitals: {written!r}")
    return written


def currency(dialect: Dialect, value: str | None, whose: str) -> list[Segment]:
    """CUR: ``BY`` names the buyer's currency, ``SE`` the seller's."""
    return [segment("CUR", whose, code(dialect, value, 3, "The currency", 3))] if value else []


def references(dialect: Dialect, given: Iterable[Reference]) -> list[Segment]:
    """REF."""
    limit = _REFERENCE_LENGTH[dialect.release]
    return [
        segment(
            "REF",
            code(dialect, one.qualifier, 3, "The qualifier of a reference"),
            dialect.identifier(one.value, limit, f"Reference {one.qualifier}"),
        )
        for one in given
    ]


def contacts(dialect: Dialect, given: Iterable[Contact]) -> list[Segment]:
    """PER, at most three; one of which nothing can be written is left out."""
    limit = _CONTACT_LENGTH[dialect.release]
    found = []
    for one in given:
        ways = (("TE", one.phone), ("EM", one.mail), ("FX", one.fax))
        kept = [(kind, text) for kind, way in ways if (text := _unchanged(dialect, way, limit))]
        name = dialect.short(one.name, 60)
        if name or kept:
            role = code(dialect, one.role, 2, "The role of a contact")
            found.append(segment("PER", role, name, *(text for way in kept for text in way)))
    return found[:3]


def freight(dialect: Dialect, given: Freight | None) -> list[Segment]:
    """FOB."""
    if given is None:
        return []
    payment = code(dialect, given.payment, 2, "Who pays the freight")
    qualifier = code(dialect, given.location_qualifier, 2, "The qualifier of the freight's location", 1)
    return [segment("FOB", payment, qualifier, dialect.short(given.location, 80) if qualifier else "")]


def terms(dialect: Dialect, given: Terms | None) -> list[Segment]:
    """ITD.

    Raises:
        X12Error: a discount without the days or the day until which it holds.
    """
    if given is None:
        return []
    until = given.discount_date is not None or given.discount_days is not None
    if not until and (given.percent is not None or given.discount_amount is not None):
        raise X12Error("The terms have a discount but neither days nor a date for it")
    made = segment(
        "ITD",
        code(dialect, given.type, 2, "The type of the terms"),
        code(dialect, given.basis, 2, "The basis of the terms", 1),
        _real(given.percent, 6, "The discount of the terms"),
        _date(given.discount_date, "The discount date of the terms"),
        _whole(given.discount_days, 3, "The discount days of the terms"),
        _date(given.net_date, "The net date of the terms"),
        _whole(given.net_days, 3, "The net days of the terms"),
        "" if given.discount_amount is None else write_n2(given.discount_amount, "The discount amount", 10),
        "",
        "",
        "",
        dialect.short(given.text, 80),
    )
    return [made] if len(made) > 1 else []


def dates(dialect: Dialect, given: Iterable[DateOf], most: int = 10) -> list[Segment]:
    """DTM.

    Raises:
        X12Error: more than the place has room for.
    """
    made = [
        segment(
            "DTM",
            code(dialect, one.qualifier, 3, "The qualifier of a date", 3),
            write_date(one.date, f"Date {one.qualifier}"),
        )
        for one in given
    ]
    if len(made) > most:
        raise X12Error(f"There are {len(made)} dates in one place, at most {most} are allowed")
    return made


def notes(dialect: Dialect, given: Iterable[str]) -> list[Segment]:
    """N9 with the text behind it, in MSG or, from 005010 on, in MTX (850 and 860 only)."""
    modern = dialect.release == "005010"
    pieces = [piece for text in given for piece in dialect.split(text, 4096 if modern else 264)]
    if not pieces:
        return []
    texts = (segment("MTX", "", one) if modern else segment("MSG", one) for one in pieces[:1000])
    return [segment("N9", "L1", "NOTES"), *texts]


def party(dialect: Dialect, given: Party) -> list[Segment]:
    """N1 to N4.

    Raises:
        X12Error: neither a name nor a number.
    """
    role = code(dialect, given.role, 3, "The role of a party")
    names = dialect.split(given.name or "", 60)[:5]
    if not names and not given.id:
        raise X12Error(f"Party {given.role} has neither a name nor a number")
    numbered: tuple[str, ...] = ()
    if given.id:
        qualifier = code(dialect, given.qualifier or "", 2, f"The qualifier of party {given.role}", 1)
        numbered = (qualifier, dialect.identifier(given.id, 80, f"The number of party {given.role}", 2))
    lines = [piece for line in given.address for piece in dialect.split(line, 55)][:4]
    return [
        segment("N1", role, names[0] if names else "", *numbered),
        *(segment("N2", *names[at : at + 2]) for at in range(1, len(names), 2)),
        *(segment("N3", *lines[at : at + 2]) for at in range(0, len(lines), 2)),
        *_place(dialect, given),
    ]


def parties(dialect: Dialect, given: Iterable[Party]) -> list[Segment]:
    """The N1 loops of all."""
    return [made for one in given for made in party(dialect, one)]


def pairs(dialect: Dialect, ids: Ids, what: str) -> list[str]:
    """Product ids as elements.

    Raises:
        X12Error: more than ten, or one that does not fit.
    """
    if len(ids) > MOST_IDS:
        raise X12Error(f"{what} has {len(ids)} product ids, at most {MOST_IDS} fit")
    found = []
    for qualifier, value in ids:
        found.append(code(dialect, qualifier, 2, f"{what}: the qualifier of a product id"))
        found.append(dialect.identifier(value, 48, f"{what}: product id {qualifier}"))
    return found


def description(dialect: Dialect, text: str | None) -> list[Segment]:
    """PID, one for each 80 characters."""
    return [segment("PID", "F", "", "", "", piece) for piece in dialect.split(text or "", 80)][:1000]


def schedules(
    dialect: Dialect, given: Sequence[Schedule], quantity: Decimal, unit: str, what: str
) -> list[Segment]:
    """SCH.

    Raises:
        X12Error: they do not add up to the quantity of the line.
    """
    if given and sum(one.quantity for one in given) != quantity:
        raise X12Error(f"{what}: its schedules do not add up to its quantity of {quantity}")
    return [
        segment(
            "SCH",
            write_real(one.quantity, 15, f"{what}: the quantity of a schedule"),
            unit,
            "",
            "",
            code(dialect, one.qualifier, 3, f"{what}: the qualifier of a schedule", 3),
            write_date(one.date, f"{what}: the date of a schedule"),
        )
        for one in given
    ]


def charges(dialect: Dialect, given: Iterable[Charge]) -> list[Segment]:
    """SAC.

    Raises:
        X12Error: a negative amount, or neither code nor description.
    """
    return [_charge(dialect, one) for one in given]


def taxes(dialect: Dialect, given: Iterable[Tax]) -> list[Segment]:
    """TXI."""
    return [
        segment(
            "TXI",
            code(dialect, one.type, 2, "The type of a tax"),
            _real(one.amount, 18, f"Tax {one.type}"),
            _real(one.percent, 10, f"The rate of tax {one.type}"),
            "",
            "",
            code(dialect, one.exemption, 1, f"The exemption from tax {one.type}", 1),
        )
        for one in given
    ]


def totals(lines: int, quantities: Iterable[Decimal] | None, total: Decimal | None) -> list[Segment]:
    """CTT with the count of lines and the sum of their quantities, and the amount of all.

    The sum is optional and left out where its ten digits do not hold it.
    """
    try:
        summed = "" if quantities is None else write_real(sum(quantities, Decimal(0)), 10, "The sum")
    except X12Error:
        summed = ""
    made = [segment("CTT", write_n0(lines, 6, "The count of lines"), summed)]
    return made if total is None else [*made, segment("AMT", "TT", write_real(total, 18, "The total"))]


def _charge(dialect: Dialect, given: Charge) -> Segment:
    what = f"{given.kind.capitalize()} {given.code or ''}".strip()
    if given.amount is not None and given.amount < 0:
        raise X12Error(f"{what} is negative; an allowance is a charge with the other sign")
    text = dialect.short(given.description, 80)
    if given.code is None and not text:
        raise X12Error(f"{what} has neither a code nor a description")
    return segment(
        "SAC",
        {"allowance": "A", "charge": "C", "none": "N"}[given.kind],
        # SAC02 or SAC03 is required: ZZZZ says that the words behind it say what it is.
        code(dialect, given.code or "ZZZZ", 4, "The code of a charge", 4),
        "",
        "",
        "" if given.amount is None else write_n2(given.amount, what),
        "",
        "",
        "",
        "",
        "",
        "",
        code(dialect, given.handling, 2, f"The handling of {what.lower()}"),
        "",
        "",
        text,
    )


def _place(dialect: Dialect, given: Party) -> list[Segment]:
    """N4. A state has two letters there; a longer one goes where regions outside North America go."""
    state = dialect.clean(given.state or "").upper()
    short = state if len(state) == 2 else ""
    region = ("SP", state[:30]) if state and not short else ()
    made = segment(
        "N4",
        dialect.short(given.city, 30, 2),
        short,
        dialect.short(given.postal_code, 15, 3),
        dialect.short(given.country, 3, 2),
        *region,
    )
    return [made] if len(made) > 1 else []


def _unchanged(dialect: Dialect, text: str | None, limit: int) -> str:
    """What cleaning leaves as it is but for capitals: a mail address without its underscore is another."""
    cleaned = dialect.clean(text or "")
    same = cleaned.casefold() == (text or "").strip().casefold()
    return cleaned if same and len(cleaned) <= limit else ""


def _real(value: Decimal | None, limit: int, what: str) -> str:
    return "" if value is None else write_real(value, limit, what)


def _whole(value: int | None, limit: int, what: str) -> str:
    return "" if value is None else write_n0(value, limit, what)


def _date(day: str | None, what: str) -> str:
    return "" if day is None else write_date(day, what)
