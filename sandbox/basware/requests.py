"""The second stage: what P2P makes of accepted writes, and the requestStatus that tells it."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, NamedTuple
from uuid import uuid4

from sandbox.clock import Clock

from . import moments
from .errors import BaswareError, Entry, not_allowed, not_found
from .switches import BaswareSwitches

IN_PROGRESS, SUCCESS, ERROR = "InProgress", "Success", "Error"


class Verdict(NamedTuple):
    """What P2P says about one item: its status, and (type, message, category) of each error."""

    status: str = SUCCESS
    errors: tuple[tuple[str, str, str], ...] = ()


UNCHANGED = Verdict("NotProcessed")
EXPIRED = Verdict(
    "RecordExpired", (("RecordExpired", "More recent version of the record has been posted", "Unknown"),)
)


def failed(*messages: str, category: str = "DataValidation") -> Verdict:
    """P2P did not take the item."""
    return Verdict(ERROR, tuple((ERROR, message, category) for message in messages))


def warned(*messages: str) -> Verdict:
    """P2P took the item, but not all of it."""
    return Verdict("Warning", tuple(("Warning", message, "DataValidation") for message in messages))


@dataclass(slots=True)
class Item:
    """One record of a request; `work` is done once, when the request is processed."""

    code: str
    value: dict[str, Any]
    work: Callable[[], Verdict] | None = None
    parent: str | None = None
    verdict: Verdict = field(default_factory=lambda: Verdict(IN_PROGRESS))

    def decide(self) -> None:
        """Let P2P look at it, unless that is settled already."""
        if self.work is not None:
            work, self.work = self.work, None
            self.verdict = work()

    def settle(self, verdict: Verdict) -> None:
        """Decide without P2P."""
        self.work, self.verdict = None, verdict

    def shown(self) -> dict[str, Any]:
        """As requestStatus lists it."""
        errors = [
            {"type": kind, "message": message, "category": category}
            for kind, message, category in self.verdict.errors
        ]
        parent = {"parentExternalCode": self.parent} if self.parent else {}
        return {"externalCode": self.code, **parent, "status": self.verdict.status, "errors": errors}


@dataclass(slots=True)
class Request:
    """One accepted write."""

    id: str
    number: int
    entity: str
    version: int
    operation: str
    items: list[Item]
    due: float
    updated: datetime
    list_key: str | None = None
    status: str = IN_PROGRESS

    def shown(self, *, without_successful: bool) -> dict[str, Any]:
        """As requestStatus shows it."""
        updated, open_ = moments.written(self.updated), self.status == IN_PROGRESS
        waiting = Verdict(IN_PROGRESS)
        items = [
            item.shown() if not open_ else Item(item.code, {}, parent=item.parent, verdict=waiting).shown()
            for item in self.items
            if open_ or not (without_successful and item.verdict.status == SUCCESS)
        ]
        system = {
            "system": "P2P",
            "module": "IA",
            "systemStatus": self.status,
            "lastUpdated": updated,
            "items": items,
        }
        key = {"genericListKey": self.list_key} if self.list_key else {}
        return {
            "requestId": self.id,
            "entityType": self.entity,
            "entityVersion": f"{self.entity}V{self.version}",
            "requestStatus": self.status,
            "changedBy": "API",
            "operationType": self.operation,
            **key,
            "lastUpdated": updated,
            "systems": [system],
        }


class Requests:
    """All accepted writes; `work` processes what is due on the sandbox clock.

    Attributes:
        done: called with every request that was processed.
        opened: called when there is a new one.
    """

    def __init__(
        self,
        switches: BaswareSwitches,
        clock: Clock,
        done: Callable[[Request], None],
        opened: Callable[[], None],
    ) -> None:
        self._switches, self._clock, self.done, self.opened = switches, clock, done, opened
        self._numbers = count()
        self._due: list[tuple[float, int, Request]] = []
        self.rows: dict[str, Request] = {}
        self.order: list[Request] = []

    def open(
        self,
        entity: str,
        operation: str,
        items: Iterable[Item],
        *,
        version: int = 1,
        list_key: str | None = None,
        later: float = 0.0,
    ) -> Request:
        """Write down a write that was accepted; it is processed `later` than usual."""
        now, number = self._clock.seconds(), next(self._numbers)
        due = now + float(self._switches.processing_seconds) + later
        updated = moments.cut(self._clock.now())
        request = Request(
            str(uuid4()), number, entity, version, operation, list(items), due, updated, list_key
        )
        self.rows[request.id] = request
        self.order.append(request)
        heapq.heappush(self._due, (due, number, request))
        self.opened()
        return request

    @property
    def next_due(self) -> float | None:
        """When something is to be processed next, in seconds of the sandbox clock."""
        return self._due[0][0] if self._due else None

    def work(self, *, everything: bool = False) -> int:
        """Process what is due, in the order it came; returns how many requests that were.

        Args:
            everything: also what is not due yet.
        """
        done, now = 0, self._clock.seconds()
        while self._due and (everything or self._due[0][0] <= now):
            self._process(heapq.heappop(self._due)[2])
            done += 1
        return done

    def _process(self, request: Request) -> None:
        for item in request.items:
            item.decide()
        request.status = ERROR if any(item.verdict.status == ERROR for item in request.items) else SUCCESS
        request.updated = moments.cut(self._clock.now())
        self.done(request)

    def find(self, request_id: str) -> Request:
        """One request. Raises ``BaswareError`` with 404."""
        if (request := self.rows.get(request_id)) is None:
            raise not_found()
        return request

    def acknowledge(self, ids: list[str]) -> None:
        """Mark requests as seen: all of them, or none.

        Raises ``BaswareError`` with 404 for an unknown one, 405 for one that is acknowledged already
        and 400 for one that is in progress.
        """
        found = [self.find(request_id) for request_id in ids]
        for request in found:
            if request.status.startswith("Acknowledged"):
                raise not_allowed("Request is already acknowledged.", request.id)
            if request.status == IN_PROGRESS:
                message = "Request is still in progress."
                raise BaswareError(400, [Entry(request.id, "BUSINESS", "DATA_VALIDATION_FAILED", message)])
        for request in found:
            request.status = f"Acknowledged{request.status}"
            request.updated = moments.cut(self._clock.now())
