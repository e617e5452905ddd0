from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from ml_connector.core import codec
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.store import Store
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.sandbox.receiver import Receiver
from tests.state import migrated

from .back import Back
from .support import Bill, connected


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(Size(vouchers=1, suppliers=1), scenario="plain") as running:
        yield running


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Store]:
    """State on SQLite: the limits have their own tests on both databases."""
    database = migrated(tmp_path / "state.db")
    with Store(database, Cipher([Fernet.generate_key().decode()]), actor="test") as opened:
        yield opened


@pytest.fixture
async def bill(sandbox: Sandbox, state: Store) -> AsyncIterator[Bill]:
    async with connected(sandbox, state) as api:
        yield Bill(sandbox, state, api)


@pytest.fixture
def back(sandbox: Sandbox, state: Store) -> Back:
    """The way back, on SQLite."""
    return Back(sandbox, state)


@pytest.fixture
def back_on_both(sandbox: Sandbox, store: Store) -> Back:
    """The way back, on SQLite and on PostgreSQL."""
    return Back(sandbox, store)


@pytest.fixture(scope="session")
def published_samples() -> dict[str, Any]:
    """BILL's published samples by name; they are no part of the repository."""
    shared = Path(__file__).parents[3] / "shared" / "facts"
    folder = Path(os.environ.get("ML_FACTS") or shared) / "bill" / "samples"
    if not folder.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"BILL's published samples are needed at {folder}; set ML_FACTS")
        pytest.skip(f"BILL's published samples are not at {folder}; set ML_FACTS to check against them")
    return {path.stem: codec.decode(path.read_bytes()) for path in folder.glob("*.json")}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Where BILL sends events."""
    async with Receiver() as running:
        yield running
