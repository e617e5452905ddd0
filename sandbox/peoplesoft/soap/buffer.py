"""The buffer of a component interface: XML to records and back, and rows matched by their keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

from sandbox.data.size import Record
from sandbox.peoplesoft.execute import plain

from .envelope import element
from .fields import FIELDS, Field
from .interfaces import Interface, Level
from .outcome import Notice, NotSaved

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")


@dataclass(frozen=True)
class Reader:
    """Reads a request that its schema has accepted."""

    interface: Interface
    unicode: bool

    def read(self, node: Any, level: Level) -> Record:
        """Values given for a level and the rows below it; what is not given is not in the record."""
        ours = {site: name for name, site in self.interface.renamed}
        children = {child.name: child for child in level.children}
        made: Record = {}
        for part in node:
            tag = etree.QName(part).localname
            name = ours.get(tag, tag)
            if name in children:
                child = children[name]
                made.setdefault(child.rows, []).append(self.read(part, child))
            elif name not in self.interface.read_only:
                made[name] = typed(name, part.text or "", unicode=self.unicode)
        return made


def typed(name: str, text: str, *, unicode: bool = True) -> Any:
    """A field's text as the database holds it: blanks empty, amounts Decimal, whole numbers int.

    Raises ``NotSaved`` for what is no number, no date or too long; a database without Unicode
    replaces what it has no character for.
    """
    field = FIELDS[name]
    if field.kind == "number":
        return _number(name, text.strip(), field)
    if field.kind == "date":
        return _date(name, text.strip())
    value = text.rstrip(" ")
    if len(value) > field.length:
        raise NotSaved([Notice(f"Text of {len(value)} characters does not fit into field {name}.", 3)])
    return value if unicode else value.encode("latin-1", "replace").decode("latin-1")


def _date(name: str, text: str) -> str:
    try:
        if text and not DATE.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError as error:
        raise NotSaved([Notice(f"{text} is no date for field {name}.", 5, explain=name)]) from error


def _number(name: str, text: str, field: Field) -> Decimal | int:
    if text and not NUMBER.fullmatch(text):
        raise NotSaved([Notice(f"{text} is no number for field {name}.", 3, explain=name)])
    value = Decimal(text or 0)
    shown = plain(value)
    digits = f"{abs(shown):f}" if isinstance(shown, Decimal) else str(abs(shown))
    whole, _, fraction = digits.partition(".")
    if len(fraction) > field.decimals or len(whole) > field.length - field.decimals:
        raise NotSaved([Notice(f"Number {text} does not fit into field {name}.", 3, explain=name)])
    return value if field.decimals else int(value)


def write(interface: Interface, level: Level, record: Record) -> str:
    """A record as the content of an answer."""
    leaves = "".join(_leaf(interface, name, record.get(name)) for name in level.fields)
    return leaves + "".join(
        f"<m:{tag}>{write(interface, child, row)}</m:{tag}>"
        for child in level.children
        for tag in (interface.tag(child.name),)
        for row in record.get(child.rows, ())
    )


def write_fields(interface: Interface, names: Iterable[str], record: Record) -> str:
    """Some properties of a record."""
    return "".join(_leaf(interface, name, record.get(name)) for name in names)


def _leaf(interface: Interface, name: str, value: Any) -> str:
    if FIELDS[name].kind == "number":
        value = plain(Decimal(value or 0)) if not isinstance(value, str) else value
    return element(interface.tag(name), "" if value is None else str(value))


def completed(level: Level, given: Record, defaults: Mapping[str, Record]) -> Record:
    """A new row with every field and child list a row of its kind has."""
    made = {**defaults.get(level.name, {}), **given}
    for child in level.children:
        made[child.rows] = [completed(child, row, defaults) for row in given.get(child.rows, ())]
    return made


@dataclass(frozen=True)
class Merge:
    """Lays given values over an object.

    Attributes:
        defaults: fields of new rows by level.
        add: rows with new keys are inserted (`Update`), or refused (`Updatedata`).
        replace: rows that are not given are removed.
    """

    defaults: Mapping[str, Record]
    add: bool
    replace: bool

    def merge(self, level: Level, old: Record, given: Record) -> Record:
        """A changed copy; the old record stays as it is."""
        made = {**old, **{name: given[name] for name in level.fields if name in given}}
        for child in level.children:
            if child.rows in given:
                made[child.rows] = self._rows(child, old.get(child.rows, []), given[child.rows])
        return made

    def _rows(self, level: Level, old: list[Record], given: list[Record]) -> list[Record]:
        rows = {_key(level, row): row for row in old}
        kept = {} if self.replace else dict(rows)
        for row in given:
            key = _key(level, row)
            if key in rows:
                kept[key] = self.merge(level, rows[key], row)
            elif self.add:
                kept[key] = completed(level, row, self.defaults)
            else:
                shown = ", ".join(str(row.get(name, "")) for name in level.keys)
                raise NotSaved([Notice(f"{level.name} has no row with key {shown}.", 4, explain=level.name)])
        return [kept[key] for key in sorted(kept, key=_order)]


def _key(level: Level, row: Record) -> tuple[Any, ...]:
    return tuple(row.get(name, "") for name in level.keys)


def _order(key: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(f"{part:012d}" if isinstance(part, int) else str(part) for part in key)
