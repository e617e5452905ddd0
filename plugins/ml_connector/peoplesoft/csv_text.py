"""Texts of CSV files that people open in a spreadsheet."""

from __future__ import annotations

ENCODING = "utf-8-sig"
"""With a byte order mark, without which spreadsheets take the file for another encoding."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def defused(text: str) -> str:
    """A text that a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def restored(text: str) -> str:
    """Inverse of :func:`defused`."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
