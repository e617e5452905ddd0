"""What shall leave for one document, and what stands already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ml_connector.cleo.partners.profile import Profile
from ml_connector.core import codec
from ml_connector.core.contract import Intent, Payload
from ml_connector.core.ledger.exchange.answers import REJECTED
from ml_connector.core.ledger.exchange.outbound import BUILT, FAILED, UPLOADING, Exchange
from ml_connector.x12.model import Segment


@dataclass(frozen=True, slots=True)
class Route:
    """Where a message goes: into a folder, after which an action may be run, or to an endpoint.

    Attributes:
        connection: alias of the connection that the action belongs to.
    """

    folder: str | None = None
    action: str | None = None
    connection: str | None = None
    endpoint: str | None = None

    def as_payload(self) -> Payload:
        """The form that is stored with the bytes."""
        names = ("folder", "action", "connection", "endpoint")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    @classmethod
    def of(cls, exchange: Exchange) -> Route:
        """Where the bytes of an exchange go."""
        names = ("folder", "action", "connection", "endpoint")
        return cls(**{name: exchange.route.get(name) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message, before it has numbers.

    Attributes:
        unit: business unit for which we speak.
        kind: ST01, or ``invoice`` for JSON; the file's name begins with it.
        group_code: GS01; None for JSON.
        document: number of the order or invoice as the file's name has it, without the unit.
        reference: the number that the partner answers with.
        segments: of the transaction set, without ST and SE.
        values: of a JSON message.
        kept: what must be known of it as long as the document lives: ``cancels``, where the partner has
            nothing any more after it, and what else the target wants.
        notes: what of the free text could not go as it is, for the trail.
    """

    intent: Intent
    profile: Profile
    unit: str
    kind: str
    document: str
    reference: str
    route: Route
    group_code: str | None = None
    segments: Sequence[Segment] = field(default=(), repr=False)
    values: Payload = field(default_factory=dict, repr=False)
    kept: Payload = field(default_factory=dict, repr=False)
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What was sent for one document.

    Attributes:
        sent: everything, oldest first.
        bodies: what the mapping wanted then, by hash; what the retention has removed is missing.
    """

    sent: Sequence[Exchange] = ()
    bodies: Mapping[str, Payload] = field(default_factory=dict, repr=False)

    @property
    def latest(self) -> Exchange | None:
        """The newest, whatever became of it."""
        return self.sent[-1] if self.sent else None

    @property
    def valid(self) -> Exchange | None:
        """What the partner goes by: the newest that has left and was not rejected."""
        return next((one for one in reversed(self.sent) if one.left and one.set_status != REJECTED), None)

    def adopted(self, intent: Intent) -> bool:
        """Whether the first message was not ours, so that nobody knows what the partner had then."""
        if not self.sent:
            return intent.target_id is not None
        return any(one.kept.get("adopted") for one in self.sent)

    def body(self, exchange: Exchange) -> Payload | None:
        """What was sent then; None where the retention has removed it."""
        return self.bodies.get(exchange.document_hash or "")

    def again(self, intent: Intent) -> Exchange | None:
        """The message whose bytes go now: the one that was made for exactly this.

        One that was made for something else and may have arrived goes first all the same: what comes
        after it is a change of it.
        """
        latest = self.latest
        if latest is None or latest.set_status == REJECTED or (latest.status == FAILED and not latest.left):
            return None
        return latest if latest.status == UPLOADING or latest.document_hash == wanted_hash(intent) else None

    def superseded(self, intent: Intent) -> Exchange | None:
        """A message that certainly has not left, and is not wanted any more."""
        latest = self.latest
        if latest is None or latest.status != BUILT or latest.document_hash == wanted_hash(intent):
            return None
        return latest


def wanted_hash(intent: Intent) -> str:
    """Hash of what the mapping wants, as the ledger has it."""
    return codec.digest(intent.desired.as_payload())


def cancelled(exchange: Exchange) -> bool:
    """Whether it took everything back."""
    return bool(exchange.kept.get("cancels"))
