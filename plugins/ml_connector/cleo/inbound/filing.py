"""Keeps one interchange: its bytes, what was read of it, and our answer, in one transaction.

A broken set does not stop its neighbours, and a broken interchange does not stop the others of its file.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ml_connector.cleo.inbound.acknowledgments import take_ta1
from ml_connector.cleo.inbound.assessment import Assessment, Examined, assess
from ml_connector.cleo.inbound.context import InboundContext
from ml_connector.cleo.inbound.envelope import ACKNOWLEDGMENTS, group_code
from ml_connector.cleo.inbound.replies import Replies
from ml_connector.cleo.inbound.set_filing import SetFiling
from ml_connector.cleo.partners.profile import Profile
from ml_connector.core.ledger.exchange import received
from ml_connector.core.ledger.exchange.control_numbers import Address
from ml_connector.core.ledger.exchange.received import QUARANTINED, TAKEN, NewReceived, ReceivedSet
from ml_connector.core.state.store import Transaction


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
        """Decide, keep, answer. What was kept before is left alone.

        Returns:
            Sentences for people.
        """
        assessment = assess(self.tx.connection, self.context, self.found)
        partner = assessment.partner
        sets: list[ReceivedSet] = []
        if assessment.status == TAKEN and partner is not None:
            sets = self._sets(partner)
        if received.keep(self.tx, self._row(assessment, sets)) is None:
            return []  # the same interchange twice in one file
        if partner is not None:
            self._answer(assessment, partner)
        if assessment.status != TAKEN:
            self.alerts.append(self._left_out(assessment))
        return self.alerts

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
        documents = [group for group, _ in self.found.groups if group_code(group) != ACKNOWLEDGMENTS]
        if assessment.status == QUARANTINED or not (documents or self._is_empty()):
            return
        replies = Replies(self.tx, self.context, partner, self.found.interchange, self.found.sides)
        if assessment.status != TAKEN:
            self.alerts += replies.interchange("R", assessment.note)
            return
        if self.found.sides.wants_answer:
            self.alerts += replies.interchange("A", assessment.note)
        self.alerts += replies.groups(self.found.groups)

    def _is_empty(self) -> bool:
        """Neither a group nor a TA1: a document may have been lost on the way."""
        return not self.found.groups and not self.found.interchange.acknowledgments

    def _sets(self, partner: Profile) -> list[ReceivedSet]:
        sides = self.found.sides
        for segment in self.found.interchange.acknowledgments:
            self.alerts += take_ta1(self.tx, self.context, partner.partner, sides, segment)
        filing = SetFiling(self.tx, self.context, partner, sides, self.origin.name)
        sets = [
            filing.take(group, [*check.problems, *problems], one, problems)
            for group, check in self.found.groups
            for one, problems in zip(group.sets, check.sets, strict=True)
        ]
        self.alerts += filing.alerts
        return sets
