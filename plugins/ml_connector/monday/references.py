"""Suppliers and accounts that other boards refer to: where they are labels, the column that keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ml_connector.monday.board import same
from ml_connector.monday.fields import refers
from ml_connector.monday.options import LabelColumn, MondayOptions, ReferenceBoard
from ml_connector.monday.shape import WHERE, WantedBoard, WantedColumn, own_id
from ml_connector.monday.template import BOARDS

REFERENCES = ("suppliers", "gl_accounts")


def label_column(options: MondayOptions, reference: str) -> LabelColumn | None:
    """The column that keeps them as labels; None where they are items, or nothing."""
    configured: ReferenceBoard | None = getattr(options.boards, reference)
    return configured.labels if configured is not None else None


def with_label_columns(
    options: MondayOptions, boards: Sequence[WantedBoard]
) -> tuple[list[WantedBoard], list[str]]:
    """Boards with the columns that keep labels and that no field names; and what stands in the way."""
    placed, faults = {board.name: board for board in boards}, []
    for reference in REFERENCES:
        kept = label_column(options, reference)
        if kept is None:
            continue
        name = f"{kept.board}.lines" if kept.lines else kept.board
        where, board = f"{WHERE}.{reference}.labels", placed.get(name)
        if board is None:
            faults.append(f"{where}: board {name} is not configured, so no column can hold the labels")
        elif not any(column.is_called(kept.column) for column in board.columns):
            own = own_id(kept.column)
            title = BOARDS[reference].title if own else kept.column
            more = WantedColumn(kept.column, f"{where}.column", title, "dropdown", own, exact=True)
            placed[name] = replace(board, columns=(*board.columns, more))
    return list(placed.values()), faults


def reference_faults(options: MondayOptions) -> Iterator[str]:
    """Mapped references that lead nowhere, or to labels of another column."""
    for board, template in BOARDS.items():
        configured = options.items_of(board)
        named = configured.columns if configured is not None else None
        below = configured.lines.columns if configured is not None and configured.lines is not None else None
        for lines, names in ((False, named or {}), (True, below or {})):
            columns = template.lines if lines else template.columns
            for field, column in names.items():
                reference = columns[field].reference if field in columns else None
                if reference is not None:
                    yield from _reference_faults(options, (board, field, column), reference, lines=lines)


def _reference_faults(
    options: MondayOptions, mapped: tuple[str, str, str], reference: str, *, lines: bool
) -> Iterator[str]:
    board, field, column = mapped
    where = f"{WHERE}.{board}.{'lines.' if lines else ''}columns.{field}"
    kept = label_column(options, reference)
    if not refers(options, reference, board, lines=lines):
        wrong = "is not configured" if kept is None else f"are labels of a column of {kept.board}"
        yield f"{where}: {reference} {wrong}, so this field cannot refer to them; leave it out"
    elif kept is not None and not same(kept.column, column):
        yield (
            f"{where}: the field is written to column {column!r}, and the labels of {reference} are kept on "
            f"column {kept.column!r}; name the same column at both places"
        )
