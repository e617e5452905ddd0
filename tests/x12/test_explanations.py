"""Answers in words for a person, and TA1s."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ml_connector.x12.acknowledgment_writer import Judgement, build_ta1, reply_to
from ml_connector.x12.acknowledgments import read_997, read_ta1
from ml_connector.x12.explanations import explain, explain_interchange
from ml_connector.x12.model import Delimiters, Segment, X12Error
from ml_connector.x12.text import Dialect
from ml_connector.x12.writer import write_interchange_acknowledgment

from .made import AT, envelope
from .oracles import read_back
from .test_acknowledgments import as_set, sent

# ------------------------------------------------------------------ in words


def test_a_rejection_in_plain_words_quotes_what_was_sent() -> None:
    (group,) = sent("1").groups
    answer = read_997(
        as_set(
            "AK1*PO*57",
            "AK2*850*0001",
            "AK3*REF*4**8",
            "AK4*2*127*5*0000",
            "AK4*1*128*7",
            "AK3*PER*7**3",
            "AK3*N9*9**6",
            "AK3*SCH*5**8",
            "AK4*1**4*60",
            "AK5*R*5",
            "AK9*R*1*1*0",
        )
    )
    assert explain(answer, group.sets[0]).split("\n") == [
        "850 0001 was rejected: it has segments in error.",
        "segment 4 (REF): element 02 is too long; it was '0000000002'",
        "segment 4 (REF): element 01 is a code that the partner does not know; it was 'IA'",
        "segment 7: a segment PER is missing here",
        "segment 9 (N9): the segment is no part of this document",
        # The partner counts otherwise than we do: segment 5 is no SCH, so its own copy is shown.
        "segment 5 (SCH): element 01 is too short; it was '60'",
    ]


def test_a_rejection_of_the_whole_group_in_plain_words() -> None:
    (group,) = sent("1").groups
    answer = read_997(as_set("AK1*PO*57", "AK9*R*1*1*0*2"))
    assert explain(answer, group.sets[0]) == (
        "850 0001 was rejected with its whole group 57: the partner does not take this version."
    )
    unclear = read_997(as_set("AK1*PO*57", "AK9*P*2*2*1"))
    assert "neither acceptance nor rejection" in explain(unclear, group.sets[0])


def test_an_unknown_code_is_shown_as_it_is() -> None:
    (group,) = sent("1").groups
    answer = read_997(as_set("AK1*PO*57", "AK2*850*0001", "AK3*REF*4**Z", "AK5*R*I5", "AK9*R*1*1*0"))
    assert explain(answer, group.sets[0]) == ("850 0001 was rejected: code I5.\nsegment 4 (REF): code Z")


# ------------------------------------------------------------------ TA1


def test_a_ta1_goes_out_and_comes_back() -> None:
    interchange = sent("1")
    made = build_ta1(interchange, "R", "025")
    assert made == ("TA1", "000000101", "261120", "0915", "R", "025")
    data = write_interchange_acknowledgment(envelope(), 5, [made])
    (found,) = read_back(data).acknowledgments
    answer = read_ta1(found)
    assert (answer.number, answer.verdict) == (101, "rejected")
    assert explain_interchange(answer) == "Interchange 101 was rejected: the control number was used before."
    assert explain_interchange(read_ta1(build_ta1(interchange))) == "Interchange 101 was accepted."


@pytest.mark.parametrize(
    ("code", "note"), [("A", "025"), ("R", "000"), ("E", "000"), ("R", "9"), ("R", "999"), ("R", "")]
)
def test_a_ta1_gives_a_reason_that_goes_with_its_word(code: Judgement, note: str) -> None:
    with pytest.raises(X12Error, match="cannot give"):
        build_ta1(sent("1"), code, note)


def test_an_id_that_the_charset_of_texts_lacks_is_answered() -> None:
    interchange = sent("1")
    header = (*interchange.header[:6], "Sup            ", *interchange.header[7:])
    group = replace(interchange.groups[0], header=("GS", "PO", "Sup", *interchange.groups[0].header[3:]))
    back = reply_to(replace(interchange, header=header), group, Dialect(charset="basic"), AT)
    assert (back.receiver[1], back.group_receiver) == ("Sup", "Sup")


@pytest.mark.parametrize(
    ("theirs", "dialect", "ours"),
    [
        ("00400", Dialect(), "00400"),
        ("00401", Dialect("005010", Delimiters(repetition="^")), "00401"),
        ("00501", Dialect(), "00401"),
        ("00602", Dialect(), "00401"),
    ],
)
def test_an_answer_has_the_envelope_that_the_partner_uses(theirs: str, dialect: Dialect, ours: str) -> None:
    interchange = sent("1")
    header = (*interchange.header[:12], theirs, *interchange.header[13:])
    group = replace(interchange.groups[0], header=(*interchange.groups[0].header[:8], dialect.version))
    assert reply_to(replace(interchange, header=header), group, dialect, AT).version == ours


@pytest.mark.parametrize("segment", [("TA1",), ("TA1", "x"), ("AK1", "1")])
def test_what_is_no_ta1(segment: Segment) -> None:
    with pytest.raises(X12Error, match="TA1"):
        read_ta1(segment)
