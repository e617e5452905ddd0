"""Counts and totals that a transaction set states about itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, localcontext

from ml_connector.x12.documents.invoice_footing import Footing, foot_either_way
from ml_connector.x12.documents.invoice_reader import CreditSign, read_invoice
from ml_connector.x12.model import Problem, Segment, TransactionSet, X12Error
from ml_connector.x12.values import read_real

LINES = {"850": ("PO1", 2), "855": ("PO1", 2), "860": ("POC", 3), "810": ("IT1", 2)}
"""The segment that begins a line, which CTT01 counts, and its element with the quantity."""

REJECTED = frozenset("RMWX")
"""AK501 and AK901: not accepted."""

WRONG = "7"
"""AK403 for a value that contradicts the rest of the set; there is no closer code."""

_SIGNS: tuple[CreditSign, ...] = ("type", "negative")
_DIGITS = 100  # the usual 28 would round long sums


def problems(code: str, segments: Sequence[Segment]) -> Iterator[Problem]:
    """Where a set contradicts its own counts and totals. Values that are no numbers are left to others.

    Only counts are a matter of syntax. The rest is worth a look here, and no acknowledgment tells it.
    """
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
    with localcontext(prec=_DIGITS):
        summed = sum(_number(one, position) or 0 for one in lines)
    if quantity is not None and quantity != summed:
        text = f"is not the sum of {line}{position:02d}"
        yield _wrong(total, number, 2, text, warning=True)  # many send another total here


def _invoice(segments: Sequence[Segment]) -> Iterator[Problem]:
    footing = _footing(segments)
    if footing is None or footing.fits:
        return
    number, segment = next((number, one) for number, one in enumerate(segments, 1) if one[0] == "TDS")
    reason = "charges may be in the prices"
    if footing.other_units:
        reason = "a price is for another unit than its quantity"
    elif footing.in_units:
        reason = "it looks like an amount without its two implied decimals"
    text = f"is not what lines, charges and taxes add up to; {reason}"
    yield _wrong(segment, number, 1, text, warning=True)


def _footing(segments: Sequence[Segment]) -> Footing | None:
    """As invoices are added up everywhere, with the total's own sign; None where it cannot be read."""
    found = TransactionSet(tuple(segments))
    for sign in _SIGNS:
        try:
            return foot_either_way(read_invoice(found, credit_sign=sign))
        except X12Error:
            continue
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
    try:
        return read_real(segment[position] if position < len(segment) else "", segment[0])
    except X12Error:
        return None


def _wrong(segment: Segment, number: int, position: int, text: str, *, warning: bool = False) -> Problem:
    sentence = f"Segment {number}: {segment[0]}{position:02d} {text}."
    return Problem(
        "element", WRONG, sentence, segment[0], number, str(position), segment[position][:99], warning,
        told=not warning,
    )  # fmt: skip
