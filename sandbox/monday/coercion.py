"""Variables and arguments: what the schema lets through, and what the refusals look like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from graphql import (
    FieldNode,
    FloatValueNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    VariableNode,
    type_from_ast,
)

from sandbox.jsonio import decode

from .errors import MondayError

MISSING: Any = object()
Problem = dict[str, Any]


class Wrong(ValueError):
    """A value that does not fit, and where."""

    def __init__(self, explanation: str, path: tuple[Any, ...] = ()) -> None:
        super().__init__(explanation)
        self.problem: Problem = {"path": list(path), "explanation": explanation}


def variables(
    schema: GraphQLSchema, operation: OperationDefinitionNode, given: Mapping[str, Any]
) -> dict[str, Any]:
    """The operation's variables, coerced.

    Raises:
        MondayError: one does not fit; such an answer has HTTP 200 and no code.
    """
    made: dict[str, Any] = {}
    for node in operation.variable_definitions or ():
        name, kind = node.variable.name.value, type_from_ast(schema, node.type)
        try:
            if name in given:
                made[name] = coerce(kind, given[name])
            elif node.default_value is not None:
                made[name] = literal(kind, node.default_value, {})
            elif isinstance(kind, GraphQLNonNull):
                raise Wrong("Expected value to not be null")
        except Wrong as wrong:
            raise _refusal(f"Variable ${name} of type {kind}", given.get(name), wrong) from wrong
    return made


def _refusal(what: str, value: Any, wrong: Wrong) -> MondayError:
    extra = {"value": value, "problems": [wrong.problem], "service": "monolith"}
    return MondayError(None, f"{what} was provided invalid value", extra=extra)


def coerce(kind: Any, value: Any, path: tuple[Any, ...] = ()) -> Any:
    """A JSON value as an input type."""
    if isinstance(kind, GraphQLNonNull):
        if value is None:
            raise Wrong("Expected value to not be null", path)
        return coerce(kind.of_type, value, path)
    if value is None:
        return None
    if isinstance(kind, GraphQLList):
        rows = value if isinstance(value, list) else [value]
        return [coerce(kind.of_type, row, (*path, place)) for place, row in enumerate(rows)]
    if isinstance(kind, GraphQLInputObjectType):
        return _object(kind, value, path)
    if isinstance(kind, GraphQLEnumType):
        if not isinstance(value, str) or value not in kind.values:
            raise Wrong(f'Expected "{value}" to be one of: {", ".join(kind.values)}', path)
        return value
    return _scalar(kind.name, value, path)


def _object(kind: GraphQLInputObjectType, value: Any, path: tuple[Any, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Wrong(f"Expected value to be an object of type {kind.name}", path)
    if unknown := value.keys() - kind.fields.keys():
        raise Wrong("Field is not defined on " + kind.name, (*path, min(unknown)))
    made = {}
    for name, field in kind.fields.items():
        if name in value:
            made[name] = coerce(field.type, value[name], (*path, name))
        elif (default := _default(field)) is not MISSING:
            made[name] = default
        elif isinstance(field.type, GraphQLNonNull):
            raise Wrong("Expected value to not be null", (*path, name))
    return made


def _default(field: GraphQLArgument | GraphQLInputField) -> Any:
    node = field.ast_node.default_value if field.ast_node else None
    return MISSING if node is None else literal(field.type, node, {})


def _scalar(name: str, value: Any, path: tuple[Any, ...]) -> Any:
    made = _SCALARS[name](value)
    if made is MISSING:
        raise Wrong(f"Could not coerce value {value!r} to {name}", path)
    if name == "JSON":
        try:
            return decode(made.encode())
        except ValueError as error:
            raise Wrong("Syntax error in JSON input", path) from error
    return made


def _of(*kinds: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        return value if isinstance(value, kinds) and isinstance(value, bool) == (bool in kinds) else MISSING

    return check


def _int(value: Any) -> Any:
    plain = isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31
    return value if plain else MISSING


def _id(value: Any) -> Any:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else MISSING


_SCALARS: dict[str, Callable[[Any], Any]] = {
    "String": _of(str), "Boolean": _of(bool), "Int": _int, "Float": _of(int, Decimal), "ID": _id,
    "JSON": _of(str), "CompareValue": lambda value: value, "Date": _of(str), "ISO8601DateTime": _of(str),
}  # fmt: skip


def literal(kind: Any, node: Any, given: Mapping[str, Any]) -> Any:
    """A value that stands in the document, as an input type; `MISSING` for a variable not given."""
    if isinstance(node, VariableNode):
        return given.get(node.name.value, MISSING)
    return coerce(kind, _python(node, given))


def _python(node: Any, given: Mapping[str, Any]) -> Any:
    match node:
        case VariableNode():
            value = given.get(node.name.value)
        case NullValueNode():
            value = None
        case IntValueNode():
            value = int(node.value)
        case FloatValueNode():
            value = Decimal(node.value)
        case ListValueNode():
            value = [_python(row, given) for row in node.values]
        case ObjectValueNode():
            rows = ((row.name.value, row.value) for row in node.fields)
            value = {name: _python(row, given) for name, row in rows if _stated(row, given)}
        case _:  # a string, an enum value or a boolean
            value = node.value
    return value


def _stated(node: Any, given: Mapping[str, Any]) -> bool:
    return not isinstance(node, VariableNode) or node.name.value in given


def arguments(definition: GraphQLField, node: FieldNode, given: Mapping[str, Any]) -> dict[str, Any]:
    """A field's arguments.

    Raises:
        MondayError: one does not fit.
    """
    stated = {argument.name.value: argument.value for argument in node.arguments or ()}
    made: dict[str, Any] = {}
    for name, argument in definition.args.items():
        value = MISSING
        if name in stated:
            try:
                value = literal(argument.type, stated[name], given)
            except Wrong as wrong:
                raise _refusal(f"Argument {name} of {node.name.value}", None, wrong) from wrong
        if value is MISSING:
            value = _default(argument)
        if value is not MISSING:
            made[name] = value
    return made


def included(node: Any, given: Mapping[str, Any]) -> bool:
    """What `@skip` and `@include` say."""
    for directive in node.directives or ():
        condition = next(argument.value for argument in directive.arguments or ())
        wanted = bool(_python(condition, given))
        if wanted == (directive.name.value == "skip"):
            return False
    return True
