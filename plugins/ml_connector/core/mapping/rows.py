"""Compiles named rows: the one row of a collection that the mapping's ``rows`` describe."""

from __future__ import annotations

from collections.abc import Callable

from ml_connector.core.config.mapping import NamedRow
from ml_connector.core.config.scopes import Scope
from ml_connector.core.mapping.conditions import ConditionCompiler
from ml_connector.core.mapping.frame import Frame, compile_walk
from ml_connector.core.mapping.templates import compile_text


def compile_row(
    row: NamedRow, slot: int, scope: Scope, conditions: ConditionCompiler
) -> Callable[[Frame], None]:
    """Puts the row described into its slot; the slot stays blank where there is none."""
    inner = scope.enter(row.of)
    walk, innermost = compile_walk(row.of, scope), inner.slot
    where = conditions.compile(row.where, inner) if row.where is not None else None
    match = [(compile_text(own, inner), compile_text(other, scope)) for own, other in row.match.items()]
    take_first, to_the_end = row.otherwise == "first", row.take == "last"

    def fill(frame: Frame) -> None:
        first = found = None
        for _ in walk(frame):
            if where is not None and not where(frame):
                continue
            if all(own(frame) == other(frame) for own, other in match):
                found = frame[innermost]
                if not to_the_end:
                    break
            first = frame[innermost] if first is None else first
        if found is None and take_first:
            found = first
        if found is not None:
            frame[slot] = found

    return fill
