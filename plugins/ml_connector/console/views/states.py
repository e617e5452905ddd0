"""Each state of a document in a sentence, and what moves it on; the same as in docs/operations.md."""

from __future__ import annotations

from ml_connector.core.ledger.scope import Status

MEANING: dict[str, tuple[str, str]] = {
    Status.STAGED: ("It was read, and is not mapped yet.", "The next run maps it."),
    Status.READY: ("It is mapped, and will be sent.", "The next run sends it."),
    Status.WAITING: (
        "It waits for a crosswalk entry, which the reason names.",
        "It goes by itself when the entry comes: mend the document that makes it, or set the entry by hand.",
    ),
    Status.REJECTED: (
        "The document itself, or the other side's rules, say no.",
        "Change it in its source, or the mapping; or replay it, if the other side changed its mind.",
    ),
    Status.HELD: (
        "A person decides whether it goes.",
        "Release it. If the mapping holds it, change the document or the mapping, then replay it.",
    ),
    Status.SENDING: (
        "A request is out, or nobody knows what became of it.",
        "The next run asks the target first; nothing is sent twice.",
    ),
    Status.ACCEPTED: ("The other side took it and decides later.", "The next run asks what was decided."),
    Status.LOADED: ("It stands in the target.", "A change in its source."),
    Status.FAILED: (
        "An error that names this document. It is tried again, each time after twice as long.",
        "The next run after its pause, or replay it now.",
    ),
    Status.DEAD: ("It failed as often as the tenant's file allows.", "Mend the cause, then replay it."),
    Status.CONFLICT: (
        "The target holds something else under this key, or would lose money.",
        "Decide: adopt the object that is there, create another one, or mend one side and replay it.",
    ),
    Status.DRIFTED: (
        "Somebody changed it in the target, or it is gone from there.",
        "Mend it there, or replay it: what the source says is sent again.",
    ),
    Status.EXCLUDED: (
        "There is nothing to send: it is outside the selection, or ended before it was ever sent.",
        "A change in its source.",
    ),
}
"""Meaning and way on, by state."""
