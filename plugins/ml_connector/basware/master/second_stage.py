"""The second stage: P2P takes a record over, or does not, minutes after the API accepted it.

A request is asked for as a whole, however many records it had, and less and less often. How often it was
asked for, and when the next question is due, stands in the receipt of each of its records, so that
workers and runs share one rhythm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ml_connector.basware.api import BaswareApi, RequestStatus
from ml_connector.basware.options import ImportOptions
from ml_connector.core.contract import Payload

Sleep = Callable[[float], Awaitable[None]]

KEPT = 20
"""Answers that are kept for further records of the same request."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What finds a record's result again.

    Attributes:
        request_id: under which P2P's decision stands.
        code: the record's external code.
        sent_at: when the API accepted it.
        polls: questions so far.
        next_poll: no question before.
        resent: how often it was sent again, altered.
    """

    request_id: str
    code: str
    sent_at: datetime
    polls: int
    next_poll: datetime
    resent: int = 0

    def as_payload(self) -> Payload:
        """The form that the ledger keeps."""
        return {
            "request_id": self.request_id, "external_code": self.code, "sent_at": self.sent_at.isoformat(),
            "polls": self.polls, "next_poll": self.next_poll.isoformat(), "resent": self.resent,
        }  # fmt: skip

    @classmethod
    def from_payload(cls, kept: Payload) -> Receipt:
        """Inverse of :meth:`as_payload`."""

        def moment(name: str) -> Any:
            return datetime.fromisoformat(kept[name])

        return cls(
            kept["request_id"], kept["external_code"], moment("sent_at"), kept["polls"],
            moment("next_poll"), kept["resent"],
        )  # fmt: skip


@dataclass(slots=True)
class _Asked:
    """What is known of one request."""

    polls: int
    next_poll: datetime
    status: RequestStatus | None = None

    @property
    def decided(self) -> bool:
        return self.status is not None and self.status.decided


class SecondStage:
    """Asks for results, each request at most once per interval.

    Args:
        options: how long P2P may take.
        patience: seconds that may be waited altogether.
        sleep: replaceable in tests.
    """

    def __init__(
        self, api: BaswareApi, options: ImportOptions, *, patience: float, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._api, self._options, self._sleep = api, options, sleep
        self._patience = patience
        self._asked: dict[str, _Asked] = {}

    def first(self, request_id: str, code: str, resent: int = 0) -> Receipt:
        """The receipt of a record that was accepted just now."""
        now = self._api.now()
        pause = timedelta(seconds=self._options.pause(0))
        return Receipt(request_id, code, now, 0, now + pause, resent)

    def is_late(self, receipt: Receipt) -> bool:
        """Whether P2P has had all the time that it is given."""
        return self._api.now() >= receipt.sent_at + timedelta(hours=self._options.give_up_hours)

    async def ask(self, receipts: Iterable[Receipt]) -> None:
        """Ask for what is due; what is not decided is waited for while there is patience left."""
        wanted = {receipt.request_id: receipt for receipt in receipts}
        for request_id, receipt in wanted.items():
            known = self._asked.get(request_id)
            if known is None or known.polls < receipt.polls:
                self._asked[request_id] = _Asked(receipt.polls, receipt.next_poll)
        self._forget(wanted)
        while True:
            waiting = [name for name in wanted if not self._asked[name].decided]
            now = self._api.now()
            for request_id in [name for name in waiting if self._asked[name].next_poll <= now]:
                await self._poll(request_id)
            waiting = [name for name in waiting if not self._asked[name].decided]
            if not waiting or not await self._wait(min(self._asked[name].next_poll for name in waiting)):
                return

    def result(self, receipt: Receipt) -> tuple[RequestStatus | None, Receipt]:
        """What is known of a record's request, and the receipt as it is now."""
        known = self._asked[receipt.request_id]
        return known.status, replace(receipt, polls=known.polls, next_poll=known.next_poll)

    def _forget(self, wanted: Iterable[str]) -> None:
        """Keep few answers: each holds what became of hundreds of records."""
        old = [name for name, known in self._asked.items() if known.decided and name not in wanted]
        for name in old[: max(0, len(old) - KEPT)]:
            del self._asked[name]

    async def _poll(self, request_id: str) -> None:
        known = self._asked[request_id]
        known.status = await self._api.request_status(request_id)
        known.polls += 1
        known.next_poll = self._api.now() + timedelta(seconds=self._options.pause(known.polls))

    async def _wait(self, moment: datetime) -> bool:
        """Wait until then; False where patience does not reach so far."""
        seconds = max(0.0, (moment - self._api.now()).total_seconds())
        if seconds > self._patience:
            return False
        self._patience -= seconds
        await self._sleep(seconds)
        return True
