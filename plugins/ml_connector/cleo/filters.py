"""Filter expressions of Cleo's lists, built so that a value cannot become an expression.

Cleo's own tools use ``eq`` and ``and``; ``ge`` is the usual companion of the grammar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ATTRIBUTE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Filter:
    """A finished expression; ``str`` is what is sent. Make one with the functions of this module."""

    expression: str

    def __str__(self) -> str:
        return self.expression

    def __and__(self, other: Filter) -> Filter:
        return Filter(f"{self} and {other}")


def eq(attribute: str, value: str) -> Filter:
    """The attribute equals the text."""
    return _compare(attribute, "eq", value)


def ge(attribute: str, value: str) -> Filter:
    """The attribute is the text or comes after it."""
    return _compare(attribute, "ge", value)


def _compare(attribute: str, operator: str, value: str) -> Filter:
    if not _ATTRIBUTE.fullmatch(attribute):
        raise ValueError(f"{attribute!r} is no attribute")
    if any(character < " " or character == "\x7f" for character in value):
        raise ValueError("a control character cannot be part of a filter")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return Filter(f'{attribute} {operator} "{escaped}"')
