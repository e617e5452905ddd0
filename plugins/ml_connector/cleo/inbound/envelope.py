"""What an envelope says: who sends to whom, under which number, and whether it is a test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from ml_connector.cleo.partners.identity import address_text
from ml_connector.core.ledger.exchange.texts import storable
from ml_connector.x12.acknowledgment_writer import ACKNOWLEDGING
from ml_connector.x12.model import Group, Interchange, X12Error
from ml_connector.x12.values import read_date

ACKNOWLEDGMENTS = "FA"
"""GS01 of groups with acknowledgments."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Sender and receiver of an interchange, ids without padding.

    Attributes:
        number: ISA13; None where it is no number.
        sent_on, sent_at: ISA09 and ISA10 as they stand there; a TA1 repeats them.
        usage: ``T``, ``P`` or ``I``.
        wants_answer: ISA14 asks for a TA1.
        sender_group, receiver_group: GS02 and GS03 of the first group; None where there is none.
    """

    sender_qualifier: str
    sender_id: str
    receiver_qualifier: str
    receiver_id: str
    number: int | None
    sent_on: str
    sent_at: str
    usage: str
    wants_answer: bool
    sender_group: str | None = None
    receiver_group: str | None = None

    @property
    def sender(self) -> str:
        """``qualifier:id``."""
        return address_text(self.sender_qualifier, self.sender_id)

    @property
    def receiver(self) -> str:
        """``qualifier:id``."""
        return address_text(self.receiver_qualifier, self.receiver_id)

    def day(self, otherwise: date) -> date:
        """The day of the interchange, by which dated identities are looked up."""
        try:
            return date.fromisoformat(read_date(self.sent_on, "ISA09"))
        except X12Error:
            return otherwise


def sides(interchange: Interchange) -> Sides:
    """The envelope of an interchange, whatever else is wrong with it."""
    header = [storable(element).strip() for element in interchange.header]
    header += [""] * (17 - len(header))
    first = interchange.groups[0] if interchange.groups else None
    return Sides(
        sender_qualifier=header[5], sender_id=header[6], receiver_qualifier=header[7], receiver_id=header[8],
        number=whole(header[13]), sent_on=header[9], sent_at=header[10], usage=header[15],
        wants_answer=header[14] == "1",
        sender_group=element(first, 2) if first else None,
        receiver_group=element(first, 3) if first else None,
    )  # fmt: skip


def sides_of(group: Group, outer: Sides) -> Sides:
    """The sides of an interchange with the ids of this group."""
    return replace(outer, sender_group=element(group, 2), receiver_group=element(group, 3))


def is_answered(group: Group) -> bool:
    """Whether a group is to be acknowledged: not when all that it holds are acknowledgments."""
    if not group.sets:
        return group_code(group) != ACKNOWLEDGMENTS
    return any(one.code not in ACKNOWLEDGING for one in group.sets)


def element(group: Group, position: int) -> str | None:
    """An element of the GS; None where nothing stands."""
    value = storable(group.header[position]).strip() if position < len(group.header) else ""
    return value or None


def group_code(group: Group) -> str:
    """GS01."""
    return element(group, 1) or ""


def group_number(group: Group) -> int | None:
    """GS06; None where it is no number."""
    return whole(element(group, 6) or "")


def whole(text: str) -> int | None:
    """A control number; None for anything that is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None
