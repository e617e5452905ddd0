"""Making small interchanges, and asking for what is wrong with one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ml_connector.x12.checker import check
from ml_connector.x12.model import Interchange, Problem, Segment
from ml_connector.x12.reader import read

from .conftest import EXAMPLES

HEADER = (
    "ISA*00*          *00*          *ZZ*PSFTUS001      *01*123456789      "
    "*261120*1015*U*00401*000000007*0*T*>~"
)
GROUPS = {"850": "PO", "855": "PR", "860": "PC", "810": "IN", "824": "AG", "997": "FA"}


def example(name: str) -> bytes:
    return (EXAMPLES / name).read_bytes()


def interchange(data: bytes) -> Interchange:
    """The only interchange of a file without faults."""
    reading = read(data)
    assert reading.faults == ()
    (one,) = reading.interchanges
    return one


def problems(data: bytes) -> list[Problem]:
    return check(interchange(data))


def errors(data: bytes) -> list[tuple[str, str, str, int, str]]:
    """What is wrong, warnings aside: level, code, segment, number, element."""
    return [
        (one.level, one.code, one.segment, one.number, one.element)
        for one in problems(data)
        if not one.warning
    ]


def warnings(data: bytes) -> list[tuple[str, str, str, int, str]]:
    return [
        (one.level, one.code, one.segment, one.number, one.element) for one in problems(data) if one.warning
    ]


def rendered(segments: Iterable[Segment]) -> str:
    return "".join("*".join(segment) + "~" for segment in segments)


def wrapped(code: str, body: Sequence[Segment], version: str = "004010") -> bytes:
    """One transaction set, ST and SE added, in an interchange of its own."""
    framed = [("ST", code, "0001"), *body, ("SE", str(len(body) + 2), "0001")]
    group = ("GS", GROUPS.get(code, "PO"), "PSFTUS001", "123456789", "20261120", "1015", "1", "X", version)
    header = HEADER if version < "005" else HEADER.replace("*U*00401*", "*^*00501*")
    return (header + rendered([group, *framed, ("GE", "1", "1"), ("IEA", "1", "000000007")])).encode()


def text(*lines: str) -> list[Segment]:
    """Segments as one writes them down: ``text("BEG*00*SA*1**20261120")``."""
    return [tuple(line.split("*")) for line in lines]
