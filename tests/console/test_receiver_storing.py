"""What becomes of a delivery in the state database, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from sqlalchemy import select

from ml_connector.core.state.schema import audit_chain, audit_event, inbox
from ml_connector.core.state.store import Store
from tests.console.receiver_support import (
    OTHER_KEY,
    House,
    Post,
    event_body,
    ids,
    posts,
    rows,
    shop_house,
    signed,
)


@pytest.fixture
def house(database_url: str) -> House:
    return shop_house(database_url)


@pytest.fixture
async def make_post(house: House) -> AsyncIterator[Callable[..., Post]]:
    async with posts(house) as make:
        yield make


@pytest.fixture
def post(make_post: Callable[..., Post]) -> Post:
    return make_post()


@pytest.fixture
def store(house: House) -> Iterator[Store]:
    """The state database as a run sees it."""
    with house.open_store() as opened:
        yield opened


async def test_an_event_is_stored_before_it_is_answered(post: Post, store: Store) -> None:
    answer = await post.event()
    assert (answer.status_code, answer.json()) == (200, {"detail": "OK"})
    (row,) = rows(store)
    assert (row.system, row.tenant, row.event_id) == ("shop", "acme", "evt-000001")
    assert (row.type, row.origin, row.closed_at) == ("payment.updated", "webhook", None)
    assert store.open(row.body)["id"] == "evt-000001"
    assert b"evt-000001" not in row.body


async def test_a_delivery_may_hold_several_events_or_none(post: Post, store: Store) -> None:
    body = b"[" + b",".join(event_body(number) for number in (3, 1, 2)) + b"]"
    assert (await post(body, signed(body))).status_code == 200
    assert sorted(ids(store)) == ["evt-000001", "evt-000002", "evt-000003"]
    assert (await post(b"[]", signed(b"[]"))).status_code == 200
    assert len(ids(store)) == 3


async def test_a_replay_is_answered_and_nothing_more(post: Post, store: Store) -> None:
    answers = [await post.event() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.content for answer in answers}) == 1
    (before,) = rows(store)
    with store.write() as tx:
        tx.connection.execute(inbox.update().values(closed_at=store.now(), run="taken"))
    assert (await post.event()).status_code == 200
    (after,) = rows(store)
    assert (after.id, after.run, after.received_at) == (before.id, "taken", before.received_at)


async def test_two_tenants_may_get_events_of_the_same_id(post: Post, store: Store) -> None:
    body = event_body()
    assert (await post(body, signed(body))).status_code == 200
    assert (await post(body, signed(body, OTHER_KEY), "/webhooks/shop/beta")).status_code == 200
    assert [(row.tenant, row.event_id) for row in rows(store)] == [
        ("acme", "evt-000001"),
        ("beta", "evt-000001"),
    ]


async def test_nothing_is_written_to_the_audit_trail(post: Post, store: Store) -> None:
    assert (await post.event()).status_code == 200
    with store.read() as connection:
        assert connection.execute(select(audit_chain)).all() == []
        assert connection.execute(select(audit_event)).all() == []


async def test_a_failing_database_names_no_statement_and_no_value(
    post: Post, house: House, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    with store.write() as tx:
        inbox.drop(tx.connection)
    answer = await post.event()
    assert answer.status_code == 503
    assert "INSERT" not in caplog.text
    assert "evt-000001" not in caplog.text
    with store.write() as tx:
        inbox.create(tx.connection)
    assert (await post.event()).status_code == 200
    assert ids(store) == ["evt-000001"]


async def test_a_restarted_receiver_knows_what_was_stored(
    make_post: Callable[..., Post], store: Store
) -> None:
    for _ in range(2):
        post = make_post()
        assert (await post.event()).status_code == 200
        await post.receiver.close()
    assert ids(store) == ["evt-000001"]
