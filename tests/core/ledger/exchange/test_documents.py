"""Documents by what became of them at the other side."""

from __future__ import annotations

from sqlalchemy import insert

from ml_connector.core.ledger.exchange import documents
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import Store

ORDERS = Scope("demo", "test", "cleo.purchase_orders")


def add(store: Store, row_id: int, tenant: str, flow: str, key: str, target_id: str | None) -> None:
    values = {
        "id": row_id, "tenant": tenant, "environment": "test", "flow": flow, "key": key, "unit": "US001",
        "status": "loaded", "since": store.now(), "target_id": target_id, "staged_absent": False,
        "lookups": 0, "attempts": 0, "source_open": False, "selected": True, "unmapped": False,
    }  # fmt: skip
    with store.write() as tx:
        tx.connection.execute(insert(document).values(values))


def test_only_documents_of_the_flow_are_found(store: Store) -> None:
    add(store, 1, "demo", ORDERS.flow, "US001|1", "acme:1")
    add(store, 2, "demo", "cleo.invoices", "US001|2", "acme:2")
    add(store, 3, "other", ORDERS.flow, "US001|1", "acme:3")
    add(store, 4, "demo", ORDERS.flow, "US001|4", None)
    asked = ["acme:1", "acme:2", "acme:3", "acme:4"]
    with store.read() as connection:
        assert documents.of_targets(connection, ORDERS, asked) == {"acme:1": 1}
        assert documents.made_of(connection, ORDERS, asked) == {"acme:1": "US001|1"}
        assert documents.made_of(connection, ORDERS, []) == {}
