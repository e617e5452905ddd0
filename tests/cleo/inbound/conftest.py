from __future__ import annotations

import pytest

from ml_connector.core.state.store import Store

from .support import Office


@pytest.fixture
def office(store: Store) -> Office:
    """A tenant with partner acme, on SQLite and on PostgreSQL."""
    return Office(store)
