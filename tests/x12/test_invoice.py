from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.x12.documents.invoice import Invoice, InvoiceLine
from ml_connector.x12.documents.invoice_footing import foot
from ml_connector.x12.documents.invoice_reader import read_invoice
from ml_connector.x12.documents.invoice_writer import build_invoice
from ml_connector.x12.documents.parts import Charge, DateOf, Party, Reference, Tax, Terms
from ml_connector.x12.model import Segment, TransactionSet, X12Error
from ml_connector.x12.text import Dialect
from ml_connector.x12.writer import write

from . import made
from .made import DIALECT_IDS, DIALECTS, NUMBERS, dialects, envelope
from .oracle import Oracle
from .oracles import complaints, read_back

INVOICE = Invoice(
    number="INV-88123",
    date="2026-11-25",
    order="US001-0000000007",
    order_date="2026-11-20",
    type="DI",
    currency="USD",
    references=(Reference("IA", "0000000002"),),
    parties=(
        Party(role="RI", name="ACME SUPPLY CO", qualifier="1", id="123456789", address=("77 FOUNDRY ROAD",)),
        Party(role="BT", name="CENTRAL BUYING OFFICE", qualifier="92", id="US001"),
    ),
    terms=Terms(
        type="01",
        basis="3",
        percent=Decimal(2),
        discount_date="2026-12-05",
        discount_days=10,
        net_date="2026-12-25",
        net_days=30,
        discount_amount=Decimal("26.83"),
    ),
    dates=(DateOf("011", "2026-11-24"),),
    lines=(
        InvoiceLine(
            number="1",
            quantity=Decimal(100),
            unit="EA",
            price=Decimal("12.5"),
            basis="PE",
            ids=(("BP", "10004"), ("VP", "AX-31566")),
            description="HEX BOLT M8 X 40 ZINC",
        ),
        InvoiceLine(
            number="2", quantity=Decimal("25.5"), unit="LB", price=Decimal("3.0075"), ids=(("BP", "10077"),)
        ),
    ),
    taxes=(Tax(type="ST", amount=Decimal(70)),),
    charges=(Charge(kind="charge", amount=Decimal(15), code="D240", handling="06", description="FREIGHT"),),
    total=Decimal("1411.69"),
    discountable=Decimal("1341.69"),
    discounted=Decimal("1384.86"),
    discount=Decimal("26.83"),
)
CREDIT = replace(INVOICE, credit=True, type="CR", number="CM-1")


def written(invoice: Invoice, dialect: Dialect) -> bytes:
    return write(envelope(dialect), NUMBERS, "IN", [build_invoice(invoice, dialect)])


def read_again(invoice: Invoice, dialect: Dialect) -> Invoice:
    return read_invoice(read_back(written(invoice, dialect)).groups[0].sets[0])


def as_set(*lines: str) -> TransactionSet:
    segments: list[Segment] = [tuple(line.split("*")) for line in lines]
    return TransactionSet((("ST", "810", "0001"), *segments, ("SE", str(len(lines) + 2), "0001")))


def test_the_example_is_written_segment_by_segment() -> None:
    assert ["*".join(one) for one in build_invoice(INVOICE, Dialect())] == [
        "BIG*20261125*INV-88123*20261120*US001-0000000007***DI",
        "CUR*SE*USD",
        "REF*IA*0000000002",
        "N1*RI*ACME SUPPLY CO*1*123456789",
        "N3*77 FOUNDRY ROAD",
        "N1*BT*CENTRAL BUYING OFFICE*92*US001",
        "ITD*01*3*2*20261205*10*20261225*30*2683",
        "DTM*011*20261124",
        "IT1*1*100*EA*12.5*PE*BP*10004*VP*AX-31566",
        "PID*F****HEX BOLT M8 X 40 ZINC",
        "IT1*2*25.5*LB*3.0075**BP*10077",
        "TDS*141169*134169*138486*2683",
        "TXI*ST*70",
        "SAC*C*D240***1500*******06***FREIGHT",
        "CTT*2*125.5",
    ]


@pytest.mark.parametrize("dialect", DIALECTS, ids=DIALECT_IDS)
@pytest.mark.parametrize("invoice", [INVOICE, CREDIT], ids=["invoice", "credit"])
def test_nobody_objects_and_it_reads_back_the_same(invoice: Invoice, dialect: Dialect) -> None:
    assert complaints(written(invoice, dialect)) == []
    assert read_again(invoice, dialect) == invoice


@pytest.mark.parametrize("dialect", [DIALECTS[0], DIALECTS[6]], ids=["004010", "005010"])
def test_its_codes_stand_in_the_standards_lists(facts: Path, dialect: Dialect) -> None:
    assert Oracle(facts).errors(written(CREDIT, dialect), codes=True) == []


lines = st.builds(
    InvoiceLine,
    number=st.none() | st.integers(1, 9999).map(str),
    quantity=made.quantities,
    unit=st.sampled_from(["EA", "LB"]),
    price=made.prices,
    basis=made.bases,
    ids=made.product_ids,
    description=made.words,
    references=st.lists(made.references, max_size=2).map(tuple),
    dates=st.lists(made.dates, max_size=2).map(tuple),
    charges=st.lists(made.charges, max_size=2).map(tuple),
    taxes=st.lists(made.taxes, max_size=2).map(tuple),
)


