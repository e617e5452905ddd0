"""Tells what of the free text of a document cannot go as it is. Identifiers are never touched."""

from __future__ import annotations

from collections.abc import Iterator

from ml_connector.core.contract import Payload
from ml_connector.x12.text import Dialect

_DESCRIPTION = 80
"""PID05: what is longer goes on in the next segment."""

_NAMES = ("buyer", "vendor_name", "customer_name")


def adaptations(body: Payload, dialect: Dialect) -> list[str]:
    """What happens to texts, by the field; for the trail, so without the texts themselves."""
    return list(_notes(body, dialect))


def _notes(body: Payload, dialect: Dialect) -> Iterator[str]:
    texts = [(name, body.get(name)) for name in _NAMES]
    texts += [(f"comment {number}", text) for number, text in enumerate(body.get("comments") or (), 1)]
    for name, text in texts:
        if _is_changed(text, dialect):
            yield f"{name}: characters replaced"
    for line in body.get("lines") or ():
        text, place = line.get("description"), f"line {line['line']}, description"
        if _is_changed(text, dialect):
            yield f"{place}: characters replaced"
        if text and len(text) > _DESCRIPTION:
            yield f"{place}: split"


def _is_changed(text: str | None, dialect: Dialect) -> bool:
    """Whether more than capitals and blanks becomes another."""
    return bool(text) and dialect.clean(str(text)).casefold() != " ".join(str(text).split()).casefold()
