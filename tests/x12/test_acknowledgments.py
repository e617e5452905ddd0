from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.x12.acknowledgment_writer import Detail, build_997, judge, reply_to
from ml_connector.x12.acknowledgments import GroupAnswer, SetAnswer, read_997
from ml_connector.x12.checker import GroupCheck, check_group
from ml_connector.x12.documents.purchase_order import build_purchase_order
from ml_connector.x12.explanations import explain
from ml_connector.x12.model import (
    Delimiters,
    Group,
    Interchange,
    Level,
    Problem,
    Segment,
    TransactionSet,
    X12Error,
)
from ml_connector.x12.text import Dialect
from ml_connector.x12.writer import write

from .made import AT, DIALECT_IDS, DIALECTS, NUMBERS, ORDER, dialects, envelope
from .oracles import complaints, read_back

MODERN = DIALECTS[6]
USED = Delimiters()


def sent(*numbers: str, dialect: Dialect | None = None) -> Interchange:
    dialect = dialect or Dialect()
    bodies = [build_purchase_order(replace(ORDER, number=number), dialect) for number in numbers]
    return read_back(write(envelope(dialect), NUMBERS, "PO", bodies))


def broken(interchange: Interchange, at: int, number: int, segment: Segment) -> Group:
    """One segment of one set replaced."""
    (group,) = interchange.groups
    sets = list(group.sets)
    segments = list(sets[at].segments)
    segments[number - 1] = segment
    sets[at] = replace(sets[at], segments=tuple(segments))
    return replace(group, sets=tuple(sets))


def answered(group: Group, dialect: Dialect | None = None, detail: Detail = "all") -> list[str]:
    made = build_997(group, check_group(group, USED), dialect or Dialect(), detail)
    return ["*".join(one) for one in made]


def as_set(*lines: str) -> TransactionSet:
    segments: list[Segment] = [tuple(line.split("*")) for line in lines]
    return TransactionSet((("ST", "997", "0001"), *segments, ("SE", str(len(lines) + 2), "0001")))


def test_everything_accepted() -> None:
    (group,) = sent("1", "2").groups
    assert answered(group) == ["AK1*PO*57", "AK2*850*0001", "AK5*A", "AK2*850*0002", "AK5*A", "AK9*A*2*2*2"]
    assert answered(group, detail="errors_only") == ["AK1*PO*57", "AK9*A*2*2*2"]


def test_005010_names_the_version() -> None:
    (group,) = sent("1", dialect=MODERN).groups
    assert answered(group, MODERN)[0] == "AK1*PO*57*005010"
    assert answered(group)[0] == "AK1*PO*57"


def test_one_set_in_error_does_not_stop_its_neighbour() -> None:
    group = broken(sent("1", "2"), 1, 4, ("REF", "IA", "X" * 31))
    assert answered(group) == [
        "AK1*PO*57",
        "AK2*850*0001",
        "AK5*A",
        "AK2*850*0002",
        "AK3*REF*4**8",
        f"AK4*2**5*{'X' * 31}",
        "AK5*R*5",
        "AK9*P*2*2*1",
    ]
    assert answered(group, detail="errors_only")[1] == "AK2*850*0002"


def test_all_sets_in_error() -> None:
    group = broken(sent("1"), 0, 2, ("BEG", "00", "SA", "", "", "20261120"))
    assert answered(group)[1:] == ["AK2*850*0001", "AK3*BEG*2**8", "AK4*3**1", "AK5*R*5", "AK9*R*1*1*0"]


def test_a_wrong_count_of_segments_is_a_fault_of_the_set() -> None:
    (group,) = sent("1").groups
    (one,) = group.sets
    wrong = replace(one, segments=(*one.segments[:-1], ("SE", "3", "0002")))
    assert answered(replace(group, sets=(wrong,)))[2:] == ["AK5*R*4*3", "AK9*R*1*1*0"]


def test_a_wrong_count_of_sets_rejects_the_group() -> None:
    (group,) = sent("1", "2").groups
    wrong = replace(group, trailer=("GE", "3", "57"))
    assert answered(wrong) == ["AK1*PO*57", "AK9*R*3*2*0*5"]


def test_a_warning_is_an_acceptance_with_errors() -> None:
    (group,) = sent("1").groups
    warning = Problem("element", "7", "No code of the list.", "PO1", 16, "3", "XX", warning=True)
    made = build_997(group, GroupCheck([], [[warning]]), Dialect())
    assert ["*".join(one) for one in made][1:] == [
        "AK2*850*0001",
        "AK3*PO1*16**8",
        "AK4*3**7*XX",
        "AK5*E*5",
        "AK9*E*1*1*1",
    ]
    assert judge([warning]) == "E"
    assert judge([]) == "A"


def test_a_copy_of_bad_data_holds_no_delimiters() -> None:
    (group,) = sent("1").groups
    problem = Problem("element", "6", "", "REF", 4, "2:1", "a*b~c>d\x00" + "e" * 120)
    made = build_997(group, GroupCheck([], [[problem]]), Dialect())
    assert made[3] == ("AK4", "2>1", "", "6", "a b c d " + "e" * 91)


