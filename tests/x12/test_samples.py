"""Files of other people, judged as their index says."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ml_connector.x12.checker import check
from ml_connector.x12.model import Problem
from ml_connector.x12.reader import read

from .conftest import FACTS
from .oracle import Oracle

UNSUPPORTED = {"valid/856__aaronhuggins-856.edi", "valid/856__apimeister-004060_856.edi"}
"""Ship notices: sound, but none of the sets that are known here."""

PERFECT = {
    "broken/810__edifixtures-fault_duplicateIsaControl_inv.edi",
    "broken/810__edifixtures-fault_impliedDecimals_inv.edi",
    "broken/810__edifixtures-fault_nonstandardSeparators_inv.edi",
    "broken/850__edifixtures-fault_duplicateIsaControl_po.edi",
    "broken/850__edifixtures-fault_impliedDecimals_po.edi",
}
"""Wrong in business terms only: a number used before, amounts, separators that nobody expects."""

OLDER = {"valid/810-850__xlate-invoice810_po850_dual.edi"}
"""Partly 003010, for which the published folder has no grammar."""

INDEX = FACTS / "samples" / "index.tsv"


def listed() -> dict[str, str]:
    """Verdict by file; one name that the fixture refuses where there is no index."""
    if not INDEX.exists():
        return {"index.tsv": ""}
    with INDEX.open(encoding="utf-8", newline="") as lines:
        return {row["file"]: row["x12check_verdict"] for row in csv.DictReader(lines, delimiter="\t")}


VERDICTS = listed()
SOUND = [name for name in VERDICTS if name.startswith("valid/") and name not in OLDER]


def judged(path: Path) -> tuple[bool, list[Problem]]:
    reading = read(path.read_bytes())
    found = [one for interchange in reading.interchanges for one in check(interchange)]
    return not reading.faults and all(one.warning for one in found), found


@pytest.mark.parametrize("name", VERDICTS)
def test_each_sample_is_judged_as_the_index_says(facts: Path, name: str) -> None:
    good, found = judged(facts / "samples" / name)
    if name in UNSUPPORTED:
        assert {(one.level, one.code) for one in found if not one.warning} == {("group", "1"), ("set", "1")}
    else:
        assert good == (VERDICTS[name] == "VALID"), found
    assert good == (name in PERFECT or (name.startswith("valid/") and name not in UNSUPPORTED))


def test_an_invoice_in_whole_dollars_is_told(facts: Path) -> None:
    _, found = judged(facts / "samples" / "broken/810__edifixtures-fault_impliedDecimals_inv.edi")
    assert [(one.segment, one.element) for one in found] == [("TDS", "1")]
    assert "two implied decimals" in found[0].text


def test_most_broken_isas_still_name_the_partner(facts: Path) -> None:
    broken = [read((facts / "samples" / name).read_bytes()).faults for name in VERDICTS]
    shortened = [fault for faults in broken for fault in faults if "fixed form" in fault.reason]
    named = [fault for fault in shortened if fault.sender and fault.receiver]
    assert len(shortened) >= 12
    assert len(named) >= len(shortened) - 1


@pytest.mark.parametrize("name", SOUND or ["index.tsv"])
def test_the_independent_checker_agrees(facts: Path, name: str) -> None:
    data = (facts / "samples" / name).read_bytes()
    assert Oracle(facts).errors(data) == []


def test_published_golden_documents_have_no_problem(facts: Path) -> None:
    for path in sorted((facts / "golden").iterdir()):
        good, found = judged(path)
        assert (good, found) == (True, []), path.name
