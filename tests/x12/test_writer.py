from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.x12.documents.purchase_order import build_purchase_order
from ml_connector.x12.model import Delimiters, Segment, X12Error
from ml_connector.x12.text import Dialect
from ml_connector.x12.writer import ControlNumbers, Envelope, write, write_interchange_acknowledgment

from .made import AT, DELIMITERS, DIALECT_IDS, DIALECTS, NUMBERS, ORDER, dialects, envelope
from .oracles import complaints, problems, read_back

BODY: list[Segment] = build_purchase_order(ORDER, Dialect())


def test_the_envelope_is_written_exactly() -> None:
    data = write(envelope(), ControlNumbers(101, 57), "PO", [[("BEG", "00", "SA", "1", "", "20261120")]])
    assert data.decode() == (
        "ISA*00*          *00*          *ZZ*PSFTUS001      *01*123456789      "
        "*261120*0915*U*00401*000000101*0*T*>~"
        "GS*PO*PSFTUS001*123456789*20261120*0915*57*X*004010~"
        "ST*850*0001~BEG*00*SA*1**20261120~SE*3*0001~GE*1*57~IEA*1*000000101~"
    )


def test_005010_with_everything_that_can_be_asked_for() -> None:
    dialect = Dialect("005010", Delimiters("|", ":", "'", "^"))
    given_envelope = envelope(
        dialect,
        usage="P",
        line_end="CRLF",
        acknowledgment_requested=True,
        authorization=("01", "SECRET"),
        security=("01", "PASS"),
    )
    first, second, *_ = write(given_envelope, ControlNumbers(999999999, 1), "PO", [BODY]).split(b"'\r\n")
    assert first == (
        b"ISA|01|SECRET    |01|PASS      |ZZ|PSFTUS001      |01|123456789      "
        b"|261120|0915|^|00501|999999999|1|P|:"
    )
    assert second == b"GS|PO|PSFTUS001|123456789|20261120|0915|1|X|005010"


@given(
    dialect=dialects,
    sender=st.text("ABCXYZ0123456789", min_size=1, max_size=15),
    number=st.integers(1, 999_999_999),
)
def test_the_isa_has_106_characters_with_its_delimiters_in_place(
    dialect: Dialect, sender: str, number: int
) -> None:
    body = build_purchase_order(ORDER, dialect)
    data = write(envelope(dialect, sender=("ZZ", sender)), ControlNumbers(number, 1), "PO", [body]).decode()
    used = dialect.delimiters
    assert (data[3], data[104], data[105]) == (used.element, used.component, used.segment)
    assert [len(one) for one in data[:105].split(used.element)[1:]] == [
        2,
        10,
        2,
        10,
        2,
        15,
        2,
        15,
        6,
        4,
        1,
        5,
        9,
        1,
        1,
        1,
    ]
    assert data[106:108] == "GS"


@pytest.mark.parametrize("dialect", DIALECTS, ids=DIALECT_IDS)
@pytest.mark.parametrize("line_end", ["none", "LF", "CRLF"])
def test_our_reader_reads_back_what_was_written(dialect: Dialect, line_end: str) -> None:
    if line_end != "none" and dialect.delimiters.segment == "\n":
        with pytest.raises(X12Error, match="line feed"):
            envelope(dialect, line_end=line_end)
        return
    bodies = [build_purchase_order(ORDER, dialect), build_purchase_order(replace(ORDER, number="2"), dialect)]
    data = write(envelope(dialect, line_end=line_end), NUMBERS, "PO", bodies)
    found = read_back(data)
    (group,) = found.groups
    assert complaints(data) == []
    assert [list(one.segments[1:-1]) for one in group.sets] == bodies
    assert [(one.code, one.number) for one in group.sets] == [("850", "0001"), ("850", "0002")]
    assert [one.segments[-1] for one in group.sets] == [
        ("SE", str(len(one) + 2), number) for one, number in zip(bodies, ["0001", "0002"], strict=True)
    ]
    assert (group.trailer, found.trailer) == (("GE", "2", "57"), ("IEA", "1", "000000101"))


def test_times_are_written_in_the_zone_they_are_given_in() -> None:
    at = datetime(2026, 12, 31, 23, 30, tzinfo=timezone(timedelta(hours=-6)))
    data = write(envelope(at=at), NUMBERS, "PO", [BODY])
    assert b"*261231*2330*" in data
    assert b"*20261231*2330*" in data


