"""A thin client for the accounts payable part of BILL's v3 API."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ml_connector.bill.errors import (
    KNOWN_CODES,
    OUTAGE_CODES,
    HourSpent,
    TooManyAtOnce,
    failure,
    next_hour,
    problems,
)
from ml_connector.core.errors import ConnectorError, ContractChanged, InDoubt, Rejected, Unavailable
from ml_connector.core.http import Action, Client, Request, Response, json_request, quote_segment
from ml_connector.core.limits import Quota
from ml_connector.core.state.store import utc_now

PAGE = 100
"""Rows per page; BILL's default of 20 differs from page to page of its documentation."""

_PAUSES = (1.0, 2.0, 4.0, 8.0)

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of object.

    Attributes:
        path: below ``/v3/``.
        bulk: objects per bulk create.
        envelope: the member that holds a bulk answer; None for a bare array.
    """

    path: str
    bulk: int
    envelope: str | None = None


VENDORS = Resource("vendors", 20, "vendors")
BILLS = Resource("bills", 100)
VENDOR_CREDITS = Resource("vendor-credits", 50, "vendorCredits")
ACCOUNTS = Resource("classifications/chart-of-accounts", 50, "chartOfAccounts")
DEPARTMENTS = Resource("classifications/departments", 50, "departments")
LOCATIONS = Resource("classifications/locations", 50, "locations")
CLASSES = Resource("classifications/accounting-classes", 50, "accountingClasses")
PAYMENTS = Resource("payments", 50, "payments")


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition of a list: ``Filter("vendorId", "in", ids)``."""

    field: str
    op: str
    value: str | bool | datetime | Sequence[str]

    def __str__(self) -> str:
        match self.value:
            case bool():
                return f"{self.field}:{self.op}:{str(self.value).lower()}"
            case datetime():
                return f'{self.field}:{self.op}:"{moment(self.value)}"'
            case str():
                return f'{self.field}:{self.op}:"{_checked(self.value)}"'
            case _:
                return f'{self.field}:{self.op}:"{",".join(map(_checked, self.value))}"'


def _checked(value: str) -> str:
    """BILL documents no way to write a quotation mark inside a quoted value."""
    if '"' in value:
        raise ValueError("a value with a quotation mark cannot be used in a filter")
    return value


