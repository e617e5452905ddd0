"""Reads a YAML file and remembers on which line every key stands.

The dialect is smaller than YAML's: plain ``true``, ``false``, ``null`` and whole numbers written
without leading zeros have their usual meaning, every other scalar is text. So ``0012``, ``NO``,
``on``, ``1.50`` and ``2026-01-01`` arrive as they were written. Duplicate keys, anchors and tags
are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ml_connector.core.config.problems import InvalidFile, KeyPath, Problem

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False, "True": True, "False": False}
_PLAIN_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map")} | {"!"}
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A parsed file.

    Attributes:
        path: the file's name as shown to people.
        data: dicts with text keys, lists, str, int, bool and None.
        lines: line number, from 1, of every key path.
    """

    path: str
    data: Any
    lines: dict[KeyPath, int] = field(repr=False)

    def line(self, path: KeyPath) -> int:
        """Line of ``path`` or, if it is not in the file, of its nearest ancestor."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def has(self, path: KeyPath) -> bool:
        """Whether the file holds something at ``path``."""
        return path in self.lines

    def value(self, path: KeyPath) -> Any:
        """What the file holds at ``path``, or None."""
        found = self.data
        for step in path:
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def problem(self, path: KeyPath, message: str, expected: str, *, value: Any = None) -> Problem:
        """A problem at ``path``; the value shown is the file's own unless another is given."""
        shown = self.value(path) if value is None else value
        return Problem(self.path, self.line(path), ".".join(map(str, path)), shown, expected, message)


def read_yaml(path: Path) -> YamlFile:
    """Read one file.

    Raises:
        InvalidFile: it cannot be read, is no YAML of the dialect above, or is not a mapping.
    """
    name = str(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidFile([Problem(name, None, "", None, "a readable UTF-8 file", str(error))]) from None
    return parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> YamlFile:
    """Like :func:`read_yaml`, from text; ``name`` is shown in errors."""
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = f"this is not valid YAML: {error.problem or error.context}"
        raise InvalidFile(
            [Problem(name, mark.line + 1 if mark else None, "", None, "valid YAML", message)]
        ) from None
    except yaml.YAMLError as error:
        raise InvalidFile([Problem(name, None, "", None, "valid YAML", str(error))]) from None
    builder = _Builder(name)
    data = builder.build(root, ()) if root is not None else None
    if not builder.problems and not isinstance(data, dict):
        builder.problems.append(Problem(name, 1, "", data, "keys and values", "the file holds no keys"))
    if builder.problems:
        raise InvalidFile(builder.problems)
    return YamlFile(name, data, builder.lines)


class _Builder:
    """Turns PyYAML's nodes into values, collecting lines and mistakes on the way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[KeyPath, int] = {(): 1}
        self.problems: list[Problem] = []
        self._seen: set[int] = set()

    def build(self, node: yaml.Node, path: KeyPath) -> Any:
        if id(node) in self._seen:
            self._report(node, path, "anchors and aliases are not supported", "the value written out")
            return None
        self._seen.add(id(node))
        if node.tag not in _PLAIN_TAGS:
            self._report(node, path, f"the tag {node.tag} is not supported", "a value without a tag")
            return None
        if isinstance(node, yaml.MappingNode):
            return dict(self._entries(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self._item(item, (*path, index)) for index, item in enumerate(node.value)]
        return _scalar(node.value, plain=not getattr(node, "style", None))

    def _entries(self, node: yaml.MappingNode, path: KeyPath) -> Iterator[tuple[str, Any]]:
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._report(key, path, "a key must be a text", "a text as key")
                continue
            here = (*path, key.value)
            if here in self.lines:
                first = self.lines[here]
                message = f"the key {key.value} stands here for the second time (first on line {first})"
                again = key.start_mark.line + 1
                self.problems.append(
                    Problem(self.name, again, ".".join(map(str, here)), None, "each key once", message)
                )
                continue
            self.lines[here] = key.start_mark.line + 1
            yield key.value, self.build(value, here)

    def _item(self, node: yaml.Node, path: KeyPath) -> Any:
        self.lines[path] = node.start_mark.line + 1
        return self.build(node, path)

    def _report(self, node: yaml.Node, path: KeyPath, message: str, expected: str) -> None:
        line = self.lines.get(path, node.start_mark.line + 1)  # an alias has its anchor's mark
        self.problems.append(Problem(self.name, line, ".".join(map(str, path)), None, expected, message))


def _scalar(text: str, *, plain: bool) -> str | int | bool | None:
    """A plain scalar's meaning; quoted and block scalars are always text."""
    if not plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INTEGER.fullmatch(text) else text