def test_more_than_9999_sets_get_longer_numbers() -> None:
    data = write(envelope(), NUMBERS, "PO", [BODY[:1]] * 10_001)
    assert b"~ST*850*9999~" in data
    assert b"~ST*850*10000~" in data
    assert b"~GE*10001*57~" in data


@pytest.mark.parametrize("mark", ["*", "~"])
@pytest.mark.parametrize("delimiters", DELIMITERS[:1])
def test_a_delimiter_in_an_element_never_leaves(mark: str, delimiters: Delimiters) -> None:
    bodies = [BODY, [*BODY[:3], ("REF", "IA", f"1{mark}2"), *BODY[3:]]]
    with pytest.raises(X12Error, match=r"^Segment 5 \(REF\): element 02 holds a delimiter$") as refused:
        write(envelope(Dialect("004010", delimiters)), NUMBERS, "PO", bodies)
    assert refused.value.segment == 5


def test_a_line_end_in_an_element_never_leaves() -> None:
    with pytest.raises(X12Error, match="element 01 holds a delimiter"):
        write(envelope(line_end="LF"), NUMBERS, "PO", [[*BODY, ("MSG", "a\nb")]])


@pytest.mark.parametrize(
    ("segment", "reason"),
    [
        (("REF", "IA", "1>2"), r"^Segment 3 \(REF\): element 02 holds a delimiter$"),
        (("REF", "IA", "1^2"), "element 02 holds a delimiter"),
        (("MSG", "a\nb"), r"\(MSG\): element 01 holds a control character"),
        (("MSG", "a\x00b"), "holds a control character"),
        (("MSG", "a\x7fb"), "holds a control character"),
        (("R>F", "IA", "1"), r"element 00 holds a delimiter"),
        (("REF", "", ""), r"^Segment 3 \(REF\) is empty, or ends with an empty element$"),
        (("REF", "IA", "1", ""), "ends with an empty element"),
        (("REF",), "is empty"),
        (("", "IA"), "is empty"),
        ((), "is empty"),
    ],
)
def test_what_the_partner_would_read_differently_never_leaves(segment: Segment, reason: str) -> None:
    dialect = Dialect("004010", Delimiters("*", ">", "~", "^"))
    with pytest.raises(X12Error, match=reason):
        write(envelope(dialect), NUMBERS, "PO", [[*BODY[:1], segment, *BODY[1:]]])


def test_components_stand_where_the_standard_has_them() -> None:
    dialect = Dialect("005010", Delimiters("*", ">", "~", "^"))
    body: list[Segment] = [("AK1", "PO", "1"), ("AK4", "2>1", "", "5"), ("AK9", "R", "1", "1", "0")]
    assert b"~AK4*2>1**5~" in write(envelope(dialect), NUMBERS, "FA", [body])
    with pytest.raises(X12Error, match=r"Segment 3 \(AK4\): element 03 holds a delimiter"):
        write(envelope(dialect), NUMBERS, "FA", [[body[0], ("AK4", "2", "", "5>1"), body[2]]])


def test_half_a_line_end_in_an_element_never_leaves() -> None:
    for half in "\r\n":
        with pytest.raises(X12Error, match="element 01 holds a delimiter"):
            write(envelope(line_end="CRLF"), NUMBERS, "PO", [[*BODY, ("MSG", f"a{half}b")]])


@pytest.mark.parametrize(
    ("version", "isa_version", "written"),
    [
        ("004010", None, b"*U*00401*"),
        ("004010", "00400", b"*U*00400*"),
        ("004010", "00501", b"*^*00501*"),
        ("005010", "00401", b"*U*00401*"),
        ("005010", None, b"*^*00501*"),
    ],
)
def test_the_envelope_may_have_another_version_than_what_is_in_it(
    version: str, isa_version: str | None, written: bytes
) -> None:
    dialect = Dialect(version, Delimiters("*", ">", "~", "^"))
    body = build_purchase_order(ORDER, dialect)
    data = write(envelope(dialect, isa_version=isa_version), NUMBERS, "PO", [body])
    assert written in data[:106]
    assert f"*X*{version}~".encode() in data
    assert [one for one in problems(data) if not one.warning] == []