def moment(at: datetime) -> str:
    """A time as filters take it: UTC with milliseconds, the documented form."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def classify(_request: Request, response: Response) -> Action:
    """Tell the client which answers carry a code that decides by itself."""
    if response.status < 400:
        return Action.DEFAULT
    codes = {problem.code for problem in problems(response)}
    if codes & OUTAGE_CODES:
        return Action.RETRY
    return Action.RETURN if codes & KNOWN_CODES else Action.DEFAULT


class BillApi:
    """Calls by name; answers as JSON objects with exact numbers.

    Every method raises the classes of ``core.errors``; a ``POST``, ``PUT`` or ``PATCH`` whose
    answer is lost raises ``InDoubt`` and is never repeated here.

    Args:
        client: with session, gate and :func:`classify`.
        calls: the hour's quota, closed when BILL says that it is spent.
        timeout: seconds for a bulk call.
        clock: replaceable in tests.
        sleep: replaceable in tests.
        on_close: awaited last by :meth:`aclose`.
    """

    def __init__(
        self,
        client: Client,
        *,
        calls: Quota | None = None,
        timeout: float = 120.0,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        on_close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.now = clock
        self._client, self._calls, self._timeout, self._sleep = client, calls, timeout, sleep
        self._on_close = on_close

    async def aclose(self) -> None:
        """Close the connection and give back what was reserved."""
        await self._client.aclose()
        if self._on_close is not None:
            await self._on_close()

    # ---- reading

    async def session(self) -> Record:
        """Who is logged in: the cheapest call that needs a session."""
        return _object(await self._read("/v3/login/session"))

    async def get(self, resource: Resource, target_id: str) -> Record:
        """One object. Raises ``NotFound``."""
        return _object(await self._read(f"/v3/{resource.path}/{quote_segment(target_id)}"))

    async def page(
        self,
        resource: Resource,
        filters: Sequence[Filter] = (),
        *,
        sort: str | None = None,
        token: str | None = None,
    ) -> tuple[list[Record], str | None]:
        """One page and the token of the next, None at the end.

        Raises:
            FilterRefused: BILL does not filter by what was asked.
        """
        params = {"max": str(PAGE)}
        if filters:
            params["filters"] = ",".join(map(str, filters))
        if sort:
            params["sort"] = sort
        if token:
            params["page"] = token
        answer = _object(await self._read(f"/v3/{resource.path}", params))
        rows = answer.get("results")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ContractChanged(f"BILL's list of {resource.path} holds no results")
        following = answer.get("nextPage")
        return rows, following if isinstance(following, str) and following else None

    async def pages(
        self, resource: Resource, filters: Sequence[Filter] = (), *, sort: str | None = None
    ) -> AsyncIterator[list[Record]]:
        """All pages; the end is an absent token, not an empty page."""
        seen: set[str] = set()
        token: str | None = None
        while True:
            rows, token = await self.page(resource, filters, sort=sort, token=token)
            yield rows
            if token is None:
                return
            if token in seen:
                raise ContractChanged(f"BILL's list of {resource.path} leads back to a page it gave before")
            seen.add(token)

    # ---- writing

    async def create(self, resource: Resource, body: Mapping[str, Any]) -> Record:
        """Create one object."""
        return _written(await self._write("POST", f"/v3/{resource.path}", body))

    async def create_bulk(self, resource: Resource, bodies: Sequence[Mapping[str, Any]]) -> list[Record]:
        """Create several, all or none."""
        return self._bulk(resource, await self._write("POST", f"/v3/{resource.path}/bulk", bodies, slow=True))

    async def patch(self, resource: Resource, target_id: str, changes: Mapping[str, Any]) -> Record:
        """Change the fields named."""
        return _written(
            await self._write("PATCH", f"/v3/{resource.path}/{quote_segment(target_id)}", changes)
        )

    async def patch_bulk(self, resource: Resource, changes: Sequence[Mapping[str, Any]]) -> list[Record]:
        """Change several, each with its ``id``, all or none."""
        return self._bulk(
            resource, await self._write("PATCH", f"/v3/{resource.path}/bulk", changes, slow=True)
        )

    async def put(self, resource: Resource, target_id: str, body: Mapping[str, Any]) -> Record:
        """Replace one object."""
        return _written(await self._write("PUT", f"/v3/{resource.path}/{quote_segment(target_id)}", body))

    async def archive(self, resource: Resource, target_id: str) -> Record:
        """Archive one object; harmless to repeat."""
        return await self._switch(resource, target_id, "archive")

    async def restore(self, resource: Resource, target_id: str) -> Record:
        """Restore one object; harmless to repeat."""
        return await self._switch(resource, target_id, "restore")

    async def record_payment(self, body: Mapping[str, Any]) -> Record:
        """Record a payment that was made outside BILL; no money moves."""
        return _written(await self._write("POST", "/v3/bills/record-payment", body))

    # ---- sending

    async def send(self, request: Request) -> Any:
        """A call that has no name here; waits a few seconds where only too many requests are in flight."""
        for pause in (*_PAUSES, None):
            try:
                return await self._answer(request)
            except TooManyAtOnce:
                if pause is None:
                    raise
                await self._sleep(pause * (0.5 + random.random()))  # noqa: S311  (jitter)
            except HourSpent:
                if self._calls is not None:
                    await self._calls.exhaust(next_hour(self.now()))
                raise
        raise AssertionError("unreachable")

    async def _switch(self, resource: Resource, target_id: str, verb: str) -> Record:
        path = f"/v3/{resource.path}/{quote_segment(target_id)}/{verb}"
        return _object(await self.send(json_request("POST", path, idempotent=True)))

    async def _read(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        return await self.send(json_request("GET", path, params=params or {}))

    async def _write(self, method: str, path: str, body: Any, *, slow: bool = False) -> Any:
        return await self.send(json_request(method, path, body, timeout=self._timeout if slow else None))

    async def _answer(self, request: Request) -> Any:
        try:
            response = await self._client.send(request)
        except ConnectorError as failed:
            raise self._redacted(failed) from None  # a log-in on the way may have failed in BILL's words
        if response.status not in {200, 201, 204}:
            error = failure(request, response, self.now())
            raise self._redacted(error)
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if answer is None or problems_in_success(answer):
            return self._unreadable(request, response)
        return answer

    def _redacted(self, error: ConnectorError) -> ConnectorError:
        """Messages are BILL's own words; they may repeat what was sent."""
        error.args = tuple(
            self._client.redact(part) if isinstance(part, str) else part for part in error.args
        )
        if isinstance(error, Rejected):
            error.reason = self._client.redact(error.reason)
        return error

    def _unreadable(self, request: Request, response: Response) -> Any:
        if problems(response):
            raise failure(request, response, self.now())
        said = (
            f"{request.method} {request.path}: the answer is no JSON: {self._client.excerpt(response, 120)}"
        )
        if request.idempotent:
            raise Unavailable(said)
        raise InDoubt(f"{said}; the request may have been executed")

    @staticmethod
    def _bulk(resource: Resource, answer: Any) -> list[Record]:
        rows = answer.get(resource.envelope) if isinstance(answer, dict) and resource.envelope else answer
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise InDoubt(f"BILL's answer to a bulk call on {resource.path} does not list what it did")
        return rows


def problems_in_success(answer: Any) -> bool:
    """The older API answers errors with HTTP 200."""
    return isinstance(answer, dict) and answer.get("response_status") == 1


def _object(answer: Any) -> Record:
    if not isinstance(answer, dict):
        raise ContractChanged("BILL answered with something other than an object")
    return answer


def _written(answer: Any) -> Record:
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
        raise InDoubt("BILL's answer names no object; the request was probably executed")
    return answer
