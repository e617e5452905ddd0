"""Which column of an answer holds which field of the dataset.

A column is called ``<alias>.<FIELD>`` by default; authors rename them, and a dataset or tenant
names such columns under ``columns``. A bare ``FIELD`` is taken where only one record can mean it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector.core.config.dataset import Dataset, DatasetField, Level
from ml_connector.core.errors import ContractChanged
from ml_connector.peoplesoft.values import Reader, reader_for

Row = dict[str, Any]
Identity = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One field and the column that holds it."""

    field: str
    name: str
    required: bool
    read: Reader


@dataclass(frozen=True, slots=True)
class LevelPlan:
    """One level of a document in terms of an answer's columns.

    Attributes:
        path: dotted name, ends with a dot below the root.
        identity: the values that tell rows of this level apart: key and, where dated, the date.
        certain: a column that no row has is not there; otherwise it may have been blank.
    """

    path: str
    columns: tuple[Column, ...]
    key: tuple[Column, ...]
    dated: Column | None
    identity: Callable[[Row], Identity]
    children: tuple[tuple[str, LevelPlan], ...]
    certain: bool

    @property
    def key_width(self) -> int:
        """How many values of an identity are the key."""
        return len(self.key)

    def column_of(self, field: str) -> str | None:
        """The column that holds one of this level's fields."""
        return next((column.name for column in self.columns if column.field == field), None)

    def walk(self) -> Iterator[LevelPlan]:
        """This level and all below."""
        yield self
        for _, child in self.children:
            yield from child.walk()

    def fields(self) -> frozenset[str]:
        """Dotted names of the fields that the answer has; none while that is uncertain."""
        if not self.certain:
            return frozenset()
        return frozenset(f"{level.path}{column.field}" for level in self.walk() for column in level.columns)


def _picker(names: Sequence[str], *, gaps: bool) -> Callable[[Row], Identity]:
    """A function from a row to these columns' values; ``gaps``: a row may lack some."""
    if gaps:
        return lambda row: tuple([row.get(name, "") for name in names])
    if len(names) == 1:
        name = names[0]
        return lambda row: (row[name],)
    return itemgetter(*names)


class Layouts:
    """Plans for the answers of one dataset's queries, made once per set of columns.

    Some gateways leave blank columns out of a row. A column that no row has counts as vanished as
    soon as an answer showed that blanks are sent, and as blank otherwise.
    """

    def __init__(self, dataset: Dataset, zone: ZoneInfo) -> None:
        self._dataset = dataset
        self._zone = zone
        self._sends_blanks = False
        self._plans: dict[tuple[str, frozenset[str], bool], LevelPlan] = {}

    def plan(self, query: str, rows: Sequence[Row]) -> LevelPlan:
        """The plan for these rows.

        Raises:
            ContractChanged: a column is missing, or could belong to two records.
        """
        first = rows[0].keys()
        gaps = any(row.keys() != first for row in rows)
        if gaps:
            names = frozenset().union(*rows)
        else:
            names = frozenset(first)
            self._sends_blanks = self._sends_blanks or any(
                value == "" for row in rows for value in row.values()
            )
        lenient = gaps or not self._sends_blanks
        cached = self._plans.get((query, names, lenient))
        if cached is None:
            cached = _Resolution(self._dataset, query, names, self._zone, lenient=lenient).plan()
            self._plans[query, names, lenient] = cached
        return cached


class _Resolution:
    """Finds the columns for all levels of a dataset."""

    def __init__(
        self, dataset: Dataset, query: str, names: frozenset[str], zone: ZoneInfo, *, lenient: bool
    ) -> None:
        self._dataset, self._query, self._names, self._zone = dataset, query, names, zone
        self._lenient = lenient
        self._bare: dict[str, str] = {}

    def plan(self) -> LevelPlan:
        plan = self._level(self._dataset, "")
        if plan is None:
            raise self._gone(self._dataset, "", self._dataset.key[0])
        return plan

    def _level(self, level: Level, path: str) -> LevelPlan | None:
        """None: the answer lacks the level, and the dataset allows that."""
        found = {name: self._column(level, path, name) for name in level.fields}
        absent = [name for name in level.key if found.get(name) is None]
        if absent:
            if path and self._may_lack(level, absent[0], found):
                return None
            raise self._gone(level, path, absent[0])
        columns = tuple(column for column in found.values() if column is not None)
        dated = level.effective_dated.field if level.effective_dated else None
        key = tuple(self._present(found, name) for name in level.key)
        date_column = found.get(dated) if dated else None
        parts = [column.name for column in (*key, *((date_column,) if date_column else ()))]
        children = ((name, self._level(child, f"{path}{name}.")) for name, child in level.children.items())
        return LevelPlan(
            path=path,
            columns=columns,
            key=key,
            dated=date_column,
            identity=_picker(parts, gaps=self._lenient),
            children=tuple((name, child) for name, child in children if child is not None),
            certain=not self._lenient,
        )

    def _present(self, found: dict[str, Column | None], name: str) -> Column:
        column = found[name]
        if column is None:
            raise KeyError(name)
        return column

    def _may_lack(self, level: Level, name: str, found: dict[str, Column | None]) -> bool:
        """A collection may be missing as a whole: where its key is optional, or all of it is blank."""
        spec = level.fields.get(name)
        nothing = not any(found.values())
        return nothing and (self._lenient or (spec is not None and spec.optional))

    def _column(self, level: Level, path: str, name: str) -> Column | None:
        spec = level.fields[name]
        column = self._find(level, path, name)
        if column is None:
            is_key = name in level.key
            if not (spec.optional or is_key) and (spec.required or not self._lenient):
                raise self._gone(level, path, name)
            return None
        return self._made(spec, name, column, required=spec.required or (name in level.key and not path))

    def _made(self, spec: DatasetField, name: str, column: str, *, required: bool) -> Column:
        return Column(name, column, required, reader_for(spec, self._zone))

    def _find(self, level: Level, path: str, name: str) -> str | None:
        prefixed = f"{level.alias}.{name}"
        if level.alias and prefixed in self._names:
            return prefixed
        own = level.columns.get(name, ())
        for candidate in (own,) if isinstance(own, str) else own:
            if candidate in self._names:
                return candidate
        if name not in self._names:
            return None
        owner = self._bare.setdefault(name, f"{path}{name}")
        if owner != f"{path}{name}":
            raise ContractChanged(
                f"query {self._query}: column {name} could be {owner} or {path}{name} of dataset "
                f"{self._dataset.dataset}; name the columns of both under 'columns', or use the unique "
                "names with record aliases in the query"
            )
        return name

    def _gone(self, level: Level, path: str, name: str) -> ContractChanged:
        own = level.columns.get(name, ())
        others = (own,) if isinstance(own, str) else own
        looked = ", ".join([*([f"{level.alias}.{name}"] if level.alias else []), *others, name])
        return ContractChanged(
            f"query {self._query}: no column for {path}{name} of dataset {self._dataset.dataset} (looked "
            f"for {looked}); somebody changed the query. Put the column back or name it under 'columns'"
        )