def test_codes_that_004010_does_not_have() -> None:
    (group,) = sent("1").groups
    checked = GroupCheck([], [[Problem("element", "12", "", "REF", 4, "2")]])
    assert build_997(group, checked, Dialect())[3] == ("AK4", "2", "", "3")
    assert build_997(group, checked, MODERN)[3] == ("AK4", "2", "", "12")


def test_acknowledgments_are_never_acknowledged() -> None:
    group = broken(sent("1"), 0, 1, ("ST", "997", "0001"))
    with pytest.raises(X12Error, match="never acknowledged"):
        answered(replace(group, header=("GS", "FA", *group.header[2:])))


@pytest.mark.parametrize(
    "header", [("GS", "PO", "A", "B", "", "", "x"), ("GS", "", "", "", "", "", "57"), ("GS",)]
)
def test_a_group_without_a_number_cannot_be_named(header: Segment) -> None:
    (group,) = sent("1").groups
    with pytest.raises(X12Error, match="no usable code or control number"):
        build_997(replace(group, header=header), GroupCheck([], [[]]), Dialect())


levels: list[Level] = ["group", "set", "segment", "element"]
_codes = {"group": "123456", "set": "1234567", "segment": "1234567", "element": "123456789"}


@st.composite
def any_problems(draw: st.DrawFn) -> Problem:
    level = draw(st.sampled_from(levels))
    return Problem(
        level,
        draw(st.sampled_from(_codes[level])),
        "",
        draw(st.sampled_from(["REF", "N1", "", "PO1", "TOOLONG", "*", "q"])),
        draw(st.integers(0, 40)),
        draw(st.sampled_from(["2", "1:3", "15", ""])),
        draw(st.none() | st.text(max_size=99)),
        draw(st.booleans()),
    )


@settings(max_examples=80, deadline=None)
@given(
    found=st.lists(st.lists(any_problems(), max_size=4), min_size=3, max_size=3),
    wrong=st.lists(any_problems().filter(lambda one: one.level == "group"), max_size=2),
    dialect=dialects,
    detail=st.sampled_from(["all", "errors_only"]),
)
def test_nobody_objects_to_any_answer_and_it_says_what_was_found(
    found: list[list[Problem]], wrong: list[Problem], dialect: Dialect, detail: Detail
) -> None:
    interchange = sent("1", "2", "3")
    (group,) = interchange.groups
    data = write(
        reply_to(interchange, group, dialect, AT),
        NUMBERS,
        "FA",
        [build_997(group, GroupCheck(wrong, found), dialect, detail)],
    )
    assert complaints(data) == []
    answer = read_997(read_back(data).groups[0].sets[0])
    refused = any(not one.warning for one in wrong)
    assert answer.reasons == tuple(dict.fromkeys(one.code for one in wrong))
    own = [[one for one in problems if one.level != "group"] for problems in found]
    listed = {f"{at:04}": judge(one) for at, one in enumerate(own, 1)}
    if refused or detail == "errors_only":
        listed = {
            number: code for number, code in listed.items() if code == "R" or (code == "E" and not refused)
        }
    assert {one.number: one.code for one in answer.sets} == listed
    for number, problems in enumerate(found, 1):
        bad = any(one.level != "group" and not one.warning for one in problems)
        verdict = answer.verdict_of(f"{number:04}")
        assert (verdict == "rejected") == (bad or refused)
    if not refused:
        assert answer.contradiction(["0001", "0002", "0003"]) is None


@pytest.mark.parametrize("dialect", DIALECTS, ids=DIALECT_IDS)
def test_an_answer_goes_back_to_where_the_document_came_from(dialect: Dialect) -> None:
    interchange = sent("1")
    (group,) = interchange.groups
    back = reply_to(interchange, group, dialect, AT, "none")
    assert (back.sender, back.receiver) == (("01", "123456789"), ("ZZ", "PSFTUS001"))
    assert (back.group_sender, back.group_receiver, back.usage) == ("123456789", "PSFTUS001", "T")
    assert complaints(write(back, NUMBERS, "FA", [build_997(group, check_group(group, USED), dialect)])) == []


def test_the_mark_of_production_is_kept() -> None:
    interchange = read_back(
        write(envelope(usage="P"), NUMBERS, "PO", [build_purchase_order(ORDER, Dialect())])
    )
    assert reply_to(interchange, interchange.groups[0], Dialect(), AT).usage == "P"


# ------------------------------------------------------------------ what others answer

FULL = as_set(
    "AK1*PO*0058",
    "AK2*850*0001",
    "AK5*A",
    "AK2*850*0002",
    "AK3*PO1*3*PO1*8",
    "AK4*3*355*7*EACH",
    "AK4*5>1>2**5",
    "AK3*N9*5**6",
    "AK5*R*5*4",
    "AK9*P*2*2*1*5",
)


