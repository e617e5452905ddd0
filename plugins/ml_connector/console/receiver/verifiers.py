"""Who may deliver, and the verifier of each: read from files and connections, and remembered a while.

Reading blocks, so it happens in a thread, and only one thread: whoever asks meanwhile waits for the
same result.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from ml_connector.console.receiver.limits import Limits
from ml_connector.console.receiver.quiet import QuietLog
from ml_connector.core.errors import ConnectorError
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Delivery, Event, Refused, Verifier

Pair = tuple[str, str]
"""System and tenant: the two parts of an address."""

MakeVerifier = Callable[[Store], Verifier]
"""Reads a tenant's connection and keys; blocks."""

Result = TypeVar("Result")

_STALE = (401, 403, 503)
"""Refusals that may be due to what we remember: a wrong signature, another organization, no key yet."""


class Installation(Protocol):
    """What the receiver needs to know of the installation; every method blocks."""

    def addresses(self) -> Mapping[Pair, MakeVerifier]:
        """Systems and tenants that events may come from."""
        ...

    def open_store(self) -> Store:
        """The state database."""
        ...


@dataclass(frozen=True, slots=True)
class _Made:
    """A tenant's verifier; None where none could be made."""

    verifier: Verifier | None
    at: float


@dataclass(frozen=True, slots=True)
class _Listing:
    """The addresses as they were read, and the verifiers made since; None before they could be read."""

    addresses: Mapping[Pair, MakeVerifier] | None
    at: float
    made: dict[Pair, _Made] = field(default_factory=dict)


class Verifiers:
    """Verifiers by address.

    Args:
        installation: where they come from.
        store: the state database, for verifiers whose keys are kept there; called in a thread.
        clock: seconds; replaceable in tests.
    """

    def __init__(
        self,
        installation: Installation,
        store: Callable[[], Store],
        limits: Limits,
        log: QuietLog,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._installation, self._store, self._limits = installation, store, limits
        self._log, self._clock = log, clock
        self._listing = _Listing(None, float("-inf"))
        self._under_way: dict[Hashable, asyncio.Task[Any]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ml-connector-verifiers")

    def close(self) -> None:
        """Let a reading in progress end by itself."""
        self._thread.shutdown(wait=False)

    def knows(self, pair: Pair) -> bool:
        """Whether this was an address when addresses were last read."""
        return pair in (self._listing.addresses or {})

    async def require(self, pair: Pair) -> None:
        """Refuse what nobody may deliver to.

        Raises:
            Refused: 404 for an unknown address; 503 where the tenant files cannot be read.
        """
        addresses = (await self._current()).addresses
        if addresses is None:
            raise Refused("the tenant files could not be read yet", status=503)
        if pair not in addresses:
            raise _unknown()

    async def accept(self, pair: Pair, delivery: Delivery) -> Sequence[Event]:
        """The events of a genuine delivery.

        Raises:
            Refused: by the verifier, or 503 where there is none at the moment.
        """
        made = await self._verifier(pair, self._limits.cache)
        try:
            return await self._judge(made, delivery)
        except Refused as refusal:
            if refusal.status not in _STALE or self._clock() - made.at <= self._limits.reload:
                raise
        # The key or the organization may have been changed since they were read.
        return await self._judge(await self._verifier(pair, self._limits.reload), delivery)

    async def _judge(self, made: _Made, delivery: Delivery) -> Sequence[Event]:
        if made.verifier is None:
            raise Refused("there is no key to verify deliveries with at the moment", status=503)
        if len(delivery.body) >= self._limits.thread:
            # The event loop serves Airflow's UI as well: a large body must not hold it up.
            return await asyncio.to_thread(made.verifier.accept, delivery)
        return made.verifier.accept(delivery)

    async def _current(self) -> _Listing:
        known = self._listing.addresses is not None
        if self._clock() - self._listing.at > (self._limits.cache if known else self._limits.reload):
            self._listing = await self._once("addresses", self._list)
        return self._listing

    async def _verifier(self, pair: Pair, max_age: float) -> _Made:
        """The verifier, made again where it is older than ``max_age``, or where there was none."""
        listing = await self._current()
        make, made = (listing.addresses or {}).get(pair), listing.made.get(pair)
        if make is None:
            raise _unknown()
        if made is not None and made.verifier is None:
            max_age = self._limits.reload
        if made is None or self._clock() - made.at > max_age:
            made = listing.made[pair] = await self._once(pair, lambda: self._make(make, pair))
        return made

    async def _once(self, what: Hashable, read: Callable[[], Awaitable[Result]]) -> Result:
        """Join a reading that is under way, or begin one; it goes on when its first caller gives up."""
        task = self._under_way.get(what)
        if task is None:
            task = self._under_way[what] = asyncio.ensure_future(read())
            task.add_done_callback(lambda _: self._under_way.pop(what))
        result: Result = await asyncio.shield(task)
        return result

    async def _list(self) -> _Listing:
        at = self._clock()
        try:
            return _Listing(await self._in_thread(self._installation.addresses), at)
        except Exception as error:  # noqa: BLE001 - an edit that went wrong must not end the subscriptions
            self._log("addresses", f"The addresses of webhooks could not be read: {_told(error)}")
            return _Listing(self._listing.addresses, at)

    async def _make(self, make: MakeVerifier, pair: Pair) -> _Made:
        at = self._clock()
        try:
            return _Made(await self._in_thread(lambda: make(self._store())), at)
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no verifier
            text = (
                f"Webhooks of {'/'.join(pair)} cannot be verified, and are answered with 503: {_told(error)}"
            )
            self._log(("no verifier", pair), text)
            return _Made(None, at)

    async def _in_thread(self, read: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, read)


def _unknown() -> Refused:
    return Refused("no enabled integration of a tenant has this address", status=404)


def _told(error: Exception) -> str:
    # Texts of other libraries may hold what they were called with.
    return str(error) if isinstance(error, ConnectorError) else type(error).__name__