@st.composite
def invoices(draw: st.DrawFn) -> Invoice:
    """That add up, to a total that is not negative: a charge makes up for what is missing."""
    header = draw(made.headers())
    total = draw(made.amounts)
    credit = draw(st.booleans())
    invoice = Invoice(
        number=str(header["number"]),
        date="2026-11-25",
        order=draw(st.none() | st.just("US001-0000000007")),
        type="CR" if credit else draw(st.sampled_from(["DI", "PR", None])),
        credit=credit,
        total=total,
        lines=tuple(draw(st.lists(lines, max_size=4))),
        taxes=tuple(draw(st.lists(made.taxes, max_size=2))),
        charges=tuple(draw(st.lists(made.charges, max_size=2))),
        **{name: header[name] for name in ("release", "currency", "references", "contacts", "parties")},  # type: ignore[arg-type]
        **{name: header[name] for name in ("terms", "dates", "freight", "notes")},  # type: ignore[arg-type]
    )
    missing = foot(invoice).difference
    evening = Charge(kind="charge" if missing > 0 else "allowance", amount=abs(missing), code="F050")
    return replace(invoice, charges=(*invoice.charges, evening))


@settings(max_examples=80, deadline=None)
@given(invoice=invoices(), dialect=dialects)
def test_nobody_objects_to_any_invoice_and_its_values_come_back(invoice: Invoice, dialect: Dialect) -> None:
    assert complaints(written(invoice, dialect)) == []
    found = read_again(invoice, dialect)
    assert (found.number, found.total, found.credit, found.order) == (
        invoice.number,
        invoice.total,
        invoice.credit,
        invoice.order,
    )
    assert [(one.number, one.quantity, one.price, one.ids) for one in found.lines] == [
        (one.number, one.quantity, one.price, one.ids) for one in invoice.lines
    ]
    assert (found.taxes, found.references, found.dates) == (invoice.taxes, invoice.references, invoice.dates)
    assert foot(found).sum == foot(invoice).sum
    assert foot(found).fits


@pytest.mark.parametrize(
    ("invoice", "reason"),
    [
        (replace(INVOICE, number="X" * 23), "The invoice number has 23 characters, 1 to 22"),
        (replace(INVOICE, order="A*B"), "The order number holds"),
        (
            replace(INVOICE, total=Decimal("1411.75")),
            "does not add up: its total and its parts differ by 0.06",
        ),
        (
            replace(INVOICE, total=Decimal("1411.71"), discounted=None),
            "does not add up: its total and its parts differ by 0.02",
        ),
        (replace(INVOICE, discounted=Decimal(1)), "total less discount is not the total less 26.83"),
        (replace(INVOICE, discountable=Decimal("1411.70")), "is no more than the total"),
        (replace(INVOICE, discountable=Decimal(26)), "is none"),
        (replace(INVOICE, discountable=Decimal(-1), discounted=None, discount=None), "is none"),
        (replace(INVOICE, discounted=Decimal("1412.00"), discount=None), "is none"),
        (replace(INVOICE, discounted=Decimal("1421.69"), discount=Decimal(-10)), "is none"),
        (replace(INVOICE, total=Decimal("-1411.69")), "negative total"),
        (replace(INVOICE, credit=True), "is a credit, but its type is DI"),
        (replace(INVOICE, type="CR"), "is no credit, but its type is CR"),
        (
            replace(INVOICE, lines=(replace(INVOICE.lines[0], unit=None), INVOICE.lines[1])),
            "Line 1 has quantity",
        ),
        (replace(INVOICE, references=(Reference("IA", "1"),) * 13), "more than 12 references"),
        (
            replace(INVOICE, charges=(Charge(kind="allowance", amount=Decimal(-15), code="D240"),)),
            "is negative",
        ),
        (
            replace(INVOICE, charges=(Charge(kind="charge", amount=Decimal(15)),)),
            "neither a code nor a descr",
        ),
    ],
)
def test_what_cannot_be_written_is_refused(invoice: Invoice, reason: str) -> None:
    with pytest.raises(X12Error, match=reason):
        build_invoice(invoice, Dialect())


def test_the_discountable_amount_stands_there_only_where_it_differs() -> None:
    plain = replace(INVOICE, discountable=INVOICE.total, discounted=None, discount=None)
    assert ("TDS", "141169") in build_invoice(plain, Dialect())
    partly = replace(INVOICE, discountable=Decimal(1000), discounted=None, discount=None)
    assert ("TDS", "141169", "100000") in build_invoice(partly, Dialect())
    wholly = replace(INVOICE, discountable=None)
    assert ("TDS", "141169", "141169", "138486", "2683") in build_invoice(wholly, Dialect())


def test_quantities_of_an_invoice_are_longer_in_005010() -> None:
    price, quantity = Decimal(0), Decimal("12345678.123")
    invoice = Invoice(
        number="1",
        date="2026-11-25",
        total=Decimal(0),
        lines=(InvoiceLine(number="1", quantity=quantity, unit="EA", price=price),),
    )
    with pytest.raises(X12Error, match=r"Line 1: the quantity \(R\) has 11 digits, at most 10 fit"):
        build_invoice(invoice, Dialect())
    assert read_again(invoice, DIALECTS[6]).lines[0].quantity == quantity


def test_an_invoice_of_a_header_alone_and_a_zero_total() -> None:
    invoice = Invoice(number="1", date="2026-11-25", total=Decimal(0))
    assert complaints(written(invoice, Dialect())) == []
    assert read_again(invoice, Dialect()) == invoice
