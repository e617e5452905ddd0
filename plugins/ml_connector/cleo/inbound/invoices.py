"""Suppliers' invoices as a source: what came in as 810, each with its match.

A match is made anew until the invoice is sent, because orders change and receipts come later. Then it
stays as it was sent: our own voucher is part of what a later look at the order would find.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

from ml_connector.cleo.inbound.context import INVOICES, InboundContext
from ml_connector.cleo.inbound.earlier import invoiced_before, order_number, order_of
from ml_connector.cleo.inbound.invoice_document import document_of, question, with_terms
from ml_connector.cleo.inbound.invoice_reading import read_again
from ml_connector.cleo.inbound.ledger_state import PAGE, open_keys, sent_keys
from ml_connector.cleo.inbound.matcher import Matcher
from ml_connector.cleo.partners.profile import Terms
from ml_connector.core.contract import CaughtUp, Document, KeyAnswer, Page, Payload, Scan, Window
from ml_connector.core.ledger.exchange import received
from ml_connector.core.ledger.exchange.received import Taken
from ml_connector.core.ledger.watermarks import moment
from ml_connector.core.webhooks import Event

CatchUp = Callable[[], Awaitable[CaughtUp]]


class SupplierInvoices:
    """``core.contract.EventSource`` over what partners sent.

    Args:
        unit: name of the account as a unit.
    """

    def __init__(self, context: InboundContext, matcher: Matcher, catch_up: CatchUp, *, unit: str) -> None:
        self._context, self._matcher, self._unit = context, matcher, unit
        self._catch_up = catch_up

    # ---- the contract

    async def read(self, window: Window) -> AsyncIterator[Page]:
        """See :class:`core.contract.Source`. The stamp is the time at which an invoice came in."""
        began, after = self._context.store.now(), window.cursor or ""
        until = moment(window.until) if window.until else None
        while True:
            found = await asyncio.to_thread(self._next, window, after)
            last = len(found) < PAGE
            after = found[-1].key or "" if found else after
            within = [one for one in found if until is None or one.created_at < until]
            documents = await self._documents(within)
            yield Page(documents, None if last else after, last=last, source_time=began)
            if last:
                return

    async def by_key(self, keys: Sequence[str]) -> KeyAnswer:
        """See :class:`core.contract.Source`.

        Whatever came in once is never absent, also when its content is older than the retention.
        """
        found = await asyncio.to_thread(self._named, keys)
        documents = await self._documents(list(found.values()))
        return KeyAnswer(documents, [key for key in dict.fromkeys(keys) if key not in found])

    async def catch_up(self) -> CaughtUp:
        """See :class:`core.contract.EventSource`. Takes files in, and answers them."""
        return await self._catch_up()

    async def keys_of(self, events: Sequence[Event]) -> Mapping[str, Sequence[str]]:
        """See :class:`core.contract.EventSource`. Cleo sends no events."""
        return {event.event_id: () for event in events}

    # ---- reading

    def _next(self, window: Window, after: str) -> list[Taken]:
        if window.scan is Scan.OPEN:
            found = self._named(open_keys(self._context.store, self._context.invoices, after))
            return [found[key] for key in sorted(found)]
        since = moment(window.since) if window.since else None
        context = self._context
        with context.store.read() as connection:
            return received.documents(
                connection, context.store, context.name, INVOICES, after=after, limit=PAGE, since=since
            )

    def _named(self, keys: Sequence[str]) -> dict[str, Taken]:
        context = self._context
        with context.store.read() as connection:
            return received.by_keys(connection, context.store, context.name, INVOICES, keys)

    # ---- matching

    async def _documents(self, found: Sequence[Taken]) -> list[Document]:
        kept = [one for one in found if one.whole]  # the others are older than the retention
        keys = [one.key or "" for one in kept]
        sent = await asyncio.to_thread(sent_keys, self._context.store, self._context.invoices, keys)
        waiting = [one for one in kept if one.key not in sent or one.data.get("match") is None]
        await asyncio.to_thread(read_again, self._context, waiting)
        matches = await self._matched(waiting)
        return [
            document_of(
                one, matches.get(one.set_id) or one.data["match"], self._unit, open_=one.key not in sent
            )
            for one in kept
        ]

    async def _matched(self, waiting: Sequence[Taken]) -> dict[int, Payload]:
        """Matches by set. Invoices for the same order go one after the other: the first uses the order up."""
        matches: dict[int, Payload] = {}
        orders = {one.set_id: self._matcher.orders(one.data["invoice"]) for one in waiting}
        for turn in _turns(waiting, orders):
            faulty = {one.set_id: _held(one.data["fault"]) for one in turn if one.data.get("fault")}
            asked = [one for one in turn if one.set_id not in faulty]
            questions = await asyncio.to_thread(self._questions, asked, orders)
            answered = await self._matcher.match(questions) if questions else []
            made = faulty | {
                one.set_id: with_terms(match, one, self._terms(one))
                for one, match in zip(asked, answered, strict=True)
            }
            await asyncio.to_thread(self._save, turn, made)
            matches |= made
        return matches

    def _terms(self, one: Taken) -> Mapping[str, Terms]:
        profile = self._context.directory.by_name(one.partner or "")
        rules = profile.documents.purchase_order if profile else None
        return rules.terms if rules else {}

    def _questions(self, asked: Sequence[Taken], orders: Mapping[int, Sequence[str]]) -> list[Payload]:
        directory = self._context.directory
        questions = []
        for one in asked:
            profile = directory.by_name(one.partner or "")
            vendors = list(profile.vendors) if profile else []
            questions.append(question(one, vendors, invoiced_before(self._context, one, orders[one.set_id])))
        return questions

    def _save(self, turn: Sequence[Taken], matches: Mapping[int, Payload]) -> None:
        changed = [one for one in turn if one.data.get("match") != matches[one.set_id]]
        if not changed:
            return
        with self._context.store.write() as tx:
            for one in changed:
                one.data["match"] = matches[one.set_id]
                order = order_of(matches[one.set_id])
                number = None if order is None else order_number(order)
                received.save_data(tx, one.set_id, one.data, reference=number)


def _held(fault: Payload) -> Payload:
    """The match of an invoice that is wrong in itself."""
    return {"result": fault["match"], "reason": fault["reason"], "releasable": "false", "lines": []}


def _turns(waiting: Sequence[Taken], orders: Mapping[int, Sequence[str]]) -> list[list[Taken]]:
    """The invoices so that no turn holds two for one order; in the order in which they came."""
    turns: list[list[Taken]] = []
    used: dict[str | int, int] = {}
    for one in sorted(waiting, key=lambda each: each.set_id):
        place = next(iter(orders[one.set_id]), one.set_id)
        number = used[place] = used.get(place, -1) + 1
        if number == len(turns):
            turns.append([])
        turns[number].append(one)
    return turns
