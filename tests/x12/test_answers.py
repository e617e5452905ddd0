"""What our 997s say about what we read, and what others' 997s mean when they say two things at once."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.x12.acknowledgment_writer import build_997
from ml_connector.x12.acknowledgments import GroupAnswer, SetAnswer, read_997
from ml_connector.x12.checker import MAX_OF_ALL, check, check_envelope, check_groups, check_outgoing
from ml_connector.x12.checks import code_lists
from ml_connector.x12.model import Segment, TransactionSet, X12Error
from ml_connector.x12.reader import read
from ml_connector.x12.text import Dialect

from .support import example, interchange, text, wrapped
from .test_mutations import GOOD, MUTATIONS, joined, segments

ORDER = example("850_004010.edi")
INVOICE = ["BIG*20261125*INV-1", "IT1*1*10*EA*12.5**BP*1"]


def answers(data: bytes) -> list[list[Segment]]:
    found = interchange(data)
    checked = zip(found.groups, check_groups(found), strict=True)
    return [build_997(group, one, Dialect()) for group, one in checked]


def renumbered(code: str, number: str) -> bytes:
    return wrapped("810", text(*INVOICE, "TDS*12500", "CTT*1")).replace(
        b"ST*810*0001", f"ST*{code}*{number}".encode()
    )


@given(st.text("0123456789AZ", min_size=1, max_size=3), st.text("0123456789AZ", min_size=1, max_size=9))
def test_a_set_is_named_by_its_own_numbers(code: str, number: str) -> None:
    (answer,) = answers(renumbered(code, number))
    assert [one[1:3] for one in answer if one[0] == "AK2"] == [(code, number)]


@pytest.mark.parametrize(
    ("code", "number"), [("810", "1234567890"), ("8100", "0001"), ("810", ""), ("", "1")]
)
def test_a_set_that_cannot_be_named_takes_its_group_with_it(code: str, number: str) -> None:
    (answer,) = answers(renumbered(code, number))
    assert [one[0] for one in answer] == ["AK1", "AK9"]
    assert answer[-1][1:] == ("R", "1", "1", "0", "1")


def test_a_number_that_our_characters_do_not_have_is_not_replaced_by_another() -> None:
    found = interchange(renumbered("810", "00|1"))
    with pytest.raises(X12Error, match="ST02"):
        build_997(found.groups[0], check_groups(found)[0], Dialect("004010", Dialect().delimiters, "basic"))


@pytest.mark.parametrize("body", [["TDS*12000", "CTT*1"], ["TDS*12500", "CTT*1*99"], ["TDS*12500", "CTT*1"]])
def test_what_is_no_matter_of_syntax_is_not_told(body: list[str]) -> None:
    for version in ("004010", "004060", "006020"):
        (answer,) = answers(wrapped("810", text(*INVOICE, *body), version))
        assert [one[1] for one in answer if one[0] in {"AK5", "AK9"}] == ["A", "A"]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.__name__)
def test_what_the_checker_refuses_some_answer_refuses(mutation: object) -> None:
    refused = 0
    for name in ("850_004010.edi", "810_005010.edi"):
        for seed in range(15):
            made = segments(GOOD[name])
            mutation(made, random.Random(f"{name} {seed}"))  # type: ignore[operator]
            (found,) = read(joined(GOOD[name], made, counted=False)).interchanges
            errors = [one for one in check(found) if not one.warning]
            envelope = [one for one in check_envelope(found) if not one.warning]
            said = [
                segment[1]
                for group, one in zip(found.groups, check_groups(found), strict=True)
                for segment in build_997(group, one, Dialect())
                if segment[0] in {"AK5", "AK9"}
            ]
            assert bool(errors) == (bool(envelope) or "R" in said), (name, seed)
            refused += bool(errors)
    assert refused > 5


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"*20261120*1015*101*X", b"*20269999*1015*101*X"),
        (b"*1015*101*X", b"*9915*101*X"),
        (b"*101*X*", b"*101*Q*"),
        (b"GS*PO*PSFTUS001", b"GS*PO*P"),
    ],
)
def test_a_wrong_group_header_rejects_the_group(old: bytes, new: bytes) -> None:
    data = ORDER.replace(old, new)
    assert data != ORDER
    (answer,) = answers(data)
    assert answer[-1] == ("AK9", "R", "2", "2", "0", "1")
    assert not [one for one in check_envelope(interchange(data)) if not one.warning]


def test_the_second_group_of_one_number_is_rejected() -> None:
    group = ORDER[ORDER.index(b"GS*") : ORDER.index(b"IEA*")]
    first, second = answers(ORDER.replace(b"IEA*1", group + b"IEA*2"))
    assert (first[-1][1], second[-1][1:]) == ("A", ("R", "2", "2", "0", "6"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"SE*29*0001", b"SE*29 *0001 "),
        (b"GE*2*101", b"GE*2 *101 "),
        (b"IEA*1*000000101", b"IEA*1 *000000101 "),
        (b"IEA*1*000000101~\n", b"IEA*1*000000101 \x1a"),
    ],
)
def test_blanks_in_trailers_are_tolerated(old: bytes, new: bytes) -> None:
    data = ORDER.replace(old, new)
    assert data != ORDER
    assert [one.text for one in check(interchange(data)) if not one.warning] == []
    assert interchange(ORDER.replace(b"IEA*1*000000101~\n", b"IEA*1*000000101\x1a\x1a")).trailer == (
        "IEA", "1", "000000101"
    )  # fmt: skip


def test_the_list_of_problems_of_all_sets_ends_somewhere_and_passes_none() -> None:
    sets = b"".join(b"ST*850*%04d~XYZ~XYZ~SE*4*%04d~" % (at, at) for at in range(1, 9999))
    header = wrapped("850", [])[:106] + b"GS*PO*PSFTUS001*123456789*20261120*1015*1*X*004010~"
    found = interchange(header + sets + b"GE*9998*1~IEA*1*000000007~")
    (checked,) = check_groups(found)
    assert sum(map(len, checked.sets)) < MAX_OF_ALL + len(checked.sets)
    assert all(any(not one.warning for one in problems) for problems in checked.sets)


def test_an_empty_set_is_none() -> None:
    assert (TransactionSet(()).code, TransactionSet(()).number) == ("", "")


@pytest.mark.parametrize(("unit", "basis"), [("XX", "PE"), ("EA", "ZZ")])
def test_units_and_bases_are_checked_before_we_send_them(unit: str, basis: str) -> None:
    line = f"IT1*1*10*{unit}*12.5*{basis}*BP*1"
    found = interchange(wrapped("810", text("BIG*20261125*INV-1", line, "TDS*12500", "CTT*1")))
    assert [one for one in check(found) if not one.warning] == []
    (problem,) = [one for one in check_outgoing(found) if not one.warning]
    assert (problem.code, problem.segment, problem.number) == ("7", "IT1", 3)
    assert check_outgoing(interchange(ORDER)) == check(interchange(ORDER))


# ------------------------------------------------------------------ what others say


def said(*lines: str) -> GroupAnswer:
    found = [tuple(line.split("*")) for line in ("AK1*PO*57", *lines)]
    return read_997(TransactionSet((("ST", "997", "0001"), *found)))


@pytest.mark.parametrize("codes", ["RA", "AR", "RE", "ARA"])
def test_the_worst_listing_of_a_set_counts(codes: str) -> None:
    listed = [line for code in codes for line in ("AK2*850*0001", f"AK5*{code}")]
    answer = said(*listed, "AK9*A*1*1*1")
    assert answer.verdict_of("0001") == "rejected"
    assert "set 0001 more than once: " in (answer.contradiction(["0001"]) or "")
    assert said(*listed[:2] * 2, "AK9*A*1*1*1").contradiction(["0001"]) != answer.contradiction(["0001"])


@pytest.mark.parametrize("accepted", ["0", "1", ""])
def test_a_set_that_is_accepted_in_a_rejected_group_is_unclear(accepted: str) -> None:
    answer = said("AK2*850*0001", "AK5*A", f"AK9*R*1*1*{accepted}*4")
    assert answer.verdict_of("0001") == "unclear"
    assert answer.contradiction(["0001"]) == "it rejects the group, but accepts set 0001"


def test_a_missing_detail_does_not_hide_a_rejection() -> None:
    answer = said("AK2*850*0001", "AK3*N4", "AK4*2**5", "AK5*R*5", "AK9*R")
    assert (answer.included, answer.received, answer.accepted) == (None, None, None)
    assert answer.sets[0].segments[0].number == 0
    assert answer.verdict_of("0001") == "rejected"
    assert answer.contradiction(["0001"]) is None
    assert said("AK9*P").verdict_of("0001") == "unclear"


def test_numbers_of_any_length_are_compared() -> None:
    sets = (SetAnswer(set_code="850", number="9" * 5000, code="A"),)
    answer = GroupAnswer(
        group_code="PO", group_number=1, code="P", included=1, received=1, accepted=1, sets=sets
    )
    assert answer.answer_to("0" + "9" * 5000) == sets[0]
    assert "more" not in (answer.contradiction(["1"]) or "more")


@pytest.mark.parametrize("version", ["004010", "005010"])
def test_the_long_lists_are_those_of_the_published_grammars(facts: Path, version: str) -> None:
    grammar = json.loads((facts / f"grammars/rssbus/{version}-850.json").read_text("utf-8"))
    elements = grammar["segments"]["PO1"]["elements"]
    known = {one["id"]: frozenset(one["codes"]) for one in elements if one.get("id") in {"355", "639"}}
    assert code_lists.lists(version) == known
