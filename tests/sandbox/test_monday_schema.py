"""The simulator's schema against the vendor's, and the fact sheet's documents against the simulator's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    parse,
    print_ast,
    validate,
)

from sandbox.monday.documents import document, schema
from sandbox.monday.kinds import KINDS, READ_ONLY
from sandbox.monday.labels import COLOUR_NAMES

NOT_SIMULATED = {"CreateWebhook", "DeleteWebhook", "Webhooks", "UndoAction"}


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    return {}


@pytest.fixture
def vendor(facts: Path, theirs: dict[str, Any]) -> GraphQLSchema:
    if "schema" not in theirs:
        theirs["schema"] = build_schema((facts / "monday" / "schema.graphql").read_text(encoding="utf-8"))
    found: GraphQLSchema = theirs["schema"]
    return found


def own_types() -> list[str]:
    return [name for name in schema().type_map if not name.startswith("__")]


@pytest.mark.parametrize("name", own_types())
def test_a_type_is_the_vendors(vendor: GraphQLSchema, name: str) -> None:
    ours, wanted = schema().type_map[name], vendor.type_map[name]
    assert type(ours) is type(wanted)
    if isinstance(ours, GraphQLEnumType) and isinstance(wanted, GraphQLEnumType):
        assert ours.values.keys() <= wanted.values.keys()
    if isinstance(ours, GraphQLUnionType) and isinstance(wanted, GraphQLUnionType):
        assert {kind.name for kind in ours.types} <= {kind.name for kind in wanted.types}
    if isinstance(ours, GraphQLInputObjectType) and isinstance(wanted, GraphQLInputObjectType):
        _same_inputs(ours.fields, wanted.fields)
    if isinstance(ours, GraphQLObjectType | GraphQLInterfaceType):
        assert isinstance(wanted, GraphQLObjectType | GraphQLInterfaceType)
        assert {kind.name for kind in ours.interfaces} <= {kind.name for kind in wanted.interfaces}
        for field_name, field in ours.fields.items():
            assert str(field.type) == str(wanted.fields[field_name].type), field_name
            _same_inputs(field.args, wanted.fields[field_name].args)


def _same_inputs(ours: Any, wanted: Any) -> None:
    for name, field in ours.items():
        assert str(field.type) == str(wanted[name].type), name
        assert _default(field) == _default(wanted[name]), name
    for name in wanted.keys() - ours.keys():
        needed = isinstance(wanted[name].type, GraphQLNonNull) and _default(wanted[name]) is None
        assert not needed, f"{name} is left out, and is needed"


def _default(field: Any) -> str | None:
    return print_ast(field.ast_node.default_value) if field.ast_node.default_value else None


def test_column_types_and_colours_are_complete(vendor: GraphQLSchema) -> None:
    colours = vendor.type_map["StatusColumnColors"]
    assert isinstance(colours, GraphQLEnumType)
    assert list(COLOUR_NAMES) == list(colours.values)
    kinds = schema().type_map["ColumnType"]
    assert isinstance(kinds, GraphQLEnumType)
    assert set(kinds.values) == KINDS.keys() | {"dependency"}
    assert {kind.graphql for kind in KINDS.values()} <= set(schema().type_map)


def test_documents_of_the_fact_sheet_run(facts: Path) -> None:
    text = (facts / "monday" / "operations.graphql").read_text(encoding="utf-8")
    parsed = parse(text)
    fragments = "\n".join(print_ast(row) for row in parsed.definitions if row.kind == "fragment_definition")
    names = []
    for row in parsed.definitions:
        if row.kind != "operation_definition" or row.name.value in NOT_SIMULATED:  # type: ignore[attr-defined]
            continue
        one = print_ast(row)
        problems = validate(schema(), parse(f"{one}\n{fragments}" if "...ItemCore" in one else one))
        assert problems == []
        names.append(row.name.value)  # type: ignore[attr-defined]
    assert len(names) > 25


def test_column_types_agree_with_the_fact_sheet(facts: Path) -> None:
    table = json.loads((facts / "monday" / "column_types.json").read_text(encoding="utf-8"))
    for name, kind in KINDS.items():
        assert kind.bulk == (name in table["_bulk_supported"]), name
        assert kind.match == (name in table["_bulk_match_column_types"]), name
        if name in table and name != "name":
            described = table[name]
            assert kind.graphql == described["graphql"], name
            left_out = {"within_the_last", "within_the_next"}
            extra = {"not_contains_text", "starts_with"} if name == "status" else set()
            extra |= {"any_of"} if name == "checkbox" else set()
            assert kind.rules == set(described["ops"]) - left_out | extra, name
            assert (name in READ_ONLY) == (described["write"] is None), name
        if name in table["_by_values_unsupported"]:
            assert not kind.by_values, name


def test_equal_documents_are_read_once() -> None:
    text = "query Once{me{id}}"
    assert document(text) is document(text)
