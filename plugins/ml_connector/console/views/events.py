"""Events of the audit trail in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ml_connector.core.http import redact

_TITLES = {
    "claimed": "Claimed, to be sent",
    "created": "Created in the target",
    "updated": "Updated in the target",
    "removed": "Withdrawn in the target",
    "adopted": "Found in the target, and adopted",
    "looked up": "Looked up in the target",
    "taken over": "Taken over: nobody knew what became of it",
    "in_doubt": "Sent, no answer",
    "unsent": "Not sent after all",
    "late answer": "An answer came after the document was taken over",
    "adopted by hand": "Conflict resolved: adopted",
    "to be created anew": "To be created anew",
}
_MAPPED = {
    "ready": "Mapped, to be sent",
    "loaded": "Mapped; nothing changed for the target",
    "waiting": "Mapped, and waiting",
    "rejected": "Refused by the mapping",
    "held": "Held by the mapping",
    "excluded": "Mapped; nothing to send",
}
_SHOWN = frozenset({"at", "event", "actor", "trail", "reason", "key"})


@dataclass(frozen=True, slots=True)
class Told:
    """One event.

    Attributes:
        at: time as ISO text.
        title: what happened.
        actor: ``dag/run/task/try``, ``console:<user>``, ``cli:<user>`` and so on.
        details: what else it says, in its own order.
        trail: its place in the audit trail.
    """

    at: str
    title: str
    actor: str | None
    reason: str | None
    details: Mapping[str, str]
    trail: str


def told(event: Mapping[str, Any]) -> Told:
    """An event as :func:`ml_connector.core.ledger.stories.events` gives it."""
    details = {
        name: _text(value) for name, value in event.items() if name not in _SHOWN and value is not None
    }
    kind = event["event"]
    reason = event.get("reason")
    title = _TITLES.get(kind, f"{kind[:1].upper()}{kind[1:]}")
    if kind == "transformed":
        title = _MAPPED.get(str(event.get("status")), "Mapped")
    return Told(event["at"], title, event["actor"], reason and redact(str(reason)), details, event["trail"])


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(item)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    return redact(str(value))
