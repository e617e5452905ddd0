"""All that the Monday.com simulator holds."""

from __future__ import annotations

from collections import Counter
from math import ceil
from typing import Any

from sandbox.clock import Clock

from .budgets import Budgets
from .bulk import Bulk
from .idempotency import Keys
from .identity import Identity
from .imports.jobs import Imports
from .pages import Pages
from .store import Store
from .switches import MondaySwitches

KEY = "ps_key"
"""Column whose values nobody should see twice on a board."""


class MondayState:
    """Account, tokens, budgets and switches; may be inspected and changed by tests."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.switches = MondaySwitches()
        self.load()

    def load(self) -> None:
        """As at the start: one workspace and no boards."""
        self.store = Store(self.switches, self.clock)
        self.pages = Pages(self.clock)
        self.identity = Identity(self.switches, self.clock)
        self.budgets = Budgets(self.switches, self.clock)
        self.keys = Keys(self.switches, self.clock)
        self.imports = Imports(self)
        self.bulk = Bulk(self.store)
        self.updates: list[dict[str, Any]] = []
        self.locked: set[int] = set()

    def work(self) -> None:
        """Let jobs finish that are due on the sandbox clock."""
        self.imports.work()
        self.bulk.work()

    def counts(self) -> dict[str, Any]:
        """How much there is of everything."""
        self.work()
        boards = list(self.store.boards.values())
        return {
            "boards": sum(board.parent is None for board in boards),
            "items": sum(board.active for board in boards if board.parent is None),
            "subitems": sum(board.active for board in boards if board.parent is not None),
            "archived": sum(item.state == "archived" for item in self.store.items.values()),
            "deleted": sum(item.state == "deleted" for item in self.store.items.values()),
            "updates": len(self.updates),
            "imports": len(self.imports.jobs),
            "duplicates": self.duplicates(),
            "calls_today": ceil(self.budgets.used_today),
            "refused": dict(self.budgets.refused),
            "max_in_flight": self.budgets.most_in_flight,
            "replayed": self.keys.replayed,
            "tokens_refreshed": self.identity.refreshed,
        }

    def duplicates(self) -> list[dict[str, Any]]:
        """Keys that several active items of one board hold."""
        found = []
        for board in self.store.boards.values():
            keys = Counter(str(key) for item in board.listed() if (key := item.data(KEY)) is not None)
            found += [
                {"board": board.name, "key": key, "items": times} for key, times in keys.items() if times > 1
            ]
        return found
