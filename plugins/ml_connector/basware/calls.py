"""Sends one call and says what became of it: the answer, or one of the failures.

Reads are repeated by the client; a write never is, unless Basware said that it was not executed.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from ml_connector.basware.errors import (
    DECIDING,
    ApiRefusal,
    Throttled,
    failure,
    hides_failure,
    problems,
    unreadable,
)
from ml_connector.basware.privacy import without_accounts
from ml_connector.core.errors import ConnectorError, Rejected
from ml_connector.core.http import Action, Client, Request, Response, json_request

_TRIES = 5
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 15.0


def classify(request: Request, response: Response) -> Action:
    """Tell the client which answers decide by themselves."""
    if response.status < 429:
        return Action.DEFAULT
    if response.status == 429 or {problem.code for problem in problems(response)} & DECIDING:
        return Action.RETURN
    return Action.RETRY if request.idempotent else Action.DEFAULT


class Calls:
    """Calls over one client.

    Args:
        client: with authentication, gate and :func:`classify`.
        sleep: replaceable in tests.
    """

    def __init__(self, client: Client, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._client, self._sleep = client, sleep

    async def aclose(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def send(self, request: Request) -> Response:
        """The answer, whatever its status below 500 but 429, which is waited out for some seconds.

        Raises:
            Throttled: Basware asks to wait for longer.
            Unavailable, InDoubt, ...: see :class:`core.http.Client`.
        """
        pause = _FIRST_PAUSE
        for attempt in range(1, _TRIES + 1):
            response = await self._once(request)
            if response.status != 429:
                return response
            refused = failure(request, response)
            asked = response.header("Retry-After")
            wait = refused.retry_after if asked and isinstance(refused, Throttled) else self._jitter(pause)
            if attempt == _TRIES or wait > _LONGEST_PAUSE:
                raise self.redacted(refused)
            await self._sleep(wait)
            pause *= 2
        raise AssertionError("unreachable")

    async def _once(self, request: Request) -> Response:
        try:
            return await self._client.send(request)
        except ConnectorError as error:  # a log-in on the way may have failed in Basware's words
            raise self.redacted(error) from None

    async def read(
        self, path: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """The answer to a GET, redirections and refusals included."""
        return await self.send(json_request("GET", path, params=params or {}, headers=headers))

    async def write(
        self,
        path: str,
        body: Any = None,
        *,
        method: str = "POST",
        params: Mapping[str, str] | None = None,
        repeatable: bool = False,
    ) -> Response:
        """The answer to a write that was executed.

        Args:
            path: of the call.
            body: sent as JSON.
            method: of the call.
            params: of the query.
            repeatable: twice is as good as once, so the client may repeat it.

        Raises:
            ApiRefusal: Basware says no; its classes say why.
            InDoubt: it may have been executed.
        """
        headers = {"Content-Type": "application/json"}
        request = json_request(
            method, path, body, params=params or {}, headers=headers, idempotent=repeatable
        )
        response = await self.send(request)
        if not 200 <= response.status < 300 or hides_failure(self.parsed(response)):
            raise self.failure(request, response)
        return response

    def answer(self, path: str, response: Response) -> Any:
        """The JSON of a read that succeeded; refusals are raised."""
        request = Request("GET", path)
        if not 200 <= response.status < 300:
            raise self.failure(request, response)
        answer = self.parsed(response)
        if answer is None:
            said = f"the answer is no JSON: {self._client.excerpt(response, 120)}"
            raise self.redacted(unreadable(request, said))
        if hides_failure(answer):
            raise self.failure(request, response)
        return answer

    def failure(self, request: Request, response: Response) -> ConnectorError:
        """What an answer that is no success means, without secrets and bank accounts."""
        return self.redacted(failure(request, response))

    def redacted(self, error: ConnectorError) -> ConnectorError:
        """Messages are Basware's own words; they may repeat what was sent."""
        error.args = tuple(self.clean(part) if isinstance(part, str) else part for part in error.args)
        if isinstance(error, Rejected):
            error.reason = self.clean(error.reason)
        if isinstance(error, ApiRefusal):
            error.problems = tuple(
                replace(problem, message=self.clean(problem.message)) for problem in error.problems
            )
        return error

    def clean(self, text: str) -> str:
        """A text without secrets and bank accounts."""
        return without_accounts(self._client.redact(text))

    @staticmethod
    def parsed(response: Response) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return response.json()
        except ValueError:
            return None

    @staticmethod
    def _jitter(pause: float) -> float:
        return pause * (0.5 + random.random())  # noqa: S311  (jitter)
