"""What the partners send: control numbers, envelopes, files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.clock import Clock

from . import wire
from .profile import Partner
from .records import Sent
from .x12 import SET_OF_GROUP, Address, Envelope, Group, Interchange, Segment, get, write

Deliver = Callable[[Partner, str, str, bytes], str]
"""Takes partner, set (or `other`), file name and content; returns the name that the file got."""
Bodies = Sequence[Sequence[Segment]]
Content = Sequence[tuple[str, Bodies]]
"""Pairs of GS01 and the bodies of its sets."""


@dataclass(frozen=True)
class Way:
    """From which address of a partner to which of ours, and how."""

    own: Address
    ours: Address
    version: str
    usage: str


def way_back(interchange: Interchange, group: Group | None) -> Way:
    """The way of an answer: addresses swapped."""
    ours = Address(*interchange.sender, get(group.header, 2) if group else interchange.sender[1])
    own = Address(*interchange.receiver, get(group.header, 3) if group else interchange.receiver[1])
    return Way(own, ours, group.version if group else "004010", interchange.header[15])


class Post:
    """Numbers per partner, and a record of every file sent."""

    def __init__(self, clock: Clock, deliver: Deliver) -> None:
        self._clock, self._deliver = clock, deliver
        self.sent: list[Sent] = []
        self._numbers: Counter[tuple[str, str]] = Counter()
        self._groups: dict[tuple[str, str], Sent] = {}

    def of_group(self, partner: Partner, number: str) -> Sent | None:
        """The file that held a group; every kind of group counts from another number."""
        return self._groups.get((partner.name, number))

    def _next(self, partner: Partner, kind: str) -> int:
        """The next number; each kind starts elsewhere, so that nobody takes one for the other."""
        self._numbers[partner.name, kind] += 1
        start = {"ISA": 1000, "PR": 1_000_000, "IN": 2_000_000, "AG": 3_000_000}.get(kind, 4_000_000)
        return start + self._numbers[partner.name, kind]

    def send(self, partner: Partner, way: Way, content: Content, words: frozenset[str] = frozenset()) -> Sent:
        """Write one file and hand it to Cleo."""
        batches = [content]
        if "two_interchanges" in words:
            batches = [content[:-1], content[-1:]]
        record = Sent(partner.name, [], "", [], "", self._clock.now().isoformat(), words=sorted(words))
        data = b"".join(
            self._interchange(partner, way, batch, words if position == len(batches) else frozenset(), record)
            for position, batch in enumerate(batches, 1)
        )
        kind = record.kinds[0] if len(record.kinds) == 1 else "other"
        name = f"{kind}_{way.own.id}_{way.ours.id}_{record.interchange}.edi"
        record.file = self._deliver(partner, kind, name, data)
        if "again" in words:
            self._deliver(partner, kind, name, data)
        self.sent.append(record)
        return record

    def _interchange(
        self, partner: Partner, way: Way, content: Content, words: frozenset[str], record: Sent
    ) -> bytes:
        number = self._next(partner, "ISA")
        if "same_number" in words and (last := self._last(partner, "810")):
            number = int(last.interchange)
        groups = [(code, self._next(partner, code), bodies) for code, bodies in content]
        record.kinds += [SET_OF_GROUP[code] for code, _, _ in groups]
        record.groups += [str(group) for _, group, _ in groups]
        self._groups |= {(partner.name, str(group)): record for _, group, _ in groups}
        record.interchange = f"{number:09d}"
        return wire.file(self._envelope(partner, way, number), groups, words)

    def _last(self, partner: Partner, kind: str) -> Sent | None:
        mine = (sent for sent in self.sent if sent.partner == partner.name and kind in sent.kinds)
        return next(reversed(list(mine)), None)

    def _envelope(self, partner: Partner, way: Way, number: int) -> Envelope:
        return Envelope(
            way.own,
            way.ours,
            number,
            way.version,
            way.usage,
            self._clock.now(),
            partner.marks,
            partner.line_end,
        )

    def report(self, partner: Partner, way: Way, segment: Segment) -> None:
        """Send a TA1 alone in its interchange; it goes where acknowledgments go."""
        number = self._next(partner, "ISA")
        text = write(self._envelope(partner, way, number), (), [segment])
        name = f"997_{way.own.id}_{way.ours.id}_{number:09d}.edi"
        stored = self._deliver(partner, "997", name, text.encode())
        self.sent.append(
            Sent(partner.name, ["TA1"], f"{number:09d}", [], stored, self._clock.now().isoformat())
        )
