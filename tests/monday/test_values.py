"""Values on their way to a board and back. The simulator keeps what the documented API keeps."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core import codec
from ml_connector.core.errors import Rejected
from ml_connector.monday.board import Column, read_column
from ml_connector.monday.bulk import Row, as_csv
from ml_connector.monday.values import TYPES, cell, checked_name, plain, read, written
from sandbox.clock import Clock
from sandbox.jsonio import decode
from sandbox.monday import model
from sandbox.monday.cells import Cell, text_of, value_of
from sandbox.monday.labels import COLOURS, Label, Labels
from sandbox.monday.objects import settings
from sandbox.monday.state import MondayState

STATUS = {"6": "Paid", "9": "Not paid", "101": "2026", "151": "6"}
"""Ids are none of their positions; one label looks like a year, one like the id of another label."""

DROPDOWN = ("Office", "Smith, Jones & Co", "2026", "1", "Ünïcode")
MONEY = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=4)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=300)


class Bench:
    """One item with a column of each type, behind the API."""

    def __init__(self) -> None:
        state = MondayState(Clock())
        self.store = state.store
        self.board = self.store.create_board("Values", "public")
        self.other = self.store.create_item(self.store.create_board("Suppliers", "public"), "ACME")
        for type_ in TYPES:
            self.store.add_column(self.board, self._column(type_))
        self.item = self.store.create_item(self.board, "Item")
        self.zone = "America/New_York"

    def _column(self, type_: str) -> model.Column:
        labels = None
        if type_ == "status":
            rows = [Label(int(number), text, place) for place, (number, text) in enumerate(STATUS.items())]
            labels = Labels("status", rows)
        elif type_ == "dropdown":
            rows = [Label(place + 1, text, place) for place, text in enumerate(DROPDOWN)]
            labels = Labels("dropdown", rows)
        made = model.Column(type_, type_.title(), type_, self.board, "1", labels=labels)
        if type_ == "board_relation":
            made.settings = {"boardIds": [self.other.board.id], "allowMultipleItems": True}
        return made

    def column(self, type_: str) -> Column:
        """The column as the connector reads it."""
        there = self.board.columns[type_]
        row = {"id": there.id, "title": there.title, "type": there.type, "revision": "1"}
        return read_column(decode(json.dumps({**row, "settings": settings(there)}).encode()))

    def write(self, type_: str, fragment: Any) -> None:
        """What ``change_multiple_column_values`` does with a fragment: it is JSON inside a text."""
        self.store.write(self.item, decode(codec.encode({type_: fragment})))

    def raw(self, type_: str) -> dict[str, Any]:
        """The entry of ``column_values`` as the connector asks for it."""
        one = Cell(self.item, self.board.columns[type_], self.store.items, self.zone)
        linked = [str(item.id) for item in one.linked] if type_ == "board_relation" else None
        return {"id": type_, "type": type_, "text": text_of(one), "value": value_of(one)} | (
            {} if linked is None else {"linked_item_ids": linked}
        )

    def through(self, type_: str, value: Any, **how: Any) -> Any:
        """A value that was written and read again."""
        column = self.column(type_)
        self.write(type_, written(value, column, **{name: how[name] for name in how if name == "reference"}))
        return read(self.raw(type_), column, **how)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def value_of_type(bench: Bench, type_: str) -> Any:
    return {
        "text": "INV-1 ÄÖ \U0001f600",
        "long_text": "first\nsecond",
        "numbers": Decimal("1234.50"),
        "status": "Paid",
        "dropdown": "Office",
        "date": "2026-11-20",
        "checkbox": True,
        "board_relation": str(bench.other.id),
        "link": "https://example.com/a?b=c",
        "email": "ap@example.com",
        "phone": "+16175550100",
        "country": "US",
    }[type_]


def nothing(type_: str) -> bool | None:
    """As what an empty column reads: a box that is not checked says no."""
    return False if type_ == "checkbox" else None


# ---- every type


@pytest.mark.parametrize("type_", TYPES)
def test_each_type_is_read_as_it_was_written(bench: Bench, type_: str) -> None:
    value = value_of_type(bench, type_)
    assert bench.through(type_, value) == value
    assert bench.raw(type_)["value"] is not None or type_ == "board_relation"


@pytest.mark.parametrize("type_", TYPES)
def test_each_type_is_emptied_by_null_and_then_reads_as_nothing(bench: Bench, type_: str) -> None:
    bench.through(type_, value_of_type(bench, type_))
    assert bench.through(type_, None) is nothing(type_)
    assert type_ not in bench.item.values


@pytest.mark.parametrize("type_", TYPES)
def test_a_column_that_was_never_filled_reads_as_nothing(bench: Bench, type_: str) -> None:
    assert read(bench.raw(type_), bench.column(type_)) is nothing(type_)


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("text", "INV-1 ÄÖ \U0001f600"),
        ("long_text", "first\nsecond"),
        ("numbers", "1234.50"),
        ("status", "Paid"),
        ("dropdown", "Office"),
        ("date", "2026-11-20"),
        ("checkbox", "true"),
        ("link", "https://example.com/a?b=c"),
        ("email", "ap@example.com"),
        ("phone", "+16175550100"),
    ],
)
def test_each_type_as_a_cell(bench: Bench, type_: str, expected: str) -> None:
    assert cell(value_of_type(bench, type_), bench.column(type_)) == expected


def test_a_connected_item_as_a_cell(bench: Bench) -> None:
    assert cell(str(bench.other.id), bench.column("board_relation")) == str(bench.other.id)


@pytest.mark.parametrize("type_", TYPES)
def test_nothing_as_a_cell_empties_the_column(bench: Bench, type_: str) -> None:
    assert cell(None, bench.column(type_)) == "<NULL>"


def test_the_types_that_the_import_takes_are_those_of_the_vendor(facts: Any) -> None:
    known = json.loads((facts / "column_types.json").read_text(encoding="utf-8"))
    assert {name for name, kind in TYPES.items() if kind.cell is not None} <= set(known["_bulk_supported"])
    assert not TYPES.keys() & set(known["_read_only"])


# ---- numbers


def test_no_number_is_written_as_null_since_an_empty_text_would_be_zero(bench: Bench) -> None:
    assert written(None, bench.column("numbers")) is None
    bench.write("numbers", "")
    assert bench.item.data("numbers") == "0"  # the trap


def test_zero_is_a_number(bench: Bench) -> None:
    assert bench.through("numbers", Decimal("0.00")) == 0
    assert bench.item.data("numbers") == "0.00"
    assert cell(Decimal(0), bench.column("numbers")) == "0"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-4"), "0.0001"),
        (Decimal("-0.10"), "-0.10"),
        (Decimal("99999999999999.99"), "99999999999999.99"),
        (7, "7"),
    ],
)
def test_a_number_is_written_digit_by_digit(bench: Bench, value: Any, shown: str) -> None:
    assert written(value, bench.column("numbers")) == shown
    assert cell(value, bench.column("numbers")) == shown


@given(MONEY)
def test_any_money_survives_the_board(amount: Decimal) -> None:
    found = Bench().through("numbers", amount)
    assert isinstance(found, Decimal)
    assert found == amount


def test_a_number_is_read_from_value_and_not_as_a_binary_fraction(bench: Bench) -> None:
    raw = {"id": "numbers", "value": '"0.1"', "text": "0.10000000000000000555"}
    assert read(raw, bench.column("numbers")) == Decimal("0.1")
    assert read({"id": "numbers", "value": "4.5", "text": "4.5"}, bench.column("numbers")) == Decimal("4.5")
    assert read({"id": "numbers", "value": None, "text": "seven"}, bench.column("numbers")) is None


@pytest.mark.parametrize("type_", ["text", "long_text"])
def test_a_number_in_a_column_of_texts_stays_a_number(bench: Bench, type_: str) -> None:
    assert bench.through(type_, Decimal("10.50"), number=True) == Decimal("10.50")
    bench.write(type_, "call them")
    assert read(bench.raw(type_), bench.column(type_), number=True) == "call them"
    bench.write(type_, "NaN")
    assert read(bench.raw(type_), bench.column(type_), number=True) == "NaN"


def test_digits_in_a_column_of_texts_stay_a_text(bench: Bench) -> None:
    assert bench.through("text", "00001234") == "00001234"


# ---- texts


@given(TEXTS)
def test_any_text_survives_the_board_but_for_blanks_behind_it(text: str) -> None:
    bench = Bench()
    expected = text.rstrip() if text.strip() else None
    assert bench.through("text", text) == expected
    assert bench.through("long_text", text) == expected


def test_blanks_before_a_text_are_part_of_it(bench: Bench) -> None:
    """PeopleSoft's texts come without blanks behind them, and with those before them."""
    assert bench.through("text", "  indented ") == "  indented"
    assert bench.through("text", "   ") is None


