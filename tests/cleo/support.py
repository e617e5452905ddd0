"""Building blocks of the tests of the connection to Cleo."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ml_connector.cleo.connect import Cleo, connect
from ml_connector.cleo.options import CleoOptions, Pace
from ml_connector.cleo.settings import CleoSettings, Login
from ml_connector.core.state.store import Store

from .fake import FakeCleo

FAST = Pace(concurrent=4, per_task=2, per_second=500)
URL = "https://cleo.example.com"


def settings(url: str = URL, **changed: Any) -> CleoSettings:
    values: dict[str, Any] = {
        "base_url": url,
        "admin": Login("admin", "s3cret-admin"),
        "mailbox": Login("box", "s3cret-box"),
    }
    return CleoSettings(**values | changed)


@dataclass
class Sleeps:
    """Stands in for ``asyncio.sleep`` and the clock: sleeping takes no time, and moves it on."""

    seconds: list[float] = field(default_factory=list)
    now: datetime = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    on_advance: Callable[[float], object] = lambda _seconds: None

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.advance(max(seconds, 0.001))

    def clock(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.on_advance(seconds)


def connected(
    fake: FakeCleo,
    store: Store,
    *,
    sleep: Sleeps | None = None,
    where: CleoSettings | None = None,
    **options: Any,
) -> AbstractAsyncContextManager[Cleo]:
    """A connection to the fake."""
    time = sleep or Sleeps()
    return connect(
        where or settings(URL + fake.prefix), CleoOptions(**{"pace": FAST} | options), store,
        transport=fake.transport, clock=time.clock, sleep=time,
    )  # fmt: skip
