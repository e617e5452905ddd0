from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet

from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.store import Store

from .support import FixedTime, World


@pytest.fixture
def clock() -> FixedTime:
    return FixedTime()


@pytest.fixture
def world(database: Database, clock: FixedTime) -> Iterator[World]:
    """Settlements over SQLite and PostgreSQL."""
    with Store(database, Cipher([Fernet.generate_key().decode()]), actor="test", clock=clock) as store:
        yield World(store, clock)
