"""What a partner finds wrong with what it receives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from .elements import Fault, wrong_elements
from .grammar import SETS, misplaced
from .profile import Partner
from .x12 import SET_OF_GROUP, Group, Interchange, Segment, Set, get

UNITS = {"PO1": 3, "POC": 5, "IT1": 3, "SCH": 2}
LINES = {"850": "PO1", "860": "POC", "810": "IT1"}
DATES = {"850": ("BEG", 5), "860": ("BCH", 6), "810": ("BIG", 1)}


@dataclass(frozen=True)
class Note:
    """One AK3 with its AK4s."""

    name: str
    position: int
    code: str
    elements: tuple[Fault, ...] = ()

    def text(self) -> str:
        """For people."""
        places = ", ".join(f"element {fault.element} code {fault.code}" for fault in self.elements)
        return f"{self.name} at segment {self.position}: code {self.code}" + (
            f" ({places})" if places else ""
        )


@dataclass
class Verdict:
    """What became of one set."""

    item: Set
    notes: list[Note] = field(default_factory=list)

    @property
    def codes(self) -> list[str]:
        """AK502 and so on; empty when the set is good."""
        return [*self.item.faults, *(["5"] if self.notes else [])]

    def reasons(self) -> list[str]:
        """For people."""
        return [f"set: code {code}" for code in self.item.faults] + [note.text() for note in self.notes]


def judge(partner: Partner, interchange: Interchange, group: Group) -> tuple[list[str], list[Verdict]]:
    """Codes for the group (AK905), and a verdict for each of its sets."""
    codes = list(group.faults)
    kind = SET_OF_GROUP.get(group.code)
    if kind not in (*partner.takes, "997"):
        codes.append("1")
    elif not any(partner.allows(group.version, _days(group, item)) for item in group.sets):
        codes.append("2")
    return codes, [judge_set(partner, interchange, group, item) for item in group.sets]


def _days(group: Group, item: Set) -> tuple[str, ...]:
    name, number = DATES.get(item.kind, ("", 0))
    return get(group.header, 4), item.value(name, number)


def judge_set(partner: Partner, interchange: Interchange, group: Group, item: Set) -> Verdict:
    """What is wrong with one set."""
    verdict = Verdict(item)
    if item.kind != SET_OF_GROUP.get(group.code) or item.kind not in SETS:
        item.faults.append("6")
        return verdict
    for place in misplaced(item, group.version):
        verdict.notes.append(Note(place.name, place.position, place.code))
    for position, segment in enumerate(item.segments, 1):
        faults = tuple(wrong_elements(segment, interchange.marks, group.version))
        faults += tuple(_units(partner, segment))
        if faults:
            verdict.notes.append(Note(segment[0][:3], position, "8", faults))
    verdict.notes += [*_required(partner, item), *_counted(item), *_total(item)]
    return verdict


def _units(partner: Partner, segment: Segment) -> Iterator[Fault]:
    number = UNITS.get(segment[0])
    if number is not None and (unit := get(segment, number)) and unit not in partner.units:
        yield Fault(number, "7", unit)


def _required(partner: Partner, item: Set) -> Iterator[Note]:
    for wanted in partner.requires.get(item.kind, ()):
        name, _, first = wanted.partition("*")
        if not any(get(segment, 1) == first for segment in item.all(name)):
            yield Note(name, len(item.segments), "3")


def _counted(item: Set) -> Iterator[Note]:
    """CTT01 is the number of lines, CTT02 the sum of their quantities."""
    name = LINES.get(item.kind)
    for position, segment in enumerate(item.segments, 1):
        if segment[0] != "CTT" or name is None:
            continue
        lines = item.all(name)
        if get(segment, 1) != str(len(lines)):
            yield Note("CTT", position, "8", (Fault(1, "7", get(segment, 1)),))
        quantity = 3 if name == "POC" else 2
        if get(segment, 2) and _number(get(segment, 2)) != sum(
            (_number(get(line, quantity)) for line in lines), Decimal(0)
        ):
            yield Note("CTT", position, "8", (Fault(2, "7", get(segment, 2)),))


def _total(item: Set) -> Iterator[Note]:
    """An invoice adds up to TDS01, which has two implied decimals."""
    for position, segment in enumerate(item.segments, 1):
        if segment[0] == "TDS" and abs(_number(get(segment, 1)) / 100 - footing(item)) > Decimal("0.05"):
            yield Note("TDS", position, "8", (Fault(1, "7", get(segment, 1)),))


def miscounted(item: Set) -> list[str]:
    """Where a 997 contradicts itself: AK902 and AK903 count its AK5, AK904 those that accept."""
    codes = [get(segment, 1) for segment in item.all("AK5")]
    said = [item.value("AK9", number) for number in (2, 3, 4)]
    good = str(sum(code in ("A", "E") for code in codes))
    counted = [str(len(codes)), str(len(codes)), good]
    return [f"AK9 says {said}, and AK5 {counted}"] if codes and said != counted else []


def footing(item: Set) -> Decimal:
    """Lines, charges, allowances and taxes of an 810."""
    total = Decimal(0)
    for segment in item.segments:
        match segment[0]:
            case "IT1":
                total += round(_number(get(segment, 2)) * _number(get(segment, 4)), 2)
            case "SAC":
                amount = _number(get(segment, 5)) / 100
                total += amount * {"C": 1, "A": -1}.get(get(segment, 1), 0)
            case "TXI":
                total += _number(get(segment, 2))
    return total


def _number(text: str) -> Decimal:
    try:
        return Decimal(text or "0")
    except ArithmeticError:
        return Decimal(0)
