from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.x12.model import Delimiters, X12Error
from ml_connector.x12.text import Dialect

from .made import dialects, words


def used(dialect: Dialect) -> set[str]:
    one = dialect.delimiters
    return {one.element, one.component, one.segment, one.repetition or one.segment}


@given(text=st.text() | words, dialect=dialects)
def test_clean_text_can_be_written(text: str, dialect: Dialect) -> None:
    cleaned = dialect.clean(text)
    assert not used(dialect) & set(cleaned)
    assert cleaned.isprintable()
    assert cleaned == " ".join(cleaned.split())
    cleaned.encode(dialect.encoding)
    if dialect.charset == "basic":
        assert cleaned == cleaned.upper()


@given(text=st.text() | words, dialect=dialects)
def test_cleaning_twice_changes_nothing(text: str, dialect: Dialect) -> None:
    once = dialect.clean(text)
    assert dialect.clean(once) == once


@given(text=st.text(max_size=400) | words, dialect=dialects, limit=st.integers(1, 90))
def test_pieces_fit_and_lose_nothing_but_blanks(text: str, dialect: Dialect, limit: int) -> None:
    pieces = dialect.split(text, limit)
    assert all(0 < len(one) <= limit for one in pieces)
    assert "".join(pieces).replace(" ", "") == dialect.clean(text).replace(" ", "")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Ünlü Söhne", "Unlu Sohne"),
        ("Straße 5 \u2013 Æther", "Strasse 5 - AEther"),
        ("“quoted” \u2018once\u2019", "\"quoted\" 'once'"),
        ("5 €", "5 EUR"),
        ("½ inch \u00d7 3", "1/2 inch x 3"),
        ("tab\tline\r\nend\x00", "tab line end"),
        ("日本 Ltd", "?? Ltd"),
        ("ﬁne™", "fineTM"),
        ("A*B~C", "A B C"),
        ("  many   blanks ", "many blanks"),
    ],
)
def test_what_becomes_of_foreign_characters(text: str, plain: str) -> None:
    assert Dialect().clean(text) == plain


def test_basic_text_has_no_lower_case_and_fewer_signs() -> None:
    assert Dialect(charset="basic").clean("Bolt #5 @ 3% [zinc]_x") == "BOLT 5 AT 3 PCT ZINC X"


@pytest.mark.parametrize(
    ("text", "extended", "basic"),
    [
        ("10 \u00b5m", "10 um", "10 UM"),
        ("10 \u03bcm", "10 um", "10 UM"),
        ("2½ IN", "2 1/2 IN", "2 1/2 IN"),
        ("3\u20444", "3/4", "3/4"),
        ("10 k\u03a9", "10 kOHM", "10 KOHM"),
        ("45° ±0.1", "45 DEG +/-0.1", "45 DEG +/-0.1"),
        ("20 \u2103", "20 DEG C", "20 DEG C"),
        ("\u22645 mm", "<=5 mm", "AT MOST 5 MM"),
        ("\u22655", ">=5", "AT LEAST 5"),
        ("< 5", "< 5", "BELOW 5"),
        (">5", ">5", "ABOVE 5"),
        ("99%", "99%", "99 PCT"),
        ("5*3", "5*3", "5*3"),
        ("10\u207b\u00b3", "10^-3", "10 EXP -3"),
        ("10\u00b3 m\u00b2", "10^3 m2", "10 EXP 3 M2"),
        ("3\u00b75", "3?5", "3?5"),
        ("\u00d810", "DIA 10", "DIA 10"),
        ("\u2300 10", "DIA 10", "DIA 10"),
        ("a \u2260 b", "a NOT = b", "A NOT = B"),
        ("\u221a2", "?2", "?2"),
        ("5#3", "5#3", "5?3"),
    ],
)
def test_quantities_and_dimensions_survive(text: str, extended: str, basic: str) -> None:
    unusual = Delimiters("|", "\x1f", "~")
    assert Dialect("004010", unusual).clean(text) == extended
    assert Dialect("004010", unusual, "basic").clean(text) == basic


def test_signs_that_delimit_are_spelled_out_beside_numbers() -> None:
    assert Dialect().clean("5*3 >7 \u22659 ~ 2~4") == "5x3 ABOVE 7 AT LEAST 9 2?4"
    assert Dialect("004010", Delimiters("+", ":", "~")).clean("\u00b10.1") == "PLUS OR MINUS 0.1"


