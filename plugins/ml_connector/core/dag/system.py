"""What the DAG builder and the commands know of an outside system."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class System:
    """One outside system.

    Attributes:
        name: connection type, name in tenant files, and first part of its flows' names.
        title: what people call it.
        slots: requests in flight that it allows one connection; the size of the connection's pool.
        task_slots: how many of them one task uses.
    """

    name: str
    title: str
    slots: int
    task_slots: int = 1

    def pool(self, connection_id: str) -> str:
        """Name of the pool that guards a connection."""
        return f"ml_{self.name}__{connection_id}"
