"""Taking items away whose documents are gone: marked, archived or deleted, as the tenant says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ml_connector.core.contract import Intent, Outcome
from ml_connector.core.outcomes import loaded
from ml_connector.monday.batches import outcome_of
from ml_connector.monday.drafts import as_json
from ml_connector.monday.layout import Layout, LinePlace
from ml_connector.monday.operations import Action
from ml_connector.monday.reading import Item, folded, line_key

if TYPE_CHECKING:
    from ml_connector.monday.items import Items


async def remove(target: Items, layout: Layout, intents: Sequence[Intent]) -> list[Outcome]:
    """Take the items of these documents away; what is gone already is done.

    An item goes when none of its lines is left: as long as it stands, whoever takes over finds them.
    """
    failed: dict[str, Outcome] = {}
    if layout.gone.do != "mark" and layout.lines is not None and layout.lines.link is not None:
        below = await _lines(target, layout.lines, intents)
        lines = {intent.key: below.get(intent.target_id or "", ()) for intent in intents}
        actions = [
            (intent, Action(layout.gone.do, {"item": line.id}))
            for intent in intents
            for line in lines[intent.key]
        ]
        failed = await _run(target, actions)
    left = [intent for intent in intents if intent.key not in failed]
    failed |= await _run(target, [(intent, action) for intent in left for action in _actions(layout, intent)])
    return [failed.get(intent.key) or loaded(intent, intent.target_id) for intent in intents]


async def _run(target: Items, actions: Sequence[tuple[Intent, Action]]) -> dict[str, Outcome]:
    """The outcomes of documents one of whose actions did not work."""
    if not actions:
        return {}
    failed: dict[str, Outcome] = {}
    done = await target.batches.run([action for _, action in actions], actions[0][0].attempt_id)
    for (intent, _), one in zip(actions, done, strict=True):
        if not one.worked and not one.gone:
            failed.setdefault(intent.key, outcome_of(intent, one))
    return failed


async def _lines(target: Items, lines: LinePlace, intents: Sequence[Intent]) -> dict[str, list[Item]]:
    """The lines below the items; those of a moment ago a search may not show yet."""
    items = {intent.target_id: intent for intent in intents if intent.target_id}
    found = await target.reader.lines(lines, list(items))
    if late := [item for item, intent in items.items() if _lacks(intent, found.get(item, ()), lines)]:
        await target.sleep(target.limits.settle)
        found |= await target.reader.lines(lines, late)
    return found


def _lacks(intent: Intent, shown: Sequence[Item], lines: LinePlace) -> bool:
    """Whether lines that were written last are not found, or others may have been begun."""
    keys = {folded(line.text(lines.place.key.id)) for line in shown}
    before = (intent.previous.body.get("lines") or ()) if intent.previous is not None else ()
    known = all(folded(line_key(intent.key, str(line["key"]))) in keys for line in before)
    return "item" in intent.steps or not known


def _actions(layout: Layout, intent: Intent) -> list[Action]:
    item, mark = intent.target_id, layout.gone
    if item is None:
        return []
    if mark.do != "mark" or mark.column is None:
        return [Action(mark.do, {"item": item})]
    value = {"checked": "true"} if mark.label is None else {"index": int(mark.column.label_id(mark.label))}
    board = layout.items.board.id
    marked = Action("change", {"board": board, "item": item, "values": as_json({mark.column.id: value})})
    return [marked] if mark.group is None else [marked, Action("move", {"item": item, "group": mark.group})]
