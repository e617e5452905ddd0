"""What others say to the bytes that we write: our own checker, and four that are not ours.

The independent checker is no part of the repository. Without it the other four are asked.
"""

from __future__ import annotations

import io
import os
from functools import cache

import mockedi.validate
import mockedi.x12
import pytest
import x12_tidy
from pyx12.x12file import X12Reader

from ml_connector.x12.checker import check
from ml_connector.x12.model import Interchange, Problem
from ml_connector.x12.reader import read

from .conftest import FACTS
from .oracle import Oracle

# mock-edi's sets leave out segments that the standard has, and its
# lines want prices and product ids, and its lists of codes are short.
_UNKNOWN_TO_MOCK = "is not a segment this transaction set defines"
_IN_ERROR = "5"  # the sum of what is told segment by segment
_OPTIONAL = {("PO1", 4), ("PO1", 6), ("PO1", 7), *(("IT1", position) for position in range(1, 8))}
_EMPTY = "is mandatory and empty"
_SHORT_LIST = "is not a code"
# Sets that mock-edi has no dictionary for.
_MOCK_KNOWS = {"850", "855", "810", "997"}
# x12-tidy holds a version with an industry's suffix for one that differs from ISA12.
_OPINIONS = {"ISA12_GS08_MISMATCH"}


def read_back(data: bytes) -> Interchange:
    """The only interchange of a file, without faults."""
    reading = read(data)
    assert not reading.faults
    (interchange,) = reading.interchanges
    return interchange


def problems(data: bytes) -> list[Problem]:
    return check(read_back(data))


def complaints(data: bytes) -> list[str]:
    """Everything that any of them holds for an error."""
    return [*_ours(data), *_x12check(data), *_mock_edi(data), *_pyx12(data), *_tidy(data)]


@cache
def independent_checker() -> Oracle | None:
    """None where the published material is missing, which only a development machine may do."""
    if not FACTS.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the independent checker is needed at {FACTS}; set ML_FACTS")
        return None
    return Oracle(FACTS)


def _ours(data: bytes) -> list[str]:
    return [f"ours: {one.text}" for one in problems(data)]


def _x12check(data: bytes) -> list[str]:
    checker = independent_checker()
    return [f"x12check: {one}" for one in checker.errors(data)] if checker else []


def _mock_edi(data: bytes) -> list[str]:
    interchange = mockedi.x12.parse(data.decode())
    if not {message.code for _, message in interchange.messages()} <= _MOCK_KNOWS:
        return []
    report = mockedi.validate.validate(interchange)
    found = [f"mock-edi: {one}" for one in (*report.envelope_errors, *report.group_errors.values())]
    found += [f"mock-edi: {one.note}" for one in report.interchange_findings]
    for message in report.messages:
        found += [f"mock-edi: {note}" for code, note in message.set_errors if code != _IN_ERROR]
        for segment in message.segments:
            for one in segment.elements:
                optional = (segment.tag, one.position) in _OPTIONAL and _EMPTY in one.note
                if not optional and _SHORT_LIST not in one.note:
                    found.append(f"mock-edi: {segment.tag}{one.position:02} {one.note}")
            if segment.code and not segment.elements and _UNKNOWN_TO_MOCK not in segment.note:
                found.append(f"mock-edi: {segment.tag} {segment.note}")
    return found


def _pyx12(data: bytes) -> list[str]:
    found = []
    with X12Reader(io.StringIO(data.decode(), newline="")) as reader:
        for _ in reader:
            found += [f"pyx12: {one}" for one in reader.pop_errors()]
        reader.cleanup()
        found += [f"pyx12: {one}" for one in reader.pop_errors()]
    return found


def _tidy(data: bytes) -> list[str]:
    result = x12_tidy.tidy(data)
    return [f"x12-tidy: {one}" for one in result.diagnostics if one.code.name not in _OPINIONS]
