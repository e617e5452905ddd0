"""What we read is what others read; what a simulated partner sends is judged as it deserves."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import mockedi.x12
import pytest
import x12_tidy
from mockedi.testing import Mock
from pyx12.x12file import X12Reader

from ml_connector.x12.checker import check
from ml_connector.x12.model import Interchange
from ml_connector.x12.reader import read

from .conftest import EXAMPLES
from .support import example, interchange

NAMES = sorted(path.name for path in EXAMPLES.iterdir())


def flat(one: Interchange) -> Iterator[tuple[str, ...]]:
    """All segments in the order of the file."""
    yield one.header
    yield from one.acknowledgments
    for group in one.groups:
        yield group.header
        for made in group.sets:
            yield from made.segments
        yield from [group.trailer] if group.trailer else []
    yield from [one.trailer] if one.trailer else []


@pytest.mark.parametrize("name", NAMES)
def test_mock_edi_reads_the_same(name: str) -> None:
    theirs = mockedi.x12.split_segments(
        example(name).decode(), mockedi.x12.read_delimiters(example(name).decode())
    )
    element = interchange(example(name)).delimiters.element
    assert [tuple(one.rstrip(element).split(element)) for one in theirs] == list(
        flat(interchange(example(name)))
    )


@pytest.mark.parametrize("name", NAMES)
def test_pyx12_reads_the_same(name: str) -> None:
    with X12Reader(io.StringIO(example(name).decode(), newline="")) as reader:
        theirs = [one.format("~", "*", ">").rstrip("~").split("*") for one in reader]
    ours = [[part.replace(":", ">") for part in one] for one in flat(interchange(example(name)))]
    assert theirs[1:] == ours[1:]  # it strips the blanks of an ISA


NO_GROUP = {"ISA_GS_NOT_FOUND"}
"""What x12-tidy misses in an interchange that only acknowledges."""


def tidy(data: bytes) -> set[str]:
    return {one.code.name for one in x12_tidy.tidy(data).diagnostics}


def pyx12_errors(data: bytes) -> list[Any]:
    found: list[Any] = []
    with X12Reader(io.StringIO(data.decode(), newline="")) as reader:
        for _ in reader:
            found += reader.pop_errors()
        reader.cleanup()
        found += reader.pop_errors()
    return found


@pytest.mark.parametrize("name", NAMES)
def test_nobody_finds_anything_in_our_examples(name: str) -> None:
    assert tidy(example(name)) <= NO_GROUP
    assert pyx12_errors(example(name)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("SE*29*0001", "SE*28*0001"),
        ("SE*29*0001", "SE*29*0009"),
        ("SE*29*0001~\n", ""),
        ("GE*2*101", "GE*1*101"),
        ("GE*2*101", "GE*2*102"),
        ("IEA*1*000000101", "IEA*2*000000101"),
        ("IEA*1*000000101", "IEA*1*000000102"),
    ],
)
def test_everybody_finds_a_broken_envelope(old: str, new: str) -> None:
    data = example("850_004010.edi").replace(old.encode(), new.encode(), 1)
    ours = [one for one in check(interchange(data)) if not one.warning]
    assert all([ours, tidy(data), pyx12_errors(data)]), (ours, tidy(data), pyx12_errors(data))


def test_a_partner_answers_what_we_read() -> None:
    data = example("850_004010.edi").decode()
    data = data.replace("PSFTUS001      ", "ACME           ").replace("PSFTUS001", "ACME")
    data = data.replace("01*123456789      ", "ZZ*MOCKEDI        ").replace("123456789", "MOCKEDI")
    data = data.replace("BP*10001*VP*CABLE-2M", "VP*CABLE-2M").replace("BP*10002", "VP*BRKT-050")
    with Mock.start() as partner:
        partner.send(data)
        partner.settle()
        answers = [(one["code"], read(one["payload"].encode())) for one in partner.mailbox()]
    assert {code for code, _ in answers} == {"997", "855", "856", "810"}
    for code, reading in answers:
        (one,) = reading.interchanges
        found = {(problem.level, problem.code) for problem in check(one) if not problem.warning}
        assert reading.faults == ()
        assert found == KNOWN.get(code, set()), code


KNOWN = {
    "855": {("segment", "7")},  # it puts PID and REF behind ACK, which 004010 has in front
    "856": {("group", "1"), ("set", "1")},  # no set that we know
}
