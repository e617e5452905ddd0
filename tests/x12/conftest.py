"""Published material about X12 is no part of the repository: ``ML_FACTS`` names its folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FACTS = Path(os.environ.get("ML_FACTS") or Path(__file__).parents[3] / "shared" / "facts") / "x12"
EXAMPLES = Path(__file__).parent / "examples"


@pytest.fixture(scope="session")
def facts() -> Path:
    """The folder with samples of other people's files, grammars and the independent checker."""
    if not FACTS.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the samples and grammars of X12 are needed at {FACTS}; set ML_FACTS")
        pytest.skip(f"the samples and grammars of X12 are not at {FACTS}; set ML_FACTS to check against them")
    return FACTS