@given(TEXTS)
def test_any_text_survives_the_csv(text: str) -> None:
    made = cell(text, Bench().column("text"))
    if made is None:
        assert text.strip() == "<NULL>"
        return
    rows = list(csv.reader(io.StringIO(as_csv("ps_key", [Row("K", "N", {"t": made})]).decode(), newline="")))
    assert rows == [["name", "ps_key", "t"], ["N", "K", text if text.strip() else "<NULL>"]]


def test_a_text_that_means_nothing_in_a_csv_goes_another_way(bench: Bench) -> None:
    assert cell("<NULL>", bench.column("text")) is None
    assert written("<NULL>", bench.column("text")) == "<NULL>"


def test_a_long_text_has_two_thousand_characters(bench: Bench) -> None:
    text = "é" * 2000
    assert bench.through("long_text", text) == text
    assert cell(text, bench.column("long_text")) == text
    for make in (written, cell):
        with pytest.raises(Rejected, match="longer than 2000 characters"):
            make(text + "x", bench.column("long_text"))


def test_a_plain_text_is_not_limited(bench: Bench) -> None:
    assert bench.through("text", "x" * 5000) == "x" * 5000


def test_a_name_has_255_characters(bench: Bench) -> None:
    assert checked_name("n" * 255) == "n" * 255
    assert checked_name(" INV-1  ") == " INV-1"
    for name in ("n" * 256, "", "   ", None):
        with pytest.raises(Rejected, match="1 to 255 characters") as raised:
            checked_name(name)
        assert raised.value.field == "name"


