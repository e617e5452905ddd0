"""The file of an import: headers that are exact column ids, rows of texts."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.monday.kinds import KINDS
from sandbox.monday.model import Board

RELATIONS = 5


class Unusable(ValueError):
    """A file that no row is read of."""


@dataclass
class Sheet:
    """A readable file."""

    headers: list[str]
    rows: list[list[str]]


def read(content: bytes, board: Board, match: str | None, most: int) -> Sheet:
    """Read a file.

    Raises:
        Unusable: not UTF-8, not CSV, wrong headers, or too many rows.
    """
    try:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unusable(f"The file is not CSV in UTF-8: {error}") from error
    if not lines:
        raise Unusable("The file is empty")
    headers, rows = lines[0], [row for row in lines[1:] if row]
    _check(headers, board, match)
    if len(rows) > most:
        raise Unusable(f"The file has {len(rows)} rows, {most} are allowed")
    for number, row in enumerate(rows, 1):
        if len(row) != len(headers):
            raise Unusable(f"Row {number} has {len(row)} cells, the header has {len(headers)}")
    return Sheet(headers, rows)


def _check(headers: Sequence[str], board: Board, match: str | None) -> None:
    if headers[0] != "name":
        raise Unusable("The first header must be name")
    if len(set(headers)) != len(headers):
        raise Unusable("A header appears twice")
    for header in headers[1:]:
        column = board.columns.get(header)
        if column is None or not KINDS[column.type].bulk:
            raise Unusable(f"Header {header} is no column that can be imported")
    relations = sum(board.columns[header].type == "board_relation" for header in headers[1:])
    if relations > RELATIONS:
        raise Unusable(f"At most {RELATIONS} columns may connect boards")
    if match is not None and match not in headers:
        raise Unusable(f"The match column {match} is not in the file")
