"""Keeps secrets and bank details out of every text that leaves the client."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "***"
_SHORTEST = 4  # replacing a shorter value everywhere would make the text unreadable

_PRIVATE = (
    r"bank_?acc(?:oun)?t_?num(?:ber)?|account_?number|routing_?number|iban|tax_?id(?:entifier)?|vndr_tin|ssn"
)
_NAMES = (
    r"(?:proxy-)?authorization|(?:set-)?cookie|ps_token|pwd|passw(?:or)?d|passphrase|"
    r"[\w-]*secret[\w-]*|[\w-]*token|[\w-]*api[_-]?key|(?:dev|security|application)_?key|session_?id|"
    rf"{_PRIVATE}"
)
_JSON_FIELD = re.compile(rf'("(?:{_NAMES})"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^,}}\]\s]+)', re.IGNORECASE)
_HEADER_LINE = re.compile(rf"(?im)^([ \t]*(?:{_NAMES})[ \t]*:[ \t]*)(\S.*)$")
_FORM_FIELD = re.compile(rf"(?i)(\b(?:{_NAMES})=)([^&\s\"'<>]+)")
_XML_FIELD = re.compile(rf"(?is)(<(?:\w+:)?({_NAMES})(?:\s[^>]*)?>)(.*?)(</)")
_PROSE = re.compile(
    rf"(?i)(\b(?:\w+\.)*(?:{_PRIVATE})\b['\"]?\s*[,:=]?\s*['\"]?)([A-Z0-9-]*\d[A-Z0-9-]{{3,}})"
)
_SCHEME = re.compile(r"(?i)\b(basic|bearer)\s+[A-Za-z0-9._~+/=-]{8,}")


def _forms(secret: str) -> set[str]:
    """The spellings in which a secret may turn up: raw, in a URL, in JSON."""
    return {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """``text`` without the given values, and without the values of fields known to be secret.

    Fields are recognised by name as JSON members, header lines, form fields and XML elements; bank
    details and tax numbers also in a sentence such as "Invalid field,value: accountNumber, 123456".
    """
    forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, MASK)
    text = _JSON_FIELD.sub(rf'\1"{MASK}"', text)
    text = _XML_FIELD.sub(rf"\1{MASK}\4", text)
    text = _HEADER_LINE.sub(rf"\1{MASK}", text)
    text = _FORM_FIELD.sub(rf"\1{MASK}", text)
    text = _PROSE.sub(rf"\1{MASK}", text)
    return _SCHEME.sub(rf"\1 {MASK}", text)


class Redactor:
    """:func:`redact` with a set of known secrets. Its ``repr`` shows how many, not which."""

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        self._secrets = {secret for secret in secrets if secret}

    def add(self, *secrets: str | None) -> None:
        """Hide these values too, from now on."""
        self._secrets.update(secret for secret in secrets if secret)

    def __call__(self, text: str, also: Iterable[str] = ()) -> str:
        """The text without secrets."""
        return redact(text, {*self._secrets, *also})

    def excerpt(self, text: str, limit: int = 300, also: Iterable[str] = ()) -> str:
        """The beginning of a body on one line, redacted before it is cut."""
        flat = " ".join(self(text[: limit * 20], also).split())
        return flat if len(flat) <= limit else f"{flat[:limit]}..."

    def __repr__(self) -> str:
        return f"Redactor({len(self._secrets)} secrets)"
