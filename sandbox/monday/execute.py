"""Runs a validated document: the subset of GraphQL's execution that this schema needs, and fast.

A page of 500 items with 15 cells each has some 40,000 fields. graphql-core's own executor spends most of
its time per field on what never changes within a request; here it is worked out once, before the first row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLID,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationDefinitionNode,
    SelectionSetNode,
)

from .coercion import arguments, included
from .errors import MondayError, bad_argument

Resolver = Callable[[Any, dict[str, Any], Any], Any]
Path = tuple[Any, ...]
Complete = Callable[[Any, Path], Any]
Selections = tuple[SelectionSetNode, ...]


class Bubble(Exception):
    """A field that may not be null is: the null goes to what holds it. No failure of its own."""


class Field:
    """One field of one selection, ready to run."""

    __slots__ = ("args", "complete", "key", "location", "name", "needed", "resolve")

    def __init__(
        self, node: FieldNode, resolve: Resolver, args: dict[str, Any], complete: Complete, *, needed: bool
    ) -> None:
        self.key = (node.alias or node.name).value
        self.name = node.name.value
        self.location = _location(node)
        self.resolve, self.args, self.complete, self.needed = resolve, args, complete, needed


def _location(node: FieldNode) -> list[dict[str, int]]:
    start = node.loc.start_token if node.loc else None
    return [{"line": start.line, "column": start.column}] if start else []


class Execution:
    """One run of one operation.

    Attributes:
        errors: entries so far, in the order in which they happened.
        call: handed to every resolver.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        resolvers: Mapping[str, Mapping[str, Resolver]],
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
        call: Any,
    ) -> None:
        self._schema, self._resolvers, self._fragments = schema, resolvers, fragments
        self.variables, self.call = variables, call
        self.errors: list[dict[str, Any]] = []
        self.http = 200
        self.after: int | None = None
        self._plans: dict[tuple[str, tuple[int, ...]], list[Field]] = {}

    def plan(self, kind: GraphQLObjectType, selections: Selections) -> list[Field]:
        """The fields of an object type under these selection sets, arguments coerced."""
        key = (kind.name, tuple(map(id, selections)))
        if key not in self._plans:
            nodes: dict[str, list[FieldNode]] = {}
            for selection in selections:
                self._collect(kind, selection, nodes)
            self._plans[key] = [self._field(kind, found) for found in nodes.values()]
        return self._plans[key]

    def plan_operation(self, operation: OperationDefinitionNode) -> list[Field]:
        """The root fields."""
        kind = self._schema.get_root_type(operation.operation)
        return self.plan(cast("GraphQLObjectType", kind), (operation.selection_set,))

    def _collect(
        self, kind: GraphQLObjectType, selection: SelectionSetNode, nodes: dict[str, list[FieldNode]]
    ) -> None:
        for node in selection.selections:
            if not included(node, self.variables):
                continue
            if isinstance(node, FieldNode):
                nodes.setdefault((node.alias or node.name).value, []).append(node)
                continue
            part: Any = self._fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            condition = part.type_condition
            if condition is None or self._fits(kind, condition.name.value):
                self._collect(kind, part.selection_set, nodes)

    def _fits(self, kind: GraphQLObjectType, name: str) -> bool:
        wanted = self._schema.type_map[name]
        if isinstance(wanted, GraphQLInterfaceType | GraphQLUnionType):
            return self._schema.is_sub_type(wanted, kind)
        return wanted is kind

    def _field(self, kind: GraphQLObjectType, nodes: list[FieldNode]) -> Field:
        node, name = nodes[0], nodes[0].name.value
        if name == "__typename":
            return Field(node, lambda *_: kind.name, {}, _leaf, needed=True)
        if name.startswith("__"):
            raise bad_argument("Introspection is not simulated")
        definition = kind.fields[name]
        resolve = self._resolvers.get(kind.name, {}).get(name) or _attribute(name)
        selections = tuple(found.selection_set for found in nodes if found.selection_set is not None)
        args = arguments(definition, node, self.variables)
        needed = isinstance(definition.type, GraphQLNonNull)
        return Field(node, resolve, args, self._completer(definition.type, selections), needed=needed)

    def _completer(self, kind: Any, selections: Selections) -> Complete:
        if isinstance(kind, GraphQLNonNull):
            return self._completer(kind.of_type, selections)
        if isinstance(kind, GraphQLList):
            return self._list(kind, selections)
        if isinstance(kind, GraphQLObjectType):
            return self._object(kind, selections)
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            return self._abstract(selections)
        return _identifier if kind is GraphQLID else _leaf

    def _list(self, kind: Any, selections: Selections) -> Complete:
        inner, needed = self._completer(kind.of_type, selections), isinstance(kind.of_type, GraphQLNonNull)

        def complete(value: Any, path: Path) -> Any:
            made = []
            for place, entry in enumerate(value):
                try:
                    made.append(None if entry is None else inner(entry, (*path, place)))
                except Bubble:
                    if needed:
                        raise
                    made.append(None)
            return made

        return complete

    def _object(self, kind: GraphQLObjectType, selections: Selections) -> Complete:
        fields: list[Field] = []

        def complete(value: Any, path: Path) -> Any:
            if not fields:
                fields.extend(self.plan(kind, selections))
            return self.run(fields, value, path)

        return complete

    def _abstract(self, selections: Selections) -> Complete:
        def complete(value: Any, path: Path) -> Any:
            kind = cast("GraphQLObjectType", self._schema.type_map[value.graphql_type])
            return self.run(self.plan(kind, selections), value, path)

        return complete

    def run(self, fields: Sequence[Field], source: Any, path: Path = ()) -> dict[str, Any]:
        """One object; fields run in order, and a refused one leaves the others alone."""
        made, call = {}, self.call
        for field in fields:
            try:
                value = field.resolve(source, field.args, call)
                if value is not None and field.complete is not _leaf:
                    value = field.complete(value, (*path, field.key))
            except MondayError as error:
                self.fail(error, field, path)
                value = None
            except Bubble:
                value = None
            if value is None and field.needed:
                raise Bubble
            made[field.key] = value
        return made

    def fail(self, error: MondayError, field: Field, path: Path = ()) -> None:
        """Note a refusal."""
        place = {"path": [*path, field.key], "locations": field.location}
        self.errors.append(error.entry() | place)
        if error.http != 200:
            self.http, self.after = error.http, error.after


def _leaf(value: Any, _: Path) -> Any:
    return value


def _identifier(value: Any, _: Path) -> str:
    return str(value)


def _attribute(name: str) -> Resolver:
    def resolve(source: Any, _: dict[str, Any], __: Any) -> Any:
        return getattr(source, name) if not isinstance(source, dict) else source.get(name)

    return resolve
