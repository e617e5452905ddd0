"""What we sent, read again from the stored bytes: an answer only makes sense beside what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ml_connector.cleo.inbound.envelope import group_code, group_number, whole
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.ledger.exchange import outbound
from ml_connector.core.ledger.exchange.outbound import Exchange
from ml_connector.core.state.store import Store
from ml_connector.x12 import reader
from ml_connector.x12.model import Group, Segment, TransactionSet, X12Error
from ml_connector.x12.values import read_real

_DELETED = "DI"
"""POC02 of a line that is taken off the order."""


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """A line as it was ordered last."""

    quantity: Decimal | None
    unit: str | None
    price: Decimal | None


def sent_set(store: Store, ours: Exchange) -> TransactionSet | None:
    """The transaction set as it left; None where its bytes are older than the retention."""
    try:
        content = outbound.content(store, ours.interchange_id)
    except ConfigurationError:
        return None
    groups = [group for one in reader.read(content).interchanges for group in one.groups]
    found = [
        one
        for group in groups
        if _is_group(group, ours)
        for one in group.sets
        if one.number == ours.set_number
    ]
    return found[0] if found else None


def ordered_lines(store: Store, ours: Sequence[Exchange]) -> dict[str, OrderedLine]:
    """The lines of an order by number, after all its changes.

    Args:
        ours: what was sent for the order, oldest first.
    """
    lines: dict[str, OrderedLine] = {}
    for one in ours:
        found = sent_set(store, one)
        for segment in found.segments if found else ():
            if segment[0] == "PO1":
                lines[_at(segment, 1)] = OrderedLine(
                    _number(segment, 2), _text(segment, 3), _number(segment, 4)
                )
            elif segment[0] == "POC" and _at(segment, 2) == _DELETED:
                lines.pop(_at(segment, 1), None)
            elif segment[0] == "POC":
                lines[_at(segment, 1)] = OrderedLine(
                    _number(segment, 3), _text(segment, 5), _number(segment, 6)
                )
    return lines


def _is_group(group: Group, ours: Exchange) -> bool:
    return (group_code(group), group_number(group)) == (ours.group_code, ours.group_number)


def _at(segment: Segment, position: int) -> str:
    return segment[position].strip() if position < len(segment) else ""


def _text(segment: Segment, position: int) -> str | None:
    return _at(segment, position) or None


def _number(segment: Segment, position: int) -> Decimal | None:
    try:
        return read_real(_at(segment, position), segment[0]) if _at(segment, position) else None
    except X12Error:
        return None


def same_number(one: str, other: str) -> bool:
    """Whether two control numbers or line numbers are the same, whatever their leading zeros."""
    return one == other or (whole(one) is not None and whole(one) == whole(other))
