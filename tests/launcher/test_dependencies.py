"""The dependency rules of the house, as pyproject.toml states them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.environment import REPOSITORY


def test_nobody_imports_what_he_must_not_know() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout
