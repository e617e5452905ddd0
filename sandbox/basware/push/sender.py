"""One request to a notification address."""

from __future__ import annotations

import aiohttp

from sandbox.basware.switches import BaswareSwitches


class Sender:
    """Posts; each over a connection of its own, as from many machines."""

    def __init__(self, switches: BaswareSwitches) -> None:
        self._switches = switches
        self._http: aiohttp.ClientSession | None = None

    def open(self) -> None:
        """Get ready; needs a running event loop."""
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True))

    async def close(self) -> None:
        """Send nothing more."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[int | None, str]:
        """Status of the answer, or None and the name of what went wrong."""
        if self._http is None:
            return None, "NotRunning"
        limit = aiohttp.ClientTimeout(total=float(self._switches.notification_timeout_seconds))
        try:
            async with self._http.post(
                url, data=body, headers=headers, timeout=limit, allow_redirects=False
            ) as answer:
                return answer.status, ""
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            return None, type(error).__name__
