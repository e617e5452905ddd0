from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.x12.documents.advice import read_advice
from ml_connector.x12.documents.parts import Reference
from ml_connector.x12.model import Segment, TransactionSet, X12Error


def as_set(*lines: str) -> TransactionSet:
    segments: list[Segment] = [tuple(line.split("*")) for line in lines]
    return TransactionSet((("ST", "824", "0001"), *segments, ("SE", str(len(lines) + 2), "0001")))


HEAD = "BGN*11*ADV-1*20261126*0930"


def test_everything_that_an_advice_says() -> None:
    found = read_advice(
        as_set(
            HEAD,
            "N1*FR*ACME*92*1",
            "OTI*TR*IV*INV-88123***20261125*0915*91*0001*810*004010",
            "REF*PO*US001-0000000007",
            "TED*011*NO SUCH ORDER*BIG*2*4**US001-7",
            "NTE*ADD*ASK BUYER",
            "TED*010",
            "OTI*TA*IV*INV-88124",
        )
    )
    assert (found.number, found.date, found.purpose) == ("ADV-1", "2026-11-26", "11")
    first, second = found.items
    assert (first.code, first.qualifier, first.reference) == ("TR", "IV", "INV-88123")
    assert (first.group_number, first.set_number, first.set_code) == (91, "0001", "810")
    assert first.references == (Reference("PO", "US001-0000000007"),)
    assert [one.meaning for one in first.errors] == [
        "it does not match what the partner holds in segment 2 (BIG), element 04: NO SUCH ORDER ASK BUYER",
        "the total does not add up",
    ]
    assert first.errors[0].value == "US001-7"
    assert (first.verdict, second.verdict, second.errors) == ("rejected", "accepted", ())


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("TA", "accepted"),
        ("TE", "changed"),
        ("IE", "changed"),
        ("TC", "changed"),
        ("TP", "changed"),
        ("TR", "rejected"),
        ("IR", "rejected"),
        ("ZZ", "received"),
    ],
)
def test_what_it_comes_to(code: str, verdict: str) -> None:
    (item,) = read_advice(as_set(HEAD, f"OTI*{code}*IV*1")).items
    assert item.verdict == verdict


def test_a_place_in_005010_is_a_composite() -> None:
    (item,) = read_advice(as_set(HEAD, "OTI*TR*IV*1", "TED*DUP**REF*9*2>1*128>127")).items
    assert item.errors[0].meaning == "duplicate in segment 9 (REF), element 02"


def test_an_unknown_code_is_shown_as_it_is() -> None:
    (item,) = read_advice(as_set(HEAD, "OTI*TR*IV*1", "TED*848*SOMETHING ELSE")).items
    assert item.errors[0].meaning == "code 848: SOMETHING ELSE"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((HEAD,), "names no document"),
        (("OTI*TR*IV*1",), r"Segment 2 \(BGN\): element 02 is missing"),
        ((HEAD, "OTI*TR*IV"), r"Segment 3 \(OTI\): element 03 is missing"),
        ((HEAD, "OTI*TR*IV*1*****x"), r"Segment 3 \(OTI\): element 08 is no whole number"),
        ((HEAD, "OTI*TR*IV*1", "TED**TEXT"), r"Segment 4 \(TED\): element 01 is missing"),
    ],
)
def test_what_cannot_be_understood_is_named(lines: tuple[str, ...], reason: str) -> None:
    with pytest.raises(X12Error, match=reason):
        read_advice(as_set(*lines))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["BGN", "OTI", "TED", "NTE", "REF", "DTM"]),
            st.lists(
                st.text("0123456789.-ABT>", max_size=8)
                | st.sampled_from(
                    ["1" * 40, "9" * 30, "9E999999", "9" * 5000, "1" * 9000 + "x", "-0", "1E-9999"]
                ),
                max_size=12,
            ),
        ),
        max_size=12,
    )
)
def test_nothing_but_our_own_error_comes_out_of_any_segments(segments: list[tuple[str, list[str]]]) -> None:
    found = TransactionSet((("ST", "824", "0001"), *((name, *elements) for name, elements in segments)))
    try:
        advice = read_advice(found)
    except X12Error:
        return
    assert all(error.meaning for item in advice.items for error in item.errors)
