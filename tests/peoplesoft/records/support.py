"""Documents of status records, and a component interface in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ml_connector.core.contract import Desired, Intent, Operation, Payload

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def fields(number: int = 7, **changed: Any) -> Payload:
    return {
        "BUSINESS_UNIT": "US001", "EDI_DOC_TYPE": "PO", "EDI_DOC_ID": f"{number:010d}", "EDI_STATUS": "sent",
        "EDI_REASON": "-",
    } | changed  # fmt: skip


def intent(
    values: Payload | None = None,
    *,
    number: int = 7,
    operation: Operation = Operation.CREATE,
    absent: bool = False,
    **more: Any,
) -> Intent:
    body = {} if absent else {"fields": fields(number) if values is None else values}
    return Intent(
        document_id=number, key=f"cleo.purchase_orders|US001|{number:010d}", unit="cleo", operation=operation,
        desired=Desired("none" if absent else "active", body, absent), attempt_id="attempt-1", **more,
    )  # fmt: skip


class Steps:
    """A ``Progress`` that remembers, and fails from a step on where it is told to."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.made: list[str] = []
        self._fails_at = fails_at

    async def step(self, intent: Intent, name: str, value: Any) -> None:
        if self._fails_at == len(self.made):
            raise RuntimeError("killed")
        self.made.append(name)
        intent.steps[name] = value

    async def steps(self, done: Sequence[tuple[Intent, Any]], name: str) -> None:
        for intent, value in done:
            await self.step(intent, name, value)


def keys(outcomes: Sequence[Any]) -> list[tuple[str, str]]:
    return [(outcome.key.rpartition("|")[2], outcome.result) for outcome in outcomes]
