"""Text as a partner can read it. X12 has no escape character: what cannot be written is replaced or refused.

Free text (names, descriptions, notes) is cleaned and split. Identifiers are written as they are or not
at all: a number that was cut or changed names another document.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from ml_connector.x12.model import Delimiters, X12Error
from ml_connector.x12.symbols import spell_out, to_ascii

Charset = Literal["basic", "extended", "utf-8"]
Release = Literal["004010", "005010"]

RELEASES: tuple[Release, ...] = ("004010", "005010")

# The sets of the standard's application control structure, as Microsoft documents them for BizTalk.
_BASIC = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!\"&'()*+,-./:;?= ")
_EXTENDED = _BASIC | frozenset("abcdefghijklmnopqrstuvwxyz%@[]_{}\\|<>~#$^`")
_ALLOWED: dict[Charset, frozenset[str]] = {"basic": _BASIC, "extended": _EXTENDED, "utf-8": _EXTENDED}
"""Of ASCII; UTF-8 has everything else besides."""

_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one partner wants X12 to be written.

    Attributes:
        version: GS08, a release with or without an industry's suffix: ``004010``, ``004010VICS``.
        charset: ``basic`` has no lower case, ``extended`` is ASCII, ``utf-8`` is everything.
        upper_case: write free text in capitals, whatever the charset.

    Raises:
        X12Error: a release, delimiters or a set of characters that nobody could read.
    """

    version: str = "004010"
    delimiters: Delimiters = field(default_factory=Delimiters)
    charset: Charset = "extended"
    upper_case: bool = False

    def __post_init__(self) -> None:
        if self.version[:6] not in RELEASES or not re.fullmatch(r"[0-9A-Z]{6,12}", self.version):
            raise X12Error(
                f"Version {self.version!r} is none of {', '.join(RELEASES)} (with a suffix or not)"
            )
        if self.charset not in _ALLOWED:
            raise X12Error(f"The characters are one of {', '.join(_ALLOWED)}, not {self.charset!r}")
        _check_delimiters(self.delimiters, self.version)

    @property
    def release(self) -> Release:
        """The version without an industry's suffix."""
        return "005010" if self.version.startswith("005010") else "004010"

    @property
    def encoding(self) -> str:
        """Of the bytes on the wire."""
        return "utf-8" if self.charset == "utf-8" else "ascii"

    def clean(self, text: str) -> str:
        """Free text in the partner's characters, without delimiters, control characters or runs of blanks.

        Signs that say something are spelled out; what has no equivalent becomes a question mark.
        """
        capitals = self.upper_case or self.charset == "basic"
        plain = text if text.isascii() or self.charset == "utf-8" else to_ascii(text)
        if self.charset == "utf-8":
            plain = _printable(plain)
        signs = _signs(self.charset, self.delimiters)
        if not signs.isdisjoint(plain):
            plain = spell_out(plain, signs.isdisjoint)
        # The capital of the sign for micro is another letter.
        plain = plain.replace("\u00b5", "u").upper() if capitals else plain
        return _BLANKS.sub(" ", plain.translate(_table(self.charset, self.delimiters))).strip()

    def split(self, text: str, limit: int) -> list[str]:
        """Free text, cleaned, in pieces of at most ``limit`` characters, broken between words if possible."""
        rest = self.clean(text)
        pieces = []
        while len(rest) > limit:
            cut = rest.rfind(" ", 1, limit + 1)
            cut = limit if cut < 1 else cut
            pieces.append(rest[:cut].rstrip())
            rest = rest[cut:].lstrip()
        return [*pieces, rest] if rest else pieces

    def short(self, text: str | None, limit: int, least: int = 1) -> str:
        """Free text, cleaned and cut to one element; empty where fewer than ``least`` characters remain."""
        cleaned = self.clean(text or "")[:limit].rstrip()
        return cleaned if len(cleaned) >= least else ""

    def identifier(self, value: str | None, limit: int, what: str, least: int = 1) -> str:
        """A number or code exactly as it is; empty for None.

        Raises:
            X12Error: no text, too short or too long, or a character that this partner cannot take.
        """
        if value is None:
            return ""
        if not isinstance(value, str):
            raise X12Error(f"{what} is no text but a {type(value).__name__}")
        if not least <= len(value) <= limit:
            raise X12Error(
                f"{what} has {len(value)} characters, {least} to {limit} are allowed: {value[:60]!r}"
            )
        if value != value.strip():
            raise X12Error(f"{what} begins or ends with a blank: {value!r}")
        if not self._writes(value):
            odd = "".join(sorted({one for one in value if not self._writes(one)}))
            where = f"with its delimiters and the {self.charset} character set"
            raise X12Error(f"{what} holds {odd!r}, which this partner cannot take {where}: {value!r}")
        return value

    def _writes(self, value: str) -> bool:
        if self.charset == "utf-8" and not value.isascii():
            return value.isprintable() and not any(one in value for one in _used(self.delimiters))
        return _writable(self.charset, self.delimiters).issuperset(value)


def _printable(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(one if one.isprintable() else " " for one in composed)


def _used(delimiters: Delimiters) -> list[str]:
    used = (delimiters.element, delimiters.component, delimiters.segment, delimiters.repetition)
    return [one for one in used if one]


@lru_cache(maxsize=64)
def _writable(charset: Charset, delimiters: Delimiters) -> frozenset[str]:
    return _ALLOWED[charset].difference(_used(delimiters))


@lru_cache(maxsize=64)
def _signs(charset: Charset, delimiters: Delimiters) -> frozenset[str]:
    """Visible signs of ASCII that cannot be written."""
    visible = frozenset(chr(code) for code in range(33, 127) if not chr(code).isalnum())
    return visible - _writable(charset, delimiters)


@lru_cache(maxsize=64)
def _table(charset: Charset, delimiters: Delimiters) -> dict[int, str]:
    kept = _writable(charset, delimiters)
    return {code: " " for code in range(128) if chr(code) not in kept}


def _check_delimiters(delimiters: Delimiters, version: str) -> None:
    if version.startswith("005010") and delimiters.repetition is None:
        raise X12Error("Version 005010 needs a repetition separator, usually ^")
    used = _used(delimiters)
    if len(used) < 3:
        raise X12Error("A delimiter is missing")
    for one in used:
        # Point and minus stand in numbers, and a blank pads the ISA. Readers skip line ends and tabs, and
        # only a terminator that is a line end itself is found all the same.
        skipped = one in "\t\0" or (one in "\r\n" and one != delimiters.segment)
        if len(one) != 1 or not one.isascii() or one.isalnum() or one in " .-" or skipped:
            raise X12Error(
                f"{one!r} cannot be a delimiter: one ASCII character, no letter, digit, blank, . or -; "
                "a line feed or carriage return only behind segments"
            )
    if len(set(used)) < len(used):
        raise X12Error(f"The delimiters are not distinct: {' '.join(map(repr, used))}")
