"""Taking items away whose documents are gone: marked, archived or deleted, as the tenant says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ml_connector.core.contract import Intent, Outcome
from ml_connector.core.outcomes import loaded
from ml_connector.monday.batches import Done, outcome_of
from ml_connector.monday.drafts import as_json
from ml_connector.monday.layout import Layout
from ml_connector.monday.operations import Action

if TYPE_CHECKING:
    from ml_connector.monday.items import Items


async def remove(target: Items, layout: Layout, intents: Sequence[Intent]) -> list[Outcome]:
    """Take the items of these documents away; what is gone already is done."""
    lines: dict[str, list[str]] = {}
    if layout.gone.do != "mark" and layout.lines is not None and layout.lines.link is not None:
        found = await target.reader.lines(
            layout.lines, [intent.target_id for intent in intents if intent.target_id]
        )
        lines = {parent: [line.id for line in below] for parent, below in found.items()}
    actions = {
        intent.key: _actions(layout, intent, lines.get(intent.target_id or "", ())) for intent in intents
    }
    flat = [action for intent in intents for action in actions[intent.key]]
    attempt = intents[0].attempt_id
    done = iter(await target.batches.run(flat, attempt))
    return [_outcome(intent, [next(done) for _ in actions[intent.key]]) for intent in intents]


def _actions(layout: Layout, intent: Intent, lines: Sequence[str]) -> list[Action]:
    item, mark = intent.target_id, layout.gone
    if item is None:
        return []
    if mark.do != "mark" or mark.column is None:
        return [*(Action(mark.do, {"item": line}) for line in lines), Action(mark.do, {"item": item})]
    value = {"checked": "true"} if mark.label is None else {"index": int(mark.column.label_id(mark.label))}
    board = layout.items.board.id
    marked = Action("change", {"board": board, "item": item, "values": as_json({mark.column.id: value})})
    return [marked] if mark.group is None else [marked, Action("move", {"item": item, "group": mark.group})]


def _outcome(intent: Intent, done: Sequence[Done]) -> Outcome:
    failed = next((one for one in done if not one.worked and not one.gone), None)
    return loaded(intent, intent.target_id) if failed is None else outcome_of(intent, failed)
