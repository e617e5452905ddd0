from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.x12.documents.invoice import Invoice, InvoiceLine
from ml_connector.x12.documents.invoice_footing import foot
from ml_connector.x12.documents.invoice_reader import CreditSign, read_invoice
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
    basis=st.sampled_from(["PE", None]),
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


HEAD = "BIG*20261125*INV-1*20261120*US001-1***"
LINE = "IT1*1*2*EA*50*PE*BP*1"


@pytest.mark.parametrize(
    ("sign", "type_", "line", "total", "credit"),
    [
        ("type", "CR", "IT1*1*2*EA*50", "10000", True),
        ("type", "DI", "IT1*1*2*EA*50", "10000", False),
        ("type", "", "IT1*1*2*EA*50", "10000", False),
        ("type", "CR", "IT1*1*0*EA*50", "0", True),
        ("negative", "", "IT1*1*-2*EA*50", "-10000", True),
        ("negative", "CR", "IT1*1*-2*EA*50", "-10000", True),
        ("negative", "DI", "IT1*1*2*EA*50", "10000", False),
        ("both", "CN", "IT1*1*-2*EA*50", "-10000", True),
        ("both", "DI", "IT1*1*2*EA*50", "10000", False),
    ],
)
def test_credits_come_out_positive(
    sign: CreditSign, type_: str, line: str, total: str, *, credit: bool
) -> None:
    found = read_invoice(as_set(HEAD + type_, line, f"TDS*{total}"), credit_sign=sign)
    assert found.credit is credit
    assert found.total == abs(Decimal(total)) / 100
    assert found.lines[0].amount == found.total
    assert foot(found).fits


@pytest.mark.parametrize(
    ("sign", "type_", "total", "reason"),
    [
        ("type", "DI", "-10000", "element 01 is negative: the invoice is no credit by its type"),
        (
            "type",
            "CR",
            "-10000",
            "element 01 is negative: the invoice is a credit, which this partner writes w",
        ),
        ("negative", "CR", "10000", "is positive, but the invoice's type says that it is a credit"),
        ("both", "CR", "10000", "is positive, but the invoice's type says that it is a credit"),
        ("both", "DI", "-10000", "is negative, but the invoice's type says that it is no credit"),
    ],
)
def test_a_type_that_contradicts_the_sign_is_refused(
    sign: CreditSign, type_: str, total: str, reason: str
) -> None:
    with pytest.raises(X12Error, match=reason) as refused:
        read_invoice(as_set(HEAD + type_, LINE, f"TDS*{total}"), credit_sign=sign)
    assert refused.value.segment == 4


def test_charges_of_a_negative_credit_keep_their_sense() -> None:
    found = read_invoice(
        as_set(
            HEAD + "CR", "IT1*1*-2*EA*50", "TDS*-11700", "TXI*ST*-7", "SAC*C*D240***-1500", "SAC*C*F050***500"
        ),
        credit_sign="both",
    )
    assert [(one.kind, one.amount) for one in found.charges] == [
        ("charge", Decimal(15)),
        ("allowance", Decimal(5)),
    ]
    assert found.taxes[0].amount == 7
    assert foot(found).difference == 0


def test_what_lines_say_about_orders_products_and_charges() -> None:
    found = read_invoice(
        as_set(
            HEAD,
            "N1*VN*ACME",
            "REF*ZZ*OF-THE-PARTY",
            "PER*IC*PAT",
            "DTM*011*20261124",
            "IT1*1*10*EA*1.5*PE*BP*10004*VP*AX*PO*US001-2",
            "TXI*ST*.75",
            "PID*F****HEX",
            "PID*F****BOLT",
            "REF*PO*US001-9",
            "DTM*011*20261101",
            "SAC*A*I170***100",
            "N1*ST*PLANT",
            "REF*PO*OTHER",
            "IT1**1*EA*2*PE*PO*US001-3",
            "IT1*3",
            "TDS*1675",
            "TXI*GS*0",
            "SAC*N*F050***999",
        )
    )
    first, second, third = found.lines
    assert (first.order, second.order, third.order) == ("US001-9", "US001-3", None)
    assert first.description == "HEX BOLT"
    assert dict(first.ids) == {"BP": "10004", "VP": "AX", "PO": "US001-2"}
    assert [one.amount for one in found.lines] == [Decimal(15), Decimal(2), Decimal(0)]
    assert [one.amount for one in first.taxes] == [Decimal("0.75")]
    assert [one.amount for one in first.charges] == [Decimal(1)]
    assert (second.number, third.quantity) == (None, None)
    assert found.references == ()
    assert found.contacts == ()
    assert found.dates == (DateOf("011", "2026-11-24"),)
    assert foot(found).sum == Decimal("16.75")
    assert foot(found, line_charges_added=False).sum == 17


def test_lines_are_rounded_one_by_one_and_half_up() -> None:
    found = read_invoice(as_set(HEAD, *["IT1*1*1*EA*.125"] * 4, "TDS*52"))
    assert [one.amount for one in found.lines] == [Decimal("0.13")] * 4
    assert foot(found).difference == 0


