"""Where compiled closures find values at run time.

A frame is a plain list, because indexing one is the cheapest look-up Python has. Slot 0 holds the
document, slots 1 and up the rows of the collections being walked (as ``Scope`` numbers them),
slots from ``MAX_DEPTH`` on the named rows, the last two slots what one document brings along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ml_connector.core.config.dataset import Level
from ml_connector.core.config.scopes import MAX_DEPTH, Scope
from ml_connector.core.mapping.results import Missing, Refusal
from ml_connector.core.mapping.values import text

Frame = list[Any]
Getter = Callable[[Frame], Any]
Walk = Callable[[Frame], Iterator[None]]

CROSSWALK = -1
STEP = -2
_EMPTY: dict[str, Any] = {}


def new_frame(payload: dict[str, Any], named_rows: int) -> Frame:
    """A frame with the document in it, and every other row blank."""
    return [payload, *([_EMPTY] * (MAX_DEPTH - 1 + named_rows)), None, None]


def rows(parent: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The rows of a collection; none where it is missing."""
    found = parent.get(name)
    if not found:
        return []
    if type(found) is list:
        for row in found:
            if type(row) is not dict:
                break
        else:
            return found
    refusal = Refusal("is not a list of rows", value=type(found).__name__, expected="a list of rows").at(name)
    refusal.collection = name
    raise refusal


def compile_walk(path: str, scope: Scope) -> Walk:
    """A walk over the rows of ``lines.distributions``, which puts each row into its slot."""
    name, _, rest = path.partition(".")
    slot = scope.slot + 1
    if not rest:

        def walk(frame: Frame) -> Iterator[None]:
            for row in rows(frame[slot - 1], name):
                frame[slot] = row
                yield

        return walk
    inner = compile_walk(rest, scope.enter(name))

    def walk_deeper(frame: Frame) -> Iterator[None]:
        for row in rows(frame[slot - 1], name):
            frame[slot] = row
            yield from inner(frame)

    return walk_deeper


def note_rows(failure: Refusal | Missing, frame: Frame, outer: Scope, inner: Scope) -> None:
    """Tell a refusal in which rows, between two scopes, it happened."""
    if isinstance(failure, Missing):
        return
    described = []
    for slot in range(outer.slot + 1, inner.slot + 1):
        name = inner.collections[slot - 1]
        if name == failure.collection:
            break
        described.append(f"{name} {row_label(frame[slot], inner.levels[slot])}")
    failure.rows[:0] = described


def row_label(row: dict[str, Any], level: Level) -> str:
    """A row's key, for people."""
    try:
        return "|".join(text(row.get(name)) or "?" for name in level.key)
    except Refusal:
        return "?"
