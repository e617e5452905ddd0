"""Facts about Monday.com's API; a run in CI has them, a user without them gets a message."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FACTS = Path(os.environ.get("ML_FACTS") or Path(__file__).parents[3] / "shared" / "facts") / "monday"


@pytest.fixture(scope="session")
def facts() -> Path:
    """Folder of the vendor's schemas and tables."""
    if FACTS.is_dir():
        return FACTS
    reason = f"Monday.com's published schema is not at {FACTS}; set ML_FACTS to the folder that holds it"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
