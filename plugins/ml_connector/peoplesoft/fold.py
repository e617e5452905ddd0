"""Folds the rows of a join into documents.

A voucher with two lines and three scheduled payments comes as six rows: sibling collections are
multiplied. Each level is told apart by its own key, so every row of a collection is taken once,
in whatever order and however often it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ml_connector.core.config.dataset import Dataset
from ml_connector.core.contract import Document, Payload, Unreadable, join_key
from ml_connector.core.mapping.results import Refusal
from ml_connector.peoplesoft.rows import Column, Identity, LevelPlan, Row
from ml_connector.peoplesoft.values import BadValue, is_blank


class _Node:
    """One row of one level: the first row that showed it, and the rows below it."""

    __slots__ = ("below", "row")

    def __init__(self, row: Row, width: int) -> None:
        self.row = row
        self.below: list[dict[Identity, _Node]] = [{} for _ in range(width)]


class _Fault(Exception):
    """The first value of a document that cannot be read."""

    def __init__(self, field: str, value: str, expected: str) -> None:
        super().__init__(field)
        self.field, self.value, self.expected = field, value, expected


def _never(_: Payload) -> bool:
    return False


class Folder:
    """Collects rows of one answer, or of several with the same columns, into documents.

    Args:
        today: effective-dated rows that begin later are left out.
        is_open: whether a document may change without a new stamp; may raise ``Refusal``.
    """

    def __init__(
        self, dataset: Dataset, plan: LevelPlan, today: str, is_open: Callable[[Payload], bool] = _never
    ) -> None:
        self._dataset = dataset
        self._plan = plan
        self._today = today
        self._is_open = is_open
        self._roots: dict[Identity, _Node] = {}

    def add(self, rows: Iterable[Row]) -> None:
        """Take rows in any order."""
        for row in rows:
            _enter(self._roots, self._plan, row)

    def result(self) -> tuple[list[Document], list[Unreadable]]:
        """Documents in the order in which their keys came, and those that cannot be read."""
        documents: list[Document] = []
        unreadable: list[Unreadable] = []
        width = self._plan.key_width
        versions: dict[Identity, list[_Node]] = {}
        for identity, node in self._roots.items():
            versions.setdefault(identity[:width], []).append(node)
        for nodes in versions.values():
            try:
                current = self._current(self._plan, nodes)
                if current is not None:
                    documents.append(self._document(current))
            except _Fault as fault:
                key, unit = self._name(nodes[0])
                unreadable.append(Unreadable(key, unit, fault.field, fault.value, fault.expected))
        return documents, unreadable

    def _document(self, node: _Node) -> Document:
        payload = self._build(self._plan, node)
        key = join_key(*(payload[name] for name in self._dataset.key))
        unit = str(payload.get(self._dataset.unit_name, ""))
        return Document(key, unit, payload, self._stamp(payload), self._open(payload))

    def _open(self, payload: Payload) -> bool:
        try:
            return self._is_open(payload)
        except Refusal as refusal:
            raise _Fault(refusal.field or "", str(refusal.value), refusal.expected or "") from None

    def _stamp(self, payload: Payload) -> str | None:
        """The change stamp, or its fallback where the site has no such column."""
        change = self._dataset.change
        if change is None:
            return None
        name = change.stamp if change.stamp in payload or change.fallback is None else change.fallback
        return payload.get(name) or None

    def _build(self, plan: LevelPlan, node: _Node) -> Payload:
        payload: Payload = {}
        row = node.row
        for column in plan.columns:
            try:
                value = payload[column.field] = column.read(row.get(column.name))
            except BadValue as error:
                raise _fault(plan, column, row, str(error)) from None
            if value == "" and column.required:
                raise _fault(plan, column, row, "a value")
        for (name, child), found in zip(plan.children, node.below, strict=True):
            payload[name] = self._collection(child, found)
        return payload

    def _collection(self, plan: LevelPlan, found: dict[Identity, _Node]) -> list[Payload]:
        """The rows below, by key, each reduced to its current version."""
        versions: dict[Identity, list[_Node]] = {}
        for identity, node in found.items():
            versions.setdefault(identity[: plan.key_width], []).append(node)
        current = (self._current(plan, nodes) for nodes in versions.values())
        built = [self._build(plan, node) for node in current if node is not None]
        names = [column.field for column in plan.key]
        built.sort(key=lambda item: [_sortable(item[name]) for name in names])
        return built

    def _current(self, plan: LevelPlan, nodes: list[_Node]) -> _Node | None:
        """The version with the latest date not after today, active or not; None: none began yet."""
        if plan.dated is None:
            return nodes[0]
        begun = [
            (begin, node) for begin, node in self._dates(plan, plan.dated, nodes) if begin <= self._today
        ]
        return max(begun, key=lambda item: item[0])[1] if begun else None

    @staticmethod
    def _dates(plan: LevelPlan, column: Column, nodes: list[_Node]) -> Iterator[tuple[str, _Node]]:
        for node in nodes:
            try:
                yield str(column.read(node.row.get(column.name))), node
            except BadValue as error:
                raise _fault(plan, column, node.row, str(error)) from None

    def _name(self, node: _Node) -> tuple[str, str]:
        """Key and unit of a document that cannot be read, as well as they can be told."""
        raw = {column.field: _raw(node.row.get(column.name)) for column in self._plan.columns}
        return join_key(*(raw[name] for name in self._dataset.key)), raw.get(self._dataset.unit_name, "")


def _enter(nodes: dict[Identity, _Node], plan: LevelPlan, row: Row) -> None:
    identity = plan.identity(row)
    node = nodes.get(identity)
    if node is None:
        if plan.path and _is_nothing(plan, identity, row):
            return
        node = nodes[identity] = _Node(row, len(plan.children))
    for (_, child), below in zip(plan.children, node.below, strict=True):
        _enter(below, child, row)


def _is_nothing(plan: LevelPlan, identity: Identity, row: Row) -> bool:
    """An outer join without a partner: a blank key, or zeros (numbers are never null) and nothing else."""
    key = identity[: plan.key_width]
    if all(map(is_blank, key)):
        return True
    if not all(map(_is_empty, key)):
        return False
    return all(_is_empty(row.get(column.name)) for column in plan.columns)


def _is_empty(value: Any) -> bool:
    return is_blank(value) or value in {0, "0"}


def _fault(plan: LevelPlan, column: Column, row: Row, expected: str) -> _Fault:
    return _Fault(f"{plan.path}{column.field}", _raw(row.get(column.name))[:100], expected)


def _raw(value: Any) -> str:
    return "" if value is None else str(value).rstrip()


def _sortable(value: Any) -> tuple[bool, Any]:
    return (isinstance(value, str), value)
