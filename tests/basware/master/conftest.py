from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.data import Size
from sandbox.server import Sandbox
from tests.state import migrated

from .scene import Scene


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(Size(vouchers=1, suppliers=12), scenario="plain") as running:
        yield running


@pytest.fixture
async def scene(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Scene]:
    database = migrated(tmp_path / "state.db")
    yield Scene(sandbox, database)
    database.close()
