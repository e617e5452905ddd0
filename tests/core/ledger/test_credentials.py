from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from ml_connector.core.errors import Unavailable
from ml_connector.core.http import Token
from ml_connector.core.ledger.credentials import Credentials, SharedTokens
from ml_connector.core.state.database import Database
from ml_connector.core.state.schema import credential
from ml_connector.core.state.store import Store

LATER = datetime(2030, 1, 1, tzinfo=UTC)


async def test_a_value_comes_back_with_its_expiry(store: Store) -> None:
    await Credentials(store).put("bill", {"session": "s3cret"}, LATER)
    assert await Credentials(store).get("bill") == ({"session": "s3cret"}, LATER)
    await Credentials(store).put("bill", "other")
    assert await Credentials(store).get("bill") == ("other", None)
    assert await Credentials(store).get("unknown") is None


async def test_no_secret_is_stored_in_clear_text(store: Store) -> None:
    await Credentials(store).put("bill", {"session": "s3cret"})
    with store.read() as connection:
        stored = connection.scalar(select(credential.c.value))
    assert b"s3cret" not in stored


async def test_without_keys_a_value_stays_in_memory(database: Database) -> None:
    with Store(database) as plain:
        credentials = Credentials(plain)
        await credentials.put("bill", "s3cret", LATER)
        assert await credentials.get("bill") == ("s3cret", LATER)
        with plain.read() as connection:
            assert connection.scalar(select(credential.c.value)) is None


async def test_a_forgotten_value_is_gone(store: Store) -> None:
    credentials = Credentials(store)
    await credentials.put("bill", "x")
    await credentials.forget("bill")
    assert await credentials.get("bill") is None


async def test_one_at_a_time_logs_in(store: Store) -> None:
    inside, most = 0, 0

    async def log_in() -> None:
        nonlocal inside, most
        async with Credentials(store).lock("bill"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.02)
            inside -= 1

    await asyncio.gather(*(log_in() for _ in range(4)))
    assert most == 1


async def test_the_lock_keeps_the_value(store: Store) -> None:
    credentials = Credentials(store)
    await credentials.put("bill", "x")
    async with credentials.lock("bill"):
        assert await credentials.get("bill") == ("x", None)
        await credentials.put("bill", "y")
    assert await credentials.get("bill") == ("y", None)


async def test_a_lock_left_by_a_crash_ends_with_its_lease(store: Store) -> None:
    dead = Credentials(store, lease=0.1).lock("bill")
    await dead.__aenter__()
    async with asyncio.timeout(10), Credentials(store).lock("bill"):
        pass


async def test_waiting_for_a_lock_ends_with_a_sentence(store: Store) -> None:
    async with Credentials(store).lock("bill"):
        with pytest.raises(Unavailable, match="logging in for bill"):
            async with Credentials(store, wait=0.1).lock("bill"):
                pytest.fail("two held the lock")


async def test_workers_share_a_token(store: Store) -> None:
    token = Token("s3cret", 1e9, {"user": "006"})
    await SharedTokens(Credentials(store)).put("bill", token)
    assert await SharedTokens(Credentials(store)).get("bill") == token
    assert await SharedTokens(Credentials(store)).get("other") is None
