from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.x12.checker import check_set
from ml_connector.x12.documents.invoice_footing import foot, foot_either_way
from ml_connector.x12.documents.invoice_reader import CreditSign, read_invoice
from ml_connector.x12.documents.parts import DateOf, Reference
from ml_connector.x12.model import Segment, TransactionSet, X12Error

HEAD = "BIG*20261125*INV-1*20261120*US001-1***"
LINE = "IT1*1*2*EA*50*PE*BP*1"


def as_set(*lines: str) -> TransactionSet:
    segments: list[Segment] = [tuple(line.split("*")) for line in lines]
    return TransactionSet((("ST", "810", "0001"), *segments, ("SE", str(len(lines) + 2), "0001")))


def warned(found: TransactionSet) -> list[str]:
    return [one.text for one in check_set(found, "004010") if one.segment == "TDS"]


def test_a_price_per_hundred() -> None:
    sent = as_set(HEAD, "IT1*1*5000*EA*12.5*HP*BP*1", "TDS*62500", "CTT*1")
    found = read_invoice(sent)
    (line,) = found.lines
    assert (line.price, line.unit_price, line.amount) == (Decimal("12.5"), Decimal("0.125"), Decimal(625))
    assert foot(found).difference == 0
    assert warned(sent) == []
    assert warned(as_set(HEAD, "IT1*1*5000*EA*12.5*HP*BP*1", "TDS*6250000", "CTT*1"))


def test_a_price_of_another_unit_does_not_add_up_by_chance() -> None:
    sent = as_set(HEAD, "IT1*1*0*EA*12.5*PP*BP*1", "TDS*0", "CTT*1")
    footing = foot(read_invoice(sent))
    assert not footing.fits
    assert "price of line 1 is for another unit" in footing.explain()
    assert "another unit" in warned(sent)[0]


def test_currencies_of_lines() -> None:
    lines = ["IT1*1*1*EA*1", "CUR*SE*EUR", "IT1*2*1*EA*1"]
    assert read_invoice(as_set(HEAD, *lines, "TDS*200")).currency == "EUR"
    with pytest.raises(X12Error, match=r"Segment 6 \(CUR\): element 02 says JPY, but the invoice is in EUR"):
        read_invoice(as_set(HEAD, *lines, "CUR*SE*JPY", "TDS*200"))


def test_what_stands_behind_a_party_and_all_terms_are_kept() -> None:
    found = read_invoice(
        as_set(
            HEAD, "N1*RI*ACME", "REF*IA*0000000002", "PER*AR*PAT*TE*5", "ITD*01*3*2**10**30",
            "ITD*01*3*1**20**60", "IT1*1*1*EA*1", "TDS*100",
        )
    )  # fmt: skip
    (party,) = found.parties
    assert party.references == (Reference("IA", "0000000002"),)
    assert [(one.role, one.phone) for one in party.contacts] == [("AR", "5")]
    assert found.terms is not None
    assert [found.terms.net_days, *(one.net_days for one in found.more_terms)] == [30, 60]


def test_checker_and_reader_add_up_alike() -> None:
    part = ["IT1*1*10*EA*12.5", "SLN*1**I*1*EA", "SAC*C*D240***1500"]
    for total, fits in (("14000", True), ("12500", True), ("13000", False)):
        sent = as_set(HEAD, *part, f"TDS*{total}", "CTT*1")
        assert foot_either_way(read_invoice(sent)).fits is fits
        assert (warned(sent) == []) is fits


@pytest.mark.parametrize(
    ("sign", "type_", "line", "total"),
    [
        ("negative", "", "IT1*1*10*EA*-12.5", "-12500"),
        ("negative", "", "IT1*1*-10*EA*12.5", "-12500"),
        ("both", "CR", "IT1*1*10*EA*-12.5", "-12500"),
    ],
)
def test_amounts_of_a_credit_are_signed_once(sign: CreditSign, type_: str, line: str, total: str) -> None:
    found = read_invoice(
        as_set(HEAD + type_, "ITD*01*3*2**10**30*-250", line, f"TDS*{total}*{total}"), credit_sign=sign
    )
    assert [(one.quantity, one.price) for one in found.lines] == [(Decimal(10), Decimal("12.5"))]
    assert found.terms is not None
    assert (found.terms.discount_amount, found.discountable) == (Decimal("2.50"), Decimal(125))
    assert foot(found).difference == 0


def test_a_credit_of_nothing_has_no_sign() -> None:
    found = read_invoice(as_set(HEAD + "CR", "IT1*1*-0*EA*1", "TDS*-0", "TXI*ST*-0"), credit_sign="both")
    assert not any(number.is_signed() for number in (found.total, found.lines[0].amount))
    assert found.taxes[0].amount is not None
    assert not found.taxes[0].amount.is_signed()


@pytest.mark.parametrize(
    ("line", "total", "reason"),
    [
        ("IT1*1*-10*EA*-12.5", "TDS*-12500", r"\(IT1\): element 04 is negative, and so is the quantity"),
        ("IT1*1*-10*EA*12.5", "TDS*-12500*12500", r"\(TDS\): element 02 has another sign than the total"),
    ],
)
def test_signs_that_contradict_each_other_are_refused(line: str, total: str, reason: str) -> None:
    with pytest.raises(X12Error, match=reason):
        read_invoice(as_set(HEAD + "CR", line, total), credit_sign="both")


@pytest.mark.parametrize("number", ["1" * 40, "9E999999", "9" * 5000, "1" * 100_000 + "x"])
def test_numbers_that_no_document_has_are_refused(number: str) -> None:
    for lines in ((f"IT1*1*{number}*EA*1", "TDS*1"), ("IT1*1*1*EA*1", f"TDS*{number}")):
        sent = as_set(HEAD, *lines, "CTT*1")
        assert any(not one.warning for one in check_set(sent, "004010"))
        with pytest.raises(X12Error, match="is no"):
            read_invoice(sent)


def test_the_longest_numbers_that_are_read_add_up() -> None:
    found = read_invoice(as_set(HEAD, f"IT1*1*{'9' * 30}*EA*{'9' * 30}", "TDS*1"))
    assert foot(found).lines == (10**30 - 1) ** 2
    assert not foot(found).fits


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


_elements = st.text("0123456789.-ABCEXYZ", max_size=8) | st.sampled_from(
    ["1" * 40, "9" * 30, "9E999999", "9" * 5000, "1" * 9000 + "x", "-0", "1E-9999"]
)
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
