"""The 997 and TA1 that a partner sends back."""

from __future__ import annotations

from dataclasses import dataclass

from .elements import Fault
from .judge import Note, Verdict
from .x12 import Group, Interchange, Segment, get


@dataclass(frozen=True)
class Answered:
    """A 997 body, and which sets it accepts."""

    body: list[Segment]
    accepted: dict[str, bool]


def acknowledge(
    group: Group, group_codes: list[str], verdicts: list[Verdict], words: frozenset[str]
) -> Answered:
    """The body of a 997 for one group: what is wrong counts, and then what the behaviour wants."""
    decided = [
        _decide(verdict, position, len(verdicts), words) for position, verdict in enumerate(verdicts, 1)
    ]
    if group_codes or "group_reject" in words:
        decided = [("R", notes, codes) for _, notes, codes in decided]
    accepted = {
        verdict.item.number: code != "R" for verdict, (code, _, _) in zip(verdicts, decided, strict=True)
    }
    body = [["AK1", group.code, group.number]]
    brief = bool({"without_ak2", "group_reject"} & words) or bool(group_codes)
    if not brief:
        for verdict, (code, notes, codes) in zip(verdicts, decided, strict=True):
            body += _set(verdict, code, notes, codes)
    body.append(_group(group, group_codes, [code for code, _, _ in decided], words))
    return Answered(body, accepted)


Decision = tuple[str, list[Note], list[str]]


def _decide(verdict: Verdict, position: int, count: int, words: frozenset[str]) -> Decision:
    if verdict.codes:
        return "R", verdict.notes, verdict.codes
    if "reject" in words or ("partial" in words and position == count):
        return "R", [_invented(verdict)], ["5"]
    return ("E", [_invented(verdict)], ["5"]) if "errors" in words else ("A", [], [])


def _invented(verdict: Verdict) -> Note:
    """What is complained about when a behaviour wants to find fault with something that is good."""
    segments = verdict.item.segments
    names = [segment[0] for segment in segments]
    position = names.index("N1") if "N1" in names else 1
    fault = Fault(2, "7", get(segments[position], 2))
    return Note(names[position], position + 1, "8", (fault,))


def _set(verdict: Verdict, code: str, notes: list[Note], codes: list[str]) -> list[Segment]:
    lines: list[Segment] = [["AK2", verdict.item.kind, verdict.item.number]]
    for note in notes:
        lines.append(["AK3", note.name, str(note.position), "", note.code])
        lines += [_element(fault) for fault in note.elements]
    return [*lines, ["AK5", code, *codes[:5]]]


def _element(fault: Fault) -> Segment:
    shown = "".join(mark for mark in fault.value if mark.isalnum() or mark in " .-")[:99].strip()
    return ["AK4", str(fault.element), "", fault.code, shown]


def _group(group: Group, group_codes: list[str], codes: list[str], words: frozenset[str]) -> Segment:
    good = sum(code != "R" for code in codes)
    if good == 0:
        code = "R"
    elif good < len(codes):
        code = "P"
    else:
        code = "E" if "E" in codes else "A"
    if "partial" in words and len(codes) == 1:
        code = "P"  # a group of one cannot be accepted in part; some translators say so nevertheless
    declared = group.declared or str(len(codes))
    if group_codes or "group_reject" in words:
        return ["AK9", "R", declared, str(len(codes)), "0", *(group_codes or ["4"])[:5]]
    return ["AK9", code, declared, str(len(codes)), str(good)]


def contradict(body: list[Segment]) -> list[Segment]:
    """The opposite of a 997."""
    other = {"A": "R", "E": "R", "R": "A", "P": "R"}
    turned = []
    for segment in body:
        match segment[0]:
            case "AK3" | "AK4":
                continue
            case "AK5":
                code = other[segment[1]]
                turned.append(["AK5", code, *(["5"] if code == "R" else [])])
            case "AK9":
                code = other[segment[1]]
                turned.append(["AK9", code, *segment[2:4], "0" if code == "R" else segment[3]])
            case _:
                turned.append(segment)
    return turned


def report(interchange: Interchange, code: str, note: str) -> Segment:
    """A TA1; date and time are those of the interchange."""
    return ["TA1", interchange.number, interchange.header[9], interchange.header[10], code, note]
