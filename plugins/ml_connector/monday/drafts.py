"""What is to be written of one document, worked out before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from ml_connector.core import codec
from ml_connector.core.contract import Intent, Outcome, Payload
from ml_connector.core.errors import Rejected
from ml_connector.core.planning.differences import equal
from ml_connector.monday.bulk import Row
from ml_connector.monday.layout import Layout, LinePlace, Place
from ml_connector.monday.operations import Action
from ml_connector.monday.reading import Item, folded, in_order, line_key
from ml_connector.monday.values import CLEAR_CELL, cell, checked_name, written

HEADER = "header"
"""Step: digest of the name and columns that an import wrote; None while nobody knows what stands there."""


@dataclass(slots=True)
class Draft:
    """One document on its way.

    Attributes:
        item: id of its item, once known.
        fresh: this run made the item, so nothing can stand below it yet.
        revived: it was gone, and is marked as such no more.
        unknown: what was written last says nothing about the board.
        unmark: id of the column that marks what is gone, where it must be emptied.
        tried_lines: an attempt that was not finished came to the lines.
        outcome: once it is decided.
    """

    intent: Intent
    name: str
    values: Mapping[str, Any]
    item: str | None = None
    fresh: bool = False
    revived: bool = False
    unknown: bool = True
    unmark: str | None = None
    tried_lines: bool = False
    outcome: Outcome | None = None

    @property
    def lines(self) -> Sequence[Payload]:
        """The lines that are wanted."""
        return self.intent.desired.body.get("lines") or ()

    @property
    def header_changed(self) -> bool:
        """Whether name or columns may differ from what was written last."""
        previous, header = self.intent.previous, _header(self.intent.desired.body)
        if (written := self.intent.steps.get(HEADER)) is not None:
            return bool(written != codec.digest_of(header))
        return self.unknown or previous is None or _header(previous.body) != header

    @property
    def header_known(self) -> bool:
        """Whether the ledger says what stands in the item."""
        return self.item is not None and (not self.unknown or self.intent.steps.get(HEADER) is not None)

    def note_header(self) -> None:
        """An import has written the item; what is left is sent without it."""
        self.intent.steps[HEADER] = codec.digest_of(_header(self.intent.desired.body))

    @property
    def lines_changed(self) -> bool:
        """Whether the lines may differ from what was written last."""
        previous = self.intent.previous
        if self.unknown or self.fresh or previous is None:
            return True
        return codec.encode(previous.body.get("lines") or []) != codec.encode(list(self.lines))


def _unknown(intent: Intent) -> bool:
    """Whether what was written last says nothing about the board.

    An attempt that did not end may have written a part of something else; and what is sent once more,
    unchanged, is to undo what somebody did on the board.
    """
    previous = intent.previous
    if previous is None or previous.absent or intent.steps:
        return True
    return codec.encode(previous.as_payload()) == codec.encode(intent.desired.as_payload())


def _header(body: Payload) -> bytes:
    return codec.encode({name: value for name, value in body.items() if name != "lines"})


NOT_YET = "sent a moment ago: what it wrote may not be found yet"


def fresh(intent: Intent, now: datetime, settle: float) -> bool:
    """Whether the attempt in doubt may still be executed, or a search may not show yet what it wrote."""
    return intent.attempted_at is not None and (now - intent.attempted_at).total_seconds() < settle


def known_item(intent: Intent) -> str | None:
    """Id of a document's item: the ledger's, or that of an attempt that was not finished."""
    return intent.target_id or intent.steps.get("item")


def draft(intent: Intent, layout: Layout) -> Draft:
    """What is to be written of a document; decided at once where a column does not take its value."""
    previous = intent.previous
    revived = previous is not None and previous.absent
    made = Draft(
        intent, "", {}, item=known_item(intent), revived=revived, unknown=_unknown(intent),
        tried_lines="item" in intent.steps,
    )  # fmt: skip
    try:
        made.name = checked_name(intent.desired.body.get("name"))
        made.values = fragments(layout.items, intent.desired.body, intent.key)
        if layout.lines is not None:
            for line in made.lines:
                line_name(line)
                fragments(layout.lines.place, line, line_key(intent.key, str(line["key"])))
    except Rejected as refusal:
        made.outcome = Outcome(
            intent.key, "rejected", target_id=intent.target_id, reason=refusal.reason, field=refusal.field,
            local=True,
        )  # fmt: skip
    column = layout.gone.column
    if column is not None and column.id not in made.values and _unmarks(made, layout):
        made.unmark = column.id
        made.values = {**made.values, column.id: None}
    return made


def _unmarks(made: Draft, layout: Layout) -> bool:
    """Whether the mark of what is gone must be taken from an item.

    A checkbox is, wherever nobody knows what stands on the board. A status column is the team's as well:
    it is emptied only where the item was marked by us.
    """
    return made.item is not None and (made.revived or (layout.gone.label is None and made.unknown))


def fragments(place: Place, body: Payload, key: str) -> dict[str, Any]:
    """The values of all mapped columns: what PeopleSoft has not is emptied on the board, too.

    Raises:
        Rejected: a column does not take its value.
    """
    columns = body.get("columns") or {}
    found: dict[str, Any] = {place.key.id: key}
    for name, column in place.columns.items():
        make = partial(written, columns.get(name), column, reference=name in place.references)
        found[column.id] = in_field(name, make)
    return found


def row(place: Place, body: Payload, key: str, name: str, *, fresh: bool) -> Row | None:
    """The same as a row of an import; a new item needs nothing emptied. None: no CSV can hold a value."""
    columns = body.get("columns") or {}
    cells: dict[str, str] = {}
    for field_name, column in place.columns.items():
        value = columns.get(field_name)
        if value is None and fresh:
            continue
        made = cell(value, column, reference=field_name in place.references)
        if made is None:
            return None
        cells[column.id] = made
    return None if CLEAR_CELL in {name.strip(), key} else Row(key, name, cells)


def in_field(name: str, make: Callable[[], Any]) -> Any:
    """A value, or a refusal that names the mapping's field."""
    try:
        return make()
    except Rejected as refusal:
        raise Rejected(refusal.reason, field=f"columns.{name}", code=refusal.code) from None


