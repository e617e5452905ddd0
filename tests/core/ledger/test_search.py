"""Finding documents by what people have in hand, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert

from ml_connector.core.ledger.scope import Status, entering
from ml_connector.core.ledger.search import Filter, Hits, search
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import Store
from tests.state import migrated

BILLS, VENDORS, PAYMENTS = "bill.bills", "bill.vendors", "bill.payments"
ALL = {"acme": [VENDORS, BILLS, PAYMENTS]}


def put(store: Store, *rows: dict[str, Any]) -> None:
    """Documents of the ledger; ids count from 1 for each call's rows."""
    with store.write() as tx:
        for row_id, row in zip(tx.new_ids(document, len(rows)), rows, strict=True):
            status = row.pop("status", Status.LOADED)
            base = {
                "id": row_id, "tenant": "acme", "environment": "test", "unit": "US001", "selected": True,
                "source_open": False, "unmapped": False, "staged_absent": False, "lookups": 0, "attempts": 0,
            } | entering(status, store.now())  # fmt: skip
            tx.connection.execute(insert(document).values(base | row))


@pytest.fixture
def filled(store: Store) -> Store:
    put(
        store,
        {"flow": VENDORS, "key": "SHARE|0000000012", "label": "Äpfel & Söhne"},
        {"flow": VENDORS, "key": "SHARE|0000000120", "label": "Acme Supplies", "target_id": "00901X1"},
        {"flow": BILLS, "key": "US001|00001234", "label": "INV-4711", "party": "SHARE|0000000012",
         "reference": "0000000777", "target_id": "00n01X1"},
        {"flow": BILLS, "key": "US002|00001234", "label": "inv-4712", "party": "SHARE|0000000120"},
        {"flow": BILLS, "key": "US001|00001235", "label": "100%_sure", "status": Status.REJECTED,
         "reason": "no line"},
        {"flow": PAYMENTS, "key": "stp01ABC", "label": "P26112000001"},
        {"flow": BILLS, "key": "US009|00001234", "label": "INV-4711", "tenant": "other"},
    )  # fmt: skip
    return store


def find(store: Store, text: str, scopes: Any = None, **more: Any) -> list[str]:
    with store.read() as connection:
        hits = search(connection, scopes or ALL, text, **more)
    return [row.key for row in hits.rows]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("INV-4711", ["US001|00001234"]),
        ("inv-47", ["US001|00001234", "US002|00001234"]),
        ("1234", ["US001|00001234", "US002|00001234"]),
        ("00001234", ["US001|00001234", "US002|00001234"]),
        ("US001|00001234", ["US001|00001234"]),
        ("US001|", ["US001|00001234", "US001|00001235"]),
        ("  INV-4711 ", ["US001|00001234"]),
        (
            "12",
            ["SHARE|0000000012", "SHARE|0000000120", "US001|00001234", "US002|00001234", "US001|00001235"],
        ),
        ("SHARE|0000000012", ["SHARE|0000000012", "US001|00001234"]),
        ("acme", ["SHARE|0000000120"]),
        ("777", ["US001|00001234"]),
        ("00n01X1", ["US001|00001234"]),
        ("STP01", ["stp01ABC"]),
        ("P2611", ["stp01ABC"]),
        ("100%", ["US001|00001235"]),
        ("%", []),
        ("_", []),
        ("nothing", []),
        ("0", []),
        ("|", []),
        ("Äpfel", ["SHARE|0000000012"]),
    ],
)
def test_what_is_found(filled: Store, text: str, keys: Sequence[str]) -> None:
    found = find(filled, text)
    assert sorted(found) == sorted(keys)
    assert len(found) == len(set(found))


def test_a_number_stands_before_a_party(filled: Store) -> None:
    assert find(filled, "12")[:2] == ["SHARE|0000000012", "SHARE|0000000120"]


def test_only_the_flows_given_are_looked_at(filled: Store) -> None:
    assert find(filled, "INV-4711", {"acme": [VENDORS]}) == []
    assert find(filled, "INV-4711", {"other": [BILLS]}) == ["US009|00001234"]
    assert sorted(find(filled, "4711", {})) == []
    assert sorted(find(filled, "INV-4711", {**ALL, "other": [BILLS]})) == ["US001|00001234", "US009|00001234"]


def test_a_filter_narrows_a_search(filled: Store) -> None:
    assert find(filled, "1", chosen=Filter(["rejected"])) == ["US001|00001235"]


def test_lists_by_state_reason_and_deadline(filled: Store) -> None:
    assert find(filled, "", chosen=Filter(["rejected"])) == ["US001|00001235"]
    assert find(filled, "", chosen=Filter(reason="no line")) == ["US001|00001235"]
    assert find(filled, "", chosen=Filter(reason="another")) == []
    now = filled.now()
    assert find(filled, "", chosen=Filter(overdue_at=now)) == []
    assert find(filled, "", chosen=Filter(overdue_at=now + timedelta(days=4))) == ["US001|00001235"]
    assert len(find(filled, "", chosen=Filter(["loaded"]))) == 5
    assert len(find(filled, "")) == 6


def pages(store: Store, text: str, limit: int, **more: Any) -> list[list[str]]:
    found, after = [], None
    while True:
        with store.read() as connection:
            hits: Hits = search(connection, ALL, text, after=after, limit=limit, **more)
        found.append([row.key for row in hits.rows])
        after = hits.following
        if after is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
@pytest.mark.parametrize("text", ["", "12", "inv", "us001|"])
def test_pages_join_without_gap_or_repetition(filled: Store, text: str, limit: int) -> None:
    whole = find(filled, text, limit=100)
    found = pages(filled, text, limit)
    assert [key for page in found for key in page] == whole
    assert all(len(page) == limit for page in found[:-1])


def test_equal_terms_are_paged_by_id(store: Store) -> None:
    put(store, *({"flow": BILLS, "key": f"U|{number}", "label": "SAME"} for number in range(7)))
    assert [len(page) for page in pages(store, "same", 3)] == [3, 3, 1]


@pytest.mark.parametrize("after", ["nonsense", "W10", "WyJhIiwxLDFd", "eyJhIjoxfQ", "%%%"])
def test_a_place_that_makes_no_sense_begins_anew(filled: Store, after: str) -> None:
    assert find(filled, "inv", after=after) == find(filled, "inv")


@pytest.mark.parametrize("text", ["INV-4711", "1234", "US001|00001234", "SHARE|0000000012", "", "Äpfel"])
@pytest.mark.parametrize("chosen", [Filter(), Filter(["rejected"])])
def test_no_step_reads_the_whole_table(tmp_path: Any, text: str, chosen: Filter) -> None:
    """SQLite's own plan: every step goes by an index, and none sorts."""

    database = migrated(tmp_path / "plan.db")
    asked: list[tuple[str, Any]] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    with database.read() as connection:
        search(connection, ALL, text, chosen=chosen)
        steps = [item for item in asked if item[0].startswith("SELECT")]
        for statement, parameters in steps:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            details = " ".join(str(row[3]) for row in plan)
            assert "SEARCH document USING INDEX" in details, details
            assert "SCAN" not in details
    assert steps
    database.close()
