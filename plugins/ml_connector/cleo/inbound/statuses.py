"""What became of our orders and invoices as a source: made from the state database alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from ml_connector.cleo.inbound.context import InboundContext
from ml_connector.core.contract import CaughtUp, Document, KeyAnswer, Page, Payload, Window, join_key
from ml_connector.core.ledger.exchange import listing, watching
from ml_connector.core.ledger.exchange.outbound import DELIVERED, FAILED, NOT_EXPECTED, SENT, Exchange
from ml_connector.core.ledger.watermarks import moment
from ml_connector.core.webhooks import Event

PAGE = 500

FLOWS = ("cleo.invoices", "cleo.purchase_orders")
"""Flows whose documents are orders and invoices."""

OVERDUE, PICKED_UP = "overdue", "picked_up"

_LINE = ("line", "response", "quantity", "unit", "price", "date", "text")


class Statuses:
    """``core.contract.EventSource`` over what was sent.

    Args:
        unit: name of the account as a unit.
    """

    def __init__(
        self, context: InboundContext, catch_up: Callable[[], Awaitable[CaughtUp]], *, unit: str
    ) -> None:
        self._context, self._catch_up, self._unit = context, catch_up, unit

    async def read(self, window: Window) -> AsyncIterator[Page]:
        """See :class:`core.contract.Source`. The stamp is the time of the last thing that became known."""
        began, after = self._context.store.now(), window.cursor or ""
        until = moment(window.until) if window.until else None
        while True:
            found = await asyncio.to_thread(self._next, window, after)
            last = len(found) < PAGE
            after = _id(found[-1]) if found else after
            documents = [self._document(one) for one in found if one.left]
            within = [one for one in documents if until is None or moment(one.stamp or "") < until]
            yield Page(within, None if last else after, last=last, source_time=began)
            if last:
                return

    async def by_key(self, keys: Sequence[str]) -> KeyAnswer:
        """See :class:`core.contract.Source`."""
        found = await asyncio.to_thread(self._named, keys)
        documents = [self._document(one) for one in found.values()]
        return KeyAnswer(documents, [key for key in dict.fromkeys(keys) if key not in found])

    async def catch_up(self) -> CaughtUp:
        """See :class:`core.contract.EventSource`. Takes files in, among them acknowledgments."""
        return await self._catch_up()

    async def keys_of(self, events: Sequence[Event]) -> Mapping[str, Sequence[str]]:
        """See :class:`core.contract.EventSource`. Cleo sends no events."""
        return {event.event_id: () for event in events}

    def _next(self, window: Window, after: str) -> list[Exchange]:
        flow, _, key = after.partition("|")
        since = moment(window.since) if window.since else None
        context = self._context
        with context.store.read() as connection:
            return listing.page(
                connection,
                context.store,
                context.name,
                FLOWS,
                after=(flow, key),
                limit=PAGE,
                changed_since=since,
            )

    def _named(self, keys: Sequence[str]) -> dict[str, Exchange]:
        """By id; a flow may hold many."""
        flows: dict[str, list[str]] = {}
        for id_ in keys:
            flow, _, key = id_.partition("|")
            flows.setdefault(flow, []).append(key)
        context = self._context
        found: dict[str, Exchange] = {}
        with context.store.read() as connection:
            for flow, own in flows.items():
                if flow in FLOWS:
                    newest = watching.newest(connection, context.store, context.name, flow, own)
                    found |= {_id(one): one for one in newest.values() if one.left}
        return found

    def _document(self, one: Exchange) -> Document:
        since = changed_at(one).isoformat()
        unit, _, number = (one.key or "").partition("|")
        response = one.data.get("response", {})
        payload: Payload = {
            "id": _id(one), "flow": one.flow, "key": one.key, "business_unit": unit, "number": number,
            "set_code": one.set_code, "partner": one.partner, "reference": one.reference,
            "status": status_of(one), "reason": _reason(one), "response": one.response,
            "response_reason": _response_reason(response),
            "promised_date": response.get("promised_date"), "control": _control(one),
            "file_name": one.file_name, "sent_at": _text(one.uploaded_at),
            "delivered_at": _text(one.delivered_at),
            "acknowledged_at": one.data.get("acknowledgment", {}).get("at"),
            "responded_at": _text(one.responded_at), "since": since,
            "lines": [{name: line.get(name) for name in _LINE} for line in response.get("lines", ())],
        }  # fmt: skip
        return Document(_id(one), self._unit, payload, stamp=since)


def status_of(one: Exchange) -> str:
    """How far a document has come, in one word.

    What the partner's 997 said goes before everything; then a transfer that failed, then that it is overdue.
    """
    if one.set_status not in {SENT, NOT_EXPECTED}:
        return one.set_status
    if one.status == FAILED:
        return FAILED
    if one.alerted_at is not None and one.set_status == SENT:
        return OVERDUE
    if one.status == DELIVERED:
        return DELIVERED
    if one.set_status == NOT_EXPECTED:
        return NOT_EXPECTED
    return PICKED_UP if one.picked_up_at else SENT


def changed_at(one: Exchange) -> datetime:
    """When the last thing became known."""
    said = one.data.get("acknowledgment", {}).get("at")
    times = (
        one.since, one.uploaded_at, one.picked_up_at, one.delivered_at, one.alerted_at, one.responded_at,
        datetime.fromisoformat(said) if said else None,
    )  # fmt: skip
    return max(at for at in times if at is not None)


def _reason(one: Exchange) -> str | None:
    """What the 997 found, else what Cleo said; that a file lay in its folder matters until it is taken."""
    taken = one.status != FAILED and one.picked_up_at is not None
    return one.set_reason or (None if taken else one.reason)


def _response_reason(response: Payload) -> str | None:
    """What an 824 objects to, or what an 855 changes."""
    changed = [one for one in response.get("lines", ()) if one["response"] != "accepted"]
    found = [f"line {one['line']}: {one['text'] or one['response']}" for one in changed]
    ordered, confirmed = response.get("ordered_total"), response.get("confirmed_total")
    if changed and ordered and ordered != confirmed:
        found.append(f"total {_cents(confirmed)} instead of {_cents(ordered)}")
    return "; ".join([*response.get("errors", ()), *found]) or None


def _cents(amount: int | Decimal | None) -> Decimal:
    return Decimal(amount or 0).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _id(one: Exchange) -> str:
    return join_key(one.flow, one.key)


def _control(one: Exchange) -> str | None:
    return None if one.number is None else f"{one.number:09d}/{one.group_number}/{one.set_number}"


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
