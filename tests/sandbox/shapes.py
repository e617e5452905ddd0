"""Comparing what the simulators show with the documented samples."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any


def sample(facts: Path, name: str) -> Any:
    return json.loads((facts / name).read_text())


def kind(value: Any) -> str:
    numeric = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return "number" if numeric else type(value).__name__


def differences(shown: Any, documented: Any, path: str = "") -> list[str]:
    """Where a documented field is missing or of another type."""
    if isinstance(documented, dict):
        if not isinstance(shown, dict):
            return [path]
        return [
            found
            for name, value in documented.items()
            for found in (
                differences(shown[name], value, f"{path}.{name}") if name in shown else [f"{path}.{name}"]
            )
        ]
    if isinstance(documented, list):
        return differences(shown[0], documented[0], f"{path}[]") if documented and shown else []
    return [] if kind(shown) == kind(documented) else [path]
