from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.x12.documents.order_response import ResponseLine, read_order_response
from ml_connector.x12.documents.parts import DateOf, Reference
from ml_connector.x12.model import Segment, TransactionSet, X12Error


def as_set(*lines: str) -> TransactionSet:
    segments: list[Segment] = [tuple(line.split("*")) for line in lines]
    return TransactionSet((("ST", "855", "0001"), *segments, ("SE", str(len(lines) + 2), "0001")))


HEAD = "BAK*00*AC*US001-0000000007*20261120****SO-5567*20261121"
FULL = as_set(
    HEAD,
    "REF*VN*SO-5567",
    "DTM*067*20261204",
    "N1*SE*ACME",
    "PO1*1*100*EA*12.5*PE*BP*10004*VP*AX-31566",
    "PID*F****HEX BOLT",
    "DTM*002*20261204",
    "ACK*IQ*60*EA*068*20261204",
    "ACK*IB*40*EA",
    "DTM*068*20261218",
    "PO1*2*25.5*LB*3.0075*PE*BP*10077",
    "ACK*IS*25.5*LB*068*20261204**VP*AX-2*MG*M-2",
    "PID*F****ANOTHER SEALANT",
    "PO1*3*1*EA",
    "ACK*IR",
    "N1*ST*PLANT",
    "DTM*002*20270101",
    "CTT*3",
)


def test_everything_that_a_response_says() -> None:
    found = read_order_response(FULL)
    assert (found.type, found.number, found.order_date) == ("AC", "US001-0000000007", "2026-11-20")
    assert (found.supplier_number, found.answered, found.purpose) == ("SO-5567", "2026-11-21", "00")
    assert found.references == (Reference("VN", "SO-5567"),)
    assert found.dates == (DateOf("067", "2026-12-04"),)
    first, second, third = found.lines
    assert (first.number, first.quantity, first.unit, first.price) == (
        "1",
        Decimal(100),
        "EA",
        Decimal("12.5"),
    )
    assert dict(first.ids) == {"BP": "10004", "VP": "AX-31566"}
    assert first.dates == (DateOf("002", "2026-12-04"),)
    assert [(one.code, one.quantity, one.date_qualifier, one.date) for one in first.answers] == [
        ("IQ", Decimal(60), "068", "2026-12-04"),
        ("IB", Decimal(40), "068", "2026-12-18"),
    ]
    assert second.answers[0].ids == (("VP", "AX-2"), ("MG", "M-2"))
    assert second.description == "ANOTHER SEALANT"
    assert (third.answers[0].code, third.dates, third.confirmed) == ("IR", (), Decimal(0))
    assert (first.confirmed, second.confirmed) == (Decimal(100), Decimal("25.5"))
    assert [one.meaning for one in first.answers] == [
        "accepted, quantity changed",
        "out of stock, will follow later",
    ]


@pytest.mark.parametrize(
    ("type_", "codes", "verdict"),
    [
        ("AD", ["IA", "IA"], "accepted"),
        ("AC", ["IA", "IQ"], "changed"),
        ("AC", ["IA", "IR"], "changed"),
        ("AC", ["IR", "R2"], "rejected"),
        ("AC", ["IA"], "accepted"),
        ("AE", ["DR"], "changed"),
        ("RJ", [], "rejected"),
        ("RD", ["IA"], "rejected"),
        ("AK", [], "accepted"),
        ("AT", [], "accepted"),
        ("AC", [], "changed"),
        ("ZZ", [], "received"),
        ("AC", ["??"], "changed"),
    ],
)
def test_what_it_comes_to(type_: str, codes: list[str], verdict: str) -> None:
    lines = [line for number, code in enumerate(codes) for line in (f"PO1*{number}*1*EA", f"ACK*{code}")]
    assert read_order_response(as_set(f"BAK*00*{type_}*1*20261120", *lines)).verdict == verdict


def test_a_response_without_lines_or_totals() -> None:
    found = read_order_response(as_set("BAK*00*AK*1*20261120"))
    assert (found.lines, found.verdict) == ((), "accepted")


def test_what_stands_behind_the_last_line_is_not_about_it() -> None:
    found = read_order_response(as_set(HEAD, "PO1*1*1*EA", "ACK*IA*1*EA", "CTT*1", "AMT*TT*5"))
    assert len(found.lines) == 1


@pytest.mark.parametrize(
    ("lines", "segment", "reason"),
    [
        (("REF*VN*1",), 2, r"Segment 2 \(BAK\): element 02 is missing"),
        (("BAK*00*AC",), 2, r"Segment 2 \(BAK\): element 03 is missing"),
        ((HEAD, "PO1*1*x*EA"), 3, r"Segment 3 \(PO1\): element 02 is no decimal number"),
        ((HEAD, "PO1*1*1*EA", "ACK*IA*1*EA*068*2026-12-04"), 4, r"Segment 4 \(ACK\): element 05 is no date"),
        ((HEAD, "PO1*1*1*EA", "ACK"), 4, r"Segment 4 \(ACK\): element 01 is missing"),
    ],
)
def test_what_cannot_be_understood_is_named(lines: tuple[str, ...], segment: int, reason: str) -> None:
    with pytest.raises(X12Error, match=reason) as refused:
        read_order_response(as_set(*lines))
    assert refused.value.segment == segment


def test_only_an_855_is_a_response() -> None:
    with pytest.raises(X12Error, match="This is a 850, not a 855"):
        read_order_response(TransactionSet((("ST", "850", "0001"), ("SE", "2", "0001"))))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["BAK", "PO1", "ACK", "DTM", "REF", "PID", "CTT", "N1", "SLN", "CUR"]),
            st.lists(
                st.text("0123456789.-ABI", max_size=8)
                | st.sampled_from(
                    ["1" * 40, "9" * 30, "9E999999", "9" * 5000, "1" * 9000 + "x", "-0", "1E-9999"]
                ),
                max_size=30,
            ),
        ),
        max_size=12,
    )
)
def test_nothing_but_our_own_error_comes_out_of_any_segments(segments: list[tuple[str, list[str]]]) -> None:
    found = TransactionSet((("ST", "855", "0001"), *((name, *elements) for name, elements in segments)))
    try:
        response = read_order_response(found)
    except X12Error:
        return
    assert response.verdict in {"accepted", "changed", "rejected", "received"}


def answered(*lines: str) -> ResponseLine:
    (line,) = read_order_response(as_set(HEAD, "PO1*1*10*EA*5**BP*X", *lines, "CTT*1")).lines
    return line


@pytest.mark.parametrize(
    ("answers", "confirmed"),
    [
        (["ACK*IA"], 10),
        (["ACK*IP*10*EA", "ACK*DR*10*EA"], 10),
        (["ACK*IQ*12*EA"], 12),
        (["ACK*IQ*6*EA", "ACK*IB"], 10),
        (["ACK*IA*6*EA", "ACK*IR*4*EA"], 6),
        (["ACK*IA", "ACK*IR*4*EA"], 6),
        (["ACK*IH*10*EA"], 0),
        (["ACK*IW"], 0),
        (["ACK*IA*6*EA", "ACK*IF*4*EA"], 6),
        ([], 0),
    ],
)
def test_what_will_come(answers: list[str], confirmed: int) -> None:
    assert answered(*answers).confirmed == confirmed


def test_all_days_of_an_answer_are_kept() -> None:
    line = answered("DTM*002*20261130", "ACK*IA*10*EA*068*20261201", "DTM*067*20261205", "DTM*017*20261206")
    (answer,) = line.answers
    assert (answer.date_qualifier, answer.date) == ("068", "2026-12-01")
    assert [one.qualifier for one in answer.dates] == ["068", "067", "017"]
    assert line.dates == (DateOf("002", "2026-11-30"),)


def test_answers_about_parts_of_a_line_count() -> None:
    (line,) = read_order_response(FULL_OF_PARTS).lines
    assert (line.answers, [one.code for one in line.parts]) == ((), ["IR"])
    assert read_order_response(FULL_OF_PARTS).verdict == "rejected"


def test_totals_before_the_lines_hide_none() -> None:
    found = read_order_response(as_set(HEAD, "CTT*1", "PO1*1*10*EA*5", "ACK*IR*10*EA"))
    assert (len(found.lines), found.verdict) == (1, "rejected")


def test_a_price_per_hundred() -> None:
    (line,) = read_order_response(as_set(HEAD, "PO1*1*500*EA*12.5*HP")).lines
    assert line.unit_price == Decimal("0.125")


FULL_OF_PARTS = as_set(HEAD, "PO1*1*10*EA*5**BP*X", "SLN*1**I*10*EA", "ACK*IR*10*EA", "CTT*1")
