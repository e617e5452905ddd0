"""Takes one transaction set in: what it is, and whether it can be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ml_connector.cleo.inbound.acknowledgments import take_997
from ml_connector.cleo.inbound.answered import Answered
from ml_connector.cleo.inbound.context import InboundContext
from ml_connector.cleo.inbound.envelope import Sides, group_code, group_number
from ml_connector.cleo.inbound.invoice_filing import Here, InvoiceFiling
from ml_connector.cleo.inbound.responses import take_advice, take_order_response
from ml_connector.cleo.partners.profile import Profile
from ml_connector.core.ledger.exchange.received import REJECTED, ReceivedSet
from ml_connector.core.ledger.exchange.texts import storable
from ml_connector.core.state.store import Transaction
from ml_connector.x12.acknowledgment_writer import ACKNOWLEDGING
from ml_connector.x12.model import Group, Problem, TransactionSet

_NOT_TAKEN = Problem("set", "1", "This kind of document is not taken.", "ST", 1, "1")
_SHOWN = 3


@dataclass(slots=True)
class SetFiling:
    """The sets of one group of a known partner.

    Attributes:
        here: invoices that stood before in the same interchange.
        file_name: for alerts.
        alerts: sentences for people, without the content of documents.
    """

    tx: Transaction
    context: InboundContext
    partner: Profile
    sides: Sides
    file_name: str
    here: Here
    alerts: list[str] = field(default_factory=list)
    _invoices: InvoiceFiling = field(init=False)

    def __post_init__(self) -> None:
        self._invoices = InvoiceFiling(self.tx, self.context, self.partner, self.sides, self.here)

    def take(
        self, group: Group, problems: Sequence[Problem], found: TransactionSet, own: list[Problem]
    ) -> ReceivedSet:
        """The set as it is to be kept.

        Args:
            problems: what the checker found in the set and around it.
            own: what our 997 tells of the set; what is found here is added.
        """
        place = ReceivedSet(
            storable(found.code), group_code(group), group_number(group), storable(found.number),
            partner=self.partner.partner,
        )  # fmt: skip
        if found.code in ACKNOWLEDGING:
            return self._acknowledgment(found, place, problems)
        wrong = [one for one in problems if not one.warning]
        if wrong:
            return self._rejected(place, wrong)
        name = self.partner.partner
        match found.code:
            case "855":
                return self._answered(place, take_order_response(self.tx, self.context, name, found))
            case "824":
                return self._answered(place, take_advice(self.tx, self.context, name, self.sides, found))
            case "810":
                place, problem = self._invoices.take(found, place)
            case _:
                problem = _NOT_TAKEN
        if problem is None:
            return place
        own.append(problem)
        return self._rejected(place, [problem])

    def _rejected(self, place: ReceivedSet, wrong: list[Problem]) -> ReceivedSet:
        more = f", and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        reason = place.reason or "; ".join(_words(one) for one in wrong[:_SHOWN]) + more
        told = "told so by a 997" if self.partner.acknowledgment.send else "not told, as its file says"
        self.alerts.append(
            f"{place.set_code} {place.group_number}/{place.set_number} from {self.partner.partner} "
            f"({self.file_name}) is not taken: {reason}. The partner is {told}"
        )
        return replace(place, status=REJECTED, reason=reason)

    def _acknowledgment(
        self, found: TransactionSet, place: ReceivedSet, problems: Sequence[Problem]
    ) -> ReceivedSet:
        """Read liberally, as nobody would send a better one; but whole it must be."""
        broken = [one.text for one in problems if one.level in {"group", "set"} and not one.warning]
        name = self.partner.partner
        if broken or found.code != "997":
            what = "; ".join(broken) or f"a {found.code} answers nothing here"
            unread = (
                f"{name}: an acknowledgment in {self.file_name} cannot be read: {what}; ask for another one"
            )
            return self._answered(place, Answered.nothing(unread))
        return self._answered(place, take_997(self.tx, self.context, name, self.sides, found))

    def _answered(self, place: ReceivedSet, answered: Answered) -> ReceivedSet:
        self.alerts += answered.alerts
        return replace(place, status=answered.status, reason=answered.reason, reference=answered.reference)


def _words(problem: Problem) -> str:
    return problem.text.rstrip(".")