# ---- labels


@pytest.mark.parametrize(("label", "number"), [("Paid", 6), ("2026", 101), ("6", 151)])
def test_a_status_goes_by_the_id_of_its_label(bench: Bench, label: str, number: int) -> None:
    assert written(label, bench.column("status")) == {"index": number}
    assert bench.through("status", label) == label


@pytest.mark.parametrize(("label", "number"), [("Smith, Jones & Co", 2), ("2026", 3), ("1", 4)])
def test_a_dropdown_goes_by_the_id_of_its_label(bench: Bench, label: str, number: int) -> None:
    assert written(label, bench.column("dropdown")) == {"ids": [number]}
    assert bench.through("dropdown", label) == label


def test_a_label_that_looks_like_the_id_of_another_one_is_a_label(bench: Bench) -> None:
    assert written("1", bench.column("dropdown")) == {"ids": [4]}
    assert written("1", bench.column("dropdown"), reference=True) == {"ids": [1]}
    assert cell("1", bench.column("dropdown"), reference=True) == "Office"


def test_a_reference_to_a_label_is_read_as_its_id(bench: Bench) -> None:
    assert bench.through("dropdown", "5", reference=True) == "5"
    with pytest.raises(Rejected, match="no label with id 77 any more"):
        written("77", bench.column("dropdown"), reference=True)


@pytest.mark.parametrize("type_", ["status", "dropdown"])
@pytest.mark.parametrize("make", [written, cell])
def test_an_unknown_label_is_refused_with_column_label_and_the_known_ones(
    bench: Bench, type_: str, make: Any
) -> None:
    with pytest.raises(Rejected) as raised:
        make("Pade", bench.column(type_))
    said = str(raised.value)
    assert f"'{type_.title()}'" in said
    assert "'Pade'" in said
    assert "value_maps" in said
    assert ("Not paid, Paid" if type_ == "status" else "Office, Smith, Jones & Co") in said


def test_a_label_that_was_switched_off_is_no_label(bench: Bench) -> None:
    labels = bench.board.columns["status"].labels
    assert labels is not None
    labels.rows[6] = Label(6, "Paid", 0, is_deactivated=True)
    with pytest.raises(Rejected, match="no label 'Paid'"):
        written("Paid", bench.column("status"))


