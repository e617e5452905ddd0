"""Everything that the product can send is valid GraphQL in the vendor's own schema, of both versions."""

from __future__ import annotations

import ast
import itertools
from functools import cache
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

from ml_connector.core import codec
from ml_connector.monday import operations
from ml_connector.monday.operations import KINDS, OPERATIONS, Action, Operation, alias, batch

PACKAGE = Path(operations.__file__).parent
VERSIONS = {"2026-10": "schema.graphql", "2026-07": "schema.2026-07.graphql"}
VALUES = {
    "board": "1", "group": "new", "name": 'A "quoted" name', "values": "{}", "parent": "2", "item": "3",
}  # fmt: skip


@cache
def schema_of(path: Path) -> GraphQLSchema:
    return build_schema(path.read_text(encoding="utf-8"), assume_valid=True)


@pytest.fixture(params=VERSIONS)
def schema(request: pytest.FixtureRequest, facts: Path) -> GraphQLSchema:
    return schema_of(facts / VERSIONS[request.param])


def action(kind: str, **without: None) -> Action:
    return Action(kind, {name: VALUES[name] for name in KINDS[kind].arguments if name not in without})


def problems(schema: GraphQLSchema, document: str) -> list[str]:
    return [error.message for error in validate(schema, parse(document))]


@pytest.mark.parametrize("operation", list(OPERATIONS.values()), ids=lambda operation: operation.name)
def test_each_operation_is_valid(schema: GraphQLSchema, operation: Operation) -> None:
    assert problems(schema, operation.document) == []


@pytest.mark.parametrize("kinds", list(itertools.product(KINDS, repeat=2)), ids="-".join)
def test_each_kind_of_action_is_valid_beside_each_other(
    schema: GraphQLSchema, kinds: tuple[str, ...]
) -> None:
    document, variables = batch([action(kind) for kind in kinds])
    assert problems(schema, document) == []
    assert len(variables) == sum(len(KINDS[kind].arguments) for kind in kinds)


def test_an_argument_that_is_not_given_is_left_out(schema: GraphQLSchema) -> None:
    document, variables = batch([action("create", group=None)])
    assert problems(schema, document) == []
    assert "group" not in document
    assert set(variables) == {"a0_board", "a0_name", "a0_values"}


def test_a_hundred_aliases_are_valid_and_keep_their_order(schema: GraphQLSchema) -> None:
    document, _ = batch([action("create")] * 100)
    assert problems(schema, document) == []
    places = [document.index(f"  {alias(number)}:") for number in range(100)]
    assert places == sorted(places)


def test_values_never_stand_in_the_text() -> None:
    document, variables = batch(
        [Action("create", {**VALUES, "name": 'x"}) { id } delete_board(board_id: 1'})]
    )
    assert "delete_board" not in document
    assert "delete_board" in variables["a0_name"]


def test_equal_kinds_give_one_text_so_that_the_api_can_keep_it() -> None:
    first, _ = batch([Action("archive", {"item": "1"}), Action("archive", {"item": "2"})])
    second, _ = batch([Action("archive", {"item": "8"}), Action("archive", {"item": "9"})])
    assert first == second


def test_the_schema_finds_what_is_wrong(schema: GraphQLSchema) -> None:
    assert problems(schema, "query Q { boards(ids: [1]) { no_such_field } }")


def test_no_document_stands_anywhere_else() -> None:
    """A text with GraphQL in another module would be sent without ever being validated."""
    for path in PACKAGE.glob("*.py"):
        if path.name == "operations.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value.strip()
                assert not text.startswith(("query ", "mutation ")), f"{path.name}: {text[:60]}"


def test_operations_bear_the_name_under_which_they_are_sent() -> None:
    for name, operation in OPERATIONS.items():
        parsed = codec.encode(parse(operation.document).definitions[0].to_dict())
        assert f'"{name}"'.encode() in parsed
