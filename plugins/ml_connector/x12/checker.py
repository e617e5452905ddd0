"""Whether an interchange keeps to the standard: envelope, order, elements, counts.

``check`` looks at a whole interchange, ``check_set`` at one transaction set, which is what a
writer asks before it sends. Problems carry the codes of the acknowledgment that would report
them (997, TA1). What readers must tolerate comes as a warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ml_connector.x12.checks import code_lists, envelope, totals
from ml_connector.x12.checks.order import Order
from ml_connector.x12.checks.segments import SegmentChecks
from ml_connector.x12.model import Delimiters, Group, Interchange, Problem, TransactionSet
from ml_connector.x12.tables import Table
from ml_connector.x12.tables.versions import is_old, table_for

NOT_SUPPORTED = "1"
"""AK502: a transaction set that is not known here."""

MAX_PROBLEMS = 1000
"""Of one transaction set. What has more is no X12, and the list would tell nobody anything."""

MAX_OF_ALL = 10_000
"""Of one interchange. Beyond that many, one problem of each further set is enough to refuse it."""

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
    for checked in check_groups(interchange):
        found += checked.problems
        found += [problem for problems in checked.sets for problem in problems]
    return found


def check_outgoing(interchange: Interchange) -> list[Problem]:
    """What ``check`` finds in an interchange of our own, and codes that are not on their long lists.

    Units and bases of prices are among them; see :mod:`ml_connector.x12.checks.code_lists`.
    """
    found = check(interchange)
    for group in interchange.groups:
        version = group.header[8] if len(group.header) > 8 else ""
        for one in group.sets:
            found += code_lists.problems(one, version, interchange.delimiters)
    return found


def check_envelope(interchange: Interchange) -> list[Problem]:
    """What is wrong with ISA, TA1 and IEA; groups are left to ``check_group``."""
    return list(envelope.interchange_problems(interchange))


def check_groups(interchange: Interchange) -> list[GroupCheck]:
    """What is wrong with each group and its sets, in order."""
    seen: set[tuple[str, str]] = set()
    found: list[GroupCheck] = []
    room = MAX_OF_ALL
    for group in interchange.groups:
        key = envelope.group_key(group)
        checked = _group(group, interchange.delimiters, room, repeated=key in seen)
        room -= sum(len(one) for one in checked.sets)
        seen.add(key)
        found.append(checked)
    return found


def check_group(group: Group, delimiters: Delimiters) -> GroupCheck:
    """What is wrong with one group and its sets, as a 997 tells it.

    Whether its number stands on another group of the interchange is asked of ``check_groups``.
    """
    return _group(group, delimiters, MAX_OF_ALL, repeated=False)


def _group(group: Group, delimiters: Delimiters, room: int, *, repeated: bool) -> GroupCheck:
    version = group.header[8] if len(group.header) > 8 else ""
    sets = []
    for one, own in zip(group.sets, envelope.set_problems(group), strict=True):
        found = own + check_set(one, version, delimiters)
        if len(found) > max(room, 1):  # the worst is kept: a set must not pass because of it
            found = sorted(found, key=lambda problem: problem.warning)[: max(room, 1)]
        room -= len(found)
        sets.append(found)
    return GroupCheck(list(envelope.group_problems(group, repeated=repeated)), sets)


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
    if len(found) > MAX_PROBLEMS:  # the worst are kept: a set must not pass because of its warnings
        found = sorted(found, key=lambda problem: problem.warning)[:MAX_PROBLEMS]
    return sorted(found, key=lambda problem: problem.number)


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
