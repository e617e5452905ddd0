"""Laying what an invoice asks for into the schedules of an order line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ml_connector.peoplesoft.matching.order import ZERO, OrderLine, Schedule

Part = tuple[Schedule, Decimal]


def _zeros() -> defaultdict[int, Decimal]:
    return defaultdict(Decimal)


@dataclass(slots=True)
class Before:
    """What was invoiced of an order line already, by earlier invoices and earlier lines of this one.

    Attributes:
        quantities, amounts: by number of the schedule.
    """

    quantities: defaultdict[int, Decimal] = field(default_factory=_zeros)
    amounts: defaultdict[int, Decimal] = field(default_factory=_zeros)

    @property
    def quantity(self) -> Decimal:
        """Of the whole line."""
        return sum(self.quantities.values(), ZERO)

    @property
    def amount(self) -> Decimal:
        """Of the whole line."""
        return sum(self.amounts.values(), ZERO)

    def add(self, line: OrderLine, schedule: int | None, quantity: Decimal, amount: Decimal) -> None:
        """Count an earlier invoice; where its schedule is not known, the schedules fill up in their order."""
        if schedule is not None and any(row.number == schedule for row in line.schedules):
            self.quantities[schedule] += quantity
            self.amounts[schedule] += amount
            return
        for row, part in by_quantity(line, self, quantity, receipts=False):
            self.quantities[row.number] += part
        for row, part in by_amount(line, self, amount):
            self.amounts[row.number] += part


def by_quantity(line: OrderLine, before: Before, quantity: Decimal, *, receipts: bool) -> list[Part]:
    """A quantity in the schedules: what was received first, then what is left.

    The last schedule takes what is too much. What is taken back comes from what was invoiced, of the
    last schedule first.

    Args:
        receipts: whether receipts count; else schedules fill up in their order.
    """
    used = [before.quantities[row.number] for row in line.schedules]
    if quantity < 0:
        return _taken_back(line, used, -quantity)
    left = [_more(row.quantity - gone) for row, gone in zip(line.schedules, used, strict=True)]
    if not receipts:
        return _laid(line, quantity, left)
    here = [_more(row.accepted - gone) for row, gone in zip(line.schedules, used, strict=True)]
    both = [min(pair) for pair in zip(left, here, strict=True)]
    beyond = [there - part for there, part in zip(here, both, strict=True)]
    to_come = [open_ - part for open_, part in zip(left, both, strict=True)]
    return _laid(line, quantity, both, beyond, to_come)


def by_amount(line: OrderLine, before: Before, amount: Decimal) -> list[Part]:
    """An amount in the schedules of a line by amount only, each up to its own amount."""
    used = [before.amounts[row.number] for row in line.schedules]
    if amount < 0:
        return _taken_back(line, used, -amount)
    return _laid(
        line, amount, [_more(row.amount - gone) for row, gone in zip(line.schedules, used, strict=True)]
    )


def _laid(line: OrderLine, wanted: Decimal, *rooms: Sequence[Decimal]) -> list[Part]:
    parts, left = [ZERO] * len(line.schedules), wanted
    for room in rooms:
        for place, size in enumerate(room):
            part = min(left, size)
            parts[place] += part
            left -= part
    if parts:
        parts[-1] += left
    return list(zip(line.schedules, parts, strict=True))


def _taken_back(line: OrderLine, used: Sequence[Decimal], wanted: Decimal) -> list[Part]:
    parts, left = [ZERO] * len(used), wanted
    for place in reversed(range(len(used))):
        part = min(left, _more(used[place]))
        parts[place] -= part
        left -= part
    if parts:
        parts[-1] -= left
    return list(zip(line.schedules, parts, strict=True))


def _more(amount: Decimal) -> Decimal:
    return max(amount, ZERO)
