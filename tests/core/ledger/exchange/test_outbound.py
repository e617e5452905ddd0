"""Interchanges that we send: kept before they leave, found again by document, file and state."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from ml_connector.core import codec
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.ledger.exchange import listing, outbound
from ml_connector.core.ledger.exchange.outbound import NewInterchange, NewSet
from ml_connector.core.state.database import Database
from ml_connector.core.state.exchange_schema import interchange
from ml_connector.core.state.schema import audit_event
from ml_connector.core.state.store import Store
from tests.core.ledger.exchange.support import ACME, FLOW, NOON, Clock, again, build, events, sent


def test_what_was_kept_comes_back(store: Store) -> None:
    with store.write() as tx:
        one = build(tx, data={"lines": ["1", "2"]})
    assert (one.number, one.group_number, one.set_number, one.document_id) == (1, 1, "0001", 7)
    assert (one.status, one.set_status, one.left) == ("built", "built", False)
    assert (one.route, one.data) == ({"folder": "upload/850"}, {"lines": ["1", "2"]})
    assert outbound.content(store, one.interchange_id) == b"ISA*ZZ:PSFTUS001*000000001~secret price~"
    assert again(store, one) == one


def test_the_bytes_are_sealed_and_no_event_holds_them(store: Store) -> None:
    with store.write() as tx:
        one = build(tx)
    with store.read() as connection:
        stored = connection.scalar(select(interchange.c.content))
        trail = b"".join(connection.scalars(select(audit_event.c.data)))
    assert b"secret price" not in stored
    assert b"secret price" not in trail
    (event,) = events(store, "interchange built")
    assert event == {
        "partner": "acme", "sender": ACME.sender, "receiver": ACME.receiver, "interchange": 1,
        "group_code": "PO", "group": 1, "set_code": "850", "set": "0001", "key": "US001|0000000007",
        "file": "850_000000001.edi", "size": one.size, "sha256": one.content_hash,
    }  # fmt: skip


def test_numbers_and_bytes_are_kept_together_or_not_at_all(store: Store) -> None:
    def crash() -> None:
        with store.write() as tx:
            build(tx)
            raise KeyError("killed")

    with pytest.raises(KeyError, match="killed"):
        crash()
    with store.write() as tx:
        assert outbound.latest(tx.connection, store, [7]) == {}
        assert build(tx).number == 1


def test_the_same_bytes_are_refused_under_a_second_name(store: Store) -> None:
    new = NewInterchange(ACME, "acme", "first.json", b"{}", [NewSet("invoice", document_id=1)])
    again_ = NewInterchange(ACME, "acme", "second.json", b"{}", [NewSet("invoice", document_id=1)])
    with store.write() as tx:
        outbound.keep(tx, new)

    def keep_again() -> None:
        with store.write() as tx:
            outbound.keep(tx, again_)

    with pytest.raises(ValueError, match=r"second\.json: the same bytes"):
        keep_again()


def test_the_latest_is_the_newest_of_each_document(store: Store) -> None:
    with store.write() as tx:
        build(tx, 7)
        newest = build(tx, 7, document_hash="h2")
        other = build(tx, 8)
    with store.read() as connection:
        found = outbound.latest(connection, store, [7, 8, 9])
        assert (found[7], found[8], 9 in found) == (newest, other, False)
        assert [one.document_hash for one in outbound.history(connection, store, 7)] == ["h1", "h2"]
        assert [outbound.revision(connection, number) for number in (7, 8, 9)] == [2, 1, 0]


def test_an_upload_starts_the_clock_of_the_acknowledgment(database: Database) -> None:
    with Store(database, clock=Clock()) as store:
        one = sent(store, hours=4)
        assert (one.status, one.set_status) == ("uploaded", "sent")
        assert (one.uploaded_at, one.answer_due_at) == (NOON, NOON + timedelta(hours=4))


def test_an_upload_to_a_partner_without_acknowledgments(store: Store) -> None:
    one = sent(store, hours=None)
    assert (one.set_status, one.answer_due_at) == ("not_expected", None)


def test_an_upload_is_noted_once(database: Database) -> None:
    clock = Clock()
    with Store(database, clock=clock) as store:
        one = sent(store)
        clock.move(timedelta(hours=5))
        with store.write() as tx:
            outbound.uploading(tx, [one.interchange_id])
            outbound.uploaded(tx, one.interchange_id, answer_within=timedelta(hours=24))
        assert again(store, one) == one
        assert len(events(store, "interchange uploaded")) == 1


def test_a_transfer_ends_in_delivery(store: Store) -> None:
    one = sent(store)
    with store.write() as tx:
        assert outbound.failed(tx, one.interchange_id, "AS2: 401 from partner")
        assert not outbound.failed(tx, one.interchange_id, "AS2: 401 from partner")
    assert (again(store, one).status, again(store, one).reason) == ("failed", "AS2: 401 from partner")
    with store.write() as tx:
        outbound.delivered(tx, [one.interchange_id], NOON)
        outbound.delivered(tx, [one.interchange_id])
        assert not outbound.failed(tx, one.interchange_id, "an older transfer")
    after = again(store, one)
    assert (after.status, after.reason, after.delivered_at) == ("delivered", None, NOON)
    assert after.picked_up_at is not None
    assert len(events(store, "interchange delivered")) == 1


def test_the_moment_of_the_pick_up_stays(database: Database) -> None:
    clock = Clock()
    with Store(database, clock=clock) as store:
        one = sent(store)
        for _ in range(2):
            with store.write() as tx:
                outbound.picked_up(tx, [one.interchange_id])
            clock.move(timedelta(hours=1))
        assert again(store, one).picked_up_at == NOON


def test_only_what_is_no_document_waits_by_itself(store: Store) -> None:
    with store.write() as tx:
        build(tx, 7)
        first, second = build(tx, None, set_code="997"), build(tx, None, set_code="997")
    with store.read() as connection:
        assert outbound.waiting(connection, store, "demo", 10) == [first, second]
        assert outbound.waiting(connection, store, "demo", 1) == [first]
        assert outbound.waiting(connection, store, "other", 10) == []
    with store.write() as tx:
        outbound.uploading(tx, [first.interchange_id])
        outbound.uploaded(tx, first.interchange_id, answer_within=None)
        assert outbound.waiting(tx.connection, store, "demo", 10) == [second]


def test_files_are_found_by_their_names(store: Store) -> None:
    one, other = sent(store, 7), sent(store, 8)
    with store.read() as connection:
        found = listing.of_files(connection, store, "demo", [one.file_name, "unknown.edi"])
        assert found == {one.file_name: [one]}
        assert listing.undelivered(connection, store, "demo", NOON - timedelta(days=9999)) == [one, other]
    with store.write() as tx:
        outbound.delivered(tx, [one.interchange_id])
        left = listing.undelivered(tx.connection, store, "demo", NOON - timedelta(days=9999))
        assert [each.set_id for each in left] == [other.set_id]


def test_pages_follow_flow_and_key_and_show_the_newest_set(database: Database) -> None:
    clock = Clock()
    with Store(database, clock=clock) as store:
        with store.write() as tx:
            for document_id in (3, 1, 2):
                build(tx, document_id)
            build(tx, 1, document_hash="h2")
            build(tx, 4, flow="cleo.partners")
        with store.read() as connection:
            first = listing.page(connection, store, "demo", [FLOW], limit=2)
            after = (FLOW, str(first[-1].key))
            second = listing.page(connection, store, "demo", [FLOW], after=after, limit=2)
        assert [(one.document_id, one.document_hash) for one in first] == [(1, "h2"), (2, "h1")]
        assert [one.document_id for one in second] == [3]
        clock.move(timedelta(hours=1))
        with store.write() as tx:
            outbound.uploaded(tx, first[1].interchange_id, answer_within=None)
            changed = listing.page(
                tx.connection, store, "demo", [FLOW], limit=9, changed_since=NOON + timedelta(minutes=1)
            )
        assert [one.document_id for one in changed] == [2]


def test_content_that_was_removed_is_named(store: Store) -> None:
    with store.write() as tx:
        one = build(tx)
        tx.connection.execute(interchange.update().values(content=None))
    with pytest.raises(ConfigurationError, match="was removed when it was older than the retention"):
        outbound.content(store, one.interchange_id)


def test_hashes_are_those_of_the_bytes(store: Store) -> None:
    with store.write() as tx:
        one = build(tx)
    assert one.content_hash == codec.digest_of(outbound.content(store, one.interchange_id))
