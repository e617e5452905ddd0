"""What happens at the sandbox's trading partners while nobody looks: they answer orders and send invoices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Control = Callable[..., Any]
_NOT_RECEIVED = "not_received"


class Partners:
    """The partners behind Cleo, through the sandbox's control endpoint.

    Args:
        control: asks it: method, path, body.
    """

    def __init__(self, control: Control) -> None:
        self._control = control
        self._told = {"received": 0, "sent": 0}

    def answer(self) -> list[str]:
        """Let Cleo pick up what was uploaded, and the partners answer all of it."""
        self._control("POST", "/cleo/settle", {})
        counts: dict[str, int] = self._control("GET", "/state")["cleo"]
        received, sent = (counts[name] - self._told[name] for name in ("received", "sent"))
        self._told = {name: counts[name] for name in self._told}
        return [f"partners received {received} documents and sent {sent} files"]

    def deliver(self) -> list[str]:
        """The goods of an order arrive whose invoice came before them; then the partners answer."""
        keys = self._control("GET", "/scenario")["purchase_orders"]
        unit, number = keys[_NOT_RECEIVED].split("|")
        for line in (1, 2, 3):
            self._control("POST", "/peoplesoft/receive-order", {"key": [unit, number], "line": line})
        return [f"the goods of purchase order {unit}|{number} were received", *self.answer()]

    def received_twice(self) -> int:
        """How many documents a partner got more than once."""
        found = self._control("POST", "/cleo/duplicates", {})
        return sum(len(rows) for rows in found.values())
