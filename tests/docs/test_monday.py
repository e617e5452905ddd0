"""The page about Monday.com says what the models, the template and the shipped mappings say."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from ml_connector.core.config import find_mapping
from ml_connector.core.config.values import Model
from ml_connector.monday.fields import LINES
from ml_connector.monday.limits import ApiLimits
from ml_connector.monday.options import Bulk, MondayOptions
from ml_connector.monday.template import BOARDS

from .blocks import DOCS, ROOT, blocks

PAGE = DOCS / "monday.md"
TEXT = PAGE.read_text(encoding="utf-8")
FLOWS = ("suppliers", "gl_accounts", "invoices", "purchase_orders", "payment_status")
MAPPINGS = {name: find_mapping("monday", name, [ROOT / "include" / "mappings"]) for name in FLOWS}


def example(first: str) -> dict[str, Any]:
    (block,) = (block for block in blocks(PAGE) if block.language == "yaml" and block.text.startswith(first))
    data: dict[str, Any] = yaml.safe_load(block.text)
    return data


def test_the_tenant_shown_is_one() -> None:
    options = MondayOptions.model_validate(example("integrations:")["integrations"]["monday"]["options"])
    board = options.boards.invoices
    assert board is not None
    assert board.edits == "write"
    assert set(board.columns or {}) <= set(BOARDS["invoices"].columns)


def test_the_value_maps_shown_exist() -> None:
    known = {name: values for mapping in MAPPINGS.values() for name, values in mapping.value_maps.items()}
    for name, values in example("value_maps:")["value_maps"].items():
        assert set(values) <= set(known[name])
    named = set(re.findall(r"`(monday_[a-z_]+)`", TEXT))
    assert named == set(known)


@pytest.mark.parametrize("board", BOARDS)
def test_every_field_is_listed(board: str) -> None:
    rows = TEXT.split("| board | fields |")[1].splitlines()[2:]
    row, below = next((one, rows[n + 1]) for n, one in enumerate(rows) if one.startswith(f"| `{board}` |"))
    assert set(_names(row)) - {board, "payment_status"} == set(BOARDS[board].columns) - {"payment_status"}
    if BOARDS[board].lines:
        assert set(_names(below)) == set(BOARDS[board].lines)


@pytest.mark.parametrize("flow", FLOWS)
def test_the_template_has_what_the_mapping_fills(flow: str) -> None:
    board = BOARDS["invoices" if flow == "payment_status" else flow]
    fields = MAPPINGS[flow].fields
    assert {name.removeprefix("columns.") for name in fields if "." in name} <= set(board.columns)
    if LINES in fields:
        lines = {name.removeprefix("columns.") for name in fields[LINES].fields if "." in name}
        assert lines == set(board.lines)


@pytest.mark.parametrize("model", [MondayOptions, Bulk, ApiLimits])
def test_every_option_is_described(model: type[Model]) -> None:
    options = TEXT.split("## Options")[1]
    for name in model.model_fields:
        assert f"`{name}`" in options or name == "boards", name


def _names(row: str) -> list[str]:
    return re.findall(r"`([a-z_]+)`", row)
