"""Authentication as a generator.

``auth_flow`` yields the request with credentials and receives the response. It may yield again:
a login first, the request once more after a 401. Whatever it yielded last is the answer.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import AsyncGenerator, Iterable

from ml_connector.core.errors import AuthenticationError
from ml_connector.core.http.messages import Request, Response


class Auth(ABC):
    """Base: override :meth:`auth_flow`, and :meth:`secrets` so that errors can hide them."""

    @abstractmethod
    def auth_flow(self, request: Request) -> AsyncGenerator[Request, Response]:
        """Yield requests, receive their responses."""

    def secrets(self) -> Iterable[str]:
        """Values that must appear in no text."""
        return ()


class NoAuth(Auth):
    """Sends requests as they are."""

    async def auth_flow(self, request: Request) -> AsyncGenerator[Request, Response]:
        """Yield the request unchanged."""
        yield request


class BasicAuth(Auth):
    """HTTP Basic, sent without waiting for a challenge.

    Parallel calls with a wrong password would lock the account, so the first call goes alone and
    a 401 to it is the last one: later calls fail without being sent.
    """

    def __init__(self, login: str, password: str) -> None:
        self._password = password
        self._header = "Basic " + b64encode(f"{login}:{password}".encode()).decode()
        self._login = login
        self._proven = False
        self._refused = False
        self._first = asyncio.Lock()

    async def auth_flow(self, request: Request) -> AsyncGenerator[Request, Response]:
        """Yield once; the first time under a lock."""
        signed = request.with_headers({"Authorization": self._header})
        if not self._proven:
            async with self._first:
                self._stop_if_refused()
                if not self._proven:
                    response = yield signed
                    self._refused = response.status == 401
                    self._proven = response.status < 400
                    return
        yield signed

    def _stop_if_refused(self) -> None:
        if self._refused:
            raise AuthenticationError(
                f"the password of {self._login} was refused a moment ago; not tried again, "
                "since repeated failures lock the account"
            )

    def secrets(self) -> Iterable[str]:
        """Password and the encoded pair."""
        return (self._password, self._header.removeprefix("Basic "))

    def __repr__(self) -> str:
        return f"BasicAuth(login={self._login!r})"
