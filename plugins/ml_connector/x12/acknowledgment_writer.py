"""What we say to a group or an interchange: 997 and TA1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Literal

from ml_connector.x12.checker import GroupCheck
from ml_connector.x12.codes import INTERCHANGE_ERRORS
from ml_connector.x12.model import Group, Interchange, Problem, Segment, TransactionSet, X12Error
from ml_connector.x12.segments import segment
from ml_connector.x12.text import Dialect
from ml_connector.x12.writer import Envelope, LineEnd

Detail = Literal["all", "errors_only"]
Judgement = Literal["A", "E", "R"]

ACKNOWLEDGMENTS = "FA"
"""GS01 of groups of acknowledgments."""

ACKNOWLEDGING = frozenset({"997", "999"})
"""Sets that are never acknowledged: that would not end."""

_LONGEST_CODE, _LONGEST_NUMBER = 3, 9  # elements 143 and 329
_IN_ERROR = "5"  # AK502: segments in error
_ELEMENTS = "8"  # AK304: elements in error
_MOST_REASONS = 5
_MOST_ELEMENTS = 99
_ONLY_005010 = {"12": "3", "13": "3"}  # AK403 and the nearest code that 004010 has
_SETS_LEVELS = frozenset({"set", "segment", "element"})


def judge(problems: Iterable[Problem]) -> Judgement:
    """A without problems, E with warnings only, R with anything worse: AK501 of a set, AK901 of a group.

    What the sender is not told does not count.
    """
    found = _told(problems)
    if any(not one.warning for one in found):
        return "R"
    return "E" if found else "A"


def build_997(group: Group, checked: GroupCheck, dialect: Dialect, detail: Detail = "all") -> list[Segment]:
    """The segments between ST and SE of the answer to one group.

    A group that is wrong itself is rejected with all its sets. In a sound group each set stands for
    itself. Sets are named by their own ST01 and ST02; one that no AK2 can name is left out, and its
    group has a problem of its own for that.

    Args:
        group: as it was read.
        checked: what the checker found in it.
        dialect: how the answer is written.
        detail: ``errors_only`` leaves out sets that are accepted without remark.

    Raises:
        X12Error: an acknowledgment, a group without a usable control number, which only a TA1 can
            answer, or a set whose number this dialect cannot write.
    """
    header = (*group.header, *[""] * 8)
    if header[1] == ACKNOWLEDGMENTS and all(one.code in ACKNOWLEDGING for one in group.sets):
        raise X12Error("An acknowledgment is never acknowledged")
    number = header[6].strip()
    if not (number.isascii() and number.isdigit() and len(number) <= 9 and len(header[1]) == 2):
        raise X12Error(
            "The group has no usable code or control number, and a 997 has no other way to name it"
        )
    wrong = _told(checked.problems)
    refused = judge(wrong) == "R"
    judged = [judge(_own(problems)) for problems in checked.sets]
    version = header[8].strip() if dialect.release == "005010" else ""
    return [
        segment(
            "AK1", dialect.identifier(header[1], 2, "GS01", 2), str(int(number)), dialect.short(version, 12)
        ),
        *(
            made
            for one, problems, code in zip(group.sets, checked.sets, judged, strict=True)
            if code == "R" or (not refused and (code == "E" or detail == "all"))
            for made in _set_answer(one, _own(problems), code, dialect)
        ),
        _group_answer(group, wrong, judged),
    ]


def build_ta1(interchange: Interchange, code: Judgement = "A", note: str = "000") -> Segment:
    """The answer to an interchange.

    Args:
        interchange: as it was read.
        code: accepted, accepted with errors, rejected.
        note: TA105; ``000``, no error, goes with acceptance and with nothing else.

    Raises:
        X12Error: a note that does not go with the code, or that nobody knows.
    """
    if note not in INTERCHANGE_ERRORS or (code == "A") != (note == "000"):
        raise X12Error(f"A TA1 that says {code} cannot give {note!r} as its reason")
    header = (*interchange.header, *[""] * 17)
    return segment("TA1", header[13].strip(), header[9].strip(), header[10].strip(), code, note)


def reply_to(
    interchange: Interchange, group: Group, dialect: Dialect, at: datetime, line_end: LineEnd = "none"
) -> Envelope:
    """The envelope of an answer: the sides changed over, its version and the test indicator kept.

    Raises:
        X12Error: ids that cannot be written back.
    """
    header, inner = (*interchange.header, *[""] * 17), (*group.header, *[""] * 8)
    return Envelope(
        sender=(header[7], header[8].strip()),
        receiver=(header[5], header[6].strip()),
        group_sender=inner[3].strip(),
        group_receiver=inner[2].strip(),
        at=at,
        dialect=dialect,
        usage="P" if header[15] == "P" else "T",
        line_end=line_end,
        isa_version=_version_of(header[12], inner[8].strip(), dialect),
    )


def _version_of(theirs: str, group: str, dialect: Dialect) -> str | None:
    """The version of their envelope, which need not be that of the group, where the group's is kept too."""
    if group[:6] != dialect.release or not re.fullmatch("00[2-5]0[0-9]", theirs):
        return None
    return theirs if theirs < "00402" or dialect.delimiters.repetition else None


