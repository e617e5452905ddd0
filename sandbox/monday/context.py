"""What every resolver gets: the account, and the call that it works for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .model import Board, Item
from .rules import Rules
from .store import Store

if TYPE_CHECKING:
    from .state import MondayState


@dataclass
class Call:
    """One call.

    Attributes:
        points: complexity of the whole document.
        before, after: what is left of the budget.
        resets: seconds until the budget begins anew.
        base: address of the service, for the links it hands out.
    """

    state: MondayState
    version: str
    base: str
    points: int = 0
    before: int = 0
    after: int = 0
    resets: int = 60

    @property
    def store(self) -> Store:
        """Boards and items."""
        return self.state.store

    def rules(self, board: Board) -> Rules:
        """A search over one board."""
        return Rules(self.store, board)

    def url(self, item: Item) -> str:
        """An item's address in the web application."""
        return f"https://sandbox.monday.com/boards/{item.board.id}/pulses/{item.id}"

    def complexity(self) -> dict[str, Any]:
        """The answer to `complexity`."""
        return {
            "before": self.before,
            "query": self.points,
            "after": self.after,
            "reset_in_x_seconds": self.resets,
        }
