"""Documents and ways of writing them, as examples and as strategies."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import strategies as st

from ml_connector.x12.documents.parts import (
    Charge,
    Contact,
    DateOf,
    Freight,
    Party,
    Reference,
    Schedule,
    Tax,
    Terms,
)
from ml_connector.x12.documents.purchase_order import OrderLine, PurchaseOrder
from ml_connector.x12.model import Delimiters
from ml_connector.x12.text import Charset, Dialect
from ml_connector.x12.writer import ControlNumbers, Envelope

AT = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
NUMBERS = ControlNumbers(101, 57)

DELIMITERS = (
    Delimiters("*", ">", "~", "^"),
    Delimiters("|", ":", "~", "^"),
    Delimiters("*", "<", "\n", "!"),
    Delimiters("^", "~", "|", "\\"),
    Delimiters("\x1d", "\x1f", "\x1c", "\x1e"),
    Delimiters(",", ";", "'", "="),
)

_CHARSETS: tuple[tuple[str, Charset], ...] = (
    ("004010", "extended"),
    ("005010", "extended"),
    ("004010VICS", "basic"),
    ("005010", "utf-8"),
)
DIALECTS = tuple(
    Dialect(version, delimiters, charset) for version, charset in _CHARSETS for delimiters in DELIMITERS
)

DIALECT_IDS = [f"{one.version}-{one.charset}-{ord(one.delimiters.segment):02x}" for one in DIALECTS]

ORDER = PurchaseOrder(
    number="US001-0000000007",
    date="2026-11-20",
    currency="USD",
    references=(Reference("IA", "0000000002"), Reference("DP", "10000")),
    contacts=(Contact(name="SMITH, PAT", phone="5551234567", mail="PAT@EXAMPLE.COM"),),
    freight=Freight(payment="PP", location_qualifier="DE", location="DAYTON DC"),
    terms=Terms(type="01", basis="3", percent=Decimal(2), discount_days=10, net_days=30),
    dates=(DateOf("002", "2026-12-04"),),
    notes=("DELIVER TO DOCK 4 BETWEEN 0700 AND 1500",),
    parties=(
        Party(
            role="ST",
            name="DAYTON PLANT",
            qualifier="92",
            id="PLT01",
            address=("900 INDUSTRIAL PKWY", "DOCK 4"),
            city="DAYTON",
            state="OH",
            postal_code="45402",
            country="US",
        ),
        Party(role="VN", name="ACME SUPPLY CO", qualifier="1", id="123456789"),
    ),
    lines=(
        OrderLine(
            number="1",
            quantity=Decimal(100),
            unit="EA",
            price=Decimal("12.50"),
            basis="PE",
            ids=(("BP", "10004"), ("VP", "AX-31566")),
            description="HEX BOLT M8 X 40, ZINC",
            schedules=(
                Schedule(quantity=Decimal(60), date="2026-12-04"),
                Schedule(quantity=Decimal(40), date="2026-12-18"),
            ),
        ),
        OrderLine(
            number="2",
            quantity=Decimal("25.5"),
            unit="LB",
            price=Decimal("3.0075"),
            ids=(("BP", "10077"),),
            description="THREAD SEALANT BULK",
            ship_to=Party(role="ST", qualifier="92", id="PLT02"),
            notes=("KEEP DRY",),
        ),
    ),
    total=Decimal("1326.69"),
)


def envelope(dialect: Dialect | None = None, **changes: object) -> Envelope:
    """From our plant US001 to ACME."""
    given: dict[str, object] = {
        "sender": ("ZZ", "PSFTUS001"),
        "receiver": ("01", "123456789"),
        "group_sender": "PSFTUS001",
        "group_receiver": "123456789",
        "at": AT,
        "dialect": dialect or Dialect(),
        "usage": "T",
        **changes,
    }
    return Envelope(**given)  # type: ignore[arg-type]


dialects = st.sampled_from(DIALECTS)

# Delimiters of every dialect, quotes that are no quotes, letters beyond ASCII, control characters.
_NASTY = (
    "*>~^|:<\n!\\\x1d\x1f\x1c\x1e,;'=" + "éßŁ€“”\u2013\u00a0\u200b\t\r\x00\x07日本" + "ISA*00 abcXYZ019.-&/"
)
words = st.text(alphabet=_NASTY, max_size=100)
names = words.map(lambda text: f"N{text}")

_ids = st.text(alphabet="ABCXYZ0123456789", min_size=2, max_size=20)
_days = st.dates(min_value=datetime(2000, 1, 1).date(), max_value=datetime(2099, 12, 31).date()).map(str)  # noqa: DTZ001
quantities = st.decimals(min_value=-9999, max_value=99999, places=3)
ordered = st.decimals(min_value="0.001", max_value=9999, places=3)
prices = st.decimals(min_value=-999, max_value=99999, places=5)
agreed = st.decimals(min_value=0, max_value=99999, places=5)
bases = st.sampled_from(["PE", "HP", "TP", "CT", None])
"""Of prices: each, a hundred, a thousand, as in the contract."""
amounts = st.decimals(min_value=0, max_value=999999, places=2)

references = st.builds(Reference, st.sampled_from(["IA", "CT", "DP"]), _ids)
dates = st.builds(DateOf, st.sampled_from(["002", "010"]), _days)
contacts = st.builds(Contact, name=words, phone=words, mail=words)
terms = st.builds(
    Terms,
    type=st.sampled_from(["01", "08", None]),
    basis=st.sampled_from(["3", "15", None]),
    percent=st.none() | st.decimals(min_value=0, max_value=99, places=2),
    discount_days=st.integers(0, 999),
    net_date=st.none() | _days,
    net_days=st.none() | st.integers(0, 999),
    text=words,
)
freights = st.builds(
    Freight,
    payment=st.sampled_from(["PP", "CC"]),
    location_qualifier=st.sampled_from(["DE", "OR", None]),
    location=names,
)
parties = st.builds(
    Party,
    role=st.sampled_from(["ST", "BT", "VN"]),
    name=names,
    qualifier=st.just("92"),
    id=st.none() | _ids,
    address=st.lists(words, max_size=6).map(tuple),
    city=words.map(lambda text: f"CITY {text}") | st.sampled_from(["", None]),
    state=st.sampled_from(["OH", "NSW", "", None]),
    postal_code=st.none() | st.text("ABC0123456789", min_size=3, max_size=15),
    country=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=3) | st.sampled_from(["", None]),
    references=st.lists(references, max_size=2).map(tuple),
    contacts=st.lists(contacts, max_size=2).map(tuple),
)
charges = st.builds(
    Charge,
    kind=st.sampled_from(["allowance", "charge", "none"]),
    amount=amounts,
    code=st.sampled_from(["D240", "H850"]),
    description=words,
    handling=st.sampled_from(["02", "06", None]),
)
taxes = st.builds(Tax, type=st.sampled_from(["ST", "VA"]), amount=amounts)
product_ids = st.lists(st.tuples(st.sampled_from(["BP", "VP", "UP"]), _ids), max_size=10).map(tuple)


@st.composite
def order_lines(draw: st.DrawFn) -> OrderLine:
    """With schedules that add up."""
    parts = draw(st.lists(ordered, max_size=4))
    ids = draw(product_ids)
    return OrderLine(
        number=draw(st.integers(1, 99999).map(str)),
        quantity=sum(parts, Decimal(0)) if parts else draw(ordered),
        unit=draw(st.sampled_from(["EA", "LB", "CA"])),
        price=draw(st.none() | agreed),
        basis=draw(bases),
        ids=ids,
        description=draw(words if ids else names),
        references=tuple(draw(st.lists(references, max_size=2))),
        dates=tuple(draw(st.lists(dates, max_size=2))),
        schedules=tuple(Schedule(quantity=one, date=draw(_days)) for one in parts),
        notes=tuple(draw(st.lists(words, max_size=2))),
        ship_to=draw(st.none() | parties),
    )


@st.composite
def headers(draw: st.DrawFn) -> dict[str, object]:
    """What orders and changes have in common."""
    return {
        "number": draw(_ids),
        "date": draw(_days),
        "release": draw(st.none() | _ids),
        "currency": draw(st.sampled_from(["USD", "EUR", None])),
        "references": tuple(draw(st.lists(references, max_size=3))),
        "contacts": tuple(draw(st.lists(contacts, max_size=5))),
        "freight": draw(st.none() | freights),
        "terms": draw(st.none() | terms),
        "dates": tuple(draw(st.lists(dates, max_size=3))),
        "notes": tuple(draw(st.lists(words, max_size=3))),
        "parties": tuple(draw(st.lists(parties, max_size=3))),
        "total": draw(st.none() | st.decimals(min_value=-99999, max_value=999999, places=2)),
    }


@st.composite
def orders(draw: st.DrawFn) -> PurchaseOrder:
    lines = tuple(draw(st.lists(order_lines(), min_size=1, max_size=4, unique_by=lambda one: one.number)))
    return PurchaseOrder(lines=lines, **draw(headers()))  # type: ignore[arg-type]
