"""X12 beside mock-edi, in one process: ``python -m benchmarks.x12``.

1,000 purchase orders of 5 lines (33,000 segments). Writing with the self-check that every
interchange passes before it leaves, against mock-edi's rendering and validation; parsing and
checking against mock-edi's. Only the ratios mean anything elsewhere.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import mockedi.validate
import mockedi.x12

from ml_connector.x12.checker import check
from ml_connector.x12.documents.parts import Contact, DateOf, Party, Reference, Terms
from ml_connector.x12.documents.purchase_order import OrderLine, PurchaseOrder, build_purchase_order
from ml_connector.x12.model import Segment
from ml_connector.x12.reader import read
from ml_connector.x12.text import Dialect
from ml_connector.x12.writer import ControlNumbers, Envelope, write

ORDERS, LINES = 1000, 5
REPETITIONS = 7

DIALECT = Dialect()
ENVELOPE = Envelope(
    sender=("ZZ", "PSFTUS001"),
    receiver=("01", "123456789"),
    group_sender="PSFTUS001",
    group_receiver="123456789",
    at=datetime(2026, 11, 20, 9, 15, tzinfo=UTC),
    dialect=DIALECT,
    usage="T",
)


@dataclass(frozen=True)
class Comparison:
    """Median seconds of both sides for the same work."""

    what: str
    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        """Our time as a part of theirs: below 1 we are faster."""
        return self.ours / self.theirs


def compare(repetitions: int = REPETITIONS) -> list[Comparison]:
    """Both sides take turns, so that whatever else the machine does meets both."""
    documents = sets()
    data = write_and_check(documents)
    payload = data.decode()
    theirs = mockedi.x12.parse(payload)
    return [
        _compared(
            "write + check",
            lambda: write_and_check(documents),
            lambda: render_and_validate(theirs),
            repetitions,
        ),
        _compared(
            "parse + check", lambda: parse_and_check(data), lambda: parse_and_validate(payload), repetitions
        ),
    ]


def sets(orders: int = ORDERS) -> list[list[Segment]]:
    """The orders as segments; 33 each with ST and SE."""
    return [build_purchase_order(_order(number), DIALECT) for number in range(orders)]


def write_and_check(documents: Sequence[Sequence[Segment]]) -> bytes:
    """What every document goes through before it leaves.

    Raises:
        AssertionError: the check found something: the times would mean nothing.
    """
    data = write(ENVELOPE, ControlNumbers(1, 1), "PO", documents)
    parse_and_check(data)
    return data


def parse_and_check(data: bytes) -> None:
    """What every received document goes through."""
    reading = read(data)
    assert not reading.faults
    (interchange,) = reading.interchanges
    assert not check(interchange)


def render_and_validate(interchange: mockedi.x12.Interchange) -> None:
    """The same at mock-edi."""
    mockedi.x12.render(interchange)
    mockedi.validate.validate(interchange)


def parse_and_validate(payload: str) -> None:
    """The same at mock-edi."""
    mockedi.validate.validate(mockedi.x12.parse(payload))


def main() -> None:
    """Print both comparisons."""
    started = time.perf_counter()
    documents = sets()
    built = time.perf_counter() - started
    segments = sum(len(one) + 2 for one in documents)
    print(f"{ORDERS} orders of {LINES} lines, {segments} segments, median of {REPETITIONS}")
    print(f"data classes to segments, which mock-edi's render starts from: {built:.3f} s")
    for one in compare():
        print(f"{one.what}: ours {one.ours:.3f} s, mock-edi {one.theirs:.3f} s, ratio {one.ratio:.2f}")


def _compared(
    what: str, ours: Callable[[], object], theirs: Callable[[], object], repetitions: int
) -> Comparison:
    timed: tuple[list[float], list[float]] = ([], [])
    for _ in range(repetitions):
        for times, work in zip(timed, (ours, theirs), strict=True):
            gc.collect()
            started = time.perf_counter()
            work()
            times.append(time.perf_counter() - started)
    return Comparison(what, *map(statistics.median, timed))


def _order(number: int) -> PurchaseOrder:
    """Of segments that mock-edi knows too: what it does not know it would not have to check."""
    return PurchaseOrder(
        number=f"US001-{number:010}",
        date="2026-11-20",
        currency="USD",
        references=(Reference("IA", "0000000002"),),
        contacts=(Contact(name="Smith, Pat", phone="5551234567", mail="pat.smith@example.com"),),
        terms=Terms(type="01", basis="3", percent=Decimal(2), discount_days=10, net_days=30),
        dates=(DateOf("002", "2026-12-04"),),
        parties=tuple(_party(role) for role in ("BT", "ST", "VN")),
        lines=tuple(_line(line) for line in range(1, LINES + 1)),
    )


def _party(role: str) -> Party:
    return Party(
        role=role,
        name="Dayton plant",
        qualifier="92",
        id="PLT01",
        address=("900 Industrial Pkwy", "Dock 4"),
        city="Dayton",
        state="OH",
        postal_code="45402",
        country="US",
    )


def _line(line: int) -> OrderLine:
    return OrderLine(
        number=str(line),
        quantity=Decimal(10 * line),
        unit="EA",
        price=Decimal("12.50"),
        basis="PE",
        ids=(("BP", f"1000{line}"), ("VP", f"AX-3156{line}")),
        description=f"Hex bolt M8 x {line}0, zinc",
        dates=(DateOf("002", "2026-12-04"),),
    )


if __name__ == "__main__":
    main()
