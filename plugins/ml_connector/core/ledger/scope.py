"""What a flow's rows have in common, and how long a state may stay open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_

from ml_connector.core.state.schema import document


class Status(StrEnum):
    """Where a document stands on its way; see the architecture chapter for the arrows."""

    STAGED = "staged"  #: read, not mapped yet
    READY = "ready"  #: mapped, to be sent
    WAITING = "waiting"  #: for a crosswalk entry
    REJECTED = "rejected"  #: the document or the other side's rules say no
    HELD = "held"  #: a person decides whether it goes
    SENDING = "sending"  #: claimed; in doubt once its lease has ended
    ACCEPTED = "accepted"  #: taken, decided later
    LOADED = "loaded"  #: stands in the target
    FAILED = "failed"  #: to be tried again
    DEAD = "dead"  #: failed too often
    CONFLICT = "conflict"  #: the target holds something else; a person decides
    DRIFTED = "drifted"  #: changed by hand in the target, or gone from it
    EXCLUDED = "excluded"  #: nothing to send: outside the selection, or ended before it was ever sent


IN_FLIGHT = frozenset({Status.SENDING, Status.ACCEPTED})

PATIENCE: dict[Status, timedelta] = {
    Status.STAGED: timedelta(days=1),
    Status.READY: timedelta(days=1),
    Status.WAITING: timedelta(days=7),
    Status.REJECTED: timedelta(days=3),
    Status.HELD: timedelta(days=3),
    Status.SENDING: timedelta(hours=2),
    Status.ACCEPTED: timedelta(days=1),
    Status.FAILED: timedelta(days=1),
    Status.DEAD: timedelta(days=3),
    Status.CONFLICT: timedelta(days=1),
    Status.DRIFTED: timedelta(days=3),
}
"""How long each state may stay open before one alert is raised."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One flow of one tenant."""

    tenant: str
    environment: str
    flow: str

    def rows(self) -> ColumnElement[bool]:
        """Condition that selects this flow's documents."""
        return and_(document.c.tenant == self.tenant, document.c.flow == self.flow)

    def labels(self) -> dict[str, Any]:
        """Arguments for an audit event."""
        return {"tenant": self.tenant, "flow": self.flow}


def entering(status: Status, now: datetime, reason: str | None = None) -> dict[str, Any]:
    """Column values of a document that enters a state."""
    patience = PATIENCE.get(status)
    return {
        "status": status.value,
        "reason": reason,
        "since": now,
        "deadline": now + patience if patience else None,
        "alerted_at": None,
    }
