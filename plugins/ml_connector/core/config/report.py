"""Collects the problems that cross checks find in one file."""

from __future__ import annotations

from typing import Any

from ml_connector.core.config.problems import InvalidFile, KeyPath, Problem
from ml_connector.core.config.yamlfile import YamlFile


class Report:
    """Problems of one file; ``close`` raises them together."""

    def __init__(self, file: YamlFile | None) -> None:
        self.file = file or YamlFile("(not from a file)", None, {})
        self.problems: list[Problem] = []

    def add(self, at: KeyPath, message: str, expected: str, *, value: Any = None) -> None:
        """Note one problem at a key path."""
        self.problems.append(self.file.problem(at, message, expected, value=value))

    def close(self) -> None:
        """Raise InvalidFile if there is any problem."""
        if self.problems:
            raise InvalidFile(self.problems)
