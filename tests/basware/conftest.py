"""State for the client, and the vendor's descriptions, which a run in CI has and a user may lack."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.store import Store
from tests.state import migrated

FACTS = Path(os.environ.get("ML_FACTS") or Path(__file__).parents[3] / "shared" / "facts") / "basware"


@pytest.fixture(scope="session")
def facts() -> Path:
    """Folder of the vendor's OpenAPI descriptions and samples."""
    if FACTS.is_dir():
        return FACTS
    reason = f"Basware's published descriptions are not at {FACTS}; set ML_FACTS to the folder above"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Store]:
    """State on SQLite: what differs between databases has its own tests on both."""
    database = migrated(tmp_path / "state.db")
    with Store(database, Cipher([Fernet.generate_key().decode()]), actor="test") as opened:
        yield opened
