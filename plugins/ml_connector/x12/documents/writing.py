"""Putting the values of a document into elements, and telling what of its texts cannot go as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ml_connector.x12.model import X12Error
from ml_connector.x12.text import Dialect, Release

T = TypeVar("T")


class Writing:
    """One document while it is written.

    Args:
        dialect: how the partner wants it to be written.
        told: gets a sentence for each text of which something was replaced, cut or left out, by the
            name of its place and without the text.
    """

    def __init__(self, dialect: Dialect, told: list[str] | None = None) -> None:
        self._dialect = dialect
        self._told = [] if told is None else told

    @property
    def release(self) -> Release:
        """004010 or 005010."""
        return self._dialect.release

    def identifier(self, value: str | None, limit: int, what: str, least: int = 1) -> str:
        """As it is, or refused; see :meth:`Dialect.identifier`."""
        return self._dialect.identifier(value, limit, what, least)

    def code(self, value: str | None, limit: int, what: str, least: int = 2) -> str:
        """A code of a list, exactly as long as the list has them.

        Raises:
            X12Error: another length, or anything but digits and capitals.
        """
        written = self._dialect.identifier(value, limit, what, least)
        if written and not (written.isascii() and written.isalnum() and written == written.upper()):
            raise X12Error(f"{what} is no code of digits and capitals: {written!r}")
        return written

    def split(self, text: str | None, limit: int, what: str) -> list[str]:
        """Free text in pieces; none where nothing legible remains."""
        return self._dialect.split(self._legible(text, what), limit)

    def short(self, text: str | None, limit: int, what: str, least: int = 1) -> str:
        """Free text in one element, cut to it; empty where fewer than ``least`` characters remain."""
        cleaned = self._legible(text, what)
        written = self._dialect.short(cleaned, limit, least)
        if cleaned and not written:
            self.tell(what, "left out")
        elif len(written) < len(cleaned):
            self.tell(what, "cut")
        return written

    def unchanged(self, text: str | None, limit: int, what: str) -> str:
        """Text that cleaning leaves as it is but for capitals, else nothing.

        A mail address without its underscore is another one.
        """
        plain = _plain(text)
        cleaned = self._dialect.clean(plain)
        if cleaned.casefold() == plain.casefold() and len(cleaned) <= limit:
            return cleaned
        self.tell(what, "left out")
        return ""

    def first(self, given: Sequence[T], most: int, what: str) -> Sequence[T]:
        """As many as there are places for."""
        if len(given) > most:
            self.tell(what, f"{len(given) - most} of {len(given)} left out")
        return given[:most]

    def tell(self, what: str, became: str) -> None:
        """What became of a text."""
        sentence = f"{what}: {became}"
        if sentence not in self._told:
            self._told.append(sentence)

    def _legible(self, text: str | None, what: str) -> str:
        """Cleaned; empty where no letter or digit remains of those that were there."""
        plain = _plain(text)
        cleaned = self._dialect.clean(plain)
        if cleaned.casefold() == plain.casefold():
            return cleaned
        if not cleaned or (not _has_letters(cleaned) and _has_letters(plain)):
            self.tell(what, "left out")
            return ""
        self.tell(what, "characters replaced")
        return cleaned


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())


def _has_letters(text: str) -> bool:
    return any(one.isalnum() for one in text)
