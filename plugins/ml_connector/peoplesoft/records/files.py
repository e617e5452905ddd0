"""CSV files of records for a site's own import."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ml_connector.core.contract import Payload
from ml_connector.core.errors import Rejected
from ml_connector.peoplesoft.csv_text import ENCODING, defused
from ml_connector.peoplesoft.records.kinds import RecordKind

_HARMLESS = re.compile(r"-|[+-]?[0-9]+(\.[0-9]+)?")
"""What begins like a formula and is none: the dash of a text that has gone, and plain numbers."""


def check(kind: RecordKind, values: Payload) -> None:
    """Raise where a record does not fit into a file.

    Raises:
        Rejected: a property has no column, or a key is missing.
    """
    kind.target_id(values)
    unknown = next((name for name in values if name not in kind.columns), None)
    if unknown is not None:
        raise Rejected(f"the file of {kind.noun}s has no such column", field=unknown)


def render(kind: RecordKind, rows: Sequence[Payload]) -> bytes:
    """The file of these records; the same records always give the same bytes."""
    text = io.StringIO()
    writer = csv.DictWriter(text, kind.columns, lineterminator="\r\n", restval="")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(_text(value)) for name, value in row.items()})
    return text.getvalue().encode(ENCODING)


def _cell(text: str) -> str:
    return text if _HARMLESS.fullmatch(text) else defused(text)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
