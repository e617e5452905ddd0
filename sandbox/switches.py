"""Switches: named settings of a simulator that stand for facts a real site may differ in.

A simulator declares a dataclass whose fields are its switches, with the documented or most
likely behaviour as default. Changing one checks its name, its type and, where given, its choices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from decimal import Decimal
from typing import Any


def choice(default: str, *others: str) -> Any:
    """A switch that takes one of a few words."""
    return field(default=default, metadata={"choices": (default, *others)})


def plain(value: Any) -> Any:
    """Numbers with a fraction as float; JSON brings them as `Decimal`."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value


@dataclass
class Switches:
    """Base of the switch sets."""

    def change(self, values: Mapping[str, Any]) -> None:
        """Set switches by name. Nothing is changed unless every value is right."""
        known = {item.name: item for item in fields(self)}
        values = {name: plain(value) for name, value in values.items()}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"unknown switch {name!r}; known are {', '.join(sorted(known))}")
            self._check(name, value, known[name].metadata.get("choices"))
        for name, value in values.items():
            setattr(self, name, value)

    def _check(self, name: str, value: Any, choices: tuple[str, ...] | None) -> None:
        if choices is not None and value not in choices:
            raise ValueError(f"switch {name!r} takes one of {', '.join(choices)}, not {value!r}")
        present = getattr(self, name)
        numeric = isinstance(present, int | float) and not isinstance(present, bool)
        wanted = (int, float) if numeric else type(present)
        if not isinstance(value, wanted) or (numeric and isinstance(value, bool)):
            raise ValueError(f"switch {name!r} takes {type(present).__name__}, not {value!r}")

    def values(self) -> dict[str, Any]:
        """All switches by name."""
        return asdict(self)

    def reset(self) -> None:
        """Back to the defaults."""
        for name, value in asdict(type(self)()).items():
            setattr(self, name, value)
