"""Whatever a partner sends: nothing is raised, nothing is lost, and our answers keep to the standard."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_connector.cleo.inbound.filing import Origin
from ml_connector.cleo.inbound.intake import Intake
from ml_connector.core import codec
from ml_connector.x12 import checker, reader
from ml_connector.x12.model import Interchange

from .support import Office, acknowledgment, file, group, invoice, isa

FACTS = Path(os.environ.get("ML_FACTS") or Path(__file__).parents[4] / "shared" / "facts") / "x12" / "samples"

RESPONSE = ["855", "BAK*00*AC*US001-0000000007*20261120", "PO1*1*90*EA*12.5", "ACK*IQ*90*EA", "CTT*1"]
ADVICE = ["824", "BGN*11*ADV-1*20261126", "OTI*TR*PO*US001-0000000007", "TED*024*NO"]
SAID = acknowledgment("PO", 57, "AK2*850*0001", "AK3*PO1*4**8", "AK4*3**7*LB", "AK5*R*5", end="AK9*R*1*1*0")
FILES = [
    file(group("IN", 91, invoice(more=["TXI*ST*70", "SAC*C*D240***1500"]), invoice("INV-2")), wants_ta1=True),
    file(group("PR", 12, RESPONSE), group("AG", 13, ADVICE), number=202),
    file(group("FA", 700, SAID), number=203),
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A file with some bytes changed, left out, doubled or cut off."""
    data = bytearray(draw(st.sampled_from(FILES)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        match draw(st.sampled_from(["change", "remove", "double", "cut"])):
            case "change":
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=3))
            case "remove":
                del data[at : at + draw(st.integers(1, 30))]
            case "double":
                data[at:at] = data[at : at + draw(st.integers(1, 60))]
            case "cut":
                del data[max(at, 100) :]
    return bytes(data)


def keep(office: Office, data: bytes) -> None:
    before = len(office.rows("out"))
    Intake(office.mailbox, office.context).keep(Origin("download/810", "x.edi"), data)
    reading, kept = reader.read(data), {row.content_hash for row in office.rows()}
    contents = [data[one.position : one.position + one.size] for one in reading.interchanges]
    assert {codec.digest_of(one) for one in [*contents, *([data] if reading.faults else [])]} <= kept
    for reply in office.replies()[before - 1 :]:  # the first file out is the order
        assert [problem.text for problem in checker.check(reply) if not problem.warning] == []


def enveloped(content: bytes, found: Interchange, number: int) -> bytes:
    """An interchange as if our partner had sent it to us, under another number."""
    element = found.delimiters.element
    header = isa(number=number).replace("*", element).encode()[:-1]
    ours = header + found.delimiters.component.encode("latin-1") + content[105:]
    mark = re.escape(element).encode()
    return re.sub(rb"(IEA" + mark + rb"\d+" + mark + rb")\d+", rb"\g<1>%09d" % number, ours)


@pytest.fixture
def fresh(office: Office) -> Office:
    """On SQLite and on PostgreSQL, which does not store every text."""
    office.order()
    return office


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=mutated())
def test_broken_files_raise_nothing(fresh: Office, data: bytes) -> None:
    keep(fresh, data)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300))
def test_any_bytes_raise_nothing(fresh: Office, data: bytes) -> None:
    keep(fresh, data)


def test_every_published_sample_is_kept_and_answered(fresh: Office) -> None:
    """With our partner's envelope around what stands in them, as far as they can be read at all."""
    if not FACTS.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the samples are needed at {FACTS}; set ML_FACTS")
        pytest.skip(f"the samples are not at {FACTS}; set ML_FACTS to check against them")
    number = 1000
    for path in sorted(FACTS.rglob("*.*")):
        if path.suffix == ".tsv":
            continue
        data = path.read_bytes()
        keep(fresh, data)
        for found in reader.read(data).interchanges:
            number += 1
            keep(fresh, enveloped(data[found.position : found.position + found.size], found, number))
    assert {"taken", "rejected", "quarantined"} <= set(fresh.statuses())