@pytest.mark.parametrize(
    ("count", "total", "fits"), [(1, "105", True), (1, "106", False), (9, "909", True), (9, "910", False)]
)
def test_the_tolerance_is_a_cent_a_line_and_at_least_five(count: int, total: str, *, fits: bool) -> None:
    found = read_invoice(as_set(HEAD, *["IT1*1*1*EA*1"] * count, f"TDS*{total}"))
    assert foot(found).fits is fits
    assert foot(found, tolerance=Decimal("0.10")).fits
    assert not foot(found, tolerance=Decimal("0.01")).fits


def test_an_explanation_of_what_does_not_add_up() -> None:
    dollars = foot(read_invoice(as_set(HEAD, LINE, "TDS*100")))
    assert not dollars.fits
    assert dollars.explain() == (
        "The total is 1.00, but lines 100.00, charges 0.00 and taxes 0.00 come to 100.00: "
        "a difference of -99.00. "
        "The total seems to be written in whole units instead of cents"
    )
    assert "multiplied by 100" in foot(read_invoice(as_set(HEAD, LINE, "TDS*1000000"))).explain()
    assert foot(read_invoice(as_set(HEAD, LINE, "TDS*9000"))).explain().endswith("a difference of -10.00")


def test_currencies() -> None:
    assert read_invoice(as_set(HEAD, "CUR*SE*EUR*1.08*BY*USD", LINE, "TDS*10000")).currency == "EUR"
    assert read_invoice(as_set(HEAD, LINE, "TDS*10000")).currency is None
    assert read_invoice(as_set(HEAD, "CUR*SE*EUR", LINE, "CUR*SE*EUR", "TDS*10000")).currency == "EUR"
    with pytest.raises(X12Error, match=r"Segment 5 \(CUR\): element 02 says USD, but the invoice is in EUR"):
        read_invoice(as_set(HEAD, "CUR*SE*EUR", LINE, "CUR*SE*USD", "TDS*10000"))


def test_a_currency_without_cents_where_the_partner_leaves_them_out() -> None:
    found = read_invoice(
        as_set(HEAD, "CUR*SE*JPY", "IT1*1*2*EA*500", "TDS*1100", "SAC*C*D240***100"), implied_decimals=0
    )
    assert found.total == 1100
    assert foot(found).fits


@pytest.mark.parametrize(
    ("lines", "segment", "reason"),
    [
        (("BIG**INV-1", LINE, "TDS*1"), 2, r"Segment 2 \(BIG\): element 01 is missing"),
        (("BIG*20261125", LINE, "TDS*1"), 2, r"Segment 2 \(BIG\): element 02 is missing"),
        (("BIG*20261332*INV-1", LINE, "TDS*1"), 2, r"Segment 2 \(BIG\): element 01 is no date"),
        ((HEAD, "IT1*1*two*EA*50", "TDS*1"), 3, r"Segment 3 \(IT1\): element 02 is no decimal number"),
        ((HEAD, LINE, "TDS*100.00"), 4, r"Segment 4 \(TDS\): element 01 is no whole number of cents"),
        ((HEAD, LINE, "TDS"), 4, r"Segment 4 \(TDS\): element 01 is missing"),
        ((HEAD, LINE), None, "has no total"),
        ((HEAD, LINE, "TDS*1", "SAC*X*D240***1"), 5, r"Segment 5 \(SAC\): element 01 is none of A"),
        (("CUR*SE*USD", LINE, "TDS*1"), 2, r"Segment 2 \(BIG\): element 02 is missing"),
    ],
)
def test_what_cannot_be_understood_is_named(lines: tuple[str, ...], segment: int | None, reason: str) -> None:
    with pytest.raises(X12Error, match=reason) as refused:
        read_invoice(as_set(*lines))
    assert refused.value.segment == segment


def test_only_an_810_is_an_invoice() -> None:
    with pytest.raises(X12Error, match="This is a 850, not a 810"):
        read_invoice(TransactionSet((("ST", "850", "0001"), ("SE", "2", "0001"))))


_elements = st.text("0123456789.-ABCEXYZ", max_size=8)
_segments = st.tuples(
    st.sampled_from(
        [
            "BIG",
            "IT1",
            "TDS",
            "SAC",
            "TXI",
            "CUR",
            "N1",
            "N3",
            "N4",
            "REF",
            "ITD",
            "DTM",
            "PID",
            "PER",
            "FOB",
            "SLN",
            "XX",
        ]
    ),
    st.lists(_elements, max_size=16),
)


@given(st.lists(_segments, max_size=12), st.sampled_from(["type", "negative", "both"]))
def test_nothing_but_our_own_error_comes_out_of_any_segments(
    segments: list[tuple[str, list[str]]], sign: CreditSign
) -> None:
    found = TransactionSet((("ST", "810", "0001"), *((name, *elements) for name, elements in segments)))
    try:
        invoice = read_invoice(found, credit_sign=sign)
    except X12Error:
        return
    assert invoice.total >= 0
    foot(invoice)
