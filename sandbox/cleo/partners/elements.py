"""Element rules of the segments that buyers send: type, length, presence, and which go together.

`!AN1-22` is a mandatory text of 1 to 22 characters, `N2:1-15` a number with two implied decimals. The rules
follow the published 004010 standard; 005010 is wider in a few places (`WIDER`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from .x12 import Marks, Segment, get

PAIRS = " ".join(["ID2 AN1-48"] * 10)
RULES = {
    "ST": "!ID3 !AN4-9 AN1-35",
    "SE": "!N0:1-10 !AN4-9",
    "BEG": "!ID2 !ID2 !AN1-22 AN1-30 !DT8 AN1-30 ID2 ID2 ID2-3 ID1-2 ID1-2 ID2",
    "BCH": "!ID2 !ID2 !AN1-22 AN1-30 AN1-8 !DT8 AN1-30 AN1-30 AN1-30 DT8 DT8",
    "BIG": "!DT8 !AN1-22 DT8 AN1-22 AN1-30 AN1-8 ID2 ID2 ID1-2 AN1-22",
    "CUR": "!ID2-3 !ID3 R4-10",
    "REF": "!ID2-3 AN1-30 AN1-80",
    "PER": "!ID2 AN1-60 ID2 AN1-80 ID2 AN1-80 ID2 AN1-80",
    "ITD": "ID2 ID1-2 R1-6 DT8 N0:1-3 DT8 N0:1-3 N2:1-10 DT8 N2:1-10 R1-5 AN1-80 N0:1-2 ID1-2 R1-5",
    "DTM": "!ID3 DT8 TM4-8 ID2 ID2-3 AN1-35",
    "N1": "!ID2-3 AN1-60 ID1-2 AN2-80",
    "N2": "!AN1-60 AN1-60",
    "N3": "!AN1-55 AN1-55",
    "N4": "AN2-30 ID2 ID3-15 ID2-3 ID1-2 AN1-30",
    "N9": "!ID2-3 AN1-30 AN1-45 DT8 TM4-8",
    "MSG": "!AN1-264 ID2 N0:1-9",
    "MTX": "ID3 AN1-4096 AN1-4096",
    "PO1": f"AN1-20 R1-15 ID2 R1-17 ID2 {PAIRS}",
    "POC": f"AN1-20 !ID2 R1-15 R1-9 AN2 R1-17 ID2 {PAIRS}",
    "IT1": f"AN1-20 R1-10 ID2 R1-17 ID2 {PAIRS}",
    "PID": "!ID1 ID2-3 ID2 AN1-12 AN1-80",
    "SCH": "!R1-15 !ID2 ID2-3 AN1-60 !ID3 !DT8 TM4-8 ID3 DT8 TM4-8 AN1-45 AN1-20",
    "CTT": "!N0:1-6 R1-10 R1-10 ID2 R1-8 ID2 AN1-80",
    "AMT": "!ID1-3 !R1-18 ID1",
    "TDS": "!N2:1-15 N2:1-15 N2:1-15 N2:1-15",
    "TXI": "!ID2 R1-18 R1-10 ID2 AN1-10 ID1 ID1 R1-9 AN1-20 AN1-20",
    "SAC": "!ID1 ID4 ID2 AN1-10 N2:1-15 ID1 R1-6 R1-9 ID2 R1-15 R1-15 ID2 AN1-30 AN1-20 AN1-80",
    "AK1": "!ID2 !N0:1-9 AN1-12",
    "AK2": "!ID3 !AN4-9 AN1-35",
    "AK3": "!ID2-3 !N0:1-10 AN1-4 ID1-3",
    "AK4": "!AN1-10 N0:1-4 !ID1-3 AN1-99",
    "AK5": "!ID1 ID1-3 ID1-3 ID1-3 ID1-3 ID1-3",
    "AK9": "!ID1 !N0:1-6 !N0:1-6 !N0:1-6 ID1-3 ID1-3 ID1-3 ID1-3 ID1-3",
}
NOTES = {
    "REF": "R0203",
    "PER": "P0304 P0506 P0708",
    "DTM": "R020305 C0403 P0506",
    "N1": "R0203 P0304",
    "N9": "R0203",
    "PID": "C0403 R0405",
    "PO1": "C0302 C0504 P0607 P0809 P1011 P1213 P1415 P1617 P1819 P2021 P2223 P2425",
    "POC": "P0305 P0809 P1011 P1213 P1415 P1617 P1819 P2021 P2223 P2425 P2627",
    "IT1": "P020304 P0607 P0809 P1011 P1213 P1415 P1617 P1819 P2021 P2223 P2425",
    "SCH": "C0304",
    "SAC": "R0203 P0304 P0607 P0910",
    "TXI": "R020306 P0405",
    "CTT": "P0304 P0506",
    "ITD": "L03040513 L08040513",
}
WIDER = {("REF", 2): 50, ("N9", 2): 50, ("PER", 4): 256, ("PER", 6): 256, ("PER", 8): 256, ("IT1", 2): 15}
RULE = re.compile(r"(!?)(ID|AN|R|DT|TM|N\d)(?::?)(\d+)(?:-(\d+))?")
PATTERNS = {"R": r"-?(\d+(\.\d+)?|\.\d+)", "N": r"-?\d+", "DT": r"\d{8}", "TM": r"\d{4}(\d\d){0,2}"}


@dataclass(frozen=True)
class Fault:
    """An element that is wrong: its place in the segment, the code of AK403 and a copy of the value."""

    element: int
    code: str
    value: str = ""


@dataclass(frozen=True)
class Rule:
    """What an element must be."""

    mandatory: bool
    type: str
    least: int
    most: int


@cache
def rules(name: str) -> tuple[Rule, ...]:
    """The elements of a segment; nothing for segments that are not looked into."""
    found = RULE.findall(RULES.get(name, ""))
    return tuple(Rule(bool(must), kind, int(least), int(most or least)) for must, kind, least, most in found)


def wrong_elements(segment: Segment, marks: Marks, version: str) -> list[Fault]:
    """What is wrong with the elements of one segment."""
    wanted = rules(segment[0])
    faults = list(_each(segment, wanted, version)) if wanted else []
    if wanted and len(segment) - 1 > len(wanted):
        faults.append(Fault(len(wanted) + 1, "3"))
    if len(segment) > 1 and segment[-1] == "":
        faults.append(Fault(len(segment) - 1, "6"))
    for number, value in enumerate(segment[1:], 1):
        if any(ord(mark) < 32 or ord(mark) > 126 for mark in value) or value != value.rstrip(" "):
            faults.append(Fault(number, "6", value))
    if any(marks.component in value for value in segment[1:]) and segment[0] != "POC":
        faults.append(Fault(1, "6"))
    return faults + list(_notes(segment))


def _each(segment: Segment, wanted: tuple[Rule, ...], version: str) -> Iterator[Fault]:
    for number, rule in enumerate(wanted, 1):
        value = get(segment, number)
        if value:
            most = WIDER.get((segment[0], number), rule.most) if version.startswith("005") else rule.most
            code = _value(value, rule, most)
            if code:
                yield Fault(number, code, value)
        elif rule.mandatory:
            yield Fault(number, "1")


def _value(value: str, rule: Rule, most: int) -> str:
    pattern = PATTERNS.get(rule.type[0] if rule.type[0] == "N" else rule.type)
    if pattern is not None and not re.fullmatch(pattern, value):
        return {"DT": "8", "TM": "9"}.get(rule.type, "6")
    length = len(re.sub(r"[-.]", "", value)) if rule.type[0] in "RN" else len(value)
    if length < rule.least or length > most:
        return "4" if length < rule.least else "5"
    if rule.type == "DT" and not _is_date(value):
        return "8"
    return "7" if rule.type == "ID" and value != value.upper() else ""


def _is_date(value: str) -> bool:
    try:
        date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        return False
    return True


def _notes(segment: Segment) -> Iterator[Fault]:
    for note in NOTES.get(segment[0], "").split():
        numbers = [int(note[at : at + 2]) for at in range(1, len(note), 2)]
        present = [bool(get(segment, number)) for number in numbers]
        missing = next((number for number, there in zip(numbers, present, strict=True) if not there), 0)
        broken = {
            "P": any(present) and not all(present),
            "R": not any(present),
            "C": present[0] and not all(present),
            "L": present[0] and not any(present[1:]),
        }[note[0]]
        if broken:
            yield Fault(missing, "2")
