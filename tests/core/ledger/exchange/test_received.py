"""Interchanges that came in: each only once, found by bytes, numbers and what they are to the business."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from ml_connector.core import codec
from ml_connector.core.ledger.exchange import outbound, received
from ml_connector.core.ledger.exchange.control_numbers import Address
from ml_connector.core.ledger.exchange.received import NewReceived, ReceivedSet
from ml_connector.core.state.database import Database
from ml_connector.core.state.exchange_schema import interchange
from ml_connector.core.state.schema import audit_event
from ml_connector.core.state.store import Store
from tests.core.ledger.exchange.support import NOON, Clock, events

FROM_ACME = Address("demo", "test", "01:123456789", "ZZ:PSFTUS001")
FLOW = "cleo.supplier_invoices"


def invoice(number: str = "INV-1", **changed: object) -> ReceivedSet:
    key = f"acme|{number}|2026-11-02"
    values: dict[str, object] = {
        "group_code": "IN", "group_number": 5, "set_number": "0001", "flow": FLOW, "key": key,
        "business_key": key, "reference": "US001-0000000007", "data": {"total": codec.decode("12.50")},
    }  # fmt: skip
    return ReceivedSet("810", **(values | changed))  # type: ignore[arg-type]


def take(store: Store, content: bytes = b"ISA*1~", *sets: ReceivedSet, number: int | None = 1) -> int | None:
    new = NewReceived(
        FROM_ACME, "acme", "in.edi", content, sets or (invoice(),), number, {"folder": "download/810"}
    )
    with store.write() as tx:
        return received.keep(tx, new)


def test_the_same_bytes_are_kept_once(store: Store) -> None:
    first = take(store)
    assert first is not None
    assert take(store) is None
    with store.read() as connection:
        found = received.seen(connection, "demo", codec.digest_of(b"ISA*1~"))
        assert found is not None
        assert (found.interchange_id, found.number, found.status) == (first, 1, "taken")
        assert received.seen(connection, "other", codec.digest_of(b"ISA*1~")) is None
    assert outbound.content(store, first) == b"ISA*1~"


def test_what_we_sent_is_not_what_we_received(store: Store) -> None:
    """An echo of our own file is not a second copy of it."""
    new = outbound.NewInterchange(
        FROM_ACME, "acme", "a.edi", b"ISA*1~", [outbound.NewSet("850", document_id=1)]
    )
    with store.write() as tx:
        outbound.keep(tx, new)
    assert take(store) is not None


def test_a_number_that_came_with_other_bytes_is_found(store: Store) -> None:
    take(store)
    take(store, b"ISA*1~other")
    take(store, b"ISA*2~", number=2)
    with store.read() as connection:
        found = received.same_number(
            connection, "demo", sender=FROM_ACME.sender, receiver=FROM_ACME.receiver, number=1
        )
    assert [one.content_hash for one in found] == [
        codec.digest_of(b"ISA*1~other"), codec.digest_of(b"ISA*1~")
    ]  # fmt: skip


def test_the_same_invoice_under_other_numbers_is_recognised(store: Store) -> None:
    take(store)
    take(store, b"ISA*2~", invoice(group_number=6, status="duplicate", key=None), number=2)
    with store.read() as connection:
        found = received.with_business_key(connection, store, "demo", "acme|INV-1|2026-11-02")
    assert [(one.number, one.group_number, one.status) for one in found] == [
        (1, 5, "taken"),
        (2, 6, "duplicate"),
    ]


def test_documents_come_in_pages_by_key(database: Database) -> None:
    clock = Clock()
    with Store(database, clock=clock) as store:
        take(store, b"1", invoice("INV-3"), invoice("INV-1"))
        clock.move(timedelta(days=1))
        take(store, b"2", invoice("INV-2"), invoice("INV-9", status="rejected", reason="segment 4"))
        with store.read() as connection:
            first = received.documents(connection, store, "demo", FLOW, limit=2)
            after = str(first[-1].key)
            second = received.documents(connection, store, "demo", FLOW, after=after, limit=2)
            late = received.documents(
                connection, store, "demo", FLOW, limit=9, since=NOON + timedelta(hours=1)
            )
        names = [str(one.key).split("|")[1] for one in (*first, *second)]
        assert names == ["INV-1", "INV-2", "INV-3"], "in order, and without what was rejected"
        assert [str(one.key).split("|")[1] for one in late] == ["INV-2"]
        assert first[0].data == {"total": codec.decode("12.50")}


def test_documents_are_found_by_key_and_keep_what_is_saved(store: Store) -> None:
    take(store)
    key = "acme|INV-1|2026-11-02"
    with store.write() as tx:
        one = received.by_keys(tx.connection, store, "demo", FLOW, [key, "unknown"])
        assert list(one) == [key]
        received.save_data(tx, one[key].set_id, {"match": "matched"})
        assert received.by_keys(tx.connection, store, "demo", FLOW, [key])[key].data == {"match": "matched"}


def test_nothing_of_the_content_stands_in_clear(store: Store) -> None:
    take(store, b"ISA*1~very secret", invoice(data={"bank": "very secret"}))
    with store.read() as connection:
        stored = connection.scalar(select(interchange.c.content))
        trail = b"".join(connection.scalars(select(audit_event.c.data)))
    assert b"very secret" not in stored + trail
    (event,) = events(store, "interchange received")
    assert (event["interchange"], event["sets"][0]["key"]) == (1, "acme|INV-1|2026-11-02")


def test_an_unknown_sender_is_kept_without_sets(store: Store) -> None:
    new = NewReceived(
        Address("demo", "test", "", ""), None, "odd.edi", b"garbage", status="quarantined", reason="no ISA"
    )
    with store.write() as tx:
        assert received.keep(tx, new) is not None
