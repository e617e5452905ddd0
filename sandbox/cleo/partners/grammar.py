"""Which segments a set is made of, in which order, how often; loops begin with their first segment.

Notation: `REF*12` at most twelve, `REF*` any number, `!` mandatory, `(PO1 PID*)!*` a loop. The sequences
follow the published 004010 and 005010 standards, cut down to what buyers send.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from .x12 import NAME, Segment, Set

MANY = 1_000_000
N1 = "(N1 N2*2 IN2* N3*2 N4* NX2* REF*12 PER*3 SI* FOB TD1*2 TD5*12 TD3*12 TD4*5 PKG*200)*200"
LINE = (
    "LIN* SI* CUR CN1 PO3*25 (CTP CUR)* PAM*10 MEA*40 (PID MEA*10)*1000 PWK*25 PO4* REF* PER*3 "
    "(SAC CUR CTP)*25 IT8 CSH* ITD*2 DIS*20 INC TAX* FOB* SDQ*500 IT3*5 DTM*10 TC2* TD1 TD5*12 TD3*12 TD4*5 "
    "PCT* MAN*10 MSG* MTX* SPI* TXI* CTB* (QTY SI*)* (SCH TD1*2 TD5*12 TD3*12 TD4*5 REF*)*200 "
    f"(PKG MEA*)*200 (LDT QTY* MTX* REF*)* (N9 DTM* MEA* MSG*1000 MTX*1000)*1000 {N1} (SLN MSG* PID*)*1000 "
    "(AMT REF* PCT*)* (LM LQ*)*"
)
HEAD = (
    "CUR REF* PER*3 TAX* FOB* CTP* PAM*10 CSH*5 TC2* (SAC CUR)*25 ITD* DIS*20 INC DTM*10 LDT*12 LIN*5 SI* "
    "PID*200 MEA*40 PWK*25 PKG*200 TD1*2 TD5*12 TD3*12 TD4*5 MAN*10 PCT* CTB*5 TXI* (AMT REF* DTM PCT*)* "
    f"(N9 DTM* MSG*1000 MTX*1000)*1000 {N1} (LM LQ*)*"
)
SETS = {
    "850": f"ST! BEG! {HEAD} (PO1 {LINE})!*100000 (CTT AMT) SE!",
    "860": f"ST! BCH! {HEAD} (POC {LINE})*100000 (CTT AMT) SE!",
    "810": (
        "ST! BIG! NTE*100 CUR REF*12 YNQ*10 PER*3 (N1 N2*2 N3*2 N4 REF*12 PER*3 DMG)*200 ITD* DTM*10 FOB "
        "PID*200 MEA*40 PWK*25 PKG*25 L7 BAL* INC PAM* CRC* (LM LQ*)*10 (N9 MSG!*10) (IT1 CRC QTY*5 CUR "
        "IT3*5 TXI*10 CTP*25 PAM*10 MEA*40 (PID MEA*10)*1000 PWK*25 PKG*25 PO4 ITD*2 REF* YNQ*10 PER*5 "
        "SDQ*500 DTM*10 CAD* L7* SR (SAC TXI*10)*25 (SLN DTM* REF* PID* SAC* TXI*)*1000 "
        "(N1 N2*2 N3*2 N4 REF*12 PER*3 DMG)*200 (LM LQ*)*10)*200000 TDS! TXI*10 CAD AMT* "
        "(SAC TXI*10 DTM)*25 (ISS PID)* CTT SE!"
    ),
    "997": "ST! AK1! (AK2 (AK3 AK4*99)* AK5!)* AK9! SE!",
}


@dataclass
class Node:
    """A segment with its limits; with `children` it begins a loop."""

    name: str
    least: int = 0
    most: int = 1
    children: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class Misplaced:
    """A segment, or a place where one is missing: position in the set (ST is 1) and code of AK304."""

    position: int
    name: str
    code: str


@cache
def structure(kind: str) -> tuple[Node, ...]:
    """The grammar of a set."""
    nodes, _ = _nodes(SETS[kind].replace("(", " ( ").replace(")", " )").split(), 0)
    return tuple(nodes)


def _nodes(words: list[str], position: int) -> tuple[list[Node], int]:
    found: list[Node] = []
    while position < len(words) and not words[position].startswith(")"):
        if words[position] == "(":
            inner, position = _nodes(words, position + 1)
            least, most = _limits(words[position])
            found.append(Node(inner[0].name, least, most, inner[1:]))
        else:
            least, most = _limits(words[position])
            found.append(Node(re.split(r"[!*]", words[position])[0], least, most))
        position += 1
    return found, position


def _limits(word: str) -> tuple[int, int]:
    star = word.partition("*")
    return int("!" in word), (int(star[2] or MANY) if star[1] else 1)


def misplaced(item: Set, version: str) -> list[Misplaced]:
    """Segments that are unknown, too many, out of order or missing; the first one ends the search."""
    only_in = {"850": "MSG" if version.startswith("005") else "MTX"}
    known = set(re.findall(r"[A-Z][A-Z0-9]{1,2}", SETS[item.kind]))
    known.discard(only_in.get(item.kind, ""))
    for position, segment in enumerate(item.segments, 1):
        if not NAME.fullmatch(segment[0]) or segment[0] not in known:
            return [Misplaced(position, segment[0][:3], "1")]
    return _walk(structure(item.kind), item.segments)


def _walk(nodes: Sequence[Node], segments: list[Segment]) -> list[Misplaced]:
    walker = _Walker(segments)
    walker.take(nodes)
    if not walker.faults and walker.at < len(segments):
        walker.faults.append(Misplaced(walker.at + 1, segments[walker.at][0], "7"))
    return walker.faults


class _Walker:
    """Goes through the segments from left to right; never back."""

    def __init__(self, segments: list[Segment]) -> None:
        self._segments = segments
        self.at = 0
        self.faults: list[Misplaced] = []

    def take(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            found = 0
            while not self.faults and self._here() == node.name:
                found += 1
                if found > node.most:
                    self.faults.append(Misplaced(self.at + 1, node.name, "4" if node.children else "5"))
                    return
                self.at += 1
                self.take(node.children)
            if found < node.least and not self.faults:
                self.faults.append(self._missing(node))
                return

    def _missing(self, node: Node) -> Misplaced:
        """A segment is missing, or comes later: then the one that stands here is out of order."""
        if any(segment[0] == node.name for segment in self._segments[self.at :]):
            return Misplaced(self.at + 1, self._here(), "7")
        return Misplaced(self.at + 1, node.name, "3")

    def _here(self) -> str:
        return self._segments[self.at][0] if self.at < len(self._segments) else ""
