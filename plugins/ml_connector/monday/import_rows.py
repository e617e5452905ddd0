"""Documents as rows of import files, and what tells one attempt from another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ml_connector.core import codec
from ml_connector.core.contract import Payload
from ml_connector.monday.bulk import JOB_ROWS, Line, Row
from ml_connector.monday.drafts import Draft, LineWork, fragments, line_name, row
from ml_connector.monday.layout import LinePlace, Place
from ml_connector.monday.reading import line_key
from ml_connector.monday.values import CLEAR_CELL, cell


def by_file(documents: Sequence[tuple[Draft, list[Row]]]) -> list[list[tuple[Draft, list[Row]]]]:
    """Documents by the file that their lines go in."""
    files: list[list[tuple[Draft, list[Row]]]] = []
    free = 0
    for draft, rows in documents:
        if len(rows) > free:
            files.append([])
            free = JOB_ROWS
        files[-1].append((draft, rows))
        free -= len(rows)
    return files


def left_out(lines: Sequence[Line | None]) -> bool:
    """Whether nothing is wrong with a document's lines, but some of them came too late."""
    known = [line for line in lines if line is not None]
    wrong = [line for line in known if line.error]
    return len(known) == len(lines) and bool(wrong) and all(line.left_out for line in wrong)


def item_row(place: Place, draft: Draft) -> Row | None:
    """The row of a document's item; None where no CSV can hold it."""
    made = row(place, draft.intent.desired.body, draft.intent.key, draft.name, fresh=draft.item is None)
    if made is None or draft.unmark is None:
        return made
    return Row(made.key, made.name, {**made.cells, draft.unmark: CLEAR_CELL})


def line_rows(lines: LinePlace, draft: Draft, todo: LineWork) -> list[Row] | None:
    """The rows of a document's lines; None where no CSV can hold all of them."""
    wanted = [(line, True) for line in todo.missing] + [(line, False) for line, _ in todo.changed]
    made = [line_row(lines, draft, line, fresh=fresh) for line, fresh in wanted]
    rows = [row for row in made if row is not None]
    return rows if len(rows) == len(made) else None


def line_row(lines: LinePlace, draft: Draft, line: Payload, *, fresh: bool) -> Row | None:
    """The row of one line; None where no CSV can hold it."""
    key = line_key(draft.intent.key, str(line["key"]))
    made = row(lines.place, line, key, line_name(line), fresh=fresh)
    link = cell(draft.item, lines.link) if lines.link is not None else None
    if made is None or lines.link is None or link is None:
        return None
    return Row(made.key, made.name, {**made.cells, lines.link.id: link})


def line_values(lines: LinePlace, draft: Draft, line: Payload) -> dict[str, Any]:
    """The values of a line, connected with its document's item."""
    values = fragments(lines.place, line, line_key(draft.intent.key, str(line["key"])))
    return values if lines.link is None else {**values, lines.link.id: {"item_ids": [int(draft.item or 0)]}}


def attempt_of(drafts: Sequence[Draft]) -> str:
    """Names the attempts of documents that are sent together."""
    return "|".join(dict.fromkeys(draft.intent.attempt_id for draft in drafts))


def attempt_with(drafts: Sequence[Draft], rows: Sequence[Row]) -> str:
    """Distinguishes the files of one attempt, too: documents that were claimed together share theirs."""
    return codec.digest([attempt_of(drafts), [row.key for row in rows]])
