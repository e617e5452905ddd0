"""The envelope: ISA, GS and ST with their trailers, control numbers and counts.

Control numbers are compared as numbers: senders pad them in one place and not in the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ml_connector.x12.checks.elements import faults
from ml_connector.x12.checks.segments import SegmentChecks
from ml_connector.x12.model import Group, Interchange, Level, Problem, Segment, TransactionSet
from ml_connector.x12.tables import Element
from ml_connector.x12.tables.versions import exact, is_old, release, table_for

_ISA_DATE, _TIME = Element("I08", "DT", 6, 6), Element("I09", "TM", 4, 4)
_GS_DATE, _GS_TIME = Element("373", "DT", 8, 8), Element("337", "TM", 4, 8)

MIXED = "SC"
"""GS01 of the supply-chain guides, which put sets of several kinds under one code."""

_GROUP = "1"
"""AK905: the group is not taken; the list has no code of its own for most elements of a GS."""

_CODE, _NUMBER = re.compile(r"[!-~]{1,3}"), re.compile(r"[!-~]{1,9}")
"""ST01 and ST02 as far as an acknowledgment can repeat them."""

ISA_RULES = (
    (1, "010", r"0[0-6]", "is no authorization qualifier"),
    (3, "012", r"0[01]", "is no security qualifier"),
    (5, "005", r"[0-9A-Z]{2}", "is no qualifier of a sender"),
    (6, "006", r".*\S.*", "names no sender"),
    (7, "007", r"[0-9A-Z]{2}", "is no qualifier of a receiver"),
    (8, "008", r".*\S.*", "names no receiver"),
    (12, "017", r"[0-9]{5}", "is no version"),
    (13, "018", r"[0-9]{9}", "is no control number of nine digits"),
    (14, "019", r"[01]", "is neither 0 nor 1"),
    (15, "020", r"[PTI]", "is neither P (production) nor T (test) nor I (information)"),
)
"""Elements of the ISA: position, TA105, what is right, and what to say otherwise."""


def interchange_problems(interchange: Interchange) -> Iterator[Problem]:
    """ISA, TA1 and IEA; groups are left to ``group_problems``."""
    yield from _header(interchange)
    for fault in interchange.faults:
        yield Problem("interchange", "022", fault.reason)
    yield from _acknowledgments(interchange)
    if not interchange.groups and not interchange.acknowledgments:
        yield Problem("interchange", "022", "The interchange holds neither a group nor a TA1.", "ISA")
    yield from _trailer(interchange)


def group_key(group: Group) -> tuple[str, str]:
    """GS01 and GS06: what a group is known by."""
    header = _padded(group.header, 8)
    return header[1], header[6].lstrip("0")


def group_problems(group: Group, *, repeated: bool = False) -> Iterator[Problem]:
    """GS and GE; sets are left to ``set_problems``.

    Args:
        repeated: an earlier group of the interchange has its number.
    """
    header = _padded(group.header, 8)
    yield from _group_header(header, len(group.header) - 1)
    if repeated:
        yield _problem("group", "6", "GS06 stands on an earlier group of the interchange too.", header, 6)
    yield from _version(header)
    yield from _unnamed(group)
    if group.trailer is None:
        yield _problem("group", "3", "The group has no GE.", header, 6)
        return
    trailer = _padded(group.trailer, 2)
    yield from _blanks(trailer, "group", "5")
    if _number(trailer[1]) != len(group.sets):
        text = f"GE01 is wrong: the group holds {len(group.sets)} transaction sets."
        yield _problem("group", "5", text, trailer, 1)
    yield from _same(header, 6, trailer, "group", "4")


def set_problems(group: Group) -> Iterator[list[Problem]]:
    """ST and SE of each set of a group, in order."""
    seen: set[str] = set()
    for one in group.sets:
        header, trailer = (
            ("ST", one.code, one.number),
            _padded(one.segments[-1] if one.segments else ("ST",), 2),
        )
        found = list(_set_header(header, group.header, seen))
        if trailer[0] == "SE":
            found += _set_trailer(header, trailer, one)
        else:
            found.append(_problem("set", "2", "The set has no SE.", header, 2))
        seen.add(header[2])
        yield found


def _header(interchange: Interchange) -> Iterator[Problem]:
    header = _padded(interchange.header, 16)
    for position, code, right, text in ISA_RULES:
        if not re.fullmatch(right, header[position], re.ASCII):
            yield _problem("interchange", code, f"ISA{position:02d} {text}.", header, position)
    for position, code, element in ((9, "014", _ISA_DATE), (10, "015", _TIME)):
        for _, text in _faults(header[position], element):
            yield _problem("interchange", code, f"ISA{position:02d} {text}.", header, position)
    if header[12] >= "00402" and interchange.delimiters.repetition is None:
        text = "ISA11 names no repetition separator, which version 00402 and later ask for."
        yield _problem("interchange", "016", text, header, 11, warning=True)
    versions = {release(_padded(group.header, 8)[8])[:5] for group in interchange.groups} - {""}
    if versions - {header[12]}:
        yield _problem(
            "interchange", "017", "ISA12 and GS08 name different versions.", header, 12, warning=True
        )


def _acknowledgments(interchange: Interchange) -> Iterator[Problem]:
    checks = SegmentChecks(table_for(""), interchange.delimiters)
    for segment in interchange.acknowledgments:
        for found in checks.closely(segment, 1):
            yield Problem(
                "interchange", "024", found.text.replace("Segment 1: ", ""), "TA1", 0, found.element,
                found.value, found.warning,
            )  # fmt: skip


def _trailer(interchange: Interchange) -> Iterator[Problem]:
    header = _padded(interchange.header, 16)
    if interchange.trailer is None:
        yield _problem("interchange", "023", "The interchange has no IEA: it may be cut off.", header, 13)
        return
    trailer = _padded(interchange.trailer, 2)
    yield from _blanks(trailer, "interchange", "022")
    if _number(trailer[1]) != len(interchange.groups):
        text = f"IEA01 is wrong: the interchange holds {len(interchange.groups)} groups."
        yield _problem("interchange", "021", text, trailer, 1)
    yield from _same(header, 13, trailer, "interchange", "001")


def _group_header(header: Segment, elements: int) -> Iterator[Problem]:
    if header[1] not in {MIXED, *(rule.group for rule in table_for(header[8]).sets.values())}:
        yield _problem("group", _GROUP, "Groups of this GS01 are not supported.", header, 1)
    if elements > 8:
        yield _problem("group", _GROUP, f"GS has {elements} elements instead of 8.", header, 9)
    for position in (2, 3):
        if not (2 <= len(header[position]) <= 15 and header[position].strip()):
            text = f"GS{position:02d} is no id of 2 to 15 characters."
            yield _problem("group", _GROUP, text, header, position)
    old = is_old(header[8])
    for position, element in ((4, _GS_DATE), (5, _GS_TIME)):
        for _, text in _faults(header[position], element, old=old):
            yield _problem("group", _GROUP, f"GS{position:02d} {text}.", header, position)
    if not re.fullmatch(r"[0-9]{1,9}", header[6]):
        yield _problem("group", "6", "GS06 is no control number of 1 to 9 digits.", header, 6)
    if header[7] not in {"X", "T"}:
        yield _problem("group", _GROUP, "GS07 is neither X nor T.", header, 7)


def _version(header: Segment) -> Iterator[Problem]:
    if not release(header[8]) or len(header[8]) > 12:
        yield _problem("group", "2", "GS08 is no version.", header, 8)
    elif not exact(header[8]):
        table = table_for(header[8]).version
        text = f"Version {release(header[8])} was checked with the rules of {table}."
        yield _problem("group", "2", text, header, 8, warning=True, told=False)


def _unnamed(group: Group) -> Iterator[Problem]:
    """A 997 names sets by ST01 and ST02. Where it cannot name one, it can only refuse all."""
    for at, one in enumerate(group.sets, 1):
        if not (_CODE.fullmatch(one.code.strip()) and _NUMBER.fullmatch(one.number.strip())):
            text = f"Set {at} of the group has no ST01 and ST02 that an acknowledgment could name."
            yield _problem("group", _GROUP, text, ("ST",), 1)
            return


def _set_header(header: Segment, group: Segment, seen: set[str]) -> Iterator[Problem]:
    code, number = header[1], header[2]
    rule = table_for("").sets.get(code)
    if not re.fullmatch(r"[0-9]{3}", code):
        yield _problem("set", "6", "ST01 is no id of a transaction set.", header, 1)
    elif rule is not None and _padded(group, 8)[1] not in {rule.group, MIXED}:
        yield _problem("set", "6", f"A {code} does not belong in a group of this GS01.", header, 1)
    if not 4 <= len(number.strip()) <= 9:
        yield _problem("set", "7", "ST02 is no control number of 4 to 9 characters.", header, 2)
    elif number in seen:
        yield _problem("set", "23", "ST02 stands on an earlier set of the group too.", header, 2)


def _set_trailer(header: Segment, trailer: Segment, one: TransactionSet) -> Iterator[Problem]:
    last = len(one.segments)
    if _number(trailer[1]) != last:
        yield _problem("set", "4", f"SE01 is wrong: the set has {last} segments.", trailer, 1, number=last)
    yield from _same(header, 2, trailer, "set", "3", number=last)


def _same(
    header: Segment, position: int, trailer: Segment, level: Level, code: str, *, number: int = 0
) -> Iterator[Problem]:
    """The control number of a trailer is that of its header."""
    if header[position] == trailer[2].rstrip(" "):
        return
    equal = _number(header[position]) is not None and _number(header[position]) == _number(trailer[2])
    text = f"{trailer[0]}02 is not {header[0]}{position:02d}" + (" as text, but as number." if equal else ".")
    yield _problem(level, code, text, trailer, 2, warning=equal, number=number)


def _blanks(trailer: Segment, level: Level, code: str) -> Iterator[Problem]:
    """Blanks behind a count or a control number: against the standard, but nobody misreads them."""
    for position, value in enumerate(trailer[1:], 1):
        if value.endswith(" ") and value.strip():
            text = f"{trailer[0]}{position:02d} ends with blanks."
            yield _problem(level, code, text, trailer, position, warning=True, told=False)


def _faults(value: str, element: Element, *, old: bool = False) -> list[tuple[str, str]]:
    return faults(value, element, six_digit_dates=old) if value else [("1", "is missing")]


def _number(value: str) -> int | None:
    value = value.rstrip(" ")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else None


def _padded(segment: Segment, elements: int) -> Segment:
    return segment + ("",) * (elements + 1 - len(segment))


def _problem(
    level: Level,
    code: str,
    text: str,
    segment: Segment,
    position: int,
    *,
    warning: bool = False,
    number: int = 0,
    told: bool = True,
) -> Problem:
    value = segment[position][:99] if position < len(segment) else ""
    return Problem(level, code, text, segment[0], number, str(position), value or None, warning, told)
