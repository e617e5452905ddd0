"""What arrives at a partner: refused as a whole, or judged set by set."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sandbox.clock import Clock

from .judge import Verdict
from .profile import Partner
from .records import Received
from .x12 import Group, Interchange, Set

KEYS = {"850": ("BEG", 3), "860": ("BCH", 3), "810": ("BIG", 2), "997": ("AK1", 2)}
FOLLOWS = {"00401": "004010", "00501": "005010"}


@dataclass(frozen=True)
class Arrival:
    """One interchange at the partner it is for."""

    partner: Partner
    interchange: Interchange
    file: str


@dataclass(frozen=True)
class Refusal:
    """Why an interchange is not looked into; `note` is that of the TA1, empty when none is sent."""

    note: str
    reason: str


class Intake:
    """Remembers interchanges by number, and every set that came."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.received: list[Received] = []
        self._seen: dict[tuple[str, ...], str] = {}
        self._known: dict[tuple[str, str, str], str] = {}

    def refusal(self, arrival: Arrival) -> Refusal | None:
        """Why this interchange is refused, if it is."""
        interchange = arrival.interchange
        digest = hashlib.sha256(interchange.raw).hexdigest()
        key = (arrival.partner.name, *interchange.sender, *interchange.receiver, interchange.number)
        if key in self._seen:
            if self._seen[key] == digest:
                return Refusal("", f"interchange {interchange.number} came before, byte for byte")
            return Refusal("025", f"another interchange had the number {interchange.number}")
        self._seen[key] = digest
        return _envelope(arrival.partner, interchange)

    def remember(
        self, arrival: Arrival, status: str, reasons: list[str], at: tuple[Group, Set] | None = None
    ) -> Received:
        """Keep one set, or the whole interchange when it was refused."""
        interchange = arrival.interchange
        group, item = at or (None, None)
        kind = item.kind if item else ""
        row = Received(
            partner=arrival.partner.name,
            kind=kind,
            status=status,
            key=item.value(*KEYS[kind]) if item and kind in KEYS else "",
            interchange=interchange.number,
            group=group.number if group else "",
            set=item.number if item else "",
            sender=":".join(interchange.sender),
            receiver=":".join(interchange.receiver),
            version=group.version if group else "",
            usage=interchange.header[15],
            file=arrival.file,
            received=self._clock.now().isoformat(),
            content=interchange.raw.decode("latin-1"),
            reasons=reasons,
        )
        self.received.append(row)
        return row

    def set(
        self, arrival: Arrival, group: Group, verdict: Verdict, status: str, codes: list[str]
    ) -> Received:
        """Keep one judged set."""
        reasons = [f"group: code {code}" for code in codes] + verdict.reasons()
        return self.remember(arrival, status, reasons, (group, verdict.item))

    def duplicate(self, row: Received) -> bool:
        """Whether the partner already took a document of this kind under this number; marks it as one."""
        first = self._known.setdefault((row.partner, row.kind, row.key), row.interchange)
        if first == row.interchange:
            return False
        row.status = "duplicate"
        row.reasons.append(f"{row.kind} {row.key} came before, in interchange {first}")
        return True


def _envelope(partner: Partner, interchange: Interchange) -> Refusal | None:
    marks, wanted, header = interchange.marks, partner.marks, interchange.header
    if interchange.note:
        return Refusal(interchange.note, "the trailer does not fit, or a segment stands outside a group")
    if not header[13].isdigit() or header[13] == "000000000":
        return Refusal("018", "ISA13 is not a number of nine digits")
    if (marks.element, marks.terminator, marks.component) != (
        wanted.element,
        wanted.terminator,
        wanted.component,
    ):
        return Refusal("027", "the delimiters are not those agreed upon")
    if header[15] not in "TPI" or header[14] not in "01":
        return Refusal("020", "ISA14 or ISA15 has no code that is known")
    if not interchange.groups and not interchange.reports:
        return Refusal("022", "there is nothing between ISA and IEA")
    return next(
        (found for group in interchange.groups if (found := _group(partner, interchange, group))), None
    )


def _group(partner: Partner, interchange: Interchange, group: Group) -> Refusal | None:
    own = next(own for own in partner.identities if (own.qualifier, own.id) == interchange.receiver)
    if len(group.header) != 9 or group.header[7] != "X" or group.header[3] != own.group_id:
        return Refusal("024", "GS names another receiver, or its elements are wrong")
    if not group.number.isdigit() or group.number.startswith("0"):
        return Refusal("024", "GS06 is not a number without leading zeros")
    if FOLLOWS.get(interchange.header[12]) != group.version:
        return Refusal("017", "ISA12 and GS08 do not name the same version")
    if group.version == "005010" and interchange.header[11].isalnum():
        return Refusal("026", "005010 needs a repetition separator")
    return None
