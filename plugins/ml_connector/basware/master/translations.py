"""Descriptions in several languages, as Basware wants them.

Documented in the vendor's OpenAPI (``LanguageTranslationEntity``): two characters at least, and always one
in ``en-US``. A description of one character is followed by its code, ``X (641000)``: nothing is lost, and
the text can be read back.
"""

from __future__ import annotations

from typing import Any

from ml_connector.basware.master.codes import unmarked
from ml_connector.core.contract import Payload

ENGLISH = "en-US"
SHORTEST = 2


def languages(own: str) -> str:
    """Languages of a tenant's descriptions, separated by blanks; English comes first."""
    return ENGLISH if own == ENGLISH else f"{ENGLISH} {own}"


def translations(text: str, code: str, wanted: str) -> list[Payload]:
    """A description in all languages that are wanted."""
    shown = text if len(text) >= SHORTEST else f"{text} ({code})"
    return [{"language": language, "translation": shown} for language in wanted.split()]


def read_translations(value: Any, code: str) -> tuple[str, str]:
    """The description and its languages; where the languages do not agree, each one's text."""
    rows = [row for row in value or () if isinstance(row, dict)]
    texts = dict.fromkeys(_text(unmarked(str(row.get("translation") or "")), code) for row in rows)
    return " / ".join(texts), " ".join(str(row.get("language")) for row in rows)


def _text(shown: str, code: str) -> str:
    short = shown.removesuffix(f" ({code})")
    return short if len(short) < SHORTEST else shown
