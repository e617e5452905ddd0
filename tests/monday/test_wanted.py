"""What options need on the boards, and what of a mapping is left where the target takes less."""

from __future__ import annotations

from typing import Any

from ml_connector.core.config import find_mapping
from ml_connector.monday.fields import adapt, item_columns, line_columns
from ml_connector.monday.shape import WantedColumn
from ml_connector.monday.wanted import mappings_of, wanted
from tests.monday.account import ALL, MAPPINGS, options, tenant

LABELS: dict[str, Any] = {
    "suppliers": {"labels": {"board": "invoices", "column": "Vendor"}},
    "invoices": {"board": "AP", "lines": {"into": "subitems"}},
    "purchase_orders": {"board": "PO"},
}


def columns(chosen: dict[str, Any], board: str, **more: Any) -> dict[str, WantedColumn]:
    acme, checked = tenant(**more), options(chosen)
    boards = wanted(acme, checked, mappings_of(acme, checked, [MAPPINGS])).boards
    (found,) = [one for one in boards if one.name == board]
    return {column.name: column for column in found.columns}


def test_boards_that_others_refer_to_come_first() -> None:
    acme, checked = tenant(), options()
    needs = wanted(acme, checked, mappings_of(acme, checked, [MAPPINGS]))
    assert [board.name for board in needs.boards] == [
        "suppliers", "gl_accounts", "invoices", "invoices.lines", "purchase_orders", "purchase_orders.lines",
    ]  # fmt: skip
    assert needs.faults == []


def test_labels_of_the_template_are_those_that_the_shipped_mappings_produce() -> None:
    """Neither can be changed alone: a label too many is clutter, one too few stops documents."""
    from ml_connector.monday.template import BOARDS

    for name in ("suppliers", "gl_accounts", "invoices", "purchase_orders"):
        for field, made in BOARDS[name].columns.items():
            column = columns(ALL, name)[f"ps_{field}"]
            if made.labels:
                assert column.certain
                assert column.labels == made.labels, f"{name}.{field}"


def test_references_by_labels_stand_on_one_board_only() -> None:
    checked = options(LABELS)
    assert item_columns(checked, "invoices")["supplier"] == "Vendor"
    assert "supplier" not in item_columns(checked, "purchase_orders")
    assert "account" not in line_columns(checked, "invoices")
    vendor = columns(LABELS, "invoices")["Vendor"]
    assert (vendor.type, vendor.exact, vendor.labels, vendor.reference) == ("dropdown", True, (), None)


def test_a_mapping_for_labels_has_a_name_and_nothing_else() -> None:
    shipped = find_mapping("monday", "suppliers", [MAPPINGS])
    fitted = adapt("suppliers", "suppliers")(tenant(), options(LABELS), shipped)
    assert set(fitted.fields) == {"name"}
    assert fitted.file is shipped.file
    assert "columns.city" in adapt("suppliers", "suppliers")(tenant(), options(), shipped).fields


def test_a_flow_that_the_mapping_switches_off_needs_nothing() -> None:
    acme, checked = tenant(), options({"invoices": {"board": "AP"}})
    mappings = mappings_of(acme, checked, [MAPPINGS])
    mappings["payment_status"] = mappings["payment_status"].model_copy(update={"enabled": False})
    off = {column.name for column in wanted(acme, checked, mappings).boards[0].columns}
    assert "ps_paid_on" not in off
    switched = tenant(flows={"payment_status": {"enabled": True}})
    assert "ps_paid_on" in {column.name for column in wanted(switched, checked, mappings).boards[0].columns}