def test_a_capital_micro_is_no_other_letter() -> None:
    assert Dialect(charset="utf-8", upper_case=True).clean("10 \u00b5m") == "10 UM"


def test_characters_that_nobody_knows() -> None:
    with pytest.raises(X12Error, match="one of basic, extended, utf-8, not 'latin1'"):
        Dialect(charset="latin1")  # type: ignore[arg-type]


def test_utf_8_keeps_letters_but_no_delimiters_and_no_controls() -> None:
    assert Dialect(charset="utf-8").clean("Ünlü* 日本\u200b\x07") == "Ünlü 日本"


def test_capitals_on_request() -> None:
    assert Dialect(upper_case=True).clean("Straße") == "STRASSE"


def test_text_is_split_between_words() -> None:
    assert Dialect().split("ONE TWO THREE FOUR", 8) == ["ONE TWO", "THREE", "FOUR"]
    assert Dialect().split("ABCDEFGHIJ", 4) == ["ABCD", "EFGH", "IJ"]
    assert Dialect().split("~~", 4) == []


def test_short_text_is_cut_and_too_short_text_left_out() -> None:
    assert Dialect().short("ABCDE FG", 6) == "ABCDE"
    assert Dialect().short("A", 30, 2) == ""
    assert Dialect().short(None, 30) == ""


@given(value=st.text(min_size=1, max_size=30), dialect=dialects)
def test_an_identifier_is_written_as_it_is_or_refused(value: str, dialect: Dialect) -> None:
    try:
        written = dialect.identifier(value, 22, "The number")
    except X12Error:
        return
    assert written == value
    assert len(written) <= 22
    assert not used(dialect) & set(written)
    written.encode(dialect.encoding)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("A" * 23, "The number has 23 characters, 1 to 22 are allowed"),
        ("", "has 0 characters"),
        ("A*1", r"holds '\*', which this partner cannot take"),
        ("A\n1", "holds"),
        ("Größe", "holds 'ßö'"),
        (" A1", "begins or ends with a blank"),
    ],
)
def test_identifiers_are_never_cut_or_changed(value: str, reason: str) -> None:
    with pytest.raises(X12Error, match=reason):
        Dialect().identifier(value, 22, "The number")


def test_an_identifier_is_text() -> None:
    with pytest.raises(X12Error, match="The number is no text but a int"):
        Dialect().identifier(7, 22, "The number")  # type: ignore[arg-type]


def test_identifiers_in_the_basic_set_have_no_lower_case() -> None:
    with pytest.raises(X12Error, match="basic character set"):
        Dialect(charset="basic").identifier("abc", 22, "The number")


def test_no_identifier_is_an_empty_element() -> None:
    assert Dialect().identifier(None, 22, "The release") == ""


@pytest.mark.parametrize("version", ["00401", "004020", "005010x", "", "004010VICSVICS", "0040 10"])
def test_versions_that_nobody_writes(version: str) -> None:
    with pytest.raises(X12Error, match="is none of 004010, 005010"):
        Dialect(version)


@pytest.mark.parametrize(
    ("delimiters", "reason"),
    [
        (Delimiters("*", "*"), "not distinct"),
        (Delimiters("*", ">", "~", "*"), "not distinct"),
        (Delimiters("A"), "cannot be a delimiter"),
        (Delimiters("1"), "cannot be a delimiter"),
        (Delimiters(" "), "cannot be a delimiter"),
        (Delimiters("."), "cannot be a delimiter"),
        (Delimiters("-"), "cannot be a delimiter"),
        (Delimiters("**"), "cannot be a delimiter"),
        (Delimiters("ä"), "cannot be a delimiter"),
        (Delimiters(""), "is missing"),
        (Delimiters("\n"), "cannot be a delimiter"),
        (Delimiters("\t"), "cannot be a delimiter"),
        (Delimiters(component="\r"), "cannot be a delimiter"),
        (Delimiters(segment="\0"), "cannot be a delimiter"),
        (Delimiters(segment="\t"), "cannot be a delimiter"),
    ],
)
def test_delimiters_that_nobody_could_read(delimiters: Delimiters, reason: str) -> None:
    with pytest.raises(X12Error, match=reason):
        Dialect("004010", delimiters)


def test_005010_needs_a_repetition_separator() -> None:
    with pytest.raises(X12Error, match="needs a repetition separator"):
        Dialect("005010")
