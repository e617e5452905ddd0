"""Complexity points of an operation, before it runs.

monday does not publish its weights. Here every field costs one point per parent object, lists count with
their limit or their ids, and every mutation costs the 10,000 points that an older page names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
)

from .coercion import arguments

MUTATION = 10_000
ASSUMED = 10
"""Columns, groups, subitems or values of a list without a limit."""
_LISTS = frozenset({"groups", "columns", "subitems", "column_values", "linked_items"})


class Cost:
    """Counts one document."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self._schema, self._fragments, self._variables = schema, fragments, variables

    def of(self, operation: OperationDefinitionNode) -> int:
        """Points of the operation."""
        if operation.operation is OperationType.MUTATION:
            names = [
                node.name.value for node in operation.selection_set.selections if isinstance(node, FieldNode)
            ]
            return sum(1 if name == "complexity" else MUTATION for name in names)
        return self._points("Query", operation.selection_set)

    def _points(self, kind: str, selection: SelectionSetNode) -> int:
        total = 0
        for node in selection.selections:
            if isinstance(node, FieldNode):
                total += self._field(kind, node)
                continue
            part: Any = self._fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            condition = part.type_condition
            total += self._points(condition.name.value if condition else kind, part.selection_set)
        return total

    def _field(self, kind: str, node: FieldNode) -> int:
        if node.selection_set is None or node.name.value.startswith("__"):
            return 1
        definition = self._schema.type_map[kind].fields[node.name.value]  # type: ignore[attr-defined]
        given = arguments(definition, node, self._variables)
        inner = self._points(get_named_type(definition.type).name, node.selection_set)
        return 1 + self._times(node.name.value, given) * inner

    def _times(self, name: str, given: Mapping[str, Any]) -> int:
        if given.get("ids") is not None:
            return max(1, len(given["ids"]))
        if "limit" in given:  # the items of a page have none: the page's counts already
            return max(1, int(given["limit"] or 25))
        return ASSUMED if name in _LISTS else 1
