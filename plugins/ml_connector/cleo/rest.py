"""Calls of Cleo's REST interface: waiting when it asks to, failures by class, and lists page by page."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from ml_connector.cleo.errors import TELLING, Call, failure, is_page, message, page_failure
from ml_connector.cleo.filters import Filter
from ml_connector.cleo.links import Record, Resolver
from ml_connector.cleo.session import LoginDelayed
from ml_connector.core import codec
from ml_connector.core.errors import ContractChanged, RateLimited
from ml_connector.core.http import Action, Client, Request, Response, Retry, json_request, parse_retry_after
from ml_connector.core.limits import Quota
from ml_connector.core.state.store import utc_now

BACKOFF = Retry(attempts=7, base=2.0, longest=120.0)
"""For 429, which Cleo does not describe: 2 s, doubled, unless it names a time."""

_PATIENCE = 240.0
_PASSES = 3


def classify(request: Request, response: Response) -> Action:
    """The client repeats outages of what may be repeated; everything else is judged here."""
    outage = response.status in {502, 503, 504}
    return Action.RETRY if outage and request.idempotent else Action.RETURN


class Rest:
    """Sends calls of one user.

    Args:
        client: with session, gate and :func:`classify`.
        base_url: the client's.
        page_size: rows to ask for.
        calls: closed for all tasks while Cleo asks to wait.
        clock: replaceable in tests.
        sleep: replaceable in tests.
        rand: replaceable in tests.
    """

    def __init__(
        self,
        client: Client,
        base_url: str,
        *,
        page_size: int = 100,
        calls: Quota | None = None,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        rand: Callable[[], float] = random.random,  # noqa: S311  (spreads load, hides nothing)
    ) -> None:
        self.resolve = Resolver(base_url).path
        self._client, self._page_size, self._calls = client, page_size, calls
        self._clock, self._sleep, self._rand = clock, sleep, rand

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def call(self, request: Request, what: str, right: str, *, pages: bool = False) -> Response:
        """Send a call; its answer is a success.

        Args:
            what: the call in words, for errors.
            right: the right of Cleo that it needs, for errors.
            pages: a web page may be what was asked for.

        Raises:
            ConnectorError: a class of ``core.errors`` or ``cleo.errors``.
        """
        response = await self._patiently(request, what)
        success = 200 <= response.status < 300
        if success and pages:
            return response
        if response.status not in TELLING and is_page(response):
            raise page_failure(request, response, what)
        if success:
            return response
        said = self._client.redact(message(response))[:500]
        raise failure(Call(request, response, what, right, said))

    async def read(self, path: str, what: str, right: str, params: dict[str, str] | None = None) -> Record:
        """A JSON object."""
        response = await self.call(json_request("GET", path, params=params or {}), what, right)
        return as_object(response, what)

    async def pages(
        self,
        path: str,
        what: str,
        right: str,
        *,
        where: Filter | None = None,
        params: dict[str, str] | None = None,
    ) -> AsyncIterator[list[Record]]:
        """The rows of a list, each once.

        Rows that come and go while pages are read shift the others: whenever the total changed, the
        list is read again for those that were skipped.
        """
        query = {**(params or {}), "count": str(self._page_size)}
        if where is not None:
            query["filter"] = str(where)
        seen: set[str] = set()
        for number in range(_PASSES):
            totals: set[int] = set()
            async for page in self._pass(path, what, right, query, totals):
                fresh = _unseen(page, seen)
                if number == 0 and page and not fresh and len(totals) <= 1:
                    raise ContractChanged(f"{what}: Cleo's list leads back to rows that it gave before")
                if fresh:
                    yield fresh
            if len(totals) <= 1:
                return

    async def _pass(
        self, path: str, what: str, right: str, query: dict[str, str], totals: set[int]
    ) -> AsyncIterator[list[Record]]:
        """One way through a list; the first index is 0, and a page may be shorter than asked for."""
        start = 0
        while True:
            answer = await self.read(path, what, right, {"startIndex": str(start), **query})
            rows, total = answer.get("resources"), answer.get("totalResults")
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise ContractChanged(f"{what}: Cleo's list holds no resources")
            known = total if isinstance(total, int) else None
            if known is not None:
                totals.add(known)
            yield rows
            start += len(rows)
            if not rows or (known is not None and start >= known):
                return

    async def _patiently(self, request: Request, what: str) -> Response:
        """Wait and try again while Cleo says 429: then it has certainly not executed anything."""
        waited, attempt = 0.0, 0
        while True:
            try:
                response = await self._client.send(request)
            except LoginDelayed as error:
                asked = error.asked
            else:
                if response.status != 429:
                    return response
                asked = parse_retry_after(response.header("Retry-After"), self._clock())
            attempt += 1
            wait = BACKOFF.delay(attempt, self._rand) if asked is None else asked
            if attempt >= BACKOFF.attempts or wait > BACKOFF.longest or waited + wait > _PATIENCE:
                raise RateLimited(f"{what}: Cleo asks to wait (HTTP 429)", retry_after=max(wait, 1.0))
            if self._calls is not None:
                await self._calls.exhaust(self._clock() + timedelta(seconds=wait))
            await self._sleep(wait)
            waited += wait


def as_object(response: Response, what: str) -> Record:
    """An answer's JSON object.

    Raises:
        ContractChanged: it holds none.
    """
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ContractChanged(f"{what}: Cleo's answer is no JSON object")
    return answer


def _unseen(rows: list[Record], seen: set[str]) -> list[Record]:
    fresh = []
    for row in rows:
        key = _key(row)
        if key not in seen:
            seen.add(key)
            fresh.append(row)
    return fresh


def _key(row: Record) -> str:
    """What tells rows apart: their id, which transfers call otherwise, or all they hold."""
    found: Any = row.get("id") or row.get("transferID")
    return str(found) if found else codec.digest(row)
