"""Messages as bytes, with their numbers; nothing leaves that our own checker objects to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.outbound.messages import Message
from ml_connector.cleo.partners.identity import Identity, own_identity
from ml_connector.cleo.partners.profile import PartnerIdentity, Profile
from ml_connector.core import codec
from ml_connector.core.config import TenantConfig
from ml_connector.core.errors import Rejected
from ml_connector.core.ledger.exchange.control_numbers import INTERCHANGE, Address, allocate
from ml_connector.core.state.store import Transaction
from ml_connector.x12.checker import check_outgoing
from ml_connector.x12.reader import read
from ml_connector.x12.text import Dialect
from ml_connector.x12.writer import ControlNumbers, Envelope, write

JSON = "JSON"
"""Kind of the numbers that messages without X12 carry."""

_SHOWN = 3
"""Problems that one refusal names."""


class Renderer:
    """Writes messages in the partners' ways.

    Args:
        tenant: whose environment says whether an interchange is a test.
        options: of the tenant; they hold our own identities.
        now: of the run; identities and versions are those of that day at the tenant.
    """

    def __init__(self, tenant: TenantConfig, options: CleoOptions, now: datetime) -> None:
        self._tenant, self._options = tenant, options
        self.at = now.astimezone(ZoneInfo(tenant.time_zone))

    @property
    def answer_hours(self) -> float:
        """Within which a 997 is expected, from partners whose files do not say."""
        return self._options.acknowledgments.hours

    @property
    def today(self) -> str:
        """The day of writing."""
        return self.at.date().isoformat()

    def address(self, message: Message) -> Address:
        """Between whom a message's numbers count."""
        own, partner = self._sides(message)
        return Address(self._tenant.tenant, self._tenant.environment, own.text, partner.text)

    def render(self, tx: Transaction, message: Message) -> tuple[bytes, ControlNumbers]:
        """Take numbers and write the bytes.

        Raises:
            X12Error: something has no place in an envelope or a segment.
            Rejected: what was written is not as the standard wants it.
        """
        address = self.address(message)
        if message.group_code is None:
            number = allocate(tx, address, JSON)
            return self._json(message, number), ControlNumbers(number, number)
        interchange = allocate(tx, address, INTERCHANGE)
        numbers = ControlNumbers(interchange, allocate(tx, address, message.group_code))
        content = write(self._envelope(message), numbers, message.group_code, [message.segments])
        check_written(content)
        return content, numbers

    def _sides(self, message: Message) -> tuple[Identity, PartnerIdentity]:
        own = own_identity(self._options.identities, message.unit)
        return own, message.profile.identity(message.unit, self.today)

    def _envelope(self, message: Message) -> Envelope:
        own, partner = self._sides(message)
        profile = message.profile
        return Envelope(
            sender=(own.qualifier, own.id),
            receiver=(partner.qualifier, partner.id),
            group_sender=own.group,
            group_receiver=partner.group,
            at=self.at,
            dialect=dialect(profile, self.today),
            usage="P" if self._tenant.environment == "production" else "T",
            line_end=profile.line_end,
            acknowledgment_requested=profile.acknowledgment.request_ta1,
            isa_version=profile.version(self.today).isa_version,
        )

    def _json(self, message: Message, number: int) -> bytes:
        """The number makes a second invoice of equal content another one, and a repetition the same."""
        own, partner = self._sides(message)
        head = {
            "id": f"{message.profile.partner}-{number:09d}",
            "test": self._tenant.environment != "production",
            "sender": own.text,
            "receiver": partner.text,
        }
        return codec.encode(head | message.values)


def dialect(profile: Profile, day: str) -> Dialect:
    """How a partner wants X12 to be written on a day.

    Raises:
        Rejected: the partner's file has no version for it.
    """
    agreed = profile.version(day)
    delimiters = profile.delimiters.of(agreed.version, agreed.isa_version)
    return Dialect(agreed.version, delimiters, profile.charset, profile.upper_case)


def check_written(content: bytes) -> None:
    """Have the bytes read and judged as a partner would.

    Raises:
        Rejected: with the first problems, without content.
    """
    problems = list(_problems(content))
    if problems:
        more = f" (and {len(problems) - _SHOWN} more)" if len(problems) > _SHOWN else ""
        raise Rejected(f"the document is no valid X12: {'; '.join(problems[:_SHOWN])}{more}")


def _problems(content: bytes) -> Iterator[str]:
    reading = read(content)
    yield from (fault.reason for fault in reading.faults)
    for interchange in reading.interchanges:
        for problem in check_outgoing(interchange):
            if not problem.warning:
                place = f"segment {problem.number} ({problem.segment}): " if problem.segment else ""
                yield f"{place}{problem.text}"
