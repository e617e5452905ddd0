"""In which way items are written, and what a plan will cost in calls.

Pure: the writer decides by the same function, so a plan says what a run then does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Literal

from pydantic import BaseModel

from ml_connector.core.config import TenantConfig
from ml_connector.core.dag.definition import Ways
from ml_connector.monday.fields import PAYMENT_STATUS, into_labels, item_columns, monday_options, owned
from ml_connector.monday.options import MondayOptions
from ml_connector.monday.template import BOARDS
from ml_connector.monday.values import TYPES

Way = Literal["single", "batches", "bulk"]

CALLS_PER_JOB = 4
"""Of an import: its start, and about three questions whether it is done. The file itself is no call."""

LABELS_PER_CALL = 200
"""Labels of a dropdown column that one call changes."""

NOTHING = "nothing to write"

_OPERATIONS = {
    "create": ("create",),
    "update": ("update", "update by new mapping"),
    "removal": ("remove",),
}
"""Operations of a plan by the word for them."""


def way_of(count: int, options: MondayOptions) -> Way:
    """How so many items of one kind are written that go together.

    Args:
        count: items that are created or changed; all of one operation, as the core hands them over.
    """
    if options.bulk.from_items and count >= options.bulk.from_items:
        return "bulk"
    return "batches" if count > 1 else "single"


def ways(flow: str) -> Ways:
    """Says of a flow (``invoices``) how what a plan counts would be written."""

    def say(_tenant: TenantConfig, options: BaseModel, counts: Mapping[str, int]) -> str:
        checked = monday_options(options)
        planned = {word: sum(counts.get(name, 0) for name in names) for word, names in _OPERATIONS.items()}
        if flow == PAYMENT_STATUS:
            return _payments(planned["create"] + planned["update"], checked)
        planned = {word: count for word, count in planned.items() if count}
        if not planned:
            return NOTHING
        if into_labels(checked, flow):
            return _labels(planned)
        return "; ".join(_items(planned, checked, flow)) + _lines(checked, flow)

    return say


def _payments(count: int, options: MondayOptions) -> str:
    """Items that are there already, and that may change their group; nothing is ever made or removed."""
    board = options.boards.invoices
    steps = 2 if board is not None and board.paid_group is not None else 1
    return _batches({"update": count}, options, {"update": steps}) if count else NOTHING


def _labels(planned: Mapping[str, int]) -> str:
    calls = sum(2 * ceil(count / LABELS_PER_CALL) for count in planned.values())
    return f"{_together(planned)}: labels of a dropdown column, {_about(calls)}"


def _items(planned: Mapping[str, int], options: MondayOptions, board: str) -> list[str]:
    """One sentence for each way; what goes in batches stands together."""
    said, rest = [], {}
    for word, count in planned.items():
        jobs = _jobs(count, options) if word != "removal" and importable(options, board) else []
        if jobs:
            said.append(_bulk(word, count, jobs, options))
        else:
            rest[word] = count
    if rest:
        said.append(_batches(rest, options, {"removal": _steps_of_removal(options, board)}))
    return said


def importable(options: MondayOptions, board: str) -> bool:
    """Whether the bulk import takes all columns of a board's items, if they are of the template's types."""
    template = BOARDS[board].columns
    mapped = owned(item_columns(options, board), board)
    return all(TYPES[template[name].type].cell is not None for name in mapped if name in template)


def _jobs(count: int, options: MondayOptions) -> list[int]:
    """Rows of each import; the core hands documents over in parts, and a small last part is none."""
    parts = [min(options.bulk.batch, count - start) for start in range(0, count, options.bulk.batch)]
    return [part for part in parts if way_of(part, options) == "bulk"]


def _bulk(word: str, count: int, jobs: Sequence[int], options: MondayOptions) -> str:
    calls = CALLS_PER_JOB * len(jobs) + ceil((count - sum(jobs)) / options.batch)
    named = f"{len(jobs)} job{'s' if len(jobs) > 1 else ''} of up to {max(jobs):,} rows"
    return f"{_counted(count, word)}: bulk import, {named}, {_about(calls)}"


def _batches(planned: Mapping[str, int], options: MondayOptions, steps: Mapping[str, int]) -> str:
    """Operations go separately, and so do their batches.

    Args:
        steps: mutations that an item takes, by operation; 1 where not named.
    """
    actions = [count * steps.get(word, 1) for word, count in planned.items()]
    if sum(actions) == 1:
        return f"{_together(planned)}: a single mutation"
    calls = sum(ceil(count / options.batch) for count in actions)
    return f"{_together(planned)}: aliased batches of {options.batch}, {_about(calls)}"


def _steps_of_removal(options: MondayOptions, board: str) -> int:
    """A mark may come with a move to another group."""
    configured = options.items_of(board)
    return 2 if configured is not None and configured.gone.do == "mark" and configured.gone.group else 1


def _lines(options: MondayOptions, board: str) -> str:
    """How many lines there are, a plan does not count."""
    configured = options.items_of(board)
    if configured is None or configured.lines is None:
        return ""
    if configured.lines.into == "subitems":
        return f"; lines follow as subitems, in batches of {options.batch}"
    if not options.bulk.from_items:
        return f"; lines follow on their own board, in batches of {options.batch}"
    return (
        f"; lines follow on their own board, in batches of {options.batch}, "
        f"or by bulk import from {options.bulk.from_items:,} on"
    )


def _together(planned: Mapping[str, int]) -> str:
    *first, last = (_counted(count, word) for word, count in planned.items())
    return f"{', '.join(first)} and {last}" if first else last


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _about(calls: int) -> str:
    return f"about {calls:,} call{'' if calls == 1 else 's'}"
