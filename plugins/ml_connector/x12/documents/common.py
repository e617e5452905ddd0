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
from ml_connector.x12.documents.writing import Writing
from ml_connector.x12.model import Segment, X12Error
from ml_connector.x12.segments import segment
from ml_connector.x12.values import write_date, write_n0, write_n2, write_real

MOST_IDS = 10
"""Pairs of qualifier and id that PO1, POC and IT1 have places for."""

_MOST_CONTACTS, _MOST_TEXTS = 3, 1000
_LEAST_POSTAL = 3
_REFERENCE_LENGTH = {"004010": 30, "005010": 50}
_CONTACT_LENGTH = {"004010": 80, "005010": 256}


def currency(writing: Writing, value: str | None, whose: str) -> list[Segment]:
    """CUR: ``BY`` names the buyer's currency, ``SE`` the seller's."""
    return [segment("CUR", whose, writing.code(value, 3, "The currency", 3))] if value else []


def references(writing: Writing, given: Iterable[Reference]) -> list[Segment]:
    """REF."""
    limit = _REFERENCE_LENGTH[writing.release]
    return [
        segment(
            "REF",
            writing.code(one.qualifier, 3, "The qualifier of a reference"),
            writing.identifier(one.value, limit, f"Reference {one.qualifier}"),
        )
        for one in given
    ]


def contacts(writing: Writing, given: Sequence[Contact]) -> list[Segment]:
    """PER, at most three; one of which nothing can be written is left out."""
    limit = _CONTACT_LENGTH[writing.release]
    found = []
    for one in given:
        role = writing.code(one.role, 2, "The role of a contact")
        what = f"Contact {role}"
        ways = (("TE", one.phone, "phone"), ("EM", one.mail, "mail"), ("FX", one.fax, "fax"))
        kept = [
            (kind, text)
            for kind, way, name in ways
            if (text := writing.unchanged(way, limit, f"{what}, {name}"))
        ]
        name = writing.short(one.name, 60, f"{what}, name")
        if name or kept:
            found.append(segment("PER", role, name, *(text for way in kept for text in way)))
    return [*writing.first(found, _MOST_CONTACTS, "Contacts")]


def freight(writing: Writing, given: Freight | None) -> list[Segment]:
    """FOB."""
    if given is None:
        return []
    payment = writing.code(given.payment, 2, "Who pays the freight")
    qualifier = writing.code(given.location_qualifier, 2, "The qualifier of the freight's location", 1)
    if given.location and not qualifier:
        writing.tell("The freight's location", "left out, as it has no qualifier")
    location = writing.short(given.location, 80, "The freight's location") if qualifier else ""
    return [segment("FOB", payment, qualifier, location)]


def terms(writing: Writing, given: Terms | None) -> list[Segment]:
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
        writing.code(given.type, 2, "The type of the terms"),
        writing.code(given.basis, 2, "The basis of the terms", 1),
        _real(given.percent, 6, "The discount of the terms"),
        _date(given.discount_date, "The discount date of the terms"),
        _whole(given.discount_days, 3, "The discount days of the terms"),
        _date(given.net_date, "The net date of the terms"),
        _whole(given.net_days, 3, "The net days of the terms"),
        "" if given.discount_amount is None else write_n2(given.discount_amount, "The discount amount", 10),
        "",
        "",
        "",
        writing.short(given.text, 80, "The text of the terms"),
    )
    return [made] if len(made) > 1 else []


def dates(writing: Writing, given: Iterable[DateOf], most: int = 10) -> list[Segment]:
    """DTM.

    Raises:
        X12Error: more than the place has room for.
    """
    made = [
        segment(
            "DTM",
            writing.code(one.qualifier, 3, "The qualifier of a date", 3),
            write_date(one.date, f"Date {one.qualifier}"),
        )
        for one in given
    ]
    if len(made) > most:
        raise X12Error(f"There are {len(made)} dates in one place, at most {most} are allowed")
    return made


def notes(writing: Writing, given: Iterable[str], what: str = "Notes") -> list[Segment]:
    """N9 with the text behind it, in MSG or, from 005010 on, in MTX (850 and 860 only)."""
    modern = writing.release == "005010"
    pieces = note_pieces(writing, given, 4096 if modern else 264, _MOST_TEXTS, what)
    if not pieces:
        return []
    texts = (segment("MTX", "", one) if modern else segment("MSG", one) for one in pieces)
    return [segment("N9", "L1", "NOTES"), *texts]


def note_pieces(writing: Writing, given: Iterable[str], limit: int, most: int, what: str) -> Sequence[str]:
    """Texts in pieces of ``limit`` characters, as many as there are places for."""
    pieces = [piece for text in given for piece in writing.split(text, limit, what)]
    return writing.first(pieces, most, f"{what}, pieces of {limit} characters")


