"""Counts and totals that a transaction set states about itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation

from ml_connector.x12.model import Problem, Segment

LINES = {"850": ("PO1", 2), "855": ("PO1", 2), "860": ("POC", 3), "810": ("IT1", 2)}
"""The segment that begins a line, which CTT01 counts, and its element with the quantity."""

REJECTED = frozenset("RMWX")
"""AK501 and AK901: not accepted."""

WRONG = "7"
"""AK403 for a value that contradicts the rest of the set; there is no closer code."""

_CENT = Decimal("0.01")


def problems(code: str, segments: Sequence[Segment]) -> Iterator[Problem]:
    """Where a set contradicts its own counts and totals. Values that are no numbers are left to others."""
    if code in LINES:
        yield from _lines(*LINES[code], segments)
    if code == "810":
        yield from _invoice(segments)
    if code == "997":
        yield from _acknowledgment(segments)


def _lines(line: str, position: int, segments: Sequence[Segment]) -> Iterator[Problem]:
    stated = [(number, one) for number, one in enumerate(segments, 1) if one[0] == "CTT"]
    if not stated:
        return
    number, total = stated[0]
    lines = [one for one in segments if one[0] == line]
    count, quantity = _number(total, 1), _number(total, 2)
    if count is not None and count != len(lines):
        yield _wrong(total, number, 1, f"is {count}, but there are {len(lines)} {line}")
    if quantity is not None and quantity != sum(_number(one, position) or 0 for one in lines):
        text = f"is not the sum of {line}{position:02d}"
        yield _wrong(total, number, 2, text, warning=True)  # many send another total here


def _invoice(segments: Sequence[Segment]) -> Iterator[Problem]:
    stated = [(number, one) for number, one in enumerate(segments, 1) if one[0] == "TDS"]
    total = _number(stated[0][1], 1) if stated else None
    if total is None:
        return
    number, segment = stated[0]
    amounts = [amount for one in segments for amount in [_amount(one)] if amount is not None]
    lines = sum(1 for one in segments if one[0] == "IT1")
    computed, tolerance = sum(amounts, Decimal(0)), max(_CENT * lines, Decimal("0.05"))
    if abs(total * _CENT - computed) <= tolerance:
        return
    whole = computed != 0 and abs(total - computed) <= tolerance
    reason = (
        "it looks like an amount without its two implied decimals"
        if whole
        else "charges may be in the prices"
    )
    yield _wrong(
        segment, number, 1, f"is not what lines, charges and taxes add up to; {reason}", warning=True
    )


def _amount(segment: Segment) -> Decimal | None:
    """What a segment adds to the total of an invoice."""
    if segment[0] == "IT1":
        quantity, price = _number(segment, 2), _number(segment, 4)
        return None if quantity is None or price is None else quantity * price
    if segment[0] == "TXI":
        return _number(segment, 2)
    if segment[0] == "SAC" and segment[1:2] in {("A",), ("C",)}:
        amount = _number(segment, 5)
        return None if amount is None else amount * (-_CENT if segment[1] == "A" else _CENT)
    return None


def _acknowledgment(segments: Sequence[Segment]) -> Iterator[Problem]:
    totals = [(number, one) for number, one in enumerate(segments, 1) if one[0] == "AK9"]
    if not totals:
        return
    number, total = totals[0]
    received, accepted = _number(total, 3), _number(total, 4)
    if received is None or accepted is None:
        return
    answers = [one[1] for one in segments if one[0] == "AK5" and len(one) > 1]
    listed = sum(1 for one in segments if one[0] == "AK2")
    rejected = sum(answer in REJECTED for answer in answers)
    if accepted > received:
        yield _wrong(total, number, 4, f"says {accepted} accepted of {received} received")
    if listed > received:
        yield _wrong(total, number, 3, f"says {received} received, but {listed} are answered")
    if listed == received and accepted != received - rejected:
        text = f"says {accepted} accepted, but {rejected} of {received} are rejected"
        yield _wrong(total, number, 4, text, warning=True)
    if total[1] == "A" and rejected:
        yield _wrong(total, number, 1, f"accepts the group, but {rejected} sets are rejected", warning=True)
    if total[1] == "R" and accepted:
        yield _wrong(total, number, 1, f"rejects the group, but {accepted} sets are accepted", warning=True)


def _number(segment: Segment, position: int) -> Decimal | None:
    value = segment[position] if position < len(segment) else ""
    try:
        number = Decimal(value) if value.isascii() else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def _wrong(segment: Segment, number: int, position: int, text: str, *, warning: bool = False) -> Problem:
    sentence = f"Segment {number}: {segment[0]}{position:02d} {text}."
    return Problem(
        "element", WRONG, sentence, segment[0], number, str(position), segment[position][:99], warning
    )  # fmt: skip