def test_an_envelope_of_00501_needs_a_repetition_separator() -> None:
    with pytest.raises(X12Error, match="Version 00501 of the envelope needs a repetition separator"):
        envelope(isa_version="00501")


def test_ids_are_written_whatever_the_charset_of_texts() -> None:
    basic = Dialect(charset="basic")
    data = write(envelope(basic, receiver=("ZZ", "Sup_1"), group_receiver="Sup_1"), NUMBERS, "PO", [BODY[:1]])
    assert b"*ZZ*Sup_1          *" in data
    assert b"*PSFTUS001*Sup_1*" in data


@pytest.mark.parametrize("secret", ["TOPSECRET12", "TOP*SECRET", "TÖPSECRET"])
@pytest.mark.parametrize("name", ["authorization", "security"])
def test_passwords_are_never_shown(name: str, secret: str) -> None:
    with pytest.raises(X12Error, match="Authorization or security") as refused:
        envelope(**{name: ("01", secret)})  # type: ignore[arg-type]
    assert secret[:3] not in str(refused.value)
    with pytest.raises(X12Error) as swapped:
        envelope(**{name: (secret, "01")})  # type: ignore[arg-type]
    assert secret[:3] not in str(swapped.value)
    assert "TOPSECRET" not in repr(envelope(**{name: ("01", "TOPSECRET")}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sender": ("ZZ", "X" * 16)}, "The sender's id has 16 characters, 1 to 15 are allowed"),
        ({"sender": ("ZZ", "A*B")}, "The sender's id holds"),
        ({"sender": ("ZZ", "")}, "The sender's id has 0 characters"),
        ({"receiver": ("1", "X")}, "The receiver's qualifier is two digits or capitals"),
        ({"receiver": ("zz", "X")}, "The receiver's qualifier"),
        (
            {"dialect": DIALECTS[-1], "sender": ("ZZ", "MÜLLER")},
            "The sender's id holds a delimiter, or is not ASCII",
        ),
        ({"group_sender": "X"}, r"The group's sender \(GS02\) has 1 characters, 2 to 15"),
        ({"group_receiver": "X" * 16}, r"The group's receiver \(GS03\) has 16"),
        ({"at": AT.replace(tzinfo=None)}, "needs a time zone"),
        ({"usage": "X"}, "Usage is T"),
        ({"line_end": "CR"}, "The line end is one of none, LF, CRLF"),
        ({"authorization": ("00", "X" * 11)}, "Authorization or security is no qualifier"),
        ({"isa_version": "005010"}, "The version of the envelope is one such as 00401"),
    ],
)
def test_what_does_not_fit_into_an_envelope(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(X12Error, match=reason):
        envelope(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [0, -1, 1_000_000_000])
def test_control_numbers_have_nine_digits(number: int) -> None:
    with pytest.raises(X12Error, match="1 to 999999999"):
        ControlNumbers(number, 1)
    with pytest.raises(X12Error, match="control number of the group"):
        ControlNumbers(1, number)


@pytest.mark.parametrize(
    ("group", "sets", "reason"),
    [("SH", [BODY], "is none of PO"), ("PO", [], "needs a transaction set"), ("PO", [[]], "needs a segment")],
)
def test_what_is_no_interchange(group: str, sets: list[list[Segment]], reason: str) -> None:
    with pytest.raises(X12Error, match=reason):
        write(envelope(), NUMBERS, group, sets)


def test_an_interchange_of_a_ta1_has_no_group() -> None:
    answer: Segment = ("TA1", "000000905", "261120", "0915", "R", "025")
    data = write_interchange_acknowledgment(envelope(), 7, [answer])
    assert data[106:] == b"TA1*000000905*261120*0915*R*025~IEA*0*000000007~"
    # x12-tidy looks for a group to find the end of the ISA.
    assert [one for one in complaints(data) if not one.startswith("x12-tidy")] == []
    assert read_back(data).acknowledgments == (answer,)
    with pytest.raises(X12Error, match="nothing to acknowledge"):
        write_interchange_acknowledgment(envelope(), 7, [])


def test_an_envelope_without_a_usage_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="usage"):
        Envelope(sender=("ZZ", "A"), receiver=("ZZ", "B"), group_sender="AA", group_receiver="BB", at=AT)  # type: ignore[call-arg]
