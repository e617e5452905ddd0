"""docs/matching.md and the records of docs/peoplesoft.md say what the code does."""

from __future__ import annotations

import re
from typing import get_args

from ml_connector.peoplesoft.matching.findings import MATCHED, Word
from ml_connector.peoplesoft.matching.options import MatchingOptions
from ml_connector.peoplesoft.records.kinds import ORDER_STATUS, TRADING_PARTNER
from ml_connector.peoplesoft.records.options import RecordOptions
from sandbox.peoplesoft.soap.fields import FIELDS

from .blocks import DOCS

PAGE = (DOCS / "matching.md").read_text(encoding="utf-8")
RECORDS = (DOCS / "peoplesoft.md").read_text(encoding="utf-8").partition("\n## 8. Records\n")[2]


def rows(text: str, heading: str) -> list[list[str]]:
    """Cells of the first table below a heading, without its own two lines."""
    section = text.partition(f"{heading}\n")[2]
    lines = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert lines is not None, heading
    return [[cell.strip() for cell in line.strip("|\n ").split("|")] for line in lines[0].splitlines()[2:]]


def names(cells: list[list[str]]) -> list[str]:
    return [name for row in cells for name in re.findall(r"`([a-z_]+)`", row[0])]


def test_every_word_is_explained() -> None:
    assert names(rows(PAGE, "## What is compared")) == [MATCHED, *get_args(Word)]


def test_every_option_is_explained_with_its_default() -> None:
    shown = rows(PAGE, "## Tolerances")
    assert names(shown) == list(MatchingOptions.model_fields)
    defaults = MatchingOptions()
    for row in shown:
        told = re.findall(r"`([^`]*)`", row[1])
        for name, text in zip(names([row]), told, strict=True):
            value = getattr(defaults, name)
            plain = re.sub(r"[\[\]\" ]", "", text)
            assert plain == (",".join(value) if isinstance(value, tuple) else str(value)), name


def test_the_records_have_the_fields_that_are_sent() -> None:
    for heading, kind in (
        ("### 8.1 Where an order or invoice stands", ORDER_STATUS),
        ("### 8.2 Connections of trading partners", TRADING_PARTNER),
    ):
        shown = rows(RECORDS, heading)
        assert tuple(name for row in shown for name in row[0].split(", ")) == kind.columns
        for properties, kinds, _ in shown:
            named = properties.split(", ")
            types = kinds.split(", ") if ", " in kinds else [kinds] * len(named)
            for name, field in zip(named, types, strict=True):
                assert field in {"DATE", f"CHAR {FIELDS[name].length}"}, name


def test_the_ways_and_settings_of_records_are_named() -> None:
    for name in RecordOptions.model_fields:
        assert f"`{name}`" in RECORDS or f"{name}:" in RECORDS, name
