from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.store import Store
from tests.state import migrated

from .fake import FakeCleo


@pytest.fixture
def fake() -> FakeCleo:
    return FakeCleo()


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Store]:
    """State on SQLite: tokens and limits have their own tests on both databases."""
    database = migrated(tmp_path / "state.db")
    with Store(database, Cipher([Fernet.generate_key().decode()]), actor="test") as opened:
        yield opened
