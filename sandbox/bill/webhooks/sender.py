"""One request to a notification URL."""

from __future__ import annotations

import time

import aiohttp

from sandbox.bill.errors import timestamp
from sandbox.bill.switches import BillSwitches
from sandbox.clock import Clock

from .events import Attempt, Event
from .signature import HEADER, wire


class Sender:
    """Sends events; each over a connection of its own, as from many machines."""

    def __init__(self, switches: BillSwitches, clock: Clock) -> None:
        self._switches, self._clock = switches, clock
        self._http: aiohttp.ClientSession | None = None

    def open(self) -> None:
        """Get ready; needs a running event loop."""
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True))

    async def close(self) -> None:
        """Send nothing more."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def attempt(self, event: Event, url: str, key: str) -> Attempt:
        """Send it once; never raises for what the receiver does."""
        moment, began = timestamp(self._clock.now()), time.monotonic()
        body, signature = wire(event.payload, key, self._switches)
        headers = {"content-type": "application/json", HEADER: signature}
        status, error = await self.post(url, body, headers)
        seconds = round(time.monotonic() - began, 4)
        return Attempt(event.id, event.type, event.subscription_id, url, moment, seconds, status, error)

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[int | None, str]:
        """Status of the answer, or None and the name of what went wrong."""
        if self._http is None:
            return None, "NotRunning"
        limit = aiohttp.ClientTimeout(total=float(self._switches.webhook_timeout_seconds))
        try:
            async with self._http.post(
                url, data=body, headers=headers, timeout=limit, allow_redirects=False
            ) as answer:
                return answer.status, ""
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            return None, type(error).__name__
