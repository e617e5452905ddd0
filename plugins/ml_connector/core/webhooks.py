"""What the receiver of webhooks and a system's verifier pass to each other.

The receiver knows HTTP and the inbox; a verifier knows how its system signs and what its events
look like. A verifier does no I/O, so that a flood of forged deliveries costs no more than its CPU.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ml_connector.core.contract import Payload
from ml_connector.core.errors import ConnectorError


@dataclass(frozen=True, slots=True)
class Delivery:
    """One HTTP request, as it was received.

    Attributes:
        headers: by name in small letters.
        body: the raw bytes: signatures are made over these.
        type: last part of the address, where the sender has one address for each type of event.
        query: parameters of the address.
    """

    headers: Mapping[str, str]
    body: bytes
    type: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a delivery.

    Attributes:
        event_id: the sender's own id; the same event comes with the same id.
        type: what happened, in the sender's words, e.g. ``payment.updated``.
        body: the whole event as the sender wrote it.
    """

    event_id: str
    type: str
    body: Payload


class Refused(ConnectorError):
    """A delivery that is not taken. The text is for our log, never for the sender.

    Args:
        status: HTTP status of the answer, e.g. 401 for a wrong signature.
    """

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class Verifier(Protocol):
    """Decides whether a delivery is genuine, and takes it apart."""

    def accept(self, delivery: Delivery) -> Sequence[Event]:
        """The events of a genuine delivery.

        Raises:
            Refused: it is not genuine, or not to be understood.
        """
        ...
