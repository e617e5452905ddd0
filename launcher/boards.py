"""The boards of the sandbox's Monday.com: made by the product's own command, and searched for copies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from launcher.airflow import Airflow

Control = Callable[..., Any]


class Boards:
    """The tenant's boards.

    Args:
        airflow: prepared; runs the command.
        control: asks the sandbox's control endpoint: method, path, body.
    """

    def __init__(self, airflow: Airflow, control: Control) -> None:
        self._airflow, self._control = airflow, control

    def make(self) -> list[str]:
        """Make what the demo's tenant file names; says what was made."""
        made: list[dict[str, str]] = self._airflow.answer("provision", "--tenant", "demo")
        return [row["text"] for row in made]

    def copies(self) -> int:
        """How many keys stand on a board more than once."""
        found = self._control("GET", "/state")["monday"]["duplicates"]
        return sum(len(keys) for keys in found.values()) if isinstance(found, dict) else len(found)
