from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from ml_connector.bill import api
from ml_connector.core.http import Retry
from ml_connector.core.stages import doubt, load
from ml_connector.core.state.crypto import Cipher
from ml_connector.peoplesoft import pages
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.flows.cleo import CleoWorld, Make, cleo_world
from tests.flows.harness import Harness
from tests.flows.monday import Make as MakeMonday
from tests.flows.monday import MondayWorld, monday_world
from tests.flows.world import World
from tests.state import migrated

MakeWorld = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repetitions and second look-ups come in a moment; their number and order stay as they are."""
    monkeypatch.setattr(Retry, "delay", lambda *_: 0.01)
    monkeypatch.setattr(pages, "_LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(api, "_PAUSES", (0.01, 0.02, 0.04, 0.08))
    monkeypatch.setattr(doubt, "BETWEEN_LOOKUPS", timedelta(seconds=0.05))
    monkeypatch.setattr(load, "LOOK_AGAIN", 0.05)


@pytest.fixture
def make_world(tmp_path: Path) -> MakeWorld:
    """Makes a world of a size: SQLite, since what differs between databases has tests of its own."""

    @asynccontextmanager
    async def make(size: Size | None = None, *, scenario: str = "plain", **more: Any) -> AsyncIterator[World]:
        database = migrated(tmp_path / "state.db")
        async with Sandbox(size or Size(vouchers=40, suppliers=6), scenario=scenario) as sandbox:
            cipher = Cipher([Fernet.generate_key().decode()])
            urls = (sandbox.peoplesoft_url, sandbox.bill_url)
            harness = Harness(*urls, database, cipher=cipher, clock=sandbox.clock.now, **more)
            yield World(sandbox, harness)
        database.close()

    return make


@pytest.fixture
async def world(make_world: MakeWorld) -> AsyncIterator[World]:
    """A small one: 40 vouchers, 6 suppliers."""
    async with make_world() as made:
        yield made


@pytest.fixture
async def demo(make_world: MakeWorld) -> AsyncIterator[World]:
    """A small one with one of each awkward case."""
    async with make_world(scenario="demo") as made:
        yield made


@pytest.fixture
def make_cleo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes a world with Cleo and its trading partners."""

    @asynccontextmanager
    async def make(**more: Any) -> AsyncIterator[CleoWorld]:
        async with cleo_world(tmp_path, monkeypatch, **more) as world:
            yield world

    return make


@pytest.fixture
async def cleo(make_cleo: Make) -> AsyncIterator[CleoWorld]:
    """Without orders; the partners acknowledge, and do nothing else."""
    async with make_cleo() as made:
        yield made


@pytest.fixture
def make_monday(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeMonday:
    """Makes a world with boards at Monday.com."""

    @asynccontextmanager
    async def make(**more: Any) -> AsyncIterator[MondayWorld]:
        async with monday_world(tmp_path, monkeypatch, **more) as world:
            yield world

    return make
