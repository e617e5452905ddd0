"""What becomes of a document whose record P2P took over, refused, or passed over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ml_connector.basware.api import Item, Refusal, RequestStatus
from ml_connector.basware.master.second_stage import Receipt
from ml_connector.core.contract import Intent, Outcome
from ml_connector.core.http import redact
from ml_connector.core.outcomes import loaded

AGAIN = "again"
"""P2P passed the record over: it must be sent once more, altered."""

NOT_TAKEN = "not_taken"
"""Step of a document: the digest of a record that the API holds and P2P did not take."""

_SUCCESS = frozenset({"Success", "AcknowledgedSuccess"})
_PASSED_OVER = frozenset({"NotProcessed", "RecordExpired"})


@dataclass(frozen=True, slots=True)
class Case:
    """One document, what was sent for it, and the receipt.

    Attributes:
        digest: of the record as the mapping wants it.
        private: values that no sentence may repeat.
        stood: P2P has taken exactly this before, as far as the ledger knows.
    """

    intent: Intent
    receipt: Receipt
    digest: str
    private: tuple[str, ...] = ()
    stood: bool = False


def decide(case: Case, status: RequestStatus | None, *, late: bool, resends: int) -> Outcome | str:
    """The outcome of a document, or :data:`AGAIN`.

    Args:
        status: of its request, as far as it is known.
        late: P2P has had all the time that it is given.
        resends: how often a record may be sent again.
    """
    item = status.items.get(case.receipt.code) if status is not None else None
    state = _state(status, item)
    if state == "InProgress":
        return _late(case) if late else accepted(case, "P2P has not decided yet")
    if state in {"Success", "Warning"}:
        alert = _said(case, item, "P2P took it with a warning") if state == "Warning" else None
        return loaded(case.intent, case.receipt.code, alert=alert)
    if state in _PASSED_OVER:
        return _passed_over(case, state, resends)
    return _refused(case, item, state)


def _state(status: RequestStatus | None, item: Item | None) -> str:
    """A record that a finished request does not name shares the request's success, but not its failure."""
    if item is not None:
        return item.status
    if status is None or not status.decided:
        return "InProgress"
    return "Success" if status.status in _SUCCESS else "Missing"


def _passed_over(case: Case, state: str, resends: int) -> Outcome | str:
    if state == "NotProcessed" and case.stood:
        return loaded(case.intent, case.receipt.code)
    if case.intent.superseded is not None:  # what waits in its stead differs, and goes next
        return loaded(case.intent, case.receipt.code)
    if case.receipt.resent < resends:
        return AGAIN
    reason = f"P2P passed it over {case.receipt.resent + 1} times ({state}), however it was altered"
    return _not_taken(case, Outcome(case.intent.key, "failed", reason=reason, code=state))


def _refused(case: Case, item: Item | None, state: str) -> Outcome:
    """What the customer must mend is rejected; what Basware must mend is tried again."""
    reason = _said(case, item, f"P2P did not take it ({state}), and did not say why")
    data = item is not None and any(error.category == "DataValidation" for error in item.errors)
    result = Outcome(
        case.intent.key,
        "rejected" if data else "failed",
        reason=reason,
        code="DataValidation" if data else state,
    )
    return _not_taken(case, result)


def _late(case: Case) -> Outcome:
    receipt = case.receipt
    said = (
        f"P2P has not decided about request {receipt.request_id} since {receipt.sent_at:%Y-%m-%d %H:%M} UTC"
    )
    alert = f"{said}; ask Basware's support what became of it"
    return _not_taken(case, Outcome(case.intent.key, "failed", reason=said, code="InProgress", alert=alert))


def _not_taken(case: Case, outcome: Outcome) -> Outcome:
    """The API holds the record, so the same once more would be passed over: the ledger notes that."""
    case.intent.steps[NOT_TAKEN] = case.digest
    return Outcome(
        outcome.key, outcome.result, target_id=case.receipt.code, reason=outcome.reason, code=outcome.code,
        alert=outcome.alert, stands=True,
    )  # fmt: skip


def accepted(case: Case, reason: str) -> Outcome:
    """Asked for again by the next reconciliation."""
    receipt = case.receipt
    return Outcome(
        case.intent.key, "accepted", target_id=receipt.code, receipt=receipt.as_payload(), reason=reason
    )


def refused_at_once(intent: Intent, refusal: Refusal, private: Iterable[str]) -> Outcome:
    """The API itself did not take it."""
    reason = redact(refusal.message, private)
    return Outcome(intent.key, "rejected", reason=reason, field=refusal.field, code=refusal.code)


def _said(case: Case, item: Item | None, otherwise: str) -> str:
    texts = dict.fromkeys(error.message for error in item.errors if error.message) if item else {}
    return redact("; ".join(texts), case.private)[:500] or otherwise
