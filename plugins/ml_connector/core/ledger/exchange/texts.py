"""Texts that others chose, as they may be stored: names of files, identities, numbers of their documents.

PostgreSQL stores no NUL and nothing longer than its column, and one text that it refuses would keep the
whole file out.
"""

from __future__ import annotations

import re
from typing import overload

from sqlalchemy import Column, Table

_UNSTORABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, and halves of characters."""


@overload
def storable(text: str, length: int | None = None) -> str: ...


@overload
def storable(text: str | None, length: int | None = None) -> str | None: ...


def storable(text: str | None, length: int | None = None) -> str | None:
    """The text without control characters, cut to ``length`` characters."""
    return None if text is None else _UNSTORABLE.sub("", text)[:length]


def fitting(table: Table, values: dict[str, object]) -> dict[str, object]:
    """Values for a row of the table, all texts fit for their columns."""
    return {name: _fitting(table.c[name], value) for name, value in values.items()}


def _fitting(column: Column[object], value: object) -> object:
    return storable(value, getattr(column.type, "length", None)) if isinstance(value, str) else value
