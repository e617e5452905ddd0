"""Mistakes in configuration files, written for the person who has to mend them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ml_connector.core.errors import ConfigurationError

KeyPath = tuple[str | int, ...]
"""Where something stands in a file: keys and list positions from the top."""

_SECRET_WORDS = ("password", "secret", "token", "dev_key", "api_key", "apikey", "private_key")


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake.

    Attributes:
        file: the file's name.
        line: line number from 1; None where the file could not be read at all.
        field: dotted path of the field; empty for the file as a whole.
        value: what stands there, if it is a single value and its key does not hint at a secret.
        expected: what would have been right.
        message: a plain sentence without a full stop.
    """

    file: str | None
    line: int | None
    field: str
    value: Any
    expected: str
    message: str

    def __post_init__(self) -> None:
        if isinstance(self.value, dict | list | tuple):  # may hold what is not for showing
            object.__setattr__(self, "value", None)
        elif self.value is not None and any(word in self.field.lower() for word in _SECRET_WORDS):
            object.__setattr__(self, "value", "(not shown)")

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        head = ": ".join(part for part in (place, self.field, self.message) if part)
        return f"{head}{self._found()}. Expected: {self.expected}."

    def _found(self) -> str:
        return "" if self.value is None else f" (found {shown(self.value)})"


def shown(value: Any) -> str:
    """A value as people see it: quoted and shortened."""
    text = "true" if value is True else "false" if value is False else str(value)
    return repr(text if len(text) <= 80 else f"{text[:77]}...")


class InvalidFile(ConfigurationError):
    """A configuration file has mistakes; ``problems`` holds all of them, in the file's order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.file or "", problem.line or 0))
        first = self.problems[0]
        super().__init__(
            first.message, file=first.file, line=first.line, field=first.field, expected=first.expected
        )
        self.args = ("\n".join(map(str, self.problems)),)
