from __future__ import annotations

import os
from pathlib import Path

import pytest

FACTS = Path(os.environ.get("ML_FACTS") or Path(__file__).parents[4] / "shared" / "facts") / "peoplesoft"


@pytest.fixture
def facts() -> Path:
    """The folder of published PeopleSoft samples, which are no part of the repository."""
    if not FACTS.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"PeopleSoft's published samples are needed at {FACTS}; set ML_FACTS")
        pytest.skip(f"PeopleSoft's published samples are not at {FACTS}; set ML_FACTS to check against them")
    return FACTS
