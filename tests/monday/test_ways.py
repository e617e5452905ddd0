"""How a plan would be written, in words; the writer decides by the same thresholds."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector.monday.options import MondayOptions
from ml_connector.monday.ways import Way, way_of, ways
from tests.monday.account import tenant

BOARDS: dict[str, Any] = {"suppliers": {"board": {"board": "Suppliers"}}, "invoices": {"board": "Invoices"}}


def options(**changed: Any) -> MondayOptions:
    return MondayOptions.model_validate({"boards": BOARDS} | changed)


def said(flow: str, counts: dict[str, int], **changed: Any) -> str:
    return ways(flow)(tenant(), options(**changed), counts)


@pytest.mark.parametrize(
    ("count", "from_items", "way"),
    [
        (0, 200, "single"), (1, 200, "single"), (2, 200, "batches"), (199, 200, "batches"),
        (200, 200, "bulk"), (1, 1, "bulk"), (5000, 0, "batches"), (1, 0, "single"),
    ],
)  # fmt: skip
def test_thresholds(count: int, from_items: int, way: Way) -> None:
    assert way_of(count, options(bulk={"from_items": from_items})) == way


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({"create": 1}, "1 create: a single mutation"),
        ({"update": 1, "wait": 7, "reject": 1}, "1 update: a single mutation"),
        ({"create": 130, "update": 40}, "130 creates and 40 updates: aliased batches of 25, about 8 calls"),
        (
            {"create": 3, "update": 2, "update by new mapping": 1, "remove": 30},
            "3 creates, 3 updates and 30 removals: aliased batches of 25, about 4 calls",
        ),
        ({"create": 5000}, "5,000 creates: bulk import, 2 jobs of up to 2,500 rows, about 8 calls"),
        ({"create": 200}, "200 creates: bulk import, 1 job of up to 200 rows, about 4 calls"),
        (
            {"create": 5100, "update": 10},
            (
                "5,100 creates: bulk import, 2 jobs of up to 2,500 rows, about 12 calls; "
                "10 updates: aliased batches of 25, about 1 call"
            ),
        ),
        ({"hold": 4}, "nothing to write"),
        ({}, "nothing to write"),
    ],
)
def test_sentences(counts: dict[str, int], sentence: str) -> None:
    assert said("invoices", counts) == sentence


def test_bulk_that_is_switched_off_or_never_reached() -> None:
    batches = "5,000 creates: aliased batches of 100, about 50 calls"
    assert said("suppliers", {"create": 5000}, batch=100, bulk={"from_items": 0}) == batches
    assert said("suppliers", {"create": 5000}, batch=100, bulk={"from_items": 300, "batch": 250}) == batches


def test_removals_are_never_imported_and_may_take_two_steps() -> None:
    gone = {"suppliers": {"board": {"board": "Suppliers", "gone": {"group": "Gone"}}}}
    assert said("suppliers", {"remove": 300}) == "300 removals: aliased batches of 25, about 12 calls"
    two = said("suppliers", {"remove": 300}, boards=gone)
    assert two == "300 removals: aliased batches of 25, about 24 calls"


def test_lines_are_mentioned() -> None:
    def lines(**changed: Any) -> str:
        boards = {"invoices": {"board": "Invoices", "lines": changed}}
        return said("invoices", {"create": 2}, boards=boards).partition("; ")[2]

    assert lines(board="Lines") == (
        "lines follow on their own board, in batches of 25, or by bulk import from 200 on"
    )
    assert lines(into="subitems") == "lines follow as subitems, in batches of 25"
    boards = {"invoices": {"board": "Invoices", "lines": {"board": "Lines"}}}
    off = said("invoices", {"create": 2}, boards=boards, bulk={"from_items": 0})
    assert off.endswith("; lines follow on their own board, in batches of 25")


def test_payments_only_change_items_and_may_move_them() -> None:
    boards = {"invoices": {"board": "Invoices", "lines": {"board": "Lines"}}}
    counts = {"create": 300, "update": 20, "remove": 5}
    one = said("payment_status", counts, boards=boards)
    assert one == "320 updates: aliased batches of 25, about 13 calls"
    boards["invoices"] |= {"paid_group": "Paid", "open_group": "Open"}
    assert said("payment_status", counts, boards=boards).endswith("about 26 calls")
    assert said("payment_status", {"remove": 5}) == "nothing to write"


def test_labels() -> None:
    boards = {
        "suppliers": {"labels": {"board": "invoices", "column": "Supplier"}},
        "invoices": {"board": "Invoices"},
    }
    sentence = said("suppliers", {"create": 230, "update": 1}, boards=boards)
    assert sentence == "230 creates and 1 update: labels of a dropdown column, about 6 calls"
