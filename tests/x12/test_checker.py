"""What the checker finds, in the codes of the acknowledgment that would say it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ml_connector.x12 import checker
from ml_connector.x12.checker import check_envelope, check_group, check_set
from ml_connector.x12.model import Delimiters, Segment, TransactionSet
from ml_connector.x12.reader import read

from .conftest import EXAMPLES
from .support import errors, example, interchange, problems, text, warnings, wrapped

ORDER = example("850_004010.edi")
BEG = "BEG*00*SA*US001-1**20261120"
PO1 = "PO1*1*2*EA*10.5*PE*BP*10001"
BIG = "BIG*20261118*INV-1*20261101*PO-1"


def order(*lines: str, version: str = "004010") -> bytes:
    return wrapped("850", text(*lines), version)


def changed(old: str, new: str, name: str = "850_004010.edi") -> bytes:
    data = example(name)
    assert old.encode() in data
    return data.replace(old.encode(), new.encode(), 1)


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.iterdir()))
def test_good_documents_have_no_problem(name: str) -> None:
    assert problems(example(name)) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("*U*00401*000000101", "*U*00401*00000010A", ("interchange", "018", "ISA", "13")),
        ("*0*T*>", "*2*T*>", ("interchange", "019", "ISA", "14")),
        ("*0*T*>", "*0*X*>", ("interchange", "020", "ISA", "15")),
        ("*261120*1015*U", "*261320*1015*U", ("interchange", "014", "ISA", "9")),
        ("*261120*1015*U", "*261120*2415*U", ("interchange", "015", "ISA", "10")),
        ("*ZZ*PSFTUS001      *", "*  *PSFTUS001      *", ("interchange", "005", "ISA", "5")),
        ("*ZZ*PSFTUS001      *", "*ZZ*               *", ("interchange", "006", "ISA", "6")),
        ("*01*123456789      *", "*0 *123456789      *", ("interchange", "007", "ISA", "7")),
        ("*01*123456789      *", "*01*               *", ("interchange", "008", "ISA", "8")),
        ("ISA*00*", "ISA*AB*", ("interchange", "010", "ISA", "1")),
        ("*00*          *ZZ", "*99*          *ZZ", ("interchange", "012", "ISA", "3")),
        ("*U*00401*", "*U*4.010*", ("interchange", "017", "ISA", "12")),
        ("IEA*1*", "IEA*2*", ("interchange", "021", "IEA", "1")),
        ("IEA*1*000000101", "IEA*1*000000102", ("interchange", "001", "IEA", "2")),
        ("IEA*1*000000101~", "", ("interchange", "023", "ISA", "13")),
        ("GS*PO*", "GS*SH*", ("group", "1", "GS", "1")),
        ("*X*004010~", "*X*FOUR~", ("group", "2", "GS", "8")),
        ("GE*2*101~", "", ("group", "3", "GS", "6")),
        ("GE*2*101", "GE*2*102", ("group", "4", "GE", "2")),
        ("GE*2*101", "GE*3*101", ("group", "5", "GE", "1")),
        ("*1015*101*X", "*1015*0000000101*X", ("group", "6", "GS", "6")),
        ("*1015*101*X", "*1015*101*Z", ("group", "1", "GS", "7")),
        ("*20261120*1015*101", "*BAD_DATE*1015*101", ("group", "1", "GS", "4")),
        ("*20261120*1015*101", "*20261120*9915*101", ("group", "1", "GS", "5")),
        ("*20261120*1015*101", "*20261120**101", ("group", "1", "GS", "5")),
        ("GS*PO*PSFTUS001", "GS*PO*P", ("group", "1", "GS", "2")),
        ("*X*004010~", "*X*004010*1~", ("group", "1", "GS", "9")),
        ("SE*29*0001", "SE*30*0001", ("set", "4", "SE", "1")),
        ("SE*29*0001", "SE*29*0009", ("set", "3", "SE", "2")),
        ("SE*29*0001~", "", ("set", "2", "ST", "2")),
        ("ST*850*0002", "ST*850*0001", ("set", "23", "ST", "2")),
        ("ST*850*0001", "ST*850*1", ("set", "7", "ST", "2")),
        ("ST*850*0001", "ST**0001", ("set", "6", "ST", "1")),
        ("ST*850*0001", "ST*810*0001", ("set", "6", "ST", "1")),
        ("ST*850*0001", "ST*856*0001", ("set", "1", "ST", "1")),
    ],
)
def test_envelope(old: str, new: str, found: tuple[str, str, str, str]) -> None:
    assert found in {(one[0], one[1], one[2], one[4]) for one in errors(changed(old, new))}


def test_an_interchange_with_nothing_in_it() -> None:
    data = example("ta1.edi").replace(b"TA1*000000101*261120*1015*A*000~\n", b"")
    assert errors(data) == [("interchange", "022", "ISA", 0, "")]


@pytest.mark.parametrize(
    ("answer", "element"), [("*B*000", "4"), ("*A*999", "5"), ("*A", "5"), ("*A*000*1", "6")]
)
def test_an_interchange_acknowledgment_is_checked(answer: str, element: str) -> None:
    found = errors(changed("*A*000", answer, "ta1.edi"))
    assert found == [("interchange", "024", "TA1", 0, element)]


def test_a_group_number_twice_in_an_interchange() -> None:
    group = ORDER[ORDER.index(b"GS*") : ORDER.index(b"IEA*")]
    data = ORDER.replace(b"IEA*1", group + b"IEA*2")
    assert errors(data) == [("group", "6", "GS", 0, "6")]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("*U*00401*", "*U*00400*", ("interchange", "017", "ISA", 0, "12")),
        ("*U*00401*", "*U*00501*", ("interchange", "016", "ISA", 0, "11")),
        ("GE*2*101", "GE*2*0101", ("group", "4", "GE", 0, "2")),
        ("IEA*1*000000101", "IEA*1*101", ("interchange", "001", "IEA", 0, "2")),
        ("*X*004010~", "*X*003060~", ("group", "2", "GS", 0, "8")),
        ("*92*PLANT1", "*92*PLANT1 ", ("element", "6", "N1", 14, "4")),
        ("CTT*2*15.25", "CTT*2*16", ("element", "7", "CTT", 27, "2")),
    ],
)
def test_what_readers_must_tolerate_is_a_warning(
    old: str, new: str, found: tuple[str, str, str, int, str]
) -> None:
    data = changed(old, new)
    assert errors(data) == []
    assert found in warnings(data)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([BEG], ("segment", "3", "PO1", 3, "")),
        ([PO1], ("segment", "3", "BEG", 2, "")),
        ([BEG, BEG, PO1], ("segment", "5", "BEG", 3, "")),
        ([BEG, "PER*BD", "PER*BD", "PER*BD", "PER*BD", PO1], ("segment", "5", "PER", 6, "")),
        ([BEG, PO1, "CUR*BY*USD", "CUR*BY*USD"], ("segment", "5", "CUR", 5, "")),
        ([BEG, PO1, "CTT*1", "PID*F****Late"], ("segment", "7", "PID", 5, "")),
        ([BEG, "XYZ*1", PO1], ("segment", "1", "XYZ", 3, "")),
        ([BEG, "TDS*1", PO1], ("segment", "6", "TDS", 3, "")),
        ([BEG, "LM*UL", PO1], ("segment", "3", "LQ", 4, "")),
        ([BEG, *(["SAC*C*D240***1"] * 26), PO1], ("segment", "4", "SAC", 28, "")),
        ([BEG, "N1*ST*Plant", "N3*1", "N3*2", "N3*3", PO1], ("segment", "5", "N3", 6, "")),
    ],
)
def test_order_loops_and_uses(lines: list[str], found: tuple[str, str, str, int, str]) -> None:
    assert found in errors(order(*lines))


def test_a_count_begins_again_with_each_loop() -> None:
    address = ["N1*ST*Plant", "N3*1", "N3*2"]
    line = [PO1, *(["MEA*AA*WT*1*EA"] * 40)]
    assert errors(order(BEG, *address, *address, *line, *line, "CTT*2")) == []


def test_the_nearest_open_loop_takes_a_segment() -> None:
    header_reference, party_reference, line_reference = "REF*IA*1", "REF*ZZ*2", "REF*ZZ*3"
    assert errors(order(BEG, header_reference, "N1*ST*Plant", party_reference, PO1, line_reference)) == []
    full = ["N1*ST*Plant", *(["REF*ZZ*1"] * 12)]
    assert errors(order(BEG, *full, PO1)) == []
    assert errors(order(BEG, *full, "REF*ZZ*13", PO1)) == [("segment", "5", "REF", 16, "")]


@pytest.mark.parametrize(
    ("segment", "code", "element"),
    [
        ("BEG*00*SA***20261120", "1", "3"),
        ("BEG*00*SA*1", "1", "5"),
        ("BEG*00*SA*1**20261120********1", "3", "13"),
        ("BEG*00*SA*12345678901234567890123**20261120", "5", "3"),
        ("BEG*0*SA*1**20261120", "4", "1"),
        ("BEG*99*SA*1**20261120", "7", "1"),
        ("BEG*00*SA*1**20261131", "8", "5"),
        ("BEG*00*SA*1**20250229", "8", "5"),
        ("BEG*00*SA*1**261120", "8", "5"),
        ("BEG*00*SA*1\t2**20261120", "6", "3"),
        ("BEG*00*SA*1\x7f**20261120", "6", "3"),
        ("BEG*00*SA*   **20261120", "6", "3"),
        ("BEG*00*SA*1>2**20261120", "6", "3"),
    ],
)
def test_elements(segment: str, code: str, element: str) -> None:
    assert errors(order(segment, PO1)) == [("element", code, "BEG", 2, element)]


@pytest.mark.parametrize(
    ("segment", "code", "element"),
    [
        ("REF*IA", "2", "2"),
        ("N1*ST", "2", "2"),
        ("N1*ST*Plant*92", "2", "4"),
        ("N1*ST*Plant**PLANT1", "2", "3"),
        ("PER*BD*Ann*TE", "2", "4"),
        ("SAC*C*D240***100*Z", "2", "7"),
        ("ITD*01*3*2", "2", "4"),
        ("TXI*ST", "2", "2"),
        ("SAC*X*D240***100", "7", "1"),
        ("SAC*C*D240***100.50", "6", "5"),
        ("ITD*01*3*2**1.5", "6", "5"),
        ("ITD*01*3*2**1234", "5", "5"),
        ("DTM*002*20261120*1260", "9", "3"),
        ("DTM*002*20261120*12", "9", "3"),
        ("REF*IA*1**ZZ", "1", "4:2"),
        ("REF*IA*1**ZZ>1>YY>2>XX>3>WW>4", "3", "4"),
        ("REF*IA*1**Z>1", "4", "4:1"),
    ],
)
def test_conditions_numbers_and_composites(segment: str, code: str, element: str) -> None:
    name = segment[:3].rstrip("*")
    header = [PO1] if name in {"TXI", "SAC"} else []
    data = order(BEG, *header, segment, *([] if header else [PO1]))
    assert ("element", code, name, 3 + len(header), element) in errors(data)


def test_elements_that_exclude_each_other() -> None:
    found = errors(order(BEG, PO1, "QTY*01*1*EA*X"))
    assert ("element", "10", "QTY", 4, "4") in found


@pytest.mark.parametrize(
    "price", ["0", "-1.5", "12.5", ".5", "5.", "12345678901234567", "-1234567890.1234567", "0000001.50"]
)
def test_numbers_with_an_explicit_point(price: str) -> None:
    assert errors(order(BEG, f"PO1*1*2*EA*{price}")) == []


@pytest.mark.parametrize(
    ("price", "code"),
    [
        ("+1", "6"), ("1e3", "6"), ("1,50", "6"), ("--1", "6"), (".", "6"), ("-", "6"), ("1.2.3", "6"),
        ("٣", "6"), ("123456789012345678", "5"), (" 1", "6"),
    ],
)  # fmt: skip
def test_what_is_no_number(price: str, code: str) -> None:
    assert errors(order(BEG, f"PO1*1*2*EA*{price}")) == [("element", code, "PO1", 3, "4")]


def test_a_leap_day_and_two_digit_seconds_are_good() -> None:
    assert errors(order("BEG*00*SA*1**20280229", "DTM*002*20280229*23595999", PO1)) == []


def test_a_repetition_is_refused_where_the_version_has_a_separator() -> None:
    lines = BEG, "N1*ST*Plant^One", PO1
    assert errors(order(*lines)) == []
    assert errors(order(*lines, version="005010")) == [("element", "12", "N1", 3, "2")]


def test_versions_differ() -> None:
    reference = f"REF*IA*{'1' * 31}"
    assert errors(order(BEG, reference, PO1)) == [("element", "5", "REF", 3, "2")]
    assert errors(order(BEG, reference, PO1, version="005010")) == []
    assert errors(order(BEG, "N9*L1*A", "MSG*Hello", PO1)) == []
    assert ("segment", "6", "MSG", 4, "") in errors(order(BEG, "N9*L1*A", "MSG*Hello", PO1, version="005010"))
    assert errors(wrapped("850", text("BEG*00*SA*1**261120", "REF*IA", PO1), "003040")) == []


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("850", [BEG, PO1, PO1, "CTT*1"]),
        ("810", [BIG, "IT1*1*2*EA*10", "TDS*2000", "CTT*2"]),
        ("855", ["BAK*00*AC*1*20261120", PO1, "CTT*2"]),
        ("860", ["BCH*04*SA*1***20261101", "POC*1*CA*2*2*EA*1", "CTT*3"]),
    ],
)
def test_the_count_of_lines(code: str, lines: list[str]) -> None:
    found = errors(wrapped(code, text(*lines)))
    assert [(one[1], one[2], one[4]) for one in found] == [("7", "CTT", "1")]


@pytest.mark.parametrize("total", ["3550", "3551", "-1"])
def test_an_invoice_that_does_not_add_up_is_a_warning(total: str) -> None:
    charges = ["TXI*ST*.5", "SAC*C*D240***1000", "SAC*A*C310***500"]
    lines = [BIG, "IT1*1*2*EA*10", "IT1*2*1*EA*9.995", f"TDS*{total}", *charges, "CTT*2"]
    found = warnings(wrapped("810", text(*lines)))
    right = abs(Decimal(total) / 100 - Decimal("35.495")) <= Decimal("0.05")
    assert found == ([] if right else [("element", "7", "TDS", 5, "1")])


def test_dollars_instead_of_cents_are_named() -> None:
    (found,) = problems(wrapped("810", text(BIG, "IT1*1*2*EA*10", "TDS*20", "CTT*1")))
    assert "two implied decimals" in found.text


@pytest.mark.parametrize(
    ("lines", "element", "warning"),
    [
        (["AK1*PO*1", "AK9*A*1*1*2"], "4", False),
        (["AK1*PO*1", "AK2*850*0001", "AK5*A", "AK2*850*0002", "AK5*A", "AK9*A*2*1*1"], "3", False),
        (["AK1*PO*1", "AK2*850*0001", "AK5*R*5", "AK9*P*1*1*1"], "4", True),
        (["AK1*PO*1", "AK2*850*0001", "AK5*R*5", "AK9*A*1*1*0"], "1", True),
        (["AK1*PO*1", "AK2*850*0001", "AK5*A", "AK9*R*1*1*1"], "1", True),
    ],
)
def test_counts_of_an_acknowledgment(lines: list[str], element: str, warning: bool) -> None:
    (found,) = problems(wrapped("997", text(*lines)))
    assert (found.segment, found.element, found.warning) == ("AK9", element, warning)


def test_a_problem_tells_the_place_and_keeps_the_value_to_itself() -> None:
    found = problems(order(BEG, "PO1*1*2*EACH*10.5"))
    assert [one.text for one in found] == ["Segment 3: PO103 is 4 long, at most 2 are allowed."]
    assert found[0].value == "EACH"
    assert "EACH" not in repr(found[0])


def test_a_long_value_is_cut() -> None:
    found = problems(order(BEG, f"REF*IA*{'9' * 300}", PO1))
    assert found[0].value == "9" * 99


def test_a_group_is_told_apart_by_sets() -> None:
    one = interchange(changed("ST*850*0002", "ST*850*1").replace(b"PO1*1*12*EA", b"PO1*1*12*EACH", 1))
    checked = check_group(one.groups[0], one.delimiters)
    assert check_envelope(one) == []
    assert checked.problems == []
    first, second = checked.sets
    assert [(found.level, found.code) for found in first] == [("element", "5")]
    assert [(found.level, found.code) for found in second] == [("set", "7"), ("set", "3"), ("element", "4")]


def test_a_set_on_its_own_is_checked_before_it_is_sent() -> None:
    segments: list[Segment] = [("ST", "850", "0001"), *text(BEG, PO1), ("SE", "4", "0001")]
    assert check_set(TransactionSet(tuple(segments)), "004010") == []
    segments[2] = ("PO1", "1", "2", "EA", "1", "", "BP", "10*001~")
    (found,) = check_set(TransactionSet(tuple(segments)), "004010")
    assert (found.code, found.element) == ("6", "7")
    assert check_set(TransactionSet(tuple(segments)), "004010", Delimiters("|", ":", "\n")) == []


def test_an_element_cannot_smuggle_in_the_character_that_joins_elements() -> None:
    segments = (("ST", "850", "0001"), *text(BEG), ("REF", "IA\x001"), *text(PO1), ("SE", "5", "0001"))
    found = check_set(TransactionSet(segments), "004010")
    assert {("6", "1"), ("2", "2")} <= {(one.code, one.element) for one in found}


def test_the_list_of_problems_ends_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker, "MAX_PROBLEMS", 20)
    assert len(problems(order(BEG, *["XYZ"] * 100, *["REF*IA"] * 100, PO1))) <= 21


def test_problems_come_in_the_order_of_the_document() -> None:
    numbers = [one.number for one in problems(order("BEG", "XYZ", "REF*IA", PO1, "CTT*9"))]
    assert numbers == sorted(numbers)


def test_all_interchanges_of_a_file_are_checked_alone() -> None:
    reading = read(changed("SE*29*0001", "SE*28*0001") + example("810_004010.edi"))
    assert [bool(checker.check(one)) for one in reading.interchanges] == [True, False]
