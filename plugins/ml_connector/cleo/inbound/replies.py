"""What we answer: one 997 for each group, a TA1 where the envelope asks for one or is not fit for more.

An answer is stored with what it answers, in one transaction and under numbers of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.cleo.inbound.context import InboundContext
from ml_connector.cleo.inbound.envelope import ACKNOWLEDGMENTS, Sides, group_code, group_number
from ml_connector.cleo.outbound.naming import FileName
from ml_connector.cleo.partners.profile import Profile
from ml_connector.core.ledger.exchange import outbound
from ml_connector.core.ledger.exchange.control_numbers import INTERCHANGE, Address, allocate
from ml_connector.core.ledger.exchange.outbound import NewInterchange, NewSet
from ml_connector.core.state.store import Transaction
from ml_connector.x12 import checker, reader
from ml_connector.x12.acknowledgment_writer import Judgement, build_997, build_ta1, reply_to
from ml_connector.x12.checker import GroupCheck
from ml_connector.x12.model import Group, Interchange, Segment, X12Error
from ml_connector.x12.text import RELEASES, Dialect
from ml_connector.x12.writer import ControlNumbers, Envelope, write, write_interchange_acknowledgment

_FOLDER = "997"
"""Key of the upload folder for what we acknowledge."""

Checked = Sequence[tuple[Group, GroupCheck]]


class Replies:
    """Answers to one interchange.

    Args:
        profile: of the partner that sent it.
    """

    def __init__(
        self,
        tx: Transaction,
        context: InboundContext,
        profile: Profile,
        interchange: Interchange,
        sides: Sides,
    ) -> None:
        self._tx, self._context, self._profile = tx, context, profile
        self._interchange, self._sides = interchange, sides

    def groups(self, answered: Checked) -> list[str]:
        """Keep the 997s to these groups of the partner, in one interchange.

        Returns:
            Sentences for people, where an answer cannot be written.
        """
        if not answered or not self._profile.acknowledgment.send:
            return []
        try:
            dialect = self._dialect(answered[0][0])
            detail = self._profile.acknowledgment.detail
            sets = [build_997(group, one, dialect, detail) for group, one in answered]
            envelope = self._envelope(answered[0][0], dialect)
            _checked(write(envelope, ControlNumbers(1, 1), ACKNOWLEDGMENTS, sets))
        except X12Error as error:
            return [self._unanswered(error)]
        numbers = ControlNumbers(self._number(INTERCHANGE), self._number(ACKNOWLEDGMENTS))
        content = write(envelope, numbers, ACKNOWLEDGMENTS, sets)
        kept = [
            NewSet("997", ACKNOWLEDGMENTS, numbers.group, f"{at:04d}", reference=_named(group))
            for at, (group, _) in enumerate(answered, 1)
        ]
        self._keep("997", numbers.interchange, content, kept)
        return []

    def interchange(self, code: Judgement, note: str) -> list[str]:
        """Keep a TA1 to the interchange. Returns as :meth:`groups` does."""
        if not self._profile.acknowledgment.send:
            return []
        try:
            envelope = self._envelope(self._any_group(), self._dialect(None))
            answer = build_ta1(self._interchange, code, note)
            _checked(write_interchange_acknowledgment(envelope, 1, [answer]))
        except X12Error as error:
            return [self._unanswered(error)]
        number = self._number(INTERCHANGE)
        self._keep(
            "TA1", number, write_interchange_acknowledgment(envelope, number, [answer]), [NewSet("TA1")]
        )
        return []

    def _dialect(self, group: Group | None) -> Dialect:
        """As the partner wrote, where that is a version that we write; else as its file says."""
        given = group.header[8].strip() if group and len(group.header) > 8 else ""
        known = given[:6] in RELEASES
        version = given if known else self._profile.version(self._context.store.now().date()).version
        profile = self._profile
        return Dialect(version, profile.delimiters.of(version), profile.charset, profile.upper_case)

    def _envelope(self, group: Group, dialect: Dialect) -> Envelope:
        at = self._context.store.now()
        return reply_to(self._interchange, group, dialect, at, self._profile.line_end)

    def _any_group(self) -> Group:
        """The ids of the group where there is one; a TA1 needs none, but its envelope is made of some."""
        sides = self._sides
        ids = (sides.sender_group or sides.sender_id, sides.receiver_group or sides.receiver_id)
        header: Segment = ("GS", "", *ids)
        return Group(header, (), None)

    def _number(self, kind: str) -> int:
        return allocate(self._tx, self._address, kind)

    @property
    def _address(self) -> Address:
        context, sides = self._context, self._sides
        return Address(context.name, context.tenant.environment, sides.receiver, sides.sender)

    def _keep(self, kind: str, number: int, content: bytes, sets: Sequence[NewSet]) -> None:
        sides = self._sides
        answered = f"{sides.number:09d}" if sides.number is not None else "0"
        name = FileName(kind, self._profile.partner, sides.receiver_id, answered, 1, number)
        route = {"folder": self._context.options.folders.upload.get(_FOLDER, f"upload/{_FOLDER}")}
        outbound.keep(
            self._tx,
            NewInterchange(self._address, self._profile.partner, str(name), content, sets, number, route),
        )

    def _unanswered(self, error: X12Error) -> str:
        sides = self._sides
        return (
            f"interchange {sides.number} from {self._profile.partner} is not acknowledged: {error.reason}. "
            "Tell the partner what was received"
        )


def _named(group: Group) -> str:
    return f"{group_code(group)} {group_number(group)}"


def _checked(content: bytes) -> None:
    """Check what was written, as everything that leaves.

    Raises:
        X12Error: it breaks a rule.
    """
    for interchange in reader.read(content).interchanges:
        for problem in checker.check(interchange):
            if not problem.warning:
                raise X12Error(problem.text)
