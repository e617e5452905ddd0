"""The receiver as a process, over real connections: floods, kills, and a database that others use."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from ml_connector.console.receiver import Limits
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.migrate import migrate
from ml_connector.core.state.store import Store
from tests.console.receiver_server import serving
from tests.console.receiver_support import SIGNATURE, event_body, ids, sign, signed

SENDER_WAITS = 10.0
"""BILL gives up after so many seconds."""

LIMIT = Limits().body

pytestmark = pytest.mark.timeout(120)


@dataclass
class Place:
    """A state database that servers and the test share."""

    database: Database
    url: str
    key: str = field(default_factory=lambda: Fernet.generate_key().decode())

    def ids(self) -> list[str]:
        return ids(Store(self.database, Cipher([self.key]), actor="test"))


@pytest.fixture
def place(database: Database, database_url: str) -> Place:
    return Place(database, database_url)


@pytest.fixture
def one_place(tmp_path: Path) -> Iterator[Place]:
    """On SQLite only, for what has nothing to do with the database."""
    url = f"sqlite:///{tmp_path / 'one.db'}"
    database = Database(url)
    migrate(database)
    yield Place(database, url)
    database.close()


@dataclass
class Answers:
    """Statuses, and the seconds that the slowest took."""

    statuses: Counter[int]
    slowest: float


async def send(addresses: Sequence[str], bodies: Sequence[bytes]) -> Answers:
    """Send every body to every address, all at the same time, each over a connection of its own."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def one(address: str, body: bytes) -> tuple[int, float]:
            began = time.monotonic()
            async with session.post(address, data=body, headers=signed(body)) as response:
                await response.read()
                return response.status, time.monotonic() - began

        found = await asyncio.gather(*(one(address, body) for body in bodies for address in addresses))
    return Answers(Counter(status for status, _ in found), max(seconds for _, seconds in found))


async def test_a_thousand_events_at_once_are_all_answered_in_time(place: Place) -> None:
    bodies = [event_body(number, note="n" * 1500) for number in range(1000)]
    async with serving(place.url, place.key) as (address, _):
        answers = await send([address], bodies)
        assert answers.statuses == {200: 1000}
        assert answers.slowest < SENDER_WAITS
        assert len(place.ids()) == len(set(place.ids())) == 1000
        again = await send([address], bodies)
        assert again.statuses == {200: 1000}
    assert len(place.ids()) == 1000


async def test_genuine_events_get_through_a_flood_of_forged_ones(one_place: Place) -> None:
    forged = {"content-type": "application/json", SIGNATURE: sign(b"other")}
    async with serving(one_place.url, one_place.key) as (address, _), aiohttp.ClientSession() as session:
        ended = asyncio.Event()
        statuses: Counter[int] = Counter()

        async def flood() -> None:
            while not ended.is_set():
                async with session.post(address, data=event_body(1), headers=forged) as response:
                    statuses[response.status] += 1

        floods = [asyncio.create_task(flood()) for _ in range(20)]
        answers = await send([address], [event_body(number) for number in range(100)])
        ended.set()
        await asyncio.gather(*floods)
    assert answers.statuses == {200: 100}
    assert answers.slowest < SENDER_WAITS
    assert set(statuses) == {401}
    assert len(one_place.ids()) == 100


async def test_a_server_killed_between_commit_and_answer_loses_and_doubles_nothing(place: Place) -> None:
    body = event_body(7)
    async with serving(place.url, place.key, hold=True) as (address, process):
        sending = asyncio.create_task(send([address], [body]))
        while not place.ids():
            assert not sending.done()
            await asyncio.to_thread(place.ids)
        process.kill()
        with pytest.raises(aiohttp.ClientError):
            await sending
    assert place.ids() == ["evt-000007"]
    async with serving(place.url, place.key) as (address, _):
        assert (await send([address], [body])).statuses == {200: 1}
    assert place.ids() == ["evt-000007"]


async def test_two_servers_that_get_the_same_events_store_each_once(place: Place) -> None:
    async with AsyncExitStack() as stack:
        addresses = [(await stack.enter_async_context(serving(place.url, place.key)))[0] for _ in range(2)]
        answers = await send(addresses, [event_body(number) for number in range(300)])
    assert answers.statuses == {200: 600}
    assert answers.slowest < SENDER_WAITS
    assert sorted(place.ids()) == [f"evt-{number:06d}" for number in range(300)]


async def test_a_locked_database_makes_answers_late_and_loses_nothing(place: Place) -> None:
    """Another process writes for a second: on SQLite all writing waits for it."""
    async with serving(place.url, place.key) as (address, _):
        assert (await send([address], [event_body(0)])).statuses == {200: 1}
        with place.database.write() as connection:
            _lock(place, connection)
            sending = asyncio.create_task(send([address], [event_body(number) for number in range(1, 51)]))
            done, _ = await asyncio.wait([sending], timeout=1.0)
            assert not done
        answers = await sending
    assert answers.statuses == {200: 50}
    assert answers.slowest < SENDER_WAITS
    assert len(place.ids()) == 51


async def test_a_database_that_stays_locked_is_answered_in_time_with_503(place: Place) -> None:
    bodies = [event_body(number) for number in range(1, 21)]
    async with serving(place.url, place.key, answer=1.0) as (address, _):
        assert (await send([address], [event_body(0)])).statuses == {200: 1}
        with place.database.write() as connection:
            _lock(place, connection)
            refused = await send([address], bodies)
        assert refused.statuses == {503: 20}
        assert refused.slowest < SENDER_WAITS
        retried = await send([address], bodies)
    assert retried.statuses == {200: 20}
    assert sorted(place.ids()) == [f"evt-{number:06d}" for number in range(21)]


def _lock(place: Place, connection: object) -> None:
    if not place.database.sqlite:
        connection.execute(text("LOCK TABLE inbox IN EXCLUSIVE MODE"))  # type: ignore[attr-defined]


async def test_an_oversized_body_ends_the_connection(one_place: Place) -> None:
    async with serving(one_place.url, one_place.key) as (address, _):
        for framing in (f"Content-Length: {LIMIT + 1}", "Transfer-Encoding: chunked"):
            answer, sent = await asyncio.to_thread(_pour, address, framing)
            assert answer.startswith(b"HTTP/1.1 413")
            assert sent < 16 * LIMIT
        assert (await send([address], [event_body()])).statuses == {200: 1}
    assert one_place.ids() == ["evt-000001"]


def _pour(address: str, framing: str) -> tuple[bytes, int]:
    """Send zeros for ever, and see what comes back, and after how many bytes the other side hung up."""
    parts = urlsplit(address)
    assert parts.port is not None
    piece, sent = b"0" * 65536, 0
    if "chunked" in framing:
        piece = b"10000\r\n" + piece + b"\r\n"
    head = f"POST {parts.path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{framing}\r\n\r\n"
    with socket.create_connection((parts.hostname or "", parts.port), timeout=30) as connection:
        connection.sendall(head.encode())
        try:
            while sent < 64 * LIMIT:
                connection.sendall(piece)
                sent += len(piece)
        except OSError:  # it has hung up
            pass
        try:
            return connection.recv(65536), sent
        except OSError:
            return b"", sent
