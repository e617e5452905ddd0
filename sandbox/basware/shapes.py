"""A small schema language: what a field of an entity may hold, and what is said when it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from . import moments


class Kind(Protocol):
    """What a value may be."""

    def problems(self, value: Any, name: str, *, strict: bool) -> Iterator[str]:
        """Say what is wrong; `strict` refuses unknown fields."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A string, with lengths, words or a pattern."""

    most: int | None = None
    least: int = 0
    words: frozenset[str] = frozenset()
    pattern: re.Pattern[str] | None = None

    def problems(self, value: Any, name: str, *, strict: bool) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"The field {name} must be a string."
        elif self.words and value not in self.words:
            yield f"The field {name} must be one of {', '.join(sorted(self.words))}."
        elif len(value) < self.least or (self.most is not None and len(value) > self.most):
            yield f"The field {name} must have a length of {self.least} to {self.most or 'any'} characters."
        elif self.pattern is not None and not self.pattern.search(value):
            yield f"The field {name} has a wrong form."


@dataclass(frozen=True, slots=True)
class Number:
    """A number; `whole` ones have 32 bits."""

    least: int | None = None
    most: int | None = None
    whole: bool = False

    def problems(self, value: Any, name: str, *, strict: bool) -> Iterator[str]:
        kinds = int if self.whole else (int, Decimal)
        if isinstance(value, bool) or not isinstance(value, kinds):
            yield f"The field {name} must be {'an integer' if self.whole else 'a number'}."
        elif (self.least is not None and value < self.least) or (self.most is not None and value > self.most):
            yield f"The field {name} must be between {self.least} and {self.most}."


class Flag:
    """True or false."""

    def problems(self, value: Any, name: str, *, strict: bool) -> Iterator[str]:
        if not isinstance(value, bool):
            yield f"The field {name} must be true or false."


class Moment:
    """A date-time, or a date."""

    def problems(self, value: Any, name: str, *, strict: bool) -> Iterator[str]:
        try:
            moments.read(value)
        except (TypeError, ValueError):
            yield f"The field {name} must be a date-time."


@dataclass(frozen=True, slots=True)
class Rows:
    """An array."""

    of: Kind
    least: int = 0

    def problems(self, value: Any, name: str, *, strict: bool) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"The field {name} must be an array."
        elif len(value) < self.least:
            yield f"The field {name} must have at least {self.least} entry."
        else:
            for number, row in enumerate(value):
                yield from self.of.problems(row, f"{name}[{number}]", strict=strict)


@dataclass(frozen=True, slots=True)
class Field:
    """How a field stands in its entity."""

    kind: Kind
    required: bool = False
    nullable: bool = False


class Shape:
    """An object with these fields and, where strict, no others."""

    def __init__(self, **fields: Field) -> None:
        self.fields = fields
        self._required = [name for name, field in fields.items() if field.required]

    def problems(self, value: Any, name: str, *, strict: bool) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{name or 'The record'} must be an object."
            return
        prefix = f"{name}." if name else ""
        for missing in self._required:
            if missing not in value:
                yield f"The field {prefix}{missing} is required."
        for key, given in value.items():
            if (field := self.fields.get(key)) is None:
                if strict:
                    yield f"The field {prefix}{key} does not exist."
            elif given is not None:
                yield from field.kind.problems(given, f"{prefix}{key}", strict=strict)
            elif not field.nullable:
                yield f"The field {prefix}{key} may not be null."

    def known(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Only what the top level of this shape has."""
        return {key: given for key, given in value.items() if key in self.fields}


def must(kind: Kind) -> Field:
    """A required field."""
    return Field(kind, required=True)


def may(kind: Kind) -> Field:
    """An optional field that may be null."""
    return Field(kind, nullable=True)


def given(kind: Kind) -> Field:
    """An optional field that may not be null."""
    return Field(kind)


def numbered(name: str, numbers: range, kind: Kind) -> dict[str, Field]:
    """`text1`, `text2`, ... of one kind."""
    return {f"{name}{number}": may(kind) for number in numbers}


def compact(value: Any) -> Any:
    """Without nulls, at every depth: absent and null mean the same here."""
    if isinstance(value, dict):
        return {key: compact(item) for key, item in value.items() if item is not None}
    return [compact(item) for item in value] if isinstance(value, list) else value
