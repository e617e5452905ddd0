"""The tables against themselves and against the published grammars."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from ml_connector.x12.tables import UNLIMITED, Element, Note, load
from ml_connector.x12.tables.versions import exact, is_old, release, table_for

from . import complete
from .oracle import Oracle
from .support import errors, wrapped

VERSIONS = ("004010", "005010")
SETS = {"810": "IN", "824": "AG", "850": "PO", "855": "PR", "860": "PC", "997": "FA"}
BOTH = [(version, code) for version in VERSIONS for code in SETS]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_has_the_sets_and_every_place_its_segment(version: str) -> None:
    table = load(version)
    assert {code: rule.group for code, rule in table.sets.items()} == SETS
    used = {name for rule in table.sets.values() for name in complete.names(rule.places)}
    assert used | {"TA1"} == set(table.segments)


@pytest.mark.parametrize("version", VERSIONS)
def test_lengths_and_notes_are_possible(version: str) -> None:
    for rule in load(version).segments.values():
        elements = [one for place in rule.positions for one in (place, *place.components) if one.element]
        assert all(0 < one.element.minimum <= one.element.maximum for one in elements if one.element)
        for note in rule.notes:
            assert max(note.positions) <= len(rule.positions), rule.segment
            assert len(set(note.positions)) == len(note.positions) > 1, rule.segment


@pytest.mark.parametrize(("version", "code"), BOTH)
def test_a_document_with_everything_is_good(version: str, code: str) -> None:
    table = load(version)
    assert errors(wrapped(code, complete.body(table, table.sets[code]), version)) == []


@pytest.mark.parametrize(("version", "code"), BOTH)
def test_the_published_grammar_accepts_the_same_document(facts: Path, version: str, code: str) -> None:
    table = load(version)
    found = Oracle(facts).errors(wrapped(code, complete.body(table, table.sets[code]), version))
    assert [one for one in found if not one.startswith("X")] == []


def test_facts_that_everybody_knows() -> None:
    old, new = load("004010"), load("005010")
    assert old.segments["BEG"].positions[2].element == Element("324", "AN", 1, 22)
    assert [one.required for one in old.segments["BEG"].positions[:5]] == [True, True, True, False, True]
    reference = {version: load(version).segments["REF"].positions[1].element for version in VERSIONS}
    assert [one.maximum for one in reference.values() if one] == [30, 50]
    total, price = old.segments["TDS"].positions[0].element, old.segments["PO1"].positions[3].element
    assert total == Element("610", "N2", 1, 15)
    assert price is not None
    assert price.kind == "R"
    assert Note("P", (6, 7)) in old.segments["PO1"].notes
    orders = [place for place in old.sets["850"].places if place.segment == "PO1"]
    assert [(one.required, one.maximum) for one in orders] == [(True, 100_000)]
    assert [one.maximum for one in old.sets["850"].places if one.segment == "REF"] == [UNLIMITED]
    assert "MTX" in set(complete.names(new.sets["850"].places))
    assert "MSG" not in set(complete.names(new.sets["850"].places))


@pytest.mark.parametrize(
    ("version", "table", "same", "old"),
    [
        ("004010", "004010", True, False),
        ("004010VICS", "004010", True, False),
        ("004060", "004010", True, False),
        ("005010X230", "005010", True, False),
        ("005040", "005010", True, False),
        ("003040", "004010", False, True),
        ("002001", "004010", False, True),
        ("006020", "005010", False, False),
        ("", "004010", False, False),
        ("4010", "004010", False, False),
    ],
)
def test_the_nearest_table_serves(version: str, table: str, same: bool, old: bool) -> None:
    assert (table_for(version).version, exact(version), is_old(version)) == (table, same, old)
    assert release(version) in {"", version[:6]}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_files_keep_to_their_form(version: str) -> None:
    folder = Path(__file__).parents[2] / "plugins/ml_connector/x12/tables"
    lines = (folder / f"{version}.txt").read_text("ascii").splitlines()
    assert max(map(len, lines)) <= 110
    numbers = [line.split()[0] for line in lines[: lines.index("[composites]")] if re.match(r"\d", line)]
    assert all(int(one) < int(other) for one, other in pairwise(numbers))
