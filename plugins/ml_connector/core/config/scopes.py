"""Which names can be used where: resolves ``NAME``, ``parent.NAME``, ``document.NAME`` and rows.

The checks use it to find mistakes, ``core.mapping`` to know where a value is found at run time.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field

from ml_connector.core.config.dataset import DatasetField, Level

MAX_DEPTH = 8
"""Levels of rows inside a document, the document included."""


class UnknownName(LookupError):
    """A name does not exist where it is used; ``expected`` lists those that do."""

    def __init__(self, message: str, expected: str) -> None:
        super().__init__(message)
        self.message, self.expected = message, expected


@dataclass(frozen=True, slots=True)
class Reference:
    """A field as ``core.mapping`` finds it.

    Attributes:
        slot: which row: 0 the document, 1 and up the rows inside it, ``MAX_DEPTH`` and up named rows.
        name: name of the field in that row.
        field: its definition.
    """

    slot: int
    name: str
    field: DatasetField


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that can be used at one place of a mapping.

    Attributes:
        levels: the document first, the innermost row last.
        rows: named rows, in the order of their slots.
        collections: names of the collections between the levels, for messages.
    """

    levels: tuple[Level, ...]
    rows: Mapping[str, Level] = field(default_factory=dict)
    collections: tuple[str, ...] = ()

    @property
    def slot(self) -> int:
        """Slot of the innermost row."""
        return len(self.levels) - 1

    def resolve(self, path: str) -> Reference:
        """The field that ``path`` names.

        Raises:
            UnknownName: there is no such field.
        """
        *heads, name = path.split(".")
        slot, level = self._row(heads, path)
        if name not in level.fields:
            raise UnknownName(f"there is no field {path}", f"one of {', '.join(sorted(level.fields))}")
        return Reference(slot, name, level.fields[name])

    def _row(self, heads: list[str], path: str) -> tuple[int, Level]:
        if not heads:
            return self.slot, self.levels[-1]
        if heads == ["document"]:
            return 0, self.levels[0]
        if all(head == "parent" for head in heads):
            if len(heads) > self.slot:
                raise UnknownName(f"{path} leads above the document", "a field of the document")
            return self.slot - len(heads), self.levels[-1 - len(heads)]
        if len(heads) == 1 and heads[0] in self.rows:
            return MAX_DEPTH + list(self.rows).index(heads[0]), self.rows[heads[0]]
        known = ", ".join(["document", *(["parent"] if self.slot else []), *self.rows])
        raise UnknownName(f"{path} does not name a single field here", f"one of {known} before the dot")

    def enter(self, path: str) -> Scope:
        """The scope inside the rows of ``path``, e.g. ``lines.distributions``.

        Raises:
            UnknownName: there is no such collection, or it lies too deep.
        """
        here = self
        for name in path.split("."):
            here = here._enter(name)
        return here

    def _enter(self, name: str) -> Scope:
        children = self.levels[-1].children
        if name not in children:
            known = ", ".join(sorted(children)) or "no collection at all"
            raise UnknownName(f"there is no collection {name}", f"one of {known}")
        if len(self.levels) == MAX_DEPTH:
            raise UnknownName(f"{name} lies too deep", f"at most {MAX_DEPTH - 1} levels of collections")
        return Scope((*self.levels, children[name]), self.rows, (*self.collections, name))


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A ``{...}`` of a template: a field's path, or the SETID for a record group."""

    path: str
    group: str | None = None


def parse_template(text: str) -> list[str | Placeholder]:
    """Literal texts and placeholders of ``"PS {BUSINESS_UNIT}-{VOUCHER_ID}"``.

    ``{setid.gl_accounts}`` is the SETID of the document's unit for that record group, and
    ``{setid.gl_accounts:BUSINESS_UNIT_GL}`` that of the unit in the named field, where it is one
    that the tenant file knows.

    Raises:
        UnknownName: the braces do not fit.
    """
    parts: list[str | Placeholder] = []
    try:
        for literal, name, form, conversion in string.Formatter().parse(text):
            if literal:
                parts.append(literal)
            if name is not None:
                parts.append(_placeholder(name, form or "", conversion))
    except ValueError:
        raise UnknownName("the braces do not fit", "text with {FIELD}; a brace itself is doubled") from None
    return parts


def _placeholder(name: str, form: str, conversion: str | None) -> Placeholder:
    if name.startswith("setid.") and not conversion:
        return Placeholder(form, name.removeprefix("setid."))
    if form or conversion or not name:
        raise UnknownName(f"the placeholder {{{name}}} has the wrong form", "{FIELD} without more")
    return Placeholder(name)
