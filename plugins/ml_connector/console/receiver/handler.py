"""One delivery from its first byte to its answer."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Callable
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from starlette.requests import ClientDisconnect

from ml_connector.console.receiver.intake import Hold, Room, check_headers, read_body
from ml_connector.console.receiver.limits import Limits
from ml_connector.console.receiver.quiet import QuietLog
from ml_connector.console.receiver.state import SharedStore
from ml_connector.console.receiver.verifiers import Installation, Pair, Verifiers
from ml_connector.console.receiver.writer import Writer
from ml_connector.core.errors import ConnectorError
from ml_connector.core.ledger.inbox import MAX_TEXT
from ml_connector.core.webhooks import Delivery, Event, Refused

log = logging.getLogger(__name__)


class Receiver:
    """Takes deliveries for all tenants of an installation.

    Checks come in the order of their price, and nothing is answered with 200 that is not committed.
    Answers say no more than their status; what was wrong is in the log, once a minute for each kind,
    without body, signature or key.

    Args:
        installation: says who may deliver, and opens the state database.
        limits: see :class:`Limits`.
        clock: seconds; replaceable in tests.
    """

    def __init__(
        self,
        installation: Installation,
        limits: Limits = Limits(),  # noqa: B008  (frozen)
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._log = QuietLog(log, limits.log, clock)
        self._room = Room(limits)
        self._store = SharedStore(installation.open_store)
        self._verifiers = Verifiers(installation, self._store, limits, self._log, clock)
        self._writer = Writer(self._store, limits.group)

    async def receive(
        self, request: Request, system: str, tenant: str, event_type: str | None = None
    ) -> JSONResponse:
        """The answer to a delivery. It never raises."""
        pair = (system, tenant)
        try:
            async with asyncio.timeout(self._limits.answer):
                with self._room.delivery() as hold:
                    await self._take(request, pair, event_type, hold)
        except Exception as error:  # noqa: BLE001 - a sender sees a status, never what went wrong
            return self._refusal(pair, error)
        return answer(HTTPStatus.OK)

    async def close(self) -> None:
        """Give threads and connections back."""
        self._verifiers.close()
        self._writer.close()
        await asyncio.to_thread(self._store.close)

    async def _take(self, request: Request, pair: Pair, event_type: str | None, hold: Hold) -> None:
        await self._verifiers.require(pair)
        check_headers(request, self._limits)
        body = await read_body(request, hold, self._limits)
        delivery = Delivery(dict(request.headers), body, event_type, dict(request.query_params))
        events = await self._verifiers.accept(pair, delivery)
        for event in events:
            _check(event)
        if events:
            await self._writer.put(*pair, events)

    def _refusal(self, pair: Pair, error: Exception) -> JSONResponse:
        status, text = _explain(error)
        known, address = self._verifiers.knows(pair), "/".join(pair)
        if not isinstance(error, ClientDisconnect):
            level = logging.ERROR if status >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.WARNING
            # Anybody can make up addresses: all of them are one kind.
            kind, shown = (status, pair if known else None), address if known else repr(address[:80])
            self._log(kind, f"A webhook to {shown} was answered with {status}: {text}", level)
        return answer(status)


def answer(status: int) -> JSONResponse:
    """The whole answer. A refused sender may still be sending: its connection is closed."""
    headers = None if status == HTTPStatus.OK else {"connection": "close"}
    return JSONResponse({"detail": HTTPStatus(status).phrase}, int(status), headers=headers)


def _check(event: Event) -> None:
    """Refuse what could not be stored, and would keep its neighbours from being stored."""
    if not 0 < len(event.event_id) <= MAX_TEXT or not f"{event.event_id}{event.type}".isprintable():
        raise Refused("the event has no usable id or type", status=400)


def _explain(error: Exception) -> tuple[int, str]:
    """Status for the sender, and text for the log."""
    match error:
        case Refused():
            return error.status, str(error)
        case ClientDisconnect():
            return 400, "the sender went away"
        case TimeoutError():
            text = "it could not be stored in time; is the state database busy?"
        case OperationalError() | InterfaceError():
            # The first line of the driver's own text; SQLAlchemy's holds the statement and its values.
            text = f"the state database says: {str(error.orig).partition(chr(10))[0][:200]}"
        case SQLAlchemyError():
            text = f"the state database refuses to store it: {type(error).__name__}"
        case ConnectorError():
            text = str(error)
        case _:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            at = f"{frame.filename}:{frame.lineno}"
            return 500, f"{type(error).__name__} in {at}, a mistake of the connector"
    return 503, f"{text}. The sender comes again."
