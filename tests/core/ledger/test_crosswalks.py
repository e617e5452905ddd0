"""Crosswalks asked both ways."""

from __future__ import annotations

from typing import Any

from ml_connector.core.ledger import crosswalks
from ml_connector.core.state.store import Store

ENTRIES: list[dict[str, Any]] = [
    {"key": "US001|00001234", "target_id": "00n1"},
    {"key": "US001|00001235", "target_id": "00n2", "active": False},
]


def test_a_target_id_leads_back_to_its_key(store: Store) -> None:
    with store.write() as tx:
        crosswalks.put(tx, "demo", "bill.bills", ENTRIES, origin="loaded")
    wanted = [
        ("~bill.bills", "00n1"),
        ("~bill.bills", "00n2"),
        ("~bill.bills", "00n3"),
        ("~bill.vendors", "00n1"),
    ]
    with store.read() as connection:
        found = crosswalks.look_up(connection, "demo", wanted)
        assert crosswalks.look_up(connection, "other", wanted) == {}
    assert found == {("~bill.bills", "00n1"): "US001|00001234", ("~bill.bills", "00n2"): "US001|00001235"}


def test_only_active_entries_lead_there(store: Store) -> None:
    with store.write() as tx:
        crosswalks.put(tx, "demo", "bill.bills", ENTRIES, origin="loaded")
    wanted = [("bill.bills", entry["key"]) for entry in ENTRIES]
    with store.read() as connection:
        assert crosswalks.look_up(connection, "demo", wanted) == {("bill.bills", "US001|00001234"): "00n1"}
