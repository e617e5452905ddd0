"""Keeps one interchange: its bytes, what was read of it, and our answer, in one transaction.

A broken set does not stop its neighbours, and a broken interchange does not stop the others of its file.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ml_connector.cleo.inbound.acknowledgments import take_ta1
from ml_connector.cleo.inbound.assessment import Assessment, Examined, assess
from ml_connector.cleo.inbound.context import INVOICES, InboundContext
from ml_connector.cleo.inbound.envelope import Sides, is_answered, sides_of
from ml_connector.cleo.inbound.invoice_filing import Here
from ml_connector.cleo.inbound.replies import Replies
from ml_connector.cleo.inbound.set_filing import SetFiling
from ml_connector.cleo.partners.profile import Profile
from ml_connector.core import codec
from ml_connector.core.ledger.exchange import received, watching
from ml_connector.core.ledger.exchange.control_numbers import Address
from ml_connector.core.ledger.exchange.received import LEFT_OUT, QUARANTINED, TAKEN, NewReceived, ReceivedSet
from ml_connector.core.state.store import Transaction
from ml_connector.x12.checker import GroupCheck
from ml_connector.x12.model import Group

Checked = tuple[Group, GroupCheck]

_TOLD = 5
"""Sentences about one interchange."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The file that an interchange stood in."""

    folder: str
    name: str


@dataclass(slots=True)
class Filing:
    """One interchange on its way into the state database.

    Attributes:
        alerts: sentences for people, without the content of documents.
    """

    tx: Transaction
    context: InboundContext
    origin: Origin
    found: Examined
    alerts: list[str] = field(default_factory=list)

    def keep(self) -> list[str]:
        """Decide, keep, answer. What was taken before is left alone; what was left out is decided again.

        Returns:
            Sentences for people; none where nothing is new.
        """
        name, connection = self.context.name, self.tx.connection
        received.alone(self.tx, name)
        before = received.seen(connection, name, codec.digest_of(self.found.content))
        if before is not None and before.status not in LEFT_OUT:
            return []
        assessment = assess(self.tx.connection, self.context, self.found)
        partner = assessment.partner
        sets: list[ReceivedSet] = []
        if assessment.status == TAKEN and partner is not None:
            sets = self._sets(assessment, partner)
        row = self._row(assessment, sets)
        if before is not None and row.status == before.status:
            return []
        if before is not None:
            watching.supersede(self.tx, before.interchange_id)
        self.alerts += self._waiting(row)
        received.keep(self.tx, row)
        if partner is not None:
            self._answer(assessment, partner)
        if assessment.status != TAKEN:
            self.alerts.append(self._left_out(assessment))
        return self._few()

    def _few(self) -> list[str]:
        """One broken interchange must not fill people's mail."""
        more = len(self.alerts) - _TOLD
        if more <= 0:
            return self.alerts
        rest = f"{more} more about {self.origin.folder}/{self.origin.name}: the console shows all of its sets"
        return [*self.alerts[:_TOLD], rest]

    def _waiting(self, row: NewReceived) -> list[str]:
        """Told once, with the first invoice that nobody takes over."""
        context = self.context
        carried = [one for one in row.sets if one.flow == INVOICES and one.status == TAKEN]
        if not carried or context.tenant.flow(INVOICES).enabled is not False:
            return []
        if received.unclaimed(self.tx.connection, context.name, INVOICES):
            return []
        alert = (
            f"invoices of {row.partner} came in and were acknowledged, but the flow {INVOICES} is switched "
            "off: they are kept and wait for it. Switch it on, or tell the partner"
        )
        return [alert]

    def _row(self, assessment: Assessment, sets: list[ReceivedSet]) -> NewReceived:
        names = self.found.sides
        address = Address(self.context.name, self.context.tenant.environment, names.sender, names.receiver)
        status, reason = assessment.status, assessment.reason
        if sets and all(one.status == QUARANTINED for one in sets):
            status, reason = QUARANTINED, sets[0].reason
        return NewReceived(
            address, assessment.partner.partner if assessment.partner else None, self.origin.name,
            self.found.content, sets, names.number, {"folder": self.origin.folder}, status, reason,
        )  # fmt: skip

    def _left_out(self, assessment: Assessment) -> str:
        number = self.found.sides.number
        named = "without a number" if number is None else f"{number:09d}"
        sender, file = self.found.sides.sender, f"{self.origin.folder}/{self.origin.name}"
        return (
            f"interchange {named} from {sender} in {file} is kept but not processed: {assessment.reason}; "
            f"{assessment.advice}"
        )

    def _answer(self, assessment: Assessment, partner: Profile) -> None:
        """997s to what was taken, a TA1 to what was refused or where it is asked for."""
        answered = any(is_answered(group) for group, _ in self.found.groups)
        if assessment.status == QUARANTINED or not (answered or self._is_empty()):
            return
        replies = self._replies(partner, self.found.sides)
        if assessment.status != TAKEN:
            self.alerts += replies.interchange("R", assessment.note)
            return
        if self.found.sides.wants_answer:
            self.alerts += replies.interchange("A", assessment.note)
        for own in self._answered(assessment).values():
            first, (group, _) = own[0]
            replies = self._replies(first, sides_of(group, self.found.sides))
            self.alerts += replies.groups([checked for _, checked in own])

    def _answered(self, assessment: Assessment) -> dict[str, list[tuple[Profile, Checked]]]:
        """The groups that are acknowledged, by the name of their partner."""
        found: dict[str, list[tuple[Profile, Checked]]] = {}
        for partner, checked in zip(assessment.partners, self.found.groups, strict=False):
            if is_answered(checked[0]):
                found.setdefault(partner.partner, []).append((partner, checked))
        return found

    def _replies(self, partner: Profile, sides: Sides) -> Replies:
        return Replies(self.tx, self.context, partner, self.found.interchange, sides)

    def _is_empty(self) -> bool:
        """Neither a group nor a TA1: a document may have been lost on the way."""
        return not self.found.groups and not self.found.interchange.acknowledgments

    def _sets(self, assessment: Assessment, partner: Profile) -> list[ReceivedSet]:
        for segment in self.found.interchange.acknowledgments:
            self.alerts += take_ta1(self.tx, self.context, partner.partner, self.found.sides, segment)
        sets: list[ReceivedSet] = []
        here: Here = {}
        for own, (group, check) in zip(assessment.partners, self.found.groups, strict=False):
            sides = sides_of(group, self.found.sides)
            filing = SetFiling(self.tx, self.context, own, sides, self.origin.name, here)
            sets += [
                filing.take(group, [*check.problems, *problems], one, problems)
                for one, problems in zip(group.sets, check.sets, strict=True)
            ]
            self.alerts += filing.alerts
        return sets
