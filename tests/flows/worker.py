"""One task as a process of its own, which stops itself at a named point.

The product has no hooks for this: the functions around each point are wrapped here, in the
process that is to die.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from ml_connector.bill.options import BillOptions
from ml_connector.core.errors import ConnectorError
from ml_connector.core.http import AiohttpTransport, Client, Request
from ml_connector.core.ledger import claims, mapped, staging
from ml_connector.core.stages import extract, feed, load, transform
from ml_connector.core.stages.outcomes import Settler
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.peoplesoft.settlement.options import SettlementOptions
from tests.flows.back import SETTLEMENT, BackHarness
from tests.flows.processes import Worker, forked

_WRITING = threading.RLock()
STAGES = ("extract", "transform", "load")


@dataclass
class Order:
    """What the process is to do.

    Attributes:
        point: a key of ``POINTS``; None to work undisturbed.
        passes: how often the point is passed before the process stops.
        stop: ``KILL`` or ``STOP``.
        writes_to: path below ``/v3``, or SOAPAction, of the write that ``before the request`` means.
        small: so many documents per claim, page and chunk.
    """

    peoplesoft_url: str
    bill_url: str
    database: str
    key: str
    flow: str
    stages: tuple[str, ...] = STAGES
    point: str | None = None
    passes: int = 0
    stop: str = "KILL"
    writes_to: str = ""
    lease: float = 60.0
    patience: float = 0.0
    small: int = 0
    bulk: bool = True
    settle: float = 0.0
    concurrency: int = 2
    settlement: dict[str, Any] = field(default_factory=lambda: dict(SETTLEMENT))
    folder: str | None = None


def say(text: str) -> None:
    """A line for the test that waits for it."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Point:
    """Says that it was reached, and stops the process."""

    def __init__(self, order: Order) -> None:
        self.name, self._passes = order.point or "", order.passes
        self._signal = signal.SIGKILL if order.stop == "KILL" else signal.SIGSTOP
        self.writes_to = order.writes_to

    def reached(self) -> None:
        self._passes -= 1
        if self._passes == -1:
            # A suspended process that keeps SQLite's only write lock would suspend all others.
            with _WRITING if self._signal is signal.SIGSTOP else nullcontext():
                say(f"reached {self.name}")
                os.kill(os.getpid(), self._signal)
                time.sleep(
                    0.2
                )  # the kernel stops thread by thread: this one must not go on before the others

    def is_write(self, request: Request) -> bool:
        if action := request.headers.get("SOAPAction"):
            return bool(self.writes_to) and self.writes_to in action
        path = request.path.partition("/v3/")[2]
        return request.method in ("POST", "PATCH", "PUT") and path.startswith(self.writes_to)


def after(
    owner: Any,
    name: str,
    point: Point,
    when: Callable[..., bool] = lambda *_: True,
    result: Callable[[Any], bool] = lambda _: True,
) -> None:
    original = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        answer = original(*arguments, **named)
        if when(*arguments) and result(answer):
            point.reached()
        return answer

    setattr(owner, name, wrapped)


def before(owner: Any, name: str, point: Point, when: Callable[..., bool] = lambda *_: True) -> None:
    original = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        if when(*arguments):
            point.reached()
        return original(*arguments, **named)

    setattr(owner, name, wrapped)


def after_awaiting(owner: Any, name: str, point: Point, when: Callable[..., bool] = lambda *_: True) -> None:
    original: Callable[..., Awaitable[Any]] = getattr(owner, name)

    async def wrapped(*arguments: Any, **named: Any) -> Any:
        result = await original(*arguments, **named)
        if when(*arguments):
            point.reached()
        return result

    setattr(owner, name, wrapped)


def _some(_: Settler, pairs: Any, *__: Any) -> bool:
    return any(outcome.result == "loaded" for _, outcome in pairs)


def _is_write(point: Point) -> Callable[..., bool]:
    return lambda _, request: point.is_write(request)


def _after_a_claim(point: Point) -> None:
    """What is new and what is taken back are claimed apart."""
    for name in ("claim_ready", "claim_state_changes"):
        after(claims, name, point, result=bool)


POINTS: dict[str, Callable[[Point], None]] = {
    "a page is staged, not committed": lambda point: after(staging, "stage", point),
    "a page is committed": lambda point: after(extract, "_commit_page", point),
    "a chunk is mapped, not committed": lambda point: after(mapped, "save", point),
    "a chunk is mapped and committed": lambda point: after(mapped, "next_unmapped", point),
    "the claim is written, not committed": _after_a_claim,
    "the claim is committed": lambda point: after(feed.Feed, "_claim_block", point, result=bool),
    "the request is about to be prepared": lambda point: before(Client, "_once", point, _is_write(point)),
    "the request is about to leave": lambda point: before(AiohttpTransport, "send", point, _is_write(point)),
    "the answer is here": lambda point: after_awaiting(AiohttpTransport, "send", point, _is_write(point)),
    "the settlement begins": lambda point: before(Settler, "settle", point, _some),
    "the settlement is written, not committed": lambda point: after(claims, "settle_loaded", point),
    "the settlement is committed": lambda point: after(Settler, "settle", point, _some),
    "a step is done, not recorded": lambda point: before(load._Loader, "step", point),
    "a step is recorded": lambda point: after_awaiting(load._Loader, "step", point),
}


def one_write_at_a_time() -> None:
    """Have write transactions of this process hold ``_WRITING``."""
    original = Database.write

    @contextmanager
    def wrapped(self: Database) -> Iterator[Connection]:
        with _WRITING, original(self) as connection:
            yield connection

    Database.write = wrapped  # type: ignore[method-assign]


def announce_claims() -> None:
    """Say that a block was claimed, for tests that wait until two processes have."""
    original = feed.Feed._claim_block

    def wrapped(self: feed.Feed) -> list[claims.Claim]:
        block = original(self)
        if block:
            say("claimed")
        return block

    feed.Feed._claim_block = wrapped  # type: ignore[method-assign]


async def work(order: Order) -> None:
    database = Database(order.database)
    harness = BackHarness(
        order.peoplesoft_url, order.bill_url, database, cipher=Cipher([order.key]),
        options=BillOptions(settle_seconds=order.settle, bulk=order.bulk, concurrency=order.concurrency),
        lease=timedelta(seconds=order.lease), patience=timedelta(seconds=order.patience),
        page=order.small or None, settlement=SettlementOptions.model_validate(order.settlement),
        folder=Path(order.folder) if order.folder else None,
    )  # fmt: skip
    async with harness.connected(order.flow, actor=f"worker {os.getpid()}") as ctx:
        for stage in order.stages:
            if stage == "transform":
                transform.transform(ctx)
            else:
                counts = await {"extract": extract.extract, "load": load.load}[stage](ctx)
                say(json.dumps({stage: counts}, default=str))


def main(order: Order) -> None:
    """What the process does."""
    announce_claims()
    one_write_at_a_time()
    if order.small:
        feed.SMALLEST = feed.LARGEST = transform.CHUNK = order.small
    if order.point is not None:
        POINTS[order.point](Point(order))
    try:
        asyncio.run(work(order))
    except ConnectorError as error:
        say(f"stopped {error}")
        sys.exit(3)


def worker(order: Order) -> AbstractAsyncContextManager[Worker]:
    """A process; it is gone at the end."""
    return forked(main, order)