def line_name(line: Payload) -> str:
    """A line's name; its number where it has no text."""
    return checked_name(line.get("name") or line["key"])


def create(layout: Layout, made: Draft) -> Action:
    """Creates a document's item."""
    return Action("create", {
        "board": layout.items.board.id, "group": layout.group, "name": made.name,
        "values": as_json({column: value for column, value in made.values.items() if value is not None}),
    })  # fmt: skip


def change(place: Place, item: str, name: str, values: Mapping[str, Any]) -> Action:
    """Writes name and columns of an item."""
    return Action("change", {
        "board": place.board.id, "item": item, "values": as_json({"name": name, **values}),
    })  # fmt: skip


def as_json(value: Any) -> str:
    """The API takes values of columns as a text that holds JSON."""
    return codec.encode(value).decode()


@dataclass(slots=True)
class LineWork:
    """What is to be done to the lines of one document.

    Attributes:
        missing: lines to be created.
        changed: lines to be written, with the item of each.
        surplus: items of lines that are no more, or that somebody copied.
    """

    missing: list[Payload] = field(default_factory=list)
    changed: list[tuple[Payload, Item]] = field(default_factory=list)
    surplus: list[Item] = field(default_factory=list)

    def without(self, done: Sequence[bool]) -> LineWork:
        """What is left of missing and changed lines, of which those are done."""
        new = len(self.missing)
        missing = [line for line, over in zip(self.missing, done[:new], strict=True) if not over]
        changed = [pair for pair, over in zip(self.changed, done[new:], strict=True) if not over]
        return LineWork(missing, changed)


def line_work(document: str, wanted: Sequence[Payload], there: Sequence[Item], place: Place) -> LineWork:
    """Compare the lines that are wanted with those that are there.

    Lines without a key are the team's own and are left alone.
    """
    work = LineWork()
    by_key: dict[str, Item] = {}
    prefix = folded(line_key(document, ""))
    for item in sorted(there, key=lambda one: int(one.id)):
        key = folded(item.text(place.key.id))
        if not key.startswith(prefix):
            continue
        if key in by_key:
            work.surplus.append(item)
        else:
            by_key[key] = item
    for line in wanted:
        standing = by_key.pop(folded(line_key(document, str(line["key"]))), None)
        if standing is None:
            work.missing.append(line)
        elif not same_line(line, standing, place):
            work.changed.append((line, standing))
    work.surplus += by_key.values()
    return work


def same_line(line: Payload, item: Item, place: Place) -> bool:
    """Whether a line stands there as it is wanted."""
    body = item.body(place)
    return same_body({"name": line_name(line), "columns": line.get("columns") or {}}, body)


def same_body(wanted: Any, there: Any) -> bool:
    """Equality of bodies: what the mapping leaves blank is blank there, and outer blanks do not count."""
    if isinstance(wanted, dict) and isinstance(there, dict):
        return all(same_body(wanted.get(name), there.get(name)) for name in {**wanted, **there})
    if isinstance(wanted, list) and isinstance(there, list):
        return len(wanted) == len(there) and all(map(same_body, wanted, there))
    if isinstance(wanted, str) and isinstance(there, str):
        return wanted.strip() == there.strip()
    return equal(wanted or None, there or None)


def lines_as_read(document: str, items: Sequence[Item], lines: LinePlace) -> list[Payload]:
    """The lines of a document in the mapping's terms and order."""
    prefix = folded(line_key(document, ""))
    found = []
    for item in items:
        key = item.text(lines.place.key.id)
        if folded(key).startswith(prefix):
            found.append({"key": key[len(prefix) :], **item.body(lines.place)})
    return sorted(found, key=lambda line: in_order(str(line["key"])))
