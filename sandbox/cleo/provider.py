"""API Provider: endpoints of the tenant's own that take JSON documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox import credentials
from sandbox.clock import Clock
from sandbox.jsonio import decode

from .errors import CleoError, unauthorized
from .switches import CleoSwitches


@dataclass(frozen=True)
class Posted:
    """A document as it arrived."""

    number: int
    endpoint: str
    payload: Any
    received: str


class Provider:
    """Takes what is posted and keeps it; it does not look for duplicates, as Cleo does not either."""

    def __init__(self, switches: CleoSwitches, clock: Clock) -> None:
        self._switches, self._clock = switches, clock
        self.posted: list[Posted] = []

    def take(self, endpoint: str, header: str, content_type: str, body: bytes) -> Posted:
        """One call. Raises ``CleoError`` (400, 401, 415)."""
        if header != f"Bearer {credentials.CLEO_API_TOKEN}":
            raise unauthorized()
        if content_type != "application/json":
            raise CleoError(415, "Content-Type is not application/json.")
        try:
            payload = decode(body)
        except ValueError as error:
            raise CleoError(400, "The request body is not JSON.") from error
        posted = Posted(len(self.posted) + 1, endpoint, payload, self._clock.now().isoformat())
        self.posted.append(posted)
        return posted
