"""Addresses and keys are remembered for a while, and read again when a signature does not fit."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from ml_connector.console.receiver import MakeVerifier
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.state.database import Database
from ml_connector.core.state.migrate import migrate
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Verifier
from tests.console.receiver_support import ADDRESS, House, Post, SignedEvents, event_body, receiver, signed

BETA = "/webhooks/shop/beta"


class Vault(House):
    """An installation whose keys and tenants change, and which can fail or hang while it is read."""

    keys: tuple[str, ...] = ("old",)
    tenants: tuple[str, ...] = ("acme",)
    fails: Exception | None = None

    def __init__(self, folder: Path) -> None:
        super().__init__(f"sqlite:///{folder}/state.db", Fernet.generate_key().decode())
        self.inside, self.go = threading.Event(), threading.Event()
        self.go.set()

    def addresses(self) -> Mapping[tuple[str, str], MakeVerifier]:
        self.counts["listed"] += 1
        if self.fails is not None:
            raise self.fails
        return {("shop", tenant): self._make for tenant in self.tenants}

    def _make(self, _: Store) -> Verifier:
        self.counts["made"] += 1
        keys = self.keys
        self.inside.set()
        assert self.go.wait(20)
        return SignedEvents(*keys)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    made = Vault(tmp_path)
    database = Database(made.url)
    migrate(database)
    database.close()
    return made


@pytest.fixture
async def post(vault: Vault) -> AsyncIterator[Post]:
    made = Post(receiver(vault))
    yield made
    await made.receiver.close()


async def send(post: Post, key: str, address: str = ADDRESS, number: int = 1) -> int:
    body = event_body(number)
    return (await post(body, signed(body, key), address)).status_code


async def test_files_and_keys_are_read_once_in_a_while(post: Post, vault: Vault) -> None:
    for _ in range(5):
        assert await send(post, "old") == 200
    assert (vault.counts["listed"], vault.counts["made"], vault.counts["opened"]) == (1, 1, 1)
    post.clock.now += 31
    assert await send(post, "old") == 200
    assert (vault.counts["listed"], vault.counts["made"], vault.counts["opened"]) == (2, 2, 1)


async def test_a_new_key_is_taken_with_the_first_delivery_that_it_signs(post: Post, vault: Vault) -> None:
    assert await send(post, "old") == 200
    vault.keys = ("new", "old")
    post.clock.now += 6
    assert await send(post, "new", number=2) == 200
    assert await send(post, "old", number=3) == 200
    assert vault.counts["made"] == 2


async def test_a_key_read_a_moment_ago_is_not_read_again(post: Post, vault: Vault) -> None:
    assert await send(post, "old") == 200
    vault.keys = ("new",)
    post.clock.now += 4
    assert await send(post, "new") == 401
    post.clock.now += 2
    assert await send(post, "new") == 200


async def test_forged_deliveries_do_not_have_the_keys_read_endlessly(post: Post, vault: Vault) -> None:
    for _ in range(60):
        assert set(await asyncio.gather(*(send(post, "guessed") for _ in range(5)))) == {401}
        post.clock.now += 1
    assert vault.counts["made"] <= 12
    assert vault.counts["listed"] == 2


async def test_a_withdrawn_key_is_of_no_use_once_the_cache_has_ended(post: Post, vault: Vault) -> None:
    assert await send(post, "old") == 200
    vault.keys = ("new",)
    post.clock.now += 31
    assert await send(post, "old") == 401


async def test_a_tenant_that_is_added_or_disabled_is_seen_after_the_cache(post: Post, vault: Vault) -> None:
    assert await send(post, "old") == 200
    assert await send(post, "old", BETA) == 404
    vault.tenants = ("beta",)
    assert await send(post, "old", BETA) == 404
    post.clock.now += 31
    assert await send(post, "old", BETA) == 200
    assert await send(post, "old") == 404


async def test_a_flood_of_unknown_addresses_reads_nothing(post: Post, vault: Vault) -> None:
    for number in range(100):
        assert await send(post, "old", f"/webhooks/shop/t{number}") == 404
    assert (vault.counts["listed"], vault.counts["made"], vault.counts["opened"]) == (1, 0, 0)


async def test_files_that_cannot_be_read_leave_the_addresses_as_they_were(
    post: Post, vault: Vault, caplog: pytest.LogCaptureFixture
) -> None:
    assert await send(post, "old") == 200
    vault.fails = ConfigurationError("the tenants directory does not exist")
    post.clock.now += 31
    assert await send(post, "old", number=2) == 200
    assert "the tenants directory does not exist" in caplog.text


async def test_files_that_could_never_be_read_are_tried_again_soon(post: Post, vault: Vault) -> None:
    vault.fails = OSError("stale file handle of /secret/place")
    assert await send(post, "old") == 503
    vault.fails = None
    assert await send(post, "old") == 503
    post.clock.now += 6
    assert await send(post, "old") == 200


async def test_texts_of_other_libraries_are_not_logged(
    post: Post, vault: Vault, caplog: pytest.LogCaptureFixture
) -> None:
    vault.fails = OSError("password=hunter2")
    assert await send(post, "old") == 503
    assert "OSError" in caplog.text
    assert "hunter2" not in caplog.text


async def test_all_who_come_while_keys_are_read_wait_for_one_reading(post: Post, vault: Vault) -> None:
    vault.go.clear()
    sending = [asyncio.create_task(send(post, "old", number=number)) for number in range(20)]
    assert await asyncio.to_thread(vault.inside.wait, 20)
    vault.go.set()
    assert set(await asyncio.gather(*sending)) == {200}
    assert vault.counts["made"] == 1


async def test_a_reading_that_hangs_ends_no_later_than_the_sender_waits(vault: Vault) -> None:
    post = Post(receiver(vault, answer=0.1))
    vault.go.clear()
    statuses: list[Any] = [await send(post, "old", number=number) for number in range(3)]
    assert statuses == [503] * 3
    vault.go.set()
    while (status := await send(post, "old")) != 200:
        assert status == 503
    assert vault.counts["made"] == 1
    await post.receiver.close()
