"""CSV files that open in a spreadsheet as they are: UTF-8 with a mark, and no cell that is a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from fastapi.responses import StreamingResponse

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")


def cell(value: object) -> str:
    """A value as text; what a spreadsheet would take for a formula gets a quote in front of it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The file, line by line."""
    yield "\ufeff" + _line(header)
    for row in rows:
        yield _line([cell(value) for value in row])


def _line(values: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(values)
    return buffer.getvalue()


def download(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingResponse:
    """The file as an answer that browsers save."""
    safe = _UNSAFE.sub("_", name)
    return StreamingResponse(
        lines(header, rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{safe}.csv"'},
    )
