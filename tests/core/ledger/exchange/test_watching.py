"""Interchanges that did not go on: stuck files, quarantine, and the newest set of a document."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from ml_connector.core.ledger.exchange import outbound, received, watching
from ml_connector.core.ledger.exchange.control_numbers import Address
from ml_connector.core.ledger.exchange.received import NewReceived
from ml_connector.core.state.exchange_schema import interchange
from ml_connector.core.state.store import Store

from .support import FLOW, sent

STRANGER = Address("demo", "test", "ZZ:NOBODY", "ZZ:PSFTUS001")


def kept(store: Store, content: bytes = b"ISA", **changed: Any) -> int:
    values: dict[str, Any] = {
        "partner": None,
        "number": 7,
        "status": "quarantined",
        "reason": "unknown sender",
    }
    with store.write() as tx:
        new = NewReceived(
            STRANGER, file_name="x.edi", content=content, route={"folder": "in"}, **values | changed
        )
        number = received.keep(tx, new)
    assert number is not None
    return number


def unknown(store: Store, tenant: str = "demo") -> list[int]:
    with store.read() as connection:
        return [one.interchange_id for one in watching.undecided(connection, store, tenant)]


def test_a_file_is_stuck_once(store: Store) -> None:
    one = sent(store)
    with store.write() as tx:
        assert watching.stuck(tx, one.interchange_id, "nobody takes it")
        assert not watching.stuck(tx, one.interchange_id, "nobody takes it")


@pytest.mark.parametrize("step", ["picked_up", "delivered"])
def test_what_has_left_its_folder_is_not_stuck(store: Store, step: str) -> None:
    one = sent(store)
    with store.write() as tx:
        getattr(outbound, step)(tx, [one.interchange_id])
        assert not watching.stuck(tx, one.interchange_id, "nobody takes it")


def test_what_another_configuration_may_take(store: Store) -> None:
    first, second = kept(store), kept(store, b"for another environment", partner="acme")
    orphan = received.ReceivedSet("997", "FA", 1, "0001", status="quarantined")
    kept(store, b"answers nothing", partner="acme", sets=[orphan])
    kept(store, b"no x12", number=None)
    kept(store, b"taken", status="taken")
    assert unknown(store) == [first, second]
    assert unknown(store, "other") == []
    with store.read() as connection:
        one = watching.undecided(connection, store, "demo")[0]
    assert (one.sender, one.file_name, one.route) == ("ZZ:NOBODY", "x.edi", {"folder": "in"})


def test_what_the_retention_removed_cannot_be_taken(store: Store) -> None:
    number = kept(store)
    with store.write() as tx:
        tx.connection.execute(update(interchange).where(interchange.c.id == number).values(content=None))
    assert unknown(store) == []


def test_superseded_bytes_can_be_kept_again(store: Store) -> None:
    number = kept(store)
    with store.write() as tx:
        watching.supersede(tx, number)
    again = kept(store, partner="acme", status="taken")
    assert again != number
    assert unknown(store) == []


def test_the_newest_set_of_each_document(store: Store) -> None:
    sent(store, 7)
    second, other = sent(store, 7, set_code="860"), sent(store, 8)
    keys = ["US001|0000000007", "US001|0000000008", "US001|0000000009"]
    with store.read() as connection:
        found = watching.newest(connection, store, "demo", FLOW, keys)
        assert watching.newest(connection, store, "demo", "cleo.invoices", keys) == {}
    assert {key: one.set_id for key, one in found.items()} == {keys[0]: second.set_id, keys[1]: other.set_id}
