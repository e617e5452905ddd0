"""What the reader takes, and what it says about the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.x12 import reader
from ml_connector.x12.checker import check
from ml_connector.x12.model import Delimiters, X12Error
from ml_connector.x12.reader import read

from .support import HEADER, errors, example, interchange, wrapped

ORDER = example("850_004010.edi")
PLAIN = ORDER.replace(b"\n", b"")


def inner(data: bytes) -> list[tuple[tuple[str, ...], ...]]:
    return [one.segments for found in read(data).interchanges for group in found.groups for one in group.sets]


def test_reads_sets_groups_and_their_places() -> None:
    one = interchange(ORDER)
    (group,) = one.groups
    assert one.header[6] == "PSFTUS001      "
    assert one.delimiters == Delimiters("*", ">", "~", None)
    assert (one.position, one.size) == (0, len(ORDER.rstrip()))
    assert group.header[1] == "PO"
    assert group.trailer == ("GE", "2", "101")
    assert [(made.code, made.number) for made in group.sets] == [("850", "0001"), ("850", "0002")]
    assert [ORDER[made.position :][:13] for made in group.sets] == [b"ST*850*0001~\n", b"ST*850*0002~\n"]
    assert ORDER[group.position :].startswith(b"GS*PO")
    assert one.trailer == ("IEA", "1", "000000101")


@pytest.mark.parametrize(
    "changed",
    [
        PLAIN,
        b"\xef\xbb\xbf" + ORDER,
        b"  \r\n\t" + ORDER + b"\r\n  \x1a",
        ORDER.replace(b"\n", b"\r\n"),
        ORDER.replace(b"\n", b"\n    "),
        PLAIN.replace(b"~", b"\n"),
        PLAIN.replace(b"~", b"\r\n"),
        PLAIN.replace(b"~", b"\r"),
        PLAIN.removesuffix(b"~"),
        PLAIN.removesuffix(b"~") + b"\n",
        ORDER.replace(b"\nBEG", b"\n~~\nBEG"),
        PLAIN.replace(b"*", b"\x1d").replace(b">", b"\x1f").replace(b"~", b"\x1c"),
        PLAIN.replace(b"~", "§".encode()),
        PLAIN.replace(b"~", b"\xa7"),
        PLAIN.replace(b"CUR*BY*USD", b"CUR*BY*USD***"),
    ],
    ids=[
        "one line", "byte order mark", "blanks around", "CRLF behind", "indented", "LF", "CRLF", "CR",
        "no last terminator", "line end instead", "empty segments", "control characters",
        "two-byte terminator", "latin-1 terminator", "trailing separators",
    ],
)  # fmt: skip
def test_the_form_does_not_matter(changed: bytes) -> None:
    assert read(changed).faults == ()
    assert inner(changed) == inner(ORDER)
    assert [one for found in read(changed).interchanges for one in check(found)] == []


def test_a_separator_of_repetition_is_one_from_version_00402_on() -> None:
    new = example("850_005010.edi")
    assert interchange(new).delimiters.repetition == "^"
    assert interchange(new.replace(b"|^|00501|", b"|U|00501|")).delimiters.repetition is None
    assert interchange(ORDER.replace(b"*U*00401*", b"*^*00401*")).delimiters.repetition is None


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("Müller", "utf-8"), ("Müller", "latin-1"), ("ISA*00 Ltd".replace("*", "-"), "ascii")],
)
def test_text_is_read_in_the_encoding_that_it_has(name: str, encoding: str) -> None:
    data = ORDER.replace(b"Plant one", name.encode(encoding))
    assert inner(data)[0][13] == ("N1", "ST", name, "92", "PLANT1")
    assert [data[made.position :][:2] for made in interchange(data).groups[0].sets] == [b"ST", b"ST"]


def test_several_interchanges_stand_in_one_file() -> None:
    data = b"\xef\xbb\xbf" + ORDER + b"\n" + example("810_005010.edi") + example("ta1.edi")
    reading = read(data)
    assert reading.faults == ()
    assert [one.header[13] for one in reading.interchanges] == ["000000101", "000000202", "000000701"]
    assert [data[one.position :][:3] for one in reading.interchanges] == [b"ISA"] * 3
    assert reading.interchanges[2].acknowledgments == (("TA1", "000000101", "261120", "1015", "A", "000"),)


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_an_interchange_without_its_end_stops_before_the_next(ending: bytes) -> None:
    cut = PLAIN[: PLAIN.index(b"SE*")] + ending
    first, second = read(cut + ORDER).interchanges
    assert (first.trailer, first.groups[0].trailer) == (None, None)
    assert first.groups[0].sets[0].segments[-1] == ("AMT", "TT", "139.41")
    assert check(second) == []


def test_a_collapsed_isa_names_the_partner_and_stops_no_other() -> None:
    collapsed = HEADER.replace(" ", "").encode() + PLAIN[106:]
    reading = read(collapsed + b"\n" + ORDER)
    (fault,) = reading.faults
    assert (fault.sender, fault.receiver, fault.position) == ("ZZ:PSFTUS001", "01:123456789", 0)
    assert "from ZZ:PSFTUS001 to 01:123456789" in str(fault)
    (one,) = reading.interchanges
    assert one.position == len(collapsed) + 1
    assert check(one) == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"%PDF-1.7", "an ISA was expected"),
        (b"UNA:+.? 'UNB+UNOC:3+A+B'", "an ISA was expected"),
        (b"ISA", "fixed form"),
        (HEADER.encode()[:105], "fixed form"),
        (HEADER.replace("*>~", "*X~").encode(), "letters, digits or blanks"),
        (HEADER.replace("*>~", "*>>").encode(), "same character twice"),
        (HEADER.replace("PSFTUS001 ", "PSFT*US001").encode(), "fixed form"),
    ],
)
def test_what_is_no_interchange_is_a_fault_with_its_place(data: bytes, reason: str) -> None:
    reading = read(data)
    assert reading.interchanges == ()
    (fault,) = reading.faults
    assert reason in fault.reason


def test_what_stands_behind_an_interchange_is_reported() -> None:
    reading = read(ORDER + b"Sent by gateway 7\n" + ORDER)
    (fault,) = reading.faults
    assert fault.position == len(ORDER)
    assert len(reading.interchanges) == 2


def test_segments_outside_a_set_are_told_once_for_each_run() -> None:
    stray = ORDER.replace(b"ST*850*0002", b"REF*ZZ*1~\nREF*ZZ*2~\nST*850*0002")
    (fault,) = interchange(stray).faults
    assert fault.position == stray.index(b"REF*ZZ*1")
    assert "REF" in fault.reason
    assert ("interchange", "022", "", 0, "") in errors(stray)
    assert len(interchange(stray).groups[0].sets) == 2


@pytest.mark.parametrize("missing", ["GS", "ST", "SE", "GE", "IEA"])
def test_a_missing_part_of_the_envelope_is_an_error(missing: str) -> None:
    lines = [line for line in ORDER.decode().split("\n") if not line.startswith(missing + "*")]
    assert errors("\n".join(lines).encode())


def test_sets_in_a_group_without_an_end_are_still_told_apart() -> None:
    data = ORDER.replace(b"SE*29*0001~\n", b"")
    first, second = interchange(data).groups[0].sets
    assert first.segments[-1] == ("AMT", "TT", "139.41")
    assert second.segments[-1][0] == "SE"


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_BYTES", len(ORDER))
    monkeypatch.setattr(reader, "MAX_SEGMENTS", 40)
    monkeypatch.setattr(reader, "MAX_ELEMENT", 50)
    long = wrapped("850", [("MSG", "x" * 51)])
    assert "more than 40 segments" in read(ORDER).faults[0].reason
    assert "more than 50 characters" in read(long).faults[0].reason
    assert len(read(long + example("ta1.edi")).interchanges) == 1
    assert "bytes, more than" in read(ORDER + b" ").faults[0].reason


def test_the_limits_are_those_that_the_documentation_names() -> None:
    assert (reader.MAX_BYTES, reader.MAX_SEGMENTS, reader.MAX_ELEMENT) == (50 * 2**20, 2_000_000, 100_000)


def test_a_long_file_of_nonsense_is_read_in_no_time() -> None:
    assert len(read(b"ISA*" * 100_000).faults) == 1
    assert read(HEADER.encode() + b"X~" * 100_000).interchanges
    assert len(read(b"\n" * 5_000_000).faults) == 1
    lines = HEADER.replace("~", "\n").encode()
    for noise in (
        b"\n" * 1_000_000,
        b" " * 1_000_000,
        b"\nIEA" * 100_000,
        b"xISA*" * 200_000,
        b" IEA*" * 200_000,
    ):
        assert read(lines + noise).interchanges or read(lines + noise).faults


PARTS = st.text(st.characters(codec="latin-1", categories=("L", "N", "P", "S")), max_size=8)
MARKS = st.permutations("*>~|^:+!'\x1c\x1d\x1e\x1f§").map(lambda marks: marks[:4])


@given(st.lists(st.lists(PARTS, max_size=6), max_size=12), MARKS, st.sampled_from(["", "\n", "\r\n"]))
def test_what_is_joined_is_read_back(body: list[list[str]], marks: list[str], line_end: str) -> None:
    element, component, segment, repetition = marks
    clean = [[part.translate({ord(mark): None for mark in marks}) for part in one] for one in body]
    segments = [("ZZZ", *one, "end") for one in clean]
    framed = [("GS", "PO"), ("ST", "850", "0001"), *segments, ("SE", "1"), ("GE", "1"), ("IEA", "1")]
    old, new = (element.join(["", *one, ""]) for one in (("U", "00401"), (repetition, "00501")))
    header = HEADER.replace("*", element).replace(old, new)
    text = header[:104] + component + segment + line_end
    text += "".join(element.join(one) + segment + line_end for one in framed)
    for encoding in ("latin-1", "utf-8"):
        one = interchange(text.encode(encoding))
        assert one.delimiters == Delimiters(element, component, segment, repetition)
        assert one.groups[0].sets[0].segments == tuple(framed[1:-2])


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything(data: bytes) -> None:
    for noise in (data, HEADER.encode() + data, data + ORDER):
        reading = read(noise)
        assert reading.interchanges or reading.faults
        assert all(isinstance(fault, X12Error) for fault in reading.faults)
        assert all(check(one) for one in reading.interchanges if not one.groups and not one.acknowledgments)


def test_each_interchange_has_its_own_encoding() -> None:
    modern, old = (ORDER.replace(b"Plant one", "Müller".encode(one)) for one in ("utf-8", "latin-1"))
    for data in (modern + old, old + b"\xef\xbb\xbf" + modern, b"\xef\xbb\xbf" + old + modern):
        reading = read(data)
        assert reading.faults == ()
        for one in reading.interchanges:
            assert one.groups[0].sets[0].segments[13][2] == "Müller"
            assert data[one.position :][:3] == b"ISA"
            assert [data[made.position :][:2] for made in one.groups[0].sets] == [b"ST", b"ST"]
            assert check(one) == []
