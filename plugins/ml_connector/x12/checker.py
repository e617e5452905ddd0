"""Whether an interchange keeps to the standard: envelope, order, elements, counts.

``check`` looks at a whole interchange, ``check_set`` at one transaction set, which is what a
writer asks before it sends. Problems carry the codes of the acknowledgment that would report
them (997, TA1). What readers must tolerate comes as a warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from .checks import envelope, totals
from .checks.order import Order
from .checks.segments import SegmentChecks
from .model import Delimiters, Group, Interchange, Problem, TransactionSet
from .tables import Table
from .tables.versions import is_old, table_for

NOT_SUPPORTED = "1"
"""AK502: a transaction set that is not known here."""

MAX_PROBLEMS = 1000
"""Of one transaction set. What has more is no X12, and the list would tell nobody anything."""

_DEFAULT = Delimiters()


@dataclass(frozen=True, slots=True)
class GroupCheck:
    """What is wrong with a group.

    Attributes:
        problems: with its GS and GE.
        sets: with each of its transaction sets, in order.
    """

    problems: list[Problem]
    sets: list[list[Problem]]


def check(interchange: Interchange) -> list[Problem]:
    """Everything that is wrong with an interchange, in the order in which it stands there.

    Warnings are among it; an interchange without other problems may be processed.
    """
    found = check_envelope(interchange)
    for group in interchange.groups:
        checked = check_group(group, interchange.delimiters)
        found += checked.problems
        found += [problem for problems in checked.sets for problem in problems]
    return found


def check_envelope(interchange: Interchange) -> list[Problem]:
    """What is wrong with ISA, TA1 and IEA; groups are left to ``check_group``."""
    return list(envelope.interchange_problems(interchange))


def check_group(group: Group, delimiters: Delimiters) -> GroupCheck:
    """What is wrong with a group and its sets, as a 997 tells it."""
    version = group.header[8] if len(group.header) > 8 else ""
    inside = (check_set(one, version, delimiters) for one in group.sets)
    sets = [own + found for own, found in zip(envelope.set_problems(group), inside, strict=True)]
    return GroupCheck(list(envelope.group_problems(group)), sets)


def check_set(
    transaction_set: TransactionSet, version: str, delimiters: Delimiters = _DEFAULT
) -> list[Problem]:
    """What is wrong inside one transaction set: order, loops, elements, counts.

    Args:
        transaction_set: ST to SE; a missing or wrong SE is reported by ``check``.
        version: GS08, e.g. ``004010`` or ``004010VICS``.
        delimiters: those it is written with. Elements may not contain them.
    """
    table = table_for(version)
    code, segments = transaction_set.code, transaction_set.segments
    rules = _rules(table.version, delimiters, is_old(version))
    order = rules.order(code)
    if order is None:
        text = f"Transaction set {code[:3]!r} is not supported."
        return [Problem("set", NOT_SUPPORTED, text, "ST", 1, "1", code[:99])]
    found = order.problems(segments, MAX_PROBLEMS) + rules.elements.problems(segments, MAX_PROBLEMS)
    found += totals.problems(code, segments)
    return sorted(found, key=lambda problem: problem.number)[:MAX_PROBLEMS]


class _Rules:
    """What one version and one choice of delimiters ask for, compiled as it is needed."""

    def __init__(self, table: Table, delimiters: Delimiters, *, old: bool) -> None:
        self._table, self._orders = table, dict[str, Order]()
        self.elements = SegmentChecks(table, delimiters, old=old)

    def order(self, code: str) -> Order | None:
        if code not in self._table.sets:
            return None
        if code not in self._orders:
            self._orders[code] = Order(self._table, self._table.sets[code])
        return self._orders[code]


@lru_cache(maxsize=32)
def _rules(version: str, delimiters: Delimiters, old: bool) -> _Rules:
    return _Rules(table_for(version), delimiters, old=old)
