from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.migrate import migrate
from ml_connector.core.state.store import Store
from sandbox.data import Size
from sandbox.server import Sandbox

from .support import Bill, connected


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(Size(vouchers=1, suppliers=1), scenario="plain") as running:
        yield running


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Store]:
    """State on SQLite: the limits have their own tests on both databases."""
    database = Database(f"sqlite:///{tmp_path / 'state.db'}")
    migrate(database)
    with Store(database, Cipher([Fernet.generate_key().decode()]), actor="test") as opened:
        yield opened


@pytest.fixture
async def bill(sandbox: Sandbox, state: Store) -> AsyncIterator[Bill]:
    async with connected(sandbox, state) as api:
        yield Bill(sandbox, state, api)
