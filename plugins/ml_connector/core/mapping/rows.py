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
    take_first = row.otherwise == "first"

    def fill(frame: Frame) -> None:
        first = None
        for _ in walk(frame):
            if where is not None and not where(frame):
                continue
            if all(own(frame) == other(frame) for own, other in match):
                frame[slot] = frame[innermost]
                return
            first = frame[innermost] if first is None else first
        if take_first and first is not None:
            frame[slot] = first

    return fill
