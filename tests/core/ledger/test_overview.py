"""All flows at a glance, and what a document has to do with others."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from ml_connector.core.ledger import flows, related, watermarks
from ml_connector.core.ledger.overview import REASONS, glances, traces
from ml_connector.core.ledger.scope import Scope, Status
from ml_connector.core.ledger.settlements import SETTLED, Row, Settlements
from ml_connector.core.ledger.stories import find
from ml_connector.core.state.store import Store
from tests.core.ledger.test_search import BILLS, PAYMENTS, VENDORS, put

SCOPE = Scope("acme", "test", BILLS)
FLOWS = [VENDORS, BILLS, PAYMENTS]


def test_nothing_yet(store: Store) -> None:
    with store.read() as connection:
        assert glances(connection, ["acme"], store.now()) == {}
        assert traces(connection) == set()


def test_counts_reasons_and_deadlines(store: Store) -> None:
    put(
        store,
        *({"flow": BILLS, "key": f"U|{number}"} for number in range(3)),
        *(
            {"flow": BILLS, "key": f"R|{number}", "status": Status.REJECTED, "reason": f"reason {number % 7}"}
            for number in range(10)
        ),
        {"flow": BILLS, "key": "W|1", "status": Status.WAITING, "reason": "waits"},
        {"flow": BILLS, "key": "X|1", "status": Status.EXCLUDED, "reason": "not selected"},
        {"flow": BILLS, "key": "O|1", "status": Status.DEAD, "reason": "gone", "tenant": "other"},
    )
    with store.read() as connection:
        found = glances(connection, ["acme"], store.now())
        later = glances(connection, ["acme"], store.now() + timedelta(days=4))
    assert list(found) == [("acme", BILLS)]
    glance = found["acme", BILLS]
    assert (glance.documents, glance.open, glance.overdue) == (15, {"rejected": 10, "waiting": 1}, 0)
    assert len(glance.reasons) == REASONS
    assert [row.documents for row in glance.reasons] == [2, 2, 2, 1, 1]
    assert later["acme", BILLS].overdue == 10


def test_a_flow_that_only_began_is_seen(store: Store) -> None:
    with store.write() as tx:
        flows.put(tx, SCOPE, succeeded_at=store.now(), stopped_reason="too many")
        watermarks.put(tx, Scope("acme", "test", VENDORS), watermarks.Mark("suppliers", "SHARE", "full", "1"))
    with store.read() as connection:
        found = glances(connection, ["acme"], store.now())
        assert traces(connection) == {("acme", BILLS), ("acme", VENDORS)}
    assert found["acme", BILLS].stopped == "too many"
    assert found["acme", BILLS].succeeded_at is not None
    assert [mark.value for mark in found["acme", VENDORS].watermarks] == ["1"]


@pytest.fixture
def linked(store: Store) -> Store:
    put(
        store,
        {"flow": VENDORS, "key": "SHARE|12", "label": "Acme"},
        {"flow": BILLS, "key": "U|1", "label": "INV-1", "party": "SHARE|12"},
        {"flow": BILLS, "key": "U|2", "label": "INV-2", "party": "SHARE|12", "status": Status.WAITING,
         "waits_for": VENDORS, "waits_key": "SHARE|12"},
        {"flow": BILLS, "key": "U|3", "label": "INV-3", "party": "SHARE|12", "status": Status.EXCLUDED},
        {"flow": PAYMENTS, "key": "stp1", "label": "P1"},
        {"flow": "bill.vendor_credits", "key": "U|1", "label": "INV-1"},
    )  # fmt: skip
    with store.write() as tx:
        row = Row("stp1", 1, 1, SETTLED, "journal", "U", "U|1", Decimal("5.00"), "USD", "2026-11-24")
        Settlements(store, "acme", PAYMENTS).put(tx, [row])
    return store


def keys(rows: object) -> list[str]:
    return [row.key for row in rows]  # type: ignore[attr-defined]


def test_related_documents(linked: Store) -> None:
    with linked.read() as connection:
        vendor, bill = (find(connection, "acme", *name) for name in ((VENDORS, "SHARE|12"), (BILLS, "U|1")))
        assert keys(related.of_party(connection, vendor, FLOWS, "SHARE|12")) == ["U|2", "U|1"]
        assert keys(related.of_party(connection, bill, FLOWS, "SHARE|12")) == ["U|2"]
        assert keys(related.waiting_for(connection, vendor, FLOWS)) == ["U|2"]
        assert [row.flow for row in related.with_keys(connection, "acme", FLOWS, ["U|1"])] == [BILLS]
        assert related.with_keys(connection, "acme", [], ["U|1"]) == []


def test_a_settlement_is_found_from_both_sides(linked: Store) -> None:
    with linked.read() as connection:
        bill, payment = (find(connection, "acme", *name) for name in ((BILLS, "U|1"), (PAYMENTS, "stp1")))
        for row in (bill, payment):
            (line,) = related.settlements(connection, row, FLOWS)
            assert (line.reference, line.voucher, line.amount) == ("stp1", "U|1", Decimal("5.00"))
        assert related.settlements(connection, bill, [BILLS]) == []
