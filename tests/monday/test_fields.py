"""Fitting the shipped mappings to what a tenant's boards take."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector.core.config import TenantConfig, find_mapping
from ml_connector.core.config.mapping import Mapping
from ml_connector.core.errors import ConfigurationError
from ml_connector.monday.fields import COLUMNS, adapt, item_columns, line_columns, monday_options, owned
from ml_connector.monday.options import MondayOptions
from ml_connector.monday.template import BOARDS, PAYMENT_FIELDS
from tests.environment import REPOSITORY

MAPPINGS = [REPOSITORY / "include" / "mappings"]
TENANT = TenantConfig.model_validate(
    {
        "tenant": "acme", "environment": "test", "time_zone": "America/New_York", "start": "2026-01-01",
        "connections": {"peoplesoft": "ps", "monday": "monday"}, "business_units": ["US001"],
        "setids": ["SHARE"],
    }
)  # fmt: skip
SUPPLIERS = {"suppliers": {"board": {"board": "Suppliers"}}}
ACCOUNTS = {"gl_accounts": {"board": {"board": "Accounts"}}}


def options(**boards: Any) -> MondayOptions:
    return MondayOptions.model_validate({"boards": boards})


def fitted(flow: str, board: str, chosen: MondayOptions) -> Mapping:
    return adapt(flow, board)(TENANT, chosen, find_mapping("monday", flow, MAPPINGS))


def columns(mapping: Mapping) -> set[str]:
    return {name.partition(".")[2] for name in mapping.fields if name.startswith(f"{COLUMNS}.")}


def below(mapping: Mapping) -> set[str]:
    return {
        name.partition(".")[2] for name in mapping.fields["lines"].fields if name.startswith(f"{COLUMNS}.")
    }


@pytest.mark.parametrize(
    ("flow", "board"), [(name, name) for name in BOARDS] + [("payment_status", "invoices")]
)
def test_each_shipped_mapping_knows_exactly_the_fields_of_the_template(flow: str, board: str) -> None:
    shipped = find_mapping("monday", flow, MAPPINGS)
    names = {name for name in BOARDS[board].columns if (name in PAYMENT_FIELDS) == (flow == "payment_status")}
    assert columns(shipped) == names
    if "lines" in shipped.fields:
        assert below(shipped) == set(BOARDS[board].lines)


@pytest.mark.parametrize(
    ("flow", "board"), [(name, name) for name in BOARDS] + [("payment_status", "invoices")]
)
def test_each_flow_fits_a_board_that_is_only_named(flow: str, board: str) -> None:
    named = {"board": "Somewhere"}
    chosen = options(**{board: {"board": named} if board in {"suppliers", "gl_accounts"} else named})
    made = fitted(flow, board, chosen)
    assert columns(made) == set(owned(item_columns(chosen, board), flow))
    assert "lines" not in made.fields
    if flow != "payment_status":
        assert "name" in made.fields


def test_a_reference_is_kept_only_where_it_leads_somewhere() -> None:
    alone = fitted("invoices", "invoices", options(invoices={"board": "I", "lines": {"board": "L"}}))
    assert "supplier" not in columns(alone)
    assert "account" not in below(alone)
    both = options(invoices={"board": "I", "lines": {"board": "L"}}, **SUPPLIERS, **ACCOUNTS)
    assert "supplier" in columns(fitted("invoices", "invoices", both))
    assert "account" in below(fitted("invoices", "invoices", both))


@pytest.mark.parametrize(("lines", "kept"), [(False, True), (True, False)])
def test_labels_of_a_column_serve_the_items_of_that_board_alone(lines: bool, kept: bool) -> None:
    labels = {"board": "invoices", "lines": lines, "column": "ps_supplier"}
    chosen = options(
        invoices={"board": "I", "lines": {"into": "subitems"}},
        purchase_orders={"board": "P"},
        suppliers={"labels": labels},
    )
    assert ("supplier" in columns(fitted("invoices", "invoices", chosen))) is kept
    assert "supplier" not in columns(fitted("purchase_orders", "purchase_orders", chosen))


def test_what_is_kept_as_labels_has_a_text_and_nothing_else() -> None:
    labels = {"board": "invoices", "column": "ps_supplier"}
    made = fitted("suppliers", "suppliers", options(invoices={"board": "I"}, suppliers={"labels": labels}))
    assert set(made.fields) == {"name"}
    assert made.states == find_mapping("monday", "suppliers", MAPPINGS).states


def test_only_columns_that_the_tenant_names_are_filled() -> None:
    chosen = options(
        invoices={
            "board": "I", "columns": {"amount": "Total", "paid_on": "When"},
            "lines": {"board": "L", "columns": {"amount": "Part"}},
        }
    )  # fmt: skip
    assert columns(fitted("invoices", "invoices", chosen)) == {"amount"}
    assert below(fitted("invoices", "invoices", chosen)) == {"amount"}
    assert columns(fitted("payment_status", "invoices", chosen)) == {"paid_on"}
    assert line_columns(chosen, "invoices") == {"amount": "Part"}


def test_the_flow_of_invoices_never_writes_what_concerns_payments() -> None:
    made = fitted("invoices", "invoices", options(invoices={"board": "I"}))
    assert not columns(made) & PAYMENT_FIELDS
    assert columns(fitted("payment_status", "invoices", options(invoices={"board": "I"}))) == PAYMENT_FIELDS


def test_items_change_their_group_only_where_groups_are_named() -> None:
    groups = {"paid_group": "Paid", "open_group": "Open"}
    assert "group" in fitted("payment_status", "invoices", options(invoices={"board": "I", **groups})).fields
    assert "group" not in fitted("payment_status", "invoices", options(invoices={"board": "I"})).fields


def test_a_key_and_a_name_are_always_there_for_lines() -> None:
    chosen = options(invoices={"board": "I", "lines": {"into": "subitems", "columns": {}}})
    assert set(fitted("invoices", "invoices", chosen).fields["lines"].fields) == {"key", "name"}


@pytest.mark.parametrize("lines", [False, True])
def test_a_field_that_the_mapping_has_not_is_named_with_those_that_it_has(lines: bool) -> None:
    wrong = {"colour": "Colour"}
    board = (
        {"board": "I", "lines": {"board": "L", "columns": wrong}}
        if lines
        else {"board": "I", "columns": wrong}
    )
    with pytest.raises(ConfigurationError, match="no field 'colour'") as raised:
        fitted("invoices", "invoices", options(invoices=board))
    where = "invoices.lines.columns" if lines else "invoices.columns"
    assert raised.value.field == f"integrations.monday.options.boards.{where}"
    assert "amount" in (raised.value.expected or "")


def test_a_flow_without_a_board_says_where_to_name_one() -> None:
    with pytest.raises(ConfigurationError, match="has no board") as raised:
        fitted("invoices", "invoices", options())
    assert raised.value.field == "integrations.monday.options.boards.invoices"
    assert item_columns(options(), "invoices") == line_columns(options(), "invoices") == {}


def test_other_options_are_a_mistake_of_the_program() -> None:
    with pytest.raises(TypeError, match="MondayOptions"):
        monday_options(TENANT)


@pytest.mark.parametrize(
    "board",
    [
        {"board": "I", "paid_group": "Paid"},
        {"board": "I", "lines": {"into": "board"}},
        {"board": "I", "lines": {"into": "subitems", "board": "L"}},
        {"board": "I", "colour": "red"},
    ],
)
def test_halves_of_a_setting_are_refused(board: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        options(invoices=board)


def test_suppliers_stand_on_a_board_or_are_labels_and_not_both() -> None:
    labels = {"board": "invoices", "column": "c"}
    for both in ({}, {"board": {"board": "S"}, "labels": labels}):
        with pytest.raises(ValueError, match=r"boards\.suppliers"):
            options(suppliers=both)