def party(writing: Writing, given: Party, of: str = "") -> list[Segment]:
    """N1 to N4.

    Args:
        given: the party.
        of: the line that it belongs to, if any, for what is told.

    Raises:
        X12Error: neither a name nor a number, or a place that cannot be written.
    """
    role = writing.code(given.role, 3, "The role of a party")
    what = f"{of}, party {role}" if of else f"Party {role}"
    names = writing.first(writing.split(given.name, 60, f"{what}, name"), 5, f"{what}, pieces of the name")
    if not names and not given.id:
        raise X12Error(f"{what} has neither a name nor a number that the partner can read")
    numbered: tuple[str, ...] = ()
    if given.id:
        qualifier = writing.code(given.qualifier or "", 2, f"The qualifier of party {role}", 1)
        numbered = (qualifier, writing.identifier(given.id, 80, f"The number of party {role}", 2))
    pieces = [piece for line in given.address for piece in writing.split(line, 55, f"{what}, address")]
    lines = writing.first(pieces, 4, f"{what}, lines of the address")
    return [
        segment("N1", role, names[0] if names else "", *numbered),
        *(segment("N2", *names[at : at + 2]) for at in range(1, len(names), 2)),
        *(segment("N3", *lines[at : at + 2]) for at in range(0, len(lines), 2)),
        *_place(writing, given, what),
        *references(writing, given.references),
        *contacts(writing, given.contacts),
    ]


def parties(writing: Writing, given: Iterable[Party]) -> list[Segment]:
    """The N1 loops of all."""
    return [made for one in given for made in party(writing, one)]


def pairs(writing: Writing, ids: Ids, what: str) -> list[str]:
    """Product ids as elements.

    Raises:
        X12Error: more than ten, or one that does not fit.
    """
    if len(ids) > MOST_IDS:
        raise X12Error(f"{what} has {len(ids)} product ids, at most {MOST_IDS} fit")
    found = []
    for qualifier, value in ids:
        found.append(writing.code(qualifier, 2, f"{what}: the qualifier of a product id"))
        found.append(writing.identifier(value, 48, f"{what}: product id {qualifier}"))
    return found


def description(writing: Writing, text: str | None, of: str) -> list[Segment]:
    """PID, one for each 80 characters."""
    what = f"{of}, description"
    pieces = writing.first(writing.split(text, 80, what), _MOST_TEXTS, f"{what}, pieces")
    if len(pieces) > 1:
        writing.tell(what, "split")
    return [segment("PID", "F", "", "", "", piece) for piece in pieces]


def schedules(
    writing: Writing, given: Sequence[Schedule], quantity: Decimal, unit: str, what: str
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
            writing.code(one.qualifier, 3, f"{what}: the qualifier of a schedule", 3),
            write_date(one.date, f"{what}: the date of a schedule"),
        )
        for one in given
    ]


def charges(writing: Writing, given: Iterable[Charge]) -> list[Segment]:
    """SAC.

    Raises:
        X12Error: a negative amount, or neither code nor description.
    """
    return [_charge(writing, one) for one in given]


def taxes(writing: Writing, given: Iterable[Tax]) -> list[Segment]:
    """TXI."""
    return [
        segment(
            "TXI",
            writing.code(one.type, 2, "The type of a tax"),
            _real(one.amount, 18, f"Tax {one.type}"),
            _real(one.percent, 10, f"The rate of tax {one.type}"),
            "",
            "",
            writing.code(one.exemption, 1, f"The exemption from tax {one.type}", 1),
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


def _charge(writing: Writing, given: Charge) -> Segment:
    what = f"{given.kind.capitalize()} {given.code or ''}".strip()
    if given.amount is not None and given.amount < 0:
        raise X12Error(f"{what} is negative; an allowance is a charge with the other sign")
    text = writing.short(given.description, 80, f"{what}, description")
    if given.code is None and not text:
        raise X12Error(f"{what} has neither a code nor a description")
    return segment(
        "SAC",
        {"allowance": "A", "charge": "C", "none": "N"}[given.kind],
        # SAC02 or SAC03 is required: ZZZZ says that the words behind it say what it is.
        writing.code(given.code or "ZZZZ", 4, "The code of a charge", 4),
        "",
        "",
        "" if given.amount is None else write_n2(given.amount, what),
        "",
        "",
        "",
        "",
        "",
        "",
        writing.code(given.handling, 2, f"The handling of {what.lower()}"),
        "",
        "",
        text,
    )


def _place(writing: Writing, given: Party, what: str) -> list[Segment]:
    """N4. A state has two letters there; a longer one goes where regions outside North America go."""
    state = _named(writing, given.state, 30, 1, f"{what}, state").upper()
    short = state if len(state) == 2 else ""
    country = writing.code(given.country or None, 3, f"{what}: the country")
    if not all(one.isalpha() for one in country):
        raise X12Error(f"{what}: the country is no code of two or three letters: {country!r}")
    made = segment(
        "N4",
        _named(writing, given.city, 30, 2, f"{what}, city"),
        short,
        _postal_code(writing, given.postal_code, what),
        country,
        *(("SP", state) if state and not short else ()),
    )
    return [made] if len(made) > 1 else []


def _named(writing: Writing, text: str | None, limit: int, least: int, what: str) -> str:
    """A part of an address without which it is another one."""
    written = writing.short(text, limit, what, least)
    if not written and (text or "").strip():
        raise X12Error(f"{what}: the partner could read nothing of it")
    return written


def _postal_code(writing: Writing, text: str | None, what: str) -> str:
    """Whole or refused: mail with half of one goes elsewhere."""
    given = (text or "").strip()
    written = writing.unchanged(given, 15, f"{what}, postal code")
    if given and len(written) < _LEAST_POSTAL:
        raise X12Error(f"{what}: the postal code is none of 3 to 15 characters that the partner can read")
    return written


def _real(value: Decimal | None, limit: int, what: str) -> str:
    return "" if value is None else write_real(value, limit, what)


def _whole(value: int | None, limit: int, what: str) -> str:
    return "" if value is None else write_n0(value, limit, what)


def _date(day: str | None, what: str) -> str:
    return "" if day is None else write_date(day, what)