def test_everything_that_a_997_says() -> None:
    found = read_997(FULL)
    assert (found.group_code, found.group_number, found.code, found.reasons) == ("PO", 58, "P", ("5",))
    assert (found.included, found.received, found.accepted) == (2, 2, 1)
    first, second = found.sets
    assert (first.number, first.verdict, first.segments) == ("0001", "accepted", ())
    assert (second.set_code, second.code, second.reasons) == ("850", "R", ("5", "4"))
    line, note = second.segments
    assert (line.segment, line.number, line.loop, line.code) == ("PO1", 3, "PO1", "8")
    assert [(one.element, one.component, one.reference, one.code, one.value) for one in line.elements] == [
        (3, None, "355", "7", "EACH"),
        (5, 1, None, "5", None),
    ]
    assert (note.segment, note.code, note.elements) == ("N9", "6", ())


@pytest.mark.parametrize(
    ("code", "accepted", "listed", "verdict"),
    [
        ("A", 3, {}, "accepted"),
        ("E", 3, {}, "accepted_with_errors"),
        ("R", 0, {}, "rejected"),
        ("M", 0, {}, "rejected"),
        ("W", 0, {}, "rejected"),
        ("X", 0, {}, "rejected"),
        ("?", 3, {}, "unclear"),
        ("P", 2, {}, "unclear"),
        ("P", 3, {}, "accepted"),
        ("P", 2, {"0001": "R"}, "accepted"),
        ("P", 1, {"0001": "R"}, "unclear"),
        ("P", 2, {"0001": ""}, "unclear"),
        ("E", 3, {"0001": "E"}, "accepted"),
        ("A", 3, {"0002": "E"}, "accepted_with_errors"),
        ("P", 2, {"2": "R"}, "rejected"),
        ("A", 3, {"0002": "R"}, "rejected"),
        ("A", 3, {"0002": ""}, "unclear"),
        ("P", 2, {"0002": "P"}, "unclear"),
        ("R", 0, {"0001": "R"}, "rejected"),
    ],
)
def test_what_it_means_for_the_second_of_three_sets(
    code: str, accepted: int, listed: dict[str, str], verdict: str
) -> None:
    sets = tuple(SetAnswer(set_code="850", number=number, code=own) for number, own in listed.items())
    answer = GroupAnswer(
        group_code="PO", group_number=1, code=code, included=3, received=3, accepted=accepted, sets=sets
    )
    assert answer.verdict_of("0002") == verdict


@pytest.mark.parametrize(
    ("lines", "contradiction"),
    [
        (("AK2*850*0001", "AK5*A", "AK9*A*2*2*2"), None),
        (("AK9*A*2*2*2",), None),
        (("AK9*A*3*3*3",), "it counts 3 sets, but 2 were sent"),
        (("AK2*850*0009", "AK5*A", "AK9*A*2*2*2"), "it judges set 0009, which the group does not have"),
        (("AK2*850*0001", "AK5*R", "AK9*A*2*2*2"), "it counts 2 sets as accepted, but says so of 1"),
        (("AK9*R*2*2*1",), "it counts 1 sets as accepted, but says so of 0"),
        (("AK9*P*2*2*1",), None),
    ],
)
def test_what_does_not_fit_what_was_sent(lines: tuple[str, ...], contradiction: str | None) -> None:
    assert read_997(as_set("AK1*PO*57", *lines)).contradiction(["0001", "0002"]) == contradiction


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("AK9*A*1*1*1",), "has no AK1"),
        (("AK1*PO*57",), "has no AK9"),
        (("AK1*PO", "AK9*A*1*1*1"), "AK102 is no whole number"),
        (("AK1*PO*57", "AK9**1*1*1"), "AK901 is missing"),
    ],
)
def test_what_cannot_be_understood(lines: tuple[str, ...], reason: str) -> None:
    with pytest.raises(X12Error, match=reason):
        read_997(as_set(*lines))


def test_only_a_997_is_an_acknowledgment() -> None:
    with pytest.raises(X12Error, match="This is a 850, not a 997"):
        read_997(TransactionSet((("ST", "850", "0001"),)))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["AK1", "AK2", "AK3", "AK4", "AK5", "AK9", "XX"]),
            st.lists(
                st.text("0123456789AREP>:", max_size=6)
                | st.sampled_from(
                    ["1" * 40, "9" * 30, "9E999999", "9" * 5000, "1" * 9000 + "x", "-0", "1E-9999"]
                ),
                max_size=8,
            ),
        ),
        max_size=12,
    )
)
def test_nothing_but_our_own_error_comes_out_of_any_segments(segments: list[tuple[str, list[str]]]) -> None:
    found = TransactionSet((("ST", "997", "0001"), *((name, *elements) for name, elements in segments)))
    try:
        answer = read_997(found)
    except X12Error:
        return
    (group,) = sent("1").groups
    assert explain(answer, group.sets[0])
