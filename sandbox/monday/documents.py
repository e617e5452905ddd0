"""Documents: read from a request's body, checked against the schema once and then remembered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    parse,
    validate,
)

from sandbox.jsonio import decode

from .errors import MondayError

REMEMBERED = 512
YOUNG = frozenset({"ingest_items", "bulk_archive_items", "fetch_job_status", "job_status"})
YOUNG_SINCE = "2026-07"


@cache
def schema() -> GraphQLSchema:
    """The part of monday's schema that is simulated."""
    return build_schema((Path(__file__).parent / "schema.graphql").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Document:
    """A parsed document; `problems` are what the schema has against it."""

    operations: tuple[OperationDefinitionNode, ...]
    fragments: Mapping[str, FragmentDefinitionNode]
    problems: tuple[dict[str, Any], ...]

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to run."""
        if name is not None:
            found = [row for row in self.operations if row.name and row.name.value == name]
            if not found:
                raise _bad_request(f"Unknown operation named {name!r}")
            return found[0]
        if len(self.operations) != 1:
            raise _bad_request("Must provide operation name if query contains multiple operations")
        return self.operations[0]


@lru_cache(maxsize=REMEMBERED)
def document(text: str) -> Document:
    """Parse and validate, once per text."""
    try:
        parsed = parse(text)
    except GraphQLError as error:
        return Document((), {}, (_problem(error, "GRAPHQL_PARSE_FAILED"),))
    operations = tuple(row for row in parsed.definitions if isinstance(row, OperationDefinitionNode))
    fragments = {row.name.value: row for row in parsed.definitions if isinstance(row, FragmentDefinitionNode)}
    problems = tuple(_problem(error, "GRAPHQL_VALIDATION_FAILED") for error in validate(schema(), parsed))
    return Document(operations, fragments, problems)


def _problem(error: GraphQLError, code: str) -> dict[str, Any]:
    places = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    return {"message": error.message, "locations": places, "extensions": {"code": code}}


def _bad_request(message: str) -> MondayError:
    return MondayError("Bad request", message, http=400)


class Invalid(Exception):
    """The schema has something against a document: an answer with several errors."""

    def __init__(self, problems: Iterable[dict[str, Any]]) -> None:
        super().__init__()
        self.problems = list(problems)


@dataclass(frozen=True)
class Asked:
    """What a body asks for. `wrong` says why it asks for nothing."""

    name: str
    writes: bool = False
    only_complexity: bool = False
    document: Document | None = None
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    wrong: MondayError | None = None

    def checked(self, version: str) -> Document:
        """The document, if it can run under a version.

        Raises:
            MondayError: the body holds none.
            Invalid: the schema of that version has something against it.
        """
        if self.document is None:
            raise self.wrong or _bad_request("The query must be in the body, under query")
        if self.document.problems:
            raise Invalid(self.document.problems)
        if version < YOUNG_SINCE:  # `dev` and later versions sort behind it
            names = [
                node for row in self.document.operations for node in _roots(row) if node.name.value in YOUNG
            ]
            if names:
                raise Invalid(_unknown(node) for node in names)
        return self.document


def _roots(operation: OperationDefinitionNode) -> list[FieldNode]:
    return [node for node in operation.selection_set.selections if isinstance(node, FieldNode)]


def _unknown(node: FieldNode) -> dict[str, Any]:
    kind = "Mutation" if node.name.value in {"ingest_items", "bulk_archive_items"} else "Query"
    message = f'Cannot query field "{node.name.value}" on type "{kind}".'
    return {"message": message, "locations": [], "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}


def read(raw: bytes) -> Asked:
    """A request's body; nothing is raised, so that every call has a name."""
    try:
        return _read(raw)
    except MondayError as error:
        return Asked("query OTHER", wrong=error)


def _read(raw: bytes) -> Asked:
    try:
        body = decode(raw)
    except ValueError as error:
        raise MondayError("JsonParseException", f"The body is not JSON: {error}", http=400) from error
    if not isinstance(body, dict) or not isinstance(body.get("query"), str) or not body["query"].strip():
        raise _bad_request("The query must be in the body, under query")
    variables, name = body.get("variables"), body.get("operationName") or None
    if not isinstance(variables, dict | None):
        raise _bad_request("variables must be a JSON object")
    if not isinstance(name, str | None):
        raise _bad_request("operationName must be a string")
    found = document(body["query"])
    if not found.operations:
        return Asked("query OTHER", document=found)
    operation = found.operation(name)
    writes = operation.operation is OperationType.MUTATION
    fields = _roots(operation)
    cheap = not writes and bool(fields) and all(node.name.value == "complexity" for node in fields)
    return Asked(_name(operation), writes, cheap, found, name, variables or {})


def _name(operation: OperationDefinitionNode) -> str:
    kind = operation.operation.value
    if operation.name is not None:
        return f"{kind} {operation.name.value}"
    first = operation.selection_set.selections[0]
    return f"{kind} {first.name.value if isinstance(first, FieldNode) else 'anonymous'}"
