"""What becomes of an answer of a partner."""

from __future__ import annotations

from dataclasses import dataclass, field

from ml_connector.core.ledger.exchange.received import QUARANTINED, TAKEN


@dataclass(slots=True)
class Answered:
    """One answer.

    Attributes:
        status: of the set that carried it; ``quarantined`` where it answers nothing that we sent.
        reference: what it answers, as people know it.
        alerts: sentences for people, without the content of documents.
    """

    status: str = TAKEN
    reason: str | None = None
    reference: str | None = None
    alerts: list[str] = field(default_factory=list)

    @classmethod
    def nothing(cls, what: str) -> Answered:
        """It belongs to nothing that we know."""
        return cls(QUARANTINED, what, alerts=[what])
