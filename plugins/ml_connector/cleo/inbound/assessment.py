"""Whether an interchange may be processed: who sent it, to whom, as a test or in earnest, and once only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection

from ml_connector.cleo.inbound.context import InboundContext
from ml_connector.cleo.inbound.envelope import Sides, element, sides
from ml_connector.cleo.partners.identity import is_ours
from ml_connector.cleo.partners.profile import Profile
from ml_connector.core.ledger.exchange import received
from ml_connector.core.ledger.exchange.received import QUARANTINED, REFUSED, TAKEN
from ml_connector.x12 import checker
from ml_connector.x12.checker import GroupCheck
from ml_connector.x12.model import Group, Interchange, Problem

REPEATED = "025"
"""TA105: the control number was used before."""


@dataclass(frozen=True, slots=True)
class Examined:
    """An interchange, its bytes, and what the checker found in it."""

    interchange: Interchange
    content: bytes = field(repr=False)
    sides: Sides
    envelope: list[Problem]
    groups: list[tuple[Group, GroupCheck]]

    @property
    def fatal(self) -> Problem | None:
        """What makes the envelope unusable, if anything does."""
        return next((one for one in self.envelope if not one.warning), None)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is to become of an interchange.

    Attributes:
        status: ``taken``, ``refused`` or ``quarantined``.
        reason: why it is not taken.
        advice: what people do about that.
        note: TA105 for a partner that is to be told.
        partner: who sent it; None where that is unknown. Of several groups, the first one's.
        partners: whose each group is, where the interchange is taken.
    """

    status: str = TAKEN
    reason: str | None = None
    advice: str = ""
    note: str = "000"
    partner: Profile | None = None
    partners: Sequence[Profile] = ()


def examine(interchange: Interchange, data: bytes) -> Examined:
    """Check an interchange of a file."""
    content = data[interchange.position : interchange.position + interchange.size]
    envelope = checker.check_envelope(interchange)
    groups = list(zip(interchange.groups, checker.check_groups(interchange), strict=True))
    return Examined(interchange, content, sides(interchange), envelope, groups)


def assess(connection: Connection, context: InboundContext, found: Examined) -> Assessment:
    """Decide about an interchange that was not taken yet."""
    names = found.sides
    if not is_ours(context.options.identities, names.receiver_qualifier, names.receiver_id):
        reason = f"it is addressed to {names.receiver}, which is none of our identities"
        advice = (
            "add it to integrations.cleo.options.identities if it is ours, and the next run takes the "
            "interchange; else tell the sender"
        )
        return Assessment(QUARANTINED, reason, advice)
    partner, *others = senders = _senders(context, found)
    if partner is None or None in others:
        reason = f"no partner's file, or more than one, has the sender {names.sender} on that day"
        advice = "add the identity to the partner's file; the next run then takes the interchange"
        return Assessment(QUARANTINED, reason, advice)
    if names.usage != context.usage:
        reason = f"ISA15 is {names.usage!r}, but this tenant is for {context.tenant.environment}"
        advice = (
            "ask the partner to send it to the right system, or as what it is; if the tenant's environment "
            "is wrong, correct it, and the next run takes the interchange"
        )
        return Assessment(QUARANTINED, reason, advice, partner=partner)
    if fatal := found.fatal:
        advice = "have the partner send the documents again"
        return Assessment(REFUSED, fatal.text, advice, fatal.code, partner)
    if _used(connection, context, names):
        reason = f"interchange number {names.number} was used before, with other content"
        advice = "ask the partner which is right; what came first was processed, and this was not"
        return Assessment(REFUSED, reason, advice, REPEATED, partner)
    return Assessment(partner=partner, partners=[one for one in senders if one is not None])


def _senders(context: InboundContext, found: Examined) -> list[Profile | None]:
    """Who sent each group; of an interchange without groups, who sent it."""
    names = found.sides
    day = names.day(context.store.now().date())
    ids = [element(group, 2) for group, _ in found.groups] or [None]
    return [
        context.directory.by_identity(names.sender_qualifier, names.sender_id, group_id, day)
        for group_id in ids
    ]


def _used(connection: Connection, context: InboundContext, names: Sides) -> bool:
    """Partners begin their numbers anew after years; what was refused may come again corrected."""
    if names.number is None:
        return False
    since = context.store.now() - timedelta(days=context.options.inbound.duplicate_days)
    earlier = received.same_number(
        connection, context.name, sender=names.sender, receiver=names.receiver, number=names.number
    )
    return any(one.status == TAKEN and one.created_at >= since for one in earlier)