def test_forty_labels_of_a_status_column_can_be_written_and_are_named(bench: Bench) -> None:
    """More than forty are the board's business: monday.com does not take them."""
    rows = [Label(number, f"L{place:02d}", place) for place, number in enumerate(COLOURS.values())]
    bench.board.columns["status"].labels = Labels("status", rows)
    assert len(rows) == 40
    for label in ("L00", "L39"):
        assert bench.through("status", label) == label
    with pytest.raises(Rejected, match=re.escape("L38, L39. Add it")):
        written("L40", bench.column("status"))


def test_of_thousands_of_labels_some_are_named(bench: Bench) -> None:
    rows = [Label(place + 1, f"Supplier {place:04d}", place) for place in range(5000)]
    bench.board.columns["dropdown"].labels = Labels("dropdown", rows)
    with pytest.raises(Rejected, match="Supplier 0039 and 4960 more") as raised:
        written("ACME", bench.column("dropdown"))
    assert len(str(raised.value)) < 1000


def test_a_label_with_a_comma_goes_another_way_than_the_csv(bench: Bench) -> None:
    column = bench.column("dropdown")
    assert cell("Smith, Jones & Co", column) is None
    assert cell("2", column, reference=True) is None


def test_labels_of_older_boards_come_as_an_object() -> None:
    column = read_column(
        {"id": "s", "title": "S", "type": "status", "settings": {"labels": {"1": "Done", "5": ""}}}
    )
    assert column.labels == {"1": "Done"}


# ---- the other traps


def test_a_date_is_read_from_value_whatever_the_time_zone_of_the_token(bench: Bench) -> None:
    bench.write("date", {"date": "2026-11-20", "time": "03:00:00"})
    assert bench.raw("date")["text"] == "2026-11-19 22:00"  # the trap
    assert read(bench.raw("date"), bench.column("date")) == "2026-11-20"


@pytest.mark.parametrize("value", [False, None])
def test_a_no_takes_the_check_away(bench: Bench, value: Any) -> None:
    bench.through("checkbox", True)
    assert bench.through("checkbox", value) is False
    assert cell(value, bench.column("checkbox")) == "<NULL>"


@pytest.mark.parametrize("make", [written, cell])
def test_a_word_is_neither_yes_nor_no(bench: Bench, make: Any) -> None:
    with pytest.raises(Rejected, match="true or false, not 'Y'"):
        make("Y", bench.column("checkbox"))


@pytest.mark.parametrize(
    "value", ['{"checked":"true"}', '{"checked":true,"changed_at":"2026-11-20T00:00:00Z"}']
)
def test_both_forms_of_a_checked_box_are_read(bench: Bench, value: str) -> None:
    assert read({"id": "checkbox", "value": value, "text": "v"}, bench.column("checkbox")) is True


def test_a_connected_item_is_read_from_its_ids_since_value_and_text_are_empty(bench: Bench) -> None:
    assert bench.through("board_relation", str(bench.other.id)) == str(bench.other.id)
    raw = bench.raw("board_relation")
    assert (raw["text"], raw["value"]) == (None, None)
    assert json.dumps(written(str(bench.other.id), bench.column("board_relation"))) == (
        f'{{"item_ids": [{bench.other.id}]}}'
    )


def test_an_item_of_one_of_several_connected_boards_goes_another_way_than_the_csv(bench: Bench) -> None:
    bench.board.columns["board_relation"].settings["boardIds"].append(1)
    assert cell(str(bench.other.id), bench.column("board_relation")) is None
    assert bench.through("board_relation", str(bench.other.id)) == str(bench.other.id)


@pytest.mark.parametrize("make", [written, cell])
def test_a_link_needs_a_scheme(bench: Bench, make: Any) -> None:
    with pytest.raises(Rejected, match="http:// or https://"):
        make("example.com", bench.column("link"))


def test_the_text_of_a_link_does_not_hide_its_address(bench: Bench) -> None:
    bench.write("link", {"url": "https://example.com", "text": "shop"})
    assert read(bench.raw("link"), bench.column("link")) == "https://example.com"


@pytest.mark.parametrize("value", ["not json", "[]", "7", '{"other": 1}'])
def test_a_value_that_is_no_object_reads_as_nothing(bench: Bench, value: str) -> None:
    for type_ in ("date", "link", "email", "phone", "country"):
        assert read({"id": type_, "value": value, "text": "x"}, bench.column(type_)) is None


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (False, "false"), (Decimal("1.10"), "1.10"), (3, "3"), ("x", "x")]
)
def test_any_value_as_text(value: Any, text: str) -> None:
    assert plain(value) == text