def _own(problems: Iterable[Problem]) -> list[Problem]:
    return [one for one in _told(problems) if one.level in _SETS_LEVELS and one.code]


def _told(problems: Iterable[Problem]) -> list[Problem]:
    return [one for one in problems if one.told]


def _group_answer(group: Group, wrong: Sequence[Problem], judged: Sequence[Judgement]) -> Segment:
    accepted = sum(code != "R" for code in judged)
    if judge(wrong) == "R" or not accepted:
        code, accepted = "R", 0
    elif accepted < len(judged):
        code = "P"
    else:
        code = "E" if wrong or "E" in judged else "A"
    claimed = group.trailer[1].strip() if group.trailer and len(group.trailer) > 1 else ""
    counted = claimed.isascii() and claimed.isdigit() and len(claimed) <= 6
    included = int(claimed) if counted else len(group.sets)
    counts = (str(included), str(len(group.sets)), str(accepted))
    return segment("AK9", code, *counts, *_reasons(wrong))


def _set_answer(
    found: TransactionSet, problems: Sequence[Problem], code: Judgement, dialect: Dialect
) -> list[Segment]:
    first = (*found.segments[0], "", "", "", "")
    code_of, number = first[1].strip(), first[2].strip()
    if not (code_of and number and len(code_of) <= _LONGEST_CODE and len(number) <= _LONGEST_NUMBER):
        return []
    implementation = dialect.short(first[3], 35) if dialect.release == "005010" else ""
    inner = [one for one in problems if one.level != "set"]
    reasons = _reasons([one for one in problems if one.level == "set"])
    if inner and len(reasons) < _MOST_REASONS:
        reasons.append(_IN_ERROR)
    # The two come back as they stand there, even if too short: anything else would name another set.
    code_of = dialect.identifier(code_of, _LONGEST_CODE, "ST01")
    number = dialect.identifier(number, _LONGEST_NUMBER, "ST02")
    return [
        segment("AK2", code_of, number, implementation),
        *_segment_errors(inner, dialect),
        segment("AK5", code, *reasons),
    ]


def _segment_errors(problems: Iterable[Problem], dialect: Dialect) -> list[Segment]:
    made = []
    ordered = sorted(problems, key=lambda one: one.number)
    for (number, name), found in groupby(ordered, key=lambda one: (one.number, one.segment)):
        here = list(found)
        first = ("AK3", _fitted(dialect, name, 2, 3), str(max(number, 1)), "")
        codes = dict.fromkeys(one.code for one in here if one.level == "segment")
        made += [segment(*first, code) for code in codes]
        elements = [one for one in here if one.level == "element"][:_MOST_ELEMENTS]
        if elements:
            made += [segment(*first, _ELEMENTS), *(_element_error(one, dialect) for one in elements)]
    return made


def _element_error(problem: Problem, dialect: Dialect) -> Segment:
    code = problem.code if dialect.release == "005010" else _ONLY_005010.get(problem.code, problem.code)
    place = dialect.delimiters.component.join(part for part in problem.element.split(":") if part) or "1"
    # Without delimiters: a receiver would take them for its own.
    return segment("AK4", place, "", code, dialect.short(problem.value, 99))


def _reasons(problems: Iterable[Problem]) -> list[str]:
    return list(dict.fromkeys(one.code for one in problems if one.code))[:_MOST_REASONS]


def _fitted(dialect: Dialect, text: str, least: int, most: int) -> str:
    kept = "".join(one for one in dialect.clean(text) if one.isascii() and one.isalnum())
    return kept[:most].ljust(least, "0")
