"""Credentials of SOAP calls, and the end of all calls once they are refused."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncGenerator, Iterable

from ml_connector.core.errors import AuthenticationError
from ml_connector.core.http import Auth, Request, Response

# The message number ends a message; a text that only quotes it in the middle is another message.
_REFUSAL = re.compile(rb"\(158,\s*(?:45|55)\)\s*(?:\]\]>)?\s*<")


class SoapAuth(Auth):
    """HTTP Basic without waiting for a challenge; with ``wsse`` on descriptions only.

    PeopleSoft refuses a password in a fault with any status, not with 401 alone, and locks the
    account after a few refusals. So the first call goes alone, and after a refusal none leaves.

    Args:
        login: the OPRID.
        password: of the OPRID.
        wsse: the envelope carries the credentials of a call (WS-Security UsernameToken).
    """

    def __init__(self, login: str, password: str, *, wsse: bool = False) -> None:
        self._login, self._password, self._wsse = login, password, wsse
        self._pair = b64encode(f"{login}:{password}".encode()).decode()
        self._proven = False
        self._refused = False
        self._first = asyncio.Lock()

    async def auth_flow(self, request: Request) -> AsyncGenerator[Request, Response]:
        """Yield once; under a lock until a call was accepted."""
        signed = self._signed(request)
        if not self._proven:
            async with self._first:
                self._stop_if_refused()
                if not self._proven:
                    self._learn(request, (yield signed))
                    return
        self._stop_if_refused()
        self._learn(request, (yield signed))

    def secrets(self) -> Iterable[str]:
        """Password and the encoded pair."""
        return (self._password, self._pair)

    def _signed(self, request: Request) -> Request:
        if self._wsse and request.method != "GET":
            return request
        return request.with_headers({"Authorization": f"Basic {self._pair}"})

    def _learn(self, request: Request, response: Response) -> None:
        """A description is often served to anybody, so only a call proves that a password is right."""
        if refuses_credentials(response):
            self._refused = True
        elif request.method == "POST" and response.status < 400:
            self._proven = True

    def _stop_if_refused(self) -> None:
        if self._refused:
            raise AuthenticationError(
                f"the password of {self._login} was refused a moment ago; not tried again, "
                "since repeated failures lock the account"
            )

    def __repr__(self) -> str:
        return f"SoapAuth(login={self._login!r})"


def refuses_credentials(response: Response) -> bool:
    """Whether an answer says that login or password are wrong, by status or by message number."""
    if response.status == 401:
        return True
    return b"IBResponse" in response.body and _REFUSAL.search(response.body) is not None
