"""What becomes of a document whose items were written or imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ml_connector.core.contract import Intent, Outcome, Payload, Result
from ml_connector.core.errors import Rejected
from ml_connector.core.outcomes import in_doubt, loaded
from ml_connector.monday.bulk import REFUSED, Line, Status
from ml_connector.monday.drafts import Draft, same_body
from ml_connector.monday.layout import Layout
from ml_connector.monday.reading import Item, too_many


def take_item(draft: Draft, line: Line | None) -> None:
    """What the report says of a document's item."""
    if line is None:
        draft.outcome = in_doubt(draft.intent, "the report of the import lacks its row", target_id=draft.item)
    elif line.item is None:
        draft.outcome = not_taken(draft, line)
    elif draft.item is not None and draft.item != line.item:
        reason = (
            f"the import wrote item {line.item}, not {draft.item}: both have, or had, its key. Remove one of "
            "them from the board, then replay; where the old one is gone, `release --adopt` takes the new one"
        )
        draft.outcome = Outcome(draft.intent.key, "conflict", target_id=line.item, reason=reason)
    else:
        draft.item = line.item


def take_lines(draft: Draft, lines: Sequence[Line | None]) -> None:
    """What the report says of a document's lines."""
    wrong = [line for line in lines if line is not None and line.error]
    if any(line is None for line in lines):
        draft.outcome = in_doubt(draft.intent, "the report of the import lacks lines", target_id=draft.item)
    elif wrong:
        worst = next((line for line in wrong if line.refused), wrong[0])
        draft.outcome = replace(not_taken(draft, worst), field="lines")
    else:
        draft.outcome = loaded(draft.intent, draft.item)


def not_taken(draft: Draft, line: Line) -> Outcome:
    """A row that did not become an item: refused for what it holds, or left out for another reason."""
    result: Result = "rejected" if line.refused else "failed"
    code = REFUSED if line.refused else None
    return Outcome(draft.intent.key, result, target_id=draft.item, reason=line.error, code=code)


def left_for_later(draft: Draft, reason: str) -> Outcome:
    """Goes on with the next load."""
    return Outcome(draft.intent.key, "unsent", target_id=draft.item, reason=reason)


def had_lines(draft: Draft) -> bool:
    """Whether lines were written with the document before."""
    previous = draft.intent.previous
    return previous is not None and bool(previous.body.get("lines"))


def still_running(draft: Draft, receipt: Payload, state: str) -> Outcome:
    """Asked for again by the next reconciliation."""
    reason = f"import {receipt['job']}: {state}"
    return Outcome(draft.intent.key, "accepted", target_id=draft.item, receipt=receipt, reason=reason)


def untold(draft: Draft, job: str, status: Status) -> Outcome:
    """A job that ended without a report: the board tells; what would stop the next one stops the flow."""
    outcome = in_doubt(draft.intent, f"import {job}: {status.reason or status.state}", target_id=draft.item)
    return replace(outcome, cause=status.failure)


def take_found(draft: Draft, items: Sequence[Item]) -> None:
    """Go on with the item that has the key now; without one it will be made."""
    if len(items) > 1:
        draft.outcome = several(draft.intent, items)
    else:
        draft.item = items[0].id if items else None


def several(intent: Intent, items: Sequence[Item]) -> Outcome:
    """Somebody made a copy: nobody but a person knows which one is meant."""
    return Outcome(intent.key, "conflict", target_id=items[0].id, reason=too_many(items))


def is_written(draft: Draft, item: Item, layout: Layout) -> bool:
    """Whether an item shows what an import was to write."""
    body = draft.intent.desired.body
    return same_body({"name": draft.name, "columns": body.get("columns") or {}}, item.body(layout.items))


def not_allowed(draft: Draft) -> Outcome:
    """The tenant's flow changes items, and makes none."""
    refusal = Rejected("is not on the board, and this flow may create nothing there; create it by hand")
    return Outcome(draft.intent.key, "rejected", reason=refusal.reason, local=True)


def outcome_of_draft(draft: Draft) -> Outcome:
    """The outcome of a document; an item that was made stays its own, whatever became of the rest."""
    outcome = draft.outcome or loaded(draft.intent, draft.item)
    if draft.item is None or outcome.result in ("loaded", "accepted", "conflict"):
        return outcome
    return replace(outcome, target_id=draft.item, stands=True)
