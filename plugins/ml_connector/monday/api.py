"""A client for monday.com's GraphQL API that sends a write again only under the protection of its key.

What was certainly not executed raises one of the classes that stop a flow; what may have been executed
raises ``InDoubt``, or is handed over as an answer with problems. Nothing in between exists.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ml_connector.core.errors import ConnectorError, InDoubt
from ml_connector.core.http import Action, Client, Request, Response, json_request, parse_retry_after
from ml_connector.core.limits import Quota
from ml_connector.core.state.store import utc_now
from ml_connector.monday.answers import Answer, Reading, read
from ml_connector.monday.budgets import Budgets, spent_for
from ml_connector.monday.errors import Case, Problem, failure, next_day
from ml_connector.monday.meanings import UNSETTLED, Meaning
from ml_connector.monday.patience import KEY_HEADER, KeyExpired, KeyLife, Patience
from ml_connector.monday.storage import Storage
from ml_connector.monday.versions import VERSION_HEADER, PinnedVersion

__all__ = ["Answer", "MondayApi", "Problem", "classify"]

PATH = "/v2"
_TOLD_FIRST = frozenset({Meaning.AUTHENTICATION, Meaning.ADDRESS, Meaning.ACCESS, Meaning.VERSION})
"""Refusals that are told even if another version answered: before they are mended nothing gets through."""


def classify(_request: Request, _response: Response) -> Action:
    """Every answer is judged here, whatever its status."""
    return Action.RETURN


@dataclass(slots=True)
class _Call:
    """One call with its tries.

    Attributes:
        asked: seconds that the last answer asked to wait.
        doubt: what made it uncertain whether it was executed; stays, since later tries do not settle it.
    """

    name: str
    request: Request
    key: str | None
    cost: int
    patience: Patience
    asked: float | None = None
    doubt: str = ""

    @property
    def writes(self) -> bool:
        return self.key is not None


class MondayApi:
    """Queries and mutations by name.

    Args:
        client: with authentication, gate, :func:`classify` and ``key_life``.
        version: of the API.
        storage: for files.
        key_life: the client's ``before_send``.
        budgets: what is left of the minute; not looked at where None.
        calls: the quota of the day, closed when monday.com says that it is spent.
        oauth: the token is an app's; for advice only.
        clock: replaceable in tests.
        sleep: replaceable in tests.
        rand: replaceable in tests.
        on_close: awaited last by :meth:`aclose`.
    """

    def __init__(
        self,
        client: Client,
        *,
        version: str,
        storage: Storage,
        key_life: KeyLife,
        budgets: Budgets | None = None,
        calls: Quota | None = None,
        oauth: bool = False,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        rand: Callable[[], float] = random.random,  # noqa: S311  (spreads load, hides nothing)
        on_close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.version = PinnedVersion(version)
        self._client, self._storage, self._key_life = client, storage, key_life
        self._budgets, self._calls, self._oauth = budgets, calls, oauth
        self._clock, self._sleep, self._rand, self._on_close = clock, sleep, rand, on_close

    def now(self) -> datetime:
        """The time that the limits and the life of keys go by."""
        return self._clock()

    async def sleep(self, seconds: float) -> None:
        """Wait by the same time."""
        await self._sleep(seconds)

    async def aclose(self) -> None:
        """Close the connections and give back what was reserved."""
        await self._client.aclose()
        if self._on_close is not None:
            await self._on_close()

    async def upload(self, url: str, body: bytes) -> None:
        """Put a CSV file to a signed address. Raises as :meth:`Storage.upload` does."""
        await self._storage.upload(url, body)

    async def download(self, url: str) -> bytes:
        """The file at a signed address. Raises as :meth:`Storage.download` does."""
        return await self._storage.download(url)

    async def query(self, name: str, document: str, variables: Mapping[str, Any], *, cost: int = 0) -> Answer:
        """Ask; repeated for a while where monday.com is busy or away.

        Problems of single records come back in the answer. A part that failed for the moment is never
        among them: then the whole is asked again.

        Args:
            name: the ``operationName``, shown in errors.
            document: GraphQL.
            variables: JSON values.
            cost: complexity points that it is likely to take.

        Raises:
            RateLimited, Unavailable: later; see ``retry_after``.
            TooComplex: it asks for too much at once.
            AuthenticationError, NotActivated, ConfigurationError, ContractChanged: for a person.
        """
        return await self._run(name, document, variables, None, cost)

    async def mutate(
        self, name: str, document: str, variables: Mapping[str, Any], *, key: str, cost: int = 0
    ) -> Answer:
        """Write; where the outcome is unknown, the same is sent again under the same key.

        Aliases that failed stand in the answer's problems and must be sent again under a *new* key, which
        is the caller's business: under the same one monday.com would give the same answer again. An alias
        with neither a value nor a problem is in doubt, as is one whose problem is ``unsettled``.

        Args:
            name: the ``operationName``, shown in errors.
            document: GraphQL; several aliases are executed in order, and each for itself.
            variables: JSON values.
            key: the ``Idempotency-Key``, one per content.
            cost: complexity points that it is likely to take.

        Raises:
            InDoubt: it may have been executed, in whole or in part.
            RateLimited, Unavailable, TooComplex: it was certainly not executed.
            AuthenticationError, NotActivated, ConfigurationError, ContractChanged: nor here.
        """
        return await self._run(name, document, variables, key, cost)

    async def _run(
        self, name: str, document: str, variables: Mapping[str, Any], key: str | None, cost: int
    ) -> Answer:
        self.version.check(name)
        headers = {VERSION_HEADER: self.version.version} | ({} if key is None else {KEY_HEADER: key})
        body = {"query": document, "variables": variables, "operationName": name}
        request = json_request("POST", PATH, body, headers=headers, idempotent=key is None)
        call = _Call(name, request, key, cost, Patience(self._rand))
        try:
            while True:
                reading = await self._try(call)
                if reading is not None and reading.refusal is None:
                    return reading.answer
                await self._pause(call, reading)
        except ConnectorError as error:
            if not call.doubt or isinstance(error, InDoubt):
                raise
            raise InDoubt(f"{call.doubt}; then: {error}") from error
        finally:
            self._key_life.forget(key)

    async def _try(self, call: _Call) -> Reading | None:
        """Send once. None: the answer was lost."""
        if self._budgets is not None:
            await self._budgets.wait(call.cost, call.name)
        try:
            response = await self._client.send(call.request)
        except KeyExpired as expired:
            raise InDoubt(f"{call.doubt}; {expired}") from None
        except InDoubt as lost:
            call.doubt, call.asked = f"{call.name}: {lost}", None
            return None
        reading = read(response, writes=call.writes, clean=self._client.redact)
        if self._budgets is not None:
            self._budgets.note(response, reading.answer.data, call.name, call.cost)
        call.asked = _asked(reading, response, self._clock())
        if call.writes and reading.refusal in UNSETTLED:
            call.doubt = f"{call.name}: {reading.said}; it may have been executed"
        if reading.refusal not in _TOLD_FIRST:
            executed = call.writes and (reading.refusal is None or reading.refusal in UNSETTLED)
            self.version.compare(call.name, response, executed=executed)
        return reading

    async def _pause(self, call: _Call, reading: Reading | None) -> None:
        """Wait before the next try, or raise what the last one means."""
        refusal = Meaning.OUTAGE if reading is None or reading.refusal is None else reading.refusal
        wait, again = call.patience.after(refusal, call.asked)
        if reading is not None and reading.answer.replayed:
            again = False  # the same would only be replayed again
        if not again:
            raise await self._given_up(call, refusal, reading, wait)
        await self._sleep(wait)

    async def _given_up(
        self, call: _Call, refusal: Meaning, reading: Reading | None, wait: float
    ) -> ConnectorError:
        if call.writes and refusal in UNSETTLED:
            return InDoubt(call.doubt)
        if refusal is Meaning.DAY:
            until = next_day(self._clock())
            wait = (until - self._clock()).total_seconds()
            if self._calls is not None:
                await self._calls.exhaust(until)
        case = Case(call.name, reading.said if reading else call.doubt, self._oauth)
        return failure(refusal, case, retry_after=wait)


def _asked(reading: Reading, response: Response, now: datetime) -> float | None:
    """Seconds that an answer asks to wait, from the first place that says so."""
    if reading.hint is not None:
        return reading.hint
    after = parse_retry_after(response.header("Retry-After"), now)
    return spent_for(response) if after is None else after
